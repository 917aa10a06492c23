/* SPDX-License-Identifier: ISC */
/*
 * Which CPU a thread stays on (sched_setaffinity(2)).
 *
 * How it works: only what the process may use is chosen from, and only where
 * that is two CPUs: what more of them need was not measured. What somebody else
 * chose for a thread meanwhile, with taskset(1) for instance, stays.
 */
#ifndef DAEMON_AFFINITY_H
#define DAEMON_AFFINITY_H

#include <sched.h>
#include <stdbool.h>

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
};

void affinity_init(struct affinity *affinity);
/* The calling thread's. Where the kernel refuses, or it may not use two CPUs,
 * it is left to the kernel. */
void affinity_set(struct affinity *affinity, enum affinity_place place);

/* CPUs that the calling thread may use, at least 1. */
must_check unsigned affinity_count(void);

#endif
