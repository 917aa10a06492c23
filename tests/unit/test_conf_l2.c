/* SPDX-License-Identifier: ISC */
/* The settings of tap tunnels: what arrives, and what is refused. */
#include "unit.h"

#include "conf_text.h"

#define TAP "device = { type = \"tap\"; };\n"
#define PEER(settings)                                                         \
	"peers = ( { name = \"b\"; public_key = \"" KEY_A "\";\n" settings     \
	" } );"
#define TWO_PEERS(first, second)                                               \
	"peers = (\n{ name = \"a\"; public_key = \"" KEY_A "\";\n" first       \
	" },\n{ name = \"b\"; public_key = \"" KEY_B "\";\n" second " } );"

static const struct {
	const char *text, *message;
} samples[] = {
    /* the device */
    {"device = { type = \"tup\"; };",
	"x:1:19: error: device.type: \"tup\" is not known; there is \"tun\", "
	"\"tap\""},
    {"device = { type = \"tap\"; mac = \"02:00:5e:10:00\"; };",
	"x:1:32: error: device.mac: \"02:00:5e:10:00\" is no MAC address: six"},
    {"device = { type = \"tap\"; mac = \"02-00-5e-10-00-01\"; };",
	"device.mac: \"02-00-5e-10-00-01\" is no MAC address"},
    {"device = { type = \"tap\"; mac = \"03:00:5e:10:00:01\"; };",
	"device.mac: \"03:00:5e:10:00:01\" is that of a group"},
    {"device = { type = \"tap\"; mac = \"ff:ff:ff:ff:ff:ff\"; };",
	"device.mac: \"ff:ff:ff:ff:ff:ff\" is that of a group"},
    {"device = { type = \"tap\"; mac = \"00:00:00:00:00:00\"; };",
	"device.mac: \"00:00:00:00:00:00\" is zero"},
    {"device = { type = \"tap\"; mac = \"00:00:00:00:00:00\"; };",
	"hint: for example \"02:00:5e:10:00:01\""},
    {"device = { type = \"tap\"; mac = \"\"; };",
	"device.mac: \"\" is no MAC address"},
    {"device = { type = \"tap\"; mac = 2; };",
	"device.mac: this is a number, but must be a string"},
    {"device = { type = \"tap\"; bridge = \"\"; };",
	"x:1:35: error: device.bridge: \"\" has not 1 to 15 bytes"},
    {"device = { type = \"tap\"; bridge = \"sixteen_letters_\"; };",
	"device.bridge: \"sixteen_letters_\" has not 1 to 15 bytes"},
    {"device = { type = \"tap\"; bridge = \"br/0\"; };",
	"device.bridge: \"br/0\" has a character"},
    {"device = { type = \"tap\"; bridge = \"lo\"; };",
	"device.bridge: \"lo\" is taken"},
    {"device = { type = \"tap\"; bridge = \"tap0\"; name = \"tap0\"; };",
	"x:1:35: error: device.bridge: \"tap0\" is the tap device itself"},
    {"device = { type = \"tap\"; bridge = \"site\"; };",
	"x:1:35: error: device.bridge: \"site\" is the tap device itself"},
    {"device = { bridge = \"br0\"; addresses = [ \"10.0.0.1/8\" ];\n"
     "type = \"tap\"; };",
	"x:1:40: error: device.addresses: a device in a bridge has no "
	"addresses of its own"},
    {"device = { bridge = \"br0\"; addresses = [ \"10.0.0.1/8\" ];\n"
     "type = \"tap\"; };",
	"hint: give them to the bridge \"br0\""},
    {"device = { mtu = 65501; type = \"tap\"; };",
	"x:1:18: error: device.mtu: 65501 is outside 576..65500"},
    {"device = { type = \"tap\"; mtu = 575; };",
	"x:1:32: error: device.mtu: 575 is outside 576..65535"},
    {"device = { type = \"tap\"; mtu = 1279; };" PEER(
	 "allowed_ips = [ \"fe80::/64\" ];"),
	"x:1:32: error: device.mtu: 1279 is too small for IPv6"},
    /* on tun */
    {"device = { mac = \"02:00:5e:10:00:01\"; };",
	"x:1:12: error: device.mac: only a tap device has it"},
    {"device = { type = \"tun\"; bridge = \"br0\"; };",
	"x:1:26: error: device.bridge: only a tap device has it"},
    {"l2 = { };", "x:1:1: error: l2: only a tap device has it, but "
		  "device.type is \"tun\""},
    {"l2 = { };", "hint: device = { type = \"tap\"; };"},
    {PEER("macs = [ ];"),
	"x:2:1: error: peers.b.macs: only a tap device has it"},
    {PEER("vlans = \"1\";"),
	"x:2:1: error: peers.b.vlans: only a tap device has it"},
    {PEER("router = false;"),
	"x:2:1: error: peers.b.router: only a tap device has it"},
    {PEER("dhcp_server = false;"),
	"x:2:1: error: peers.b.dhcp_server: only a tap device has it"},
    /* the switch */
    {TAP "l2 = 1;", "x:2:6: error: l2: this is a number, but must be a group"},
    {TAP "l2 = { agein = 1; };", "x:2:8: error: l2.agein: there is no such"},
    {TAP "l2 = { agein = 1; };", "hint: did you mean ageing?"},
    {TAP "l2 = { hub = 1; };",
	"x:2:14: error: l2.hub: this is a number, but must be true or false"},
    {TAP "l2 = { hub = 1; };", "hint: hub = true;"},
    {TAP "l2 = { ageing = 300; };", "l2.ageing: this is a number, but must"},
    {TAP "l2 = { ageing = \"9s\"; };",
	"x:2:17: error: l2.ageing: \"9s\" is no "
	"time between \"10s\" and \"1000000s\"\n"},
    {TAP "l2 = { ageing = \"off\"; };", "l2.ageing: \"off\" is no time"},
    {TAP "l2 = { ageing = \"1000001s\"; };", "l2.ageing: \"1000001s\" is no"},
    {TAP "l2 = { max_macs = 0; };", "l2.max_macs: 0 is outside 1..65536"},
    {TAP "l2 = { max_macs = 65537; };", "l2.max_macs: 65537 is outside"},
    {TAP "l2 = { max_macs_per_peer = 0; };",
	"l2.max_macs_per_peer: 0 is outside 1..65536"},
    {TAP "l2 = { max_macs_per_peer = 4097; };",
	"x:2:28: error: l2.max_macs_per_peer: 4097 is more than l2.max_macs, "
	"which is 4096"},
    {TAP "l2 = { storm = 1000; };", "l2.storm: this is a number, but must"},
    {TAP "l2 = { storm = { brodcast = 1; }; };",
	"x:2:18: error: l2.storm.brodcast: there is no such setting"},
    {TAP "l2 = { storm = { brodcast = 1; }; };",
	"hint: did you mean broadcast?"},
    {TAP "l2 = { storm = { broadcast = -1; }; };",
	"x:2:30: error: l2.storm.broadcast: -1 is outside 0..1000000"},
    {TAP "l2 = { storm = { multicast = 1000001; }; };",
	"l2.storm.multicast: 1000001 is outside 0..1000000"},
    {TAP "l2 = { storm = { unknown_unicast = \"x\"; }; };",
	"l2.storm.unknown_unicast: this is a string"},
    {TAP "l2 = { bpdu = \"forward\"; };",
	"x:2:15: error: l2.bpdu: \"forward\" is not known; there is \"drop\", "
	"\"pass\""},
    {TAP "l2 = { pause = true; };", "l2.pause: this is true or false, but"},
    /* peers */
    {TAP PEER("macs = \"02:00:5e:10:00:02\";"),
	"peers.b.macs: this is a string, but must be an array"},
    {TAP PEER("macs = [ \"02:00:5e:10:00:02\", \"x\" ];"),
	"x:3:31: error: peers.b.macs: \"x\" is no MAC address"},
    {TAP PEER("macs = [ \"01:00:5e:00:00:01\" ];"),
	"peers.b.macs: \"01:00:5e:00:00:01\" is that of a group"},
    {TAP PEER("macs = [ \"02:00:5e:10:00:02\",\n\"02:00:5E:10:00:02\" ];"),
	"x:4:1: error: peers.b.macs: 02:00:5e:10:00:02 is given twice, first "
	"in line 3 as peers.b.macs"},
    {TAP TWO_PEERS("macs = [ \"02:00:5e:10:00:02\" ];",
	 "macs = [ \"02:00:5e:10:00:02\" ];"),
	"x:6:10: error: peers.b.macs: 02:00:5e:10:00:02 is given twice, first "
	"in line 4 as peers.a.macs"},
    {"device = { type = \"tap\"; mac = \"02:00:5e:10:00:02\"; };\n" PEER(
	 "macs = [ \"02:00:5e:10:00:02\" ];"),
	"x:3:10: error: peers.b.macs: 02:00:5e:10:00:02 is given twice, first "
	"in line 1 as device.mac"},
    {TAP "l2 = { max_macs = 2; };\n" PEER(
	 "macs = [ \"02:00:5e:10:00:02\", \"02:00:5e:10:00:03\" ];"),
	"x:2:19: error: l2.max_macs: 2 is too small: the device and the macs "
	"of its peers are 3 addresses"},
    {TAP PEER("vlans = \"\";"),
	"x:3:9: error: peers.b.vlans: \"\" is no list of VLANs"},
    {TAP PEER("vlans = \"4095\";"), "peers.b.vlans: \"4095\" is no list of"},
    {TAP PEER("vlans = \"20-10\";"), "peers.b.vlans: \"20-10\" is no list of"},
    {TAP PEER("vlans = \"1,\";"), "peers.b.vlans: \"1,\" is no list of VLANs"},
    {TAP PEER("vlans = \"1, 2\";"), "hint: as in vlans = \"0,10-20\";"},
    {TAP PEER("vlans = 10;"), "peers.b.vlans: this is a number, but must be"},
    {TAP PEER("router = \"yes\";"), "peers.b.router: this is a string, but"},
    {TAP PEER("dhcp_sever = true;"), "hint: did you mean dhcp_server?"},
    {TAP PEER("extension = \"auto\";"),
	"x:3:13: error: peers.b.extension: \"auto\" is impossible on tap: "
	"plain WireGuard carries no Ethernet frames"},
    {TAP PEER("extension = \"off\";"),
	"peers.b.extension: \"off\" is impossible on tap"},
    {TAP PEER("extension = \"off\";"), "hint: take it away: on tap the exten"},
    {TAP TWO_PEERS("allowed_ips = [ \"fe80::/64\" ];",
	 "allowed_ips = [ \"fe80::/64\" ];"),
	"x:6:17: error: peers.b.allowed_ips: fe80::/64 is given twice, first "
	"in line 4 as peers.a.allowed_ips"},
    /* routes */
    {TAP "routes = 77;",
	"x:2:10: error: routes: a tap device has no routes for a table"},
    {TAP "routes = \"77\";",
	"x:2:10: error: routes: a tap device has no routes for a table"},
};

START_TEST(a_bad_value_is_told_with_its_place)
{
	struct outcome outcome = outcome_with_key(samples[_i].text);

	ck_assert_msg(strstr(outcome.messages, samples[_i].message) != NULL,
	    "%s\ngave\n%s", samples[_i].text, outcome.messages);
	ck_assert_ptr_null(outcome.config);
	outcome_clear(&outcome);
}
END_TEST

#define ALL                                                                    \
	"device = { mac = \"02:00:5e:10:00:01\"; bridge = \"br0\";\n"          \
	"  mtu = 65500; type = \"tap\"; };\n"                                  \
	"private_key_file = \"/k\"; forwarding = \"kernel\";\n"                \
	"l2 = { hub = false; ageing = \"10m\"; max_macs = 512;\n"              \
	"  max_macs_per_peer = 512; bpdu = \"pass\"; pause = \"pass\";\n"      \
	"  storm = { broadcast = 0; multicast = 1000000;\n"                    \
	"    unknown_unicast = 7; }; };\n"                                     \
	"peers = (\n"                                                          \
	" { name = \"a\"; public_key = \"" KEY_A "\";\n"                       \
	"   macs = [ \"02:00:00:00:00:0a\", \"AC:DE:48:00:00:0b\" ];\n"        \
	"   vlans = \"0,10-20\"; router = true; dhcp_server = TRUE;\n"         \
	"   allowed_ips = [ \"10.77.0.2/32\", \"fe80::/64\" ];\n"              \
	"   extension = \"required\"; compress = \"lz4\"; },\n"                \
	" { name = \"b\"; public_key = \"" KEY_B "\"; router = false; } );\n"

START_TEST(all_settings_of_a_tap_tunnel_arrive)
{
	struct outcome outcome = outcome_of(ALL);
	struct config *config = outcome.config;

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_int_eq(config->device_type, CONFIG_DEVICE_TAP);
	ck_assert(config->has_mac);
	ck_assert_uint_eq(config->mac.bytes[2], 0x5e);
	ck_assert_str_eq(config->bridge, "br0");
	ck_assert_uint_eq(config->mtu, 65500);
	ck_assert(!config->l2.is_hub);
	ck_assert_uint_eq(config->l2.ageing_s, 600);
	ck_assert_uint_eq(config->l2.macs_max, 512);
	ck_assert_uint_eq(config->l2.macs_per_peer, 512);
	ck_assert_uint_eq(config->l2.storm_broadcast, 0);
	ck_assert_uint_eq(config->l2.storm_multicast, 1000000);
	ck_assert_uint_eq(config->l2.storm_unknown_unicast, 7);
	ck_assert_int_eq(config->l2.bpdu, CONFIG_CONTROL_PASS);
	ck_assert_int_eq(config->l2.pause, CONFIG_CONTROL_PASS);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(all_settings_of_a_peer_on_tap_arrive)
{
	struct outcome outcome = outcome_of(ALL);
	struct config_peer *a = &outcome.config->peers[0];
	struct config_peer *b = &outcome.config->peers[1];

	ck_assert_uint_eq(a->macs_count, 2);
	ck_assert_uint_eq(a->macs[0].bytes[5], 0x0a);
	ck_assert_uint_eq(a->macs[1].bytes[0], 0xac);
	ck_assert(a->vlans && a->is_router && a->is_dhcp_server);
	ck_assert(vlan_set_has(a->vlans, 20) && !vlan_set_has(a->vlans, 21));
	ck_assert_uint_eq(a->allowed_ips_count, 2);
	ck_assert_int_eq(a->extension, CONFIG_EXTENSION_REQUIRED);
	ck_assert_int_eq(a->compress, CONFIG_COMPRESS_LZ4);
	ck_assert_uint_eq(b->macs_count, 0);
	ck_assert(!b->vlans && !b->is_router && !b->is_dhcp_server);
	ck_assert_int_eq(b->extension, CONFIG_EXTENSION_REQUIRED);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_tap_tunnel_has_defaults_of_its_own)
{
	struct outcome outcome = outcome_with_key(TAP PEER(""));
	struct config *config = outcome.config;

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_uint_eq(config->mtu, 1400);
	ck_assert(!config->has_mac);
	ck_assert_str_eq(config->bridge, "");
	ck_assert_int_eq(config->routes, CONFIG_ROUTES_NONE);
	ck_assert(config->l2.is_hub);
	ck_assert_uint_eq(config->l2.ageing_s, 300);
	ck_assert_uint_eq(config->l2.macs_max, 4096);
	ck_assert_uint_eq(config->l2.macs_per_peer, 256);
	ck_assert_uint_eq(config->l2.storm_broadcast, 1000);
	ck_assert_uint_eq(config->l2.storm_multicast, 1000);
	ck_assert_uint_eq(config->l2.storm_unknown_unicast, 1000);
	ck_assert_int_eq(config->l2.bpdu, CONFIG_CONTROL_DROP);
	ck_assert_int_eq(config->l2.pause, CONFIG_CONTROL_DROP);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_tun_tunnel_keeps_its_defaults)
{
	struct outcome outcome = outcome_with_key(PEER("allowed_ips = [ ];"));

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_int_eq(outcome.config->device_type, CONFIG_DEVICE_TUN);
	ck_assert_uint_eq(outcome.config->mtu, 1420);
	ck_assert_int_eq(outcome.config->routes, CONFIG_ROUTES_AUTO);
	ck_assert_int_eq(
	    outcome.config->peers->extension, CONFIG_EXTENSION_AUTO);
	outcome_clear(&outcome);
}
END_TEST

static const char *const routes_without_a_table[] = {"auto", "none"};

START_TEST(a_tap_tunnel_sets_no_routes)
{
	struct outcome outcome;
	char text[128];

	snprintf(text, sizeof(text), TAP "routes = \"%s\";",
	    routes_without_a_table[_i]);
	outcome = outcome_with_key(text);
	ck_assert_str_eq(outcome.messages, "");
	ck_assert_int_eq(outcome.config->routes, CONFIG_ROUTES_NONE);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_tap_device_without_a_bridge_may_have_addresses)
{
	struct outcome outcome = outcome_with_key(
	    "device = { type = \"tap\"; addresses = [ \"10.77.0.1/24\" ]; };");

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_uint_eq(outcome.config->addresses_count, 1);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_peers_share_is_no_larger_than_a_small_table)
{
	struct outcome outcome =
	    outcome_with_key(TAP "l2 = { max_macs = 100; };");

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_uint_eq(outcome.config->l2.macs_per_peer, 100);
	outcome_clear(&outcome);
}
END_TEST

/* A wrong type is told alone, not with all that would not suit tun. */
START_TEST(an_unknown_type_brings_no_other_errors)
{
	struct outcome outcome = outcome_with_key(
	    "device = { type = \"tup\"; bridge = \"br0\"; };\nl2 = { };");
	const char *error = strstr(outcome.messages, "error: ");

	ck_assert_ptr_nonnull(error);
	ck_assert_ptr_null(strstr(error + 1, "error: "));
	outcome_clear(&outcome);
}
END_TEST

START_TEST(all_errors_of_a_tap_tunnel_are_told_in_one_run)
{
	struct outcome outcome = outcome_with_key(
	    "device = { type = \"tap\"; mac = \"x\"; mtu = 65501; };\n"
	    "routes = 1;\n"
	    "l2 = { hub = 1; max_macs_per_peer = 5000; };\n" PEER(
		"extension = \"off\"; vlans = \"x\"; compress = \"lz4\";"));
	const char *at = outcome.messages;
	size_t count = 0;

	while ((at = strstr(at, "error: ")))
		at++, count++;
	ck_assert_uint_eq(count, 8);
	outcome_clear(&outcome);
}
END_TEST

/* The most static addresses, and one more. */
START_TEST(a_peer_has_a_limited_number_of_static_addresses)
{
	struct outcome outcome;
	char *text;
	size_t room;
	FILE *stream = open_memstream(&text, &room);

	ck_assert_ptr_nonnull(stream);
	fputs(TAP "peers = ( { name = \"b\"; public_key = \"" KEY_A
		  "\"; macs = [\n\"02:00:00:00:10:00\"",
	    stream);
	for (int i = 1; i < CONFIG_STATIC_MACS_MAX + _i; i++)
		fprintf(stream, ",\n\"02:00:00:00:%02x:%02x\"", i >> 8,
		    (unsigned)i & 0xff);
	fputs("]; } );", stream);
	ck_assert_int_eq(fclose(stream), 0);
	outcome = outcome_with_key(text);
	if (_i)
		ck_assert_ptr_nonnull(strstr(outcome.messages,
		    "x:259:1: error: peers.b.macs: there are more than 256"));
	else
		ck_assert_uint_eq(outcome.config->peers->macs_count, 256);
	outcome_clear(&outcome);
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("conf_l2");
	TCase *tcase = tcase_create("l2");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_bad_value_is_told_with_its_place, 0,
	    (int)ARRAY_SIZE(samples));
	tcase_add_test(tcase, all_settings_of_a_tap_tunnel_arrive);
	tcase_add_test(tcase, all_settings_of_a_peer_on_tap_arrive);
	tcase_add_test(tcase, a_tap_tunnel_has_defaults_of_its_own);
	tcase_add_test(tcase, a_tun_tunnel_keeps_its_defaults);
	tcase_add_loop_test(tcase, a_tap_tunnel_sets_no_routes, 0,
	    (int)ARRAY_SIZE(routes_without_a_table));
	tcase_add_test(tcase, a_tap_device_without_a_bridge_may_have_addresses);
	tcase_add_test(tcase, a_peers_share_is_no_larger_than_a_small_table);
	tcase_add_test(tcase, an_unknown_type_brings_no_other_errors);
	tcase_add_test(tcase, all_errors_of_a_tap_tunnel_are_told_in_one_run);
	tcase_add_loop_test(
	    tcase, a_peer_has_a_limited_number_of_static_addresses, 0, 2);
	return suite;
}
