/* SPDX-License-Identifier: ISC */
/*
 * The switch of a tap tunnel as core keeps it: a port for each peer, and what
 * the configuration says of it. On tun there is none, and nothing to do.
 */
#include <sodium.h>
#include <string.h>

#include "core/state.h"

#define SECRET_BYTES 16

static struct bridge_limits limits_of(const struct config *config)
{
	const struct config_l2 *l2 = &config->l2;

	return (struct bridge_limits){
	    .is_hub = l2->is_hub,
	    .pass_bpdu = l2->bpdu == CONFIG_CONTROL_PASS,
	    .pass_pause = l2->pause == CONFIG_CONTROL_PASS,
	    .ageing_ns = l2->ageing_s * NS_PER_S,
	    .macs_max = l2->macs_max,
	    .macs_per_port = l2->macs_per_peer,
	    .storm = {[BRIDGE_BROADCAST] = l2->storm_broadcast,
		[BRIDGE_MULTICAST] = l2->storm_multicast,
		[BRIDGE_UNKNOWN_UNICAST] = l2->storm_unknown_unicast},
	};
}

int ports_make(struct core *core)
{
	struct bridge_limits limits = limits_of(core->config);
	uint8_t secret[SECRET_BYTES];
	int err;

	if (core->config->device_type != CONFIG_DEVICE_TAP)
		return 0;
	randombytes_buf(secret, sizeof(secret));
	err = bridge_new(&core->bridge, &limits, secret);
	sodium_memzero(secret, sizeof(secret));
	if (!err && core->config->has_mac)
		bridge_set_host_mac(core->bridge, &core->config->mac);
	return err;
}

int ports_limit(struct core *core, const struct config *config)
{
	struct bridge_limits limits = limits_of(config);

	return core->bridge ? bridge_set_limits(core->bridge, &limits) : 0;
}

const struct config_peer *ports_find_owner(
    const struct core *core, const struct mac *mac)
{
	for (size_t i = 0; i < core->config->peers_count; i++)
		if (ports_has_mac(&core->config->peers[i], mac))
			return &core->config->peers[i];
	return NULL;
}

/* An address that is made of the key is not known when macs are checked. */
static void warn_of_owner(const struct core *core, const struct mac *mac)
{
	const struct config_peer *owner = ports_find_owner(core, mac);
	char text[MAC_TEXT_BYTES];

	if (owner)
		log_warning(core->log,
		    "peer %s: macs: %s is the address of this host's own "
		    "device, and stays with it",
		    owner->name, mac_format(mac, text, sizeof(text)));
}

/* What the device had of a peer's, and has no more, is the peer's again. */
static void give_back(struct core *core, const struct mac *own)
{
	for (size_t i = 0; i < core->config->peers_count; i++) {
		const struct config_peer *conf = &core->config->peers[i];
		struct core_peer *peer = core->peers[i];

		if (conf->macs_count && !ports_has_mac(conf, own) &&
		    ports_claim(core, peer, conf))
			log_error(core->log,
			    "peer %s: its macs could not be restored",
			    peer->name);
	}
}

void ports_set_host_mac(struct core *core, const struct mac *mac)
{
	if (!core->bridge || mac_is_zero(mac) ||
	    mac_is_equal(mac, &core->host.mac))
		return;
	warn_of_owner(core, mac);
	bridge_set_host_mac(core->bridge, mac);
	give_back(core, mac);
}

const struct mac *ports_host_mac(const struct core *core)
{
	if (!core->bridge)
		return NULL;
	if (!mac_is_zero(&core->host.mac))
		return &core->host.mac;
	return core->config->has_mac ? &core->config->mac : NULL;
}

/* ---- the port of a peer ---- */

static struct bridge_port_setup setup_of(
    const struct core_peer *peer, const struct config_peer *conf)
{
	return (struct bridge_port_setup){
	    .name = peer->name,
	    .user = peer->peer,
	    .macs = conf->macs,
	    .macs_count = conf->macs_count,
	    .vlans = conf->vlans,
	    .is_router = conf->is_router,
	    .is_dhcp_server = conf->is_dhcp_server,
	};
}

int ports_add(struct core *core, struct core_peer *peer,
    const struct config_peer *conf, const struct moment *now)
{
	struct bridge_port_setup setup = setup_of(peer, conf);
	int err;

	if (!core->bridge)
		return 0;
	setup.macs_count = 0;
	err = bridge_port_add(core->bridge, &peer->port, &setup, now->now);
	if (!err)
		tunnel_peer_set_port(peer->peer, peer->port);
	return err;
}

int ports_claim(
    struct core *core, struct core_peer *peer, const struct config_peer *conf)
{
	struct bridge_port_setup setup = setup_of(peer, conf);

	if (!peer->port)
		return 0;
	return bridge_port_change(core->bridge, peer->port, &setup);
}

int ports_release(
    struct core *core, struct core_peer *peer, const struct config_peer *conf)
{
	struct bridge_port_setup setup = setup_of(peer, conf);

	if (!peer->port)
		return 0;
	setup.macs_count = 0;
	return bridge_port_change(core->bridge, peer->port, &setup);
}

void ports_remove(struct core *core, struct core_peer *peer)
{
	if (!peer->port)
		return;
	tunnel_peer_set_port(peer->peer, NULL);
	bridge_port_remove(core->bridge, peer->port);
	peer->port = NULL;
}

/* ---- what differs ---- */

bool ports_has_mac(const struct config_peer *conf, const struct mac *mac)
{
	for (size_t i = 0; i < conf->macs_count; i++)
		if (mac_is_equal(&conf->macs[i], mac))
			return true;
	return false;
}

/* The order says nothing. Neither list has doubles. */
bool ports_macs_differ(const struct config_peer *a, const struct config_peer *b)
{
	if (a->macs_count != b->macs_count)
		return true;
	for (size_t i = 0; i < a->macs_count; i++)
		if (!ports_has_mac(b, &a->macs[i]))
			return true;
	return false;
}

bool ports_vlans_differ(
    const struct config_peer *a, const struct config_peer *b)
{
	if (!a->vlans || !b->vlans)
		return a->vlans != b->vlans;
	return memcmp(a->vlans, b->vlans, sizeof(*a->vlans)) != 0;
}
