/* SPDX-License-Identifier: ISC */
/* Pings under way: who waits for which answer, and until when. */
#include <errno.h>
#include <string.h>

#include "core/state.h"

static struct core_ping_slot *free_slot(struct core *core)
{
	for (size_t i = 0; i < CORE_PINGS; i++)
		if (!core->pings[i].is_used)
			return &core->pings[i];
	return NULL;
}

static void finish(
    struct core *core, struct core_ping_slot *slot, int64_t rtt_ns)
{
	core->pings_done++;
	slot->is_done = true;
	slot->rtt_ns = rtt_ns;
}

static bool is_waiting(const struct core_ping_slot *slot)
{
	return slot->is_used && !slot->is_done;
}

void ping_answered(struct core *core, const struct tunnel_event *event)
{
	const struct core_peer *peer = tunnel_peer_user(event->peer);

	for (size_t i = 0; i < CORE_PINGS; i++) {
		struct core_ping_slot *slot = &core->pings[i];

		if (is_waiting(slot) && slot->peer == peer &&
		    slot->id == event->echo_id)
			finish(core, slot, event->rtt_ns);
	}
}

struct instant ping_turn(struct core *core, const struct moment *now)
{
	struct instant next = INSTANT_NEVER;

	for (size_t i = 0; i < CORE_PINGS; i++) {
		struct core_ping_slot *slot = &core->pings[i];

		if (!is_waiting(slot))
			continue;
		if (instant_has_come(slot->deadline, now->now))
			finish(core, slot, -1);
		else
			next = instant_earlier(next, slot->deadline);
	}
	return next;
}

void ping_forget(struct core *core, const struct core_peer *peer)
{
	for (size_t i = 0; i < CORE_PINGS; i++) {
		struct core_ping_slot *slot = &core->pings[i];

		if (slot->peer != peer)
			continue;
		slot->peer = NULL;
		if (is_waiting(slot))
			finish(core, slot, -1);
	}
}

bool ping_take_event(struct core *core, struct core_event *ret)
{
	for (size_t i = 0; core->pings_done && i < CORE_PINGS; i++) {
		struct core_ping_slot *slot = &core->pings[i];

		if (!slot->is_used || !slot->is_done)
			continue;
		ret->kind = CORE_PING_DONE;
		if (slot->peer)
			memcpy(ret->peer, slot->peer->name, sizeof(ret->peer));
		ret->ping = slot->id;
		ret->rtt_ns = slot->rtt_ns;
		memset(slot, 0, sizeof(*slot));
		core->pings_done--;
		return true;
	}
	return false;
}

bool ping_has_event(const struct core *core)
{
	return core->pings_done != 0;
}

static void explain(const struct core *core, const struct core_peer *peer,
    int err, struct instant now, struct core_answer *ret)
{
	char reason[STATUS_REASON_BYTES];

	switch (err) {
	case 0:
		answer_set(ret, CONTROL_OK, "%s", "");
		break;
	case -ENOTCONN:
		(void)status_peer(core, peer, CONTROL_RIGHTS_ALL, now, reason,
		    sizeof(reason));
		answer_set(ret, CONTROL_FAILED, "peer %s has no session: %s",
		    peer->name, reason);
		break;
	case -EOPNOTSUPP:
		answer_set(ret, CONTROL_FAILED,
		    "peer %s has no ECHO: it is plain WireGuard, or has not "
		    "said yet what it can",
		    peer->name);
		break;
	default:
		answer_set(ret, CONTROL_FAILED,
		    "no packet buffer is free for the ping");
	}
}

static void wait_for(struct core *core, struct core_ping_slot *slot,
    struct core_peer *peer, uint64_t id, struct instant deadline)
{
	*slot = (struct core_ping_slot){
	    .is_used = true, .id = id, .peer = peer, .deadline = deadline};
	core_set_alarm(core, deadline);
}

void core_ping(struct core *core, const char *name, uint64_t id,
    int64_t timeout_ns, const struct moment *now, struct core_answer *ret)
{
	struct core_peer *peer = answer_find_peer(core, name, ret);
	struct core_ping_slot *slot = free_slot(core);
	int err;

	if (!peer)
		return;
	if (!slot) {
		answer_set(ret, CONTROL_FAILED,
		    "%d pings are under way already", CORE_PINGS);
		return;
	}
	err = tunnel_peer_echo(core->tunnel, peer->peer, id, now);
	explain(core, peer, err, now->now, ret);
	if (!err)
		wait_for(
		    core, slot, peer, id, instant_after(now->now, timeout_ns));
	core_settle(core, now);
}
