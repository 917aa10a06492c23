/* SPDX-License-Identifier: ISC */
/* The switch as a whole: made, limited, flushed, read. */
#include "net/bridge.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "net/state.h"

uint32_t bridge_room(const struct bridge_limits *limits)
{
	return limits->macs_max ? limits->macs_max : 1;
}

uint32_t bridge_static_room(const struct bridge_limits *limits)
{
	return bridge_room(limits) - 1;
}

int bridge_new(struct bridge **ret, const struct bridge_limits *limits,
    const uint8_t secret[16])
{
	struct bridge *bridge = calloc(1, sizeof(*bridge));

	if (!bridge)
		return -ENOMEM;
	if (fdb_new(&bridge->fdb, bridge_room(limits), secret)) {
		free(bridge);
		return -ENOMEM;
	}
	bridge->limits = *limits;
	fdb_set_ageing(bridge->fdb, limits->ageing_ns);
	port_init_host(bridge);
	*ret = bridge;
	return 0;
}

void bridge_free(struct bridge *bridge)
{
	if (!bridge)
		return;
	while (bridge->host.next)
		bridge_port_remove(bridge, bridge->host.next);
	fdb_free(bridge->fdb);
	free(bridge);
}

int bridge_set_limits(struct bridge *bridge, const struct bridge_limits *limits)
{
	struct bridge_port *port = bridge->host.next;
	int error;

	if (fdb_static_len(bridge->fdb) - bridge->host.macs_static >
	    bridge_static_room(limits))
		return -ENOSPC;
	error = fdb_resize(bridge->fdb, bridge_room(limits));
	if (error)
		return error;
	for (; port; port = port->next)
		fdb_keep_newest(bridge->fdb, port, limits->macs_per_port);
	fdb_set_ageing(bridge->fdb, limits->ageing_ns);
	bridge->limits = *limits;
	return 0;
}

/* The device has the address, whoever was configured with it. */
void bridge_set_host_mac(struct bridge *bridge, const struct mac *mac)
{
	int error;

	if (fdb_static_port(bridge->fdb, mac) == &bridge->host)
		return;
	fdb_flush_static(bridge->fdb, &bridge->host);
	fdb_remove_static(bridge->fdb, mac);
	error = fdb_add_static(bridge->fdb, &bridge->host, mac);
	assert(!error);
}

struct bridge_port *bridge_host(struct bridge *bridge)
{
	return &bridge->host;
}

void bridge_flush(struct bridge *bridge, struct bridge_port *port)
{
	struct bridge_port *at = &bridge->host;

	fdb_flush(bridge->fdb, port);
	for (; at; at = at->next)
		if (!port || at == port)
			loop_release_port(at);
}

const struct bridge_port *bridge_find(
    const struct bridge *bridge, const struct packet *pkt, struct instant now)
{
	const struct fdb_entry *entry =
	    fdb_lookup(bridge->fdb, &pkt->destination_mac, pkt->vlan, now);

	return entry ? entry->port : NULL;
}

struct reader {
	struct instant now;
	void (*found)(void *context, const struct bridge_entry *entry);
	void *context;
};

static void show_entry(void *context, const struct fdb_entry *entry)
{
	const struct reader *reader = context;
	struct bridge_entry shown = {
	    .mac = entry->mac,
	    .port = entry->port,
	    .is_static = entry->is_static,
	};

	if (!entry->is_static) {
		shown.vlan = entry->vlan;
		shown.age_ns = instant_age_ns(entry->seen, reader->now);
	}
	reader->found(reader->context, &shown);
}

void bridge_each_entry(const struct bridge *bridge, struct instant now,
    void (*found)(void *context, const struct bridge_entry *entry),
    void *context)
{
	struct reader reader = {now, found, context};

	fdb_each(bridge->fdb, now, show_entry, &reader);
}

void bridge_status(
    const struct bridge *bridge, struct instant now, struct bridge_status *ret)
{
	*ret = (struct bridge_status){
	    .macs = fdb_len(bridge->fdb, now),
	    .macs_max = bridge->limits.macs_max,
	};
}
