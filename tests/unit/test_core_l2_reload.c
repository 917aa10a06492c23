/* SPDX-License-Identifier: ISC */
/* Reload and start of what belongs to a tap tunnel's switch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lan.h"
#include "unit.h"

#define LEFT  (1u << 0)
#define RIGHT (1u << 1)
#define THIRD (1u << 2)

#define ERROR_BYTES 512

static struct lan lan;
static struct plan plan;
static char error[ERROR_BYTES];

static struct core *left(void)
{
	return lan.pair.ends[0].core;
}

static struct core_keys *keys_for(const struct config *config)
{
	return pair_keys(&lan.pair, 0, config->peers_count);
}

/* Consumes next. */
static int reload(struct config *next)
{
	struct core_keys *keys = keys_for(next);
	int err;

	ck_assert_int_eq(core_plan(left(), next, keys, &plan), 0);
	*error = '\0';
	err = core_apply(
	    left(), &plan, next, keys, &lan.pair.moment, error, sizeof(error));
	plan_clear(&plan);
	return err;
}

static struct config *next_config(void)
{
	return lan_config(&lan, 0);
}

static size_t sent(void)
{
	return lan.pair.ends[0].sent;
}

/* A frame to the broadcast address goes to both spokes in one datagram each:
 * no handshake was needed. */
static void assert_sessions_live(void)
{
	size_t before = sent();

	lan_expect(&lan, 0, 0x99, LAN_ALL, RIGHT | THIRD);
	ck_assert_uint_eq(sent(), before + 2);
}

/* ---- plans ---- */

static void set_type(struct config *config)
{
	config->device_type = CONFIG_DEVICE_TUN;
}
static void set_mac(struct config *config)
{
	config->has_mac = true;
	config->mac = lan_mac(0x44);
}
static void set_bridge(struct config *config)
{
	strcpy(config->bridge, "br1");
}
static void set_hub(struct config *config)
{
	config->l2.is_hub = false;
}
static void set_ageing(struct config *config)
{
	config->l2.ageing_s = 30;
}
static void set_macs_max(struct config *config)
{
	config->l2.macs_max = 500;
}
static void set_macs_per_peer(struct config *config)
{
	config->l2.macs_per_peer = 7;
}
static void set_broadcast(struct config *config)
{
	config->l2.storm_broadcast = 7;
}
static void set_multicast(struct config *config)
{
	config->l2.storm_multicast = 7;
}
static void set_unknown_unicast(struct config *config)
{
	config->l2.storm_unknown_unicast = 7;
}
static void set_bpdu(struct config *config)
{
	config->l2.bpdu = CONFIG_CONTROL_PASS;
}
static void set_pause(struct config *config)
{
	config->l2.pause = CONFIG_CONTROL_PASS;
}
static void set_peer_macs(struct config *config)
{
	lan_add_mac(&config->peers[0], 1);
}
static void set_peer_vlans(struct config *config)
{
	struct vlan_set vlans = {{0}};

	vlan_set_add(&vlans, 0);
	ck_assert_int_eq(config_set_vlans(&config->peers[0], &vlans), 0);
}
static void set_peer_router(struct config *config)
{
	config->peers[0].is_router = true;
}
static void set_peer_dhcp_server(struct config *config)
{
	config->peers[0].is_dhcp_server = true;
}

static const struct {
	void (*set)(struct config *config);
	enum plan_kind kind;
	const char *setting;
} changes[] = {
    {set_type, PLAN_RESTART, "device.type"},
    {set_mac, PLAN_RESTART, "device.mac"},
    {set_bridge, PLAN_RESTART, "device.bridge"},
    {set_hub, PLAN_SETTING, "l2.hub"},
    {set_ageing, PLAN_SETTING, "l2.ageing"},
    {set_macs_max, PLAN_SETTING, "l2.max_macs"},
    {set_macs_per_peer, PLAN_SETTING, "l2.max_macs_per_peer"},
    {set_broadcast, PLAN_SETTING, "l2.storm"},
    {set_multicast, PLAN_SETTING, "l2.storm"},
    {set_unknown_unicast, PLAN_SETTING, "l2.storm"},
    {set_bpdu, PLAN_SETTING, "l2.bpdu"},
    {set_pause, PLAN_SETTING, "l2.pause"},
    {set_peer_macs, PLAN_PEER_CHANGE, "macs"},
    {set_peer_vlans, PLAN_PEER_CHANGE, "vlans"},
    {set_peer_router, PLAN_PEER_CHANGE, "router"},
    {set_peer_dhcp_server, PLAN_PEER_CHANGE, "dhcp_server"},
};

START_TEST(each_setting_of_the_switch_is_one_step)
{
	lan_init(&lan);
	lan_start_left(&lan, next_config());
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct config *next = next_config();
		struct core_keys *keys = keys_for(next);

		changes[i].set(next);
		ck_assert_int_eq(core_plan(left(), next, keys, &plan), 0);
		ck_assert_uint_eq(plan.count, 1);
		ck_assert_int_eq(plan.steps[0].kind, changes[i].kind);
		ck_assert_str_eq(plan.steps[0].setting, changes[i].setting);
		plan_clear(&plan);
		core_keys_free(&memory_heap, keys);
		config_free(next);
	}
	lan_clear(&lan);
}
END_TEST

START_TEST(lists_in_another_order_are_no_change)
{
	struct config *config, *next;
	struct core_keys *keys;

	lan_init(&lan);
	config = next_config();
	lan_add_mac(&config->peers[0], 1);
	lan_add_mac(&config->peers[0], 2);
	lan_start_left(&lan, config);
	next = next_config();
	lan_add_mac(&next->peers[0], 2);
	lan_add_mac(&next->peers[0], 1);
	keys = keys_for(next);
	ck_assert_int_eq(core_plan(left(), next, keys, &plan), 0);
	ck_assert_uint_eq(plan.count, 0);
	plan_clear(&plan);
	core_keys_free(&memory_heap, keys);
	config_free(next);
	lan_clear(&lan);
}
END_TEST

START_TEST(each_live_change_keeps_the_sessions)
{
	lan_start(&lan, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct config *next = next_config();

		if (changes[i].kind == PLAN_RESTART) {
			config_free(next);
			continue;
		}
		changes[i].set(next);
		ck_assert_int_eq(reload(next), 0);
		assert_sessions_live();
	}
	lan_clear(&lan);
}
END_TEST

/* ---- what they do ---- */

START_TEST(the_hub_is_switched_off_and_on)
{
	struct config *next;

	lan_start(&lan, NULL);
	next = next_config();
	next->l2.is_hub = false;
	ck_assert_int_eq(reload(next), 0);
	lan_expect(&lan, 1, 1, LAN_ALL, LEFT);
	ck_assert_int_eq(reload(next_config()), 0);
	lan_expect(&lan, 1, 1, LAN_ALL, LEFT | THIRD);
	lan_clear(&lan);
}
END_TEST

START_TEST(what_was_learned_outlives_a_reload)
{
	struct config *next;

	lan_start(&lan, NULL);
	lan_expect(&lan, 1, 1, LAN_ALL, LEFT | THIRD);
	next = next_config();
	next->l2.bpdu = CONFIG_CONTROL_PASS;
	next->peers[1].is_router = true;
	ck_assert_int_eq(reload(next), 0);
	lan_expect(&lan, 2, 3, 1, RIGHT);
	lan_clear(&lan);
}
END_TEST

START_TEST(a_smaller_limit_forgets_what_is_beyond)
{
	struct core_answer answer;
	struct config *next;
	char *reply;

	lan_start(&lan, NULL);
	for (unsigned i = 1; i <= 5; i++)
		lan_send(&lan, 1, i, LAN_ALL, 0);
	next = next_config();
	next->l2.macs_max = next->l2.macs_per_peer = 3;
	ck_assert_int_eq(reload(next), 0);
	reply = pair_ask(&lan.pair, 0, CONTROL_RIGHTS_ALL, &answer, "fdb",
	    (const char *)NULL);
	ck_assert_ptr_nonnull(strstr(reply, "u\tmacs_max\t3\n"));
	ck_assert_ptr_null(strstr(reply, "02:00:00:00:00:01"));
	ck_assert_ptr_nonnull(strstr(reply, "02:00:00:00:00:05"));
	free(reply);
	lan_clear(&lan);
}
END_TEST

START_TEST(static_addresses_are_exchanged_in_one_reload)
{
	struct config *config, *next;

	lan_init(&lan);
	config = next_config();
	lan_add_mac(&config->peers[0], 1);
	lan_add_mac(&config->peers[1], 2);
	lan_start(&lan, config);
	lan_expect(&lan, 0, 9, 1, RIGHT);
	next = next_config();
	lan_add_mac(&next->peers[0], 2);
	lan_add_mac(&next->peers[1], 1);
	ck_assert_int_eq(reload(next), 0);
	lan_expect(&lan, 0, 9, 1, THIRD);
	lan_expect(&lan, 0, 9, 2, RIGHT);
	assert_sessions_live();
	lan_clear(&lan);
}
END_TEST

START_TEST(a_new_peer_takes_the_address_of_one_that_goes)
{
	struct config *config, *next;

	lan_init(&lan);
	config = next_config();
	lan_add_mac(&config->peers[1], 1);
	lan_start(&lan, config);
	next = lan_config(&lan, 0);
	lan_add_mac(&next->peers[0], 1);
	next->peers_count = 1;
	config_peer_clear(&next->peers[1]);
	lan_add_mac(pair_add_peer(next, "new", NULL), 2);
	ck_assert_int_eq(reload(next), 0);
	lan_expect(&lan, 0, 9, 1, RIGHT);
	next = next_config();
	lan_add_mac(&next->peers[1], 2);
	ck_assert_int_eq(reload(next), 0);
	lan_clear(&lan);
}
END_TEST

/* As many as the table has room for, and then as many others. */
START_TEST(all_static_addresses_are_replaced_in_a_full_table)
{
	struct config *config, *next;

	lan_init(&lan);
	config = next_config();
	config->l2.macs_max = config->l2.macs_per_peer = 3;
	lan_add_mac(&config->peers[0], 1);
	lan_add_mac(&config->peers[0], 2);
	lan_start(&lan, config);
	next = next_config();
	next->l2.macs_max = next->l2.macs_per_peer = 2;
	lan_add_mac(&next->peers[1], 3);
	ck_assert_int_eq(reload(next), 0);
	lan_expect(&lan, 2, 3, LAN_ALL, LEFT | RIGHT);
	lan_clear(&lan);
}
END_TEST

/* ---- what is refused ---- */

static void give_both_one_address(struct config *config)
{
	lan_add_mac(&config->peers[0], 1);
	lan_add_mac(&config->peers[1], 1);
	config->peers[1].place = (struct config_place){.line = 7, .column = 3};
}

static void give_one_an_address_twice(struct config *config)
{
	lan_add_mac(&config->peers[1], 1);
	lan_add_mac(&config->peers[1], 1);
}

static void give_a_peer_the_device_address(struct config *config)
{
	config->has_mac = true;
	config->mac = lan_mac(0x44);
	lan_add_mac(&config->peers[1], 0x44);
}

static void give_too_many(struct config *config)
{
	config->l2.macs_max = config->l2.macs_per_peer = 2;
	lan_add_mac(&config->peers[0], 1);
	lan_add_mac(&config->peers[1], 2);
}

static const struct {
	void (*set)(struct config *config);
	const char *message;
} mistakes[] = {
    {give_both_one_address,
	"/etc/vpnd/lan.conf:7:3: error: macs: 02:00:00:00:00:01 of peer "
	"\"third\" is in the list of peer \"right\" too"},
    {give_one_an_address_twice,
	"macs: 02:00:00:00:00:01 of peer \"third\" is in the list of peer "
	"\"third\" too"},
    {give_a_peer_the_device_address,
	"macs: peer \"third\" has the address of this host's device"},
    {give_too_many,
	"macs: with the device's own address there are 3, and l2.max_macs "
	"is 2"},
};

START_TEST(a_core_does_not_start_with_addresses_that_can_not_be)
{
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct core_setup setup = {
		    .memory = &memory_heap, .version = "1"};
		struct core *core = NULL;

		lan_init(&lan);
		setup.pool = lan.pair.ends[0].pool;
		setup.config = next_config();
		mistakes[i].set(setup.config);
		setup.keys = keys_for(setup.config);
		ck_assert_int_eq(core_new(&core, &setup, &lan.pair.moment,
				     error, sizeof(error)),
		    -EINVAL);
		ck_assert_msg(strstr(error, mistakes[i].message) != NULL,
		    "\"%s\" is not in \"%s\"", mistakes[i].message, error);
		lan_clear(&lan);
	}
}
END_TEST

START_TEST(a_reload_with_addresses_that_can_not_be_changes_nothing)
{
	struct core_host host = {.mac = lan_mac(0x44)};
	struct config *config;

	lan_init(&lan);
	config = next_config();
	lan_add_mac(&config->peers[1], 7);
	lan_start(&lan, config);
	core_set_host(left(), &host);
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct config *next = next_config();

		mistakes[i].set(next);
		next->has_mac = false;
		ck_assert_int_eq(reload(next), -EINVAL);
		ck_assert_msg(strstr(error, mistakes[i].message) != NULL,
		    "\"%s\" is not in \"%s\"", mistakes[i].message, error);
		lan_expect(&lan, 0, 9, 7, THIRD);
		lan_expect(&lan, 2, 8, LAN_ALL, 0);
	}
	lan_clear(&lan);
}
END_TEST

static void add_plans(TCase *tcase)
{
	tcase_add_test(tcase, each_setting_of_the_switch_is_one_step);
	tcase_add_test(tcase, lists_in_another_order_are_no_change);
	tcase_add_test(tcase, each_live_change_keeps_the_sessions);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_l2_reload");
	TCase *tcase = tcase_create("reload");

	add_plans(tcase);
	tcase_add_test(tcase, the_hub_is_switched_off_and_on);
	tcase_add_test(tcase, what_was_learned_outlives_a_reload);
	tcase_add_test(tcase, a_smaller_limit_forgets_what_is_beyond);
	tcase_add_test(tcase, static_addresses_are_exchanged_in_one_reload);
	tcase_add_test(tcase, a_new_peer_takes_the_address_of_one_that_goes);
	tcase_add_test(
	    tcase, all_static_addresses_are_replaced_in_a_full_table);
	tcase_add_test(
	    tcase, a_core_does_not_start_with_addresses_that_can_not_be);
	tcase_add_test(
	    tcase, a_reload_with_addresses_that_can_not_be_changes_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
