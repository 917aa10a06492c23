/* SPDX-License-Identifier: ISC */
/* sim: runs random histories, one per seed; exit status 1 on a breach. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

struct options {
	uint64_t seed, seeds;
	double hours;
	bool is_verbose, shows_hash;
};

static const struct option long_options[] = {
    {"seed", required_argument, NULL, 's'},
    {"seeds", required_argument, NULL, 'n'},
    {"hours", required_argument, NULL, 'h'},
    {"verbose", no_argument, NULL, 'v'},
    {"hash", no_argument, NULL, 'x'},
    {0},
};

static void usage(void)
{
	fprintf(stderr, "usage: sim [--seed FIRST] [--seeds COUNT] [--hours H] "
			"[--verbose] [--hash]\n");
	exit(64);
}

static void parse(struct options *ret, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		switch (option) {
		case 's':
			ret->seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			ret->seeds = strtoull(optarg, NULL, 0);
			break;
		case 'h':
			ret->hours = strtod(optarg, NULL);
			break;
		case 'v':
			ret->is_verbose = true;
			break;
		case 'x':
			ret->shows_hash = true;
			break;
		default:
			usage();
		}
	if (optind != argc)
		usage();
}

/* Two or three hosts, either family, tun or tap, a mesh or a star, and now and
 * then a host with the other kind of device: the seed decides. */
static bool run_one(
    const struct options *options, uint64_t seed, uint64_t *events)
{
	struct world_setup setup = {
	    .seed = seed,
	    .hosts = 2 + seed % 2,
	    .is_ipv6 = seed / 2 % 2,
	    .is_tap = seed / 4 % 2,
	    .is_star = seed / 4 % 2 && seed / 8 % 2,
	    .is_mixed = seed % 16 == 7 || seed % 16 == 13,
	    .is_verbose = options->is_verbose,
	};
	struct world *world = world_new(&setup);
	bool went_well = chaos_run(world, options->hours);

	*events += world->events;
	if (options->shows_hash)
		printf("%llu %016llx\n", (unsigned long long)seed,
		    (unsigned long long)world->trace_hash);
	world_free(world);
	return went_well;
}

int main(int argc, char **argv)
{
	struct options options = {.seed = 1, .seeds = 1, .hours = 1};
	uint64_t failed = 0, events = 0;

	parse(&options, argc, argv);
	for (uint64_t i = 0; i < options.seeds; i++)
		failed += !run_one(&options, options.seed + i, &events);
	fprintf(stderr, "sim: %llu seeds x %g h, %llu events, %llu failed\n",
	    (unsigned long long)options.seeds, options.hours,
	    (unsigned long long)events, (unsigned long long)failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
