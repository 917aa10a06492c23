/* SPDX-License-Identifier: ISC */
/* What the directed scenarios share: a pair of hosts and a few short words. */
#include "scenario.h"

#include <stdlib.h>

#define SAID_BYTES 300

struct world *scenario_new(enum config_extension extension)
{
	struct world_setup setup = {
	    .seed = 1, .hosts = 2, .is_verbose = getenv("SIM_VERBOSE") != NULL};
	struct world *world = world_new(&setup);

	for (size_t i = 0; i < 2; i++)
		world->hosts[i].plan.peers[1 - i].extension = extension;
	world->hosts[1].plan.peers[0].endpoint = ENDPOINT_ABSENT;
	return world;
}

struct world *scenario_pair(enum config_extension extension)
{
	struct world *world = scenario_new(extension);

	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	scenario_run(world, SIM_S);
	for (size_t i = 0; i < 2; i++)
		ck_assert(
		    host_peer_status(&world->hosts[i], 1 - i).has_session);
	return world;
}

void scenario_end(struct world *world)
{
	ck_assert_msg(!world->has_failed, "%s", world->failure);
	world_free(world);
}

void scenario_run(struct world *world, int64_t ns)
{
	bool went_well = world_run(world, ns);

	ck_assert_msg(went_well, "%s", world->failure);
}

size_t scenario_say(struct world *world, size_t from)
{
	struct inner_wish wish = {.sender = (uint8_t)from,
	    .receiver = (uint8_t)(1 - from),
	    .len = SAID_BYTES};

	return host_send_inner(&world->hosts[from], &wish);
}

bool scenario_has_heard(const struct world *world, size_t number)
{
	return world->book.entries[number].is_delivered;
}

void scenario_chat(struct world *world, int64_t ns, int64_t interval_ns)
{
	for (; ns > 0; ns -= interval_ns) {
		scenario_say(world, 0);
		scenario_say(world, 1);
		scenario_run(world, interval_ns);
	}
}

void scenario_cut(struct world *world, size_t from, bool is_cut)
{
	world->links[from][1 - from].is_cut = is_cut;
}

size_t scenario_sent(
    const struct world *world, int from, int type, struct instant since)
{
	return tap_count(
	    world, &(struct tap_filter){from, TAP_ANY, type, TAP_ANY, since});
}

size_t scenario_sent_data(
    const struct world *world, int from, struct instant since)
{
	return scenario_sent(world, from, WIRE_DATA, since) +
	       scenario_sent(world, from, WIRE_DATA_AES256GCM, since);
}

size_t scenario_sent_frames(
    const struct world *world, int from, int frame, struct instant since)
{
	return tap_count(
	    world, &(struct tap_filter){from, TAP_ANY, TAP_ANY, frame, since});
}
