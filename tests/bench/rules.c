/* SPDX-License-Identifier: ISC */
/* Rules that no packet of the programs here matches. */
#include "rules.h"

#include <stdlib.h>

#include "packet/ip.h"

static struct rule_spec specs[BENCH_RULES_MAX];
static struct rule_range ports[BENCH_RULES_MAX];
static struct rule_side sides[BENCH_RULES_MAX];
static struct prefix prefixes[BENCH_RULES_MAX];
static const struct rule_range tcp = {IP_PROTOCOL_TCP, IP_PROTOCOL_TCP};

static void make_rule(unsigned i, bool by_host)
{
	struct rule_spec *spec = &specs[i];

	*spec = (struct rule_spec){.name = "", .protocols = {&tcp, 1}};
	if (by_host) {
		prefixes[i] = (struct prefix){
		    {FAMILY_IPV4, {10, 7, (uint8_t)(i >> 8), (uint8_t)i}}, 32};
		sides[i] = (struct rule_side){
		    .prefixes = &prefixes[i], .prefixes_count = 1};
		spec->from = &sides[i];
	} else {
		ports[i].first = ports[i].last = (uint16_t)(1 + i);
		spec->destination_ports = (struct rule_ranges){&ports[i], 1};
	}
}

struct ruleset *bench_rules(size_t count, bool by_host)
{
	struct ruleset_setup setup = {.specs = specs, .count = count};
	struct ruleset *set;

	for (unsigned i = 0; i < count; i++)
		make_rule(i, by_host);
	if (ruleset_new(&set, &setup, (struct instant){0}))
		abort();
	return set;
}
