/* SPDX-License-Identifier: ISC */
/* Sockets inside the tunnel: scoring, buffer, filter, wake-up (T6). */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "bpf_write.h"
#include "net/rcvbuf.h"
#include "net/socket.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/udp.h"
#include "seed.h"

#define PACKETS 600
#define LARGEST 9000
#define SMALL	832 /* true bytes of a small datagram */

static struct pool *pool;
static struct sockets *sockets;
static unsigned ready_count;
static struct socket *ready_last;

static void note_ready(void *context, struct socket *socket)
{
	ck_assert_ptr_eq(context, &ready_count);
	ready_count++;
	ready_last = socket;
}

static void setup(void)
{
	struct sockets_setup how = {.order = SOCKET_KERNEL,
	    .memory_bytes = 4 * RCVBUF_DEFAULT,
	    .ready = note_ready,
	    .context = &ready_count};

	ck_assert_int_eq(pool_new(&pool, PACKETS, LARGEST), 0);
	how.pool = pool;
	ready_count = 0;
	ck_assert_int_eq(sockets_new(&sockets, &how), 0);
}

static void teardown(void)
{
	sockets_free(sockets);
	pool_free(pool);
}

static struct address address(const char *text)
{
	struct address ret = {.family = FAMILY_NONE};

	if (*text)
		ck_assert_int_eq(address_parse(&ret, text), 0);
	return ret;
}

static struct socket_setup at(const char *text, uint16_t port)
{
	return (struct socket_setup){.address = address(text),
	    .port = port,
	    .rcvbuf_bytes = RCVBUF_DEFAULT};
}

static struct socket *add(const struct socket_setup *setup)
{
	struct socket *ret;

	ck_assert_int_eq(socket_add(sockets, &ret, setup), 0);
	return ret;
}

/* As a reload does: a new table, in which the only socket is another one. */
static struct socket *change(
    struct socket *socket, const struct socket_setup *setup)
{
	struct sockets_setup how = {.order = SOCKET_KERNEL,
	    .pool = pool,
	    .memory_bytes = 4 * RCVBUF_DEFAULT,
	    .ready = note_ready,
	    .context = &ready_count};
	struct sockets *olds = sockets;
	struct socket *heir;

	ck_assert_int_eq(sockets_new(&sockets, &how), 0);
	heir = add(setup);
	socket_inherit(sockets, heir, olds, socket);
	ck_assert_uint_eq(sockets_used_bytes(olds), 0);
	sockets_free(olds);
	return heir;
}

static struct socket *bind_to(const char *text, uint16_t port)
{
	struct socket_setup setup = at(text, port);

	return add(&setup);
}

static struct packet *datagram(const char *from, uint16_t from_port,
    const char *to, uint16_t to_port, uint32_t payload_len)
{
	struct udp_ends ends = {
	    address(from), address(to), from_port, to_port, 0};
	struct packet *pkt = pool_get(pool);

	ck_assert_ptr_nonnull(pkt);
	memset(packet_udp_room(pkt, ends.source.family), 'x', payload_len);
	packet_build_udp(pkt, &ends, payload_len);
	pkt->checksum = CHECKSUM_FULL;
	pkt->true_bytes = rcvbuf_true_bytes(pkt->ip_bytes);
	return pkt;
}

static struct packet *small(void)
{
	return datagram("10.9.0.7", 4000, "10.9.0.1", 7, 4);
}

/* What becomes of the packet in the whole of the two stages. */
static enum drop put(struct socket *socket, struct packet *pkt)
{
	enum drop reason = socket_admit(sockets, socket, pkt);

	if (reason)
		pool_put(pool, pkt);
	else
		socket_enqueue(sockets, socket, pkt);
	return reason;
}

static bool take(struct socket *socket)
{
	struct packet *pkt = socket_receive(sockets, socket);

	pool_put(pool, pkt);
	return pkt;
}

static struct socket_status status(const struct socket *socket)
{
	struct socket_status ret;
	uint64_t sum = 0;

	socket_status(socket, &ret);
	for (size_t i = 0; i < DROP_COUNT; i++)
		sum += ret.by_reason[i];
	ck_assert_uint_eq(sum, ret.drops);
	ck_assert_uint_eq(ret.rx_packets, ret.rx_read + ret.queued);
	ck_assert_int_eq(ret.used_bytes == 0, ret.queued == 0);
	return ret;
}

/* ---- the true size ---- */

/* Measured on Linux 6.18, by SO_MEMINFO after a write to a tun device. */
static const struct {
	uint32_t ip_bytes, true_bytes;
} sizes[] = {
    {28, 832},
    {29, 832},
    {92, 832},
    {192, 832},
    {193, 1280},
    {228, 1280},
    {528, 1280},
    {640, 1280},
    {641, 2304},
    {1428, 2304},
    {1664, 2304},
    {1665, 4352},
    {2028, 4352},
    {3712, 4352},
    {3713, 8448},
    {4028, 8448},
    {7808, 8448},
    {7809, 12544},
    {8028, 12544},
    {11905, 16640},
    {65152, 65792},
    {65153, 69888},
    {65535, 69888},
};

START_TEST(a_datagram_is_charged_what_the_kernel_charges)
{
	ck_assert_uint_eq(
	    rcvbuf_true_bytes(sizes[_i].ip_bytes), sizes[_i].true_bytes);
}
END_TEST

/* ---- lookup ---- */

struct place {
	const char *address;
	const char *peer;
	uint16_t peer_port;
};

/* All on port 7, in the order of their numbers below. */
static const struct place places[] = {
    {"", "", 0},
    {"0.0.0.0", "", 0},
    {"10.9.0.1", "", 0},
    {"10.9.0.1", "10.9.0.7", 4000},
    {"10.9.0.1", "10.9.0.7", 0},
    {"fd09::1", "", 0},
    {"fd09::1", "fd09::7", 4000},
    {"10.9.0.2", "10.9.0.7", 4000},
    {"0.0.0.0", "10.9.0.8", 4000},
};

static const struct {
	const char *from;
	uint16_t from_port;
	const char *to;
	uint16_t to_port;
	int place; /* -1: none */
} lookups[] = {
    {"10.9.0.7", 4000, "10.9.0.1", 7, 3},
    {"10.9.0.7", 4001, "10.9.0.1", 7, 4},
    {"10.9.0.8", 4000, "10.9.0.1", 7, 2},
    {"10.9.0.7", 4000, "10.9.0.1", 8, -1},
    {"10.9.0.7", 4000, "10.9.0.2", 7, 7},
    {"10.9.0.8", 4000, "10.9.0.2", 7, 8},
    {"10.9.0.9", 4000, "10.9.0.2", 7, 1},
    {"10.9.0.7", 4000, "10.9.0.3", 7, 1},
    {"fd09::7", 4000, "fd09::1", 7, 6},
    {"fd09::7", 4001, "fd09::1", 7, 5},
    {"fd09::7", 4000, "fd09::2", 7, 0},
    {"fd09::7", 4000, "fd09::2", 8, -1},
};

static void add_places(struct socket **ret, bool backwards)
{
	size_t count = ARRAY_SIZE(places);

	for (size_t i = 0; i < count; i++) {
		size_t idx = backwards ? count - 1 - i : i;
		struct socket_setup setup = at(places[idx].address, 7);

		setup.peer = address(places[idx].peer);
		setup.peer_port = places[idx].peer_port;
		ret[idx] = add(&setup);
	}
}

static void look_up_all(struct socket *const *bound)
{
	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		int place = lookups[i].place;
		struct packet *pkt = datagram(lookups[i].from,
		    lookups[i].from_port, lookups[i].to, lookups[i].to_port, 1);

		ck_assert_ptr_eq(sockets_lookup(sockets, pkt),
		    place < 0 ? NULL : bound[place]);
		pool_put(pool, pkt);
	}
}

START_TEST(the_best_score_gets_the_datagram_in_any_order_of_binding)
{
	struct socket *bound[ARRAY_SIZE(places)];

	add_places(bound, _i);
	look_up_all(bound);
}
END_TEST

START_TEST(one_place_is_taken_once)
{
	struct socket_setup any = at("::", 7), echo = at("", 0);
	struct socket *ret;

	(void)bind_to("10.9.0.1", 7);
	(void)bind_to("", 7);
	(void)bind_to("0.0.0.0", 7);
	ck_assert_int_eq(socket_add(sockets, &ret, &any), -EADDRINUSE);
	echo.protocol = SOCKET_ECHO;
	(void)add(&echo);
	ck_assert_int_eq(socket_add(sockets, &ret, &echo), -EADDRINUSE);
	any.port = 8;
	(void)add(&any);
}
END_TEST

START_TEST(echo_requests_and_datagrams_are_kept_apart)
{
	struct socket_setup setup = at("10.9.0.1", 0);
	struct packet *ping = small(), *udp = small();
	struct socket *echo, *zero = bind_to("10.9.0.1", 7);

	setup.protocol = SOCKET_ECHO;
	echo = add(&setup);
	packet_data(ping)[9] = ping->l4_protocol = IP_PROTOCOL_ICMP;
	l4_data(ping)[0] = 8;
	ck_assert_ptr_eq(sockets_lookup(sockets, ping), echo);
	ck_assert_ptr_eq(sockets_lookup(sockets, udp), zero);
	l4_data(ping)[0] = 0;
	ck_assert_ptr_null(sockets_lookup(sockets, ping));
	ping->l4_protocol = IP_PROTOCOL_TCP;
	ck_assert_ptr_null(sockets_lookup(sockets, ping));
	pool_put(pool, ping);
	pool_put(pool, udp);
}
END_TEST

START_TEST(a_later_fragment_has_no_port_to_look_for)
{
	struct packet *pkt = small();

	(void)bind_to("", 7);
	ck_assert_ptr_nonnull(sockets_lookup(sockets, pkt));
	pkt->is_later_fragment = true;
	ck_assert_ptr_null(sockets_lookup(sockets, pkt));
	pool_put(pool, pkt);
}
END_TEST

START_TEST(a_closed_socket_is_not_there)
{
	struct socket *one = bind_to("10.9.0.1", 7), *any = bind_to("", 7);
	struct packet *pkt = small();

	ck_assert(socket_is_open(one));
	ck_assert_int_eq(put(one, small()), DROP_NONE);
	socket_set_open(sockets, one, false);
	ck_assert(!socket_is_open(one));
	ck_assert(!take(one));
	ck_assert_ptr_eq(sockets_lookup(sockets, pkt), any);
	ck_assert(socket_has_address(one));
	ck_assert(!socket_has_address(any));
	ck_assert(!socket_has_address(bind_to("0.0.0.0", 9)));
	ck_assert(!socket_has_address(bind_to("::", 9)));
	socket_set_open(sockets, any, false);
	ck_assert_ptr_null(sockets_lookup(sockets, pkt));
	socket_set_open(sockets, one, true);
	ck_assert_ptr_eq(sockets_lookup(sockets, pkt), one);
	socket_remove(sockets, one);
	ck_assert_ptr_eq(sockets_next(sockets, NULL), any);
	ck_assert_ptr_nonnull(sockets_next(sockets, any));
	pool_put(pool, pkt);
}
END_TEST

/* ---- the receive buffer ---- */

START_TEST(the_default_buffer_holds_256_small_datagrams)
{
	struct socket *socket = bind_to("", 7);
	unsigned held = 0;

	while (put(socket, small()) == DROP_NONE)
		held++;
	ck_assert_uint_eq(held, 256);
	ck_assert_uint_eq(status(socket).by_reason[DROP_SOCKET_RCVBUFF], 1);
	ck_assert_uint_eq(status(socket).used_bytes, RCVBUF_DEFAULT);
	ck_assert(take(socket));
	ck_assert_int_eq(put(socket, small()), DROP_NONE);
}
END_TEST

START_TEST(an_empty_buffer_takes_any_size)
{
	struct socket_setup setup = at("", 7);
	struct socket *socket;

	setup.rcvbuf_bytes = RCVBUF_MIN;
	socket = add(&setup);
	ck_assert_int_eq(
	    put(socket, datagram("10.9.0.7", 1, "10.9.0.1", 7, 8000)),
	    DROP_NONE);
	ck_assert_int_eq(put(socket, small()), DROP_SOCKET_RCVBUFF);
	ck_assert(take(socket));
	ck_assert_int_eq(put(socket, small()), DROP_NONE);
	ck_assert_int_eq(put(socket, small()), DROP_NONE);
	ck_assert_int_eq(put(socket, small()), DROP_SOCKET_RCVBUFF);
	ck_assert_uint_eq(status(socket).used_bytes, 2 * SMALL);
}
END_TEST

START_TEST(all_sockets_together_are_bounded)
{
	struct sockets_setup how = {.pool = pool,
	    .memory_bytes = 3 * SMALL,
	    .ready = note_ready,
	    .context = &ready_count};
	struct socket *a, *b;

	sockets_free(sockets);
	ck_assert_int_eq(sockets_new(&sockets, &how), 0);
	a = bind_to("", 7);
	b = bind_to("", 8);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(put(a, small()), DROP_NONE);
	ck_assert_uint_eq(sockets_used_bytes(sockets), 3 * SMALL);
	ck_assert_int_eq(put(b, small()), DROP_PROTO_MEM);
	ck_assert(take(a));
	ck_assert_int_eq(put(b, small()), DROP_NONE);
	socket_remove(sockets, a);
	ck_assert_uint_eq(sockets_used_bytes(sockets), SMALL);
}
END_TEST

/* ---- filters ---- */

static const struct bpf_instruction rejects[] = {RETURN(0)};
static const struct bpf_instruction wants_2[] = {RETURN(2)};
static const struct bpf_instruction wants_30[] = {RETURN(30)};
static const struct bpf_instruction wants_all[] = {RETURN(0xffffffff)};
/* The byte at offset 9: the protocol, when it begins with the IP header. */
static const struct bpf_instruction is_udp[] = {LOAD(BPF_B | BPF_ABS, 9),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP_PROTOCOL_UDP, 0, 1), RETURN(1000),
    RETURN(0)};
/* The destination port, when it begins with the UDP header. */
static const struct bpf_instruction is_port_7[] = {LOAD(BPF_H | BPF_ABS, 2),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 1), RETURN(1000), RETURN(0)};

#define PROGRAM(name) name, ARRAY_SIZE(name)

static const struct {
	const char *name;
	const struct bpf_instruction *program;
	size_t count;
	enum socket_view view;
	enum drop drop;
	uint32_t payload_len; /* that is left of 10 */
} filters[] = {
    {"rejects", PROGRAM(rejects), SOCKET_VIEW_IP, DROP_SOCKET_FILTER, 0},
    {"wants all", PROGRAM(wants_all), SOCKET_VIEW_IP, DROP_NONE, 10},
    {"wants all of L4", PROGRAM(wants_all), SOCKET_VIEW_L4, DROP_NONE, 10},
    {"the header stays", PROGRAM(wants_2), SOCKET_VIEW_IP, DROP_NONE, 0},
    {"the header stays in L4", PROGRAM(wants_2), SOCKET_VIEW_L4, DROP_NONE, 0},
    {"trims", PROGRAM(wants_30), SOCKET_VIEW_IP, DROP_NONE, 2},
    {"wants more L4 than there is", PROGRAM(wants_30), SOCKET_VIEW_L4,
	DROP_NONE, 10},
    {"sees IP", PROGRAM(is_udp), SOCKET_VIEW_IP, DROP_NONE, 10},
    {"does not see IP", PROGRAM(is_udp), SOCKET_VIEW_L4, DROP_SOCKET_FILTER, 0},
    {"sees UDP", PROGRAM(is_port_7), SOCKET_VIEW_L4, DROP_NONE, 10},
    {"does not see UDP", PROGRAM(is_port_7), SOCKET_VIEW_IP, DROP_SOCKET_FILTER,
	0},
};

static struct socket *add_filtered(size_t idx)
{
	struct socket_setup setup = at("", 7);

	setup.filter = filters[idx].program;
	setup.filter_count = filters[idx].count;
	setup.view = filters[idx].view;
	return add(&setup);
}

START_TEST(a_filter_rejects_or_trims)
{
	struct socket *socket = add_filtered((size_t)_i);
	struct packet *pkt = datagram("10.9.0.7", 4000, "10.9.0.1", 7, 10);

	ck_assert_msg(
	    put(socket, pkt) == filters[_i].drop, "%s", filters[_i].name);
	ck_assert_uint_eq(status(socket).by_reason[DROP_SOCKET_FILTER],
	    filters[_i].drop != 0);
	pkt = socket_receive(sockets, socket);
	ck_assert_int_eq(pkt == NULL, filters[_i].drop != 0);
	if (!pkt)
		return;
	ck_assert_uint_eq(packet_udp_payload_len(pkt), filters[_i].payload_len);
	ck_assert_uint_eq(packet_udp_whole_len(pkt), 10);
	ck_assert_uint_eq(pkt->len, pkt->ip_bytes);
	pool_put(pool, pkt);
}
END_TEST

/* Full, and the filter rejects: only the reason tells the orders apart. */
START_TEST(the_order_of_filter_and_buffer_decides_the_reason)
{
	struct socket_setup setup = at("", 7);
	struct socket *socket;

	setup.rcvbuf_bytes = RCVBUF_MIN;
	socket = add(&setup);
	while (put(socket, small()) == DROP_NONE)
		;
	setup.filter = rejects;
	setup.filter_count = 1;
	socket = change(socket, &setup);
	ck_assert_int_eq(put(socket, small()), DROP_SOCKET_FILTER);
	sockets_set_order(sockets, SOCKET_CLASSIC);
	ck_assert_int_eq(put(socket, small()), DROP_SOCKET_RCVBUFF);
	while (take(socket))
		;
	ck_assert_int_eq(put(socket, small()), DROP_SOCKET_FILTER);
}
END_TEST

/* The sum is only looked at where the kernel does. */
START_TEST(a_damaged_datagram_is_seen_by_no_filter_and_no_reader)
{
	struct socket_setup setup = at("", 7);
	struct socket *socket;
	struct packet *pkt = small();

	setup.rcvbuf_bytes = RCVBUF_MIN;
	socket = add(&setup);
	l4_data(pkt)[9] ^= 1;
	ck_assert_int_eq(put(socket, pkt), DROP_UDP_CSUM);
	while (put(socket, small()) == DROP_NONE)
		;
	pkt = small();
	l4_data(pkt)[9] ^= 1;
	ck_assert_int_eq(put(socket, pkt), DROP_SOCKET_RCVBUFF);
	setup.filter = rejects;
	setup.filter_count = 1;
	socket = change(socket, &setup);
	pkt = small();
	l4_data(pkt)[9] ^= 1;
	ck_assert_int_eq(put(socket, pkt), DROP_UDP_CSUM);
	ck_assert_uint_eq(status(socket).by_reason[DROP_UDP_CSUM], 2);
}
END_TEST

START_TEST(only_whom_from_names_may_send)
{
	struct prefix lan = {{FAMILY_IPV4, {10, 9, 0, 8}}, 32};
	uint32_t peers[] = {3, 5};
	struct socket_setup setup = at("", 7);
	struct socket *socket;
	struct packet *pkt;

	setup.from = (struct socket_from){true, &lan, 1, peers, 2};
	socket = add(&setup);
	peers[0] = 4; /* it has a copy of its own */
	pkt = small();
	pkt->from_id = 4;
	ck_assert_int_eq(put(socket, pkt), DROP_SOCKET_FILTER);
	pkt = small();
	pkt->from_id = 5;
	ck_assert_int_eq(put(socket, pkt), DROP_NONE);
	pkt = datagram("10.9.0.8", 1, "10.9.0.1", 7, 1);
	ck_assert_int_eq(put(socket, pkt), DROP_NONE);
	sockets_forget_id(sockets, 5);
	pkt = small();
	pkt->from_id = 5;
	ck_assert_int_eq(put(socket, pkt), DROP_SOCKET_FILTER);
	pkt = small();
	pkt->from_id = 3;
	ck_assert_int_eq(put(socket, pkt), DROP_NONE);
	setup.from = (struct socket_from){.is_limited = true}; /* to nobody */
	socket = change(socket, &setup);
	pkt = datagram("10.9.0.8", 1, "10.9.0.1", 7, 1);
	ck_assert_int_eq(put(socket, pkt), DROP_SOCKET_FILTER);
}
END_TEST

START_TEST(a_bad_filter_is_refused)
{
	static const struct bpf_instruction endless[] = {SET_A(1)};
	struct socket_setup setup = at("", 7);
	struct socket *socket = add(&setup), *ret;

	setup.filter = endless;
	setup.filter_count = 1;
	setup.port = 8;
	ck_assert_int_eq(socket_add(sockets, &ret, &setup), -EINVAL);
	ck_assert_ptr_null(sockets_next(sockets, socket));
}
END_TEST

START_TEST(an_heir_has_all_but_its_own_settings)
{
	struct socket_setup setup = at("", 7);
	struct socket *socket = add(&setup);

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(put(socket, small()), DROP_NONE);
	ck_assert(take(socket));
	setup.rcvbuf_bytes = RCVBUF_MIN;
	socket = change(socket, &setup);
	ck_assert_uint_eq(status(socket).queued, 4);
	ck_assert_uint_eq(status(socket).used_bytes, 4 * SMALL);
	ck_assert_uint_eq(status(socket).rx_packets, 5);
	ck_assert_uint_eq(sockets_used_bytes(sockets), 4 * SMALL);
	ck_assert_int_eq(put(socket, small()), DROP_SOCKET_RCVBUFF);
	socket_set_open(sockets, socket, false);
	socket = change(socket, &setup);
	ck_assert(!socket_is_open(socket));
	ck_assert_uint_eq(status(socket).by_reason[DROP_SOCKET_RCVBUFF], 1);
	ck_assert_uint_eq(status(socket).queued, 0);
}
END_TEST

START_TEST(judging_leaves_no_trace)
{
	struct socket_setup setup = at("", 7);
	struct socket *socket;
	struct packet *pkt = small();

	setup.rcvbuf_bytes = RCVBUF_MIN;
	socket = add(&setup);
	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(socket_judge(sockets, socket, pkt), DROP_NONE);
	ck_assert_uint_eq(status(socket).used_bytes, 0);
	while (put(socket, small()) == DROP_NONE)
		;
	ck_assert_int_eq(
	    socket_judge(sockets, socket, pkt), DROP_SOCKET_RCVBUFF);
	ck_assert_uint_eq(status(socket).drops, 1);
	pool_put(pool, pkt);
}
END_TEST

/* ---- wake-up ---- */

START_TEST(the_reader_is_woken_on_the_edge_only)
{
	struct socket *a = bind_to("", 7), *b = bind_to("", 8);

	ck_assert_int_eq(put(a, small()), DROP_NONE);
	ck_assert_ptr_eq(ready_last, a);
	ck_assert_int_eq(put(a, small()), DROP_NONE);
	ck_assert_uint_eq(ready_count, 1);
	ck_assert_int_eq(put(b, small()), DROP_NONE);
	ck_assert_ptr_eq(ready_last, b);
	ck_assert_uint_eq(ready_count, 2);
	ck_assert(take(a));
	ck_assert_int_eq(put(a, small()), DROP_NONE);
	ck_assert_uint_eq(ready_count, 2); /* it was not empty */
	ck_assert(take(a) && take(a) && !take(a));
	ck_assert_int_eq(put(a, small()), DROP_NONE);
	ck_assert_uint_eq(ready_count, 3);
}
END_TEST

START_TEST(what_is_queued_knows_no_peer)
{
	struct socket *socket = bind_to("", 7);
	struct packet *pkt = small();

	pkt->peer = (struct peer *)pkt; /* gone when it is read, perhaps */
	pkt->from_id = 9;
	ck_assert_int_eq(put(socket, pkt), DROP_NONE);
	ck_assert_ptr_eq(socket_receive(sockets, socket), pkt);
	ck_assert_ptr_null(pkt->peer);
	ck_assert_uint_eq(pkt->from_id, 9);
	pool_put(pool, pkt);
}
END_TEST

/* ---- at random ---- */

/* The rules once more, as the document gives them. */
static enum drop expected(const struct socket *socket, const struct packet *pkt,
    uint32_t memory, bool is_rejected, bool is_classic)
{
	struct socket_status now = status(socket);
	bool is_full = now.used_bytes && now.used_bytes + pkt->true_bytes >
					     socket_setup(socket)->rcvbuf_bytes;
	bool is_over = sockets_used_bytes(sockets) + pkt->true_bytes > memory;
	enum drop buffer = is_full   ? DROP_SOCKET_RCVBUFF
			   : is_over ? DROP_PROTO_MEM
				     : DROP_NONE;

	if (is_rejected && (!is_classic || !buffer))
		return DROP_SOCKET_FILTER;
	return buffer;
}

#define STEPS	30000
#define SOCKETS 4

/* From port 1 on, the filter rejects odd source ports. */
static void add_at_random(struct seed *seed, struct socket **ret)
{
	static const struct bpf_instruction is_even[] = {
	    LOAD(BPF_H | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0), RETURN(65535),
	    RETURN(0)};
	struct socket_setup setup = {.view = SOCKET_VIEW_L4};

	for (uint16_t i = 0; i < SOCKETS; i++) {
		setup.port = i;
		setup.rcvbuf_bytes =
		    (i + 2u) * 20000 + (uint32_t)seed_below(seed, 1000);
		setup.filter = i ? is_even : NULL;
		setup.filter_count = i ? ARRAY_SIZE(is_even) : 0;
		ret[i] = add(&setup);
	}
}

START_TEST(invariants_hold_in_random_histories)
{
	struct seed seed = seed_start();
	struct socket *bound[SOCKETS];
	uint64_t seen[DROP_COUNT] = {0};
	uint32_t memory = 150000;
	struct sockets_setup how = {.pool = pool,
	    .memory_bytes = memory,
	    .ready = note_ready,
	    .context = &ready_count};

	sockets_free(sockets);
	ck_assert_int_eq(sockets_new(&sockets, &how), 0);
	add_at_random(&seed, bound);
	for (int step = 0; step < STEPS; step++) {
		uint16_t port = (uint16_t)seed_below(&seed, SOCKETS);
		uint16_t from = (uint16_t)seed_below(&seed, 65536);
		bool is_classic = seed_below(&seed, 2);
		unsigned edges = ready_count;
		bool was_empty = !status(bound[port]).queued;
		struct packet *pkt;
		enum drop wanted, got;

		/* more come than go, though the filters reject half */
		if (seed_below(&seed, 4) == 0) {
			ck_assert_int_eq(take(bound[port]), !was_empty);
			continue;
		}
		pkt = datagram("10.9.0.7", from, "10.9.0.1", port,
		    (uint32_t)seed_below(
			&seed, seed_below(&seed, 4) ? 64 : LARGEST - 100));
		ck_assert_ptr_eq(sockets_lookup(sockets, pkt), bound[port]);
		sockets_set_order(
		    sockets, is_classic ? SOCKET_CLASSIC : SOCKET_KERNEL);
		wanted = expected(
		    bound[port], pkt, memory, port && from & 1, is_classic);
		got = put(bound[port], pkt);
		ck_assert_str_eq(drop_name(got), drop_name(wanted));
		ck_assert_uint_eq(ready_count - edges, was_empty && !got);
		seen[got]++;
	}
	ck_assert(seen[DROP_NONE] && seen[DROP_SOCKET_FILTER]);
	ck_assert(seen[DROP_SOCKET_RCVBUFF] && seen[DROP_PROTO_MEM]);
}
END_TEST

static void add_lookup(Suite *suite)
{
	TCase *tcase = tcase_create("lookup");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase,
	    the_best_score_gets_the_datagram_in_any_order_of_binding, 0, 2);
	tcase_add_test(tcase, one_place_is_taken_once);
	tcase_add_test(tcase, echo_requests_and_datagrams_are_kept_apart);
	tcase_add_test(tcase, a_later_fragment_has_no_port_to_look_for);
	tcase_add_test(tcase, a_closed_socket_is_not_there);
	suite_add_tcase(suite, tcase);
}

static void add_queue(Suite *suite)
{
	TCase *tcase = tcase_create("queue");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase,
	    a_datagram_is_charged_what_the_kernel_charges, 0,
	    ARRAY_SIZE(sizes));
	tcase_add_test(tcase, the_default_buffer_holds_256_small_datagrams);
	tcase_add_test(tcase, an_empty_buffer_takes_any_size);
	tcase_add_test(tcase, all_sockets_together_are_bounded);
	tcase_add_loop_test(
	    tcase, a_filter_rejects_or_trims, 0, ARRAY_SIZE(filters));
	tcase_add_test(
	    tcase, the_order_of_filter_and_buffer_decides_the_reason);
	tcase_add_test(
	    tcase, a_damaged_datagram_is_seen_by_no_filter_and_no_reader);
	tcase_add_test(tcase, only_whom_from_names_may_send);
	tcase_add_test(tcase, a_bad_filter_is_refused);
	tcase_add_test(tcase, an_heir_has_all_but_its_own_settings);
	tcase_add_test(tcase, judging_leaves_no_trace);
	tcase_add_test(tcase, the_reader_is_woken_on_the_edge_only);
	tcase_add_test(tcase, what_is_queued_knows_no_peer);
	tcase_set_timeout(tcase, 60); /* random histories, on a busy machine */
	tcase_add_test(tcase, invariants_hold_in_random_histories);
	suite_add_tcase(suite, tcase);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("socket");

	add_lookup(suite);
	add_queue(suite);
	return suite;
}
