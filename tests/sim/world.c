/* SPDX-License-Identifier: ISC */
/* The simulated world's loop, its trace, and its names. */
#include <assert.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define WORLD_BEGIN_NS (1000 * SIM_S)
#define WORLD_BEGIN_S  INT64_C(1750000000) /* June 2025 */
#define NAME_DELAY_NS  (50 * SIM_MS)

struct world *world_new(const struct world_setup *setup)
{
	struct world *world = calloc(1, sizeof(*world));
	struct link link = {.delay_ns = 20 * SIM_MS};

	assert(world && setup->hosts <= SIM_HOSTS);
	if (sodium_init() < 0)
		assert(!"libsodium");
	entropy_rule_libsodium(setup->seed);
	world->setup = *setup;
	world->entropy.state = setup->seed;
	world->now.ns = WORLD_BEGIN_NS;
	world->book.has_hub = setup->is_star;
	lan_settle(world);
	wire_set_all(world, &link);
	for (size_t i = 0; i < setup->hosts; i++)
		host_init(world, i);
	for (size_t i = 0; i < setup->hosts; i++)
		plan_default(world, i);
	return world;
}

void world_free(struct world *world)
{
	for (size_t i = 0; i < world->setup.hosts; i++)
		host_clear(&world->hosts[i]);
	wire_clear(world);
	inner_clear(&world->book);
	free(world->tap);
	free(world);
}

struct moment world_moment(const struct world *world, const struct host *host)
{
	return (struct moment){
	    .now = world->now,
	    .wall_s =
		WORLD_BEGIN_S + world->now.ns / SIM_S + host->wall_offset_s,
	    .wall_ns = (uint32_t)(world->now.ns % SIM_S),
	};
}

void world_trace(struct world *world, const char *what, size_t host, uint64_t a,
    uint64_t b, uint64_t c)
{
	uint64_t words[] = {
	    (uint64_t)world->now.ns, (uint64_t)what[0], host, a, b, c};

	world->trace_hash = inner_hash(world->trace_hash, words, sizeof(words));
	world->trace[world->traced++ % SIM_TRACE] =
	    (struct trace_entry){world->now, what, host, a, b, c};
}

static void print_trace(const struct world *world)
{
	uint64_t first =
	    world->traced > SIM_TRACE ? world->traced - SIM_TRACE : 0;

	for (uint64_t i = first; i < world->traced; i++) {
		const struct trace_entry *it = &world->trace[i % SIM_TRACE];

		fprintf(stderr, "# %14.6f h%zu %-10s %llu %llu %llx\n",
		    (double)it->when.ns / 1e9, it->host, it->what,
		    (unsigned long long)it->a, (unsigned long long)it->b,
		    (unsigned long long)it->c);
	}
}

/* What each host thinks of each other one. */
static void print_views(const struct world *world, size_t at)
{
	const struct host *host = &world->hosts[at];

	for (size_t i = 0; host->core && i < world->setup.hosts; i++) {
		struct tunnel_peer_status it = host_peer_status(host, i);
		char endpoint[ENDPOINT_TEXT_BYTES] = "nowhere";

		if (i == at)
			continue;
		if (it.endpoint.address.family)
			endpoint_format(
			    &it.endpoint, endpoint, sizeof(endpoint));
		fprintf(stderr,
		    "# h%zu of h%zu: at %s,%s%s%s%s%s%s mode %d, attempt %u, "
		    "handshake at %.3f, received at %.3f, staged %zu\n",
		    at, i, endpoint, it.has_session ? " session" : "",
		    it.is_handshaking ? " handshaking" : "",
		    it.has_given_up ? " given-up" : "",
		    it.is_closed ? " closed" : "",
		    it.knows_features ? " known" : "",
		    it.is_plain ? " plain" : "", it.extension, it.attempts,
		    (double)it.last_handshake.ns / 1e9,
		    (double)it.last_received.ns / 1e9, it.staged_packets);
	}
}

void world_fail(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (world->has_failed)
		return;
	world->has_failed = true;
	va_start(arguments, format);
	vsnprintf(world->failure, sizeof(world->failure), format, arguments);
	va_end(arguments);
	print_trace(world);
	for (size_t i = 0; i < world->setup.hosts; i++)
		print_views(world, i);
	fprintf(stderr, "# SEED=%llu: at %.6f: %s\n",
	    (unsigned long long)world->setup.seed, (double)world->now.ns / 1e9,
	    world->failure);
}

struct host *world_host_at(struct world *world, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < world->setup.hosts; i++)
		if (endpoint_is_equal(&world->hosts[i].own, endpoint))
			return &world->hosts[i];
	return NULL;
}

void world_ask_name(struct world *world, size_t host, size_t peer)
{
	for (size_t i = 0; i < SIM_NAMES; i++) {
		struct name_question *it = &world->names[i];

		if (it->is_asked)
			continue;
		*it = (struct name_question){
		    true, instant_after(world->now, NAME_DELAY_NS), host, peer};
		return;
	}
	world_fail(world, "h%zu: too many questions for names", host);
}

/* ---- what comes next ---- */

struct next {
	struct instant when;
	void (*happen)(struct world *world, size_t a, size_t b);
	size_t a, b;
};

static void consider(struct next *next, const struct next *other)
{
	if (instant_is_before(other->when, next->when))
		*next = *other;
}

static void happen_arrival(struct world *world, size_t a, size_t b)
{
	(void)a;
	(void)b;
	wire_deliver_next(world);
}

static void happen_turn(struct world *world, size_t host, size_t unused)
{
	(void)unused;
	host_turn(&world->hosts[host]);
}

static void happen_name(struct world *world, size_t question, size_t unused)
{
	struct name_question *it = &world->names[question];

	(void)unused;
	if (world->hosts[it->host].is_asleep) {
		it->due = instant_after(world->now, SIM_S);
		return;
	}
	it->is_asked = false;
	host_resolved(
	    &world->hosts[it->host], it->peer, world->are_names_dead ? 0 : 1);
}

static void happen_traffic(struct world *world, size_t from, size_t to)
{
	struct host *host = &world->hosts[from];
	struct traffic *traffic = &host->traffic[to];
	struct entropy *e = &world->entropy;
	struct inner_wish wish = lan_wish(world, from, to);

	traffic->next = instant_after(world->now,
	    1 + (int64_t)entropy_below(e, 2 * (uint64_t)traffic->interval_ns));
	if (host->core && !host->is_asleep)
		host_send_inner(host, &wish);
}

static void consider_host(struct world *world, size_t i, struct next *next)
{
	struct host *host = &world->hosts[i];

	consider(next, &(struct next){host_deadline(host), happen_turn, i, 0});
	for (size_t j = 0; j < world->setup.hosts; j++)
		if (host->traffic[j].is_on)
			consider(next, &(struct next){host->traffic[j].next,
					   happen_traffic, i, j});
}

static struct next find_next(struct world *world, struct instant end)
{
	struct next next = {.when = end};
	const struct datagram *first = wire_next(world);

	if (first)
		consider(
		    &next, &(struct next){first->due, happen_arrival, 0, 0});
	for (size_t i = 0; i < world->setup.hosts; i++)
		consider_host(world, i, &next);
	for (size_t i = 0; i < SIM_NAMES; i++)
		if (world->names[i].is_asked)
			consider(&next, &(struct next){world->names[i].due,
					    happen_name, i, 0});
	return next;
}

bool world_run(struct world *world, int64_t ns)
{
	struct instant end = instant_after(world->now, ns);

	while (!world->has_failed) {
		struct next next = find_next(world, end);

		if (instant_is_before(world->now, next.when))
			world->now = next.when;
		if (!next.happen)
			break;
		next.happen(world, next.a, next.b);
	}
	return !world->has_failed;
}
