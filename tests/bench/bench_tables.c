/* SPDX-License-Identifier: ISC */
/* What a packet costs in net/, in short: bench_filter and bench_flow have the
 * curves. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/flow_packet.h"
#include "bench.h"
#include "bench_path.h"
#include "net/flow.h"
#include "net/rule.h"

#define RULES	1000
#define FLOWS	1000
#define BATCHES 256

static uint8_t bytes[FLOW_PACKET_BYTES];
static const struct instant now = {1000 * NS_PER_S};

static struct packet packet_of(unsigned n)
{
	struct flow_packet like = {.source_port = (uint16_t)(1024 + n)};

	return flow_packet_parse(bytes, flow_packet_write(bytes, &like));
}

/* ---- rules, of which none matches ---- */

static void judge(void *context)
{
	struct packet pkt = packet_of(0);
	struct rule_result result;

	for (unsigned i = 0; i < BATCHES; i++) {
		ruleset_decide(context, HOOK_INPUT, &pkt, now, &result);
		if (result.rule)
			abort();
	}
}

static void time_rules(double unit)
{
	static struct rule_spec specs[RULES];
	static struct rule_range ports[RULES];
	struct ruleset_setup setup = {.specs = specs, .count = RULES};
	struct ruleset *set;

	for (unsigned i = 0; i < RULES; i++) {
		ports[i].first = ports[i].last = (uint16_t)(20000 + i);
		specs[i] = (struct rule_spec){.name = "",
		    .hook = HOOK_INPUT,
		    .destination_ports = {&ports[i], 1}};
	}
	if (ruleset_new(&set, &setup, now))
		abort();
	bench_tell("rules, none of 1000 matches",
	    bench_time(judge, set, BATCHES), unit);
	ruleset_free(set);
}

/* ---- known flows ---- */

static struct packet known[FLOWS];

static void track(void *context)
{
	struct packet *batch[PACKET_BATCH];

	for (unsigned i = 0; i < BATCHES; i++) {
		for (unsigned k = 0; k < PACKET_BATCH; k++)
			batch[k] = &known[(i * 37 + k * 11) % FLOWS];
		flows_track_batch(context, batch, PACKET_BATCH, now);
	}
}

static void time_flows(double unit)
{
	static const uint8_t secret[FLOWS_SECRET_BYTES] = {7};
	const struct flows_limits limits = {FLOWS_DEFAULT, FLOWS_DEFAULT};
	struct flows *flows;

	if (flows_new(&flows, &limits, secret) || flows_set_last_peer(flows, 1))
		abort();
	for (unsigned i = 0; i < FLOWS; i++) {
		known[i] = packet_of(i);
		known[i].from_id = 1;
		if (flows_track(flows, &known[i], now) ||
		    flows_confirm(flows, &known[i], now))
			abort();
	}
	bench_tell("flows, one of 1000",
	    bench_time(track, flows, BATCHES * PACKET_BATCH), unit);
	flows_free(flows);
}

void bench_tables(double unit)
{
	time_rules(unit);
	time_flows(unit);
}
