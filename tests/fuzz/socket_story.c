/* SPDX-License-Identifier: ISC */
/* A story of sockets, and what must hold in it. */
#include "socket_story.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "naive_socket.h"
#include "net/rcvbuf.h"
#include "packet/ip.h"
#include "packet/udp.h"

#define SOCKETS_MAX 12
#define PACKETS	    40
#define LARGEST	    1500
#define MEMORY	    (20 * RCVBUF_MIN)
#define FILTER_MAX  8

static struct {
	struct pool *pool;
	struct sockets *sockets;
	size_t count;
	struct socket *ready; /* that was told of last */
} story;

static void note_ready(void *context, struct socket *socket)
{
	assert(context == &story);
	story.ready = socket;
}

static struct socket *nth(uint8_t number)
{
	struct socket *at = sockets_next(story.sockets, NULL);

	for (size_t i = number % (story.count ? story.count : 1); i; i--)
		at = sockets_next(story.sockets, at);
	return at;
}

/* 10.77.0.1 to .4, fd77::1 to ::4, which the seeds use, and any. */
static struct address read_address(struct cursor *c)
{
	uint8_t choice = cursor_u8(c);
	struct address four = {FAMILY_IPV4, {10, 77, 0, choice & 3}};
	struct address six = {FAMILY_IPV6, {0xfd, 0x77, [15] = choice & 3}};

	switch (choice >> 2 & 3) {
	case 0:
		return (struct address){
		    .family = choice & 1 ? FAMILY_IPV4 : FAMILY_NONE};
	case 1:
		return four;
	default:
		return six;
	}
}

static size_t read_filter(struct cursor *c, struct bpf_instruction *ret)
{
	size_t count = cursor_u8(c) % FILTER_MAX;

	for (size_t i = 0; i < count; i++) {
		ret[i].code = cursor_u8(c);
		ret[i].if_true = cursor_u8(c);
		ret[i].if_false = cursor_u8(c);
		ret[i].k = cursor_u8(c);
	}
	return count;
}

static struct sockets *new_table(void)
{
	struct sockets_setup how = {.pool = story.pool,
	    .memory_bytes = MEMORY,
	    .ready = note_ready,
	    .context = &story};
	struct sockets *ret;

	if (sockets_new(&ret, &how))
		abort();
	return ret;
}

/* One of them gets another buffer and filter, as at a reload. */
static void change(struct cursor *c, const struct socket *which)
{
	struct bpf_instruction filter[FILTER_MAX];
	struct socket_setup next = {.rcvbuf_bytes = cursor_be16(c),
	    .filter = filter,
	    .filter_count = read_filter(c, filter)};
	struct sockets *olds = story.sockets;
	struct socket *heir;

	story.sockets = new_table();
	story.count = 0;
	for (struct socket *s = sockets_next(olds, NULL); s;
	     s = sockets_next(olds, s)) {
		struct socket_setup setup = *socket_setup(s);

		if (s == which) {
			setup.rcvbuf_bytes = next.rcvbuf_bytes;
			setup.filter = next.filter;
			setup.filter_count = next.filter_count;
			setup.view = next.rcvbuf_bytes & 1 ? SOCKET_VIEW_L4
							   : SOCKET_VIEW_IP;
		}
		if (socket_add(story.sockets, &heir, &setup))
			continue;
		socket_inherit(story.sockets, heir, olds, s);
		story.count++;
	}
	sockets_free(olds);
}

static void add(struct cursor *c)
{
	uint8_t kind = cursor_u8(c);
	struct socket_setup setup = {
	    .address = read_address(c), .rcvbuf_bytes = RCVBUF_DEFAULT};
	struct socket *socket;

	setup.protocol = kind & 1 ? SOCKET_ECHO : SOCKET_UDP;
	setup.port = kind & 1 ? 0 : 53 + (kind >> 1 & 1);
	if (kind & 4 && setup.address.family != FAMILY_NONE)
		setup.peer = read_address(c);
	if (setup.peer.family != setup.address.family)
		setup.peer = (struct address){0};
	if (kind & 8)
		setup.peer_port = 4000;
	if (story.count < SOCKETS_MAX &&
	    !socket_add(story.sockets, &socket, &setup))
		story.count++;
}

static void check_room(const struct socket *socket, enum drop reason,
    uint32_t used, uint32_t true_bytes)
{
	bool is_full =
	    used && used + true_bytes > socket_setup(socket)->rcvbuf_bytes;

	if (!reason)
		assert(!is_full);
	if (reason == DROP_SOCKET_RCVBUFF)
		assert(is_full);
	assert(sockets_used_bytes(story.sockets) <= MEMORY);
}

/* Consumes pkt. */
static void deliver(struct socket *socket, struct packet *pkt)
{
	struct socket_status before, after;
	uint32_t true_bytes = pkt->true_bytes;
	enum drop reason;

	socket_status(socket, &before);
	reason = socket_admit(story.sockets, socket, pkt);
	check_room(socket, reason, before.used_bytes, true_bytes);
	story.ready = NULL;
	if (reason)
		pool_put(story.pool, pkt);
	else
		socket_enqueue(story.sockets, socket, pkt);
	socket_status(socket, &after);
	assert(after.drops == before.drops + (reason != DROP_NONE));
	assert(after.queued == before.queued + (reason == DROP_NONE));
	assert((story.ready == socket) == (!reason && !before.queued));
}

static bool is_for_sockets(struct packet *pkt)
{
	if (packet_parse_ip(pkt) || pkt->is_fragment)
		return false;
	pkt->true_bytes = rcvbuf_true_bytes(pkt->ip_bytes);
	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		return packet_check_udp(pkt) == DROP_NONE;
	return packet_is_echo_request(pkt);
}

static void send(struct cursor *c)
{
	uint16_t len = cursor_be16(c) % LARGEST;
	struct packet *pkt = pool_get(story.pool);
	struct socket *socket = NULL;

	if (!pkt)
		return;
	pkt->len = len < c->left ? len : (uint32_t)c->left;
	cursor_copy(c, packet_data(pkt), pkt->len);
	if (is_for_sockets(pkt)) {
		socket = sockets_lookup(story.sockets, pkt);
		assert(socket == naive_socket_find(story.sockets, pkt));
	}
	if (socket)
		deliver(socket, pkt);
	else
		pool_put(story.pool, pkt);
}

/* What is answered is a whole packet again. */
static void answer(struct packet *pkt)
{
	struct udp_ends ends = {pkt->destination, pkt->source,
	    pkt->destination_port, pkt->source_port, 0};

	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		packet_readdress_udp(pkt, &ends);
	else
		packet_answer_echo(pkt);
	assert(packet_parse_ip(pkt) == DROP_NONE);
	pkt->checksum = CHECKSUM_FULL;
	assert(packet_verify_l4(pkt));
	assert(address_is_equal(&pkt->source, &ends.source));
}

static void receive(struct socket *socket)
{
	struct packet *pkt =
	    socket ? socket_receive(story.sockets, socket) : NULL;

	if (pkt)
		answer(pkt);
	pool_put(story.pool, pkt);
}

static void take_away(struct socket *socket)
{
	if (!socket)
		return;
	socket_remove(story.sockets, socket);
	story.count--;
}

static void toggle(struct socket *socket)
{
	if (socket)
		socket_set_open(story.sockets, socket, !socket_is_open(socket));
}

static void step(struct cursor *c)
{
	uint8_t what = cursor_u8(c), number = cursor_u8(c);

	switch (what % 8) {
	case 0:
		add(c);
		break;
	case 1:
		take_away(nth(number));
		break;
	case 2:
		receive(nth(number));
		break;
	case 3:
		toggle(nth(number));
		break;
	case 4:
		change(c, nth(number));
		break;
	case 5:
		sockets_set_order(
		    story.sockets, number & 1 ? SOCKET_KERNEL : SOCKET_CLASSIC);
		break;
	default:
		send(c);
	}
}

void socket_story_tell(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_of(data, len);

	story.count = 0;
	if (pool_new(&story.pool, PACKETS, LARGEST))
		abort();
	story.sockets = new_table();
	while (c.left && !c.has_failed)
		step(&c);
	sockets_free(story.sockets);
	pool_free(story.pool); /* asserts that all are back */
}
