/* SPDX-License-Identifier: ISC */
/* What status tells: a peer that is up, and each reason why one is not. */
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "unit.h"

static struct pair pair;
static struct core_answer answer;

static char *status(const char *peer)
{
	char *reply = pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "status",
	    peer, (const char *)NULL);

	ck_assert_str_eq(answer.message, "");
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	return reply;
}

static void assert_value(
    const char *reply, const char *name, const char *expected)
{
	ck_assert_str_eq(pair_value(reply, name), expected);
}

static void assert_state(const char *state, const char *reason)
{
	char *reply = status("right");

	assert_value(reply, "state", state);
	assert_value(reply, "up", strcmp(state, "up") ? "false" : "true");
	assert_value(reply, "reason", reason);
	free(reply);
}

START_TEST(status_shows_a_peer_that_is_up)
{
	char *reply;

	pair_start_both(&pair);
	pair_connect(&pair);
	reply = status("right");
	assert_value(reply, "schema", "vpnd.status/1");
	assert_value(reply, "state", "up");
	assert_value(reply, "reason", "");
	assert_value(reply, "endpoint", "192.0.2.2:51820");
	assert_value(reply, "mode", "vpnd");
	assert_value(reply, "origin", "file");
	assert_value(reply, "compressor", "none");
	assert_value(reply, "latest_handshake_s", "1700000000");
	assert_value(reply, "handshake_age_s", "1");
	assert_value(reply, "preshared_key", "false");
	ck_assert_ptr_nonnull(strstr(reply, "\t10.0.0.2/32\n"));
	ck_assert_ptr_nonnull(strstr(reply, "\techo\n"));
	ck_assert_str_ne(pair_value(reply, "cipher_send"), "");
	assert_value(reply, "backend", "libcrypto");
	ck_assert_int_gt(atoi(pair_value(reply, "rx_packets")), 0);
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(status_shows_the_tunnel_and_its_host)
{
	struct core_host host = {.device = "vpn7",
	    .is_device_up = true,
	    .mtu = 1400,
	    .port = 4500,
	    .workers = 2,
	    .lock_waits = 5000000000,
	    .cpu_out = 3,
	    .cpu_in = 0,
	    .started = {900 * NS_PER_S},
	    .last_reload = "nothing changed"};
	char *reply, line[64];

	pair_start_both(&pair);
	pair_connect(&pair);
	core_set_host(pair.ends[0].core, &host);
	reply = status(NULL);
	assert_value(reply, "name", "left");
	assert_value(reply, "version", "1.2.3");
	assert_value(reply, "device", "vpn7");
	assert_value(reply, "device_up", "true");
	assert_value(reply, "mtu", "1400");
	assert_value(reply, "port", "4500");
	assert_value(reply, "workers", "2");
	assert_value(reply, "lock_waits", "5000000000");
	assert_value(reply, "cpu_out", "3");
	assert_value(reply, "cpu_in", "0");
	assert_value(reply, "uptime_s", "101");
	assert_value(reply, "peers_up", "1");
	assert_value(reply, "last_reload", "nothing changed");
	assert_value(reply, "last_reload_failed", "false");
	free(reply);
	core_status_line(pair.ends[0].core, &pair.moment, line, sizeof(line));
	ck_assert_str_eq(line, "1/1 peers up");
	host.last_reload_failed = true;
	core_set_host(pair.ends[0].core, &host);
	core_status_line(pair.ends[0].core, &pair.moment, line, sizeof(line));
	ck_assert_str_eq(line, "1/1 peers up; the last reload failed");
	pair_clear(&pair);
}
END_TEST

START_TEST(status_says_nothing_of_threads_that_it_does_not_know)
{
	struct core_host host = {.device = "vpn7", .lock_waits = 5};
	char *reply;

	pair_start_both(&pair);
	core_set_host(pair.ends[0].core, &host);
	reply = status(NULL);
	assert_value(reply, "device", "vpn7");
	ck_assert_ptr_null(strstr(reply, "workers"));
	ck_assert_ptr_null(strstr(reply, "lock_waits"));
	free(reply);
	pair_clear(&pair);
}
END_TEST

/* As two threads, each where the kernel likes; and as one that was placed
 * before. */
static const struct core_host unplaced[] = {
    {.device = "vpn7", .workers = 2, .cpu_out = -1, .cpu_in = -1},
    {.device = "vpn7", .workers = 2, .cpu_out = 0, .cpu_in = -1},
    {.device = "vpn7", .workers = 2, .cpu_out = -1, .cpu_in = 0},
    {.device = "vpn7", .workers = 1, .cpu_out = 0, .cpu_in = 1},
};

START_TEST(status_names_cpus_only_when_both_threads_stay_there)
{
	char *reply;

	pair_start_both(&pair);
	core_set_host(pair.ends[0].core, &unplaced[_i]);
	reply = status(NULL);
	ck_assert_ptr_nonnull(strstr(reply, "workers"));
	ck_assert_ptr_null(strstr(reply, "cpu_"));
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(status_hides_endpoints_and_keys_from_readers)
{
	char key[KEY_TEXT_BYTES], *reply;

	pair_start_both(&pair);
	pair_connect(&pair);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "status",
	    (const char *)NULL);
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	assert_value(reply, "endpoint", "");
	assert_value(reply, "endpoint_hidden", "true");
	key_format(pair.ends[1].public_key, key);
	ck_assert_ptr_null(strstr(reply, key));
	ck_assert_ptr_null(strstr(reply, "192.0.2.2"));
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(status_hides_an_unresolved_name_from_readers)
{
	struct config *config;
	char *reply;

	pair_init(&pair);
	config = pair_config(&pair, 0);
	ck_assert_int_eq(config_set_text(&config->peers[0].endpoint_host,
			     "branch.example.net"),
	    0);
	pair_start(&pair, 0, config);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "status",
	    (const char *)NULL);
	assert_value(reply, "reason", "endpoint name is not resolved");
	ck_assert_ptr_null(strstr(reply, "branch.example.net"));
	free(reply);
	assert_state(
	    "down", "endpoint name branch.example.net is not resolved");
	core_resolved(pair.ends[0].core, "right", NULL, 0, &pair.moment);
	assert_state("down",
	    "endpoint name branch.example.net is not resolved: the name "
	    "servers gave no address");
	pair_clear(&pair);
}
END_TEST

START_TEST(status_names_a_peer_without_endpoint)
{
	struct config *config;

	pair_init(&pair);
	config = pair_config(&pair, 0);
	ck_assert_int_eq(
	    config_set_text(&config->peers[0].endpoint_host, ""), 0);
	config->peers[0].endpoint_port = 0;
	pair_start(&pair, 0, config);
	assert_state("down", "no endpoint is known");
	pair_clear(&pair);
}
END_TEST

START_TEST(status_names_a_peer_that_was_never_tried)
{
	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	assert_state("idle",
	    "there was no session yet; the next packet begins a handshake");
	pair_clear(&pair);
}
END_TEST

START_TEST(status_counts_attempts_without_answer)
{
	char *reply;

	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	core_connect(pair.ends[0].core, &pair.moment);
	pair_pass(&pair, 12 * NS_PER_S);
	reply = status("right");
	assert_value(reply, "state", "handshaking");
	ck_assert_ptr_nonnull(strstr(reply, "no answer, "));
	ck_assert_ptr_nonnull(strstr(reply, " attempts, next in "));
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(status_says_for_how_long_a_peer_was_not_heard)
{
	char *reply;

	pair_start_both(&pair);
	pair_connect(&pair);
	pair_pass(&pair, 600 * NS_PER_S);
	pair.ends[1].is_deaf = true;
	core_connect(pair.ends[0].core, &pair.moment);
	pair_pass(&pair, 10 * NS_PER_S);
	reply = status("right");
	assert_value(reply, "state", "handshaking");
	ck_assert_ptr_nonnull(strstr(reply, "no answer for 6"));
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(status_names_a_peer_that_was_given_up)
{
	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	core_connect(pair.ends[0].core, &pair.moment);
	pair_pass(&pair, 120 * NS_PER_S);
	assert_state(
	    "down", "no answer, given up; the next packet begins a handshake");
	pair_clear(&pair);
}
END_TEST

START_TEST(status_names_a_session_that_the_peer_closed)
{
	struct core_event event;

	pair_start_both(&pair);
	pair_connect(&pair);
	ck_assert(pair_event(&pair, 0, CORE_STATUS_CHANGED, &event));
	while (core_take_event(pair.ends[0].core, &event))
		;
	core_close(pair.ends[1].core, &pair.moment);
	pair_carry(&pair);
	assert_state("down", "the peer closed the session");
	ck_assert(pair_event(&pair, 0, CORE_STATUS_CHANGED, &event));
	ck_assert_str_eq(event.peer, "right");
	pair_clear(&pair);
}
END_TEST

START_TEST(status_names_a_session_that_ended_without_traffic)
{
	pair_start_both(&pair);
	pair_connect(&pair);
	pair_pass(&pair, 700 * NS_PER_S);
	assert_state("idle",
	    "the session ended without traffic; the next packet begins a "
	    "handshake");
	pair_clear(&pair);
}
END_TEST

START_TEST(status_names_a_plain_peer_where_the_extension_is_required)
{
	struct config *left, *right;

	pair_init(&pair);
	left = pair_config(&pair, 0);
	right = pair_config(&pair, 1);
	left->peers[0].extension = CONFIG_EXTENSION_REQUIRED;
	right->peers[0].extension = CONFIG_EXTENSION_OFF;
	pair_start(&pair, 0, left);
	pair_start(&pair, 1, right);
	pair_connect(&pair);
	pair_pass(&pair, 60 * NS_PER_S);
	assert_state("refused",
	    "extension = \"required\", but the peer is plain WireGuard");
	pair_clear(&pair);
}
END_TEST

START_TEST(status_of_one_peer_leaves_the_others_out)
{
	struct config *config;
	char *reply;

	pair_init(&pair);
	config = pair_config(&pair, 0);
	(void)pair_add_peer(config, "third", "10.0.0.3/32");
	pair_start(&pair, 0, config);
	reply = status("third");
	ck_assert_ptr_null(strstr(reply, "\tright\n"));
	ck_assert_ptr_nonnull(strstr(reply, "\tthird\n"));
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(status_of_an_unknown_peer_names_the_nearest)
{
	char *reply;

	pair_start_both(&pair);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "status",
	    "rihgt", (const char *)NULL);
	ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
	ck_assert_str_eq(answer.message,
	    "there is no peer \"rihgt\"; did you mean \"right\"?");
	free(reply);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "status",
	    "zzz", (const char *)NULL);
	ck_assert_str_eq(answer.message, "there is no peer \"zzz\"");
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(snmp_counts_what_came_and_went)
{
	char *reply;

	pair_start_both(&pair);
	pair_connect(&pair);
	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	reply = pair_ask(
	    &pair, 1, CONTROL_RIGHTS_READ, &answer, "snmp", (const char *)NULL);
	assert_value(reply, "schema", "vpnd.snmp/1");
	ck_assert_ptr_nonnull(strstr(reply, "s\tname\tInReceives\n"));
	ck_assert_ptr_null(
	    strstr(reply, "s\tgroup\tIp\ns\tname\tInReceives\nu\tvalue\t0\n"));
	free(reply);
	reply = pair_ask(
	    &pair, 0, CONTROL_RIGHTS_READ, &answer, "snmp", (const char *)NULL);
	ck_assert_ptr_nonnull(strstr(reply, "s\tname\tOutRequests\n"));
	ck_assert_ptr_null(
	    strstr(reply, "s\tgroup\tIp\ns\tname\tOutRequests\nu\tvalue\t0\n"));
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(drops_name_direction_stage_and_reason)
{
	char *reply;

	pair_start_both(&pair);
	pair_send(&pair, 0, "203.0.113.9");
	reply = pair_ask(
	    &pair, 0, CONTROL_RIGHTS_ALL, &answer, "drops", (const char *)NULL);
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	assert_value(reply, "schema", "vpnd.drops/1");
	assert_value(reply, "direction", "out");
	assert_value(reply, "stage", "route");
	assert_value(reply, "reason", "IP_OUTNOROUTES");
	assert_value(reply, "packets", "1");
	assert_value(reply, "tx_dropped", "1");
	ck_assert_str_ne(pair_value(reply, "example"), "");
	free(reply);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "drops",
	    (const char *)NULL);
	assert_value(reply, "example", "");
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(version_names_the_daemon)
{
	char *reply;

	pair_start_both(&pair);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "version",
	    (const char *)NULL);
	assert_value(reply, "schema", "vpnd.version/1");
	assert_value(reply, "version", "1.2.3");
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(traffic_passes_and_is_counted)
{
	char *reply;

	pair_start_both(&pair);
	pair_connect(&pair);
	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	ck_assert_uint_eq(pair.ends[1].delivered, 1);
	reply = status(NULL);
	ck_assert_int_gt(atoi(pair_value(reply, "tx_bytes")), 0);
	free(reply);
	pair_clear(&pair);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_status");
	TCase *tcase = tcase_create("status");

	tcase_add_test(tcase, status_shows_a_peer_that_is_up);
	tcase_add_test(tcase, status_shows_the_tunnel_and_its_host);
	tcase_add_test(
	    tcase, status_says_nothing_of_threads_that_it_does_not_know);
	tcase_add_loop_test(tcase,
	    status_names_cpus_only_when_both_threads_stay_there, 0,
	    (int)ARRAY_SIZE(unplaced));
	tcase_add_test(tcase, status_hides_endpoints_and_keys_from_readers);
	tcase_add_test(tcase, status_hides_an_unresolved_name_from_readers);
	tcase_add_test(tcase, status_names_a_peer_without_endpoint);
	tcase_add_test(tcase, status_names_a_peer_that_was_never_tried);
	tcase_add_test(tcase, status_counts_attempts_without_answer);
	tcase_add_test(tcase, status_says_for_how_long_a_peer_was_not_heard);
	tcase_add_test(tcase, status_names_a_peer_that_was_given_up);
	tcase_add_test(tcase, status_names_a_session_that_the_peer_closed);
	tcase_add_test(
	    tcase, status_names_a_session_that_ended_without_traffic);
	tcase_add_test(
	    tcase, status_names_a_plain_peer_where_the_extension_is_required);
	tcase_add_test(tcase, status_of_one_peer_leaves_the_others_out);
	tcase_add_test(tcase, status_of_an_unknown_peer_names_the_nearest);
	tcase_add_test(tcase, snmp_counts_what_came_and_went);
	tcase_add_test(tcase, drops_name_direction_stage_and_reason);
	tcase_add_test(tcase, version_names_the_daemon);
	tcase_add_test(tcase, traffic_passes_and_is_counted);
	suite_add_tcase(suite, tcase);
	return suite;
}
