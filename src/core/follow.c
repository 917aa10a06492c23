/* SPDX-License-Identifier: ISC */
/* Who follows what happens: each drop, or what becomes of live packets. */
#include "core/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ring.h"
#include "core/trace.h"
#include "packet/bpf_text.h"
#include "packet/ethernet.h"

#define RING_BYTES (1 << 20)
#define SLOTS	   256 /* a batch has 64, and a peer's queue some 200 */
#define FOLLOWERS  8

/* A drop, on its way to who follows. */
struct note {
	const struct stage *stage;
	char peer[CONFIG_NAME_BYTES];
	struct packet pkt; /* its fields */
};

struct core_follower {
	struct core *core;
	struct core_follower *next;
	bool is_of_drops; /* else of traces */
	uint32_t peer_id; /* 0: of all */
	bool is_over;
	struct bpf_instruction *program; /* NULL: all packets */
	struct ring ring;
};

struct slot {
	uint32_t id;	 /* 0: free */
	unsigned wanted; /* bits: the followers in their order */
	bool is_given;	 /* it was sent, delivered, or waits */
	struct trace_record record;
};

struct core_live {
	uint32_t last_id;
	struct slot slots[SLOTS];
};

static void put(struct core_follower *follower, const void *bytes, size_t len)
{
	const struct ring_piece piece = {bytes, len};

	if (ring_put(&follower->ring, &piece, 1))
		follower->core->followers_have_news = true;
}

static const char *name_of(const struct peer *peer)
{
	return peer ? tunnel_peer_name(peer) : "";
}

static bool is_about(
    const struct core_follower *follower, const struct packet *pkt)
{
	return !follower->is_over &&
	       (!follower->peer_id || (pkt->peer && tunnel_peer_id(pkt->peer) ==
							follower->peer_id));
}

/* ---- drops ---- */

void follow_drop(
    void *context, const struct stage *stage, const struct packet *pkt)
{
	const struct core *core = context;
	struct core_follower *at = core->followers;

	for (; at; at = at->next) {
		struct note note = {.stage = stage, .pkt = *pkt};

		if (!at->is_of_drops || !is_about(at, pkt))
			continue;
		memcpy(note.peer, name_of(pkt->peer),
		    strlen(name_of(pkt->peer)) + 1);
		put(at, &note, sizeof(note));
	}
}

static void write_note(const struct note *note, struct reply *reply)
{
	char text[PACKET_TEXT_BYTES];

	reply_string(reply, "schema", "vpnd.drop/1");
	reply_string(reply, "stage", note->stage->name);
	reply_string(reply, "reason", drop_name(note->pkt.drop));
	reply_string(reply, "text", drop_text(note->pkt.drop));
	if (*note->peer)
		reply_string(reply, "peer", note->peer);
	reply_string(
	    reply, "packet", packet_print(&note->pkt, text, sizeof(text)));
}

/* ---- live packets ---- */

static uint16_t ethertype_of(const uint8_t *bytes, uint32_t len)
{
	return len && bytes[0] >> 4 == FAMILY_IPV6 ? ETHERTYPE_IPV6
						   : ETHERTYPE_IPV4;
}

static bool matches(
    const struct core_follower *follower, const struct packet *pkt)
{
	struct bpf_packet look = {
	    .bytes = packet_data(pkt), .len = pkt->len, .wire_len = pkt->len};

	if (!follower->program)
		return true;
	if (follower->core->bridge && look.len >= ETHERNET_BYTES)
		look.protocol =
		    (uint16_t)(look.bytes[12] << 8 | look.bytes[13]);
	else
		look.protocol = ethertype_of(look.bytes, look.len);
	return bpf_run(follower->program, &look);
}

static unsigned who_wants(const struct core *core, const struct packet *pkt)
{
	const struct core_follower *at = core->followers;
	unsigned wanted = 0;

	for (unsigned i = 0; at; at = at->next, i++)
		if (!at->is_of_drops && is_about(at, pkt) && matches(at, pkt))
			wanted |= 1u << i;
	return wanted;
}

static struct slot *begin_slot(
    struct core_live *live, unsigned wanted, const char *from)
{
	struct slot *slot;

	if (!++live->last_id)
		live->last_id++;
	slot = &live->slots[live->last_id % SLOTS];
	slot->id = live->last_id;
	slot->wanted = wanted;
	slot->is_given = false;
	trace_begin(&slot->record, from);
	slot->record.id = slot->id;
	return slot;
}

static uint32_t hear_wants(
    void *context, const struct packet *pkt, enum trace_entry entry)
{
	const struct core *core = context;
	const char *from = entry == TRACE_FROM_PEER ? name_of(pkt->peer) : "";
	unsigned wanted = who_wants(core, pkt);

	return wanted ? begin_slot(core->live, wanted, from)->id : 0;
}

/* For those who want the cause; an answer is nobody's but ours. */
static uint32_t hear_caused(
    void *context, const struct packet *cause, enum trace_made made)
{
	const struct core *core = context;
	const struct slot *parent = &core->live->slots[cause->trace_id % SLOTS];
	char from[CONFIG_NAME_BYTES];
	struct slot *slot;

	if (parent->id != cause->trace_id)
		return 0;
	memcpy(from, parent->record.from, sizeof(from));
	slot = begin_slot(
	    core->live, parent->wanted, made == TRACE_ANSWER ? "" : from);
	slot->record.parent = cause->trace_id;
	slot->record.made = made;
	return slot->id;
}

/* What is dropped behind the tables, or while it waits, is told once more. */
static void give(const struct core *core, struct slot *slot, enum trace_end end)
{
	struct core_follower *at = core->followers;

	for (unsigned i = 0; at; at = at->next, i++)
		if (slot->wanted >> i & 1)
			put(at, &slot->record, sizeof(slot->record));
	slot->is_given = true;
	if (end == TRACE_DROPPED)
		slot->id = 0;
}

static void hear_step(void *context, const struct trace_step *step)
{
	const struct core *core = context;
	enum trace_end end = step->why->end;
	uint32_t id = step->pkt->trace_id;
	struct slot *slot = &core->live->slots[id % SLOTS];

	if (!id || slot->id != id)
		return;
	trace_step(&slot->record, step);
	if (end == TRACE_DROPPED || (end != TRACE_GOES_ON && !slot->is_given))
		give(core, slot, end);
}

/* ---- who follows ---- */

/* The order of the followers changes: what is under way is for nobody. */
static void settle(struct core *core)
{
	const struct tracer tracer = {.step = hear_step,
	    .wants = hear_wants,
	    .caused = hear_caused,
	    .context = core};
	bool has_tracer = false;

	for (struct core_follower *at = core->followers; at; at = at->next)
		has_tracer |= !at->is_of_drops;
	for (size_t i = 0; core->live && i < SLOTS; i++)
		core->live->slots[i].id = 0;
	path_set_tracer(core->path, has_tracer ? &tracer : NULL);
	if (has_tracer)
		return;
	free(core->live);
	core->live = NULL;
}

static size_t count_followers(const struct core *core)
{
	size_t count = 0;

	for (struct core_follower *at = core->followers; at; at = at->next)
		count++;
	return count;
}

static int take_program(struct core_follower *follower, const char *text)
{
	size_t count = bpf_text_count(text);
	struct bpf_fault fault;

	if (!*text)
		return 0;
	if (!count)
		return -EINVAL;
	follower->program = calloc(count, sizeof(*follower->program));
	if (!follower->program)
		return -ENOMEM;
	bpf_text_read(follower->program, text);
	return bpf_check(follower->program, count, &fault) ? 0 : -EINVAL;
}

static int take_live(struct core *core)
{
	if (!core->live)
		core->live = calloc(1, sizeof(*core->live));
	return core->live ? 0 : -ENOMEM;
}

static int fill(struct core_follower *follower, const char *program)
{
	int err = ring_init(&follower->ring, RING_BYTES);

	if (!err)
		err = take_program(follower, program);
	if (!err && !follower->is_of_drops)
		err = take_live(follower->core);
	return err;
}

static void explain(int err, struct core_answer *ret)
{
	if (err == -ENOMEM)
		answer_set(ret, CONTROL_FAILED, "out of memory");
	else if (err)
		answer_set(ret, CONTROL_USAGE,
		    "the expression's program is none that vpnd runs");
}

struct core_follower *core_follow(struct core *core, bool is_of_drops,
    const char *peer, const char *program, struct core_answer *ret)
{
	const struct core_peer *only = NULL;
	struct core_follower *follower;
	int err;

	answer_set(ret, CONTROL_OK, "%s", "");
	if (*peer && !(only = answer_find_peer(core, peer, ret)))
		return NULL;
	if (count_followers(core) == FOLLOWERS) {
		answer_set(ret, CONTROL_FAILED,
		    "%d follow already; no more are served", FOLLOWERS);
		return NULL;
	}
	follower = calloc(1, sizeof(*follower));
	if (!follower) {
		explain(-ENOMEM, ret);
		return NULL;
	}
	follower->core = core;
	follower->is_of_drops = is_of_drops;
	follower->peer_id = only ? tunnel_peer_id(only->peer) : 0;
	follower->next = core->followers;
	core->followers = follower;
	err = fill(follower, program);
	explain(err, ret);
	settle(core);
	if (!err)
		return follower;
	core_unfollow(follower);
	return NULL;
}

void core_unfollow(struct core_follower *follower)
{
	struct core *core = follower->core;
	struct core_follower **at = &core->followers;

	while (*at != follower)
		at = &(*at)->next;
	*at = follower->next;
	settle(core);
	ring_clear(&follower->ring);
	free(follower->program);
	free(follower);
}

void follow_forget_peer(struct core *core, uint32_t id)
{
	for (struct core_follower *at = core->followers; at; at = at->next)
		at->is_over |= at->peer_id == id;
}

/* ---- what they get ---- */

static void write_lost(uint64_t lost, struct reply *reply)
{
	reply_string(reply, "schema", "vpnd.lost/1");
	reply_unsigned(reply, "lost", lost);
}

static void write_next(struct core_follower *follower, struct reply *reply)
{
	struct ring *ring = &follower->ring;
	struct trace_record record;
	struct note note;

	if (follower->is_of_drops) {
		ring_take(ring, (uint8_t *)&note);
		write_note(&note, reply);
	} else {
		ring_take(ring, (uint8_t *)&record);
		reply_string(reply, "schema", "vpnd.trace/1");
		trace_write(follower->core, &record, reply);
	}
}

bool core_follower_take(struct core_follower *follower, struct reply *reply)
{
	uint64_t lost;
	size_t len;

	if (ring_peek(&follower->ring, &len)) {
		write_next(follower, reply);
		return true;
	}
	lost = ring_take_lost(&follower->ring);
	if (lost)
		write_lost(lost, reply);
	return lost;
}

bool core_follower_is_over(const struct core_follower *follower)
{
	return follower->is_over;
}

void core_follower_stop(struct core_follower *follower)
{
	follower->is_over = true;
}
