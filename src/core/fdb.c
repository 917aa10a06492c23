/* SPDX-License-Identifier: ISC */
/* What `vpnctl fdb` reads: the forwarding table, schema vpnd.fdb/1. */
#include "core/state.h"

struct writer {
	const struct core *core;
	const struct core_peer *only;
	struct reply *reply;
};

/* NULL: it is the host's port. */
static const struct core_peer *peer_of(const struct bridge_port *port)
{
	const struct peer *peer = bridge_port_user(port);

	return peer ? tunnel_peer_user(peer) : NULL;
}

static void write_entry(void *context, const struct bridge_entry *entry)
{
	const struct writer *w = context;
	const struct core_peer *peer = peer_of(entry->port);
	char mac[MAC_TEXT_BYTES];

	if (w->only && peer != w->only)
		return;
	reply_open_object(w->reply, "");
	reply_string(
	    w->reply, "mac", mac_format(&entry->mac, mac, sizeof(mac)));
	reply_unsigned(w->reply, "vlan", entry->vlan);
	reply_string(w->reply, "peer", peer ? peer->name : "");
	reply_bool(w->reply, "host", !peer);
	reply_bool(w->reply, "static", entry->is_static);
	reply_unsigned(w->reply, "age_s", (uint64_t)(entry->age_ns / NS_PER_S));
	reply_close_object(w->reply);
}

/* A part of a second counts as one. */
unsigned fdb_held_s(const struct bridge_port_status *status, struct instant now)
{
	int64_t left_ns = status->held_until.ns - now.ns;

	if (instant_is_never(status->held_until) || left_ns <= 0)
		return 0;
	return (unsigned)((left_ns + NS_PER_S - 1) / NS_PER_S);
}

void fdb_write_guard(const struct bridge_port_status *status,
    struct instant now, struct reply *reply)
{
	reply_unsigned(reply, "macs", status->macs);
	reply_unsigned(reply, "held_for_s", fdb_held_s(status, now));
	reply_unsigned(reply, "holds", status->holds);
}

static void write_port(
    const struct writer *w, const struct bridge_port *port, struct instant now)
{
	const struct core_peer *peer = peer_of(port);
	struct bridge_port_status status;

	if (w->only && peer != w->only)
		return;
	bridge_port_status(port, now, &status);
	reply_open_object(w->reply, "");
	reply_string(w->reply, "peer", peer ? peer->name : "");
	reply_bool(w->reply, "host", !peer);
	fdb_write_guard(&status, now, w->reply);
	reply_close_object(w->reply);
}

void fdb_write_totals(
    const struct core *core, struct instant now, struct reply *reply)
{
	struct bridge_status status;

	bridge_status(core->bridge, now, &status);
	reply_unsigned(reply, "macs", status.macs);
	reply_unsigned(reply, "macs_max", status.macs_max);
}

void fdb_reply(const struct core *core, const struct core_peer *only,
    const struct moment *now, struct reply *reply)
{
	struct writer writer = {core, only, reply};
	const struct bridge_port *port = NULL;

	reply_string(reply, "schema", "vpnd.fdb/1");
	reply_open_array(reply, "entries");
	bridge_each_entry(core->bridge, now->now, write_entry, &writer);
	reply_close_array(reply);
	reply_open_object(reply, "totals");
	fdb_write_totals(core, now->now, reply);
	reply_close_object(reply);
	reply_open_array(reply, "ports");
	while ((port = bridge_next_port(core->bridge, port)))
		write_port(&writer, port, now->now);
	reply_close_array(reply);
}

static uint32_t count_learned(
    const struct core *core, const struct core_peer *only, struct instant now)
{
	const struct bridge_port *port = NULL;
	struct bridge_port_status status;
	uint32_t count = 0;

	while ((port = bridge_next_port(core->bridge, port))) {
		if (only && only->port != port)
			continue;
		bridge_port_status(port, now, &status);
		count += status.macs;
	}
	return count;
}

void fdb_flush_reply(struct core *core, const struct core_peer *only,
    const struct moment *now, struct reply *reply)
{
	uint32_t learned = count_learned(core, only, now->now);

	bridge_flush(core->bridge, only ? only->port : NULL);
	reply_string(reply, "schema", "vpnd.fdb_flush/1");
	reply_unsigned(reply, "flushed", learned);
	if (only)
		reply_string(reply, "peer", only->name);
}
