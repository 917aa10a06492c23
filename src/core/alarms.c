/* SPDX-License-Identifier: ISC */
/*
 * What the loop guard of the switch found, for the log: one line for a pair of
 * ports, and then none for CORE_ALARM_PAUSE_NS. Status counts them all.
 */
#include <stdio.h>
#include <string.h>

#include "core/state.h"

#define PORT_TEXT_BYTES (CONFIG_NAME_BYTES + sizeof("peer "))

/* Pairs have no order: in a loop now one is held, now the other. */
static bool is_about(
    const struct core_alarm *entry, const struct bridge_alarm *alarm)
{
	bool is_first = strcmp(entry->pair[0], alarm->held) == 0;

	return strcmp(entry->pair[is_first ? 0 : 1], alarm->held) == 0 &&
	       strcmp(entry->pair[is_first ? 1 : 0], alarm->other) == 0;
}

/* The pair's entry, or the one that is needed least. */
static struct core_alarm *find_entry(
    struct core *core, const struct bridge_alarm *alarm)
{
	struct core_alarm *oldest = &core->alarms[0];

	for (size_t i = 0; i < CORE_ALARMS; i++) {
		struct core_alarm *entry = &core->alarms[i];

		if (is_about(entry, alarm))
			return entry;
		if (instant_is_before(entry->limit.next, oldest->limit.next))
			oldest = entry;
	}
	*oldest =
	    (struct core_alarm){.limit = {.interval_ns = CORE_ALARM_PAUSE_NS}};
	snprintf(oldest->pair[0], sizeof(oldest->pair[0]), "%s", alarm->held);
	snprintf(oldest->pair[1], sizeof(oldest->pair[1]), "%s", alarm->other);
	return oldest;
}

/* "peer NAME", or "this host", which no peer can be called. */
static const char *port_text(
    const char *host, const char *name, char text[PORT_TEXT_BYTES])
{
	snprintf(text, PORT_TEXT_BYTES, "%s%.*s",
	    strcmp(name, host) == 0 ? "" : "peer ", CONFIG_NAME_BYTES, name);
	return text;
}

static void log_alarm(const struct core *core, const struct bridge_alarm *alarm,
    unsigned long skipped, struct instant now)
{
	char held[PORT_TEXT_BYTES], other[PORT_TEXT_BYTES];
	char mac[MAC_TEXT_BYTES], vlan[16] = "", more[64] = "";
	struct bridge_port_status host;

	bridge_port_status(bridge_host(core->bridge), now, &host);
	if (alarm->vlan)
		snprintf(vlan, sizeof(vlan), " (VLAN %u)", alarm->vlan);
	if (skipped)
		snprintf(more, sizeof(more),
		    " (%lu more since the last such line)", skipped);
	log_warning(core->log,
	    "%s is held for %d s: %s%s comes from there and from %s, as in a "
	    "loop%s; two ways lead to the same network, take one of them away",
	    port_text(host.name, alarm->held, held),
	    (int)(BRIDGE_HOLD_NS / NS_PER_S),
	    mac_format(&alarm->mac, mac, sizeof(mac)), vlan,
	    port_text(host.name, alarm->other, other), more);
}

void alarms_hear(struct core *core, const struct moment *now)
{
	struct bridge_alarm alarm;
	unsigned long skipped;

	while (core->bridge && bridge_take_alarm(core->bridge, &alarm)) {
		struct core_alarm *entry = find_entry(core, &alarm);

		if (log_limit_allows(&entry->limit, now->now, &skipped))
			log_alarm(core, &alarm, skipped, now->now);
	}
}
