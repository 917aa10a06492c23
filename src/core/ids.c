/* SPDX-License-Identifier: ISC */
/*
 * Numbers of peers: dense, from 1 on, given again once their peer is gone.
 *
 * How it works: `free_ids` holds those that came back, and has room for all
 * that were ever given, so that giving one back never fails.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/state.h"

#define ROOM_MIN 16

static int make_room(struct core *core)
{
	size_t room = core->free_ids_room ? 2 * core->free_ids_room : ROOM_MIN;
	uint32_t *more;

	if (core->last_id < core->free_ids_room)
		return 0;
	more = realloc(core->free_ids, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	core->free_ids = more;
	core->free_ids_room = room;
	return 0;
}

int ids_take(struct core *core, uint32_t *ret)
{
	int err;

	if (core->free_ids_count) {
		*ret = core->free_ids[--core->free_ids_count];
		return 0;
	}
	err = make_room(core);
	if (!err)
		*ret = ++core->last_id;
	return err;
}

const struct core_peer **ids_index(const struct core *core)
{
	const struct core_peer **peers =
	    calloc((size_t)core->last_id + 1, sizeof(*peers));

	for (size_t i = 0; peers && i < core->config->peers_count; i++)
		peers[tunnel_peer_id(core->peers[i]->peer)] = core->peers[i];
	return peers;
}

void ids_give(struct core *core, uint32_t id)
{
	core->free_ids[core->free_ids_count++] = id;
}
