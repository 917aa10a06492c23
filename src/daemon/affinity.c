/* SPDX-License-Identifier: ISC */
/* Which CPU a thread stays on. */
#include "daemon/affinity.h"

void affinity_init(struct affinity *affinity)
{
	*affinity = (struct affinity){.cpu = -1};
}

/* Empty: the kernel did not say. */
static cpu_set_t current(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		CPU_ZERO(&set);
	return set;
}

unsigned affinity_count(void)
{
	cpu_set_t set = current();
	int count = CPU_COUNT(&set);

	return count > 0 ? (unsigned)count : 1;
}

static cpu_set_t only(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return set;
}

static int cpu_of(const cpu_set_t *set, enum affinity_place place)
{
	int cpu = 0;

	while (!CPU_ISSET(cpu, set))
		cpu++;
	if (place == AFFINITY_SECOND)
		do
			cpu++;
		while (!CPU_ISSET(cpu, set));
	return cpu;
}

/* It is where we have put it, unless somebody else has moved it. */
static void release(struct affinity *affinity)
{
	cpu_set_t now = current(), ours = only(affinity->cpu);

	if (CPU_EQUAL(&now, &ours))
		(void)sched_setaffinity(
		    0, sizeof(affinity->usual), &affinity->usual);
	affinity->cpu = -1;
}

static void stay(struct affinity *affinity, enum affinity_place place)
{
	cpu_set_t set = current(), one;
	int cpu;

	if (CPU_COUNT(&set) != AFFINITY_CPUS)
		return;
	cpu = cpu_of(&set, place);
	one = only(cpu);
	if (sched_setaffinity(0, sizeof(one), &one))
		return;
	affinity->usual = set;
	affinity->cpu = cpu;
}

void affinity_set(struct affinity *affinity, enum affinity_place place)
{
	if (affinity->place == place)
		return;
	affinity->place = place;
	if (affinity->cpu >= 0)
		release(affinity);
	if (place != AFFINITY_KERNEL)
		stay(affinity, place);
}
