/* SPDX-License-Identifier: ISC */
/* Which CPU a thread stays on. */
#include "daemon/affinity.h"

#include <string.h>
#include <unistd.h>

void affinity_init(struct affinity *affinity)
{
	*affinity = (struct affinity){.cpu = -1};
}

/* Empty: the kernel did not say. */
static cpu_set_t cpus_of(pid_t thread)
{
	cpu_set_t set;

	if (sched_getaffinity(thread, sizeof(set), &set))
		CPU_ZERO(&set);
	return set;
}

unsigned affinity_count(pid_t thread)
{
	cpu_set_t set = cpus_of(thread);
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

bool affinity_is_kept(const struct affinity *affinity, pid_t thread)
{
	cpu_set_t now, ours;

	if (affinity->cpu < 0)
		return true;
	now = cpus_of(thread);
	ours = only(affinity->cpu);
	return CPU_EQUAL(&now, &ours);
}

bool affinity_is_possible(const struct affinity *affinity)
{
	return !affinity->is_foreign && !affinity->is_refused;
}

static bool allow(const cpu_set_t *set)
{
	return sched_setaffinity(0, sizeof(*set), set) == 0;
}

/* Our CPU is one that it may use, and yet it is not there. */
static bool is_moved(const struct affinity *affinity)
{
	cpu_set_t now = cpus_of(0), ours = only(affinity->cpu);

	if (CPU_EQUAL(&now, &ours) || !allow(&ours))
		return false;
	(void)allow(&now);
	return true;
}

static void release(struct affinity *affinity)
{
	if (is_moved(affinity))
		affinity->is_foreign = true;
	else
		(void)allow(&affinity->usual);
	affinity->cpu = -1;
}

/* To be restored: who may use all there are may use those, too, which are added
 * later. */
static cpu_set_t usual_of(const cpu_set_t *set)
{
	cpu_set_t usual = *set;

	if (CPU_COUNT(set) == sysconf(_SC_NPROCESSORS_ONLN))
		memset(&usual, 0xff, sizeof(usual));
	return usual;
}

static void stay(struct affinity *affinity, enum affinity_place place)
{
	cpu_set_t set = cpus_of(0), one;
	int cpu;

	if (affinity->is_foreign || CPU_COUNT(&set) != AFFINITY_CPUS)
		return;
	cpu = cpu_of(&set, place);
	one = only(cpu);
	if (!allow(&one)) {
		affinity->is_refused = true;
		return;
	}
	affinity->usual = usual_of(&set);
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
