/* SPDX-License-Identifier: ISC */
/* sched_setattr(2), which older C libraries lack. */
#include "daemon/slice.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000 /* the kernel takes nothing shorter */

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
	return syscall(SYS_sched_getattr, 0, scheduling, sizeof(*scheduling),
		   0) == 0;
}

bool slice_shorten(void)
{
	struct scheduling scheduling = {.bytes = sizeof(scheduling)};

	if (!get(&scheduling) || scheduling.policy != SCHED_OTHER)
		return false;
	scheduling.runtime_ns = SLICE_NS;
	if (syscall(SYS_sched_setattr, 0, &scheduling, 0))
		return false;
	return get(&scheduling) && scheduling.runtime_ns == SLICE_NS;
}
