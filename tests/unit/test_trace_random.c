/* SPDX-License-Identifier: ISC */
/* Random packets: what a dry run says comes true, and it changes nothing; with
 * and without a filter, traced and not. */
#include "unit.h"

const int unit_is_apart = 1;

#include <string.h>

#include "net/flow.h"
#include "net/rule.h"
#include "seed.h"
#include "trace_lab.h"

#define RANDOM_PACKETS 50000

static struct ruleset *rules;
static struct flows *flows;
static uint32_t generation;

/* ---- the filter ---- */

static const struct rule_range dns = {53, 53};
static const uint32_t bob[] = {1}, carol[] = {2};
static const struct rule_side from_bob = {.peers = bob, .peers_count = 1};
static const struct rule_side to_carol = {.peers = carol, .peers_count = 1};
static const struct rule_spec specs[] = {
    {.name = "all", .hook = HOOK_PREROUTING, .action = RULE_COUNT},
    {.name = "slow",
	.hook = HOOK_INPUT,
	.action = RULE_ACCEPT,
	.family = FAMILY_IPV6,
	.rate = {2, 4},
	.has_rate_per_peer = true},
    {.name = "dns",
	.hook = HOOK_INPUT,
	.action = RULE_ACCEPT,
	.from = &from_bob,
	.destination_ports = {&dns, 1}},
    {.name = "no",
	.hook = HOOK_INPUT,
	.action = RULE_REJECT,
	.destination_ports = {&dns, 1}},
    {.name = "out",
	.hook = HOOK_OUTPUT,
	.action = RULE_DROP,
	.family = FAMILY_IPV6,
	.to = &to_carol},
    {.name = "between", .hook = HOOK_FORWARD, .action = RULE_ACCEPT},
};
#define RULES (sizeof(specs) / sizeof(specs[0]))

static void set_rules(size_t count)
{
	struct ruleset_setup how = {
	    .specs = specs,
	    .count = count,
	    .policy = {[HOOK_INPUT] = RULE_DROP},
	    .generation = ++generation,
	    .last_peer_id = FAKE_PEERS,
	};

	ruleset_free(rules);
	ck_assert_int_eq(ruleset_new(&rules, &how, now.now), 0);
	flows_set_generation(flows, generation);
	path_set_filter(path, rules, flows);
}

/* What becomes of the copies of a flood is not traced: on tap without the rules
 * about receivers. */
static size_t most_rules(void)
{
	return path->setup.bridge ? 4 : RULES;
}

static void reload(struct seed *seed)
{
	set_rules(seed_below(seed, most_rules() + 1));
}

static void begin_filter(void)
{
	static const struct flows_limits room = {64, 16};
	static const uint8_t secret[FLOWS_SECRET_BYTES] = {7};

	rules = NULL;
	ck_assert_int_eq(flows_new(&flows, &room, secret), 0);
	ck_assert_int_eq(flows_set_last_peer(flows, FAKE_PEERS), 0);
	set_rules(most_rules());
}

/* What can be read of it. */
struct filter_state {
	struct flows_status flows;
	size_t count;
	struct flow_report list[64];
	struct rule rules[RULES];
	struct rule_policy policies[HOOK_COUNT];
};

/* Field by field: what pads them is anything. */
static void keep_flow(void *context, const struct flow_report *flow)
{
	struct filter_state *state = context;
	struct flow_report *kept = &state->list[state->count++];

	ck_assert_uint_le(state->count, ARRAY_SIZE(state->list));
	kept->family = flow->family;
	kept->protocol = flow->protocol;
	kept->vlan = flow->vlan;
	kept->from_id = flow->from_id;
	kept->to_id = flow->to_id;
	memcpy(&kept->source, &flow->source, sizeof(kept->source));
	memcpy(
	    &kept->destination, &flow->destination, sizeof(kept->destination));
	kept->source_port = flow->source_port;
	kept->destination_port = flow->destination_port;
	kept->state = flow->state;
	kept->is_answered = flow->is_answered;
	kept->is_accepted = flow->is_accepted;
	kept->left_ns = flow->left_ns;
}

static void look_at_filter(struct filter_state *state)
{
	const struct rule *rule;

	if (!rules)
		return;
	memset(state, 0, sizeof(*state));
	flows_status(flows, &state->flows);
	flows_each(flows, now.now, keep_flow, state);
	for (size_t i = 0; (rule = ruleset_rule(rules, i)); i++)
		state->rules[i] = *rule;
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
		state->policies[hook] = *ruleset_policy(rules, (enum hook)hook);
}

/* ---- the world ---- */

static void number_peers(void)
{
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].id = i + 1;
	tunnel.peers[1].name = "carol";
}

static void setup_tun(void)
{
	setup();
	set_addresses();
	number_peers();
}

static void setup_switch(void)
{
	setup_tap();
	number_peers();
	learn_all();
}

static void setup_tun_filter(void)
{
	setup_tun();
	begin_filter();
}

static void setup_switch_filter(void)
{
	setup_switch();
	begin_filter();
}

static void end_filter(void)
{
	flows_free(flows);
	ruleset_free(rules);
}

static void teardown_tun_filter(void)
{
	teardown();
	end_filter();
}

static void teardown_switch_filter(void)
{
	teardown_tap();
	end_filter();
}

static const char *random_of(
    struct seed *seed, const char *const *texts, size_t count)
{
	return texts[seed_below(seed, count)];
}

static void spoil(struct seed *seed, struct packet *pkt)
{
	if (seed_below(seed, 10) == 0)
		pkt->len = (uint32_t)seed_below(seed, pkt->len + 1);
	while (seed_below(seed, 3) == 0)
		packet_data(pkt)[seed_below(seed, 48)] ^=
		    (uint8_t)(1 << seed_below(seed, 8));
}

static struct packet *random_packet(struct seed *seed)
{
	static const char *const v4[] = {"10.9.0.7", "10.9.0.8", "10.1.2.3",
	    "10.9.0.1", "10.9.0.255", "0.0.0.0", "127.0.0.1", "224.0.0.5",
	    "192.0.2.1"};
	static const char *const v6[] = {
	    "fd09::7", "fd09::1", "fe80::7", "::", "ff02::1", "::1"};
	struct packet *pkt;

	if (seed_below(seed, 2))
		pkt = udp(random_of(seed, v4, ARRAY_SIZE(v4)),
		    random_of(seed, v4, ARRAY_SIZE(v4)), 53);
	else
		pkt = udp6(random_of(seed, v6, ARRAY_SIZE(v6)),
		    random_of(seed, v6, ARRAY_SIZE(v6)));
	if (seed_below(seed, 2))
		packet_data(pkt)[packet_data(pkt)[0] >> 4 == 4 ? 8 : 7] =
		    (uint8_t)seed_below(seed, 4);
	if (packet_data(pkt)[0] >> 4 == 4)
		header_finish(packet_data(pkt), IPV4_BYTES);
	return pkt;
}

static struct packet *random_frame(struct seed *seed)
{
	static const char *const macs[] = {EVERYBODY, A_GROUP, ANY_MAC,
	    HOST_MAC, PEER_MAC(0), PEER_MAC(1), PEER_MAC(2), PEER_MAC(3),
	    "02:aa:00:00:01:01", "02:aa:00:00:01:02", "01:80:c2:00:00:00"};
	const char *to = random_of(seed, macs, ARRAY_SIZE(macs));
	const char *from = random_of(seed, macs, ARRAY_SIZE(macs));
	struct packet *pkt;

	if (seed_below(seed, 2))
		return frame(to, from);
	pkt = random_packet(seed);
	return framed(pkt, to, from,
	    packet_data(pkt)[0] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
}

struct outcome {
	enum drop drop;
	size_t device, wire, staged; /* without answers */
	size_t answers;
};

static struct outcome foretold(void)
{
	struct outcome ret = {.drop = trace_lab.end == TRACE_DROPPED
					  ? trace_lab.drop
					  : DROP_NONE};

	ret.device = trace_lab.end == TRACE_DEVICE;
	ret.wire = trace_lab.copies + (trace_lab.end == TRACE_WIRE);
	ret.staged = trace_lab.end == TRACE_TAKEN;
	ret.answers = trace_lab.made - trace_lab.copies;
	return ret;
}

static enum drop last_drop; /* the first one: that of an answer comes later */

static void keep_drop(
    void *context, const struct stage *stage, const struct packet *pkt)
{
	(void)context;
	(void)stage;
	if (!last_drop)
		last_drop = pkt->drop;
}

static uint64_t answers_made(void)
{
	return path->totals.rx_ours + path->totals.tx_ours +
	       path->snmp.counts[SNMP_IcmpOutRateLimitGlobal];
}

static struct outcome come_true(bool is_inbound, struct packet *pkt)
{
	struct outcome ret = {.staged = tunnel.staged.len};
	uint64_t answers = answers_made(), told = path->totals.rx_ours;

	last_drop = DROP_NONE;
	if (is_inbound)
		receive(pkt);
	else
		transmit(pkt);
	ret.drop = last_drop;
	told = path->totals.rx_ours - told;
	ret.device = path_to_device(path)->len - told;
	ret.wire = path_to_wire(path)->len;
	ret.staged = tunnel.staged.len - ret.staged;
	ret.answers = answers_made() - answers;
	take_results();
	return ret;
}

/* The guard against loops took addresses home before the frame's destination
 * was looked up: where that one is then, a dry run can not know. */
static bool is_in_loop(void)
{
	struct bridge_alarm alarm;

	return path->setup.bridge && bridge_take_alarm(bridge, &alarm);
}

static void give_up_staged(void)
{
	for (struct packet *at = tunnel.staged.first; at; at = at->next)
		at->drop = DROP_NEIGH_FAILED;
	packet_list_append(&tunnel.dropped, &tunnel.staged);
	path_run_emitted(path, &now);
	take_results(); /* the host hears of it */
}

static void check_outcome(struct seed *seed, struct packet *pkt)
{
	bool is_inbound = seed_below(seed, 2);
	static struct filter_state before, after;
	struct outcome said, came;

	pkt->endpoint.port = (uint16_t)seed_below(seed, FAKE_PEERS);
	pkt->peer = &tunnel.peers[pkt->endpoint.port];
	if (is_inbound && pkt->len < 2)
		pkt->len = 2; /* not one of the fake tunnel's own */
	look_at_filter(&before);
	trace_lab_run(is_inbound ? TRACE_FROM_PEER : TRACE_FROM_HOST, pkt);
	look_at_filter(&after);
	ck_assert_mem_eq(&before, &after, sizeof(before));
	said = foretold();
	pkt->is_traced = seed_below(seed, 2);
	came = come_true(is_inbound, pkt);
	give_up_staged();
	if (is_in_loop())
		return;
	ck_assert_str_eq(drop_name(said.drop), drop_name(came.drop));
	ck_assert_uint_eq(said.answers, came.answers);
	ck_assert_uint_eq(said.device, came.device);
	if (!came.answers)
		ck_assert_uint_eq(
		    said.wire + said.staged, came.wire + came.staged);
}

static void change_something(struct seed *seed)
{
	switch (seed_below(seed, rules ? 5 : 4)) {
	case 4:
		reload(seed);
		break;
	case 0:
		path_set_forwarding(path, seed_below(seed, 2));
		break;
	case 1:
		tunnel.has_session = seed_below(seed, 4);
		break;
	case 2:
		/* what becomes of the copies of a flood is not traced */
		tunnel.neigh = path->setup.bridge || seed_below(seed, 8)
				   ? DROP_NONE
				   : DROP_NEIGH_DEAD;
		break;
	default:
		now.now = instant_after(
		    now.now, (int64_t)seed_below(seed, 400) * NS_PER_S);
		break;
	}
}

START_TEST(what_a_dry_run_says_comes_true)
{
	struct seed seed = seed_start();
	bool is_tap = path->setup.bridge;

	path->setup.trace = keep_drop;
	path_set_tracer(path, &trace_lab_tracer);
	for (int i = 0; i < RANDOM_PACKETS; i++) {
		struct packet *pkt =
		    is_tap ? random_frame(&seed) : random_packet(&seed);

		spoil(&seed, pkt);
		check_outcome(&seed, pkt);
		if (seed_below(&seed, 50) == 0)
			change_something(&seed);
	}
}
END_TEST

static const struct {
	const char *name;
	void (*setup)(void), (*teardown)(void);
} worlds[] = {
    {"tun", setup_tun, teardown},
    {"tap", setup_switch, teardown_tap},
    {"tun with a filter", setup_tun_filter, teardown_tun_filter},
    {"tap with a filter", setup_switch_filter, teardown_switch_filter},
};

Suite *unit_suite(void)
{
	Suite *suite = suite_create("trace_random");

	for (size_t i = 0; i < ARRAY_SIZE(worlds); i++) {
		TCase *tcase = tcase_create(worlds[i].name);

		tcase_add_checked_fixture(
		    tcase, worlds[i].setup, worlds[i].teardown);
		tcase_add_test(tcase, what_a_dry_run_says_comes_true);
		tcase_set_timeout(tcase, 120);
		suite_add_tcase(suite, tcase);
	}
	return suite;
}
