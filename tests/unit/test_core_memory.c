/* SPDX-License-Identifier: ISC */
/*
 * Each allocation fails once: what was asked for then either works or leaves
 * all as it was. The linker puts the functions below before the heap's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_conf.h"
#include "lan.h"
#include "path/run.h"
#include "unit.h"

#define ERROR_BYTES 512
#define ROUNDS_MAX  2000 /* more allocations than any of the acts makes */

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *at, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *at, size_t len);

static struct lan lan;
static char error[ERROR_BYTES];
static size_t until_failure; /* 0: none fails */

static bool fails_now(void)
{
	return until_failure > 0 && --until_failure == 0;
}

void *__wrap_malloc(size_t len)
{
	return fails_now() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
	return fails_now() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *at, size_t len)
{
	return fails_now() ? NULL : __real_realloc(at, len);
}

static struct core *left(void)
{
	return lan.pair.ends[0].core;
}

/* With a socket that has all that is allocated. */
static void add_socket(struct config *config)
{
	struct config_socket *socket = config_add_socket(config);

	socket->port = 7;
	socket->from.text = strdup("right");
	ck_assert_int_eq(config_ends_add_peer(&socket->from, 0), 0);
}

static struct config *tun_config(void)
{
	struct config *config = pair_config(&lan.pair, 0);

	add_socket(config);
	return config;
}

/* The first peer is named by a rule. */
static struct config *with_filter(struct config *config)
{
	struct config_rule *rule =
	    filter_rule(config, "r", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT);

	filter_end(&rule->from, 0);
	filter_prefix(&rule->to, "10.0.0.0/8");
	rule->ethertype = 0x0800;
	config->filter.flows_max = config->filter.flows_per_peer = 16;
	return config;
}

static struct config *filter_config(void)
{
	return with_filter(tun_config());
}

static struct config *tap_config(void)
{
	struct config *config = lan_config(&lan, 0);

	lan_add_mac(&config->peers[0], 1);
	lan_add_mac(&config->peers[1], 2);
	return config;
}

static void make_or_leave_nothing(struct config *make_config(void))
{
	struct core_setup setup = {.memory = &memory_heap, .version = "1"};
	struct core *core = NULL;
	bool has_failed = true;

	setup.pool = lan.pair.ends[0].pool;
	for (size_t i = 1; has_failed; i++) {
		int err;

		ck_assert_uint_lt(i, ROUNDS_MAX);
		setup.config = make_config();
		setup.keys = pair_keys(&lan.pair, 0, setup.config->peers_count);
		until_failure = i;
		err = core_new(
		    &core, &setup, &lan.pair.moment, error, sizeof(error));
		has_failed = until_failure == 0;
		until_failure = 0;
		if (!err)
			core_free(core);
		else
			ck_assert_ptr_nonnull(strstr(error, "error: "));
		ck_assert(has_failed || !err);
	}
}

START_TEST(a_core_is_made_or_nothing_is_left)
{
	lan_init(&lan);
	make_or_leave_nothing(tun_config);
	make_or_leave_nothing(tap_config);
	make_or_leave_nothing(filter_config);
	lan_clear(&lan);
}
END_TEST

/* A prefix moves, an address changes, a peer comes. */
static struct config *next_config(void)
{
	struct config *next = pair_config(&lan.pair, 0);
	struct prefix address;

	ck_assert_int_eq(prefix_parse(&address, "10.0.0.1/24"), 0);
	add_socket(next);
	(void)pair_add_peer(next, "new", "10.8.0.0/16");
	(void)pair_add_peer(next, "newer", "10.7.0.0/16");
	ck_assert_int_eq(config_add_prefix(&next->addresses,
			     &next->addresses_count, &address),
	    0);
	/* What pair_send sends is too short to belong to a flow. */
	next->filter.is_stateful = false;
	return with_filter(next);
}

static int reload(struct config *next, size_t fail_at)
{
	struct core_keys *keys = pair_keys(&lan.pair, 0, next->peers_count);
	struct plan plan;
	int err;

	until_failure = fail_at;
	err = core_plan(left(), next, keys, &plan);
	if (err) {
		ck_assert_uint_eq(plan.count, 0);
		core_keys_free(&memory_heap, keys);
		config_free(next);
		return err;
	}
	err = core_apply(
	    left(), &plan, next, keys, &lan.pair.moment, error, sizeof(error));
	plan_clear(&plan);
	return err;
}

START_TEST(a_reload_happens_or_changes_nothing)
{
	struct config *config;
	int err = -ENOMEM;

	pair_init(&lan.pair);
	config = pair_config(&lan.pair, 0);
	pair_allow(&config->peers[0], "10.7.0.0/16");
	pair_start(&lan.pair, 0, config);
	pair_start(&lan.pair, 1, pair_config(&lan.pair, 1));
	pair_connect(&lan.pair);
	for (size_t i = 1; err; i++) {
		ck_assert_uint_lt(i, ROUNDS_MAX);
		err = reload(next_config(), i);
		until_failure = 0;
		if (err)
			ck_assert_int_eq(err, -ENOMEM);
		ck_assert_uint_eq(
		    core_config(left())->peers_count, err ? 1 : 3);
		ck_assert_str_eq(pair_owner_of(&lan.pair, 0, "10.7.0.1"),
		    err ? "right" : "newer");
		ck_assert_str_eq(pair_owner_of(&lan.pair, 0, "10.8.0.1"),
		    err ? "nobody" : "new");
		ck_assert(pair_has_session(&lan.pair));
	}
	pair_clear(&lan.pair);
}
END_TEST

/* The two exchange their addresses, one more comes with a third, and the
 * table becomes smaller; the device gets an address. */
static struct config *next_tap_config(void)
{
	struct config *next = lan_config(&lan, 0);
	struct prefix address;

	lan_add_mac(&next->peers[0], 2);
	lan_add_mac(&next->peers[1], 1);
	lan_add_mac(pair_add_peer(next, "new", NULL), 3);
	next->l2.macs_max = 100;
	ck_assert_int_eq(prefix_parse(&address, "10.0.0.1/24"), 0);
	ck_assert_int_eq(config_add_prefix(&next->addresses,
			     &next->addresses_count, &address),
	    0);
	return next;
}

/* The peer of a static address in the table. */
static void assert_port_of(const char *mac, const char *peer)
{
	struct core_answer answer;
	char line[128], *reply;

	snprintf(line, sizeof(line), "s\tmac\t%s\nu\tvlan\t0\ns\tpeer\t%s\n",
	    mac, peer);
	reply = pair_ask(&lan.pair, 0, CONTROL_RIGHTS_ALL, &answer, "fdb",
	    (const char *)NULL);
	ck_assert_msg(strstr(reply, line) != NULL, "%s is not %s's in\n%s", mac,
	    peer, reply);
	free(reply);
}

START_TEST(a_reload_of_a_switch_happens_or_changes_nothing)
{
	int err = -ENOMEM;

	lan_init(&lan);
	lan_start_left(&lan, tap_config());
	for (size_t i = 1; err; i++) {
		ck_assert_uint_lt(i, ROUNDS_MAX);
		err = reload(next_tap_config(), i);
		until_failure = 0;
		if (err)
			ck_assert_int_eq(err, -ENOMEM);
		ck_assert_uint_eq(
		    core_config(left())->peers_count, err ? 2 : 3);
		ck_assert_uint_eq(
		    core_path(left())->addresses_count, err ? 0 : 1);
		assert_port_of("02:00:00:00:00:01", err ? "right" : "third");
		assert_port_of("02:00:00:00:00:02", err ? "third" : "right");
		ck_assert_str_eq(lan.lines, "");
	}
	assert_port_of("02:00:00:00:00:03", "new");
	lan_clear(&lan);
}
END_TEST

START_TEST(a_peer_is_added_or_nothing_changes)
{
	struct core_answer answer = {.exit = CONTROL_FAILED};
	char key[KEY_TEXT_BYTES];
	uint8_t public_key[CONFIG_KEY_BYTES] = {9};

	pair_start_both(&lan.pair);
	pair_connect(&lan.pair);
	key_format(public_key, key);
	for (size_t i = 1; answer.exit != CONTROL_OK; i++) {
		char *reply;

		ck_assert_uint_lt(i, ROUNDS_MAX);
		until_failure = i;
		reply = pair_ask(&lan.pair, 0, CONTROL_RIGHTS_ALL, &answer,
		    "peer add", "new", "public-key", key, "allowed-ips",
		    "10.8.0.0/16,10.7.0.0/16", (const char *)NULL);
		until_failure = 0;
		free(reply);
		if (answer.exit != CONTROL_OK)
			ck_assert_str_eq(answer.message, "out of memory");
		/* the answer itself may fail, when it is done */
		if (core_config(left())->peers_count == 2)
			break;
		ck_assert(pair_has_session(&lan.pair));
	}
	ck_assert_uint_eq(core_config(left())->peers_count, 2);
	ck_assert(pair_has_session(&lan.pair));
	pair_clear(&lan.pair);
}
END_TEST

START_TEST(status_is_whole_or_says_that_it_failed)
{
	struct core_answer answer = {.exit = CONTROL_FAILED};

	pair_start_both(&lan.pair);
	for (size_t i = 1; answer.exit != CONTROL_OK; i++) {
		ck_assert_uint_lt(i, ROUNDS_MAX);
		until_failure = i;
		free(pair_ask(&lan.pair, 0, CONTROL_RIGHTS_ALL, &answer,
		    "status", (const char *)NULL));
		until_failure = 0;
		if (answer.exit != CONTROL_OK)
			ck_assert_str_eq(answer.message, "out of memory");
	}
	pair_clear(&lan.pair);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_memory");
	TCase *tcase = tcase_create("memory");

	tcase_add_test(tcase, a_core_is_made_or_nothing_is_left);
	tcase_add_test(tcase, a_reload_happens_or_changes_nothing);
	tcase_add_test(tcase, a_reload_of_a_switch_happens_or_changes_nothing);
	tcase_add_test(tcase, a_peer_is_added_or_nothing_changes);
	tcase_add_test(tcase, status_is_whole_or_says_that_it_failed);
	suite_add_tcase(suite, tcase);
	return suite;
}
