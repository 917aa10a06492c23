/* SPDX-License-Identifier: ISC */
/*
 * What a packet of a known flow costs in the flow table, and a new one.
 *
 * Prints ns per packet for people, and the ratio to a loop in this program that
 * does dependent multiplications, for comparing machines. Packets are parsed
 * beforehand; flows come in random order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/flow_packet.h"
#include "bench.h"
#include "net/flow.h"

#define BATCHES	  8192
#define PEERS	  16
#define FLOWS_ALL 65536

static uint64_t random_state = 42;

static uint32_t next_random(void)
{
	random_state =
	    random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(random_state >> 33);
}

static struct flows *flows;
static struct instant now = {1000 * NS_PER_S};
static uint8_t bytes[FLOW_PACKET_BYTES];

/* The n-th flow's packet, without its bytes. */
static struct packet packet_of(uint32_t n, bool is_answer)
{
	struct flow_packet like = {.source_port = (uint16_t)(n | 1)};
	struct packet pkt;

	if (is_answer)
		like = (struct flow_packet){.source = 1,
		    .destination = 7,
		    .source_port = 53,
		    .destination_port = (uint16_t)(n | 1)};
	pkt = flow_packet_parse(bytes, flow_packet_write(bytes, &like));
	(is_answer ? &pkt.destination : &pkt.source)->bytes[2] =
	    (uint8_t)(n & 1);
	pkt.from_id = is_answer ? 0 : n % PEERS + 1;
	return pkt;
}

static void pass(struct packet *pkt, uint32_t to)
{
	if (flows_track(flows, pkt, now))
		abort();
	pkt->to_id = to;
	if (flows_confirm(flows, pkt, now))
		abort();
}

static void begin(uint32_t live)
{
	const struct flows_limits limits = {FLOWS_ALL, FLOWS_ALL};
	uint8_t secret[FLOWS_SECRET_BYTES];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)next_random();
	if (flows_new(&flows, &limits, secret) ||
	    flows_set_last_peer(flows, PEERS))
		abort();
	for (uint32_t n = 0; n < live; n++) {
		struct packet there = packet_of(n, false);
		struct packet back = packet_of(n, true);

		pass(&there, 0);
		back.to_id = n % PEERS + 1;
		pass(&back, n % PEERS + 1);
	}
}

static struct packet pkts[PACKET_BATCH];
static struct packet *batch[PACKET_BATCH];
static double times[BATCHES];

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Whoever else uses the processor makes some batches slow: the median. */
static double median(size_t count)
{
	qsort(times, count, sizeof(*times), compare);
	return times[count / 2] / PACKET_BATCH;
}

static void fill(size_t i, struct packet pkt)
{
	pkts[i] = pkt;
	batch[i] = &pkts[i];
}

/* As the path does it: parsed, then looked up. */
static double time_known_batch(uint32_t live)
{
	double from;

	for (size_t i = 0; i < PACKET_BATCH; i++)
		fill(i, packet_of(next_random() % live, false));
	from = bench_now_ns();
	flows_track_batch(flows, batch, PACKET_BATCH, now);
	for (size_t i = 0; i < PACKET_BATCH; i++)
		if (pkts[i].drop || !flows_is_accepted(flows, &pkts[i], true))
			abort();
	return bench_now_ns() - from;
}

static double time_known(uint32_t live)
{
	begin(live);
	for (size_t i = 0; i < BATCHES; i++)
		times[i] = time_known_batch(live);
	flows_free(flows);
	return median(BATCHES);
}

static double time_new_batch(uint32_t first)
{
	double from;

	for (uint32_t i = 0; i < PACKET_BATCH; i++)
		fill(i, packet_of(first + i, false));
	from = bench_now_ns();
	flows_track_batch(flows, batch, PACKET_BATCH, now);
	for (size_t i = 0; i < PACKET_BATCH; i++)
		if (pkts[i].drop || flows_confirm(flows, &pkts[i], now))
			abort();
	return bench_now_ns() - from;
}

/* Each packet begins a flow. When the table is full, the oldest weak one goes
 * for each. */
static double time_new(bool is_full)
{
	uint32_t batches = FLOWS_ALL / PACKET_BATCH;

	begin(0);
	for (uint32_t n = 0; is_full && n < FLOWS_ALL; n++) {
		struct packet pkt = packet_of(n, false);

		pkt.destination.bytes[1] = 1;
		pass(&pkt, 0);
	}
	for (uint32_t i = 0; i < batches; i++)
		times[i] = time_new_batch(i * PACKET_BATCH);
	flows_free(flows);
	return median(batches);
}

int main(void)
{
	double unit = bench_calibrate();

	bench_tell("calibration loop", unit, unit);
	bench_tell("known flow, 1 live", time_known(1), unit);
	bench_tell("known flow, 1 000 live", time_known(1000), unit);
	bench_tell("known flow, 16 000 live", time_known(16000), unit);
	bench_tell("known flow, 64 000 live", time_known(64000), unit);
	bench_tell("new flow", time_new(false), unit);
	bench_tell("new flow, full table", time_new(true), unit);
	return 0;
}
