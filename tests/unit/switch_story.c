/* SPDX-License-Identifier: ISC */
/*
 * Bytes to operations on the switch and its oracle.
 *
 * How it works: 9 bytes are the limits; then each step is an operation and its
 * arguments. Few addresses, VLANs and ports, and small limits, so that they
 * meet. Bytes that are missing are zeros.
 */
#include "switch_story.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "switch_oracle.h"

#define STEPS_MAX 4000

/* The first eight are unicast. */
static const struct mac macs[] = {
    {{2, 0, 0, 0, 0, 1}},
    {{2, 0, 0, 0, 0, 2}},
    {{2, 0, 0, 0, 0, 3}},
    {{2, 0, 0, 0, 0, 4}},
    {{2, 0, 0, 0, 0, 5}},
    {{2, 0, 0, 0, 0, 6}},
    {{2, 0, 0, 0, 0, 7}},
    {{2, 0, 0, 0, 0, 8}},
    {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    {{0x33, 0x33, 0, 0, 0, 1}},
    {{0x01, 0x80, 0xc2, 0, 0, 0x00}},
    {{0x01, 0x80, 0xc2, 0, 0, 0x01}},
    {{0x01, 0x80, 0xc2, 0, 0, 0x0e}},
    {{0x01, 0x80, 0xc2, 0, 0, 0x10}},
    {{0}},
    {{0x01, 0x80, 0xc2, 0, 1, 0x00}},
};
#define UNICAST 8

static const char *const names[ORACLE_PORTS] = {
    "this host", "one", "two", "three", "four", "five"};
static const uint16_t vlans[] = {0, 1, 4094, 5};

struct story {
	struct cursor c;
	struct bridge *bridge;
	struct bridge_port *ports[ORACLE_PORTS];
	struct oracle oracle;
	struct instant now;
	struct story_count *count;
};

static struct bridge_limits read_limits(struct cursor *c)
{
	uint8_t flags = cursor_u8(c);
	struct bridge_limits limits = {
	    .is_hub = !(flags & 1),
	    .pass_bpdu = flags & 2,
	    .pass_pause = flags & 4,
	    .ageing_ns = (cursor_u8(c) + 1) * (NS_PER_S / 4),
	    .macs_max = 1 + cursor_u8(c) % 24,
	    .macs_per_port = 1 + cursor_u8(c) % 8,
	};

	return limits;
}

static int pick_port(struct story *story, uint8_t choice)
{
	int port = choice % ORACLE_PORTS;

	return story->ports[port] ? port : 0;
}

static void send_frame(struct story *story)
{
	int from = pick_port(story, cursor_u8(&story->c)), to = -2;
	uint8_t addresses = cursor_u8(&story->c), more = cursor_u8(&story->c);
	struct packet pkt = {
	    .source_mac = macs[addresses & 15],
	    .destination_mac = macs[addresses >> 4],
	    .vlan = vlans[more & 3],
	    .segments = more & 128 ? (more >> 2 & 31) + 1 : 1,
	};
	struct bridge_decision decision;
	enum drop drop =
	    oracle_ingress(&story->oracle, from, &pkt, story->now, &to);

	bridge_ingress(
	    story->bridge, story->ports[from], &pkt, story->now, &decision);
	story->count->drops[drop]++;
	story->count->floods += to == ORACLE_FLOOD && !drop;
	assert(decision.drop == drop);
	if (!drop)
		assert(decision.to ==
		       (to == ORACLE_FLOOD ? NULL : story->ports[to]));
	for (int i = 0; i < ORACLE_PORTS; i++)
		if (story->ports[i])
			assert(bridge_egress(story->bridge, story->ports[from],
				   story->ports[i], &pkt, story->now) ==
			       oracle_egress(
				   &story->oracle, from, i, &pkt, story->now));
}

/* Nothing, some of the steps that matter, or up to 63 seconds. */
static void pass_time(struct story *story)
{
	static const int64_t steps[] = {
	    1, NS_PER_MS, NS_PER_S / 16, NS_PER_S / 4};
	uint8_t step = cursor_u8(&story->c);

	story->now.ns +=
	    step & 3 ? steps[step & 3] * (step >> 2) : NS_PER_S * (step >> 2);
}

static void set_port(struct story *story)
{
	uint8_t what = cursor_u8(&story->c), which = cursor_u8(&story->c);
	uint8_t first = cursor_u8(&story->c);
	int port = 1 + what % (ORACLE_PORTS - 1), error;
	bool is_new = !story->ports[port];
	struct vlan_set set = {{0}};
	const struct mac chosen[] = {macs[first % UNICAST],
	    macs[(first >> 3) % UNICAST], macs[(first >> 5) % UNICAST]};
	struct bridge_port_setup setup = {
	    .name = names[port],
	    .user = &story->oracle.ports[port],
	    .macs = chosen,
	    .macs_count = which >> 4 & 3,
	    .vlans = which & 128 ? &set : NULL,
	};

	for (int i = 0; i < 4; i++)
		if (which & 1 << i)
			vlan_set_add(&set, vlans[i]);
	error = oracle_port_set(&story->oracle, port, &setup, is_new);
	story->count->static_refusals += error != 0;
	if (is_new)
		assert(bridge_port_add(story->bridge, &story->ports[port],
			   &setup, story->now) == error);
	else
		assert(bridge_port_change(
			   story->bridge, story->ports[port], &setup) == error);
	if (!error)
		assert(bridge_port_user(story->ports[port]) == setup.user);
}

static void remove_port(struct story *story)
{
	int port = pick_port(story, cursor_u8(&story->c));

	if (!port)
		return;
	oracle_port_remove(&story->oracle, port);
	bridge_port_remove(story->bridge, story->ports[port]);
	story->ports[port] = NULL;
}

static void flush(struct story *story)
{
	uint8_t choice = cursor_u8(&story->c);
	int port = choice & 128 ? -1 : pick_port(story, choice);

	oracle_flush(&story->oracle, port);
	bridge_flush(story->bridge, port < 0 ? NULL : story->ports[port]);
}

static void hold(struct story *story)
{
	int port = pick_port(story, cursor_u8(&story->c));
	struct instant until =
	    instant_after(story->now, cursor_u8(&story->c) * NS_PER_S / 8);

	if (!port)
		return;
	oracle_hold(&story->oracle, port, until);
	bridge_port_hold(story->ports[port], until);
}

/* The rates stay: a bucket that is changed is bucket.c's matter. */
static void limit(struct story *story)
{
	struct bridge_limits limits = read_limits(&story->c);
	int error;

	memcpy(limits.storm, story->oracle.limits.storm, sizeof(limits.storm));
	error = oracle_set_limits(&story->oracle, &limits);
	story->count->static_refusals += error != 0;
	assert(bridge_set_limits(story->bridge, &limits) == error);
}

static void name_host(struct story *story)
{
	const struct mac *mac = &macs[cursor_u8(&story->c) % UNICAST];

	oracle_set_host_mac(&story->oracle, mac);
	bridge_set_host_mac(story->bridge, mac);
}

/* The alarm of a port is the one that the oracle has for it. */
static void check_alarm(struct story *story, const struct bridge_alarm *alarm)
{
	int port = 0;
	struct oracle_port *held;

	while (strcmp(names[port], alarm->held) != 0)
		assert(++port < ORACLE_PORTS);
	held = &story->oracle.ports[port];
	assert(held->has_alarm);
	assert(strcmp(alarm->other, names[held->alarm_other]) == 0);
	assert(mac_is_equal(&alarm->mac, &held->alarm_mac));
	assert(alarm->vlan == held->alarm_vlan);
	held->has_alarm = false;
	story->count->alarms++;
}

static void take_alarms(struct story *story)
{
	struct bridge_alarm alarm;

	while (bridge_take_alarm(story->bridge, &alarm))
		check_alarm(story, &alarm);
	for (int i = 0; i < ORACLE_PORTS; i++)
		assert(!story->oracle.ports[i].has_alarm);
}

static void (*const acts[])(struct story *story) = {
    set_port,
    remove_port,
    flush,
    hold,
    limit,
    name_host,
    take_alarms,
    pass_time,
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

struct entries {
	struct bridge_entry all[ORACLE_ENTRIES];
	int len;
};

static void collect(void *context, const struct bridge_entry *entry)
{
	struct entries *entries = context;

	assert(entries->len < ORACLE_ENTRIES);
	entries->all[entries->len++] = *entry;
}

static bool is_there(const struct story *story, const struct entries *entries,
    const struct oracle_entry *wanted)
{
	for (int i = 0; i < entries->len; i++)
		if (entries->all[i].is_static &&
		    mac_is_equal(&entries->all[i].mac, &wanted->mac) &&
		    entries->all[i].port == story->ports[wanted->port])
			return true;
	return false;
}

/* Static ones in any order; then the learned ones in the oracle's order. */
static void compare_entries(const struct story *story)
{
	struct entries entries = {.len = 0};
	const struct oracle *oracle = &story->oracle;
	int at = oracle_count(oracle, -1, true);

	bridge_each_entry(story->bridge, story->now, collect, &entries);
	assert(entries.len == oracle->len);
	for (int i = 0; i < oracle->len; i++) {
		const struct oracle_entry *wanted = &oracle->entries[i];
		const struct bridge_entry *got = &entries.all[at];

		if (wanted->is_static) {
			assert(is_there(story, &entries, wanted));
			continue;
		}
		assert(!got->is_static && got->vlan == wanted->vlan);
		assert(mac_is_equal(&got->mac, &wanted->mac));
		assert(got->port == story->ports[wanted->port]);
		assert(got->age_ns == story->now.ns - wanted->seen.ns);
		at++;
	}
}

static void compare_port(const struct story *story, int port)
{
	const struct oracle_port *wanted = &story->oracle.ports[port];
	bool is_held = oracle_is_held(&story->oracle, port, story->now);
	struct bridge_port_status status;

	if (!story->ports[port])
		return;
	bridge_port_status(story->ports[port], story->now, &status);
	assert(strcmp(status.name, names[port]) == 0);
	assert(status.holds == wanted->holds);
	assert(status.held_until.ns ==
	       (is_held ? wanted->held_until : INSTANT_NEVER).ns);
	assert((int)status.macs == oracle_count(&story->oracle, port, false));
}

static void compare(struct story *story)
{
	struct bridge_status status;

	oracle_age(&story->oracle, story->now);
	bridge_status(story->bridge, story->now, &status);
	assert((int)status.macs == story->oracle.len);
	assert(status.macs_max == story->oracle.limits.macs_max);
	for (int i = 0; i < ORACLE_PORTS; i++)
		compare_port(story, i);
	compare_entries(story);
}

static void begin(struct story *story)
{
	static const uint8_t secret[16] = {42};
	struct bridge_limits limits = read_limits(&story->c);

	for (int kind = 0; kind < BRIDGE_STORMS; kind++)
		limits.storm[kind] = cursor_u8(&story->c);
	oracle_init(&story->oracle, &limits);
	if (bridge_new(&story->bridge, &limits, secret))
		abort();
	story->ports[0] = bridge_host(story->bridge);
}

void story_tell(const uint8_t *data, size_t len, struct story_count *count)
{
	struct story story = {
	    .c = cursor_of(data, len), .now = {NS_PER_S}, .count = count};

	begin(&story);
	for (int i = 0; i < STEPS_MAX && story.c.left; i++) {
		uint8_t act = cursor_u8(&story.c);

		if (act % 32 < ACTS)
			acts[act % 32](&story);
		else
			send_frame(&story);
		compare(&story);
		count->steps++;
	}
	bridge_free(story.bridge);
}
