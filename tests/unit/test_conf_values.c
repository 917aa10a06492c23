/* SPDX-License-Identifier: ISC */
/* Bad values: each with the place and the words of its message. */
#include "unit.h"

#include "conf_text.h"

#define PEER(settings)                                                         \
	"peers = ( { name = \"b\"; public_key = \"" KEY_A "\";\n" settings     \
	" } );"
#define TWO_PEERS(first, second)                                               \
	"peers = (\n{ name = \"a\"; public_key = \"" KEY_A                     \
	"\"; allowed_ips = [ ]; " first                                        \
	" },\n{ name = \"b\"; public_key = \"" KEY_B                           \
	"\"; allowed_ips = [ ]; " second " } );"

static const struct {
	const char *text, *message;
} samples[] = {
    /* keys nobody knows */
    {"rotes = \"auto\";", "x:1:1: error: rotes: there is no such setting"},
    {"rotes = \"auto\";", "hint: did you mean routes?"},
    {"device = { mtu2 = 1; };",
	"x:1:12: error: device.mtu2: there is no such setting"},
    {PEER("allowed-ips = [ ];"),
	"x:2:1: error: peers.b.allowed-ips: there is no such setting"},
    {PEER("allowed-ips = [ ];"), "hint: did you mean allowed_ips?"},
    /* kinds */
    {"device = 5;",
	"x:1:10: error: device: this is a number, but must be a group"},
    {"device = { mtu = \"1400\"; };",
	"x:1:18: error: device.mtu: this is a string, but must be a number"},
    {"device = { mtu = 1400.7; };", "x:1:18: error: device.mtu: this is a "
				    "fraction, but must be a number"},
    {"device = { mtu = true; };", "x:1:18: error: device.mtu: this is true or "
				  "false, but must be a number"},
    {"device = { addresses = \"10.0.0.1\"; };",
	"x:1:24: error: device.addresses: this is a string, but must be an "
	"array"},
    {"device = { addresses = [ 1 ]; };",
	"x:1:26: error: device.addresses: this is a number, but must be a "
	"string"},
    {"peers = [ ];", "x:1:9: error: peers: this is an array [ ... ], but must "
		     "be a list ( ... )"},
    {"peers = ( 1 );",
	"x:1:11: error: peers: this is a number, but must be a group"},
    {"routes = true;", "x:1:10: error: routes: this is true or false, but "
		       "must be a string or a number"},
    {PEER("keepalive = 25;"),
	"x:2:13: error: peers.b.keepalive: this is a number, but must be"},
    {PEER("keepalive = 25;"), "hint: keepalive = \"25s\";"},
    /* numbers */
    {"device = { mtu = 4294967296; };",
	"x:1:18: error: device.mtu: 4294967296 is outside 576..65535"},
    {"device = { mtu = 99999999999; };",
	"device.mtu: 99999999999 is outside 576..65535"},
    {"device = { mtu = 4294968716; };", /* 1420 when it wraps */
	"device.mtu: 4294968716 is outside 576..65535"},
    {"device = { mtu = 99999999999999999999999999999999999999; };",
	"device.mtu: 99999999999999999999999999999999999999 is outside"},
    {"device = { mtu = 0xFFFFFFFFFF; };",
	"device.mtu: 0xFFFFFFFFFF is outside 576..65535"},
    {"device = { mtu = 575; };", "device.mtu: 575 is outside 576..65535"},
    {"device = { mtu = 65536; };", "device.mtu: 65536 is outside"},
    {"device = { mtu = -1; };", "device.mtu: -1 is outside 576..65535"},
    {"device = { mtu = -4294965876; };", "device.mtu: -4294965876 is outside"},
    {"device = { mtu = 01420; };",
	"x:1:18: error: device.mtu: 01420 begins with 0"},
    {"fwmark = 00;", "x:1:10: error: fwmark: 00 begins with 0"},
    {"fwmark = +010;", "fwmark: +010 begins with 0"},
    {"fwmark = -0;", "fwmark: -0 begins with 0"},
    {"fwmark = 0x100000000;", "fwmark: 0x100000000 is outside 0..4294967295"},
    {"busy_poll = 1001;", "x:1:13: error: busy_poll: 1001 is outside 0..1000"},
    {"busy_poll = -1;", "busy_poll: -1 is outside 0..1000"},
    {"busy_poll = true;",
	"busy_poll: this is true or false, but must be a number"},
    {"device = { mss_clamp = 535; };",
	"device.mss_clamp: 535 is outside 536..65535"},
    {"device = { txqueuelen = 0; };",
	"device.txqueuelen: 0 is outside 1..1000"},
    {"listen = { udp_gso = \"on\"; };", "listen.udp_gso: "},
    {"listen = { udp_gro = \"on\"; };", "listen.udp_gro: "},
    {"device = { offload = \"on\"; };", "device.offload: "},
    {"device = { txqueuelen = 1001; };", "device.txqueuelen: 1001 is outside"},
    {"listen = { port = 65536; };", "listen.port: 65536 is outside 0..65535"},
    {"routes = 0;", "routes: 0 is outside 1..4294967295"},
    {"routes = \"0\";", "routes: \"0\" is neither \"auto\" nor \"none\""},
    {"routes = \"010\";", "routes: \"010\" is neither"},
    {"routes = \"4294967296\";", "routes: \"4294967296\" is neither"},
    {"routes = \"main\";", "x:1:10: error: routes: \"main\" is neither"},
    /* "auto", 1 or 2 */
    {"workers = 3;",
	"x:1:11: error: workers: 3 is neither \"auto\", 1 nor 2\n"},
    {"workers = 3;", "hint: workers = \"auto\"; takes a second"},
    {"workers = 0;", "workers: 0 is neither \"auto\", 1 nor 2"},
    {"workers = -1;", "workers: -1 is neither \"auto\", 1 nor 2"},
    {"workers = 4294967298;", "workers: 4294967298 is neither"}, /* wraps */
    {"workers = 18446744073709551618;",
	"workers: 18446744073709551618 is neither"},
    {"workers = 02;", "x:1:11: error: workers: 02 begins with 0"},
    {"workers = \"2\";", "workers: \"2\" is neither \"auto\", 1 nor 2"},
    {"workers = \"Auto\";", "workers: \"Auto\" is neither"},
    {"workers = \"\";", "workers: \"\" is neither"},
    {"workers = true;", "x:1:11: error: workers: this is true or false, but "
			"must be a string or a number"},
    {"affinity = \"on\";",
	"affinity: \"on\" is not known; there is \"auto\", \"off\""},
    {"worker = 1;", "hint: did you mean workers?"},
    /* words */
    {"forwarding = \"deamon\";",
	"forwarding: \"deamon\" is not known; there is \"kernel\", "
	"\"daemon\""},
    {"compress = \"LZ4\";", "compress: \"LZ4\" is not known; there is "
			    "\"none\", \"lz4\", \"zstd\""},
    {"compress = \"\";", "compress: \"\" is not known"},
    {"log = { level = \"trace\"; };", "log.level: \"trace\" is not known"},
    {"ciphers = [ ];", "x:1:11: error: ciphers: there is no cipher in it"},
    {"ciphers = [ \"rot13\" ];", "x:1:13: error: ciphers: \"rot13\" is not"},
    {"ciphers = [ \"aes256gcm\", \"aes256gcm\" ];",
	"x:1:26: error: ciphers: \"aes256gcm\" is given twice"},
    /* the device's name */
    {"device = { name = \"\"; };", "device.name: \"\" has not 1 to 15 bytes"},
    {"device = { name = \"sixteen_letters_\"; };",
	"device.name: \"sixteen_letters_\" has not 1 to 15 bytes"},
    {"device = { name = \"../x\"; };", "device.name: \"../x\" has a character"},
    {"device = { name = \"vpn%d\"; };", "device.name: \"vpn%d\" has a char"},
    {"device = { name = \"a b\"; };", "device.name: \"a b\" has a character"},
    {"device = { name = \"lo\"; };", "device.name: \"lo\" is taken"},
    {"device = { name = \".\"; };", "device.name: \".\" is taken"},
    {"device = { name = \"..\"; };", "device.name: \"..\" is taken"},
    {"device = { name = \"all\"; };", "device.name: \"all\" is taken"},
    /* addresses */
    {"device = { addresses = [ \"10.0.0.256\" ]; };",
	"device.addresses: \"10.0.0.256\" is no address"},
    {"device = { addresses = [ \"10.0.0.1/33\" ]; };",
	"device.addresses: \"10.0.0.1/33\" is no address"},
    {"device = { addresses = [ \"010.0.0.1/8\" ]; };",
	"device.addresses: \"010.0.0.1/8\" is no address"},
    {"device = { addresses = [ \"0.0.0.0/8\" ]; };",
	"device.addresses: \"0.0.0.0/8\" can not be an address"},
    {"device = { addresses = [ \"224.0.0.1/8\" ]; };",
	"device.addresses: \"224.0.0.1/8\" can not be an address"},
    {"device = { addresses = [ \"::1/128\" ]; };",
	"device.addresses: \"::1/128\" can not be an address"},
    {"device = { addresses = [ \"ff02::1/64\" ]; };",
	"device.addresses: \"ff02::1/64\" can not be an address"},
    {"device = { addresses = [ \"10.0.0.1/8\",\n\"10.0.0.1/24\" ]; };",
	"x:2:1: error: device.addresses: 10.0.0.1 is given twice, first in "
	"line 1"},
    {"device = { mtu = 1279; addresses = [ \"fd77::1/64\" ]; };",
	"x:1:18: error: device.mtu: 1279 is too small for IPv6, which needs "
	"1280"},
    {"device = { mtu = 1279; };" PEER("allowed_ips = [ \"::/0\" ];"),
	"x:1:18: error: device.mtu: 1279 is too small for IPv6"},
    {"listen = { address = \"localhost\"; };",
	"listen.address: \"localhost\" is no address of a host"},
    {"listen = { address = \"ff02::1\"; };", "listen.address: \"ff02::1\" is"},
    {"listen = { address = \"255.255.255.255\"; };", "listen.address: \"255"},
    /* peers */
    {"peers = ( { } );", "x:1:11: error: peers[0].name: it is missing"},
    {"peers = ( { } );", "x:1:11: error: peers[0].public_key: it is missing"},
    {"peers = ( { name = \"a b\"; } );",
	"x:1:20: error: peers[0].name: \"a b\" has other characters"},
    {"peers = ( { name = \"\"; } );", "peers[0].name: \"\" has not 1 to 63"},
    {"peers = ( { name = \"-c\"; } );", "peers[0].name: \"-c\" begins with"},
    {"peers = ( { name = \"..\"; } );", "peers[0].name: \"..\" begins with"},
    {"peers = ( { name = \"a/b\"; } );", "peers[0].name: \"a/b\" has other"},
    {"peers = ( { name = \"a\"; public_key = \"abc\"; } );",
	"x:1:38: error: peers.a.public_key: this is no public key"},
    {"peers = ( { name = \"a\"; public_key = "
     "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"; } );",
	"x:1:38: error: peers.a.public_key: this is no public key"},
    {"peers = (\n{ name = \"a\"; public_key = \"" KEY_A
     "\"; },\n{ name = \"a\"; public_key = \"" KEY_B "\"; } );",
	"x:3:10: error: peers.a.name: a is given twice, first in line 2"},
    {"peers = (\n{ name = \"a\"; public_key = \"" KEY_A
     "\"; },\n{ name = \"b\"; public_key = \"" KEY_A "\"; } );",
	"x:3:28: error: peers.b.public_key: " KEY_A
	" is given twice, first in line 2 as peers.a.public_key"},
    {"peers = (\n{ name = \"a\"; public_key = \"" KEY_A
     "\"; allowed_ips = [ \"10.0.0.0/8\" ] },\n{ name = \"b\"; public_key = "
     "\"" KEY_B "\";\nallowed_ips = [ \"10.0.0.0/9\", \"10.1.2.3/8\" ]; } );",
	"x:4:31: error: peers.b.allowed_ips: 10.0.0.0/8 is given twice, first "
	"in line 2 as peers.a.allowed_ips"},
    {PEER("allowed_ips = [ \"10.0.0.1/-1\" ];"),
	"x:2:17: error: peers.b.allowed_ips: \"10.0.0.1/-1\" is no address"},
    {TWO_PEERS("", "extension = \"off\"; compress = \"lz4\";"),
	"x:3:125: error: peers.b.compress: \"lz4\" is impossible with "
	"extension = \"off\""},
    {PEER("preshared_key_file = \"branch.psk\";"),
	"x:2:22: error: peers.b.preshared_key_file: \"branch.psk\" is no "
	"absolute path"},
    /* times */
    {PEER("keepalive = \"25\";"), "keepalive: \"25\" is no time between"},
    {PEER("keepalive = \"\";"), "keepalive: \"\" is no time between"},
    {PEER("keepalive = \"s\";"), "keepalive: \"s\" is no time between"},
    {PEER("keepalive = \"-1s\";"), "keepalive: \"-1s\" is no time between"},
    {PEER("keepalive = \"1.5s\";"), "keepalive: \"1.5s\" is no time"},
    {PEER("keepalive = \"025s\";"), "keepalive: \"025s\" is no time"},
    {PEER("keepalive = \"65536s\";"), "keepalive: \"65536s\" is no time"},
    {PEER("keepalive = \"1093m\";"), "keepalive: \"1093m\" is no time"},
    {PEER("keepalive = \"4294967297s\";"), "keepalive: \"4294967297s\" is no"},
    {PEER("keepalive = \"2d\";"), "keepalive: \"2d\" is no time between"},
    {PEER("keepalive = \"2 m\";"), "keepalive: \"2 m\" is no time between"},
    /* endpoints */
    {PEER("endpoint = \"a\";"), "endpoint: \"a\" is no endpoint: it is not"},
    {PEER("endpoint = \"a:0\";"), "its port is not between 1 and 65535"},
    {PEER("endpoint = \"a:65536\";"), "its port is not between 1 and 65535"},
    {PEER("endpoint = \"a:080\";"), "its port is not between 1 and 65535"},
    {PEER("endpoint = \"a:\";"), "its port is not between 1 and 65535"},
    {PEER("endpoint = \"a:http\";"), "its port is not between 1 and 65535"},
    {PEER("endpoint = \":80\";"), "its host is no name or address"},
    {PEER("endpoint = \"a b:80\";"), "its host is no name or address"},
    {PEER("endpoint = \"a..b:80\";"), "its host is no name or address"},
    {PEER("endpoint = \"-a:80\";"), "its host is no name or address"},
    {PEER("endpoint = \"1.2.3:80\";"), "its host is no name or address"},
    {PEER("endpoint = \"1.2.3.256:80\";"), "its host is no name or address"},
    {PEER("endpoint = \"fd00::1:80\";"), "an IPv6 address stands in brackets"},
    {PEER("endpoint = \"[fd00::1\";"), "it is not HOST:PORT"},
    {PEER("endpoint = \"[fd00::1]80\";"), "it is not HOST:PORT"},
    {PEER("endpoint = \"[1.2.3.4]:80\";"), "there is no IPv6 address between"},
    {PEER("endpoint = \"[]:80\";"), "there is no IPv6 address between"},
    {PEER("endpoint = \"[ff02::1]:80\";"), "its address is not that of one"},
    {PEER("endpoint = \"0.0.0.0:80\";"), "its address is not that of one"},
    {"listen = { address = \"10.0.0.1\"; };\n" PEER(
	 "endpoint = \"[fd00::1]:80\";"),
	"x:3:12: error: peers.b.endpoint: it can not be reached from "
	"listen.address 10.0.0.1"},
    {"listen = { address = \"fd00::2\"; };\n" PEER(
	 "endpoint = \"192.0.2.1:80\";"),
	"x:3:12: error: peers.b.endpoint: it can not be reached from "
	"listen.address fd00::2"},
    /* warnings */
    {PEER(""), "x:1:11: warning: peers.b.allowed_ips: it is missing"},
    {PEER("allowed_ips = [ \"10.1.2.3/8\" ];"),
	"x:2:17: warning: peers.b.allowed_ips: \"10.1.2.3/8\" has host bits, "
	"taken as 10.0.0.0/8"},
};

START_TEST(a_bad_value_is_told_with_its_place)
{
	struct outcome outcome = outcome_with_key(samples[_i].text);

	ck_assert_msg(strstr(outcome.messages, samples[_i].message) != NULL,
	    "%s\ngave\n%s", samples[_i].text, outcome.messages);
	ck_assert_int_eq(outcome.config != NULL,
	    strstr(samples[_i].message, "warning: ") != NULL);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(all_errors_are_told_in_one_run_in_their_order)
{
	struct outcome outcome = outcome_of("zzz = 1;\n"
					    "fwmark = 1.5;\n"
					    "device = { mtu = 5; };\n");
	const char *first = strstr(outcome.messages, "x:1:1: error: priv");
	const char *second = strstr(outcome.messages, "x:1:1: error: zzz");
	const char *third = strstr(outcome.messages, "x:2:10: error: ");
	const char *last = strstr(outcome.messages, "x:3:18: error: ");

	ck_assert_ptr_null(outcome.config);
	ck_assert(first && second && third && last);
	ck_assert(first < third && second < third && third < last);
	outcome_clear(&outcome);
}
END_TEST

#define ALL                                                                    \
	"device = { type = \"tun\"; name = \"vpn0\"; mtu = 0x500;\n"           \
	"  addresses = [ \"10.77.0.1/24\", \"fd77::1/64\" ]; "                 \
	"mss_clamp = 1000; txqueuelen = 100; offload = \"off\"; };\n"          \
	"listen = { port = 51820; address = \"fd00::2\"; "                     \
	"udp_gso = \"off\"; udp_gro = \"off\"; };\n"                           \
	"private_key_file = \"/etc/vpnd/keys/site.key\";\n"                    \
	"routes = \"77\"; fwmark = 0xffffffff; workers = 2; "                  \
	"affinity = \"off\"; forwarding = \"kernel\";\n"                       \
	"peers = (\n"                                                          \
	" { name = \"a\"; public_key = \"" KEY_A "\";\n"                       \
	"   endpoint = \"a.example.net:51820\"; allowed_ips = "                \
	"[ \"10.77.0.2/32\", \"::/0\" ];\n"                                    \
	"   keepalive = \"2m\"; preshared_key_file = \"/psk\"; },\n"           \
	" { name = \"b\"; public_key = \"" KEY_B "\"; allowed_ips = [ ];\n"    \
	"   endpoint = \"[fd00::1]:65535\"; keepalive = \"off\";\n"            \
	"   extension = \"off\"; } );\n"                                       \
	"compress = \"zstd\"; ciphers = [ \"chacha20poly1305\" ];\n"           \
	"log = { level = \"debug\"; }; busy_poll = 1000;\n"

START_TEST(all_settings_arrive_in_the_configuration)
{
	struct outcome outcome = outcome_of(ALL);
	struct config *config = outcome.config;

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_str_eq(config->name, "site");
	ck_assert_str_eq(config->file, "/x/site.conf");
	ck_assert_str_eq(config->device, "vpn0");
	ck_assert_uint_eq(config->addresses_count, 2);
	ck_assert_uint_eq(config->addresses[0].address.bytes[3], 1);
	ck_assert_uint_eq(config->mtu, 1280);
	ck_assert_uint_eq(config->mss_clamp, 1000);
	ck_assert_uint_eq(config->txqueuelen, 100);
	ck_assert_uint_eq(config->listen_port, 51820);
	ck_assert_uint_eq(config->listen_address.bytes[15], 2);
	ck_assert_int_eq(config->udp_gso, CONFIG_OFFLOAD_OFF);
	ck_assert_int_eq(config->udp_gro, CONFIG_OFFLOAD_OFF);
	ck_assert_int_eq(config->offload, CONFIG_OFFLOAD_OFF);
	ck_assert_str_eq(config->private_key_file, "/etc/vpnd/keys/site.key");
	ck_assert_uint_eq(config->private_key_place.line, 4);
	ck_assert_uint_eq(config->private_key_place.column, 20);
	ck_assert_uint_eq(config->routes, CONFIG_ROUTES_TABLE);
	ck_assert_uint_eq(config->routes_table, 77);
	ck_assert_uint_eq(config->fwmark, UINT32_MAX);
	ck_assert_uint_eq(config->workers, 2);
	ck_assert_int_eq(config->affinity, CONFIG_OFFLOAD_OFF);
	ck_assert_uint_eq(config->compress, CONFIG_COMPRESS_ZSTD);
	ck_assert_uint_eq(config->ciphers_count, 1);
	ck_assert_uint_eq(config->ciphers[0], CONFIG_CIPHER_CHACHA20POLY1305);
	ck_assert(config->has_cipher_order);
	ck_assert_uint_eq(config->busy_poll_us, 1000);
	ck_assert_uint_eq(config->log_level, LOG_LEVEL_DEBUG);
	ck_assert_uint_eq(config->peers_count, 2);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(all_settings_of_a_peer_arrive)
{
	struct outcome outcome = outcome_of(ALL);
	struct config_peer *a = &outcome.config->peers[0];
	struct config_peer *b = &outcome.config->peers[1];

	ck_assert_str_eq(a->name, "a");
	ck_assert_str_eq(a->endpoint_host, "a.example.net");
	ck_assert_uint_eq(a->endpoint_port, 51820);
	ck_assert_uint_eq(a->allowed_ips_count, 2);
	ck_assert_uint_eq(a->keepalive_s, 120);
	ck_assert_str_eq(a->preshared_key_file, "/psk");
	ck_assert_uint_eq(a->preshared_key_place.line, 9);
	ck_assert_uint_eq(a->public_key_place.line, 7);
	ck_assert_uint_eq(a->place.line, 7);
	ck_assert_uint_eq(a->extension, CONFIG_EXTENSION_AUTO);
	ck_assert_uint_eq(a->compress, CONFIG_COMPRESS_ZSTD);
	ck_assert_str_eq(b->endpoint_host, "fd00::1");
	ck_assert_uint_eq(b->endpoint_port, 65535);
	ck_assert_uint_eq(b->keepalive_s, 0);
	ck_assert_uint_eq(b->extension, CONFIG_EXTENSION_OFF);
	ck_assert_uint_eq(b->compress, CONFIG_COMPRESS_NONE);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(the_device_takes_the_name_of_the_tunnel)
{
	struct outcome outcome = outcome_of("private_key_file = \"/k\";");

	ck_assert_str_eq(outcome.config->device, "site");
	ck_assert_uint_eq(outcome.config->routes, CONFIG_ROUTES_AUTO);
	ck_assert_uint_eq(outcome.config->listen_port, 0);
	outcome_clear(&outcome);
}
END_TEST

static const struct {
	const char *text;
	uint32_t workers;
} workers[] = {
    {"", CONFIG_WORKERS_AUTO},
    {"workers = \"auto\";", CONFIG_WORKERS_AUTO},
    {"workers = 1;", 1},
    {"workers = 2;", 2},
    {"workers = 0x2;", 2},
};

START_TEST(workers_are_a_number_or_left_to_vpnd)
{
	struct outcome outcome = outcome_with_key(workers[_i].text);

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_uint_eq(outcome.config->workers, workers[_i].workers);
	outcome_clear(&outcome);
}
END_TEST

static const struct {
	const char *path, *name; /* NULL: refused */
} paths[] = {
    {"/etc/vpnd/site.conf", "site"},
    {"site.conf", "site"},
    {"site", "site"},
    {"/x/site.conf.conf", "site.conf"},
    {"/x/", NULL},
    {"/x/.conf", NULL},
    {"/x/a b.conf", NULL},
    {"/x/-n.conf", NULL},
    {"/x/0123456789012345678901234567890123456789012345678901234567890123.conf",
	NULL},
};

START_TEST(a_tunnel_has_the_name_of_its_file)
{
	struct conf_messages messages = {0};
	char room[CONFIG_NAME_BYTES];

	ck_assert_pstr_eq(
	    conf_tunnel_name(&messages, paths[_i].path, room), paths[_i].name);
	ck_assert_uint_eq(messages.errors, !paths[_i].name);
	conf_messages_clear(&messages);
}
END_TEST

START_TEST(a_path_with_control_characters_is_refused)
{
	struct conf_messages messages = {0};
	struct conf_source source = {.text = "private_key_file = \"/k\";",
	    .name = "site",
	    .path = "/a\nb"};

	ck_assert_ptr_null(conf_parse(&messages, &source));
	ck_assert_uint_eq(messages.errors, 1);
	conf_messages_clear(&messages);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("conf_values");
	TCase *tcase = tcase_create("values");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_bad_value_is_told_with_its_place, 0,
	    (int)ARRAY_SIZE(samples));
	tcase_add_test(tcase, all_errors_are_told_in_one_run_in_their_order);
	tcase_add_test(tcase, all_settings_arrive_in_the_configuration);
	tcase_add_test(tcase, all_settings_of_a_peer_arrive);
	tcase_add_test(tcase, the_device_takes_the_name_of_the_tunnel);
	tcase_add_loop_test(tcase, workers_are_a_number_or_left_to_vpnd, 0,
	    (int)ARRAY_SIZE(workers));
	tcase_add_loop_test(tcase, a_tunnel_has_the_name_of_its_file, 0,
	    (int)ARRAY_SIZE(paths));
	tcase_add_test(tcase, a_path_with_control_characters_is_refused);
	return suite;
}
