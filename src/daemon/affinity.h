/* SPDX-License-Identifier: ISC */
/*
 * Which CPU a thread stays on (sched_setaffinity(2)).
 *
 * How it works: only what the process may use is chosen from, and only where
 * that is two CPUs: what more of them need was not measured. What somebody else
 * chose for a thread meanwhile, with taskset(1) for instance, stays. It is not
 * mistaken for what a cpuset does to a thread whose CPU it takes away: that one
 * could not go back there.
 */
#ifndef DAEMON_AFFINITY_H
#define DAEMON_AFFINITY_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/attributes.h"

#define AFFINITY_CPUS 2 /* that a process has to have, to be placed */

enum affinity_place {
	AFFINITY_KERNEL, /* on any, as the kernel likes */
	AFFINITY_FIRST,
	AFFINITY_SECOND,
};

/* Of one thread. */
struct affinity {
	int cpu; /* it stays there; -1: the kernel chooses */
	cpu_set_t usual;
	enum affinity_place place;
	bool is_foreign; /* somebody else has chosen, and it is left alone */
	bool is_refused; /* by the kernel */
};

void affinity_init(struct affinity *affinity);
/* The calling thread's. Where the kernel refuses, or it may not use two CPUs,
 * it is left to the kernel. */
void affinity_set(struct affinity *affinity, enum affinity_place place);

/* CPUs that a thread of this process may use, at least 1; 0: the calling one.
 */
must_check unsigned affinity_count(pid_t thread);
/* It is where it was put; true, too, for one that was put nowhere. */
must_check bool affinity_is_kept(const struct affinity *affinity, pid_t thread);
/* False: it will never be put anywhere. */
must_check bool affinity_is_possible(const struct affinity *affinity);

#endif
