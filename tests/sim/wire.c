/* SPDX-License-Identifier: ISC */
/* The wire between the hosts: delay, loss, reordering, duplicates, damage. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static bool comes_before(const struct datagram *a, const struct datagram *b)
{
	if (a->due.ns != b->due.ns)
		return a->due.ns < b->due.ns;
	return a->serial < b->serial;
}

static void swap(struct datagram **a, struct datagram **b)
{
	struct datagram *kept = *a;

	*a = *b;
	*b = kept;
}

static void queue_push(struct world *world, struct datagram *it)
{
	size_t at = world->queue_len++;

	if (world->queue_len > world->queue_room) {
		world->queue_room = world->queue_room * 2 + 64;
		world->queue = realloc(
		    world->queue, world->queue_room * sizeof(*world->queue));
		assert(world->queue);
	}
	world->queue[at] = it;
	while (at > 0 &&
	       comes_before(world->queue[at], world->queue[(at - 1) / 2])) {
		swap(&world->queue[at], &world->queue[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static struct datagram *queue_pop(struct world *world)
{
	struct datagram **q = world->queue, *first = q[0];
	size_t at = 0, least;

	q[0] = q[--world->queue_len];
	for (;;) {
		least = at;
		for (size_t kid = 2 * at + 1;
		     kid <= 2 * at + 2 && kid < world->queue_len; kid++)
			if (comes_before(q[kid], q[least]))
				least = kid;
		if (least == at)
			return first;
		swap(&q[at], &q[least]);
		at = least;
	}
}

static struct datagram *copy(const struct datagram *it)
{
	struct datagram *made = malloc(sizeof(*made));

	assert(made);
	memcpy(made, it, offsetof(struct datagram, bytes) + it->len);
	return made;
}

void wire_inject(
    struct world *world, const struct datagram *it, int64_t delay_ns)
{
	struct datagram *made = copy(it);

	made->serial = world->serial++;
	made->due = instant_after(world->now, delay_ns);
	queue_push(world, made);
}

static int64_t link_delay(struct world *world, const struct link *link)
{
	return link->delay_ns + (int64_t)entropy_below(&world->entropy,
				    (uint64_t)link->jitter_ns + 1);
}

/* MAC2 is looked at under load only; all else is authenticated. */
static size_t authenticated_bytes(const struct datagram *it)
{
	if (it->bytes[0] == WIRE_INITIATION)
		return WIRE_INITIATION_MAC2;
	if (it->bytes[0] == WIRE_RESPONSE)
		return WIRE_RESPONSE_MAC2;
	return it->len;
}

/* One bit, any one: what is left of the datagram is no core's work. */
static void damage(struct world *world, struct datagram *it)
{
	size_t bit =
	    entropy_below(&world->entropy, authenticated_bytes(it) * 8);

	it->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	it->is_genuine = false;
}

static void carry(
    struct world *world, const struct link *link, struct datagram *it)
{
	if (entropy_chance(&world->entropy, link->congested) && it->ecn)
		it->ecn = 3;
	if (entropy_chance(&world->entropy, link->corrupt))
		damage(world, it);
	if (entropy_chance(&world->entropy, link->loss))
		return;
	wire_inject(world, it, link_delay(world, link));
	if (entropy_chance(&world->entropy, link->duplicate))
		wire_inject(world, it, link_delay(world, link));
}

/* An attacker on the path keeps some of what he sees. */
static void catch (struct world *world, const struct datagram *it)
{
	size_t slot = it->id % SIM_CAUGHT;

	free(world->caught[slot]);
	world->caught[slot] = copy(it);
}

static void make_seen_room(struct world *world)
{
	size_t room = world->seen_room;

	if (world->ids * SIM_HOSTS < room)
		return;
	world->seen_room = room * 2 + 4096 * SIM_HOSTS;
	world->seen = realloc(world->seen, world->seen_room);
	assert(world->seen);
	memset(world->seen + room, 0, world->seen_room - room);
}

void wire_send(
    struct world *world, struct host *sender, const struct packet *pkt)
{
	struct host *target = world_host_at(world, &pkt->endpoint);
	struct datagram it = {
	    .id = world->ids++,
	    .sender = sender->idx,
	    .is_genuine = true,
	    .from = sender->own,
	    .to = pkt->endpoint,
	    .ecn = pkt->outer_ecn,
	    .len = pkt->len,
	};

	make_seen_room(world);
	assert(pkt->len <= sizeof(it.bytes));
	memcpy(it.bytes, packet_data(pkt), pkt->len);
	catch (world, &it);
	if (target && !world->links[sender->idx][target->idx].is_cut)
		carry(world, &world->links[sender->idx][target->idx], &it);
}

struct datagram *wire_next(const struct world *world)
{
	return world->queue_len ? world->queue[0] : NULL;
}

void wire_deliver_next(struct world *world)
{
	struct datagram *it = queue_pop(world);
	struct host *host = world_host_at(world, &it->to);

	if (host && host->core && !host->is_asleep)
		host_receive(host, it);
	free(it);
}

void wire_clear(struct world *world)
{
	while (world->queue_len)
		free(queue_pop(world));
	free(world->queue);
	for (size_t i = 0; i < SIM_CAUGHT; i++)
		free(world->caught[i]);
	free(world->seen);
}

void wire_set_all(struct world *world, const struct link *link)
{
	for (size_t a = 0; a < SIM_HOSTS; a++)
		for (size_t b = 0; b < SIM_HOSTS; b++)
			world->links[a][b] = *link;
}
