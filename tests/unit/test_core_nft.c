/* SPDX-License-Identifier: ISC */
/* The rules as nft has them, line by line; netns/rules_kernel.sh lets the
 * kernel judge by them. */
#include "unit.h"

#include <linux/filter.h>
#include <stdio.h>
#include <string.h>

#include "core/nft.h"

#define TEXT_BYTES 16384

static char text[TEXT_BYTES];

static void write_text(void *context, const char *piece)
{
	(void)context;
	strncat(text, piece, TEXT_BYTES - strlen(text) - 1);
}

static const struct prefix bobs[] = {
    {{FAMILY_IPV4, {10, 9, 0, 7}}, 32},
    {{FAMILY_IPV4, {10, 9, 7}}, 24},
    {{FAMILY_IPV6, {0xfd, 9, [15] = 7}}, 128},
};

/* Peer 1 is bob, the others have nothing. */
static const struct prefix *prefixes_of(
    void *context, uint32_t peer_id, size_t *ret_count)
{
	(void)context;
	*ret_count = peer_id == 1 ? ARRAY_SIZE(bobs) : 0;
	return bobs;
}

static const char *export(
    const struct rule_spec *spec, enum rule_action policy, bool is_stateful)
{
	struct ruleset_setup rules = {.specs = spec, .count = spec != NULL};
	struct nft_setup setup = {.table = "t",
	    .device = "vpn0",
	    .is_stateful = is_stateful,
	    .prefixes = prefixes_of,
	    .write = write_text};
	struct ruleset *set;

	rules.policy[spec ? spec->hook : HOOK_INPUT] = policy;
	ck_assert_int_eq(ruleset_new(&set, &rules, (struct instant){0}), 0);
	text[0] = '\0';
	nft_export(set, &setup);
	ruleset_free(set);
	return text;
}

START_TEST(nft_has_a_chain_where_there_is_something_to_say)
{
	ck_assert_str_eq(export(NULL, RULE_ACCEPT, false), "table inet t {\n"
							   "}\n");
	ck_assert_str_eq(export(NULL, RULE_DROP, true),
	    "table inet t {\n"
	    "\tchain input {\n"
	    "\t\ttype filter hook input priority 0; policy accept;\n"
	    "\t\tiifname != \"vpn0\" accept\n"
	    "\t\tct state established,related accept\n"
	    "\t\tcounter drop comment \"policy\"\n"
	    "\t}\n"
	    "}\n");
}
END_TEST

START_TEST(nft_has_sets_for_sides_with_several_prefixes)
{
	static const uint32_t peers[] = {1, 2};
	static const struct prefix lan = {{FAMILY_IPV6, {0xfd, 8}}, 16};
	static const struct rule_side side = {.peers = peers,
	    .peers_count = 2,
	    .prefixes = &lan,
	    .prefixes_count = 1};
	static const struct rule_side bob = {.peers = peers, .peers_count = 1};
	const struct rule_spec spec = {
	    .name = "r", .hook = HOOK_FORWARD, .from = &side, .to = &bob};

	ck_assert_str_eq(export(&spec, RULE_ACCEPT, false),
	    "table inet t {\n"
	    "\tset side_0_ipv4 {\n"
	    "\t\ttype ipv4_addr\n"
	    "\t\tflags interval\n"
	    "\t\tauto-merge\n"
	    "\t\telements = { 10.9.0.7/32,\n"
	    "\t\t\t10.9.7.0/24 }\n"
	    "\t}\n"
	    "\tset side_0_ipv6 {\n"
	    "\t\ttype ipv6_addr\n"
	    "\t\tflags interval\n"
	    "\t\tauto-merge\n"
	    "\t\telements = { fd08::/16,\n"
	    "\t\t\tfd09::7/128 }\n"
	    "\t}\n"
	    "\tset side_1_ipv4 {\n"
	    "\t\ttype ipv4_addr\n"
	    "\t\tflags interval\n"
	    "\t\tauto-merge\n"
	    "\t\telements = { 10.9.0.7/32,\n"
	    "\t\t\t10.9.7.0/24 }\n"
	    "\t}\n"
	    "\tchain forward {\n"
	    "\t\ttype filter hook forward priority 0; policy accept;\n"
	    "\t\tiifname != \"vpn0\" accept\n"
	    "\t\toifname != \"vpn0\" accept\n"
	    "\t\tmeta nfproto ipv4 ip saddr @side_0_ipv4 ip daddr @side_1_ipv4 "
	    "counter accept comment \"r\"\n"
	    "\t\tmeta nfproto ipv6 ip6 saddr @side_0_ipv6 "
	    "ip6 daddr fd09::7/128 counter accept comment \"r\"\n"
	    "\t\tcounter accept comment \"policy\"\n"
	    "\t}\n"
	    "}\n");
}
END_TEST

static const struct rule_range tcp = {6, 6};
static const struct rule_range udp = {17, 17};
static const struct rule_range many[] = {{22, 22}, {80, 443}};
static const struct rule_range icmp[] = {{0x1600, 0x16ff}, {0x1701, 0x1702}};
static const struct rule_range ethertypes[] = {{0x800, 0x800}, {0x806, 0x806}};
static const struct mac mac = {{2, 0, 0, 0, 0, 1}};
static const struct vlan_set vlans = {{2}};
static const struct bpf_instruction all = {BPF_RET | BPF_K, 0, 0, 1};
static const uint32_t nobody = 9;
static const struct rule_side side_nobody = {
    .peers = &nobody, .peers_count = 1};

#define FROM_HERE                                                              \
	"\tchain output {\n"                                                   \
	"\t\ttype filter hook output priority 0; policy accept;\n"             \
	"\t\toifname != \"vpn0\" accept\n"

/* What is between the devices and the policy. */
static const struct one {
	struct rule_spec spec;
	const char *lines;
} ones[] = {
    {{.action = RULE_COUNT}, "\t\tcounter comment \"r\"\n"},
    {{.protocols = {&tcp, 1}, .destination_ports = {many, 2}, .has_log = true},
	"\t\tmeta l4proto { 6 } th dport { 22, 80-443 } log prefix \"r: \" "
	"counter accept comment \"r\"\n"},
    {{.source_ports = {many, 1}, .action = RULE_DROP},
	"\t\tmeta l4proto { 6, 17 } th sport { 22 } "
	"counter drop comment \"r\"\n"},
    {{.action = RULE_REJECT},
	"\t\tmeta l4proto { 6 } counter reject with tcp reset comment \"r\"\n"
	"\t\tmeta l4proto { 0-5, 7-255 } counter reject with icmpx type "
	"admin-prohibited comment \"r\"\n"},
    {{.action = RULE_REJECT, .protocols = {&tcp, 1}},
	"\t\tmeta l4proto { 6 } counter reject with tcp reset comment "
	"\"r\"\n"},
    {{.action = RULE_REJECT, .protocols = {&udp, 1}},
	"\t\tmeta l4proto { 17 } counter reject with icmpx type "
	"admin-prohibited comment \"r\"\n"},
    {{.tcp_flags_mask = 0x12, .tcp_flags = 2},
	"\t\tmeta l4proto { 6 } tcp flags & 0x12 == 0x02 "
	"counter accept comment \"r\"\n"},
    {{.icmp_types = {icmp, 1}},
	"\t\tmeta nfproto ipv4 meta l4proto { 1 } icmp type { 22 } "
	"counter accept comment \"r\"\n"},
    {{.icmp6_types = {icmp, 2}},
	"\t\tmeta nfproto ipv6 meta l4proto { 58 } icmpv6 type . "
	"icmpv6 code { 22 . 0-255, 23 . 1-2 } "
	"counter accept comment \"r\"\n"},
    {{.family = FAMILY_IPV6},
	"\t\tmeta nfproto ipv6 counter accept comment \"r\"\n"},
    {{.ethertypes = {ethertypes, 2}},
	"\t\tmeta nfproto ipv4 counter accept comment \"r\"\n"},
    {{.source_mac = &mac, .destination_mac = &mac},
	"\t\tether saddr 02:00:00:00:00:01 ether daddr 02:00:00:00:00:01 "
	"counter accept comment \"r\"\n"},
    {{.states = 1 << FLOW_NEW | 1 << FLOW_INVALID},
	"\t\tct state { new, invalid } counter accept comment \"r\"\n"},
    {{.rate = {200, 400}},
	"\t\tlimit rate 200/second burst 400 packets counter accept comment "
	"\"r\"\n"
	"\t\tcounter drop comment \"r, over its rate\"\n"},
    {{.rate = {200, 400}, .action = RULE_COUNT},
	"\t\tlimit rate 200/second burst 400 packets counter comment \"r\"\n"},
    {{.rate = {200, 400}, .has_rate_per_peer = true},
	"\t\t# r is left out: nft has no rate per peer\n"},
    {{.vlans = &vlans}, "\t\t# r is left out: nft has no vlan\n"},
    {{.program = &all, .program_count = 1},
	"\t\t# r is left out: nft has no match\n"},
    /* what can match nothing is nothing */
    {{.protocols = {&udp, 1}, .tcp_flags_mask = 2}, ""},
    {{.from = &side_nobody}, ""},
    {{.ethertypes = {&ethertypes[1], 1}}, ""},
};

START_TEST(nft_says_what_a_rule_says)
{
	struct rule_spec spec = ones[_i].spec;
	char wanted[1024];

	spec.name = "r";
	spec.hook = HOOK_OUTPUT;
	snprintf(wanted, sizeof(wanted),
	    "table inet t {\n" FROM_HERE
	    "%s\t\tcounter accept comment \"policy\"\n\t}\n}\n",
	    ones[_i].lines);
	ck_assert_str_eq(export(&spec, RULE_ACCEPT, false), wanted);
}
END_TEST

START_TEST(nft_drops_where_it_can_not_reject)
{
	const struct rule_spec spec = {
	    .name = "r", .hook = HOOK_POSTROUTING, .action = RULE_REJECT};

	ck_assert_ptr_nonnull(strstr(export(&spec, RULE_ACCEPT, false),
	    "\t\tcounter drop comment \"r\"\n"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("nft");
	TCase *tcase = tcase_create("nft");

	tcase_add_test(tcase, nft_has_a_chain_where_there_is_something_to_say);
	tcase_add_test(tcase, nft_has_sets_for_sides_with_several_prefixes);
	tcase_add_loop_test(
	    tcase, nft_says_what_a_rule_says, 0, ARRAY_SIZE(ones));
	tcase_add_test(tcase, nft_drops_where_it_can_not_reject);
	suite_add_tcase(suite, tcase);
	return suite;
}
