/* SPDX-License-Identifier: ISC */
/* The tap: what hosts sent, for scenarios that look at single messages. */
#include <assert.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "sim.h"

/* The receiver index and counter, where the message type has them. */
static void read_header(struct tapped *it, const struct packet *pkt)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);

	it->type = cursor_u8(&c);
	cursor_skip(&c, 3);
	if (it->type == WIRE_RESPONSE)
		cursor_skip(&c, 4);
	if (it->type != WIRE_INITIATION)
		it->index = cursor_le32(&c);
	if (it->type == WIRE_DATA || it->type == WIRE_DATA_AES256GCM)
		it->counter = cursor_le64(&c);
}

void tap_note(
    struct world *world, const struct host *sender, const struct packet *pkt)
{
	const struct host *receiver = world_host_at(world, &pkt->endpoint);
	struct tapped it = {
	    .when = world->now,
	    .sender = (uint8_t)sender->idx,
	    .receiver = (uint8_t)(receiver ? receiver->idx : SIM_HOSTS),
	    .frame = pkt->frame,
	    .is_ours = pkt->is_ours,
	    .len = (uint16_t)pkt->len,
	};

	read_header(&it, pkt);
	if (world->tap_len == world->tap_room) {
		world->tap_room = world->tap_room * 2 + 1024;
		world->tap =
		    realloc(world->tap, world->tap_room * sizeof(*world->tap));
		assert(world->tap);
	}
	world->tap[world->tap_len++] = it;
}

static bool has_passed(const struct tapped *it, const struct tap_filter *filter)
{
	return (filter->sender < 0 || filter->sender == it->sender) &&
	       (filter->receiver < 0 || filter->receiver == it->receiver) &&
	       (filter->type < 0 || filter->type == it->type) &&
	       (filter->frame < 0 || filter->frame == it->frame) &&
	       !instant_is_before(it->when, filter->since);
}

const struct tapped *tap_find(
    const struct world *world, const struct tap_filter *filter, size_t idx)
{
	for (size_t i = 0; i < world->tap_len; i++)
		if (has_passed(&world->tap[i], filter) && idx-- == 0)
			return &world->tap[i];
	return NULL;
}

size_t tap_count(const struct world *world, const struct tap_filter *filter)
{
	size_t count = 0;

	for (size_t i = 0; i < world->tap_len; i++)
		count += has_passed(&world->tap[i], filter);
	return count;
}
