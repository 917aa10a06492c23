/* SPDX-License-Identifier: ISC */
/* The settings of the tunnel, and whether two configurations differ in them. */
#include <string.h>

#include "core/state.h"

static bool name_differs(const struct config *a, const struct config *b)
{
	return strcmp(a->name, b->name) != 0;
}

static bool device_type_differs(const struct config *a, const struct config *b)
{
	return a->device_type != b->device_type;
}

static bool mac_differs(const struct config *a, const struct config *b)
{
	return a->has_mac != b->has_mac ||
	       (a->has_mac && !mac_is_equal(&a->mac, &b->mac));
}

static bool bridge_differs(const struct config *a, const struct config *b)
{
	return strcmp(a->bridge, b->bridge) != 0;
}

static bool device_differs(const struct config *a, const struct config *b)
{
	return strcmp(a->device, b->device) != 0;
}

static bool mtu_differs(const struct config *a, const struct config *b)
{
	return a->mtu != b->mtu;
}

static bool txqueuelen_differs(const struct config *a, const struct config *b)
{
	return a->txqueuelen != b->txqueuelen;
}

static bool port_differs(const struct config *a, const struct config *b)
{
	return a->listen_port != b->listen_port;
}

static bool address_differs(const struct config *a, const struct config *b)
{
	return !address_is_equal(&a->listen_address, &b->listen_address);
}

static bool routes_differs(const struct config *a, const struct config *b)
{
	return a->routes != b->routes ||
	       (a->routes == CONFIG_ROUTES_TABLE &&
		   a->routes_table != b->routes_table);
}

static bool fwmark_differs(const struct config *a, const struct config *b)
{
	return a->fwmark != b->fwmark;
}

static bool workers_differs(const struct config *a, const struct config *b)
{
	return a->workers != b->workers;
}

static bool affinity_differs(const struct config *a, const struct config *b)
{
	return a->affinity != b->affinity;
}

static bool udp_gso_differs(const struct config *a, const struct config *b)
{
	return a->udp_gso != b->udp_gso;
}

static bool udp_gro_differs(const struct config *a, const struct config *b)
{
	return a->udp_gro != b->udp_gro;
}

static bool offload_differs(const struct config *a, const struct config *b)
{
	return a->offload != b->offload;
}

static bool forwarding_differs(const struct config *a, const struct config *b)
{
	return a->forwarding != b->forwarding;
}

static bool mss_clamp_differs(const struct config *a, const struct config *b)
{
	return a->mss_clamp != b->mss_clamp;
}

static bool log_level_differs(const struct config *a, const struct config *b)
{
	return a->log_level != b->log_level;
}

static bool compress_differs(const struct config *a, const struct config *b)
{
	return a->compress != b->compress;
}

static bool ciphers_differs(const struct config *a, const struct config *b)
{
	if (a->ciphers_count != b->ciphers_count ||
	    a->has_cipher_order != b->has_cipher_order)
		return true;
	for (size_t i = 0; i < a->ciphers_count; i++)
		if (a->ciphers[i] != b->ciphers[i])
			return true;
	return false;
}

static bool busy_poll_differs(const struct config *a, const struct config *b)
{
	return a->busy_poll_us != b->busy_poll_us;
}

/* ---- of the switch ---- */

static bool hub_differs(const struct config *a, const struct config *b)
{
	return a->l2.is_hub != b->l2.is_hub;
}

static bool ageing_differs(const struct config *a, const struct config *b)
{
	return a->l2.ageing_s != b->l2.ageing_s;
}

static bool macs_max_differs(const struct config *a, const struct config *b)
{
	return a->l2.macs_max != b->l2.macs_max;
}

static bool macs_per_peer_differs(
    const struct config *a, const struct config *b)
{
	return a->l2.macs_per_peer != b->l2.macs_per_peer;
}

static bool storm_differs(const struct config *a, const struct config *b)
{
	return a->l2.storm_broadcast != b->l2.storm_broadcast ||
	       a->l2.storm_multicast != b->l2.storm_multicast ||
	       a->l2.storm_unknown_unicast != b->l2.storm_unknown_unicast;
}

static bool bpdu_differs(const struct config *a, const struct config *b)
{
	return a->l2.bpdu != b->l2.bpdu;
}

static bool pause_differs(const struct config *a, const struct config *b)
{
	return a->l2.pause != b->l2.pause;
}

const struct setting settings_restart[] = {
    {"name", PLAN_RESTART, name_differs},
    {"device.type", PLAN_RESTART, device_type_differs},
    {"device.name", PLAN_RESTART, device_differs},
    {"device.mac", PLAN_RESTART, mac_differs},
    {"device.bridge", PLAN_RESTART, bridge_differs},
    {"device.mtu", PLAN_RESTART, mtu_differs},
    {"device.txqueuelen", PLAN_RESTART, txqueuelen_differs},
    {"device.offload", PLAN_RESTART, offload_differs},
    {"listen.port", PLAN_RESTART, port_differs},
    {"listen.address", PLAN_RESTART, address_differs},
    {"listen.udp_gso", PLAN_RESTART, udp_gso_differs},
    {"listen.udp_gro", PLAN_RESTART, udp_gro_differs},
    {"routes", PLAN_RESTART, routes_differs},
    {"fwmark", PLAN_RESTART, fwmark_differs},
    {"workers", PLAN_RESTART, workers_differs},
    {NULL, PLAN_RESTART, NULL},
};

const struct setting settings_live[] = {
    {"log.level", PLAN_LOG_LEVEL, log_level_differs},
    {"affinity", PLAN_SETTING, affinity_differs},
    {"compress", PLAN_SETTING, compress_differs},
    {"ciphers", PLAN_SETTING, ciphers_differs},
    {"busy_poll", PLAN_SETTING, busy_poll_differs},
    {"socket_order", PLAN_SETTING, filter_socket_order_differs},
    {"sockets", PLAN_SETTING, filter_sockets_differs},
    {"l2.hub", PLAN_SETTING, hub_differs},
    {"l2.ageing", PLAN_SETTING, ageing_differs},
    {"l2.max_macs", PLAN_SETTING, macs_max_differs},
    {"l2.max_macs_per_peer", PLAN_SETTING, macs_per_peer_differs},
    {"l2.storm", PLAN_SETTING, storm_differs},
    {"l2.bpdu", PLAN_SETTING, bpdu_differs},
    {"l2.pause", PLAN_SETTING, pause_differs},
    {"forwarding", PLAN_SETTING, forwarding_differs},
    {"device.mss_clamp", PLAN_SETTING, mss_clamp_differs},
    {"filter", PLAN_SETTING, filter_is_on_differs},
    {"filter.stateful", PLAN_SETTING, filter_stateful_differs},
    {"filter.max_flows", PLAN_SETTING, filter_flows_differs},
    {"filter.policy", PLAN_SETTING, filter_policy_differs},
    {"filter.rules", PLAN_SETTING, filter_rules_differs},
    {NULL, PLAN_SETTING, NULL},
};
