/* SPDX-License-Identifier: ISC */
/* The flows of one table go on in another one, with other limits. */
#include "net/flow_probe.h"

static bool has_place(const struct flows *to, const struct flow *flow)
{
	uint32_t owner = flow_owner_id(flow);

	return owner <= to->last_id && to->count < to->limits.flows &&
	       to->owners[owner].count < to->limits.flows_per_peer;
}

static void move(struct flows *to, const struct flow *flow, struct instant now)
{
	struct flow_probe probe = {
	    .key = flow->key,
	    .sender = flow->beginner,
	    .from_id = flow->peers[flow->beginner],
	    .is_exact = true,
	    .to_id = flow->peers[!flow->beginner],
	};

	struct flow *taken;

	probe_look_up(to, &probe);
	taken = flow_table_take(to, &probe, flow_owner_id(flow), now);
	if (!taken)
		return;
	*taken = *flow;
	flow_table_put(to, &probe, taken, now);
}

static void move_some(struct flows *to, const struct flows *from, bool is_weak,
    struct instant now)
{
	for (uint32_t i = 1; i <= from->touched; i++) {
		const struct flow *flow = &from->entries[i];

		if (flow_key_family(&flow->key) && flow_left(flow, now) > 0 &&
		    !(flow->flags & FLOW_IS_WEAK) == !is_weak &&
		    has_place(to, flow))
			move(to, flow, now);
	}
}

void flows_inherit(
    struct flows *to, const struct flows *from, struct instant now)
{
	move_some(to, from, false, now);
	move_some(to, from, true, now);
	to->generation = from->generation;
	to->counters = from->counters;
}
