/* SPDX-License-Identifier: ISC */
/*
 * usage: sockets_model DEVICE ROUNDS: the same datagrams to sockets of the
 * kernel and to those of net/socket; who gets them, what they are charged, and
 * why they are dropped must be equal (receive-path.md, T6).
 *
 * Writes lines "ok SENTENCE" and "not ok SENTENCE"; others are for people. To
 * be run in a network namespace. Environment: SEED.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/bpf_write.h"
#include "../unit/seed.h"
#include "net/rcvbuf.h"
#include "packet/ip.h"
#include "packet/udp.h"
#include "sockets_kernel.h"

#define PORT		7
#define HEADER_BYTES	(IPV4_BYTES + UDP_BYTES)
#define SIZES_MAX	65000
#define SOCKETS_MAX	8
#define PACKETS		64 /* of one round */
#define LARGEST		9000
#define ONE_PAGE	3600
#define SMALL		48 /* of payload; up to 76 the checksum comes first */
#define DIFFERENCES_MAX 20 /* that are told */

static struct pool *pool;
static struct seed seed;
static unsigned differences;

static void differ(const char *what, const char *kernel, const char *ours)
{
	if (++differences <= DIFFERENCES_MAX)
		printf("%s: kernel %s, ours %s\n", what, kernel, ours);
}

static void tell(const char *sentence)
{
	printf("%sok %s\n", differences ? "not " : "", sentence);
	differences = 0;
}

static uint32_t below(uint32_t limit)
{
	return (uint32_t)seed_below(&seed, limit);
}

static struct address address(const char *text)
{
	struct address ret = {.family = FAMILY_NONE};

	if (*text && address_parse(&ret, text))
		abort();
	return ret;
}

struct ends {
	const char *from, *to;
	uint16_t from_port;
};

static struct packet *datagram(const struct ends *ends, uint32_t payload_len)
{
	struct udp_ends how = {
	    address(ends->from), address(ends->to), ends->from_port, PORT, 0};
	struct packet *pkt = pool_get(pool);

	memset(packet_udp_room(pkt, how.source.family), 'x', payload_len);
	packet_build_udp(pkt, &how, payload_len);
	pkt->checksum = CHECKSUM_FULL;
	pkt->true_bytes = rcvbuf_true_bytes(pkt->ip_bytes);
	return pkt;
}

/* ---- what a datagram is charged ---- */

static void compare_size(int fd, uint32_t ip_bytes)
{
	const struct ends ends = {"10.9.0.7", "10.9.0.1", 4000};
	struct packet *pkt = datagram(&ends, ip_bytes - HEADER_BYTES);
	char kernel[32], ours[32], what[32];

	kernel_write(packet_data(pkt), pkt->len);
	snprintf(kernel, sizeof(kernel), "%u", kernel_charged(fd));
	snprintf(ours, sizeof(ours), "%u", pkt->true_bytes);
	snprintf(what, sizeof(what), "%u bytes", ip_bytes);
	if (strcmp(kernel, ours) != 0)
		differ(what, kernel, ours);
	while (kernel_receive(fd) >= 0)
		;
	pool_put(pool, pkt);
}

static void compare_sizes(void)
{
	struct socket_setup setup = {
	    .address = address("0.0.0.0"), .port = PORT};
	uint32_t rcvbuf = 2 * SIZES_MAX;
	int fd = kernel_socket(&setup, &rcvbuf);

	for (uint32_t bytes = HEADER_BYTES; bytes < LARGEST; bytes++)
		compare_size(fd, bytes);
	for (uint32_t bytes = LARGEST; bytes < SIZES_MAX;
	     bytes += 1 + below(64))
		compare_size(fd, bytes);
	close(fd);
	tell("a datagram of each size is charged the same");
}

/* ---- sockets on both sides ---- */

static struct sides {
	struct sockets *sockets;
	struct socket *ours[SOCKETS_MAX];
	int kernels[SOCKETS_MAX];
	size_t count;
} sides;

static void note_ready(void *context, struct socket *socket)
{
	(void)context;
	(void)socket;
}

static struct sockets *new_table(void)
{
	struct sockets_setup how = {.pool = pool,
	    .order = SOCKET_KERNEL,
	    .memory_bytes = UINT32_MAX / 2,
	    .ready = note_ready};
	struct sockets *ret;

	if (sockets_new(&ret, &how))
		abort();
	return ret;
}

static void open_sides(void)
{
	sides.count = 0;
	sides.sockets = new_table();
}

static void close_sides(void)
{
	sockets_free(sides.sockets);
	for (size_t i = 0; i < sides.count; i++)
		close(sides.kernels[i]);
}

/* One that ours refuses as taken is left out. */
static void add_to_both(struct socket_setup *setup)
{
	struct socket *socket;
	int fd;

	setup->rcvbuf_bytes = RCVBUF_DEFAULT;
	if (socket_add(sides.sockets, &socket, setup))
		return;
	fd = kernel_socket(setup, &setup->rcvbuf_bytes);
	sides.ours[sides.count] = socket;
	sides.kernels[sides.count++] = fd;
}

/* ---- who gets a datagram ---- */

static const char *const places[] = {
    "0.0.0.0", "::", "10.9.0.1", "10.9.0.2", "fd09::1", "fd09::2"};
static const char *const peers4[] = {"", "10.9.0.7", "10.9.0.8"};
static const char *const peers6[] = {"", "fd09::7", "fd09::8"};
static const struct ends routes[] = {
    {"10.9.0.7", "10.9.0.1", 4000},
    {"10.9.0.7", "10.9.0.1", 4001},
    {"10.9.0.8", "10.9.0.1", 4000},
    {"10.9.0.7", "10.9.0.2", 4000},
    {"10.9.0.9", "10.9.0.2", 4001},
    {"fd09::7", "fd09::1", 4000},
    {"fd09::7", "fd09::1", 4001},
    {"fd09::8", "fd09::1", 4000},
    {"fd09::7", "fd09::2", 4000},
    {"fd09::9", "fd09::2", 4001},
};

/* In the kernel, connecting binds to an address: none that is connected has
 * any address. */
static void add_at_random(void)
{
	const char *place = places[below(ARRAY_SIZE(places))];
	bool is_any = place == places[0] || place == places[1];
	const char *const *peers = strchr(place, ':') ? peers6 : peers4;
	const char *peer = is_any ? "" : peers[below(ARRAY_SIZE(peers4))];
	struct socket_setup setup = {.address = address(place),
	    .port = (uint16_t)(PORT + (below(6) == 0)),
	    .peer = address(peer)};

	if (*peer && below(2))
		setup.peer_port = 4000;
	add_to_both(&setup);
}

static int kernel_choice(void)
{
	int got = -1;

	for (size_t i = 0; i < sides.count; i++)
		while (kernel_receive(sides.kernels[i]) >= 0)
			got = (int)i;
	return got;
}

static int our_choice(const struct packet *pkt)
{
	struct socket *socket = sockets_lookup(sides.sockets, pkt);

	for (size_t i = 0; i < sides.count; i++)
		if (sides.ours[i] == socket)
			return (int)i;
	return -1;
}

static void compare_choices(unsigned *hits)
{
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		struct packet *pkt = datagram(&routes[i], 1);
		char kernel[16], ours[16];

		kernel_write(packet_data(pkt), pkt->len);
		snprintf(kernel, sizeof(kernel), "%d", kernel_choice());
		snprintf(ours, sizeof(ours), "%d", our_choice(pkt));
		if (strcmp(kernel, ours) != 0)
			differ(routes[i].from, kernel, ours);
		hits[*ours == '-']++;
		pool_put(pool, pkt);
	}
}

static void compare_lookups(unsigned rounds)
{
	unsigned hits[2] = {0};

	for (unsigned round = 0; round < rounds; round++) {
		uint32_t count = 1 + below(SOCKETS_MAX);

		open_sides();
		while (count--)
			add_at_random();
		compare_choices(hits);
		close_sides();
	}
	printf("lookups: %u found, %u not\n", hits[0], hits[1]);
	if (!hits[0] || !hits[1])
		differ("lookups", "none", "none");
	tell("a datagram goes to the same socket");
}

/* ---- what becomes of it there ---- */

static const struct bpf_instruction rejects[] = {RETURN(0)};
static const struct bpf_instruction trims[] = {RETURN(40)};
static const struct bpf_instruction is_even[] = {LOAD(BPF_H | BPF_ABS, 0),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0), RETURN(65535), RETURN(0)};

static const struct {
	const struct bpf_instruction *program;
	size_t count;
} programs[] = {
    {NULL, 0},
    {rejects, ARRAY_SIZE(rejects)},
    {trims, ARRAY_SIZE(trims)},
    {is_even, ARRAY_SIZE(is_even)},
};

static uint64_t verdicts[DROP_COUNT];

static void compare_verdict(struct packet *pkt)
{
	struct kernel_counters before, after;
	enum drop kernel, ours;

	kernel_count(&before);
	kernel_write(packet_data(pkt), pkt->len);
	kernel_count(&after);
	kernel = kernel_reason(&before, &after);
	ours = packet_check_udp(pkt);
	if (!ours)
		ours = socket_admit(sides.sockets, sides.ours[0], pkt);
	if (ours != kernel)
		differ("verdict", drop_name(kernel), drop_name(ours));
	verdicts[kernel]++;
	if (ours)
		pool_put(pool, pkt);
	else
		socket_enqueue(sides.sockets, sides.ours[0], pkt);
}

/* A wrong checksum only where the kernel looks at it now; none so large that
 * the kernel could charge less for it once its filter has trimmed it (see
 * net/rcvbuf.h). */
static struct packet *datagram_at_random(const struct socket_setup *setup)
{
	struct ends ends = {
	    "10.9.0.7", "10.9.0.1", (uint16_t)(1 + below(65535))};
	uint32_t most = setup->filter == trims ? ONE_PAGE : LARGEST - 100;
	uint32_t len = below(below(4) ? SMALL : most);
	struct packet *pkt = datagram(&ends, len);

	if (below(16) == 0 && (setup->filter || len < SMALL))
		packet_data(pkt)[HEADER_BYTES - 1] ^= 0x55;
	return pkt;
}

static void compare_charge(void)
{
	struct socket_status status;
	char kernel[32], ours[32];

	socket_status(sides.ours[0], &status);
	snprintf(
	    kernel, sizeof(kernel), "%u", kernel_charged(sides.kernels[0]));
	snprintf(ours, sizeof(ours), "%u", status.used_bytes);
	if (strcmp(kernel, ours) != 0)
		differ("charged", kernel, ours);
}

static void compare_queues(void)
{
	struct packet *pkt;
	long kernel = 0, ours = 0;

	while (kernel >= 0 && ours == kernel) {
		kernel = kernel_receive(sides.kernels[0]);
		pkt = socket_receive(sides.sockets, sides.ours[0]);
		ours = pkt ? (long)packet_udp_payload_len(pkt) : -1;
		pool_put(pool, pkt);
	}
	if (ours != kernel)
		differ("a datagram that is read", kernel < 0 ? "none" : "one",
		    ours < 0 ? "none" : "another one");
}

static void change_ours(const struct socket_setup *setup)
{
	struct sockets *table = new_table();
	struct socket *heir;

	if (socket_add(table, &heir, setup))
		abort();
	socket_inherit(table, heir, sides.sockets, sides.ours[0]);
	sockets_free(sides.sockets);
	sides.sockets = table;
	sides.ours[0] = heir;
}

static void set_filter(struct socket_setup *setup)
{
	size_t idx = below(ARRAY_SIZE(programs));

	setup->filter = programs[idx].program;
	setup->filter_count = programs[idx].count;
	kernel_set_filter(sides.kernels[0], setup->filter, setup->filter_count);
	change_ours(setup);
}

static void compare_one_buffer(void)
{
	struct socket_setup setup = {.address = address("10.9.0.1"),
	    .port = PORT,
	    .view = SOCKET_VIEW_L4};

	open_sides();
	add_to_both(&setup);
	close(sides.kernels[0]);
	setup.rcvbuf_bytes = below(100000);
	sides.kernels[0] = kernel_socket(&setup, &setup.rcvbuf_bytes);
	for (int i = 0; i < PACKETS; i++) {
		if (i % 16 == 0)
			set_filter(&setup);
		compare_verdict(datagram_at_random(&setup));
	}
	compare_charge();
	compare_queues();
	close_sides();
}

static void compare_buffers(unsigned rounds)
{
	for (unsigned round = 0; round < rounds; round++)
		compare_one_buffer();
	for (int i = 0; i < DROP_COUNT; i++)
		if (verdicts[i])
			printf("%s: %llu\n", drop_name((enum drop)i),
			    (unsigned long long)verdicts[i]);
	if (!verdicts[DROP_NONE] || !verdicts[DROP_SOCKET_FILTER] ||
	    !verdicts[DROP_SOCKET_RCVBUFF] || !verdicts[DROP_UDP_CSUM])
		differ("verdicts", "too few", "too few");
	tell("a datagram is queued, trimmed or dropped for the same reason");
}

int main(int argc, char **argv)
{
	unsigned rounds;

	if (argc != 3)
		return 2;
	rounds = (unsigned)atoi(argv[2]);
	seed = seed_start();
	if (pool_new(&pool, PACKETS + 1, SIZES_MAX))
		return 1;
	kernel_open(argv[1]);
	compare_sizes();
	compare_lookups(rounds);
	compare_buffers(rounds);
	pool_free(pool);
	return 0;
}
