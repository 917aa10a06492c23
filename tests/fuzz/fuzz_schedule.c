/* SPDX-License-Identifier: ISC */
/* F5: two hosts, and the input is what happens to them (see sim/chaos.c). */
#include <stdlib.h>

#include "lab.h"

#define STEPS_MAX 40

/* A step: act u8, host and time u8. Of odd length: the hosts have taps. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world_setup setup = {
	    .seed = len, .hosts = 2, .is_tap = len % 2 == 1};
	struct world *world = world_new(&setup);

	chaos_begin(world);
	for (size_t i = 0; i + 1 < len && i < 2 * STEPS_MAX; i += 2) {
		world->entropy.state ^= data[i + 1];
		chaos_act(world, data[i], data[i + 1] & 1);
		world_run(world, (data[i + 1] >> 1) * (SIM_S / 4));
	}
	if (!world->has_failed)
		chaos_heal(world);
	if (world->has_failed)
		abort();
	world_free(world);
	return 0;
}
