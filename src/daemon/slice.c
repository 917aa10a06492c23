/* SPDX-License-Identifier: ISC */
/* sched_setattr(2), which older C libraries lack. */
#include "daemon/slice.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000 /* the kernel takes nothing shorter */
/* So long after a turn with a flood there may be more of it. */
#define FLOOD_NS (200 * NS_PER_MS)

/* As the kernel has had it from the beginning. */
struct scheduling {
	uint32_t bytes, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

static bool get(struct scheduling *scheduling)
{
	*scheduling = (struct scheduling){.bytes = sizeof(*scheduling)};
	return syscall(SYS_sched_getattr, 0, scheduling, sizeof(*scheduling),
		   0) == 0;
}

/* Whatever else the administrator has chosen stays. */
static bool set(uint64_t slice_ns)
{
	struct scheduling scheduling;

	if (!get(&scheduling) || scheduling.policy != SCHED_OTHER)
		return false;
	scheduling.runtime_ns = slice_ns;
	return syscall(SYS_sched_setattr, 0, &scheduling, 0) == 0;
}

static uint64_t current_ns(void)
{
	struct scheduling scheduling;

	return get(&scheduling) ? scheduling.runtime_ns : 0;
}

/* A kernel without slices says 0, and takes any for nothing. */
void slice_begin(struct slice *slice)
{
	*slice = (struct slice){.usual_ns = current_ns()};
	if (!slice->usual_ns || !set(SLICE_NS))
		return;
	slice->is_known = current_ns() == SLICE_NS;
	(void)set(slice->usual_ns);
}

bool slice_is_flooded(const struct slice *slice, struct instant now)
{
	return !instant_has_come(slice->flooded_until, now);
}

bool slice_turn(struct slice *slice, bool is_flooded, struct instant now)
{
	if (is_flooded)
		slice->flooded_until = instant_after(now, FLOOD_NS);
	if (!slice->is_known)
		return false;
	if (is_flooded && !slice->is_short) {
		slice->is_short = set(SLICE_NS);
	} else if (slice->is_short && !slice_is_flooded(slice, now)) {
		(void)set(slice->usual_ns); /* another class has none */
		slice->is_short = false;
	}
	return slice->is_short;
}
