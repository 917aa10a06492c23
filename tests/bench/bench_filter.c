/* SPDX-License-Identifier: ISC */
/*
 * What the filter's rules cost the first packet of a flow.
 *
 * No rule matches, so that each packet sees all of them: with "ports"
 * they differ in the port only, the worst case; with "hosts" in the source.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/header.h"
#include "bench.h"
#include "rules.h"

#define PACKETS	 4096
#define IP_BYTES 40

static uint8_t bytes[PACKETS][IP_BYTES];

/* TCP from 10.9.x.x to 10.8.0.1, ports above those of the rules. */
static void make_packets(void)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		const uint8_t packet[IP_BYTES] = {0x45, 0, 0, IP_BYTES, 0, 7, 0,
		    0, 64, IP_PROTOCOL_TCP, 0, 0, 10, 9, (uint8_t)(i >> 8),
		    (uint8_t)i, 10, 8, 0, 1, (uint8_t)(200 + i % 50),
		    (uint8_t)i, (uint8_t)(200 + i % 50),
		    (uint8_t)(i * 7), [32] = 0x50, [33] = 2};

		for (unsigned k = 0; k < IP_BYTES; k++)
			bytes[i][k] = packet[k];
		header_finish(bytes[i], IPV4_BYTES);
	}
}

static void judge(struct ruleset *set, unsigned i)
{
	struct packet pkt = {
	    .buffer = bytes[i], .len = IP_BYTES, .segments = 1};
	struct rule_result result;

	if (packet_parse_ip(&pkt))
		abort();
	if (!set)
		return;
	ruleset_decide(
	    set, HOOK_PREROUTING, &pkt, (struct instant){0}, &result);
	if (result.rule)
		abort();
}

/* Parsing is part of it; set NULL: only that. */
static double time_packets(struct ruleset *set)
{
	double best = 1e9;

	for (int round = 0; round < BENCH_ROUNDS; round++) {
		double from = bench_now_ns();

		for (unsigned i = 0; i < PACKETS; i++)
			judge(set, i);
		from = (bench_now_ns() - from) / PACKETS;
		best = from < best ? from : best;
	}
	return best;
}

int main(void)
{
	static const size_t counts[] = {0, 10, 100, 1000, BENCH_RULES_MAX};
	double unit = bench_calibrate();
	char what[64];

	make_packets();
	bench_tell("calibration loop", unit, unit);
	bench_tell("parsing only", time_packets(NULL), unit);
	for (int by_host = 0; by_host < 2; by_host++)
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			struct ruleset *set = bench_rules(counts[i], by_host);

			snprintf(what, sizeof(what), "%zu rules by %s",
			    counts[i], by_host ? "hosts" : "ports");
			bench_tell(what, time_packets(set), unit);
			ruleset_free(set);
		}
	return 0;
}
