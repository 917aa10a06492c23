/* SPDX-License-Identifier: ISC */
/* Entries, chains, lists, wheel: where flows are kept. */
#include "net/flow_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "net/flow_probe.h"

#define CACHE_LINE 64
/* Entries that one new flow looks at to find one that may go. */
#define AGE_BUDGET    64
#define VICTIM_BUDGET 16
/* Entries with one key: a frame that is flooded makes one for each receiver. */
#define SAME_KEY_MAX 4

static_assert(sizeof(struct flow_key) == 8 * FLOW_KEY_WORDS, "no holes");
static_assert(sizeof(struct flow) == CACHE_LINE, "one line");
static_assert(2 * sizeof(struct flow_links) == CACHE_LINE, "half a line");

static uint32_t index_of(const struct flows *flows, const struct flow *flow)
{
	return (uint32_t)(flow - flows->entries);
}

/* At a cache line. calloc, as memory that is not touched costs nothing. */
static void *alloc_lines(void **memory, size_t count, size_t bytes)
{
	uintptr_t at;

	*memory = calloc(count * bytes / CACHE_LINE + 2, CACHE_LINE);
	at = (uintptr_t)*memory;
	return (void *)((at + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
}

int flow_table_init(struct flows *flows)
{
	size_t room = (size_t)flows->limits.flows + 1;

	for (flows->chain_bits = 4;
	     (UINT64_C(1) << flows->chain_bits) < 2 * room;)
		flows->chain_bits++;
	flows->chains =
	    calloc((size_t)1 << flows->chain_bits, sizeof(*flows->chains));
	flows->entries =
	    alloc_lines(&flows->entries_memory, room, sizeof(*flows->entries));
	flows->links =
	    alloc_lines(&flows->links_memory, room, sizeof(*flows->links));
	return flows->chains && flows->entries && flows->links ? 0 : -ENOMEM;
}

void flow_table_clear(struct flows *flows)
{
	free(flows->chains);
	free(flows->links_memory);
	free(flows->entries_memory);
}

/* ---- lists ---- */

static void list_put(struct flows *flows, struct flow_list *list,
    enum flow_list_kind kind, uint32_t idx, bool is_first)
{
	struct flow_links *links = &flows->links[idx];

	links->previous[kind] = is_first ? 0 : list->last;
	links->next[kind] = is_first ? list->first : 0;
	if (links->previous[kind])
		flows->links[links->previous[kind]].next[kind] = idx;
	else
		list->first = idx;
	if (links->next[kind])
		flows->links[links->next[kind]].previous[kind] = idx;
	else
		list->last = idx;
}

static void list_remove(struct flows *flows, struct flow_list *list,
    enum flow_list_kind kind, uint32_t idx)
{
	const struct flow_links *links = &flows->links[idx];

	if (links->previous[kind])
		flows->links[links->previous[kind]].next[kind] =
		    links->next[kind];
	else
		list->first = links->next[kind];
	if (links->next[kind])
		flows->links[links->next[kind]].previous[kind] =
		    links->previous[kind];
	else
		list->last = links->previous[kind];
}

/* ---- the wheel ---- */

/* The first slot at whose time it has ended, as far as the wheel reaches. */
static int64_t slot_of_end(
    const struct flows *flows, const struct flow *flow, struct instant now)
{
	int64_t ticks = now.ns / FLOW_GRAIN_NS + flow_left(flow, now);
	int64_t slot = (ticks + TICKS_PER_SLOT - 1) / TICKS_PER_SLOT;

	if (slot <= flows->swept)
		return flows->swept + 1;
	if (slot > flows->swept + WHEEL_SLOTS)
		return flows->swept + WHEEL_SLOTS;
	return slot;
}

static void wheel_put(
    struct flows *flows, struct flow *flow, struct instant now)
{
	flow->slot = (uint8_t)(slot_of_end(flows, flow, now) % WHEEL_SLOTS);
	list_put(flows, &flows->wheel[flow->slot], LIST_WHEEL,
	    index_of(flows, flow), false);
}

static void wheel_remove(struct flows *flows, const struct flow *flow)
{
	list_remove(flows, &flows->wheel[flow->slot], LIST_WHEEL,
	    index_of(flows, flow));
}

void flow_table_requeue(
    struct flows *flows, struct flow *flow, struct instant now)
{
	wheel_remove(flows, flow);
	wheel_put(flows, flow, now);
}

/* Looks at the first entry of the slot that is due. */
static void sweep_one(
    struct flows *flows, const struct flow_list *slot, struct instant now)
{
	struct flow *flow = &flows->entries[slot->first];

	if (flow_left(flow, now) <= 0)
		flow_table_remove(flows, flow);
	else
		flow_table_requeue(flows, flow, now);
}

/* Nothing is lost by a jump: the slots keep what is in them. */
void flows_age(struct flows *flows, struct instant now, size_t budget)
{
	int64_t due = flow_slot(now);

	if (flows->swept < due - WHEEL_SLOTS)
		flows->swept = due - WHEEL_SLOTS;
	while (flows->swept < due) {
		const struct flow_list *slot =
		    &flows->wheel[(flows->swept + 1) % WHEEL_SLOTS];

		for (; slot->first; budget--) {
			if (!budget)
				return;
			sweep_one(flows, slot, now);
		}
		flows->swept++;
	}
}

/* ---- weak ones ---- */

/* A closed connection goes before those that may still be answered. */
static void weak_put(struct flows *flows, struct flow *flow)
{
	struct flow_owner *owner = &flows->owners[flow_owner_id(flow)];
	bool is_first =
	    flow->flags & FLOW_IS_ANSWERED && flow->phase > PHASE_ESTABLISHED;
	uint32_t idx = index_of(flows, flow);

	list_put(flows, &flows->weak, LIST_WEAK, idx, is_first);
	list_put(flows, &owner->weak, LIST_OWN_WEAK, idx, is_first);
	flows->weak_count++;
}

static void weak_remove(struct flows *flows, const struct flow *flow)
{
	struct flow_owner *owner = &flows->owners[flow_owner_id(flow)];
	uint32_t idx = index_of(flows, flow);

	list_remove(flows, &flows->weak, LIST_WEAK, idx);
	list_remove(flows, &owner->weak, LIST_OWN_WEAK, idx);
	flows->weak_count--;
}

void flow_table_settle(
    struct flows *flows, struct flow *flow, bool was_weak, struct instant now)
{
	bool is_weak = flow->flags & FLOW_IS_WEAK;

	if (was_weak && !is_weak)
		weak_remove(flows, flow);
	else if (!was_weak && is_weak)
		weak_put(flows, flow);
	flow_table_requeue(flows, flow, now);
}

/* ---- finding, adding, removing ---- */

static void owner_count(
    struct flows *flows, const struct flow *flow, uint32_t change)
{
	struct flow_owner *owner = &flows->owners[flow_owner_id(flow)];

	flows->owners_count -= owner->count > 0;
	owner->count += change;
	flows->owners_count += owner->count > 0;
	flows->owners[flow->peers[0]].ends += change;
	flows->owners[flow->peers[1]].ends += change;
	flows->count += change;
}

static void chain_remove(struct flows *flows, const struct flow *flow)
{
	uint32_t idx = index_of(flows, flow);
	uint32_t *at = &flows->chains[flows->links[idx].chain];

	while (*at != idx)
		at = &flows->entries[*at].next;
	*at = flow->next;
}

void flow_table_remove(struct flows *flows, struct flow *flow)
{
	chain_remove(flows, flow);
	wheel_remove(flows, flow);
	if (flow->flags & FLOW_IS_WEAK)
		weak_remove(flows, flow);
	owner_count(flows, flow, UINT32_MAX); /* -1 */
	*flow = (struct flow){.next = flows->unused};
	flows->unused = index_of(flows, flow);
}

/* What each would have, were all alike. */
static uint32_t share_of_each(const struct flows *flows)
{
	return flows->limits.flows / flows->owners_count;
}

/* What will go next, and its chain; of the one after that, what says which
 * chain that is. */
static void fetch_victims(
    const struct flows *flows, uint32_t idx, enum flow_list_kind kind)
{
	const struct flow_links *links = &flows->links[idx];

	__builtin_prefetch(&flows->chains[links->chain], 1);
	__builtin_prefetch(&flows->entries[links->next[kind]], 1);
	__builtin_prefetch(&flows->links[links->next[kind]], 1);
}

static bool drop_early(
    struct flows *flows, uint32_t idx, enum flow_list_kind kind)
{
	if (!idx)
		return false;
	fetch_victims(flows, flows->links[idx].next[kind], kind);
	flow_table_remove(flows, &flows->entries[idx]);
	flows->counters.early_drop++;
	return true;
}

static bool drop_of_owner(struct flows *flows, uint32_t owner)
{
	return drop_early(
	    flows, flows->owners[owner].weak.first, LIST_OWN_WEAK);
}

/* The oldest of those whose owner has more than its share; else the oldest. */
static uint32_t find_victim(const struct flows *flows, uint32_t share)
{
	uint32_t idx = flows->weak.first;

	for (int i = 0; idx && i < VICTIM_BUDGET; i++) {
		uint32_t owner = flow_owner_id(&flows->entries[idx]);

		if (flows->owners[owner].count > share)
			return idx;
		idx = flows->links[idx].next[LIST_WEAK];
	}
	return flows->weak.first;
}

static bool drop_of_any(struct flows *flows, uint32_t id)
{
	const struct flow_owner *owner = &flows->owners[id];
	uint32_t share = share_of_each(flows);

	if (owner->count > share && owner->weak.first)
		return drop_of_owner(flows, id);
	return drop_early(flows, find_victim(flows, share), LIST_WEAK);
}

static bool make_room(struct flows *flows, uint32_t owner, struct instant now)
{
	if (flows_is_full(flows) || flows_is_owner_full(flows, owner))
		flows_age(flows, now, AGE_BUDGET);
	if (flows_is_owner_full(flows, owner))
		return drop_of_owner(flows, owner);
	return !flows_is_full(flows) || drop_of_any(flows, owner);
}

static struct flow *take_unused(struct flows *flows)
{
	struct flow *flow = flow_at(flows, flows->unused);

	if (!flow)
		return &flows->entries[++flows->touched];
	flows->unused = flow->next;
	__builtin_prefetch(&flows->entries[flow->next], 1);
	__builtin_prefetch(&flows->links[flow->next], 1);
	return flow;
}

/* Removes the last one of the chain when there are too many with this key: of
 * those without an answer, as the others are more than copies of a flood. */
static void limit_same_key(struct flows *flows, const struct flow_probe *probe)
{
	struct flow *flow = flow_at(flows, *probe->chain), *last = NULL;
	struct flow *answered = NULL;
	int count = 0;

	for (; flow; flow = flow_at(flows, flow->next)) {
		if (!flow_key_is_equal(&flow->key, &probe->key) ||
		    flow->peers[probe->sender] != probe->from_id)
			continue;
		if (flow->flags & FLOW_IS_ANSWERED)
			answered = flow;
		else
			last = flow;
		count++;
	}
	if (count >= SAME_KEY_MAX)
		flow_table_remove(flows, last ? last : answered);
}

struct flow *flow_table_take(struct flows *flows,
    const struct flow_probe *probe, uint32_t owner, struct instant now)
{
	limit_same_key(flows, probe);
	return make_room(flows, owner, now) ? take_unused(flows) : NULL;
}

void flow_table_put(struct flows *flows, const struct flow_probe *probe,
    struct flow *flow, struct instant now)
{
	uint32_t idx = index_of(flows, flow);

	flow->next = *probe->chain;
	*probe->chain = idx;
	flows->links[idx].chain = (uint32_t)(probe->chain - flows->chains);
	owner_count(flows, flow, 1);
	wheel_put(flows, flow, now);
	if (flow->flags & FLOW_IS_WEAK)
		weak_put(flows, flow);
}
