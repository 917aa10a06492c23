/* SPDX-License-Identifier: ISC */
/* The ports of the switch: made, changed, removed, read. */
#include "net/state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_among(
    const struct mac *mac, const struct mac *macs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mac_is_equal(mac, &macs[i]))
			return true;
	return false;
}

/* Do the static addresses of a setup fit, in place of those that the port
 * has? */
static int check_macs(
    const struct bridge_port *port, const struct bridge_port_setup *setup)
{
	const struct bridge *bridge = port->bridge;
	size_t len = fdb_static_len(bridge->fdb) - bridge->host.macs_static -
		     port->macs_static;

	for (size_t i = 0; i < setup->macs_count; i++) {
		const struct mac *mac = &setup->macs[i];
		const struct bridge_port *owner =
		    fdb_static_port(bridge->fdb, mac);

		if (owner && owner != port)
			return -EEXIST;
		len += !is_among(mac, setup->macs, i);
	}
	return len > bridge_static_room(&bridge->limits) ? -ENOSPC : 0;
}

/* After check_macs. */
static void set_macs(
    struct bridge_port *port, const struct bridge_port_setup *setup)
{
	fdb_flush_static(port->bridge->fdb, port);
	for (size_t i = 0; i < setup->macs_count; i++) {
		int error =
		    fdb_add_static(port->bridge->fdb, port, &setup->macs[i]);

		assert(!error);
	}
	port->is_locked = setup->macs_count;
}

static struct vlan_set vlans_of(const struct bridge_port_setup *setup)
{
	struct vlan_set all;

	memset(&all, 0xff, sizeof(all));
	return setup->vlans ? *setup->vlans : all;
}

static void set_up(
    struct bridge_port *port, const struct bridge_port_setup *setup)
{
	port->name = setup->name;
	port->user = setup->user;
	port->is_router = setup->is_router;
	port->is_dhcp_server = setup->is_dhcp_server;
	port->vlans = vlans_of(setup);
	set_macs(port, setup);
}

void port_init_host(struct bridge *bridge)
{
	bridge->host.bridge = bridge;
	loop_release_port(&bridge->host);
	set_up(&bridge->host, &(struct bridge_port_setup){.name = "this host"});
}

static struct bridge_port **end_of(struct bridge *bridge)
{
	struct bridge_port **at = &bridge->host.next;

	while (*at)
		at = &(*at)->next;
	return at;
}

int bridge_port_add(struct bridge *bridge, struct bridge_port **ret,
    const struct bridge_port_setup *setup, struct instant now)
{
	struct bridge_port *port = calloc(1, sizeof(*port));
	int error;

	if (!port)
		return -ENOMEM;
	port->bridge = bridge;
	error = check_macs(port, setup);
	if (error) {
		free(port);
		return error;
	}
	loop_release_port(port);
	storm_init(port, now);
	set_up(port, setup);
	*end_of(bridge) = port;
	*ret = port;
	return 0;
}

/* May a frame that was learned from come no more? */
static bool is_stricter(
    const struct bridge_port *port, const struct bridge_port_setup *setup)
{
	struct vlan_set vlans = vlans_of(setup);

	return setup->macs_count ||
	       memcmp(&port->vlans, &vlans, sizeof(vlans)) != 0;
}

int bridge_port_change(struct bridge *bridge, struct bridge_port *port,
    const struct bridge_port_setup *setup)
{
	int error = check_macs(port, setup);

	assert(port->bridge == bridge && !port_is_host(port));
	if (error)
		return error;
	if (is_stricter(port, setup))
		fdb_flush(bridge->fdb, port);
	set_up(port, setup);
	return 0;
}

void bridge_port_remove(struct bridge *bridge, struct bridge_port *port)
{
	struct bridge_port *before = &bridge->host;

	assert(port->bridge == bridge && !port_is_host(port));
	while (before->next != port)
		before = before->next;
	before->next = port->next;
	loop_forget_port(port);
	fdb_forget_home(bridge->fdb, port);
	fdb_flush(bridge->fdb, port);
	fdb_flush_static(bridge->fdb, port);
	free(port);
}

void *bridge_port_user(const struct bridge_port *port)
{
	return port->user;
}

struct bridge_port *bridge_next_port(
    const struct bridge *bridge, const struct bridge_port *port)
{
	return port ? port->next : bridge_host((struct bridge *)bridge);
}

void bridge_port_status(const struct bridge_port *port, struct instant now,
    struct bridge_port_status *ret)
{
	*ret = (struct bridge_port_status){
	    .name = port->name,
	    .macs = fdb_port_len(port->bridge->fdb, port, now),
	    .held_until =
		port_is_held(port, now) ? port->held_until : INSTANT_NEVER,
	    .holds = port->holds,
	};
}
