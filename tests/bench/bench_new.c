/* SPDX-License-Identifier: ISC */
/*
 * What the filter as a whole costs a packet: parsed, looked up in the flow
 * table, and when it is the first one of its flow, judged by rules that do not
 * match it, at prerouting and input, and its flow made.
 *
 * As the path does it, in batches, but without the other stages. Beside each
 * figure is what was asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/header.h"
#include "bench.h"
#include "net/flow.h"
#include "rules.h"

#define FLOWS_ALL 65536
#define PEERS	  16
#define ROUNDS	  5 /* of all flows; the best one's median counts */
#define IP_BYTES  40
#define BATCHES	  (FLOWS_ALL / PACKET_BATCH)

static struct flows *flows;
static struct ruleset *rules;
static struct instant now = {1000 * NS_PER_S};
static uint8_t bytes[PACKET_BATCH][IP_BYTES];
static struct packet pkts[PACKET_BATCH];
static struct packet *batch[PACKET_BATCH];
static double times[BATCHES];

static uint64_t random_state = 42;

static uint32_t next_random(void)
{
	random_state =
	    random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(random_state >> 33);
}

/* The n-th flow: TCP from 10.9.x.x to 10.8.0.1, ports above those of rules. */
static void make_packet(size_t i, uint32_t n, uint8_t flags)
{
	uint16_t port = (uint16_t)(20000 + n % 40000);
	uint8_t packet[IP_BYTES] = {0x45, 0, 0, IP_BYTES, 0, 7, 0, 0, 64,
	    IP_PROTOCOL_TCP, 0, 0, 10, 9, (uint8_t)(n >> 8), (uint8_t)n, 10, 8,
	    0, 1, (uint8_t)(port >> 8), (uint8_t)port, 200,
	    1, [32] = 0x50, [33] = flags};

	header_finish(packet, IPV4_BYTES);
	memcpy(bytes[i], packet, IP_BYTES);
	batch[i] = &pkts[i];
	pkts[i] = (struct packet){.buffer = bytes[i],
	    .len = IP_BYTES,
	    .segments = 1,
	    .from_id = n % PEERS + 1};
}

static void begin(void)
{
	const struct flows_limits limits = {FLOWS_ALL, FLOWS_ALL};
	uint8_t secret[FLOWS_SECRET_BYTES];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)next_random();
	if (flows_new(&flows, &limits, secret) ||
	    flows_set_last_peer(flows, PEERS))
		abort();
}

static void ask(enum hook hook, const struct packet *pkt)
{
	struct rule_result result;

	if (flows_is_accepted(flows, pkt, hook == HOOK_INPUT))
		return;
	ruleset_decide(rules, hook, pkt, now, &result);
	if (result.action != RULE_ACCEPT)
		abort();
}

/* Each loop stands for a stage. */
static void pass(void)
{
	for (size_t i = 0; i < PACKET_BATCH; i++)
		if (packet_parse_ip(&pkts[i]))
			abort();
	flows_track_batch(flows, batch, PACKET_BATCH, now);
	for (size_t i = 0; i < PACKET_BATCH; i++)
		ask(HOOK_PREROUTING, &pkts[i]);
	for (size_t i = 0; i < PACKET_BATCH; i++) {
		ask(HOOK_INPUT, &pkts[i]);
		if (flows_confirm(flows, &pkts[i], now))
			abort();
	}
}

/* The answers, by which flows become established. */
static void answer(void)
{
	for (size_t i = 0; i < PACKET_BATCH; i++) {
		struct packet back = pkts[i];

		back.source = pkts[i].destination;
		back.destination = pkts[i].source;
		back.source_port = pkts[i].destination_port;
		back.destination_port = pkts[i].source_port;
		back.from_id = 0;
		back.to_id = pkts[i].from_id;
		back.tcp_flags = 0x12;
		if (flows_track(flows, &back, now))
			abort();
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Whoever else uses the processor makes some batches slow: the median. */
static double median(void)
{
	qsort(times, BATCHES, sizeof(*times), compare);
	return times[BATCHES / 2] / PACKET_BATCH;
}

static double time_pass(void)
{
	double from = bench_now_ns();

	pass();
	return bench_now_ns() - from;
}

static void begin_flows(uint32_t first, uint8_t flags)
{
	for (uint32_t i = 0; i < PACKET_BATCH; i++)
		make_packet(i, first + i, flags);
}

/* Flows that nobody answers, in all entries of the table. */
static void fill(void)
{
	for (uint32_t n = 0; n < FLOWS_ALL; n += PACKET_BATCH) {
		begin_flows(FLOWS_ALL + n, 2);
		pass();
	}
}

/* In a table that has been full before, as one that has been up for a while:
 * memory that nobody touched yet is another matter. */
static double new_round(bool is_full)
{
	begin();
	fill();
	if (!is_full) {
		now = instant_after(now, 2 * FLOW_TCP_SYN_NS);
		flows_age(flows, now, SIZE_MAX);
	}
	for (uint32_t i = 0; i < BATCHES; i++) {
		begin_flows(i * PACKET_BATCH, 2);
		times[i] = time_pass();
	}
	flows_free(flows);
	return median();
}

static double time_new(size_t count, bool is_full)
{
	double best = 1e9;

	rules = bench_rules(count, false);
	for (int i = 0; i < ROUNDS; i++) {
		double time = new_round(is_full);

		best = time < best ? time : best;
	}
	ruleset_free(rules);
	return best;
}

static double time_known(uint32_t live)
{
	begin();
	rules = bench_rules(0, false);
	for (uint32_t n = 0; n < live; n += PACKET_BATCH) {
		begin_flows(n, 2);
		pass();
		answer();
		begin_flows(n, 16);
		pass();
	}
	for (size_t i = 0; i < BATCHES; i++) {
		for (size_t k = 0; k < PACKET_BATCH; k++)
			make_packet(k, next_random() % live, 16);
		times[i] = time_pass();
	}
	flows_free(flows);
	ruleset_free(rules);
	return median();
}

int main(void)
{
	double unit = bench_calibrate();

	bench_tell("calibration loop", unit, unit);
	bench_ask("known flow, 1 000 live", time_known(1024), unit, 50);
	bench_ask("known flow, 64 000 live", time_known(64000), unit, 80);
	bench_ask("new flow, no rules", time_new(0, false), unit, 60);
	bench_ask("new flow, 10 rules", time_new(10, false), unit, 80);
	bench_ask("new flow, 1 000 rules", time_new(1000, false), unit, 600);
	bench_ask("new flow, 10 000 rules", time_new(10000, false), unit, 5000);
	bench_tell("new flow, no rules, full table", time_new(0, true), unit);
	return 0;
}
