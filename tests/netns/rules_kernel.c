/* SPDX-License-Identifier: ISC */
/*
 * usage: rules_kernel DEVICE SETS PACKETS: random sets of rules, and packets
 * for them, through nftables (as nft_export has the rules) and through
 * net/rule; each rule must have counted the same packets and bytes.
 *
 * How it works: in a network namespace, a tun device, from which packets are
 * forwarded to itself, as from peer to peer. Sets of rules for packets that
 * come in (prerouting, input, forward) take turns with sets for packets that go
 * out (output, postrouting), because what the kernel answers to the first would
 * be counted by the second. Not sent are later fragments and L4 headers that
 * are not whole: there nft reads bytes as ports that are none. Writes lines "ok
 * SENTENCE", "not ok SENTENCE"; others are for people. Environment: SEED.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/seed.h"
#include "rules_lab.h"

static struct {
	uint64_t packets, by_rule, by_policy, matched_rules, rules;
	uint64_t actions[RULE_COUNT];
	uint64_t families[2], differences;
} total;

static void judge(
    struct ruleset *set, enum hook hook, const struct packet *pkt, bool *go_on)
{
	struct rule_result result;

	if (!*go_on)
		return;
	ruleset_decide(set, hook, pkt, (struct instant){0}, &result);
	total.by_rule += result.rule != NULL;
	total.by_policy += result.rule == NULL;
	total.actions[result.action]++;
	*go_on = result.action == RULE_ACCEPT;
}

/* What the kernel does with it, as far as hooks are concerned. */
static void pass(struct ruleset *set, const struct lab_packet *made)
{
	const struct packet *pkt = &made->pkt;
	bool is_reassembled = pkt->family == FAMILY_IPV4 && pkt->is_fragment;
	bool go_on = true;

	total.packets++;
	total.families[pkt->family == FAMILY_IPV6]++;
	if (made->is_outgoing) {
		judge(set, HOOK_OUTPUT, pkt, &go_on);
		judge(set, HOOK_POSTROUTING, pkt, &go_on);
		return;
	}
	judge(set, HOOK_PREROUTING, pkt, &go_on);
	if (made->is_local && is_reassembled)
		return;
	judge(set, made->is_local ? HOOK_INPUT : HOOK_FORWARD, pkt, &go_on);
}

static void compare_counter(const char *name, uint64_t packets, uint64_t bytes)
{
	struct lab_counter kernel = lab_counter(name);

	if (kernel.packets == packets && kernel.bytes == bytes)
		return;
	total.differences++;
	printf("%s: ours %" PRIu64 " packets, %" PRIu64
	       " bytes; the kernel's %" PRIu64 ", %" PRIu64 "\n",
	    name, packets, bytes, kernel.packets, kernel.bytes);
	lab_print_rule(name);
}

static void compare(const struct ruleset *set)
{
	char name[32];
	const struct rule *rule;

	lab_read_counters();
	for (size_t i = 0; (rule = ruleset_rule(set, i)); i++) {
		compare_counter(rule->spec.name, rule->packets, rule->bytes);
		total.matched_rules += rule->packets > 0;
		total.rules++;
	}
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
		const struct rule_policy *policy = ruleset_policy(set, hook);

		snprintf(name, sizeof(name), "%s policy", hook_name(hook));
		if (lab_has_chain(hook))
			compare_counter(name, policy->packets, policy->bytes);
	}
}

static void run_set(struct seed *seed, bool is_outgoing, unsigned packets)
{
	struct ruleset *set = lab_make_set(seed, is_outgoing);
	struct lab_packet made;

	lab_load(set);
	for (unsigned i = 0; i < packets; i++) {
		lab_make_packet(&made, seed, is_outgoing);
		pass(set, &made);
		lab_send(&made);
	}
	compare(set);
	ruleset_free(set);
}

static void check(bool is_true, const char *sentence)
{
	printf("%s %s\n", is_true ? "ok" : "not ok", sentence);
}

int main(int argc, char **argv)
{
	struct seed seed = seed_start();
	unsigned sets = argc == 4 ? (unsigned)atoi(argv[2]) : 0;

	if (!sets) {
		fprintf(stderr, "usage: rules_kernel DEVICE SETS PACKETS\n");
		return 2;
	}
	lab_open(argv[1]);
	for (unsigned i = 0; i < sets; i++)
		run_set(&seed, i % 2, (unsigned)atoi(argv[3]));
	printf("%" PRIu64 " packets (%" PRIu64 " IPv4, %" PRIu64
	       " IPv6), %" PRIu64 " of %" PRIu64
	       " rules matched; verdicts: %" PRIu64 " by rules, %" PRIu64
	       " by policy; %" PRIu64 " accept, %" PRIu64 " drop, %" PRIu64
	       " reject\n",
	    total.packets, total.families[0], total.families[1],
	    total.matched_rules, total.rules, total.by_rule, total.by_policy,
	    total.actions[RULE_ACCEPT], total.actions[RULE_DROP],
	    total.actions[RULE_REJECT]);
	check(total.differences == 0, "each rule counted what nft counted");
	check(total.by_rule > total.packets / 4 &&
		  total.by_policy > total.packets / 50,
	    "rules and policies had packets");
	check(total.matched_rules > total.rules / 4, "many rules matched");
	check(total.actions[RULE_ACCEPT] && total.actions[RULE_DROP] &&
		  total.actions[RULE_REJECT] && total.families[0] &&
		  total.families[1],
	    "each action and family had packets");
	return 0;
}
