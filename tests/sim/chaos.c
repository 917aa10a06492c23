/* SPDX-License-Identifier: ISC */
/*
 * Random histories: acts of chance on hosts and wire, then healing.
 *
 * How it works: one table of acts; each picks what it does to a host and, if it
 * takes two, to another one. Host 0 stays where it is, so that its endpoint may
 * be a literal address in the others' configurations; the others may roam and
 * are known by name, or not at all to at most one side. At the end the network
 * is fair again, and each pair that may talk has to.
 */
#include <string.h>

#include "sim.h"

#define ACT_GAP_NS    (60 * SIM_S) /* longest time between two acts */
#define HEAL_NS	      (75 * SIM_S) /* names are asked for each minute */
#define PROOF_PACKETS 10

static uint64_t below(struct world *world, uint64_t limit)
{
	return entropy_below(&world->entropy, limit);
}

static bool chance(struct world *world, unsigned per_mille)
{
	return entropy_chance(&world->entropy, per_mille);
}

static void reload(struct host *host)
{
	if (host->core && !host->is_asleep)
		host_reload(host);
}

/* Both sides of a pair learn of a change, not at once. */
static void reload_both(struct host *host, struct host *other)
{
	reload(host);
	world_run(host->world, (int64_t)below(host->world, 5 * SIM_S));
	reload(other);
}

typedef void act_fn(struct world *world, struct host *host, struct host *other);

static void act_weather(
    struct world *world, struct host *host, struct host *other)
{
	world->links[host->idx][other->idx] = (struct link){
	    .loss = (unsigned)below(world, 500),
	    .duplicate = (unsigned)below(world, 100),
	    .corrupt = (unsigned)below(world, 20),
	    .congested = (unsigned)below(world, 200),
	    .delay_ns = (int64_t)below(world, 500 * SIM_MS),
	    .jitter_ns = (int64_t)below(world, 300 * SIM_MS),
	};
}

static void act_cut(struct world *world, struct host *host, struct host *other)
{
	world->links[host->idx][other->idx].is_cut = true;
	if (chance(world, 500))
		world->links[other->idx][host->idx].is_cut = true;
}

static void act_mend(struct world *world, struct host *host, struct host *other)
{
	struct link fair = {.delay_ns = 20 * SIM_MS};

	(void)host;
	(void)other;
	wire_set_all(world, &fair);
}

static void act_roam(struct world *world, struct host *host, struct host *other)
{
	struct endpoint to = host->home;

	(void)other;
	if (host->idx == 0)
		return;
	if (chance(world, 700))
		to.port = (uint16_t)(1024 + below(world, 60000));
	if (chance(world, 500))
		to.address.bytes[2] = (uint8_t)(3 + below(world, 250));
	host_move(host, &to, chance(world, 800));
}

static void act_restart(
    struct world *world, struct host *host, struct host *other)
{
	(void)other;
	if (!host->core)
		return;
	host_stop(host, chance(world, 400));
	world_run(world, (int64_t)below(world, 200 * SIM_S));
	host_start(host, chance(world, 500));
}

static void act_sleep(
    struct world *world, struct host *host, struct host *other)
{
	(void)other;
	host->is_asleep = true;
	world_run(world, (int64_t)below(world, 400 * SIM_S));
	host->is_asleep = false;
}

static void act_wall(struct world *world, struct host *host, struct host *other)
{
	int64_t jump = (int64_t)below(world, chance(world, 500) ? 60 : 100000);

	(void)other;
	if (chance(world, 300))
		jump = -jump;
	host->wall_offset_s += jump;
	if (host->wall_peak_s < host->wall_offset_s)
		host->wall_peak_s = host->wall_offset_s;
}

static void act_preshared(
    struct world *world, struct host *host, struct host *other)
{
	uint8_t *key = host->plan.peers[other->idx].preshared_key;

	if (chance(world, 300))
		memset(key, 0, CONFIG_KEY_BYTES);
	else
		entropy_bytes(&world->entropy, key, CONFIG_KEY_BYTES);
	memcpy(
	    other->plan.peers[host->idx].preshared_key, key, CONFIG_KEY_BYTES);
	reload_both(host, other);
}

/* The other configuration may have it otherwise: all pairs have to work. */
static void act_settings(
    struct world *world, struct host *host, struct host *other)
{
	struct peer_plan *plan = &host->plan.peers[other->idx];

	plan->keepalive_s = chance(world, 300) ? 25 : 0;
	plan->compress = (enum config_compress)below(world, 3);
	host->plan.ciphers[0] = (enum config_cipher)below(world, 2);
	host->plan.ciphers[1] = !host->plan.ciphers[0];
	host->plan.ciphers_count = 1 + below(world, 2);
	host->plan.has_cipher_order = chance(world, 500);
	reload(host);
}

static void act_extension(
    struct world *world, struct host *host, struct host *other)
{
	host->plan.peers[other->idx].extension =
	    (enum config_extension)below(world, 3);
	/* which a tap's configuration does not have */
	if (host->plan.is_tap &&
	    host->plan.peers[other->idx].extension == CONFIG_EXTENSION_OFF)
		host->plan.peers[other->idx].extension = CONFIG_EXTENSION_AUTO;
	if (host->plan.peers[other->idx].extension == CONFIG_EXTENSION_OFF)
		host->plan.peers[other->idx].compress = CONFIG_COMPRESS_NONE;
	reload(host);
}

static void act_remove(
    struct world *world, struct host *host, struct host *other)
{
	if (!host->plan.peers[other->idx].is_present)
		return;
	host->plan.peers[other->idx].is_present = false;
	reload(host);
	world_run(world, (int64_t)below(world, 60 * SIM_S));
	host->plan.peers[other->idx].is_present = true;
	host->incarnation++;
	reload(host);
}

static void act_new_key(
    struct world *world, struct host *host, struct host *other)
{
	(void)other;
	plan_new_key(world, host->idx);
	for (size_t i = 0; i < world->setup.hosts; i++) {
		world->hosts[i].incarnation++;
		reload(&world->hosts[i]);
		world_run(world, (int64_t)below(world, 2 * SIM_S));
	}
}

/* A setting that needs a restart: nothing may be applied. */
static void act_refused(
    struct world *world, struct host *host, struct host *other)
{
	struct host_plan kept = host->plan;

	(void)world;
	host->plan.mtu = 1300;
	host->plan.peers[other->idx].keepalive_s = 7;
	reload(host);
	host->plan = kept;
}

static void act_traffic(
    struct world *world, struct host *host, struct host *other)
{
	host->traffic[other->idx] = (struct traffic){
	    .is_on = chance(world, 700),
	    .interval_ns = (int64_t)(200 * SIM_MS + below(world, 10 * SIM_S)),
	    .next = world->now,
	};
}

static void send_some(struct host *host, size_t other, size_t count)
{
	struct inner_wish wish = lan_direct(host->world, host->idx, other);

	for (size_t i = 0; i < count && host->core && !host->is_asleep; i++)
		host_send_inner(host, &wish);
}

static void act_burst(
    struct world *world, struct host *host, struct host *other)
{
	send_some(host, other->idx, 1 + below(world, 100));
}

/* A frame of a station that is behind another host, or of a host's address. */
static void steal_station(
    struct world *world, struct host *host, const struct host *other)
{
	struct inner_wish wish = lan_wish(world, host->idx, other->idx);

	wish.is_spoofed = chance(world, 500);
	wish.claims = (uint8_t)below(world, SIM_HOSTS);
	wish.source =
	    (uint8_t)(SIM_HOSTS + below(world, SIM_STATIONS - SIM_HOSTS));
	if (host->core && !host->is_asleep)
		host_send_inner(host, &wish);
}

/* A packet that claims to come from another host, perhaps the receiver. */
static void act_spoof(
    struct world *world, struct host *host, struct host *other)
{
	struct inner_wish wish = {
	    .sender = (uint8_t)((host->idx + 1 + below(world, 2)) % SIM_HOSTS),
	    .receiver = (uint8_t)other->idx,
	    .len = 100};

	for (size_t i = 0; host->plan.is_tap && i < 5; i++)
		steal_station(world, host, other);
	if (!host->plan.is_tap && wish.sender != host->idx && host->core &&
	    !host->is_asleep)
		host_send_inner(host, &wish);
}

/* What was recorded comes again, from elsewhere or damaged. */
static void act_replay(
    struct world *world, struct host *host, struct host *other)
{
	struct endpoint stranger = {
	    .address = {.family = FAMILY_IPV4, .bytes = {203, 0, 113, 66}},
	    .port = 6666};

	for (size_t i = 0; i < SIM_CAUGHT; i++) {
		struct datagram it;

		if (!world->caught[i])
			continue;
		it = *world->caught[i];
		if (chance(world, 500))
			it.from = stranger;
		if (chance(world, 200))
			it.to = host->own;
		if (chance(world, 100) && it.bytes[0] > WIRE_RESPONSE) {
			it.bytes[below(world, it.len)] ^= 1;
			it.is_genuine = false;
		}
		if (world_host_at(world, &it.to) == host ||
		    world_host_at(world, &it.to) == other)
			wire_inject(
			    world, &it, (int64_t)below(world, 5 * SIM_S));
	}
}

static void act_junk(struct world *world, struct host *host, struct host *other)
{
	static const uint8_t lens[] = {0, 1, 4, 32, 64, 92, 148, 149, 200};
	struct datagram it = {.sender = SIM_HOSTS,
	    .from = {.address = other->home.address, .port = 1},
	    .to = host->own};

	for (size_t i = 0; i < 20; i++) {
		it.len = lens[below(world, sizeof(lens))];
		entropy_bytes(&world->entropy, it.bytes, it.len);
		if (it.len > 4 && chance(world, 800)) {
			memset(it.bytes, 0, 4);
			it.bytes[0] = (uint8_t)(1 + below(world, 5));
		}
		wire_inject(world, &it, 0);
	}
}

static void act_names(
    struct world *world, struct host *host, struct host *other)
{
	(void)host;
	(void)other;
	world->are_names_dead = chance(world, 500);
}

/* A station goes elsewhere, and most say so. */
static void act_station(
    struct world *world, struct host *host, struct host *other)
{
	uint8_t station =
	    (uint8_t)(SIM_HOSTS + below(world, SIM_STATIONS - SIM_HOSTS));

	(void)other;
	world->stations[station] = (uint8_t)host->idx;
	if (host->plan.is_tap && host->core && !host->is_asleep &&
	    chance(world, 700))
		lan_announce(world, station);
}

static void act_switch(
    struct world *world, struct host *host, struct host *other)
{
	(void)other;
	if (!host->plan.is_tap)
		return;
	host->plan.ageing_s = (uint32_t)(CONFIG_AGEING_MIN + below(world, 300));
	host->plan.macs_max = (uint32_t)(1 + below(world, 8));
	host->plan.macs_per_peer = (uint32_t)(1 + below(world, 4));
	reload(host);
}

static const struct act {
	const char *name;
	act_fn *act;
	unsigned weight;
} acts[] = {
    {"weather", act_weather, 20},
    {"cut", act_cut, 8},
    {"mend", act_mend, 10},
    {"roam", act_roam, 10},
    {"restart", act_restart, 5},
    {"sleep", act_sleep, 4},
    {"wall", act_wall, 5},
    {"preshared", act_preshared, 4},
    {"settings", act_settings, 8},
    {"extension", act_extension, 4},
    {"remove", act_remove, 2},
    {"new key", act_new_key, 2},
    {"refused", act_refused, 2},
    {"traffic", act_traffic, 20},
    {"burst", act_burst, 8},
    {"spoof", act_spoof, 4},
    {"replay", act_replay, 8},
    {"junk", act_junk, 4},
    {"names", act_names, 2},
    {"station", act_station, 8},
    {"switch", act_switch, 3},
};

static const struct act *choose_act(struct world *world)
{
	unsigned sum = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		sum += acts[i].weight;
	at = (unsigned)below(world, sum);
	for (size_t i = 0;; i++) {
		if (at < acts[i].weight)
			return &acts[i];
		at -= acts[i].weight;
	}
}

static void act(struct world *world)
{
	size_t hosts = world->setup.hosts;
	size_t host = below(world, hosts);
	size_t other = (host + 1 + below(world, hosts - 1)) % hosts;
	const struct act *chosen = choose_act(world);

	world_trace(world, chosen->name, host, other, 0, 0);
	chosen->act(world, &world->hosts[host], &world->hosts[other]);
}

void chaos_act(struct world *world, size_t act_number, size_t host)
{
	size_t hosts = world->setup.hosts;

	if (!world->has_failed)
		acts[act_number % ARRAY_SIZE(acts)].act(world,
		    &world->hosts[host % hosts],
		    &world->hosts[(host + 1) % hosts]);
}

/* At most one side of a pair does not know where the other one is. */
static void draw_endpoints(struct world *world, size_t a, size_t b)
{
	struct peer_plan *to_b = &world->hosts[a].plan.peers[b];
	struct peer_plan *to_a = &world->hosts[b].plan.peers[a];

	to_b->endpoint = ENDPOINT_NAME;
	to_a->endpoint = ENDPOINT_NAME;
	if (a == 0 && chance(world, 500))
		to_a->endpoint = ENDPOINT_LITERAL;
	if (chance(world, 500))
		to_b->endpoint = ENDPOINT_ABSENT;
}

void chaos_begin(struct world *world)
{
	size_t hosts = world->setup.hosts;

	for (size_t a = 0; a < hosts; a++)
		for (size_t b = a + 1; b < hosts; b++)
			draw_endpoints(world, a, b);
	for (size_t i = 0; i < hosts; i++) {
		world->hosts[i].plan.is_restricted = chance(world, 500);
		host_start(&world->hosts[i], false);
		act_traffic(
		    world, &world->hosts[i], &world->hosts[(i + 1) % hosts]);
	}
}

/* ---- healing ---- */

static bool may_talk(const struct world *world, size_t a, size_t b)
{
	enum config_extension x = world->hosts[a].plan.peers[b].extension;
	enum config_extension y = world->hosts[b].plan.peers[a].extension;

	if (world->hosts[a].plan.is_tap != world->hosts[b].plan.is_tap)
		return false;
	return !(x == CONFIG_EXTENSION_OFF && y == CONFIG_EXTENSION_REQUIRED) &&
	       !(y == CONFIG_EXTENSION_OFF && x == CONFIG_EXTENSION_REQUIRED);
}

static bool is_reachable(const struct world *world, size_t a, size_t b)
{
	if (world->hosts[a].plan.peers[b].is_present)
		return may_talk(world, a, b);
	return may_talk(world, a, 0) && may_talk(world, 0, b);
}

static void heal_host(struct host *host)
{
	host->is_asleep = false;
	host->wall_offset_s = host->wall_peak_s;
	host_move(host, &host->home, true);
	host->local = host->own.address;
	plan_default_switch(&host->plan);
	reload(host);
	for (size_t i = 0; i < SIM_HOSTS; i++)
		host->traffic[i] = (struct traffic){
		    .is_on = i != host->idx && i < host->world->setup.hosts,
		    .interval_ns = SIM_S,
		    .next = host->world->now};
}

static void silence(struct world *world)
{
	for (size_t i = 0; i < SIM_HOSTS; i++)
		memset(world->hosts[i].traffic, 0,
		    sizeof(world->hosts[i].traffic));
}

/* How many hosts a broadcast of this one reaches. */
static size_t audience(const struct world *world, size_t from)
{
	size_t count = 0;

	for (size_t i = 0; i < world->setup.hosts; i++)
		count += i != from && is_reachable(world, from, i);
	return count;
}

/* Everybody hears it, once, and knows where it is from now on. */
static void prove_broadcast(struct world *world, size_t from)
{
	size_t before = world->book.delivered;

	if (!world->hosts[from].plan.is_tap)
		return;
	lan_announce(world, (uint8_t)from);
	if (world_run(world, SIM_S) &&
	    world->book.delivered != before + audience(world, from))
		world_fail(world,
		    "a broadcast of h%zu reaches %zu hosts, not %zu", from,
		    world->book.delivered - before, audience(world, from));
}

static void prove_pair(struct world *world, size_t from, size_t to)
{
	size_t before;

	if (from == to || !is_reachable(world, from, to))
		return;
	prove_broadcast(world, to);
	before = world->book.delivered;
	send_some(&world->hosts[from], to, PROOF_PACKETS);
	if (world_run(world, 2 * SIM_S) &&
	    world->book.delivered != before + PROOF_PACKETS)
		world_fail(world,
		    "h%zu does not reach h%zu after healing: "
		    "%zu of %d",
		    from, to, world->book.delivered - before, PROOF_PACKETS);
}

void chaos_heal(struct world *world)
{
	size_t hosts = world->setup.hosts;

	act_mend(world, NULL, NULL);
	world->are_names_dead = false;
	for (size_t i = 0; i < hosts; i++) {
		heal_host(&world->hosts[i]);
		world_run(world, SIM_S);
	}
	world_run(world, HEAL_NS);
	silence(world);
	world_run(world, 2 * SIM_S);
	for (size_t i = 0; i < hosts * hosts; i++)
		prove_pair(world, i / hosts, i % hosts);
}

bool chaos_run(struct world *world, double hours)
{
	struct instant end =
	    instant_after(world->now, (int64_t)(hours * 3600e9));

	chaos_begin(world);
	while (!world->has_failed && instant_is_before(world->now, end)) {
		world_run(world, (int64_t)below(world, ACT_GAP_NS));
		act(world);
	}
	if (!world->has_failed)
		chaos_heal(world);
	return !world->has_failed;
}
