/* SPDX-License-Identifier: ISC */
/* The two stage tables and their runner, over a fake tunnel. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fake_tunnel.h"
#include "header.h"
#include "packet/ecn.h"
#include "path/run.h"

#define PACKETS 300

static struct pool *pool;
static struct tunnel tunnel;
static struct path *path;
static struct moment now = {.now = {.ns = 7 * NS_PER_S}};
static unsigned traced;
static char traced_stage[32];

static void trace(
    void *context, const struct stage *stage, const struct packet *pkt)
{
	ck_assert_ptr_eq(context, &traced);
	ck_assert_int_ne(pkt->drop, DROP_NONE);
	traced++;
	strncpy(traced_stage, stage->name, sizeof(traced_stage) - 1);
}

static void setup(void)
{
	struct path_setup how = {
	    .tunnel = &tunnel,
	    .trace = trace,
	    .trace_context = &traced,
	};

	ck_assert_int_eq(pool_new(&pool, PACKETS, 1500), 0);
	how.pool = pool;
	tunnel = (struct tunnel){.has_session = true};
	traced = 0;
	ck_assert_int_eq(path_new(&path, &how), 0);
}

/* Every packet is accounted for at the end of each case. */
static void teardown(void)
{
	pool_put_list(pool, &tunnel.staged);
	path_free(path);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
	pool_free(pool);
}

#define INNER_BYTES 32

/* UDP from port 4000 to `port`, 4 bytes of payload. */
static struct packet *udp(
    const char *source, const char *destination, uint16_t port)
{
	struct packet *pkt = pool_get(pool);
	uint8_t *bytes = packet_data(pkt);
	struct address from, to;

	ck_assert_int_eq(address_parse(&from, source), 0);
	ck_assert_int_eq(address_parse(&to, destination), 0);
	memset(bytes, 0, INNER_BYTES);
	bytes[0] = 0x45;
	bytes[3] = INNER_BYTES;
	bytes[8] = 64;
	bytes[9] = IP_PROTOCOL_UDP;
	memcpy(bytes + 12, from.bytes, 4);
	memcpy(bytes + 16, to.bytes, 4);
	bytes[20] = 4000 >> 8;
	bytes[21] = 4000 & 255;
	bytes[22] = (uint8_t)(port >> 8);
	bytes[23] = (uint8_t)port;
	bytes[25] = 12;
	header_finish(bytes, IPV4_BYTES);
	pkt->len = INNER_BYTES;
	return pkt;
}

static struct packet *udp6(const char *source, const char *destination)
{
	struct packet *pkt = pool_get(pool);
	uint8_t *bytes = packet_data(pkt);
	struct address from, to;

	ck_assert_int_eq(address_parse(&from, source), 0);
	ck_assert_int_eq(address_parse(&to, destination), 0);
	memset(bytes, 0, IPV6_BYTES + UDP_BYTES);
	bytes[0] = 0x60;
	bytes[5] = bytes[IPV6_BYTES + 5] = UDP_BYTES;
	bytes[6] = IP_PROTOCOL_UDP;
	memcpy(bytes + 8, from.bytes, 16);
	memcpy(bytes + 24, to.bytes, 16);
	pkt->len = IPV6_BYTES + UDP_BYTES;
	return pkt;
}

static struct packet *raw(uint8_t first)
{
	struct packet *pkt = pool_get(pool);

	packet_data(pkt)[0] = first;
	pkt->len = 1;
	return pkt;
}

static void receive(struct packet *pkt)
{
	struct packet_list list = {0};

	packet_list_push(&list, pkt);
	path_run_inbound(path, &list, &now);
}

static void transmit(struct packet *pkt)
{
	struct packet_list list = {0};

	packet_list_push(&list, pkt);
	path_run_outbound(path, &list, &now);
}

static struct path_totals totals(void)
{
	struct path_totals ret;

	path_totals(path, &ret);
	ck_assert_uint_eq(ret.rx_packets,
	    ret.rx_delivered + ret.rx_consumed + ret.rx_dropped);
	ck_assert_uint_eq(ret.tx_packets + ret.tx_ours,
	    ret.tx_sent + tunnel.staged.len + ret.tx_dropped);
	return ret;
}

struct drops {
	size_t lines;
	struct path_drop last;
};

static void found(void *context, const struct path_drop *drop)
{
	struct drops *drops = context;

	drops->lines++;
	drops->last = *drop;
}

/* There was one drop, at this stage and for this reason. */
static struct path_drop only_drop(const char *stage, enum drop reason)
{
	struct drops drops = {0};

	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 1);
	ck_assert_str_eq(drops.last.stage, stage);
	ck_assert_str_eq(drop_name(drops.last.reason), drop_name(reason));
	ck_assert_uint_eq(drops.last.packets, 1);
	ck_assert_uint_eq(totals().rx_dropped + totals().tx_dropped, 1);
	return drops.last;
}

static void check_dropped(const char *stage, enum drop reason)
{
	(void)only_drop(stage, reason);
	ck_assert_uint_eq(traced, 1);
	ck_assert_str_eq(traced_stage, stage);
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
}

START_TEST(a_packet_of_a_peer_reaches_the_device)
{
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(totals().rx_delivered, 1);
	ck_assert_uint_eq(traced, 0);
}
END_TEST

START_TEST(padding_does_not_reach_the_device)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	memset(packet_data(pkt) + pkt->len, 0, 16);
	pkt->len += 16;
	receive(pkt);
	ck_assert_uint_eq(path_to_device(path)->first->len, INNER_BYTES);
}
END_TEST

START_TEST(a_handshake_message_is_consumed)
{
	receive(raw(FAKE_HANDSHAKE));
	ck_assert_uint_eq(totals().rx_consumed, 1);
	ck_assert_uint_eq(tunnel.open_calls, 0);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
}
END_TEST

START_TEST(a_frame_of_ours_is_consumed)
{
	receive(raw(FAKE_FRAME));
	ck_assert_uint_eq(totals().rx_consumed, 1);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
}
END_TEST

START_TEST(outer_drops_what_the_socket_cut)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->is_truncated = true;
	receive(pkt);
	check_dropped("outer", DROP_VPN_TRUNCATED);
}
END_TEST

START_TEST(outer_drops_what_the_tunnel_refuses)
{
	struct packet *pkt = raw(0);
	struct path_drop drop;

	ck_assert_int_eq(endpoint_parse(&pkt->endpoint, "192.0.2.1:9"), 0);
	tunnel.receive = DROP_VPN_MAC1;
	receive(pkt);
	check_dropped("outer", DROP_VPN_MAC1);
	drop = only_drop("outer", DROP_VPN_MAC1);
	ck_assert_str_eq(drop.direction, "in");
	ck_assert_str_eq(drop.example, "from 192.0.2.1:9 len 1");
	ck_assert_int_eq(drop.last.ns, now.now.ns);
}
END_TEST

START_TEST(decap_drops_what_does_not_open)
{
	receive(raw(FAKE_FORGED));
	check_dropped("decap", DROP_VPN_AUTH);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_VPN_AUTH], 1);
}
END_TEST

START_TEST(expand_drops_a_bad_frame)
{
	tunnel.expand = DROP_VPN_DECOMPRESS;
	receive(raw(0x30));
	check_dropped("expand", DROP_VPN_DECOMPRESS);
}
END_TEST

START_TEST(ip_rcv_drops_a_bad_header)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	packet_data(pkt)[IPV4_CHECKSUM] ^= 1;
	receive(pkt);
	check_dropped("ip_rcv", DROP_IP_CSUM);
}
END_TEST

START_TEST(ip_rcv_puts_a_congestion_mark_into_the_packet)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	packet_data(pkt)[1] = ECN_ECT_0;
	header_finish(packet_data(pkt), IPV4_BYTES);
	pkt->outer_ecn = ECN_CE;
	receive(pkt);
	ck_assert_uint_eq(packet_data(path_to_device(path)->first)[1], ECN_CE);
}
END_TEST

START_TEST(ip_rcv_drops_a_mark_on_what_can_not_carry_it)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->outer_ecn = ECN_CE;
	receive(pkt);
	check_dropped("ip_rcv", DROP_VPN_ECN);
}
END_TEST

static const struct {
	const char *source, *destination;
	enum drop drop;
} martians[] = {
    {"10.9.0.8", "10.9.0.1", DROP_IP_RPFILTER}, /* the other peer's */
    {"224.0.0.1", "10.9.0.1", DROP_IP_INVALID_SOURCE},
    {"239.255.255.255", "10.9.0.1", DROP_IP_INVALID_SOURCE},
    {"255.255.255.255", "10.9.0.1", DROP_IP_INVALID_SOURCE},
    {"0.0.0.0", "10.9.0.1", DROP_IP_INVALID_SOURCE},
    {"10.9.0.7", "0.0.0.0", DROP_IP_INVALID_DEST},
    {"127.0.0.1", "10.9.0.1", DROP_IP_LOCALNET},
    {"127.255.0.1", "10.9.0.1", DROP_IP_LOCALNET},
    {"10.9.0.7", "127.0.0.1", DROP_IP_LOCALNET},
    {"10.9.0.1", "10.9.0.1", DROP_IP_LOCAL_SOURCE},
    {"10.9.0.255", "10.9.0.1", DROP_IP_INVALID_SOURCE}, /* broadcast */
    {"10.2.0.1", "10.9.0.1", DROP_NONE},
    {"10.2.0.0", "10.9.0.1", DROP_NONE}, /* /31 has no broadcast */
    {"10.2.0.3", "10.9.0.1", DROP_NONE},
    {"0.1.2.3", "10.9.0.1", DROP_NONE},	       /* the kernel takes 0/8 now */
    {"0.0.0.0", "255.255.255.255", DROP_NONE}, /* DHCP */
    {"10.9.0.7", "224.0.0.251", DROP_NONE},
    {"10.9.0.7", "255.255.255.255", DROP_NONE},
};

static const char *const own[] = {"10.9.0.1/24", "10.2.0.2/31", "fd09::1/64"};

static void set_addresses(void)
{
	struct prefix addresses[ARRAY_SIZE(own)];

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		ck_assert_int_eq(prefix_parse(&addresses[i], own[i]), 0);
	ck_assert_int_eq(
	    path_set_addresses(path, addresses, ARRAY_SIZE(own)), 0);
}

/* Even of a peer that may send from everywhere. */
START_TEST(rcv_finish_drops_martians)
{
	set_addresses();
	tunnel.has_default = true;
	receive(udp(martians[_i].source, martians[_i].destination, 53));
	if (martians[_i].drop)
		check_dropped("rcv_finish", martians[_i].drop);
	else
		ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

static const struct {
	const char *source, *destination;
	enum drop drop;
} martians6[] = {
    {"fd09::7", "fd09::1", DROP_NONE},
    {"fe80::1", "ff02::1", DROP_NONE},
    {"::ffff:10.9.0.7", "fd09::1", DROP_IP_INVALID_SOURCE},
    {"fd09::1", "fd09::7", DROP_IP_LOCAL_SOURCE},
    {"fd09::7", "::", DROP_IP_INVALID_DEST},
};

START_TEST(rcv_finish_drops_martians_of_ipv6)
{
	set_addresses();
	tunnel.has_default = true;
	receive(udp6(martians6[_i].source, martians6[_i].destination));
	if (martians6[_i].drop)
		check_dropped("rcv_finish", martians6[_i].drop);
	else
		ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(rcv_finish_drops_a_source_that_nobody_has)
{
	struct path_drop drop;

	receive(udp("192.168.1.5", "10.9.0.1", 53));
	check_dropped("rcv_finish", DROP_IP_RPFILTER);
	drop = only_drop("rcv_finish", DROP_IP_RPFILTER);
	ck_assert_str_eq(
	    drop.example, "udp 192.168.1.5:4000 > 10.9.0.1:53 len 32");
}
END_TEST

START_TEST(rcv_finish_forgets_addresses_that_went)
{
	set_addresses();
	ck_assert_int_eq(path_set_addresses(path, NULL, 0), 0);
	tunnel.has_default = true;
	receive(udp("10.9.0.1", "10.9.0.2", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(rcv_finish_drops_a_source_route)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);
	static const uint8_t route[] = {131, 7, 4, 10, 9, 0, 9, 0};
	uint8_t *bytes = packet_data(pkt);

	bytes[0] = 0x47;
	memcpy(bytes + IPV4_BYTES, route, sizeof(route));
	header_finish(bytes, IPV4_BYTES + sizeof(route));
	receive(pkt);
	check_dropped("rcv_finish", DROP_IP_INHDR);
}
END_TEST

START_TEST(tun_write_completes_a_partial_checksum)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->checksum = CHECKSUM_PARTIAL;
	receive(pkt);
	ck_assert_int_eq(path_to_device(path)->first->checksum, CHECKSUM_FULL);
}
END_TEST

START_TEST(a_packet_of_the_device_reaches_the_wire)
{
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_ptr_eq(path_to_wire(path)->first->peer, &tunnel.peers[0]);
	ck_assert_uint_eq(totals().tx_sent, 1);
	ck_assert_uint_ne(tunnel.last_flow_hash, 0);
}
END_TEST

START_TEST(the_inner_mark_goes_outside)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	packet_data(pkt)[1] = ECN_ECT_1;
	header_finish(packet_data(pkt), IPV4_BYTES);
	transmit(pkt);
	ck_assert_uint_eq(path_to_wire(path)->first->outer_ecn, ECN_ECT_1);
}
END_TEST

START_TEST(what_is_encrypted_is_not_compressed)
{
	transmit(udp("10.9.0.1", "10.9.0.7", 443));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(tunnel.last_flow_hash, 0);
}
END_TEST

START_TEST(tun_read_drops_what_is_not_ip)
{
	transmit(raw(0x50));
	check_dropped("tun_read", DROP_UNHANDLED_PROTO);
}
END_TEST

START_TEST(tun_read_drops_nothing_at_all)
{
	struct packet *pkt = raw(0x45);

	pkt->len = 0;
	transmit(pkt);
	check_dropped("tun_read", DROP_UNHANDLED_PROTO);
}
END_TEST

START_TEST(tun_read_drops_what_is_larger_than_a_frame)
{
	struct packet *pkt = raw(0x45);

	pkt->len = 1501;
	transmit(pkt);
	check_dropped("tun_read", DROP_PKT_TOO_BIG);
}
END_TEST

START_TEST(ip_out_drops_a_bad_header)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	pkt->len--;
	transmit(pkt);
	check_dropped("ip_out", DROP_PKT_TOO_SMALL);
}
END_TEST

static const char *const unroutable[] = {
    "192.0.2.1", "224.0.0.22", "255.255.255.255", "10.9.0.255"};

START_TEST(route_drops_what_no_peer_has)
{
	transmit(udp("10.9.0.1", unroutable[_i], 53));
	check_dropped("route", DROP_IP_OUTNOROUTES);
	ck_assert_str_eq(
	    only_drop("route", DROP_IP_OUTNOROUTES).direction, "out");
}
END_TEST

START_TEST(neigh_drops_what_can_not_wait)
{
	tunnel.neigh = DROP_NEIGH_DEAD;
	transmit(udp("10.9.0.1", "10.9.0.8", 53));
	check_dropped("neigh", DROP_NEIGH_DEAD);
	ck_assert_uint_eq(tunnel.peers[1].drops[DROP_NEIGH_DEAD], 1);
}
END_TEST

START_TEST(encap_drops_what_is_not_sealed)
{
	tunnel.seal = DROP_VPN_LIMIT;
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	check_dropped("encap", DROP_VPN_LIMIT);
}
END_TEST

START_TEST(what_waited_goes_out_when_it_is_released)
{
	tunnel.has_session = false;
	for (int i = 0; i < 3; i++)
		transmit(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(tunnel.staged.len, 3);
	ck_assert_uint_eq(totals().tx_sent, 0);
	tunnel.has_session = true;
	packet_list_append(&tunnel.released, &tunnel.staged);
	path_run_emitted(path, &now);
	ck_assert_uint_eq(path_to_wire(path)->len, 3);
	ck_assert_uint_eq(totals().tx_sent, 3);
	ck_assert_uint_ne(tunnel.last_flow_hash, 0);
}
END_TEST

START_TEST(what_waited_in_vain_is_counted_under_neigh)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	tunnel.has_session = false;
	transmit(pkt);
	pkt->drop = DROP_NEIGH_QUEUEFULL;
	packet_list_append(&tunnel.dropped, &tunnel.staged);
	path_run_emitted(path, &now);
	check_dropped("neigh", DROP_NEIGH_QUEUEFULL);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_NEIGH_QUEUEFULL], 1);
}
END_TEST

/* HELLO first, then what waited for the session. */
START_TEST(frames_of_ours_go_before_released_packets)
{
	struct packet *frame = raw(0x10), *pkt;

	tunnel.has_session = false;
	pkt = udp("10.9.0.1", "10.9.0.7", 53);
	transmit(pkt);
	frame->is_ours = true;
	tunnel.has_session = true;
	packet_list_push(&tunnel.frames, frame);
	packet_list_append(&tunnel.released, &tunnel.staged);
	path_run_emitted(path, &now);
	ck_assert_ptr_eq(path_to_wire(path)->first, frame);
	ck_assert_ptr_eq(path_to_wire(path)->last, pkt);
	ck_assert_uint_eq(frame->outer_ecn, ECN_NOT_ECT);
	ck_assert_uint_eq(totals().tx_ours, 1);
	ck_assert_uint_eq(totals().tx_sent, 2);
}
END_TEST

START_TEST(handshake_messages_go_out_unsealed)
{
	packet_list_push(&tunnel.messages, raw(1));
	path_run_emitted(path, &now);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(tunnel.seal_calls, 0);
	ck_assert_uint_eq(totals().tx_ours, 1);
}
END_TEST

START_TEST(an_answer_goes_out_within_the_inbound_run)
{
	packet_list_push(&tunnel.messages, raw(2));
	receive(raw(FAKE_HANDSHAKE));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

START_TEST(batches_are_bounded_and_keep_order)
{
	struct packet_list list = {0};
	uint16_t port = 0;

	for (uint16_t i = 0; i < 2 * PACKET_BATCH + 5; i++)
		packet_list_push(&list, i % 7 == 3 ? raw(FAKE_FORGED)
						   : udp("10.9.0.7", "10.9.0.1",
							 (uint16_t)(i + 1)));
	path_run_inbound(path, &list, &now);
	ck_assert_uint_eq(tunnel.open_calls, 3);
	ck_assert_uint_eq(tunnel.largest_batch, PACKET_BATCH);
	ck_assert_uint_eq(totals().rx_packets, 2 * PACKET_BATCH + 5);
	for (struct packet *pkt = path_to_device(path)->first; pkt;
	     pkt = pkt->next) {
		ck_assert_uint_gt(pkt->destination_port, port);
		port = pkt->destination_port;
	}
}
END_TEST

START_TEST(drops_before_the_tables_are_counted)
{
	struct drops drops = {0};

	path_count_outside(path, PATH_OUTSIDE_OUTER, DROP_SOCKET_RCVBUFF, 0);
	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 0);
	path_count_outside(path, PATH_OUTSIDE_OUTER, DROP_SOCKET_RCVBUFF, 5);
	path_count_outside(path, PATH_OUTSIDE_TUN_READ, DROP_FULL_RING, 704);
	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 2);
	ck_assert_str_eq(drops.last.stage, "tun_read");
	ck_assert_uint_eq(drops.last.packets, 704);
	ck_assert_str_eq(drops.last.example, "");
	ck_assert_uint_eq(totals().rx_dropped, 5);
	ck_assert_uint_eq(totals().tx_dropped, 704);
}
END_TEST

START_TEST(a_packet_that_the_device_refused_is_not_delivered)
{
	struct path_drop drop;

	receive(udp("10.9.0.7", "10.9.0.1", 53));
	path_drop_outside(path, PATH_OUTSIDE_TUN_WRITE, DROP_DEV_READY,
	    packet_list_pop(path_to_device(path)));
	check_dropped("tun_write", DROP_DEV_READY);
	drop = only_drop("tun_write", DROP_DEV_READY);
	ck_assert_str_eq(
	    drop.example, "udp 10.9.0.7:4000 > 10.9.0.1:53 len 32");
	ck_assert_uint_eq(totals().rx_delivered, 0);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_DEV_READY], 1);
}
END_TEST

START_TEST(a_packet_that_could_not_be_sent_is_not_sent)
{
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	path_drop_outside(path, PATH_OUTSIDE_ENCAP, DROP_VPN_UNREACHABLE,
	    packet_list_pop(path_to_wire(path)));
	check_dropped("encap", DROP_VPN_UNREACHABLE);
	ck_assert_uint_eq(totals().tx_sent, 0);
}
END_TEST

START_TEST(results_may_be_left_behind)
{
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	path_emit(path, DIRECTION_OUT, OUTBOUND_NEIGH, raw(0x45));
	path_free(path);
	path = NULL;
	ck_assert_uint_eq(pool_available(pool), PACKETS);
}
END_TEST

/* A packet that goes on in the other table: what "forward" will do. */
static enum verdict turn_back(struct path *on, struct packet *pkt)
{
	(void)pkt;
	on->branch = DIRECTION_OUT;
	return VERDICT_BRANCH;
}

START_TEST(a_branched_packet_goes_on_in_the_other_table)
{
	static const struct stage back[] = {
	    {"back", "ip_forward", .run = turn_back}, {0}};

	path->tables[DIRECTION_IN] = back;
	receive(udp("10.9.0.8", "10.9.0.7", 53));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(path_to_device(path)->len, 0);
}
END_TEST

static const char *const names[DIRECTION_COUNT][7] = {
    {"outer", "decap", "expand", "ip_rcv", "rcv_finish", "tun_write"},
    {"tun_read", "ip_out", "route", "neigh", "compress", "encap"},
};

START_TEST(stage_names_never_change)
{
	static const struct stage *const tables[] = {
	    path_inbound, path_outbound};
	size_t idx = 0;

	for (; tables[_i][idx].name; idx++) {
		ck_assert_str_eq(tables[_i][idx].name, names[_i][idx]);
		ck_assert_str_ne(tables[_i][idx].kernel_function, "");
	}
	ck_assert_ptr_null(names[_i][idx]);
	ck_assert_uint_le(idx, PATH_STAGES_MAX);
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

static TCase *inbound_cases(void)
{
	TCase *tcase = tcase_create("inbound");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_packet_of_a_peer_reaches_the_device);
	tcase_add_test(tcase, padding_does_not_reach_the_device);
	tcase_add_test(tcase, a_handshake_message_is_consumed);
	tcase_add_test(tcase, a_frame_of_ours_is_consumed);
	tcase_add_test(tcase, outer_drops_what_the_socket_cut);
	tcase_add_test(tcase, outer_drops_what_the_tunnel_refuses);
	tcase_add_test(tcase, decap_drops_what_does_not_open);
	tcase_add_test(tcase, expand_drops_a_bad_frame);
	tcase_add_test(tcase, ip_rcv_drops_a_bad_header);
	tcase_add_test(tcase, ip_rcv_puts_a_congestion_mark_into_the_packet);
	tcase_add_test(tcase, ip_rcv_drops_a_mark_on_what_can_not_carry_it);
	EACH(tcase, rcv_finish_drops_martians, martians);
	EACH(tcase, rcv_finish_drops_martians_of_ipv6, martians6);
	tcase_add_test(tcase, rcv_finish_drops_a_source_that_nobody_has);
	tcase_add_test(tcase, rcv_finish_forgets_addresses_that_went);
	tcase_add_test(tcase, rcv_finish_drops_a_source_route);
	tcase_add_test(tcase, tun_write_completes_a_partial_checksum);
	return tcase;
}

static TCase *outbound_cases(void)
{
	TCase *tcase = tcase_create("outbound");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_packet_of_the_device_reaches_the_wire);
	tcase_add_test(tcase, the_inner_mark_goes_outside);
	tcase_add_test(tcase, what_is_encrypted_is_not_compressed);
	tcase_add_test(tcase, tun_read_drops_what_is_not_ip);
	tcase_add_test(tcase, tun_read_drops_nothing_at_all);
	tcase_add_test(tcase, tun_read_drops_what_is_larger_than_a_frame);
	tcase_add_test(tcase, ip_out_drops_a_bad_header);
	EACH(tcase, route_drops_what_no_peer_has, unroutable);
	tcase_add_test(tcase, neigh_drops_what_can_not_wait);
	tcase_add_test(tcase, encap_drops_what_is_not_sealed);
	tcase_add_test(tcase, what_waited_goes_out_when_it_is_released);
	tcase_add_test(tcase, what_waited_in_vain_is_counted_under_neigh);
	tcase_add_test(tcase, frames_of_ours_go_before_released_packets);
	tcase_add_test(tcase, handshake_messages_go_out_unsealed);
	return tcase;
}

static TCase *runner_cases(void)
{
	TCase *tcase = tcase_create("runner");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_answer_goes_out_within_the_inbound_run);
	tcase_add_test(tcase, batches_are_bounded_and_keep_order);
	tcase_add_test(tcase, drops_before_the_tables_are_counted);
	tcase_add_test(
	    tcase, a_packet_that_the_device_refused_is_not_delivered);
	tcase_add_test(tcase, a_packet_that_could_not_be_sent_is_not_sent);
	tcase_add_test(tcase, results_may_be_left_behind);
	tcase_add_test(tcase, a_branched_packet_goes_on_in_the_other_table);
	tcase_add_loop_test(
	    tcase, stage_names_never_change, 0, DIRECTION_COUNT);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path");

	suite_add_tcase(suite, inbound_cases());
	suite_add_tcase(suite, outbound_cases());
	suite_add_tcase(suite, runner_cases());
	return suite;
}
