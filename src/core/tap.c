/* SPDX-License-Identifier: ISC */
/* What status shows of a tap: the switch, and each peer's port of it. */
#include <stdio.h>

#include "core/state.h"

/* Why a peer that is up gets nothing. */
static void write_held(const struct bridge_port_status *status,
    struct instant now, struct reply *reply)
{
	unsigned held_s = fdb_held_s(status, now);
	char text[STATUS_REASON_BYTES];

	if (held_s == 0)
		return;
	snprintf(text, sizeof(text),
	    "the loop guard holds it for %u s more: two ways lead to the same "
	    "network, take one of them away",
	    held_s);
	reply_string(reply, "warning", text);
}

static void write_macs(const struct config_peer *conf, struct reply *reply)
{
	char text[MAC_TEXT_BYTES];

	reply_open_array(reply, "static_macs");
	for (size_t i = 0; i < conf->macs_count; i++)
		reply_string(
		    reply, "", mac_format(&conf->macs[i], text, sizeof(text)));
	reply_close_array(reply);
}

static void write_vlans(const struct config_peer *conf, struct reply *reply)
{
	char text[VLAN_SET_TEXT_BYTES];

	if (conf->vlans)
		reply_string(reply, "vlans",
		    vlan_set_format(conf->vlans, text, sizeof(text)));
}

void tap_write_port(const struct core *core, const struct core_peer *peer,
    struct instant now, struct reply *reply)
{
	const struct config_peer *conf = peers_conf(core, peer);
	struct bridge_port_status status;

	if (!peer->port)
		return;
	bridge_port_status(peer->port, now, &status);
	write_held(&status, now, reply);
	fdb_write_guard(&status, now, reply);
	write_macs(conf, reply);
	write_vlans(conf, reply);
	reply_bool(reply, "router", conf->is_router);
	reply_bool(reply, "dhcp_server", conf->is_dhcp_server);
}

void tap_write_switch(
    const struct core *core, struct instant now, struct reply *reply)
{
	const struct mac *own = ports_host_mac(core);
	char text[MAC_TEXT_BYTES];

	if (!core->bridge)
		return;
	if (own)
		reply_string(reply, "mac", mac_format(own, text, sizeof(text)));
	if (*core->config->bridge)
		reply_string(reply, "bridge", core->config->bridge);
	fdb_write_totals(core, now, reply);
}
