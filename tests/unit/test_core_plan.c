/* SPDX-License-Identifier: ISC */
/* Reload: what differs, in which order, and all of it or nothing. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "unit.h"

#define ERROR_BYTES 512

static struct pair pair;
static struct plan plan;
static char error[ERROR_BYTES];

static struct core *left(void)
{
	return pair.ends[0].core;
}

static void make_plan(const struct config *next, const struct core_keys *keys)
{
	ck_assert_int_eq(core_plan(left(), next, keys, &plan), 0);
}

static const struct plan_step *find_step(
    enum plan_kind kind, const char *setting)
{
	for (size_t i = 0; i < plan.count; i++)
		if (plan.steps[i].kind == kind &&
		    strcmp(plan.steps[i].setting, setting) == 0)
			return &plan.steps[i];
	return NULL;
}

/* Consumes next and keys (NULL: the same private key, no others). */
static int reload(struct config *next, struct core_keys *keys)
{
	int err;

	if (!keys)
		keys = pair_keys(&pair, 0, next->peers_count);
	make_plan(next, keys);
	*error = '\0';
	err = core_apply(
	    left(), &plan, next, keys, &pair.moment, error, sizeof(error));
	plan_clear(&plan);
	return err;
}

static void assert_refused(struct config *next, const char *message)
{
	ck_assert_int_eq(reload(next, NULL), -EINVAL);
	ck_assert_msg(
	    strstr(error, message), "\"%s\" is not in \"%s\"", message, error);
}

static const char *owner_of(const char *address)
{
	return pair_owner_of(&pair, 0, address);
}

/* ---- what differs ---- */

START_TEST(the_same_configuration_needs_no_step)
{
	struct config *next;
	struct core_keys *keys;

	pair_start_both(&pair);
	next = pair_config(&pair, 0);
	keys = pair_keys(&pair, 0, 1);
	make_plan(next, keys);
	ck_assert_uint_eq(plan.count, 0);
	core_keys_free(&memory_heap, keys);
	config_free(next);
	pair_connect(&pair);
	ck_assert_int_eq(reload(pair_config(&pair, 0), NULL), 0);
	ck_assert(pair_has_session(&pair));
	pair_clear(&pair);
}
END_TEST

static void set_name(struct config *config)
{
	strcpy(config->name, "other");
}
static void set_device(struct config *config)
{
	strcpy(config->device, "vpn1");
}
static void set_mtu(struct config *config)
{
	config->mtu = 1300;
}
static void set_mss_clamp(struct config *config)
{
	config->mss_clamp = 7;
}

static void set_txqueuelen(struct config *config)
{
	config->txqueuelen = 7;
}
static void set_port(struct config *config)
{
	config->listen_port = 7;
}
static void set_udp_gso(struct config *config)
{
	config->udp_gso = CONFIG_OFFLOAD_OFF;
}
static void set_udp_gro(struct config *config)
{
	config->udp_gro = CONFIG_OFFLOAD_OFF;
}
static void set_offload(struct config *config)
{
	config->offload = CONFIG_OFFLOAD_OFF;
}
static void set_address(struct config *config)
{
	config->listen_address.bytes[15] = 1;
}
static void set_routes(struct config *config)
{
	config->routes = CONFIG_ROUTES_NONE;
}
static void set_table(struct config *config)
{
	config->routes = CONFIG_ROUTES_TABLE;
	config->routes_table = 5;
}
static void set_fwmark(struct config *config)
{
	config->fwmark = 5;
}
static void set_workers(struct config *config)
{
	config->workers = 2;
}
static void set_log_level(struct config *config)
{
	config->log_level = LOG_LEVEL_DEBUG;
}
static void set_compress(struct config *config)
{
	config->compress = CONFIG_COMPRESS_ZSTD;
}
static void set_cipher_order(struct config *config)
{
	config->has_cipher_order = !config->has_cipher_order;
}
static void set_ciphers(struct config *config)
{
	config->ciphers[0] = CONFIG_CIPHER_CHACHA20POLY1305;
	config->ciphers[1] = CONFIG_CIPHER_AES256GCM;
}
static void set_affinity(struct config *config)
{
	config->affinity = CONFIG_OFFLOAD_OFF;
}
static void set_busy_poll(struct config *config)
{
	config->busy_poll_us = 50;
}
static void set_peer_name(struct config *config)
{
	strcpy(config->peers[0].name, "wrong");
}
static void set_endpoint(struct config *config)
{
	config->peers[0].endpoint_port = 9;
}
static void set_allowed_ips(struct config *config)
{
	config->peers[0].allowed_ips[0].bits = 31;
}
static void set_more_allowed_ips(struct config *config)
{
	pair_allow(&config->peers[0], "10.3.0.0/16");
}
static void set_keepalive(struct config *config)
{
	config->peers[0].keepalive_s = 9;
}
static void set_extension(struct config *config)
{
	config->peers[0].extension = CONFIG_EXTENSION_OFF;
}
static void set_peer_compress(struct config *config)
{
	config->peers[0].compress = CONFIG_COMPRESS_LZ4;
}

static const struct difference {
	void (*set)(struct config *config);
	enum plan_kind kind;
	const char *setting;
} differences[] = {
    {set_name, PLAN_RESTART, "name"},
    {set_device, PLAN_RESTART, "device.name"},
    {set_mtu, PLAN_RESTART, "device.mtu"},
    {set_mss_clamp, PLAN_SETTING, "device.mss_clamp"},
    {set_txqueuelen, PLAN_RESTART, "device.txqueuelen"},
    {set_port, PLAN_RESTART, "listen.port"},
    {set_address, PLAN_RESTART, "listen.address"},
    {set_udp_gso, PLAN_RESTART, "listen.udp_gso"},
    {set_udp_gro, PLAN_RESTART, "listen.udp_gro"},
    {set_offload, PLAN_RESTART, "device.offload"},
    {set_routes, PLAN_RESTART, "routes"},
    {set_table, PLAN_RESTART, "routes"},
    {set_fwmark, PLAN_RESTART, "fwmark"},
    {set_workers, PLAN_RESTART, "workers"},
    {set_log_level, PLAN_LOG_LEVEL, "log.level"},
    {set_affinity, PLAN_SETTING, "affinity"},
    {set_compress, PLAN_SETTING, "compress"},
    {set_cipher_order, PLAN_SETTING, "ciphers"},
    {set_ciphers, PLAN_SETTING, "ciphers"},
    {set_busy_poll, PLAN_SETTING, "busy_poll"},
    {set_peer_name, PLAN_PEER_CHANGE, "name"},
    {set_endpoint, PLAN_PEER_CHANGE, "endpoint"},
    {set_allowed_ips, PLAN_PEER_CHANGE, "allowed_ips"},
    {set_more_allowed_ips, PLAN_PEER_CHANGE, "allowed_ips"},
    {set_keepalive, PLAN_PEER_CHANGE, "keepalive"},
    {set_extension, PLAN_PEER_CHANGE, "extension"},
    {set_peer_compress, PLAN_PEER_CHANGE, "compress"},
};

START_TEST(each_setting_that_differs_is_one_step)
{
	const struct difference *difference = &differences[_i];
	struct config *next;
	struct core_keys *keys;
	struct reply reply;

	pair_start_both(&pair);
	next = pair_config(&pair, 0);
	difference->set(next);
	keys = pair_keys(&pair, 0, 1);
	make_plan(next, keys);
	ck_assert_uint_eq(plan.count, 1);
	ck_assert_ptr_nonnull(find_step(difference->kind, difference->setting));
	ck_assert_uint_eq(plan.restart_count, difference->kind == PLAN_RESTART);
	reply_init(&reply);
	core_plan_reply(left(), &plan, &reply);
	ck_assert_str_eq(pair_value(reply.text, "schema"), "vpnd.reload/1");
	ck_assert_str_eq(
	    pair_value(reply.text, "setting"), difference->setting);
	ck_assert_ptr_nonnull(
	    strstr(pair_value(reply.text, "text"), difference->setting));
	ck_assert_str_eq(pair_value(reply.text, "refused"),
	    plan.restart_count ? "true" : "false");
	reply_clear(&reply);
	if (plan.restart_count) {
		core_keys_free(&memory_heap, keys);
		config_free(next);
	} else {
		ck_assert_int_eq(core_apply(left(), &plan, next, keys,
				     &pair.moment, error, sizeof(error)),
		    0);
	}
	plan_clear(&plan);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_table_number_counts_only_when_it_is_used)
{
	struct config *next;

	pair_start_both(&pair);
	next = pair_config(&pair, 0);
	next->routes_table = 77;
	ck_assert_int_eq(reload(next, NULL), 0);
	pair_clear(&pair);
}
END_TEST

START_TEST(addresses_come_and_go_by_their_text)
{
	struct prefix old, new;
	struct config *config;
	struct core_keys *keys;
	const struct plan_step *step;
	struct reply reply;

	ck_assert_int_eq(prefix_parse(&old, "10.0.0.1/24"), 0);
	ck_assert_int_eq(prefix_parse(&new, "fd00::1/64"), 0);
	pair_init(&pair);
	config = pair_config(&pair, 0);
	ck_assert_int_eq(config_add_prefix(&config->addresses,
			     &config->addresses_count, &old),
	    0);
	pair_start(&pair, 0, config);
	config = pair_config(&pair, 0);
	ck_assert_int_eq(config_add_prefix(&config->addresses,
			     &config->addresses_count, &new),
	    0);
	keys = pair_keys(&pair, 0, 1);
	make_plan(config, keys);
	ck_assert_uint_eq(plan.count, 2);
	step = find_step(PLAN_ADDRESS_REMOVE, "10.0.0.1/24");
	ck_assert_ptr_nonnull(step);
	ck_assert_uint_eq(step->old_idx, 0);
	step = find_step(PLAN_ADDRESS_ADD, "fd00::1/64");
	ck_assert_ptr_nonnull(step);
	ck_assert_uint_eq(step->new_idx, 0);
	reply_init(&reply);
	core_plan_reply(left(), &plan, &reply);
	ck_assert_ptr_nonnull(
	    strstr(reply.text, "address 10.0.0.1/24 removed\n"));
	ck_assert_ptr_nonnull(strstr(reply.text, "address fd00::1/64 added\n"));
	reply_clear(&reply);
	ck_assert_int_eq(core_apply(left(), &plan, config, keys, &pair.moment,
			     error, sizeof(error)),
	    0);
	plan_clear(&plan);
	pair_clear(&pair);
}
END_TEST

START_TEST(steps_come_in_the_order_in_which_they_are_told)
{
	struct config *config, *next;
	struct core_keys *keys;

	pair_init(&pair);
	config = pair_config(&pair, 0);
	(void)pair_add_peer(config, "old", "10.1.0.0/16");
	pair_start(&pair, 0, config);
	next = pair_config(&pair, 0);
	next->mtu = 1300;
	next->log_level = LOG_LEVEL_DEBUG;
	next->peers[0].keepalive_s = 5;
	(void)pair_add_peer(next, "new", "10.1.0.0/16");
	keys = pair_keys(&pair, 0, 2);
	keys->private_key[5] ^= 1;
	make_plan(next, keys);
	ck_assert_uint_eq(plan.count, 6);
	ck_assert_int_eq(plan.steps[0].kind, PLAN_RESTART);
	ck_assert_int_eq(plan.steps[1].kind, PLAN_PRIVATE_KEY);
	ck_assert_int_eq(plan.steps[2].kind, PLAN_PEER_REMOVE);
	ck_assert_str_eq(plan.steps[2].peer, "old");
	ck_assert_int_eq(plan.steps[3].kind, PLAN_PEER_ADD);
	ck_assert_str_eq(plan.steps[3].peer, "new");
	ck_assert_int_eq(plan.steps[4].kind, PLAN_PEER_CHANGE);
	ck_assert_int_eq(plan.steps[5].kind, PLAN_LOG_LEVEL);
	plan_clear(&plan);
	core_keys_free(&memory_heap, keys);
	config_free(next);
	pair_clear(&pair);
}
END_TEST

/* ---- what is done ---- */

START_TEST(a_changed_peer_keeps_its_session)
{
	struct config *next;
	struct core_answer answer;
	char *reply;

	pair_start_both(&pair);
	pair_connect(&pair);
	next = pair_config(&pair, 0);
	set_peer_name(next);
	set_more_allowed_ips(next);
	next->peers[0].keepalive_s = 77;
	ck_assert_int_eq(reload(next, NULL), 0);
	ck_assert(pair_has_session(&pair));
	ck_assert_str_eq(owner_of("10.3.1.1"), "wrong");
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "status",
	    "wrong", (const char *)NULL);
	ck_assert_str_eq(pair_value(reply, "keepalive_s"), "77");
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_session_outlives_the_coming_and_going_of_others)
{
	struct config *config, *next;
	struct core_event event;

	pair_init(&pair);
	config = pair_config(&pair, 0);
	(void)pair_add_peer(config, "old", "10.1.0.0/16");
	pair_start(&pair, 0, config);
	pair_start(&pair, 1, pair_config(&pair, 1));
	pair_connect(&pair);
	while (core_take_event(left(), &event))
		;
	next = pair_config(&pair, 0);
	(void)pair_add_peer(next, "new", "10.2.0.0/16");
	ck_assert_int_eq(reload(next, NULL), 0);
	ck_assert(pair_has_session(&pair));
	ck_assert_str_eq(owner_of("10.1.0.1"), "nobody");
	ck_assert_str_eq(owner_of("10.2.0.1"), "new");
	ck_assert(pair_event(&pair, 0, CORE_PEERS_CHANGED, &event));
	pair_clear(&pair);
}
END_TEST

static const uint8_t third_key[CONFIG_KEY_BYTES] = {9};

static void add_third(
    struct config *config, const char *name, const char *prefix)
{
	struct config_peer *third = pair_add_peer(config, name, prefix);

	memcpy(third->public_key, third_key, sizeof(third_key));
}

/* Left runs with a third host; returns a configuration yet without it. */
static struct config *start_with_third(void)
{
	struct config *config;

	pair_init(&pair);
	config = pair_config(&pair, 0);
	add_third(config, "third", "10.0.0.3/32");
	pair_start(&pair, 0, config);
	return pair_config(&pair, 0);
}

START_TEST(a_prefix_moves_from_one_peer_to_another)
{
	struct config *next = start_with_third();

	add_third(next, "third", "10.0.0.2/32");
	next->peers[0].allowed_ips[0].address.bytes[3] = 3;
	ck_assert_int_eq(reload(next, NULL), 0);
	ck_assert_str_eq(owner_of("10.0.0.2"), "third");
	ck_assert_str_eq(owner_of("10.0.0.3"), "right");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_prefix_moves_from_a_removed_peer_to_a_new_one)
{
	struct config *next;

	pair_start_both(&pair);
	next = config_new();
	strcpy(next->name, "left");
	strcpy(next->device, "vpn0");
	(void)pair_add_peer(next, "new", "10.0.0.2/32");
	ck_assert_int_eq(reload(next, NULL), 0);
	ck_assert_str_eq(owner_of("10.0.0.2"), "new");
	ck_assert_uint_eq(core_config(left())->peers_count, 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(two_peers_swap_their_names)
{
	struct config *next = start_with_third();

	strcpy(next->peers[0].name, "third");
	add_third(next, "right", "10.0.0.3/32");
	ck_assert_int_eq(reload(next, NULL), 0);
	ck_assert_str_eq(owner_of("10.0.0.2"), "third");
	ck_assert_str_eq(owner_of("10.0.0.3"), "right");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_peer_added_at_run_time_goes_when_the_file_has_it_not)
{
	struct core_answer answer;
	struct config *next;
	struct core_keys *keys;
	char key[KEY_TEXT_BYTES];
	uint8_t public_key[CONFIG_KEY_BYTES] = {9};
	struct reply reply;

	pair_start_both(&pair);
	free(
	    pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer add", "guest",
		"public-key", key_format(public_key, key), (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	next = pair_config(&pair, 0);
	keys = pair_keys(&pair, 0, 1);
	make_plan(next, keys);
	ck_assert_uint_eq(plan.count, 1);
	ck_assert_int_eq(plan.steps[0].kind, PLAN_PEER_REMOVE);
	ck_assert(plan.steps[0].is_runtime);
	reply_init(&reply);
	core_plan_reply(left(), &plan, &reply);
	ck_assert_str_eq(pair_value(reply.text, "text"),
	    "peer guest removed: it was added by vpnctl and is not in the "
	    "file");
	reply_clear(&reply);
	ck_assert_int_eq(core_apply(left(), &plan, next, keys, &pair.moment,
			     error, sizeof(error)),
	    0);
	plan_clear(&plan);
	ck_assert_uint_eq(core_config(left())->peers_count, 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_peer_added_at_run_time_stays_when_the_file_has_it)
{
	struct core_answer answer;
	struct config *next;
	struct config_peer *guest;
	char key[KEY_TEXT_BYTES], *reply;
	uint8_t public_key[CONFIG_KEY_BYTES] = {9};

	pair_start_both(&pair);
	free(
	    pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer add", "guest",
		"public-key", key_format(public_key, key), (const char *)NULL));
	next = pair_config(&pair, 0);
	guest = pair_add_peer(next, "guest", NULL);
	memcpy(guest->public_key, public_key, sizeof(public_key));
	ck_assert_int_eq(reload(next, NULL), 0);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "status",
	    "guest", (const char *)NULL);
	ck_assert_str_eq(pair_value(reply, "origin"), "file");
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_new_private_key_begins_sessions_anew)
{
	struct config *next, *other;
	struct core_keys *keys;
	struct core_event event;

	pair_start_both(&pair);
	pair_connect(&pair);
	while (core_take_event(left(), &event))
		;
	keys = pair_keys(&pair, 0, 1);
	keys->private_key[7] ^= 1;
	memcpy(pair.ends[0].private_key, keys->private_key, CONFIG_KEY_BYTES);
	crypto_scalarmult_base(
	    pair.ends[0].public_key, pair.ends[0].private_key);
	next = pair_config(&pair, 0);
	ck_assert_int_eq(reload(next, keys), 0);
	ck_assert_mem_eq(
	    core_public_key(left()), pair.ends[0].public_key, CONFIG_KEY_BYTES);
	ck_assert(pair_event(&pair, 0, CORE_STATUS_CHANGED, &event));
	pair_carry(&pair);
	ck_assert(!pair_has_session(&pair));
	/* until the other side knows it, too */
	other = pair_config(&pair, 1);
	core_free(pair.ends[1].core);
	pair_start(&pair, 1, other);
	pair_pass(&pair, 10 * NS_PER_S);
	ck_assert(pair_has_session(&pair));
	pair_clear(&pair);
}
END_TEST

START_TEST(a_new_preshared_key_begins_the_session_anew)
{
	struct core_keys *keys;

	pair_start_both(&pair);
	pair_connect(&pair);
	keys = pair_keys(&pair, 0, 1);
	keys->preshared[0][0] = 1;
	ck_assert_int_eq(reload(pair_config(&pair, 0), keys), 0);
	ck_assert(!pair_has_session(&pair));
	pair_clear(&pair);
}
END_TEST

START_TEST(a_new_endpoint_is_used_at_once)
{
	struct config *next;

	pair_start_both(&pair);
	pair_connect(&pair);
	pair.ends[1].where.port = 9;
	ck_assert(!pair_has_session(&pair));
	next = pair_config(&pair, 0);
	ck_assert_int_eq(reload(next, NULL), 0);
	ck_assert(pair_has_session(&pair));
	pair_clear(&pair);
}
END_TEST

START_TEST(an_endpoint_that_is_taken_away_outlives_its_session_only)
{
	struct config *next;

	pair_start_both(&pair);
	pair_connect(&pair);
	next = pair_config(&pair, 0);
	ck_assert_int_eq(config_set_text(&next->peers[0].endpoint_host, ""), 0);
	next->peers[0].endpoint_port = 0;
	ck_assert_int_eq(reload(next, NULL), 0);
	ck_assert(pair_has_session(&pair));
	pair_clear(&pair);
	pair_start_both(&pair);
	next = pair_config(&pair, 0);
	ck_assert_int_eq(config_set_text(&next->peers[0].endpoint_host, ""), 0);
	next->peers[0].endpoint_port = 0;
	ck_assert_int_eq(reload(next, NULL), 0);
	ck_assert(!pair_has_session(&pair));
	pair_clear(&pair);
}
END_TEST

/* ---- what is refused ---- */

static void assert_unchanged(void)
{
	ck_assert_uint_eq(core_config(left())->peers_count, 1);
	ck_assert_str_eq(core_config(left())->peers[0].name, "right");
	ck_assert_str_eq(owner_of("10.0.0.2"), "right");
	ck_assert_str_eq(owner_of("10.9.0.1"), "nobody");
	ck_assert(pair_has_session(&pair));
}

START_TEST(a_bad_configuration_changes_nothing)
{
	struct config *next;
	struct config_peer *peer;

	pair_start_both(&pair);
	pair_connect(&pair);

	next = pair_config(&pair, 0);
	peer = pair_add_peer(next, "new", "10.9.0.0/16");
	memcpy(peer->public_key, pair.ends[0].public_key, CONFIG_KEY_BYTES);
	peer->public_key_place = (struct config_place){14, 9};
	assert_refused(next,
	    "/etc/vpnd/site.conf:14:9: error: public_key: peer \"new\" has "
	    "this host's own key");
	assert_unchanged();

	next = pair_config(&pair, 0);
	peer = pair_add_peer(next, "new", "10.9.0.0/16");
	memcpy(peer->public_key, pair.ends[1].public_key, CONFIG_KEY_BYTES);
	assert_refused(next,
	    "/etc/vpnd/site.conf: error: public_key: peer \"new\" has the "
	    "key of peer \"right\"");
	assert_unchanged();

	next = pair_config(&pair, 0);
	(void)pair_add_peer(next, "right", "10.9.0.0/16");
	assert_refused(next, "name: there are two peers \"right\"");
	assert_unchanged();

	next = pair_config(&pair, 0);
	(void)pair_add_peer(next, "new", "10.0.0.2/32");
	assert_refused(next,
	    "10.0.0.2/32 of peer \"new\" is in the list of peer \"right\"");
	assert_unchanged();
	pair_clear(&pair);
}
END_TEST

START_TEST(a_key_that_no_host_can_have_undoes_all_of_it)
{
	struct config *next;
	struct config_peer *peer;

	pair_start_both(&pair);
	pair_connect(&pair);
	next = pair_config(&pair, 0);
	pair_allow(&next->peers[0], "10.9.0.0/16");
	(void)pair_add_peer(next, "good", "10.8.0.0/16");
	peer = pair_add_peer(next, "bad", "10.7.0.0/16");
	memset(peer->public_key, 0, CONFIG_KEY_BYTES);
	assert_refused(next,
	    "public_key: the key of peer \"bad\" is none that a host can "
	    "have");
	assert_unchanged();
	ck_assert_str_eq(owner_of("10.8.0.1"), "nobody");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_private_key_of_zeros_is_refused)
{
	struct core_keys *keys;

	pair_start_both(&pair);
	pair_connect(&pair);
	keys = pair_keys(&pair, 0, 1);
	memset(keys->private_key, 0, CONFIG_KEY_BYTES);
	ck_assert_int_eq(reload(pair_config(&pair, 0), keys), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "holds no key, only zeros"));
	assert_unchanged();
	pair_clear(&pair);
}
END_TEST

START_TEST(our_old_key_as_a_peers_needs_a_restart)
{
	struct config *next;
	struct config_peer *peer;
	struct core_keys *keys;
	struct reply reply;

	pair_start_both(&pair);
	next = pair_config(&pair, 0);
	peer = pair_add_peer(next, "new", "10.9.0.0/16");
	memcpy(peer->public_key, pair.ends[0].public_key, CONFIG_KEY_BYTES);
	keys = pair_keys(&pair, 0, 2);
	keys->private_key[5] ^= 1;
	make_plan(next, keys);
	ck_assert_uint_eq(plan.restart_count, 1);
	ck_assert_int_eq(plan.steps[0].kind, PLAN_RESTART);
	ck_assert_str_eq(plan.steps[0].peer, "new");
	reply_init(&reply);
	core_plan_reply(left(), &plan, &reply);
	ck_assert_ptr_nonnull(
	    strstr(pair_value(reply.text, "text"), "this host's own"));
	reply_clear(&reply);
	plan_clear(&plan);
	core_keys_free(&memory_heap, keys);
	config_free(next);
	pair_clear(&pair);
}
END_TEST

/* Memory for secrets that runs out after `left_over` allocations. */
static size_t left_over;

static void *scarce_alloc(void *context, size_t len)
{
	(void)context;
	return left_over-- > 0 ? memory_alloc(&memory_heap, len) : NULL;
}

static void scarce_release(void *context, void *at, size_t len)
{
	(void)context;
	memory_release(&memory_heap, at, len);
}

static const struct memory scarce = {scarce_alloc, scarce_release, NULL};

static void start_scarce(void)
{
	struct core_setup setup = {
	    .memory = &scarce, .version = "1", .aead_speed = {0}};

	pair_init(&pair);
	pair_start(&pair, 1, pair_config(&pair, 1));
	left_over = SIZE_MAX;
	setup.config = pair_config(&pair, 0);
	setup.keys = pair_keys(&pair, 0, 1);
	setup.pool = pair.ends[0].pool;
	ck_assert_int_eq(core_new(&pair.ends[0].core, &setup, &pair.moment,
			     error, sizeof(error)),
	    0);
	pair_connect(&pair);
}

START_TEST(no_memory_for_a_peer_changes_nothing)
{
	struct config *next;
	struct core_answer answer;
	char key[KEY_TEXT_BYTES];
	uint8_t public_key[CONFIG_KEY_BYTES] = {9};

	start_scarce();
	next = pair_config(&pair, 0);
	pair_allow(&next->peers[0], "10.9.0.0/16");
	(void)pair_add_peer(next, "new", "10.8.0.0/16");
	left_over = 0;
	ck_assert_int_eq(reload(next, NULL), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(error, "error: out of memory"));
	for (size_t i = 0; i < 2; i++) {
		left_over = i;
		free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer add",
		    "new", "public-key", key_format(public_key, key),
		    (const char *)NULL));
		ck_assert_int_eq(answer.exit, CONTROL_FAILED);
		ck_assert_str_eq(answer.message, "out of memory");
	}
	left_over = 0;
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", (const char *)NULL));
	ck_assert_str_eq(answer.message, "out of memory");
	left_over = SIZE_MAX;
	assert_unchanged();
	pair_clear(&pair);
}
END_TEST

START_TEST(a_core_that_can_not_be_made_leaves_nothing)
{
	struct core_setup setup = {.memory = &scarce, .version = "1"};
	struct core *core = NULL;
	int err;

	pair_init(&pair);
	setup.pool = pair.ends[0].pool;
	for (size_t i = 0;; i++) {
		setup.config = pair_config(&pair, 0);
		setup.keys = pair_keys(&pair, 0, 1);
		left_over = i;
		err =
		    core_new(&core, &setup, &pair.moment, error, sizeof(error));
		if (!err)
			break;
		ck_assert_ptr_nonnull(strstr(error, "error: "));
		ck_assert_uint_lt(i, 100);
	}
	left_over = SIZE_MAX;
	core_free(core);
	setup.config = pair_config(&pair, 0);
	setup.keys = pair_keys(&pair, 0, 1);
	memcpy(setup.config->peers[0].public_key, pair.ends[0].public_key,
	    CONFIG_KEY_BYTES);
	err = core_new(&core, &setup, &pair.moment, error, sizeof(error));
	ck_assert_int_eq(err, -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "own key"));
	pair_clear(&pair);
}
END_TEST

/* ---- random plans ---- */

#define RANDOM_PEERS  6
#define RANDOM_ROUNDS 60

static uint8_t random_keys[RANDOM_PEERS][CONFIG_KEY_BYTES];

static void random_prefix(
    struct config *next, size_t owner_of_third[], size_t third)
{
	char text[PREFIX_TEXT_BYTES];
	size_t count = next->peers_count;

	if (!count || rand() % 4 == 0)
		return;
	owner_of_third[third] = (size_t)rand() % count;
	snprintf(text, sizeof(text), "10.5.%zu.0/24", third);
	pair_allow(&next->peers[owner_of_third[third]], text);
}

/* The routes are those of the configuration, whatever was before. */
START_TEST(routes_follow_each_reload)
{
	unsigned seed = getenv("SEED") ? (unsigned)atoi(getenv("SEED")) : 1;

	printf("# SEED=%u\n", seed);
	srand(seed);
	pair_start_both(&pair);
	for (size_t i = 0; i < RANDOM_PEERS; i++)
		random_keys[i][0] = (uint8_t)(9 + i);
	for (size_t round = 0; round < RANDOM_ROUNDS; round++) {
		struct config *next = pair_config(&pair, 0);
		size_t owners[8];
		char name[2] = "a", text[ADDRESS_TEXT_BYTES];

		for (size_t i = 0; i < RANDOM_PEERS; i++, name[0]++) {
			struct config_peer *peer;

			if (rand() % 2)
				continue;
			peer = pair_add_peer(next, name, NULL);
			memcpy(
			    peer->public_key, random_keys[i], CONFIG_KEY_BYTES);
		}
		for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
			owners[i] = SIZE_MAX;
			random_prefix(next, owners, i);
		}
		ck_assert_int_eq(reload(next, NULL), 0);
		for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
			snprintf(text, sizeof(text), "10.5.%zu.7", i);
			ck_assert_str_eq(owner_of(text),
			    owners[i] == SIZE_MAX
				? "nobody"
				: core_config(left())->peers[owners[i]].name);
		}
	}
	pair_clear(&pair);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_plan");
	TCase *tcase = tcase_create("plan");

	tcase_add_test(tcase, the_same_configuration_needs_no_step);
	tcase_add_loop_test(tcase, each_setting_that_differs_is_one_step, 0,
	    ARRAY_SIZE(differences));
	tcase_add_test(tcase, a_table_number_counts_only_when_it_is_used);
	tcase_add_test(tcase, addresses_come_and_go_by_their_text);
	tcase_add_test(tcase, steps_come_in_the_order_in_which_they_are_told);
	tcase_add_test(tcase, a_changed_peer_keeps_its_session);
	tcase_add_test(
	    tcase, a_session_outlives_the_coming_and_going_of_others);
	tcase_add_test(tcase, a_prefix_moves_from_one_peer_to_another);
	tcase_add_test(tcase, a_prefix_moves_from_a_removed_peer_to_a_new_one);
	tcase_add_test(tcase, two_peers_swap_their_names);
	tcase_add_test(
	    tcase, a_peer_added_at_run_time_goes_when_the_file_has_it_not);
	tcase_add_test(
	    tcase, a_peer_added_at_run_time_stays_when_the_file_has_it);
	tcase_add_test(tcase, a_new_private_key_begins_sessions_anew);
	tcase_add_test(tcase, a_new_preshared_key_begins_the_session_anew);
	tcase_add_test(tcase, a_new_endpoint_is_used_at_once);
	tcase_add_test(
	    tcase, an_endpoint_that_is_taken_away_outlives_its_session_only);
	tcase_add_test(tcase, a_bad_configuration_changes_nothing);
	tcase_add_test(tcase, a_key_that_no_host_can_have_undoes_all_of_it);
	tcase_add_test(tcase, a_private_key_of_zeros_is_refused);
	tcase_add_test(tcase, our_old_key_as_a_peers_needs_a_restart);
	tcase_add_test(tcase, no_memory_for_a_peer_changes_nothing);
	tcase_add_test(tcase, a_core_that_can_not_be_made_leaves_nothing);
	tcase_add_test(tcase, routes_follow_each_reload);
	suite_add_tcase(suite, tcase);
	return suite;
}
