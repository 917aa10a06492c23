/* SPDX-License-Identifier: ISC */
/*
 * The naive oracle: whatever comes, with gro putting packets together and
 * without it, received one by one or as trains, has the same fate, and leaves
 * the same counters.
 */
#include "unit.h"

#include <string.h>

#include "gro_lab.h"
#include "net/rule.h"
#include "packet/ecn.h"
#include "packet/segment.h"
#include "seed.h"

#define ROUNDS	  400
#define IN_A_TURN 60
#define FLOWS	  12 /* of a turn; told apart by their ports */
#define DROPS_MAX 64

/* What a run has left. */
struct outcome {
	uint64_t device[FLOWS], wire[FLOWS]; /* hashes of each flow's bytes */
	size_t drops_count;
	struct path_drop drops[DROPS_MAX];
	uint64_t snmp[SNMP_COUNT];
	size_t snmp_count;
	struct path_totals totals;
	uint64_t rule_packets, rule_bytes;
	size_t chains, wholes; /* to the device; not compared */
};

/* How datagrams come, and whether gro works. */
enum way {
	PLAIN,
	JOINED,
	TRAINS,
};

static struct ruleset *rules;

static const struct flow_of flows[FLOWS] = {
    {"10.9.0.7", "10.9.0.1", IP_PROTOCOL_TCP, 100},
    {"10.9.0.7", "10.9.0.1", IP_PROTOCOL_UDP, 101},
    {"10.9.0.7", "10.9.0.8", IP_PROTOCOL_TCP, 102},  /* through */
    {"10.9.0.7", "10.9.0.8", IP_PROTOCOL_UDP, 103},  /* through */
    {"10.9.0.66", "10.9.0.1", IP_PROTOCOL_TCP, 104}, /* nobody's */
    {"10.9.0.7", "10.9.0.9", IP_PROTOCOL_UDP, 105},  /* to nobody */
    {"10.9.0.7", "127.0.0.1", IP_PROTOCOL_TCP, 106}, /* a martian */
    {"10.9.0.7", "10.9.0.255", IP_PROTOCOL_UDP, 107},
    {"10.1.2.3", "10.9.0.1", IP_PROTOCOL_TCP, 108},
    {"10.1.2.3", "10.9.0.1", IP_PROTOCOL_UDP, 109}, /* a rule drops it */
    {"10.9.0.7", "10.9.0.1", IP_PROTOCOL_TCP, 110},
    {"10.9.0.7", "224.0.0.5", IP_PROTOCOL_UDP, 111},
};

static void set_rules(void)
{
	static const struct rule_range nine = {109, 109};
	const struct rule_spec specs[] = {
	    {.name = "nine",
		.hook = HOOK_INPUT,
		.source_ports = {&nine, 1},
		.action = RULE_DROP},
	    {.name = "all", .hook = HOOK_INPUT, .action = RULE_ACCEPT},
	};
	struct ruleset_setup how = {.specs = specs,
	    .count = ARRAY_SIZE(specs),
	    .generation = 1,
	    .last_peer_id = FAKE_PEERS};

	ck_assert_int_eq(ruleset_new(&rules, &how, now.now), 0);
	path_set_filter(path, rules, NULL);
}

static void begin(enum way way)
{
	bool joins = way != PLAIN;

	setup();
	set_addresses();
	path_set_joins(path, joins, joins);
	path_set_partial(path, true);
	path_set_forwarding(path, true);
	for (uint32_t id = 1; id <= FAKE_PEERS; id++)
		ck_assert_int_eq(path_add_peer(path, id), 0);
	set_rules();
	if (way == TRAINS)
		tunnel.counter_of = train_counter_of;
}

/* Now and then something is another way. */
static bool is_odd(struct seed *seed)
{
	return seed_below(seed, 20) == 0;
}

/* No acknowledgement without data: data may overtake it, as in the kernel. */
static struct packet *any_packet(struct seed *seed, uint32_t *numbers)
{
	static uint32_t last;
	uint32_t idx = seed_below(seed, 4) && numbers[last]
			   ? last
			   : (uint32_t)seed_below(seed, FLOWS);
	struct packet *pkt = piece_of(&flows[idx], numbers[idx]++,
	    is_odd(seed) ? 1 + (uint32_t)seed_below(seed, 99) : PIECE_BYTES);
	uint8_t *bytes = packet_data(pkt);

	last = idx;
	if (is_odd(seed))
		bytes[8] = (uint8_t)seed_below(seed, 3); /* TTL */
	if (is_odd(seed))
		bytes[1] = (uint8_t)seed_below(seed, 4); /* ECN */
	if (is_odd(seed))
		bytes[6] = 0x20; /* a fragment */
	header_finish(bytes, IPV4_BYTES);
	if (is_odd(seed))
		bytes[IPV4_CHECKSUM] ^= 1;
	if (is_odd(seed)) /* not the ports: the flow stays the same */
		bytes[IPV4_BYTES + 4 +
		      seed_below(seed, pkt->len - IPV4_BYTES - 4)] ^= 1;
	if (is_odd(seed))
		packet_data(pkt)[pkt->len++] = 0; /* padding */
	if (is_odd(seed))
		pkt->outer_ecn = (uint8_t)seed_below(seed, 4);
	pkt->checksum = is_odd(seed) ? CHECKSUM_VERIFIED : CHECKSUM_FULL;
	return pkt;
}

/* 30 % of the neighbours change places. */
static void disorder(struct seed *seed, struct packet **pkts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct packet *pkt = pkts[i];

		if (seed_below(seed, 10) >= 3)
			continue;
		pkts[i] = pkts[i - 1];
		pkts[i - 1] = pkt;
	}
}

/* ---- trains ---- */

static bool belongs(const struct packet *train, const struct packet *pkt)
{
	return pkt && pkt->len <= train->segment_bytes &&
	       train->len % train->segment_bytes == 0 &&
	       pkt->outer_ecn == train->outer_ecn &&
	       pkt->checksum == CHECKSUM_FULL;
}

/* As the kernel would have put them together. */
static void make_trains(struct packet_list *list)
{
	struct packet_list from = {0};

	packet_list_append(&from, list);
	trains_forget();
	while (from.first) {
		struct packet *first = packet_list_pop(&from), *train = first;

		if (from.first && first->checksum == CHECKSUM_FULL &&
		    from.first->len == first->len) {
			train = train_begin(first);
			while (belongs(train, from.first))
				train_add(train, packet_list_pop(&from));
		}
		packet_list_push(list, train);
	}
}

static void come(
    struct seed *seed, uint32_t *numbers, uint64_t *counter, enum way way)
{
	size_t count = 1 + seed_below(seed, IN_A_TURN);
	struct packet *pkts[IN_A_TURN];
	struct packet_list list = {0};

	for (size_t i = 0; i < count; i++) {
		pkts[i] = any_packet(seed, numbers);
		pkts[i]->counter = (*counter)++;
	}
	disorder(seed, pkts, count);
	for (size_t i = 0; i < count; i++)
		packet_list_push(&list, pkts[i]);
	if (way == TRAINS)
		make_trains(&list);
	path_run_inbound(path, &list, &now);
}

/* ---- what came out ---- */

static void hash(uint64_t *at, const struct packet *pkt)
{
	for (uint32_t i = 0; i < pkt->len; i++)
		*at = (*at ^ packet_data(pkt)[i]) * UINT64_C(0x100000001b3);
	*at = *at * 31 + pkt->len;
}

/* As the kernel would. */
static void cut(struct packet *whole, struct packet_list *to)
{
	struct segments segments;

	segments_of(&segments, whole);
	ck_assert_uint_eq(segments.count, whole->segments);
	for (uint32_t i = 0; i < segments.count; i++) {
		struct packet *pkt = pool_get(pool);

		ck_assert(!segments_take(&segments, whole, i, pkt));
		checksum_complete(pkt);
		packet_list_push(to, pkt);
	}
	pool_put(pool, whole);
}

static void take(struct packet_list *list, uint64_t *hashes, size_t *chains,
    size_t *wholes)
{
	struct packet_list apart = {0};
	struct packet *pkt;

	while ((pkt = packet_list_pop(list))) {
		bool is_whole = pkt->segments > 1 && !pkt->rest.first;

		*chains += pkt->segments > 1;
		*wholes += is_whole;
		if (is_whole)
			cut(pkt, &apart);
		else
			packet_take_apart(pkt, &apart);
	}
	while ((pkt = packet_list_pop(&apart))) {
		uint32_t idx = pkt->source_port - 100u;

		ck_assert_uint_eq(pkt->segments, 1);
		if (idx < FLOWS && !pkt->is_answer)
			hash(&hashes[idx], pkt);
		pool_put(pool, pkt);
	}
}

static void note_drop(void *context, const struct path_drop *drop)
{
	struct outcome *outcome = context;

	ck_assert_uint_lt(outcome->drops_count, DROPS_MAX);
	outcome->drops[outcome->drops_count] = *drop;
	outcome->drops[outcome->drops_count].example[0] = '\0';
	outcome->drops_count++;
}

static void note_snmp(void *context, const struct snmp_counter *counter)
{
	struct outcome *outcome = context;

	outcome->snmp[outcome->snmp_count++] = counter->value;
}

static struct outcome run(uint64_t state, enum way way)
{
	struct seed seed = {state};
	uint32_t numbers[FLOWS] = {0};
	uint64_t counter = 0;
	struct outcome outcome = {0};
	size_t on_wire = 0;

	begin(way);
	for (int i = 0; i < ROUNDS; i++) {
		come(&seed, numbers, &counter, way);
		take(path_to_device(path), outcome.device, &outcome.chains,
		    &outcome.wholes);
		take(path_to_wire(path), outcome.wire, &on_wire, &on_wire);
	}
	ck_assert_uint_eq(on_wire, 0);
	path_each_drop(path, note_drop, &outcome);
	path_each_snmp(path, note_snmp, &outcome);
	outcome.totals = totals();
	outcome.rule_packets = ruleset_rule(rules, 1)->packets;
	outcome.rule_bytes = ruleset_rule(rules, 1)->bytes;
	teardown();
	ruleset_free(rules);
	return outcome;
}

static void compare_drops(const struct outcome *a, const struct outcome *b)
{
	ck_assert_uint_eq(a->drops_count, b->drops_count);
	for (size_t i = 0; i < a->drops_count; i++) {
		ck_assert_str_eq(a->drops[i].stage, b->drops[i].stage);
		ck_assert_int_eq(a->drops[i].reason, b->drops[i].reason);
		ck_assert_uint_eq(a->drops[i].packets, b->drops[i].packets);
	}
}

START_TEST(together_or_not_the_fate_is_the_same)
{
	struct seed seed = seed_start();
	uint64_t state = seed_next(&seed);
	struct outcome joined = run(state, (enum way)_i);
	struct outcome plain = run(state, PLAIN);

	for (size_t i = 0; i < FLOWS; i++) {
		ck_assert_uint_eq(joined.device[i], plain.device[i]);
		ck_assert_uint_eq(joined.wire[i], plain.wire[i]);
	}
	compare_drops(&joined, &plain);
	for (size_t i = 0; i < joined.snmp_count; i++)
		ck_assert_uint_eq(joined.snmp[i], plain.snmp[i]);
	ck_assert_mem_eq(&joined.totals, &plain.totals, sizeof(plain.totals));
	ck_assert_uint_eq(joined.rule_packets, plain.rule_packets);
	ck_assert_uint_eq(joined.rule_bytes, plain.rule_bytes);
	/* it is no dull test */
	ck_assert_uint_eq(plain.chains, 0);
	ck_assert_uint_gt(joined.chains, ROUNDS / 2);
	ck_assert(_i != TRAINS || joined.wholes > ROUNDS / 2);
	ck_assert_uint_ge(plain.drops_count, 5);
	ck_assert_uint_gt(plain.totals.rx_forwarded, ROUNDS);
	ck_assert_uint_gt(plain.totals.rx_delivered, ROUNDS);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("gro_random");
	TCase *tcase = tcase_create("oracle");

	tcase_add_loop_test(tcase, together_or_not_the_fate_is_the_same, JOINED,
	    TRAINS + 1);
	suite_add_tcase(suite, tcase);
	return suite;
}
