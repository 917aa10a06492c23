/* SPDX-License-Identifier: ISC */
/* The path's lab. */
#include "path_lab.h"

#include <stdio.h>
#include <string.h>

#include "packet/checksum.h"
#include "unit.h"

struct pool *pool;
struct tunnel tunnel;
struct path *path;
struct moment now = {.now = {.ns = 7 * NS_PER_S}};
unsigned traced;
void (*watching)(void *context, const struct path_sight *sight);
static char traced_stage[32];

static void trace(
    void *context, const struct stage *stage, const struct packet *pkt)
{
	ck_assert_ptr_eq(context, &traced);
	ck_assert_int_ne(pkt->drop, DROP_NONE);
	traced++;
	strncpy(traced_stage, stage->name, sizeof(traced_stage) - 1);
}

void setup_over(struct bridge *bridge)
{
	struct path_setup how = {
	    .tunnel = &tunnel,
	    .bridge = bridge,
	    .trace = trace,
	    .trace_context = &traced,
	    .watch = watching,
	};

	ck_assert_int_eq(pool_new(&pool, PACKETS, 1500), 0);
	ck_assert_int_eq(pool_add_large(pool, LARGE, 65535), 0);
	how.pool = pool;
	tunnel = (struct tunnel){.has_session = true, .pool = pool};
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].id = i + 1;
	traced = 0;
	ck_assert_int_eq(path_new(&path, &how), 0);
}

void setup(void)
{
	setup_over(NULL);
}

void teardown(void)
{
	pool_put_list(pool, &tunnel.staged);
	path_free(path);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
	pool_free(pool);
}

void set_addresses(void)
{
	static const char *const own[] = {
	    "10.9.0.1/24", "10.2.0.2/31", "fd09::1/64"};
	struct prefix addresses[ARRAY_SIZE(own)];

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		ck_assert_int_eq(prefix_parse(&addresses[i], own[i]), 0);
	ck_assert_int_eq(
	    path_set_addresses(path, addresses, ARRAY_SIZE(own)), 0);
}

struct packet *udp(const char *source, const char *destination, uint16_t port)
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

struct packet *udp_whole(
    const char *source, const char *destination, uint16_t port, uint16_t count)
{
	struct packet *first = udp(source, destination, port);
	struct packet *pkt = pool_get_large(pool);
	uint8_t *bytes = packet_data(pkt), *l4 = bytes + IPV4_BYTES;
	uint32_t l4_bytes = UDP_BYTES + 4u * count;

	memcpy(bytes, packet_data(first), INNER_BYTES);
	pool_put(pool, first);
	pkt->len = IPV4_BYTES + l4_bytes;
	pkt->segments = count;
	pkt->segment_bytes = 4;
	pkt->checksum = CHECKSUM_PARTIAL;
	checksum_store(bytes + 2, (uint16_t)pkt->len);
	checksum_store(l4 + 4, (uint16_t)l4_bytes);
	header_finish(bytes, IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	checksum_store(
	    l4 + UDP_CHECKSUM, checksum_pseudo(&pkt->source, &pkt->destination,
				   IP_PROTOCOL_UDP, l4_bytes));
	for (uint16_t i = 0; i < count; i++)
		memset(l4 + UDP_BYTES + 4u * i, i, 4);
	return pkt;
}

struct packet *udp6(const char *source, const char *destination)
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

const char *icmp_text(const struct packet *pkt)
{
	static char text[128];
	char from[ADDRESS_TEXT_BYTES], to[ADDRESS_TEXT_BYTES];

	snprintf(text, sizeof(text), "%s > %s icmp %u/%u",
	    address_format(&pkt->source, from, sizeof(from)),
	    address_format(&pkt->destination, to, sizeof(to)), pkt->icmp_type,
	    pkt->icmp_code);
	return text;
}

struct packet *raw(uint8_t first)
{
	struct packet *pkt = pool_get(pool);

	packet_data(pkt)[0] = first;
	pkt->len = 1;
	return pkt;
}

void receive(struct packet *pkt)
{
	struct packet_list list = {0};

	packet_list_push(&list, pkt);
	path_run_inbound(path, &list, &now);
}

void transmit(struct packet *pkt)
{
	struct packet_list list = {0};

	packet_list_push(&list, pkt);
	path_run_outbound(path, &list, &now);
}

struct path_totals totals(void)
{
	struct path_totals ret;

	path_totals(path, &ret);
	ck_assert_uint_eq(ret.rx_packets + ret.rx_ours,
	    ret.rx_delivered + ret.rx_consumed + ret.rx_forwarded +
		ret.rx_dropped);
	ck_assert_uint_eq(
	    ret.tx_packets + ret.tx_ours + ret.tx_switched + ret.tx_cut,
	    ret.tx_sent + ret.tx_waiting + tunnel.staged.len + ret.tx_dropped);
	return ret;
}

void found(void *context, const struct path_drop *drop)
{
	struct drops *drops = context;

	drops->lines++;
	drops->last = *drop;
}

struct path_drop only_drop(const char *stage, enum drop reason)
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

void check_dropped(const char *stage, enum drop reason)
{
	(void)only_drop(stage, reason);
	ck_assert_uint_eq(traced, 1);
	ck_assert_str_eq(traced_stage, stage);
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
}
