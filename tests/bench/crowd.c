/* SPDX-License-Identifier: ISC */
/*
 * A crowd of peers, for measuring what each of many costs one vpnd.
 *
 *	crowd config PEERS PREFIXES	writes the peers of a configuration
 *	crowd join ADDRESS:PORT KEY PEERS PREFIXES [plain]
 *
 * How it works: peer i has a private key made of i, and PREFIXES addresses of
 * 10.128.0.0/9 of its own. To join, one tunnel goes through all these keys: a
 * session with the host KEY under each, HELLO and its answer (plain: none), and
 * a ping to 10.77.0.1 with its answer. The host is left with live sessions.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "api/config.h"
#include "packet/build.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "protocol/tunnel.h"

#define BYTES	  2048
#define PACKETS	  64
#define ADDRESSES (1u << 23) /* of 10.128.0.0/9 */
/* Under vpnd's 500 a second, from where on it asks for cookies. */
#define JOINS_PER_S 450
#define PATIENCE_MS 2000
#define TRIES	    5

static void fail(const char *what)
{
	fprintf(stderr, "crowd: %s\n", what);
	exit(1);
}

static void private_key(uint8_t key[WIRE_KEY_BYTES], uint64_t number)
{
	crypto_generichash(key, WIRE_KEY_BYTES, (const uint8_t *)&number,
	    sizeof(number), NULL, 0);
}

/* Neighbours are far apart, and no two are the same. */
static struct address address_of(uint64_t number)
{
	uint32_t n = (uint32_t)(number * 2654435761u) % ADDRESSES;

	return (struct address){.family = FAMILY_IPV4,
	    .bytes = {
		10, (uint8_t)(0x80 | n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

/* ---- config ---- */

static void write_peer(uint64_t i, uint64_t prefixes)
{
	uint8_t key[WIRE_KEY_BYTES], public[WIRE_KEY_BYTES];
	char text[KEY_TEXT_BYTES], prefix[ADDRESS_TEXT_BYTES];

	private_key(key, i);
	crypto_scalarmult_base(public, key);
	printf("%s{ name = \"p%llu\"; public_key = \"%s\"; allowed_ips = [",
	    i ? ",\n" : "", (unsigned long long)i, key_format(public, text));
	for (uint64_t j = 0; j < prefixes; j++) {
		struct address address = address_of(i * prefixes + j);

		printf("%s\"%s/32\"", j ? ", " : " ",
		    address_format(&address, prefix, sizeof(prefix)));
	}
	printf(" ]; }");
}

static int write_config(uint64_t peers, uint64_t prefixes)
{
	if (peers * prefixes > ADDRESSES)
		fail("so many addresses there are not");
	for (uint64_t i = 0; i < peers; i++)
		write_peer(i, prefixes);
	putchar('\n');
	return fflush(stdout) ? 1 : 0;
}

/* ---- join ---- */

struct crowd {
	int fd;
	struct pool *pool;
	struct tunnel *tunnel;
	struct peer *host;
	struct moment now;
	struct address self; /* inside the tunnel */
	bool is_plain, has_answer;
};

static void read_clock(struct crowd *crowd)
{
	struct timespec boot, wall;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &wall);
	crowd->now = (struct moment){
	    .now = {boot.tv_sec * NS_PER_S + boot.tv_nsec},
	    .wall_s = wall.tv_sec,
	    .wall_ns = (uint32_t)wall.tv_nsec,
	};
}

static void send_one(struct crowd *crowd, struct packet *pkt)
{
	if (!pkt->drop && send(crowd->fd, packet_data(pkt), pkt->len, 0) < 0)
		fail("the host is not there");
	pool_put(crowd->pool, pkt);
}

static void seal_and_send(struct crowd *crowd, struct packet *pkt)
{
	tunnel_seal(crowd->tunnel, &pkt, 1, &crowd->now);
	send_one(crowd, pkt);
}

/* The old identity would take its leave: not of this crowd. */
static void send_messages(struct crowd *crowd)
{
	struct packet_list list = {0};
	struct packet *pkt;

	tunnel_take_messages(crowd->tunnel, &list);
	while ((pkt = packet_list_pop(&list)))
		if (packet_data(pkt)[0] == WIRE_INITIATION)
			send_one(crowd, pkt);
		else
			pool_put(crowd->pool, pkt);
	tunnel_take_frames(crowd->tunnel, &list);
	while ((pkt = packet_list_pop(&list)))
		seal_and_send(crowd, pkt);
}

static void send_ping(struct crowd *crowd)
{
	const struct address to = {FAMILY_IPV4, {10, 77, 0, 1}};
	const struct build_ip head = {.source = &crowd->self,
	    .destination = &to,
	    .l4_protocol = IP_PROTOCOL_ICMP,
	    .l4_bytes = 8};
	struct packet *pkt = pool_get(crowd->pool);
	struct writer w;

	if (!pkt)
		fail("no buffer");
	w = build_ip(pkt, &head);
	writer_be(&w, 8u << 24, 4); /* echo request */
	writer_be(&w, 1, 4);
	build_finish(pkt, 2);
	pkt->peer = crowd->host;
	tunnel_compress(crowd->tunnel, pkt, &crowd->now);
	seal_and_send(crowd, pkt);
}

static void receive_one(struct crowd *crowd)
{
	struct packet *pkt = pool_get(crowd->pool);
	ssize_t len = pkt ? recv(crowd->fd, packet_data(pkt), BYTES, 0) : -1;

	if (len <= 0)
		fail("the host is not there");
	pkt->len = (uint32_t)len;
	pkt->endpoint = *tunnel_peer_endpoint(crowd->host);
	if (!tunnel_receive(crowd->tunnel, pkt, &crowd->now) && pkt->is_data) {
		tunnel_open(crowd->tunnel, &pkt, 1, &crowd->now);
		if (!pkt->drop &&
		    !tunnel_expand(crowd->tunnel, pkt, &crowd->now) && pkt->len)
			crowd->has_answer = true;
	}
	pool_put(crowd->pool, pkt);
}

/* The next datagram, or what is due. False: nothing came for too long. */
static bool turn(struct crowd *crowd)
{
	struct pollfd ready = {.fd = crowd->fd, .events = POLLIN};
	int64_t wait_ns;

	read_clock(crowd);
	tunnel_turn(crowd->tunnel, &crowd->now);
	send_messages(crowd);
	wait_ns =
	    tunnel_deadline(crowd->tunnel).ns - crowd->now.now.ns + NS_PER_MS;
	if (wait_ns > PATIENCE_MS * NS_PER_MS)
		wait_ns = PATIENCE_MS * NS_PER_MS;
	if (poll(&ready, 1, (int)(wait_ns / NS_PER_MS)) == 1)
		receive_one(crowd);
	else if (wait_ns == PATIENCE_MS * NS_PER_MS)
		return false;
	send_messages(crowd);
	return true;
}

static struct tunnel_peer_status status(const struct crowd *crowd)
{
	struct tunnel_peer_status ret;

	tunnel_peer_status(crowd->host, crowd->now.now, &ret);
	return ret;
}

/* Until the host's HELLO of this session came, or a session is enough. */
static bool is_known(const struct crowd *crowd)
{
	struct tunnel_peer_status s = status(crowd);

	return s.has_session && (crowd->is_plain || s.knows_features);
}

static void join_one(struct crowd *crowd, uint64_t number, uint64_t prefixes)
{
	uint8_t key[WIRE_KEY_BYTES];

	private_key(key, number);
	crowd->self = address_of(number * prefixes);
	crowd->has_answer = false;
	read_clock(crowd);
	tunnel_set_private_key(crowd->tunnel, key, &crowd->now);
	for (int tries = 0; !crowd->has_answer; tries++) {
		if (tries == TRIES)
			fail("no answer");
		while (!is_known(crowd) && turn(crowd))
			;
		send_ping(crowd);
		while (!crowd->has_answer && turn(crowd))
			;
	}
}

static void make_tunnel(struct crowd *crowd, const char *host_key)
{
	struct tunnel_setup setup = {
	    .memory = &memory_heap,
	    .aeads = {{AEAD_AES256GCM, 0}, {AEAD_CHACHA20POLY1305, 0}},
	    .aeads_count = 2,
	    .largest_frame = 1600,
	    .mtu = 1420,
	};
	struct tunnel_peer_setup host = {.name = "host",
	    .extension = crowd->is_plain ? EXTENSION_OFF : EXTENSION_AUTO};
	uint8_t key[WIRE_KEY_BYTES];

	private_key(key, 0);
	if (key_parse(host.public_key, host_key))
		fail("this is no key");
	if (pool_new(&crowd->pool, PACKETS, BYTES))
		fail("no memory");
	setup.pool = crowd->pool;
	if (tunnel_new(&crowd->tunnel, &setup))
		fail("no tunnel");
	tunnel_set_private_key(crowd->tunnel, key, &crowd->now);
	if (tunnel_peer_add(crowd->tunnel, &crowd->host, &host, &crowd->now))
		fail("no such host can be");
}

static void reach(struct crowd *crowd, const char *where)
{
	struct endpoint host;
	struct sockaddr_in to = {.sin_family = AF_INET};

	if (endpoint_parse(&host, where) || host.address.family != FAMILY_IPV4)
		fail("this is no IPv4 endpoint");
	memcpy(&to.sin_addr, host.address.bytes, sizeof(to.sin_addr));
	to.sin_port = htons(host.port);
	crowd->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (crowd->fd < 0 ||
	    connect(crowd->fd, (struct sockaddr *)&to, sizeof(to)))
		fail("there is no way to the host");
	tunnel_peer_set_endpoint(crowd->host, &host);
}

static int join(char **arguments, int count)
{
	struct crowd crowd = {.is_plain = count > 4};
	uint64_t peers = strtoull(arguments[2], NULL, 10);
	uint64_t prefixes = strtoull(arguments[3], NULL, 10);
	struct timespec next;

	read_clock(&crowd);
	make_tunnel(&crowd, arguments[1]);
	reach(&crowd, arguments[0]);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (uint64_t i = 0; i < peers; i++) {
		join_one(&crowd, i, prefixes);
		next.tv_nsec += NS_PER_S / JOINS_PER_S;
		next.tv_sec += next.tv_nsec / NS_PER_S;
		next.tv_nsec %= NS_PER_S;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	tunnel_free(crowd.tunnel);
	pool_free(crowd.pool);
	close(crowd.fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		fail("no libsodium");
	if (argc == 4 && !strcmp(argv[1], "config"))
		return write_config(
		    strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	if ((argc == 6 || argc == 7) && !strcmp(argv[1], "join"))
		return join(argv + 2, argc - 2);
	fprintf(stderr, "usage: crowd config PEERS PREFIXES\n"
			"       crowd join ADDRESS:PORT KEY PEERS PREFIXES "
			"[plain]\n");
	return 2;
}
