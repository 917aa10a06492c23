/* SPDX-License-Identifier: ISC */
/* What vpnd-conf may use at most. */
#include "conf/limits.h"

#include <stdio.h>
#include <sys/resource.h>

#include "base/sanitized.h"

#define CPU_SECONDS  20
#define MEMORY_BYTES ((rlim_t)2 << 30)
#define FILES	     32

static const struct limit {
	const char *name;
	int resource;
	rlim_t most;
} limits[] = {
    {"CPU time", RLIMIT_CPU, CPU_SECONDS},
    {"memory", RLIMIT_AS, IS_SANITIZED ? RLIM_INFINITY : MEMORY_BYTES},
    {"open files", RLIMIT_NOFILE, FILES},
    {"core size", RLIMIT_CORE, 0},
};

/* Never raises a limit. */
static bool set(const struct limit *limit)
{
	struct rlimit value;

	if (getrlimit(limit->resource, &value))
		return false;
	if (value.rlim_cur > limit->most)
		value.rlim_cur = limit->most;
	if (value.rlim_max > limit->most)
		value.rlim_max = limit->most;
	return !setrlimit(limit->resource, &value);
}

bool conf_limits_set(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (!set(&limits[i])) {
			fprintf(stderr, "vpnd-conf: can not limit the %s\n",
			    limits[i].name);
			return false;
		}
	return true;
}
