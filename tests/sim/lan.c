/* SPDX-License-Identifier: ISC */
/* The LANs behind hosts with taps: stations, their frames, and the switch. */
#include <assert.h>

#include "core/state.h"
#include "net/bridge.h"
#include "sim.h"

#define LEN_ANNOUNCED 100

void lan_settle(struct world *world)
{
	for (size_t i = 0; i < SIM_STATIONS; i++)
		world->stations[i] = (uint8_t)(i % SIM_HOSTS);
}

static size_t len_of(struct world *world, size_t from)
{
	size_t most =
	    world->hosts[from].plan.is_tap ? FRAME_BYTES_MAX : INNER_BYTES_MAX;

	return INNER_BYTES_MIN +
	       entropy_below(&world->entropy, most - INNER_BYTES_MIN + 1);
}

/* One of the stations behind the host. */
static uint8_t station_of(struct world *world, size_t host)
{
	uint8_t at = (uint8_t)entropy_below(&world->entropy, SIM_STATIONS);

	for (size_t i = 0; i < SIM_STATIONS; i++, at++)
		if (world->stations[at % SIM_STATIONS] == host)
			return at % SIM_STATIONS;
	return (uint8_t)host;
}

static void wish_frame(
    struct world *world, struct inner_wish *wish, size_t from, size_t to)
{
	static const uint8_t others[] = {
	    FRAME_NOBODY, FRAME_MULTICAST, FRAME_BROADCAST};
	struct entropy *e = &world->entropy;

	wish->is_frame = true;
	wish->source = station_of(world, from);
	wish->destination = entropy_chance(e, 300)
				? others[entropy_below(e, ARRAY_SIZE(others))]
				: station_of(world, to);
	wish->tags = (uint8_t)(entropy_chance(e, 200) + entropy_chance(e, 100));
	wish->vlan = wish->tags ? (uint16_t)(10 * entropy_below(e, 3)) : 0;
}

static const uint8_t ecn_kinds[] = {0, 0, 2, 3};

struct inner_wish lan_wish(struct world *world, size_t from, size_t to)
{
	struct entropy *e = &world->entropy;
	struct inner_wish wish = {
	    .sender = (uint8_t)from,
	    .receiver = (uint8_t)to,
	    .is_ipv6 = entropy_chance(e, 300),
	    .is_compressible = entropy_chance(e, 500),
	    .ecn = ecn_kinds[entropy_below(e, sizeof(ecn_kinds))],
	    .len = len_of(world, from),
	};

	if (world->hosts[from].plan.is_tap)
		wish_frame(world, &wish, from, to);
	return wish;
}

struct inner_wish lan_direct(struct world *world, size_t from, size_t to)
{
	return (struct inner_wish){
	    .sender = (uint8_t)from,
	    .receiver = (uint8_t)to,
	    .is_compressible = true,
	    .len = 500,
	    .is_frame = world->hosts[from].plan.is_tap,
	    .source = (uint8_t)from,
	    .destination = (uint8_t)to,
	};
}

size_t lan_announce(struct world *world, uint8_t station)
{
	uint8_t at = world->stations[station];
	struct inner_wish wish = {
	    .sender = at,
	    .receiver = at,
	    .len = LEN_ANNOUNCED,
	    .is_frame = true,
	    .source = station,
	    .destination = FRAME_BROADCAST,
	};

	return host_send_inner(&world->hosts[at], &wish);
}

/* ---- the switch, seen from outside ---- */

struct search {
	const struct host *host;
	struct mac mac;
	uint16_t vlan;
	size_t found;
	size_t entries, learned;
	int64_t oldest_ns;
};

static size_t host_of(const struct host *host, const struct bridge_port *port)
{
	const struct peer *peer = bridge_port_user(port);

	for (size_t i = 0; peer && i < SIM_HOSTS; i++)
		if (host_peer(host, i) == peer)
			return i;
	return peer ? SIM_HOSTS : host->idx;
}

static void look_at(void *context, const struct bridge_entry *entry)
{
	struct search *search = context;

	search->entries++;
	search->learned += !entry->is_static;
	if (entry->age_ns > search->oldest_ns)
		search->oldest_ns = entry->age_ns;
	if (mac_is_equal(&entry->mac, &search->mac) &&
	    (entry->is_static || entry->vlan == search->vlan))
		search->found = host_of(search->host, entry->port);
}

static struct search search(
    const struct host *host, uint8_t station, uint16_t vlan)
{
	struct search it = {
	    .host = host,
	    .mac = frame_mac(station),
	    .vlan = vlan,
	    .found = SIM_HOSTS,
	};

	bridge_each_entry(host->core->bridge, host->world->now, look_at, &it);
	return it;
}

size_t lan_lookup(const struct host *host, uint8_t station, uint16_t vlan)
{
	return search(host, station, vlan).found;
}

size_t lan_entries(const struct host *host)
{
	return search(host, FRAME_BROADCAST, 0).entries;
}

size_t lan_held(const struct host *host)
{
	struct bridge *bridge = host->core->bridge;
	struct bridge_port *port = bridge_next_port(bridge, NULL);
	size_t count = 0;

	for (; port; port = bridge_next_port(bridge, port)) {
		struct bridge_port_status it;

		bridge_port_status(port, host->world->now, &it);
		count += !instant_is_never(it.held_until) &&
			 instant_is_before(host->world->now, it.held_until);
	}
	return count;
}

size_t lan_holds(const struct host *host, size_t peer)
{
	struct bridge_port_status it;

	bridge_port_status(
	    tunnel_peer_port(host_peer(host, peer)), host->world->now, &it);
	return (size_t)it.holds;
}

static uint32_t check_ports(const struct host *host)
{
	const struct config_l2 *l2 = &core_config(host->core)->l2;
	struct bridge *bridge = host->core->bridge;
	struct bridge_port *port = bridge_next_port(bridge, NULL);
	uint32_t macs = 0;

	for (; port; port = bridge_next_port(bridge, port)) {
		struct bridge_port_status it;

		bridge_port_status(port, host->world->now, &it);
		macs += it.macs;
		if (port != bridge_host(bridge) && it.macs > l2->macs_per_peer)
			world_fail(host->world, "h%zu: %s has %u addresses",
			    host->idx, it.name, it.macs);
	}
	return macs;
}

void lan_check(struct host *host)
{
	const struct config_l2 *l2 = &core_config(host->core)->l2;
	struct path_totals totals;
	struct search it;

	if (!host->core->bridge)
		return;
	it = search(host, FRAME_BROADCAST, 0);
	path_totals(core_path(host->core), &totals);
	if (it.found != SIM_HOSTS)
		world_fail(host->world, "h%zu learns a group", host->idx);
	if (it.entries > l2->macs_max)
		world_fail(host->world, "h%zu: the table has %zu entries",
		    host->idx, it.entries);
	if (it.oldest_ns > l2->ageing_s * SIM_S)
		world_fail(host->world, "h%zu: an entry of %g s", host->idx,
		    (double)it.oldest_ns / 1e9);
	if (check_ports(host) != it.learned)
		world_fail(
		    host->world, "h%zu: addresses do not add up", host->idx);
	if (!l2->is_hub && totals.rx_forwarded)
		world_fail(
		    host->world, "h%zu is no hub, but forwards", host->idx);
}
