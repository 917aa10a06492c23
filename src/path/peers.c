/* SPDX-License-Identifier: ISC */
/* What the path knows of each peer by its number: queue and drops. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "path/run.h"
#include "path/shape.h"

int path_add_peer(struct path *path, uint32_t id)
{
	size_t count = (size_t)id + 1;
	struct path_peer *more;

	if (count <= path->peers_count)
		return 0;
	more = realloc(path->peers, count * sizeof(*more));
	if (!more)
		return -ENOMEM;
	path->peers = more;
	while (path->peers_count < count)
		more[path->peers_count++] = (struct path_peer){0};
	return 0;
}

static void forget_examples(struct path *path, uint32_t peer_id)
{
	struct path_counter *counter = path->exemplary;

	for (; counter; counter = counter->next)
		if (counter->example_peer == peer_id)
			counter->example_peer = 0;
}

void path_forget_peer(struct path *path, uint32_t id, const struct moment *now)
{
	path->now = *now;
	path_drop_given_up(path);
	if (id < path->peers_count) {
		shape_forget(path, id);
		tally_clear(&path->peers[id].tally, &path->tallies);
		path->peers[id] = (struct path_peer){0};
	}
	/* those of just now, too */
	forget_examples(path, id);
}

void path_clear_peers(struct path *path)
{
	for (size_t i = 0; i < path->peers_count; i++)
		shape_clear(path, (uint32_t)i);
	free(path->peers);
}

static struct path_drop describe(
    const struct path *path, const struct tally_entry *entry)
{
	enum path_table table = (enum path_table)entry->table;

	if (!entry->reason)
		return (struct path_drop){.direction = "any",
		    .stage = "other",
		    .packets = entry->packets};
	return (struct path_drop){
	    .direction = path_is_outbound(path, table) ? "out" : "in",
	    .stage = path->tables[table][entry->idx].name,
	    .reason = (enum drop)entry->reason,
	    .packets = entry->packets,
	};
}

void path_each_peer_drop(const struct path *path, uint32_t id,
    void (*found)(void *context, const struct path_drop *drop), void *context)
{
	const struct tally *tally = &path->peers[id].tally;
	struct tally_entry entry;

	assert(id < path->peers_count);
	for (size_t i = 0; tally_get(tally, &path->tallies, i, &entry); i++) {
		struct path_drop drop = describe(path, &entry);

		found(context, &drop);
	}
}
