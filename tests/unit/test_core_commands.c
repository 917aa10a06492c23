/* SPDX-License-Identifier: ISC */
/* "peer add" and "peer remove", and who may use which verb. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "unit.h"

#define ARGUMENTS 20

static struct pair pair;
static struct core_answer answer;
static char key[KEY_TEXT_BYTES]; /* of a host that is no peer yet */

static void start(void)
{
	uint8_t private_key[CONFIG_KEY_BYTES], public_key[CONFIG_KEY_BYTES];

	pair_start_both(&pair);
	randombytes_buf(private_key, sizeof(private_key));
	crypto_scalarmult_base(public_key, private_key);
	key_format(public_key, key);
}

/* "KEY" stands for `key`, "RIGHT" and "OWN" for those of the ends. */
static const char *stand_in(const char *argument)
{
	static char text[KEY_TEXT_BYTES];

	if (strcmp(argument, "KEY") == 0)
		return key;
	if (strcmp(argument, "RIGHT") == 0)
		return key_format(pair.ends[1].public_key, text);
	if (strcmp(argument, "OWN") == 0)
		return key_format(pair.ends[0].public_key, text);
	return argument;
}

static char *add(const char *const *arguments, const uint8_t *preshared_key)
{
	struct control_request request = {.verb = "peer add"};
	struct reply reply;
	size_t *count = &request.arguments_count;

	for (; arguments[*count]; ++*count)
		request.arguments[*count] = stand_in(arguments[*count]);
	reply_init(&reply);
	core_command(pair.ends[0].core, &request, CONTROL_RIGHTS_ALL,
	    preshared_key, &pair.moment, &reply, &answer);
	return reply.text ? reply.text : calloc(1, 1);
}

static const struct refusal {
	const char *arguments[ARGUMENTS];
	const char *message; /* a part of it */
} refusals[] = {
    {{"new"}, "public-key is missing"},
    {{"new", "endpoint", "192.0.2.3:1"}, "public-key is missing"},
    {{"right", "public-key", "KEY"}, "there is a peer \"right\" already"},
    {{"", "public-key", "KEY"}, "name: it "},
    {{"-x", "public-key", "KEY"}, "name: it "},
    {{"two words", "public-key", "KEY"}, "name: it "},
    {{"new\n", "public-key", "KEY"}, "name: it "},
    {{"a234567890123456789012345678901234567890123456789012345678901234",
	 "public-key", "KEY"},
	"name: it "},
    {{"new", "public-key", "RIGHT"}, "peer \"right\" has it already"},
    {{"new", "public-key", "OWN"}, "this host's own"},
    {{"new", "public-key", "abc"}, "not a key"},
    {{"new", "public-key", ""}, "not a key"},
    {{"new", "public-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
	"no host can have this key"},
    {{"new", "public-key"}, "public-key has no value"},
    {{"new", "public-key", "KEY", "public-key", "KEY"},
	"public-key is there twice"},
    {{"new", "pubic-key", "KEY"}, "did you mean \"public-key\"?"},
    {{"new", "xyzzy", "KEY"}, "unknown word \"xyzzy\""},
    {{"new", "public-key", "KEY", "endpoint", "192.0.2.3"}, "endpoint:"},
    {{"new", "public-key", "KEY", "endpoint", "192.0.2.3:0"},
	"endpoint: its port is not between 1 and 65535"},
    {{"new", "public-key", "KEY", "endpoint", "192.0.2.3:65536"}, "endpoint:"},
    {{"new", "public-key", "KEY", "endpoint", "192.0.2.3:+1"}, "endpoint:"},
    {{"new", "public-key", "KEY", "endpoint", "192.0.2.300:1"}, "endpoint:"},
    {{"new", "public-key", "KEY", "endpoint", "fd00::1:1"},
	"endpoint: an IPv6 address stands in brackets"},
    {{"new", "public-key", "KEY", "endpoint", "[fd00::1]"}, "endpoint:"},
    {{"new", "public-key", "KEY", "endpoint", "[host]:1"},
	"endpoint: there is no IPv6 address between the brackets"},
    {{"new", "public-key", "KEY", "endpoint", "224.0.0.1:1"},
	"endpoint: its address is not that of one host"},
    {{"new", "public-key", "KEY", "endpoint", "[ff02::1]:1"},
	"endpoint: its address is not that of one host"},
    {{"new", "public-key", "KEY", "endpoint", "0.0.0.0:1"},
	"endpoint: its address is not that of one host"},
    {{"new", "public-key", "KEY", "endpoint", "-a.net:1"},
	"endpoint: its host is no name or address"},
    {{"new", "public-key", "KEY", "endpoint", "a..net:1"},
	"endpoint: its host is no name or address"},
    {{"new", "public-key", "KEY", "endpoint", "a.1:1"},
	"endpoint: its host is no name or address"},
    {{"new", "public-key", "KEY", "endpoint",
	 "a23456789012345678901234567890123456789012345678901234567890123x"
	 ".net:1"},
	"endpoint: its host is no name or address"},
    {{"new", "public-key", "KEY", "endpoint", ":1"}, "endpoint:"},
    {{"new", "public-key", "KEY", "endpoint", "host:"}, "endpoint:"},
    {{"new", "public-key", "KEY", "endpoint", "ho st:1"}, "endpoint:"},
    {{"new", "public-key", "KEY", "endpoint", "h\x01:1"}, "endpoint:"},
    {{"new", "public-key", "KEY", "allowed-ips", "10.0.0.2/33"},
	"is not a prefix"},
    {{"new", "public-key", "KEY", "allowed-ips", ""}, "is not a prefix"},
    {{"new", "public-key", "KEY", "allowed-ips", "10.1.0.0/16,"},
	"is not a prefix"},
    {{"new", "public-key", "KEY", "allowed-ips",
	 "10.1.0.0/16                                           "},
	"is not a prefix"},
    {{"new", "public-key", "KEY", "allowed-ips", "10.0.0.2/32"},
	"peer \"right\" has 10.0.0.2/32 already"},
    {{"new", "public-key", "KEY", "allowed-ips", "10.1.0.0/16,10.1.2.3/16"},
	"is there twice"},
    {{"new", "public-key", "KEY", "keepalive", "25"}, "keepalive:"},
    {{"new", "public-key", "KEY", "keepalive", "s"}, "keepalive:"},
    {{"new", "public-key", "KEY", "keepalive", "-1s"}, "keepalive:"},
    {{"new", "public-key", "KEY", "keepalive", "65536s"}, "keepalive:"},
    {{"new", "public-key", "KEY", "keepalive", "19h"}, "keepalive:"},
    {{"new", "public-key", "KEY", "rate", "100"}, "rate:"},
    {{"new", "public-key", "KEY", "rate", "0mbit"}, "rate:"},
    {{"new", "public-key", "KEY", "rate", "1001gbit"}, "rate:"},
    {{"new", "public-key", "KEY", "compress", "gzip"}, "compress:"},
    {{"new", "public-key", "KEY", "extension", "maybe"}, "extension:"},
    {{"new", "public-key", "KEY", "extension", "off", "compress", "lz4"},
	"compress: a peer with extension = \"off\""},
    {{"new", "public-key", "KEY", "preshared-key-file", "/etc/psk"},
	"preshared-key-file: it was not read"},
    {{"new", "public-key", "KEY", "preshared-key-file", ""},
	"preshared-key-file: not a file's name"},
};

START_TEST(peer_add_refuses_what_the_file_may_not_have)
{
	const struct refusal *refusal = &refusals[_i];
	const struct config *config;

	start();
	free(add(refusal->arguments, NULL));
	ck_assert_int_eq(answer.exit, CONTROL_USAGE);
	ck_assert_msg(strstr(answer.message, refusal->message),
	    "\"%s\" is not in \"%s\"", refusal->message, answer.message);
	config = core_config(pair.ends[0].core);
	ck_assert_uint_eq(config->peers_count, 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(peer_add_takes_all_settings)
{
	static const char *const arguments[] = {"new", "public-key", "KEY",
	    "endpoint", "[2001:db8::9]:4500", "allowed-ips",
	    "10.9.1.2/16,fd00:9::/32", "keepalive", "2m", "preshared-key-file",
	    "/etc/vpnd/keys/new.psk", "compress", "zstd", "extension",
	    "required", "rate", "2mbit", NULL};
	const uint8_t preshared_key[CONFIG_KEY_BYTES] = {7};
	const struct config_peer *peer;
	char *reply, *all;

	start();
	reply = add(arguments, preshared_key);
	ck_assert_str_eq(answer.message, "");
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	ck_assert_str_eq(pair_value(reply, "schema"), "vpnd.peer/1");
	ck_assert_str_eq(pair_value(reply, "action"), "added");
	ck_assert_str_eq(pair_value(reply, "peer"), "new");
	ck_assert_uint_eq(core_config(pair.ends[0].core)->peers_count, 2);
	peer = &core_config(pair.ends[0].core)->peers[1];
	ck_assert_str_eq(peer->endpoint_host, "2001:db8::9");
	ck_assert_uint_eq(peer->endpoint_port, 4500);
	ck_assert_uint_eq(peer->allowed_ips_count, 2);
	ck_assert_uint_eq(peer->allowed_ips[0].address.bytes[2], 0);
	ck_assert_uint_eq(peer->keepalive_s, 120);
	ck_assert_uint_eq(peer->rate_kbit, 2000);
	ck_assert_int_eq(peer->compress, CONFIG_COMPRESS_ZSTD);
	ck_assert_int_eq(peer->extension, CONFIG_EXTENSION_REQUIRED);
	ck_assert_str_eq(peer->preshared_key_file, "/etc/vpnd/keys/new.psk");
	all = pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "status", "new",
	    (const char *)NULL);
	ck_assert_str_eq(pair_value(all, "origin"), "runtime");
	ck_assert_str_eq(pair_value(all, "preshared_key"), "true");
	ck_assert_str_eq(pair_value(all, "rate_kbit"), "2000");
	ck_assert_str_eq(pair_value(all, "state"), "handshaking");
	free(all);
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(peer_add_takes_a_host_name_and_asks_for_it)
{
	static const char *const arguments[] = {"new", "public-key", "KEY",
	    "endpoint", "new.example.net.:7", "keepalive", "off", NULL};
	struct core_event event;

	start();
	free(add(arguments, NULL));
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	ck_assert(pair_event(&pair, 0, CORE_PEERS_CHANGED, &event));
	ck_assert(pair_event(&pair, 0, CORE_RESOLVE, &event));
	ck_assert_str_eq(event.host, "new.example.net.");
	ck_assert_uint_eq(event.port, 7);
	pair_clear(&pair);
}
END_TEST

START_TEST(peer_add_without_extension_does_not_inherit_compression)
{
	static const char *const arguments[] = {
	    "new", "public-key", "KEY", "extension", "off", NULL};
	struct config *config;

	pair_init(&pair);
	config = pair_config(&pair, 0);
	config->compress = CONFIG_COMPRESS_LZ4;
	pair_start(&pair, 0, config);
	key_format((const uint8_t[CONFIG_KEY_BYTES]){9}, key);
	free(add(arguments, NULL));
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	ck_assert_int_eq(core_config(pair.ends[0].core)->peers[1].compress,
	    CONFIG_COMPRESS_NONE);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_peer_added_on_both_sides_gets_a_session)
{
	const char *arguments[] = {"right", "public-key", "RIGHT", "endpoint",
	    "192.0.2.2:51820", "allowed-ips", "10.0.0.2/32", NULL};

	start();
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	free(add(arguments, NULL));
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	pair_pass(&pair, NS_PER_S);
	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	ck_assert_uint_eq(pair.ends[1].delivered, 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(peer_remove_says_whether_the_file_has_it)
{
	static const char *const arguments[] = {
	    "new", "public-key", "KEY", NULL};
	char *reply;

	start();
	free(add(arguments, NULL));
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", (const char *)NULL);
	ck_assert_str_eq(pair_value(reply, "in_file"), "true");
	free(reply);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "new", (const char *)NULL);
	ck_assert_str_eq(pair_value(reply, "in_file"), "false");
	free(reply);
	ck_assert_uint_eq(core_config(pair.ends[0].core)->peers_count, 0);
	pair_clear(&pair);
}
END_TEST

static uint32_t id_of(size_t idx)
{
	struct core *core = pair.ends[0].core;

	return tunnel_peer_id(tunnel_peer_find(
	    core_tunnel(core), core_config(core)->peers[idx].public_key));
}

START_TEST(peers_have_dense_numbers_that_are_given_again)
{
	static const char *const arguments[] = {
	    "new", "public-key", "KEY", NULL};

	start();
	ck_assert_uint_eq(id_of(0), 1);
	free(add(arguments, NULL));
	ck_assert_uint_eq(id_of(1), 2);
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", (const char *)NULL));
	ck_assert_uint_eq(id_of(0), 2);
	key_format((const uint8_t[CONFIG_KEY_BYTES]){8}, key);
	free(add(
	    (const char *const[]){"third", "public-key", "KEY", NULL}, NULL));
	ck_assert_uint_eq(id_of(1), 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_removed_peer_is_told_and_owns_nothing)
{
	struct core_event event;

	start();
	pair_connect(&pair);
	while (core_take_event(pair.ends[1].core, &event))
		;
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", (const char *)NULL));
	pair_carry(&pair);
	ck_assert(pair_event(&pair, 1, CORE_STATUS_CHANGED, &event));
	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	ck_assert_uint_eq(pair.ends[1].delivered, 0);
	pair_clear(&pair);
}
END_TEST

START_TEST(peers_behind_a_removed_one_keep_their_sessions)
{
	struct config *config;
	struct config_peer first;

	pair_init(&pair);
	config = pair_config(&pair, 0);
	(void)pair_add_peer(config, "first", "10.0.0.3/32");
	first = config->peers[1];
	config->peers[1] = config->peers[0];
	config->peers[0] = first;
	pair_start(&pair, 0, config);
	pair_start(&pair, 1, pair_config(&pair, 1));
	pair_connect(&pair);
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "first", (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	ck_assert_uint_eq(pair.ends[1].delivered, 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(readers_may_not_change_peers)
{
	start();
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "peer remove",
	    "right", (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_NOT_PERMITTED);
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "peer add", "x",
	    "public-key", key, (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_NOT_PERMITTED);
	ck_assert_uint_eq(core_config(pair.ends[0].core)->peers_count, 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(verbs_refuse_a_wrong_number_of_arguments)
{
	start();
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "drops", "x", "y",
	    (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_USAGE);
	ck_assert_str_eq(
	    answer.message, "\"drops\" takes fewer arguments than that");
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    (const char *)NULL));
	ck_assert_str_eq(
	    answer.message, "\"peer remove\" takes more arguments than that");
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "nobody", (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "dance",
	    (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_USAGE);
	ck_assert_str_eq(answer.message, "unknown verb \"dance\"");
	pair_clear(&pair);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_commands");
	TCase *tcase = tcase_create("commands");

	tcase_add_loop_test(tcase, peer_add_refuses_what_the_file_may_not_have,
	    0, ARRAY_SIZE(refusals));
	tcase_add_test(tcase, peer_add_takes_all_settings);
	tcase_add_test(tcase, peer_add_takes_a_host_name_and_asks_for_it);
	tcase_add_test(
	    tcase, peer_add_without_extension_does_not_inherit_compression);
	tcase_add_test(tcase, a_peer_added_on_both_sides_gets_a_session);
	tcase_add_test(tcase, peer_remove_says_whether_the_file_has_it);
	tcase_add_test(tcase, peers_have_dense_numbers_that_are_given_again);
	tcase_add_test(tcase, a_removed_peer_is_told_and_owns_nothing);
	tcase_add_test(tcase, peers_behind_a_removed_one_keep_their_sessions);
	tcase_add_test(tcase, readers_may_not_change_peers);
	tcase_add_test(tcase, verbs_refuse_a_wrong_number_of_arguments);
	suite_add_tcase(suite, tcase);
	return suite;
}
