/* SPDX-License-Identifier: ISC */
/* The switch of a tap tunnel in core: ports, `fdb`, alarms, status. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lan.h"
#include "net/bridge.h"
#include "protocol/peer.h"
#include "unit.h"

#define LEFT  (1u << 0)
#define RIGHT (1u << 1)
#define THIRD (1u << 2)

#define MANY_MACS 4000

static struct lan lan;
static struct core_answer answer;

static char *ask_with(
    enum control_rights rights, const char *verb, const char *argument)
{
	return pair_ask(
	    &lan.pair, 0, rights, &answer, verb, argument, (const char *)NULL);
}

static char *ask(const char *verb, const char *argument)
{
	char *reply = ask_with(CONTROL_RIGHTS_ALL, verb, argument);

	ck_assert_str_eq(answer.message, "");
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	return reply;
}

/* How often a line of the reply is there. */
static size_t count_of(const char *reply, const char *line)
{
	size_t count = 0;

	while ((reply = strstr(reply, line))) {
		reply += strlen(line);
		count++;
	}
	return count;
}

static void assert_has(const char *text, const char *part)
{
	ck_assert_msg(
	    strstr(text, part) != NULL, "\"%s\" is not in\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	ck_assert_msg(
	    strstr(text, part) == NULL, "\"%s\" is in\n%s", part, text);
}

/* Asks, looks for the part, forgets the reply. */
static void assert_says(
    const char *verb, const char *argument, const char *part)
{
	char *reply = ask(verb, argument);

	assert_has(reply, part);
	free(reply);
}

/* ---- forwarding ---- */

START_TEST(a_broadcast_reaches_all_ends_but_the_one_it_came_from)
{
	lan_start(&lan, NULL);
	lan_expect(&lan, 1, 1, LAN_ALL, LEFT | THIRD);
	lan_expect(&lan, 0, 2, LAN_ALL, RIGHT | THIRD);
	lan_clear(&lan);
}
END_TEST

START_TEST(an_answer_goes_to_the_end_that_asked_only)
{
	lan_start(&lan, NULL);
	lan_expect(&lan, 1, 1, LAN_ALL, LEFT | THIRD);
	lan_expect(&lan, 2, 3, 1, RIGHT);
	lan_expect(&lan, 1, 1, 3, THIRD);
	lan_expect(&lan, 0, 2, 3, THIRD);
	lan_expect(&lan, 1, 1, 2, LEFT);
	lan_clear(&lan);
}
END_TEST

START_TEST(a_spoke_reaches_no_spoke_when_the_tunnel_is_no_hub)
{
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	config->l2.is_hub = false;
	lan_start(&lan, config);
	lan_expect(&lan, 1, 1, LAN_ALL, LEFT);
	lan_expect(&lan, 2, 3, 1, 0);
	assert_says("drops", NULL, "VPN_ISOLATED");
	lan_clear(&lan);
}
END_TEST

START_TEST(a_frame_of_a_vlan_that_the_peer_has_not_is_refused)
{
	struct vlan_set vlans = {{0}};
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	ck_assert_int_eq(vlan_set_parse(&vlans, "7-9"), 0);
	ck_assert_int_eq(config_set_vlans(&config->peers[0], &vlans), 0);
	lan_start(&lan, config);
	lan_send(&lan, 1, 1, LAN_ALL, 8);
	ck_assert_uint_eq(lan_got(&lan, 0), 1);
	ck_assert_uint_eq(lan_got(&lan, 2), 1);
	lan_send(&lan, 1, 1, LAN_ALL, 10);
	ck_assert_uint_eq(lan_got(&lan, 0), 0);
	assert_says("drops", NULL, "VPN_VLAN");
	assert_says("status", "right", "s\tvlans\t7-9\n");
	lan_clear(&lan);
}
END_TEST

START_TEST(a_peer_with_macs_sends_from_these_only)
{
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	lan_add_mac(&config->peers[0], 1);
	lan_start(&lan, config);
	lan_expect(&lan, 1, 1, LAN_ALL, LEFT | THIRD);
	lan_expect(&lan, 1, 9, LAN_ALL, 0);
	lan_expect(&lan, 2, 1, LAN_ALL, 0);
	assert_says("drops", NULL, "VPN_MAC_LOCKED");
	assert_says("drops", NULL, "VPN_MAC_MOVE");
	assert_says("status", "right", "s\t\t02:00:00:00:00:01\n");
	lan_clear(&lan);
}
END_TEST

START_TEST(a_peer_has_so_many_addresses_and_no_more)
{
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	config->l2.macs_per_peer = 2;
	lan_start(&lan, config);
	for (unsigned i = 1; i <= 3; i++)
		lan_send(&lan, 1, i, LAN_ALL, 0);
	assert_says("status", "right", "u\tmacs\t2\n");
	assert_says("drops", NULL, "VPN_MAC_QUOTA");
	lan_clear(&lan);
}
END_TEST

/* The largest payload with a VLAN tag in a path of 1500 bytes: 40 IPv6, 8 UDP,
 * 16 header, 2 head of ETHERNET, 14 and 4 of the frame, 1400, 16 tag. */
START_TEST(the_largest_frame_gets_no_padding_that_the_path_can_not_carry)
{
	uint8_t frame[14 + 4 + CONFIG_MTU_DEFAULT_TAP] = {
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x81, 0};

	lan_start(&lan, NULL);
	pair_send_bytes(&lan.pair, 1, frame, sizeof(frame));
	pair_carry(&lan.pair);
	ck_assert_uint_eq(lan_got(&lan, 0), 1);
	ck_assert_uint_eq(lan.pair.ends[1].sent_bytes, 1500 - 40 - 8);
	lan_clear(&lan);
}
END_TEST

/* ---- fdb ---- */

START_TEST(the_table_shows_what_was_learned_where)
{
	char *reply;

	lan_start(&lan, NULL);
	lan_send(&lan, 1, 1, LAN_ALL, 12);
	pair_pass(&lan.pair, 5 * NS_PER_S);
	lan_send(&lan, 0, 2, LAN_ALL, 0);
	reply = ask("fdb", NULL);
	assert_has(reply, "s\tschema\tvpnd.fdb/1\n");
	assert_has(reply, "s\tmac\t02:00:00:00:00:02\nu\tvlan\t0\ns\tpeer\t\n"
			  "b\thost\ttrue\nb\tstatic\tfalse\nu\tage_s\t0\n");
	assert_has(reply,
	    "s\tmac\t02:00:00:00:00:01\nu\tvlan\t12\ns\tpeer\tright\n"
	    "b\thost\tfalse\nb\tstatic\tfalse\nu\tage_s\t5\n");
	assert_has(reply, "{\ttotals\nu\tmacs\t2\nu\tmacs_max\t4096\n}\n");
	assert_has(reply, "s\tpeer\tright\nb\thost\tfalse\nu\tmacs\t1\n"
			  "u\theld_for_s\t0\nu\tholds\t0\n");
	ck_assert_uint_eq(count_of(reply, "u\tholds\t"), 3);
	free(reply);
	lan_clear(&lan);
}
END_TEST

START_TEST(the_table_of_one_peer_has_its_entries_only)
{
	char *reply;

	lan_start(&lan, NULL);
	lan_send(&lan, 1, 1, LAN_ALL, 0);
	lan_send(&lan, 2, 3, LAN_ALL, 0);
	reply = ask("fdb", "third");
	ck_assert_uint_eq(count_of(reply, "s\tmac\t"), 1);
	ck_assert_uint_eq(count_of(reply, "u\tholds\t"), 1);
	ck_assert_str_eq(pair_value(reply, "mac"), "02:00:00:00:00:03");
	free(reply);
	lan_clear(&lan);
}
END_TEST

START_TEST(an_entry_is_gone_when_it_is_too_old)
{
	lan_start(&lan, NULL);
	lan_send(&lan, 1, 1, LAN_ALL, 0);
	lan_expect(&lan, 2, 3, 1, RIGHT);
	pair_pass(&lan.pair, (CONFIG_AGEING_DEFAULT + 1) * NS_PER_S);
	assert_says("fdb", NULL, "u\tmacs\t0\n");
	lan_expect(&lan, 2, 3, 1, LEFT | RIGHT);
	lan_clear(&lan);
}
END_TEST

START_TEST(a_flush_forgets_what_was_learned)
{
	char *reply;

	lan_start(&lan, NULL);
	lan_send(&lan, 1, 1, LAN_ALL, 0);
	lan_send(&lan, 2, 3, LAN_ALL, 0);
	reply = ask("fdb flush", "right");
	ck_assert_str_eq(pair_value(reply, "schema"), "vpnd.fdb_flush/1");
	ck_assert_str_eq(pair_value(reply, "flushed"), "1");
	ck_assert_str_eq(pair_value(reply, "peer"), "right");
	free(reply);
	reply = ask("fdb", NULL);
	ck_assert_uint_eq(count_of(reply, "s\tmac\t"), 1);
	ck_assert_str_eq(pair_value(reply, "peer"), "third");
	free(reply);
	assert_says("fdb flush", NULL, "u\tflushed\t1\n");
	reply = ask("fdb", NULL);
	ck_assert_uint_eq(count_of(reply, "s\tmac\t"), 0);
	free(reply);
	lan_clear(&lan);
}
END_TEST

START_TEST(those_who_may_only_read_see_the_table_and_flush_nothing)
{
	char *reply;

	lan_start(&lan, NULL);
	lan_send(&lan, 1, 1, LAN_ALL, 0);
	reply = ask_with(CONTROL_RIGHTS_READ, "fdb", NULL);
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	ck_assert_str_eq(pair_value(reply, "mac"), "02:00:00:00:00:01");
	free(reply);
	free(ask_with(CONTROL_RIGHTS_READ, "fdb flush", NULL));
	ck_assert_int_eq(answer.exit, CONTROL_NOT_PERMITTED);
	assert_says("fdb", NULL, "u\tmacs\t1\n");
	lan_clear(&lan);
}
END_TEST

START_TEST(the_table_of_a_peer_that_is_none_names_the_nearest)
{
	static const char *const verbs[] = {"fdb", "fdb flush"};

	lan_start(&lan, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		free(ask_with(CONTROL_RIGHTS_ALL, verbs[i], "rigth"));
		ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
		assert_has(answer.message, "did you mean \"right\"?");
	}
	lan_clear(&lan);
}
END_TEST

START_TEST(a_tun_has_no_switch)
{
	static const char *const verbs[] = {"fdb", "fdb flush"};

	pair_start_both(&lan.pair);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		free(ask_with(CONTROL_RIGHTS_ALL, verbs[i], NULL));
		ck_assert_int_eq(answer.exit, CONTROL_FAILED);
		ck_assert_str_eq(answer.message,
		    "there is no switch: the tunnel's device is a tun");
	}
	assert_says("status", NULL, "s\tdevice_type\ttun\n");
	pair_clear(&lan.pair);
}
END_TEST

START_TEST(a_table_of_thousands_is_shown_as_a_whole)
{
	struct config *config;
	char *reply;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	config->l2.macs_per_peer = CONFIG_MACS_DEFAULT;
	config->l2.storm_unknown_unicast = 0;
	lan_start(&lan, config);
	lan_send(&lan, 0, 0x2000, LAN_ALL, 0);
	for (unsigned i = 0; i < MANY_MACS; i++)
		lan_send(&lan, 1, 0x1000 + i, 0x2000, 0);
	reply = ask("fdb", NULL);
	ck_assert_uint_eq(count_of(reply, "s\tmac\t"), MANY_MACS + 1);
	free(reply);
	lan_clear(&lan);
}
END_TEST

/* ---- the loop guard ---- */

#define SERVER 0x50

/* One address is seen at two ends in turn; the frames are for a station behind
 * left, so that no other switch sees them all. */
static void make_loop(size_t one, size_t other)
{
	lan_send(&lan, 0, SERVER, LAN_ALL, 5);
	for (int i = 0; i < 2 * BRIDGE_MOVES_MAX; i++) {
		lan_send(&lan, one, 1, SERVER, 5);
		lan_send(&lan, other, 1, SERVER, 5);
	}
}

START_TEST(a_loop_is_logged_once_with_both_peers_and_what_helps)
{
	lan_start(&lan, NULL);
	make_loop(1, 2);
	assert_has(lan.lines, "peer right");
	assert_has(lan.lines, "peer third");
	assert_has(lan.lines, " is held for 10 s: 02:00:00:00:00:01 (VLAN 5) ");
	assert_has(lan.lines, "take one of them away");
	ck_assert_uint_eq(count_of(lan.lines, "\n"), 1);
	assert_says("drops", NULL, "BRIDGE_INGRESS_STP_STATE");
	lan_clear(&lan);
}
END_TEST

START_TEST(the_same_loop_is_logged_again_only_after_a_minute)
{
	lan_start(&lan, NULL);
	make_loop(1, 2);
	pair_pass(&lan.pair, 20 * NS_PER_S);
	make_loop(1, 2);
	ck_assert_uint_eq(count_of(lan.lines, "\n"), 1);
	pair_pass(&lan.pair, 60 * NS_PER_S);
	make_loop(1, 2);
	ck_assert_uint_eq(count_of(lan.lines, "\n"), 2);
	assert_has(lan.lines, "(1 more since the last such line)");
	lan_clear(&lan);
}
END_TEST

/* How often the guard has held a peer. */
static void assert_holds(const char *peer, const char *holds)
{
	char *reply = ask("status", peer);

	ck_assert_str_eq(pair_value(reply, "holds"), holds);
	free(reply);
}

START_TEST(a_loop_is_the_same_when_the_other_peer_is_held)
{
	lan_start(&lan, NULL);
	make_loop(1, 2);
	pair_pass(&lan.pair, 20 * NS_PER_S);
	free(ask("fdb flush", NULL));
	make_loop(2, 1);
	assert_holds("right", "1");
	assert_holds("third", "1");
	ck_assert_uint_eq(count_of(lan.lines, "\n"), 1);
	lan_clear(&lan);
}
END_TEST

START_TEST(two_loops_are_two_lines)
{
	lan_start(&lan, NULL);
	make_loop(1, 2);
	pair_pass(&lan.pair, 20 * NS_PER_S);
	make_loop(0, 1);
	pair_pass(&lan.pair, 20 * NS_PER_S);
	make_loop(1, 2);
	ck_assert_uint_eq(count_of(lan.lines, "\n"), 2);
	lan_clear(&lan);
}
END_TEST

/* The peer that the guard holds. */
static const char *held_peer(void)
{
	return strstr(lan.lines, "peer right is held") ? "right" : "third";
}

START_TEST(status_says_who_is_held_and_for_how_long)
{
	char *reply;

	lan_start(&lan, NULL);
	make_loop(1, 2);
	pair_pass(&lan.pair, 3 * NS_PER_S);
	reply = ask("status", held_peer());
	assert_has(reply, "s\tstate\tup\n");
	assert_has(reply, "s\twarning\tthe loop guard holds it for 7 s more: ");
	assert_has(reply, "u\theld_for_s\t7\n");
	assert_has(reply, "u\tholds\t1\n");
	free(reply);
	pair_pass(&lan.pair, 8 * NS_PER_S);
	reply = ask("status", held_peer());
	assert_has_not(reply, "s\twarning\t");
	assert_has(reply, "u\theld_for_s\t0\n");
	assert_has(reply, "u\tholds\t1\n");
	free(reply);
	lan_clear(&lan);
}
END_TEST

START_TEST(a_flush_lets_a_held_peer_go)
{
	lan_start(&lan, NULL);
	make_loop(1, 2);
	assert_says("status", held_peer(), "s\twarning\t");
	free(ask("fdb flush", held_peer()));
	assert_says("status", held_peer(), "u\theld_for_s\t0\n");
	lan_clear(&lan);
}
END_TEST

START_TEST(a_loop_through_this_host_is_said_to_be_one)
{
	lan_start(&lan, NULL);
	make_loop(0, 1);
	assert_has(lan.lines, "peer right is held");
	assert_has(lan.lines, "from there and from this host, as in a loop");
	lan_clear(&lan);
}
END_TEST

/* ---- status ---- */

START_TEST(status_shows_the_device_as_it_is)
{
	struct core_host host = {.device = "tap0", .is_device_up = true};
	struct config *config;
	char *reply;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	strcpy(config->bridge, "br0");
	lan_start(&lan, config);
	reply = ask("status", NULL);
	ck_assert_str_eq(pair_value(reply, "device_type"), "tap");
	ck_assert_str_eq(pair_value(reply, "mac"), "");
	ck_assert_str_eq(pair_value(reply, "bridge"), "br0");
	free(reply);
	host.mac = lan_mac(0x77);
	core_set_host(lan.pair.ends[0].core, &host);
	reply = ask("status", NULL);
	ck_assert_str_eq(pair_value(reply, "mac"), "02:00:00:00:00:77");
	ck_assert_str_eq(pair_value(reply, "macs_max"), "4096");
	free(reply);
	assert_says("fdb", NULL,
	    "s\tmac\t02:00:00:00:00:77\nu\tvlan\t0\ns\tpeer\t\n"
	    "b\thost\ttrue\nb\tstatic\ttrue\n");
	lan_clear(&lan);
}
END_TEST

START_TEST(a_configured_address_is_this_hosts_from_the_start)
{
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	config->has_mac = true;
	config->mac = lan_mac(0x77);
	lan_start(&lan, config);
	assert_says("status", NULL, "s\tmac\t02:00:00:00:00:77\n");
	lan_expect(&lan, 1, 1, 0x77, LEFT);
	lan_clear(&lan);
}
END_TEST

START_TEST(an_address_that_is_the_devices_own_stays_with_it)
{
	struct core_host host = {.mac = lan_mac(0x77)};
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	lan_add_mac(&config->peers[0], 0x77);
	lan_start(&lan, config);
	core_set_host(lan.pair.ends[0].core, &host);
	core_set_host(lan.pair.ends[0].core, &host);
	ck_assert_str_eq(lan.lines,
	    "peer right: macs: 02:00:00:00:00:77 is the address of this "
	    "host's own device, and stays with it\n");
	lan_expect(&lan, 2, 3, 0x77, LEFT);
	lan_clear(&lan);
}
END_TEST

START_TEST(an_address_that_the_device_has_no_more_is_the_peers_again)
{
	struct core_host host = {.mac = lan_mac(0x77)};
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	lan_add_mac(&config->peers[0], 0x77);
	lan_start(&lan, config);
	core_set_host(lan.pair.ends[0].core, &host);
	/* the device is gone, and made again */
	host.mac = (struct mac){{0}};
	core_set_host(lan.pair.ends[0].core, &host);
	host.mac = lan_mac(0x78);
	core_set_host(lan.pair.ends[0].core, &host);
	lan_expect(&lan, 2, 3, 0x77, RIGHT);
	lan_expect(&lan, 1, 0x77, 0x78, LEFT);
	lan_expect(&lan, 1, 0x79, 0x78, 0);
	lan_clear(&lan);
}
END_TEST

START_TEST(the_frames_between_spokes_are_counted)
{
	lan_start(&lan, NULL);
	lan_send(&lan, 1, 1, LAN_ALL, 0);
	lan_send(&lan, 2, 3, 1, 0);
	assert_says("drops", NULL, "u\trx_forwarded\t1\n");
	assert_says("drops", NULL, "u\ttx_switched\t2\n");
	lan_clear(&lan);
}
END_TEST

/* Right, with its configuration changed by `change`, meets a tap. */
static char *meet(void (*change)(struct config *config))
{
	struct config *config;

	lan_init(&lan);
	lan_start_left(&lan, lan_config(&lan, 0));
	config = lan_config(&lan, 1);
	change(config);
	pair_start(&lan.pair, 1, config);
	lan_connect(&lan);
	pair_pass(&lan.pair, 20 * NS_PER_S);
	return ask("status", "right");
}

static void use_tun(struct config *config)
{
	config->device_type = CONFIG_DEVICE_TUN;
	config->peers[0].extension = CONFIG_EXTENSION_AUTO;
}

static void use_plain(struct config *config)
{
	use_tun(config);
	config->peers[0].extension = CONFIG_EXTENSION_OFF;
}

START_TEST(a_peer_with_a_tun_is_refused_and_both_say_why)
{
	char *reply = meet(use_tun);

	assert_has(reply, "s\tstate\trefused\n");
	assert_has(reply,
	    "s\treason\tits device is a tun, and ours is a tap; give both "
	    "ends the same device.type\n");
	free(reply);
	reply = pair_ask(&lan.pair, 1, CONTROL_RIGHTS_ALL, &answer, "status",
	    "left", (const char *)NULL);
	assert_has(reply, "s\tstate\trefused\n");
	assert_has(reply,
	    "s\treason\tits device is a tap, and ours is a tun; give both "
	    "ends the same device.type\n");
	free(reply);
	lan_clear(&lan);
}
END_TEST

START_TEST(a_peer_with_plain_wireguard_is_refused)
{
	char *reply = meet(use_plain);

	assert_has(reply, "s\tstate\trefused\n");
	assert_has(reply,
	    "s\treason\tit speaks plain WireGuard; a tap tunnel needs vpnd "
	    "at both ends\n");
	free(reply);
	lan_clear(&lan);
}
END_TEST

/* ---- peer add, peer remove ---- */

START_TEST(the_entries_of_a_removed_peer_go_with_it)
{
	char *reply;

	lan_start(&lan, NULL);
	lan_send(&lan, 1, 1, LAN_ALL, 0);
	lan_send(&lan, 2, 3, LAN_ALL, 0);
	free(ask("peer remove", "right"));
	reply = ask("fdb", NULL);
	ck_assert_uint_eq(count_of(reply, "s\tmac\t"), 1);
	ck_assert_uint_eq(count_of(reply, "u\tholds\t"), 2);
	free(reply);
	lan_expect(&lan, 2, 3, 1, LEFT);
	lan_clear(&lan);
}
END_TEST

START_TEST(a_peer_may_be_removed_while_it_is_held)
{
	lan_start(&lan, NULL);
	make_loop(1, 2);
	free(ask("peer remove", held_peer()));
	free(ask("fdb", NULL));
	make_loop(1, 2);
	lan_clear(&lan);
}
END_TEST

static char *add_peer(const char *word, const char *value)
{
	uint8_t public_key[CONFIG_KEY_BYTES] = {9};
	char key[KEY_TEXT_BYTES];

	key_format(public_key, key);
	return pair_ask(&lan.pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer add",
	    "new", "public-key", key, word, value, (const char *)NULL);
}

START_TEST(a_peer_is_added_with_what_a_port_has)
{
	static const struct {
		const char *word, *value, *shown;
	} cases[] = {
	    {"macs", "02:00:00:00:00:01,02:00:00:00:00:02",
		"[\tstatic_macs\ns\t\t02:00:00:00:00:01\n"
		"s\t\t02:00:00:00:00:02\n]\n"},
	    {"vlans", "10-12,0", "s\tvlans\t0,10-12\n"},
	    {"router", "true", "b\trouter\ttrue\n"},
	    {"dhcp-server", "true", "b\tdhcp_server\ttrue\n"},
	    {"dhcp-server", "false", "b\tdhcp_server\tfalse\n"},
	    {"extension", "required", "s\textension\trequired\n"},
	    {"keepalive", "25s", "s\textension\trequired\n"},
	};

	lan_start(&lan, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		free(add_peer(cases[i].word, cases[i].value));
		ck_assert_str_eq(answer.message, "");
		assert_says("status", "new", cases[i].shown);
		free(ask("peer remove", "new"));
	}
	lan_clear(&lan);
}
END_TEST

START_TEST(a_peer_is_not_added_with_what_a_port_can_not_have)
{
	static const struct {
		const char *word, *value, *message;
	} cases[] = {
	    {"macs", "02:00:00:00:00:0", "is no MAC address"},
	    {"macs", "03:00:00:00:00:01", "is that of a group"},
	    {"macs", "02:00:00:00:00:03,02:00:00:00:00:03",
		"macs: 02:00:00:00:00:03 is there twice"},
	    {"macs", "02:00:00:00:00:01",
		"macs: peer \"right\" has 02:00:00:00:00:01 already"},
	    {"macs", "02:00:00:00:00:77",
		"macs: 02:00:00:00:00:77 is that of this host's device"},
	    {"vlans", "10-", "vlans: \"10-\" is no list of VLANs"},
	    {"router", "yes", "router: neither \"true\" nor \"false\""},
	    {"dhcp-server", "1", "dhcp-server: neither \"true\""},
	    {"extension", "auto", "extension: a tap tunnel needs it"},
	    {"mac", "02:00:00:00:00:01", "did you mean \"macs\"?"},
	};
	struct core_host host = {.mac = lan_mac(0x77)};
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	lan_add_mac(&config->peers[0], 1);
	lan_start(&lan, config);
	core_set_host(lan.pair.ends[0].core, &host);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		free(add_peer(cases[i].word, cases[i].value));
		ck_assert_int_eq(answer.exit, CONTROL_USAGE);
		assert_has(answer.message, cases[i].message);
		ck_assert_uint_eq(
		    core_config(lan.pair.ends[0].core)->peers_count, 2);
	}
	lan_clear(&lan);
}
END_TEST

START_TEST(a_peer_is_not_added_when_the_table_is_full_of_static_addresses)
{
	struct config *config;

	lan_init(&lan);
	config = lan_config(&lan, 0);
	config->l2.macs_max = config->l2.macs_per_peer = 2;
	lan_add_mac(&config->peers[0], 1);
	lan_start(&lan, config);
	free(add_peer("macs", "02:00:00:00:00:02"));
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	assert_has(answer.message, "l2.max_macs is 2");
	lan_expect(&lan, 1, 1, LAN_ALL, LEFT | THIRD);
	lan_clear(&lan);
}
END_TEST

START_TEST(a_tun_takes_no_words_of_a_switch)
{
	static const char *const words[] = {
	    "macs", "vlans", "router", "dhcp-server"};

	pair_start_both(&lan.pair);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		free(add_peer(words[i], "1"));
		ck_assert_int_eq(answer.exit, CONTROL_USAGE);
		assert_has(answer.message,
		    "is for tap, and this tunnel's device is a tun");
	}
	pair_clear(&lan.pair);
}
END_TEST

static void add_forwarding(TCase *tcase)
{
	tcase_add_test(
	    tcase, a_broadcast_reaches_all_ends_but_the_one_it_came_from);
	tcase_add_test(tcase, an_answer_goes_to_the_end_that_asked_only);
	tcase_add_test(
	    tcase, a_spoke_reaches_no_spoke_when_the_tunnel_is_no_hub);
	tcase_add_test(
	    tcase, a_frame_of_a_vlan_that_the_peer_has_not_is_refused);
	tcase_add_test(tcase, a_peer_with_macs_sends_from_these_only);
	tcase_add_test(tcase, a_peer_has_so_many_addresses_and_no_more);
	tcase_add_test(tcase,
	    the_largest_frame_gets_no_padding_that_the_path_can_not_carry);
}

#define LONG_FRAME 1624 /* longer than left's buffers are for, but it fits */

/* Right does not care what left says that it takes; third takes more. */
START_TEST(a_flooded_frame_that_just_fits_is_no_reason_to_stop)
{
	uint8_t frame[LONG_FRAME] = {
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 7, 0x88, 0xb5};
	struct pair_end *ends = lan.pair.ends;
	struct config *config;
	struct peer *left;

	lan_init(&lan);
	ck_assert_uint_gt(LONG_FRAME, pool_largest(ends[0].pool));
	ck_assert_int_eq(pool_add_large(ends[0].pool, 4, 65599), 0);
	for (size_t i = 1; i < PAIR_ENDS; i++) {
		pool_free(ends[i].pool);
		ck_assert_int_eq(pool_new(&ends[i].pool, 256, 2000), 0);
	}
	config = lan_config(&lan, 0);
	config->peers[1].compress = CONFIG_COMPRESS_LZ4;
	lan_start(&lan, config);
	left = tunnel_peer_find(core_tunnel(ends[1].core), ends[0].public_key);
	left->extension.largest_frame = 0;
	for (size_t i = 0; i < PAIR_ENDS; i++)
		(void)lan_got(&lan, i);
	pair_send_bytes(&lan.pair, 1, frame, sizeof(frame));
	pair_carry(&lan.pair);
	ck_assert_uint_eq(lan_got(&lan, 0), 1);
	ck_assert_uint_eq(lan_got(&lan, 2), 1);
	lan_clear(&lan);
}
END_TEST

static void add_fdb(TCase *tcase)
{
	tcase_add_test(tcase, the_table_shows_what_was_learned_where);
	tcase_add_test(tcase, the_table_of_one_peer_has_its_entries_only);
	tcase_add_test(tcase, an_entry_is_gone_when_it_is_too_old);
	tcase_add_test(tcase, a_flush_forgets_what_was_learned);
	tcase_add_test(
	    tcase, those_who_may_only_read_see_the_table_and_flush_nothing);
	tcase_add_test(
	    tcase, the_table_of_a_peer_that_is_none_names_the_nearest);
	tcase_add_test(tcase, a_tun_has_no_switch);
	tcase_add_test(tcase, a_table_of_thousands_is_shown_as_a_whole);
}

static void add_guard(TCase *tcase)
{
	tcase_add_test(
	    tcase, a_loop_is_logged_once_with_both_peers_and_what_helps);
	tcase_add_test(
	    tcase, the_same_loop_is_logged_again_only_after_a_minute);
	tcase_add_test(tcase, a_loop_is_the_same_when_the_other_peer_is_held);
	tcase_add_test(tcase, two_loops_are_two_lines);
	tcase_add_test(tcase, status_says_who_is_held_and_for_how_long);
	tcase_add_test(tcase, a_flush_lets_a_held_peer_go);
	tcase_add_test(tcase, a_loop_through_this_host_is_said_to_be_one);
}

static void add_peers(TCase *tcase)
{
	tcase_add_test(tcase, status_shows_the_device_as_it_is);
	tcase_add_test(
	    tcase, a_configured_address_is_this_hosts_from_the_start);
	tcase_add_test(tcase, an_address_that_is_the_devices_own_stays_with_it);
	tcase_add_test(
	    tcase, an_address_that_the_device_has_no_more_is_the_peers_again);
	tcase_add_test(tcase, the_frames_between_spokes_are_counted);
	tcase_add_test(tcase, a_peer_with_a_tun_is_refused_and_both_say_why);
	tcase_add_test(tcase, a_peer_with_plain_wireguard_is_refused);
	tcase_add_test(tcase, the_entries_of_a_removed_peer_go_with_it);
	tcase_add_test(tcase, a_peer_may_be_removed_while_it_is_held);
	tcase_add_test(tcase, a_peer_is_added_with_what_a_port_has);
	tcase_add_test(
	    tcase, a_peer_is_not_added_with_what_a_port_can_not_have);
	tcase_add_test(tcase,
	    a_peer_is_not_added_when_the_table_is_full_of_static_addresses);
	tcase_add_test(tcase, a_tun_takes_no_words_of_a_switch);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_switch");
	TCase *tcase = tcase_create("switch");

	add_forwarding(tcase);
	tcase_add_test(
	    tcase, a_flooded_frame_that_just_fits_is_no_reason_to_stop);
	add_fdb(tcase);
	add_guard(tcase);
	add_peers(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
