/* SPDX-License-Identifier: ISC */
/*
 * The guard against loops: counts moves, holds ports, keeps alarms.
 *
 * How it works: an entry has a window that begins with a move and ends
 * BRIDGE_MOVES_NS later, and counts the moves in it. An address is at home
 * where it was first, until it has been elsewhere, and only there, for the
 * ageing time: who sent the frame that goes round has no part in the loop, and
 * its own frames are moves as well; nor has a peer from whose address another
 * one sends to have it held. When a port is held,
 * all that moved goes home. A port that is held forgets what it learned, so
 * that frames to an address behind it are flooded to where the address really
 * is.
 */
#include "net/state.h"

static void set_alarm(struct bridge_port *held, const struct bridge_port *other,
    const struct mac *mac, uint16_t vlan)
{
	held->bridge->alarms += !held->alarm_other;
	held->alarm_other = other;
	held->alarm_mac = *mac;
	held->alarm_vlan = vlan;
}

static void clear_alarm(struct bridge_port *port)
{
	port->bridge->alarms -= port->alarm_other != NULL;
	port->alarm_other = NULL;
}

/* After so many moves between an address's home and the host, no other peer has
 * a part in the loop. */
#define MOVES_AT_HOME (2 * BRIDGE_MOVES_MAX)

static bool may_hold(
    const struct bridge_port *port, const struct fdb_entry *entry)
{
	return !port_is_host(port) &&
	       (port != entry->home || entry->moves > MOVES_AT_HOME);
}

/* NULL: neither of them yet. */
static struct bridge_port *choose(struct bridge_port *port,
    struct bridge_port *before, const struct fdb_entry *entry)
{
	if (may_hold(port, entry))
		return port;
	return may_hold(before, entry) ? before : NULL;
}

static void note_move(
    struct bridge_port *before, struct fdb_entry *entry, struct instant now)
{
	int64_t stay_ns =
	    entry->home ? before->bridge->limits.ageing_ns : BRIDGE_MOVES_NS;

	if (instant_age_ns(entry->settled, now) >= stay_ns)
		entry->home = before;
	entry->settled = now;
}

/* Counts; returns the port to be held, or NULL. */
static struct bridge_port *count(struct bridge_port *port,
    struct bridge_port *before, struct fdb_entry *entry, struct instant now)
{
	if (!entry->moves ||
	    instant_age_ns(entry->moves_since, now) >= BRIDGE_MOVES_NS) {
		entry->moves_since = now;
		entry->moves = 0;
	}
	note_move(before, entry, now);
	if (++entry->moves <= BRIDGE_MOVES_MAX)
		return NULL;
	return choose(port, before, entry);
}

void loop_count_move(struct bridge_port *port, struct bridge_port *before,
    struct fdb_entry *entry, uint16_t vlan, struct instant now)
{
	struct bridge_port *held = count(port, before, entry, now), *other;

	if (!held)
		return;
	other = held == port ? before : port;
	set_alarm(held, other, &entry->mac, vlan);
	held->holds++;
	fdb_go_home(port->bridge->fdb, BRIDGE_MOVES_NS, now);
	entry->moves = 0;
	bridge_port_hold(held, instant_after(now, BRIDGE_HOLD_NS));
}

bool loop_would_hold(struct bridge_port *port, struct bridge_port *before,
    const struct fdb_entry *entry, struct instant now)
{
	struct fdb_entry copy = *entry;

	return count(port, before, &copy, now) == port;
}

void bridge_port_hold(struct bridge_port *port, struct instant until)
{
	port->held_until = until;
	fdb_flush(port->bridge->fdb, port);
}

void loop_release_port(struct bridge_port *port)
{
	port->held_until = (struct instant){INT64_MIN};
}

void loop_forget_port(struct bridge_port *port)
{
	struct bridge_port *at = &port->bridge->host;

	clear_alarm(port);
	for (; at; at = at->next)
		if (at->alarm_other == port)
			clear_alarm(at);
}

bool bridge_take_alarm(struct bridge *bridge, struct bridge_alarm *ret)
{
	struct bridge_port *port = &bridge->host;

	if (!bridge->alarms)
		return false;
	while (!port->alarm_other)
		port = port->next;
	*ret = (struct bridge_alarm){
	    .held = port->name,
	    .other = port->alarm_other->name,
	    .mac = port->alarm_mac,
	    .vlan = port->alarm_vlan,
	};
	clear_alarm(port);
	return true;
}
