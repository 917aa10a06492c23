/* SPDX-License-Identifier: ISC */
/* Rules that log change nothing: T8 of the design. */
#include "unit.h"

#include <string.h>

#include "net/flow.h"
#include "net/rule.h"
#include "path_lab.h"
#include "seed.h"

#define ROUNDS	 100000
#define FNV_BASE UINT64_C(0xcbf29ce484222325)
#define FNV_STEP UINT64_C(0x100000001b3)

/* What became of all packets. */
struct history {
	uint64_t digest; /* of what came out */
	uint64_t drops[TABLE_COUNT][PATH_STAGES_MAX][DROP_COUNT];
	struct path_totals totals;
	struct flows_status flows;
	uint64_t sum, logged;
};

static const struct rule_range ports[] = {
    {0, 1}, {2, 3}, {4, 4}, {5, 5}, {6, 7}, {8, 9}};

/* Hooks, actions, and a rate. */
static const struct rule_spec specs[] = {
    {.name = "early",
	.hook = HOOK_PREROUTING,
	.action = RULE_DROP,
	.destination_ports = {&ports[2], 1}},
    {.name = "some", .hook = HOOK_INPUT, .action = RULE_COUNT},
    {.name = "in",
	.hook = HOOK_INPUT,
	.action = RULE_ACCEPT,
	.destination_ports = {&ports[0], 1}},
    {.name = "slow",
	.hook = HOOK_INPUT,
	.action = RULE_ACCEPT,
	.destination_ports = {&ports[1], 1},
	.rate = {100, 5}},
    {.name = "no",
	.hook = HOOK_INPUT,
	.action = RULE_REJECT,
	.destination_ports = {&ports[3], 1}},
    {.name = "through",
	.hook = HOOK_FORWARD,
	.action = RULE_ACCEPT,
	.destination_ports = {&ports[4], 1}},
    {.name = "out",
	.hook = HOOK_OUTPUT,
	.action = RULE_DROP,
	.destination_ports = {&ports[5], 1}},
    {.name = "late",
	.hook = HOOK_POSTROUTING,
	.action = RULE_DROP,
	.destination_ports = {&ports[3], 1}},
};

static struct ruleset *make_rules(bool has_log)
{
	struct rule_spec list[ARRAY_SIZE(specs)];
	struct ruleset_setup how = {
	    .specs = list,
	    .count = ARRAY_SIZE(specs),
	    .policy =
		{
		    [HOOK_INPUT] = RULE_DROP,
		    [HOOK_FORWARD] = RULE_DROP,
		},
	    .generation = 1,
	    .last_peer_id = FAKE_PEERS,
	};
	struct ruleset *rules;

	memcpy(list, specs, sizeof(list));
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		list[i].has_log = has_log;
	ck_assert_int_eq(ruleset_new(&rules, &how, now.now), 0);
	return rules;
}

static struct flows *make_flows(void)
{
	const struct flows_limits room = {64, 32};
	uint8_t secret[FLOWS_SECRET_BYTES] = {7};
	struct flows *flows;

	ck_assert_int_eq(flows_new(&flows, &room, secret), 0);
	ck_assert_int_eq(flows_set_last_peer(flows, FAKE_PEERS), 0);
	flows_set_generation(flows, 1);
	return flows;
}

/* From peer 0, of whose addresses two are, or from the host. */
static struct packet *random_packet(struct seed *seed)
{
	static const char *const addresses[] = {
	    "10.9.0.7", "10.9.0.8", "10.9.0.1", "192.0.2.1", "127.0.0.1"};
	struct packet *pkt = udp(addresses[seed_below(seed, 5)],
	    addresses[seed_below(seed, 4)], (uint16_t)seed_below(seed, 12));

	if (seed_below(seed, 6) == 0)
		packet_data(pkt)[seed_below(seed, pkt->len)] ^=
		    (uint8_t)seed_next(seed);
	if (seed_below(seed, 16) == 0)
		pkt->len = 1 + (uint32_t)seed_below(seed, pkt->len);
	return pkt;
}

static void take_results(struct history *history, struct packet_list *list)
{
	struct packet *pkt;

	history->digest = (history->digest ^ list->len) * FNV_STEP;
	while ((pkt = packet_list_pop(list))) {
		for (uint32_t i = 0; i < pkt->len; i++)
			history->digest =
			    (history->digest ^ packet_data(pkt)[i]) * FNV_STEP;
		pool_put(pool, pkt);
	}
}

static void read_drops(struct history *history)
{
	for (size_t table = 0; table < TABLE_COUNT; table++)
		for (size_t idx = 0; idx < PATH_STAGES_MAX; idx++)
			for (size_t drop = 0; drop < DROP_COUNT; drop++) {
				uint64_t packets =
				    path->counters[table][idx][drop].packets;

				history->drops[table][idx][drop] = packets;
				history->sum += packets;
			}
}

/* The same packets each time, with the same state before. */
static void live_through(
    struct history *history, struct seed seed, bool has_log)
{
	struct moment before = now;
	struct ruleset *rules = make_rules(has_log);
	struct flows *flows = make_flows();

	*history = (struct history){.digest = FNV_BASE};
	path_set_filter(path, rules, flows);
	path->answers = (struct bucket){0};
	memset(path->counters, 0, sizeof(path->counters));
	memset(&path->totals, 0, sizeof(path->totals));
	path->log.count = 0;
	for (int i = 0; i < ROUNDS; i++) {
		struct packet *pkt = random_packet(&seed);

		now.now = instant_after(now.now, NS_PER_MS);
		(seed_below(&seed, 2) ? receive : transmit)(pkt);
		take_results(history, path_to_wire(path));
		take_results(history, path_to_device(path));
	}
	read_drops(history);
	history->totals = totals();
	history->logged = path->log.count;
	flows_status(flows, &history->flows);
	path_set_filter(path, NULL, NULL);
	flows_free(flows);
	ruleset_free(rules);
	now = before;
}

static void setup_log(void)
{
	setup();
	set_addresses();
	path_set_forwarding(path, true);
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].id = i + 1;
}

START_TEST(logging_never_changes_a_verdict)
{
	static struct history without, with;
	struct seed seed = seed_start();

	live_through(&without, seed, false);
	live_through(&with, seed, true);
	ck_assert_uint_eq(without.logged, 0);
	ck_assert_uint_gt(with.logged, ROUNDS / 10);
	ck_assert_uint_gt(with.sum, ROUNDS / 10);
	ck_assert_uint_lt(with.sum, ROUNDS * 9 / 10);
	ck_assert_uint_eq(without.digest, with.digest);
	ck_assert_mem_eq(without.drops, with.drops, sizeof(with.drops));
	ck_assert_mem_eq(&without.totals, &with.totals, sizeof(with.totals));
	ck_assert_mem_eq(&without.flows, &with.flows, sizeof(with.flows));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("log_pure");
	TCase *tcase = tcase_create("logs");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup_log, teardown);
	tcase_add_test(tcase, logging_never_changes_a_verdict);
	suite_add_tcase(suite, tcase);
	return suite;
}
