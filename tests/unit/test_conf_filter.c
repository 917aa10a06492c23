/* SPDX-License-Identifier: ISC */
/* The filter of a file and its sockets: what is refused, and in what words. */
#include "unit.h"

#include "conf_text.h"

#define PEERS                                                                  \
	"peers = ( { name = \"alice\"; public_key = \"" KEY_A                  \
	"\"; allowed_ips = [ \"10.9.0.7/32\" ]; },\n{ name = \"bob\"; "        \
	"public_key = \"" KEY_B "\"; allowed_ips = [ \"10.9.0.8/32\" ]; } );"
#define POLICY	     "policy = { input = \"reject\"; forward = \"drop\"; };\n"
#define FILTER(text) "filter = { " POLICY text " };" PEERS
/* The settings of a rule begin in line 3, column 1. */
#define RULE(text)                                                             \
	FILTER("rules = ( { name = \"r\"; hook = \"input\"; action = "         \
	       "\"drop\";\n" text " } );")
#define DAEMON	     "forwarding = \"daemon\";\n"
#define TAP	     "device = { type = \"tap\"; };\n"
#define GROUPS(text) FILTER("groups = {\n" text " };")
#define MATCH(text)  RULE("match = \"" text "\";")
#define SOCKET(text)                                                           \
	"device = { addresses = [ \"10.9.0.1/24\" ]; };\n" PEERS               \
	"sockets = (\n{ type = \"echo\"; " text " } );"
/* Two rules of one hook; the second one in line 3. */
#define PAIR(first, second)                                                    \
	FILTER("rules = ( { name = \"a\"; hook = \"input\"; " first            \
	       " },\n{ name = \"b\"; hook = \"input\"; " second " } );")

static const struct {
	const char *text, *message;
} samples[] = {
    /* the filter itself */
    {"filter = { };", "x:1:10: error: filter.policy: it is missing"},
    {"filter = { };", "hint: policy = { input = \"reject\"; forward ="},
    {"filter = { policy = { forward = \"drop\"; }; };",
	"x:1:21: error: filter.policy.input: it is missing"},
    {"filter = { policy = { input = \"drop\"; }; };",
	"filter.policy.forward: it is missing"},
    {"filter = { policy = { input = \"count\"; forward = \"drop\"; }; };",
	"x:1:31: error: filter.policy.input: \"count\" is not known; there is "
	"\"accept\", \"drop\", \"reject\""},
    {"filter = { policy = { inptu = \"drop\"; }; };",
	"hint: did you mean input?"},
    {"filter = ( );", "x:1:10: error: filter: this is a list"},
    {FILTER("statefull = true;"), "hint: did you mean stateful?"},
    {FILTER("max_flows = 15;"),
	"x:2:13: error: filter.max_flows: 15 is outside 16..1048576"},
    {FILTER("max_flows = 100; max_flows_per_peer = 101;"),
	"x:2:39: error: filter.max_flows_per_peer: 101 is more than "
	"filter.max_flows, which is 100"},
    {FILTER("rules = { };"), "filter.rules: this is a group"},
    {FILTER("rules = ( \"drop\" );"),
	"x:2:11: error: filter.rules: this is a string, but must be a group"},
    /* groups */
    {FILTER("groups = ( );"), "filter.groups: this is a list"},
    {GROUPS("lan = ( );"),
	"x:3:7: error: filter.groups.lan: the group is empty"},
    {GROUPS("lan = [ ];"), "filter.groups.lan: the group is empty"},
    {GROUPS("lan = \"alice\";"),
	"x:3:7: error: filter.groups.lan: this is a string, but must be a "
	"list"},
    {GROUPS("lan = ( 7 );"),
	"x:3:9: error: filter.groups.lan: this is a number, but must be a "
	"string"},
    {GROUPS("bob = ( \"alice\" );"),
	"x:3:1: error: filter.groups.bob: a peer has this name, too"},
    {GROUPS("admins = ( \"bob\", \"alcie\" );"),
	"x:3:19: error: filter.groups.admins: \"alcie\" is neither a peer nor "
	"a prefix"},
    {GROUPS("admins = ( \"alcie\" );"), "hint: did you mean \"alice\"?"},
    {GROUPS("lan = ( \"10.0.0.0/33\" );"),
	"\"10.0.0.0/33\" is neither a peer nor a prefix"},
    {GROUPS("a = ( \"alice\" ); b = ( \"@a\" );"),
	"x:3:24: error: filter.groups.b: a group can not hold another"},
    {GROUPS("g1 = ( \"alice\" ); g2 = ( \"g1\" );"),
	"hint: the group is \"@g1\""},
    /* from and to */
    {RULE("from = \"@admins\";"),
	"x:3:9: error: filter.rules.r.from: there is no group \"admins\""},
    {RULE("from = \"@admins\";"), "hint: filter = { groups = { admins ="},
    {FILTER("groups = { admins = ( \"bob\" ); };\nrules = ( { name = "
	    "\"r\"; hook = \"input\"; action = \"drop\"; from = "
	    "\"@admin\"; } );"),
	"hint: did you mean \"@admins\"?"},
    {RULE("from = \"alice, bbo\";"),
	"x:3:16: error: filter.rules.r.from: \"bbo\" is neither a peer nor a "
	"prefix"},
    {RULE("from = \"\";"), "x:3:9: error: filter.rules.r.from: \"\" is neit"},
    {RULE("from = \"alice,\";"), "filter.rules.r.from: \"\" is neither"},
    {"peers = ( { name = \"10.0.0.1\"; public_key = \"" KEY_A "\"; } );\n"
     "filter = { " POLICY "rules = ( { name = \"r\"; hook = \"input\"; "
     "action = \"drop\"; from = \"10.0.0.1\"; } ); };",
	"\"10.0.0.1\" is an address, and the name of a peer"},
    {RULE("to = \"bob\";"),
	"x:3:6: error: filter.rules.r.to: no packet at input has a peer "
	"there: they go to this host"},
    {FILTER("rules = ( { name = \"r\"; hook = \"output\"; action = "
	    "\"drop\";\nfrom = \"bob\"; } );"),
	"x:3:8: error: filter.rules.r.from: no packet at output has a peer "
	"there: they come from this host"},
    {FILTER("rules = ( { name = \"r\"; hook = \"prerouting\"; action = "
	    "\"drop\";\nto = \"bob\"; } );"),
	"no packet at prerouting has a peer there: nobody knows yet"},
    /* the rule as a whole */
    {FILTER("rules = ( { hook = \"input\"; action = \"drop\"; } );"),
	"x:2:11: error: filter.rules[0].name: it is missing"},
    {FILTER("rules = ( { name = \"r\"; action = \"drop\"; } );"),
	"filter.rules.r.hook: it is missing"},
    {FILTER("rules = ( { name = \"r\"; hook = \"input\"; } );"),
	"filter.rules.r.action: it is missing"},
    {FILTER("rules = ( { name = \"a b\"; hook = \"input\"; } );"),
	"filter.rules[0].name: \"a b\" has other characters"},
    {FILTER("rules = ( { name = \"r\"; hook = \"inptu\"; } );"),
	"hint: did you mean \"input\"?"},
    {FILTER("rules = ( { name = \"r\"; action = \"allow\"; } );"),
	"\"allow\" is not known; there is \"accept\", \"drop\", \"reject\", "
	"\"count\""},
    {RULE("form = \"bob\";"), "hint: did you mean from?"},
    {PAIR("proto = \"tcp\"; action = \"drop\";",
	 "name2 = \"a\"; action = \"drop\";"),
	"filter.rules.b.name2: there is no such setting"},
    {FILTER("rules = ( { name = \"a\"; hook = \"input\"; action = \"count\"; "
	    "},\n{ name = \"a\"; hook = \"input\"; action = \"count\"; } );"),
	"x:3:10: error: filter.rules.a.name: a is given twice, first in line "
	"2 as filter.rules.a.name"},
    {RULE("log = \"yes\";"), "filter.rules.r.log: this is a string"},
    {RULE("hook2 = 1;"), "hint: did you mean hook?"},
    {FILTER("rules = ( { name = \"r\"; hook = \"forward\"; action = "
	    "\"drop\"; } );"),
	"x:2:32: error: filter.rules.r.hook: no packet comes here, as "
	"forwarding is \"kernel\""},
    {"device = { type = \"tap\"; };\nl2 = { hub = false; };\n" FILTER(
	 "rules = ( { name = \"r\"; hook = \"forward\"; action = \"drop\"; } "
	 ");"),
	"x:4:32: error: filter.rules.r.hook: no frame comes here, as l2.hub "
	"is false"},
    /* protocols, ports, types, flags */
    {RULE("proto = \"tcp,upd\";"),
	"x:3:14: error: filter.rules.r.proto: \"upd\" is no protocol"},
    {RULE("proto = \"tcp,upd\";"), "hint: did you mean \"udp\"?"},
    {RULE("proto = \"256\";"), "\"256\" is no protocol"},
    {RULE("proto = \"0x\";"), "\"0x\" is no protocol"},
    {RULE("proto = \"\";"), "\"\" is no protocol"},
    {RULE("dport = \"22\";"),
	"x:3:9: error: filter.rules.r.dport: only TCP and UDP have ports, but "
	"proto is missing"},
    {RULE("sport = \"22\"; proto = \"tcp,icmp\";"),
	"filter.rules.r.sport: only TCP and UDP have ports, but proto is "
	"something else"},
    {RULE("proto = \"tcp\"; dport = \"22, 80-70\";"),
	"x:3:29: error: filter.rules.r.dport: \"80-70\" is no port, nor a "
	"range"},
    {RULE("proto = \"tcp\"; dport = \"65536\";"), "\"65536\" is no port"},
    {RULE("proto = \"tcp\"; dport = \"022\";"), "\"022\" is no port"},
    {RULE("proto = \"tcp\"; dport = \"1-\";"), "\"1-\" is no port"},
    {RULE("proto = \"tcp\"; dport = \"1,3,5,7,9,11,13,15,17,19,21,23,25,27,"
	  "29,31,33\";"),
	"x:3:68: error: filter.rules.r.dport: there are more than 16 numbers "
	"and ranges"},
    {RULE("icmp_type = \"echo-request\";"),
	"x:3:13: error: filter.rules.r.icmp_type: only ICMP has types, but "
	"proto is missing"},
    {RULE("proto = \"tcp,icmp\"; icmp_type = \"8\";"), "only ICMP has types"},
    {RULE("proto = \"icmp\"; icmp_type = \"echo-requst\";"),
	"\"echo-requst\" is no type of ICMP\n"},
    {RULE("proto = \"icmp\"; icmp_type = \"echo-requst\";"),
	"hint: did you mean \"echo-request\"?"},
    {RULE("proto = \"icmp\"; icmp_type = \"packet-too-big\";"),
	"\"packet-too-big\" is no type of ICMP\n"},
    {RULE("proto = \"icmp6\"; icmp_type = \"256\";"),
	"\"256\" is no type of ICMPv6"},
    {RULE("proto = \"icmp,icmp6\"; icmp_type = \"8\";"),
	"\"8\" is no type of both ICMP and ICMPv6"},
    {RULE("proto = \"icmp,icmp6\"; icmp_type = \"unreachable/4\";"),
	"\"unreachable/4\" is no type of both ICMP and ICMPv6"},
    {RULE("proto = \"icmp\"; icmp_type = \"3/256\";"),
	"\"3/256\" is no type of ICMP"},
    {RULE("proto = \"icmp\"; icmp_type = \"3/3-1\";"),
	"\"3/3-1\" is no type of ICMP"},
    {RULE("proto = \"icmp6\"; icmp_type = \"1/\";"),
	"\"1/\" is no type of ICMPv6"},
    {RULE("proto = \"icmp,icmp6\"; icmp_type = \"packet-too-big\";"),
	"hint: a name that both have, like \"echo-request\""},
    {RULE("tcp_flags = \"syn\";"),
	"x:3:13: error: filter.rules.r.tcp_flags: only TCP has flags, but "
	"proto is missing"},
    {RULE("proto = \"tcp,udp\"; tcp_flags = \"syn\";"),
	"only TCP has flags, but proto is something else"},
    {RULE("proto = \"tcp\"; tcp_flags = \"syn,!akc\";"),
	"\"akc\" is not known; there is \"fin\", \"syn\""},
    {RULE("proto = \"tcp\"; tcp_flags = \"syn,!akc\";"),
	"hint: did you mean \"ack\"?"},
    {RULE("proto = \"tcp\"; tcp_flags = \"syn,!syn\";"),
	"x:3:33: error: filter.rules.r.tcp_flags: \"syn\" is given twice"},
    /* families */
    {RULE("family = \"ipv5\";"), "filter.rules.r.family: \"ipv5\" is not kn"},
    {RULE("family = \"ipv6\"; from = \"10.0.0.0/8\";"),
	"x:3:25: error: filter.rules.r.from: it is IPv4, but family is IPv6"},
    {RULE("from = \"10.0.0.0/8\"; to = \"fd00::/8\";"),
	"x:3:27: error: filter.rules.r.to: it is IPv6, but from is IPv4"},
    {RULE("from = \"10.0.0.0/8\"; to = \"fd00::/8\";"),
	"hint: no packet is both: make two rules"},
    {RULE("proto = \"icmp\"; to = \"fd00::/8\";"),
	"filter.rules.r.to: it is IPv6, but proto is IPv4"},
    {RULE("proto = \"icmp6\"; family = \"ipv4\";"),
	"filter.rules.r.proto: it is IPv6, but family is IPv4"},
    /* states and rates */
    {RULE("state = \"new,establised\";"),
	"\"establised\" is not known; there is \"new\", \"established\", "
	"\"related\", \"invalid\", \"untracked\""},
    {RULE("state = \"new,establised\";"),
	"hint: did you mean \"established\"?"},
    {FILTER("stateful = false; rules = ( { name = \"r\"; hook = \"input\"; "
	    "action = \"drop\"; state = \"new\"; } );"),
	"filter.rules.r.state: there are no states with stateful = false"},
    {RULE("rate = \"200\";"),
	"x:3:8: error: filter.rules.r.rate: \"200\" is no rate"},
    {RULE("rate = \"0/s\";"), "\"0/s\" is no rate"},
    {RULE("rate = \"1/m\";"), "\"1/m\" is no rate"},
    {RULE("rate = \"1/s brust 2\";"), "\"1/s brust 2\" is no rate"},
    {RULE("rate = \"1/s burst\";"), "\"1/s burst\" is no rate"},
    {RULE("rate = \"1/s burst 0\";"), "\"1/s burst 0\" is no rate"},
    {RULE("rate = \"1/s per\";"), "\"1/s per\" is no rate"},
    {RULE("rate = \"1/s per peer 7\";"), "\"1/s per peer 7\" is no rate"},
    {RULE("rate = \"1000000001/s\";"), "\"1000000001/s\" is no rate"},
    {RULE("rate = \"1kbit burst 5\";"), "\"1kbit burst 5\" is no rate"},
    {RULE("rate = \"1/s burst 5byte\";"), "\"1/s burst 5byte\" is no rate"},
    {RULE("rate = \"1kbit burst 1kbit\";"),
	"\"1kbit burst 1kbit\" is no rate"},
    {RULE("rate = \"9gbit\";"), "\"9gbit\" is no rate"},
    {RULE("rate = \"5byte\";"), "\"5byte\" is no rate"},
    {RULE("rate = \"\";"), "hint: packets per second, as in \"200/s\""},
    /* expressions */
    {MATCH("udp pot 53"),
	"x:3:9: error: filter.rules.r.match: \"udp pot 53\" is no expression: "
	"can't parse filter expression: syntax error"},
    {MATCH("udp pot 53"), "hint: as tcpdump takes it, see pcap-filter(7)"},
    {MATCH(""), "filter.rules.r.match: \"\" is no expression: it is empty"},
    {MATCH("tcp and udp and icmp"), "expression rejects all packets"},
    {MATCH("host vpnd.invalid"), "unknown host 'vpnd.invalid'"},
    {MATCH("ip protochain 6"), "\"ip protochain 6\" is no expression: "
			       "instruction "},
    {MATCH("ether host 02:00:00:00:00:01"), "is no expression: "},
    {RULE("match = 7;"), "filter.rules.r.match: this is a number"},
    /* on tap only */
    {RULE("vlan = \"7\";"), "x:3:8: error: filter.rules.r.vlan: only a tap "
			    "device has it, but device.type is \"tun\""},
    {RULE("ethertype = \"arp\";"),
	"filter.rules.r.ethertype: only a tap device has it"},
    {RULE("smac = \"02:00:00:00:00:01\";"),
	"filter.rules.r.smac: only a tap device has it"},
    {RULE("dmac = \"02:00:00:00:00:01\";"),
	"filter.rules.r.dmac: only a tap device has it"},
    {TAP RULE("vlan = \"4095\";"), "filter.rules.r.vlan: \"4095\" is no list"},
    {TAP RULE("ethertype = \"ipv4,arp\";"), "\"ipv4,arp\" is no ethertype"},
    {TAP RULE("ethertype = \"apr\";"), "hint: did you mean \"arp\"?"},
    {TAP RULE("ethertype = \"0x5ff\";"), "\"0x5ff\" is no ethertype"},
    {TAP RULE("smac = \"ff:ff:ff:ff:ff:ff\";"),
	"filter.rules.r.smac: \"ff:ff:ff:ff:ff:ff\" is that of a group"},
    {TAP RULE("dmac = \"ff:ff\";"), "filter.rules.r.dmac: \"ff:ff\" is no MAC"},
    {TAP RULE("ethertype = \"arp\"; from = \"10.0.0.0/8\";"),
	"filter.rules.r.ethertype: it is no IP at all, but from is IPv4"},
    {TAP RULE("ethertype = \"ipv6\"; from = \"10.0.0.0/8\";"),
	"filter.rules.r.ethertype: it is IPv6, but from is IPv4"},
    {TAP RULE("ethertype = \"arp\"; proto = \"udp\";"),
	"x:4:28: error: filter.rules.r.proto: only IP has it, but ethertype "
	"is no IP at all"},
    /* rules that are hidden */
    {PAIR("proto = \"tcp\"; dport = \"20-30\"; action = \"drop\";",
	 "from = \"alice\"; proto = \"tcp\"; dport = \"22,25-26\"; action = "
	 "\"accept\";"),
	"x:3:1: error: filter.rules.b: it can never match: rule \"a\" in line "
	"2 takes all of its packets"},
    {PAIR("proto = \"tcp\"; dport = \"20-30\"; action = \"drop\";",
	 "proto = \"tcp\"; dport = \"22\"; action = \"drop\";"),
	"hint: move it in front of \"a\", or take it away"},
    {PAIR("action = \"drop\";", "action = \"drop\"; log = true;"),
	"filter.rules.b: it can never match"},
    {PAIR("rate = \"1/s\"; action = \"accept\";", "action = \"drop\";"),
	"filter.rules.b: it can never match"},
    {PAIR("from = \"10.0.0.0/8,alice\"; action = \"drop\";",
	 "from = \"alice,10.1.0.0/16\"; action = \"drop\"; rate = \"1/s\";"),
	"filter.rules.b: it can never match"},
    {PAIR("match = \"udp\"; action = \"drop\";",
	 "match = \"udp\"; proto = \"udp\"; action = \"drop\";"),
	"filter.rules.b: it can never match"},
    {PAIR("proto = \"tcp\"; tcp_flags = \"syn\"; action = \"drop\";",
	 "proto = \"tcp\"; tcp_flags = \"syn,!ack\"; action = \"drop\";"),
	"filter.rules.b: it can never match"},
    {PAIR("state = \"new,invalid\"; action = \"drop\";",
	 "state = \"invalid\"; action = \"drop\";"),
	"filter.rules.b: it can never match"},
    {TAP PAIR("vlan = \"1-9\"; action = \"drop\";",
	 "vlan = \"7\"; smac = \"02:00:00:00:00:01\"; action = \"drop\";"),
	"filter.rules.b: it can never match"},
    /* forwarding, rates of peers */
    {"forwarding = \"deamon\";", "hint: did you mean \"daemon\"?"},
    {TAP DAEMON, "x:2:14: error: forwarding: \"daemon\" is impossible on tap"},
    {"socket_order = \"seed\";",
	"\"seed\" is not known; there is \"classic\", \"kernel\""},
    {TAP "socket_order = \"kernel\";",
	"x:2:1: error: socket_order: only a tun device has it"},
    {"peers = ( { name = \"b\"; public_key = \"" KEY_A "\"; rate = \"5\"; } );",
	"peers.b.rate: \"5\" is no rate between \"1kbit\" and \"1000gbit\""},
    {"peers = ( { name = \"b\"; public_key = \"" KEY_A
     "\"; rate = \"1001gbit\"; } );",
	"hint: a number and its unit: kbit, mbit or gbit"},
    {"peers = ( { name = \"b\"; public_key = \"" KEY_A
     "\"; rate = \"0kbit\"; } );",
	"\"0kbit\" is no rate"},
    /* sockets */
    {TAP "sockets = ( );", "x:2:1: error: sockets: only a tun device has it"},
    {"sockets = ( { port = 7; } );", "sockets[0].type: it is missing"},
    {"sockets = ( { type = \"echo\"; } );", "sockets[0].port: it is missing"},
    {"sockets = ( { type = \"ehco\"; } );",
	"\"ehco\" is not known; there is \"echo\", \"discard\", \"status\", "
	"\"ping\", \"client\""},
    {SOCKET("port = 0;"), "sockets[0].port: 0 is outside 1..65535"},
    {SOCKET("port = 7; rcvbuf = 2303;"),
	"sockets[0].rcvbuf: 2303 is outside 2304..16777216"},
    {SOCKET("port = 7; address = \"224.0.0.1\";"),
	"sockets[0].address: \"224.0.0.1\" is not the address of one host"},
    {SOCKET("port = 7; address = \"::\";"),
	"sockets[0].address: \"::\" is not the address of one host"},
    {"sockets = ( { type = \"ping\"; port = 7; } );",
	"x:1:37: error: sockets[0].port: an ICMP echo request has no port"},
    {"sockets = ( { type = \"ping\"; }, { type = \"ping\"; } );", "sockets[1]"},
    {SOCKET("port = 7; address = \"x\";"), "\"x\" is no address"},
    {SOCKET("port = 7; from = \"carol\";"),
	"sockets[0].from: \"carol\" is neither a peer nor a prefix"},
    {SOCKET("port = 7; filter = \"udp and\";"),
	"x:4:37: error: sockets[0].filter: \"udp and\" is no expression"},
    {SOCKET("port = 7; },\n{ type = \"discard\"; port = 7;"),
	"x:5:1: error: sockets[1]: all addresses port 7 is given twice, first "
	"in line 4 as sockets[0]"},
};

START_TEST(a_bad_filter_is_told_with_its_place)
{
	struct outcome outcome = outcome_with_key(samples[_i].text);

	ck_assert_msg(strstr(outcome.messages, samples[_i].message) != NULL,
	    "%s\ngave\n%s", samples[_i].text, outcome.messages);
	ck_assert_ptr_null(outcome.config);
	outcome_clear(&outcome);
}
END_TEST

/* Pairs of rules of which the first does not hide the second. */
static const char *const pairs[] = {
    PAIR("action = \"count\";", "action = \"drop\";"),
    PAIR("rate = \"1/s\"; action = \"drop\";", "action = \"accept\";"),
    PAIR("proto = \"tcp\"; action = \"accept\";", "action = \"drop\";"),
    PAIR("proto = \"tcp\"; dport = \"20-30\"; action = \"accept\";",
	"proto = \"tcp\"; dport = \"25-31\"; action = \"drop\";"),
    PAIR("from = \"alice\"; action = \"accept\";",
	"from = \"alice,bob\"; action = \"drop\";"),
    PAIR("from = \"10.0.0.0/16\"; action = \"accept\";",
	"from = \"10.0.0.0/15\"; action = \"drop\";"),
    PAIR("from = \"alice\"; action = \"accept\";",
	"from = \"10.9.0.7/32\"; action = \"drop\";"),
    PAIR("match = \"udp\"; action = \"accept\";",
	"match = \"udp port 53\"; action = \"drop\";"),
    PAIR("family = \"ipv4\"; action = \"accept\";", "action = \"drop\";"),
    PAIR("state = \"new\"; action = \"accept\";",
	"state = \"new,related\"; action = \"drop\";"),
    PAIR("proto = \"tcp\"; tcp_flags = \"syn,!ack\"; action = \"accept\";",
	"proto = \"tcp\"; tcp_flags = \"syn\"; action = \"drop\";"),
    PAIR("proto = \"icmp\"; icmp_type = \"8\"; action = \"accept\";",
	"proto = \"icmp\"; action = \"drop\";"),
    PAIR("proto = \"icmp\"; icmp_type = \"3/4\"; action = \"accept\";",
	"proto = \"icmp\"; icmp_type = \"3\"; action = \"drop\";"),
    TAP PAIR("vlan = \"7\"; action = \"accept\";",
	"vlan = \"7-8\"; action = \"drop\";"),
    TAP PAIR("smac = \"02:00:00:00:00:01\"; action = \"accept\";",
	"smac = \"02:00:00:00:00:02\"; action = \"drop\";"),
};

START_TEST(a_rule_hides_only_what_it_takes_completely)
{
	struct outcome outcome = outcome_with_key(pairs[_i]);

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_uint_eq(outcome.config->filter.rules_count, 2);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(host_bits_of_a_prefix_are_warned_of)
{
	struct outcome outcome =
	    outcome_with_key(RULE("from = \"bob,10.0.0.1/8\";"));

	ck_assert_ptr_nonnull(strstr(outcome.messages,
	    "x:3:13: warning: filter.rules.r.from: \"10.0.0.1/8\" has host "
	    "bits, taken as 10.0.0.0/8"));
	ck_assert_ptr_nonnull(outcome.config);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(an_expression_has_a_longest_length)
{
	char text[2048] = RULE("match = \""), *at = strstr(text, "match");
	struct outcome outcome;

	at += strlen("match = \"");
	memset(at, ' ', 998);
	strcpy(at + 998, _i ? "tcp\"; } ); };" PEERS : "ip\"; } ); };" PEERS);
	outcome = outcome_with_key(text);
	if (_i)
		ck_assert_ptr_nonnull(
		    strstr(outcome.messages, "it is longer than 1000 bytes"));
	else
		ck_assert_str_eq(outcome.messages, "");
	outcome_clear(&outcome);
}
END_TEST

/* The type is wrong, and nothing else is said of what would not suit tun. */
START_TEST(an_unknown_type_brings_no_errors_of_rules)
{
	struct outcome outcome = outcome_with_key(
	    "device = { type = \"tup\"; };" RULE("vlan = \"7\";"));
	const char *error = strstr(outcome.messages, "error: ");

	ck_assert_ptr_nonnull(error);
	ck_assert_ptr_null(strstr(error + 1, "error: "));
	outcome_clear(&outcome);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("conf_filter");
	TCase *tcase = tcase_create("filter");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_bad_filter_is_told_with_its_place, 0,
	    (int)ARRAY_SIZE(samples));
	tcase_add_loop_test(tcase, a_rule_hides_only_what_it_takes_completely,
	    0, (int)ARRAY_SIZE(pairs));
	tcase_add_test(tcase, host_bits_of_a_prefix_are_warned_of);
	tcase_add_loop_test(tcase, an_expression_has_a_longest_length, 0, 2);
	tcase_add_test(tcase, an_unknown_type_brings_no_errors_of_rules);
	return suite;
}
