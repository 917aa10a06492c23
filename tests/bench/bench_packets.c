/* SPDX-License-Identifier: ISC */
/* What a packet costs in packet/: to be looked at, summed, cut and joined. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_path.h"
#include "packet/checksum.h"
#include "packet/coalesce.h"
#include "packet/ip.h"
#include "packet/segment.h"

#define REPEATS	      64
#define HEADERS	      (IPV4_BYTES + TCP_BYTES)
#define SIZE	      1348
#define WHOLE_PAYLOAD (47 * SIZE)

void bench_write_tcp(uint8_t *bytes, size_t len, unsigned idx)
{
	const uint8_t header[HEADERS] = {0x45, 0, (uint8_t)(len >> 8),
	    (uint8_t)len, 0, (uint8_t)idx, 0x40, 0, 64, IP_PROTOCOL_TCP, 0, 0,
	    10, 0, 0, 1, 10, 0, 0, 2, 200, 1, 20,
	    81, [32] = 0x50, [33] = 0x10, [34] = 1};
	uint32_t sequence = idx * (uint32_t)(len - HEADERS);
	struct packet pkt = {
	    .buffer = bytes, .len = (uint32_t)len, .segments = 1};

	memset(bytes, 0x5a, len);
	memcpy(bytes, header, HEADERS);
	for (unsigned i = 0; i < 4; i++)
		bytes[IPV4_BYTES + 4 + i] = (uint8_t)(sequence >> (24 - 8 * i));
	checksum_store(bytes + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, bytes, IPV4_BYTES)));
	if (packet_parse_ip(&pkt))
		abort();
	checksum_store(bytes + IPV4_BYTES + TCP_CHECKSUM,
	    checksum_finish(checksum_l4(&pkt)));
}

static struct {
	uint8_t bytes[PACKET_BATCH][1500];
	struct packet pkts[PACKET_BATCH];
	size_t len; /* of each */
	uint8_t whole[HEADERS + WHOLE_PAYLOAD];
	struct coalescer coalescer;
} lab;

static void begin(size_t len)
{
	lab.len = len;
	for (unsigned i = 0; i < PACKET_BATCH; i++)
		bench_write_tcp(lab.bytes[i], len, i);
}

static void parse(void *context)
{
	(void)context;
	for (unsigned i = 0; i < REPEATS * PACKET_BATCH; i++) {
		struct packet *pkt = &lab.pkts[i % PACKET_BATCH];

		*pkt = (struct packet){.buffer = lab.bytes[i % PACKET_BATCH],
		    .buffer_bytes = sizeof(lab.bytes[0]),
		    .len = (uint32_t)lab.len,
		    .segments = 1};
		if (packet_parse_ip(pkt))
			abort();
	}
}

static void sum(void *context)
{
	(void)context;
	for (unsigned i = 0; i < REPEATS * PACKET_BATCH; i++)
		bench_sink +=
		    checksum_add(0, lab.bytes[i % PACKET_BATCH], lab.len);
}

static void cut(void *context)
{
	struct packet whole = {.buffer = lab.whole,
	    .buffer_bytes = sizeof(lab.whole),
	    .len = sizeof(lab.whole),
	    .segments = 1};
	struct segments segments;

	(void)context;
	if (segments_plan(&segments, &whole, false, SIZE))
		abort();
	for (unsigned i = 0; i < segments.count; i++) {
		struct packet *pkt = &lab.pkts[i];

		*pkt = (struct packet){.buffer = lab.bytes[i],
		    .buffer_bytes = sizeof(lab.bytes[i]),
		    .segments = 1};
		if (segments_write(&segments, i, pkt))
			abort();
	}
}

/* With checksums in this state: known, as between two vpnd's, or to be summed,
 * as those of a plain peer. */
static void join(void *context)
{
	const enum checksum_state *state = context;
	uint8_t header[COALESCE_HEADER_BYTES];

	packet_forget_chain(&lab.pkts[0]);
	for (unsigned i = 0; i < WHOLE_PAYLOAD / SIZE; i++)
		lab.pkts[i].checksum = *state;
	coalescer_begin(&lab.coalescer, true, true);
	for (unsigned i = 0; i < WHOLE_PAYLOAD / SIZE; i++)
		if (coalescer_join(&lab.coalescer, &lab.pkts[i]) != (i > 0))
			abort();
	bench_sink += coalesced_header(&lab.pkts[0], header);
	bench_sink += header[0];
}

static void time_joins(double unit)
{
	enum checksum_state full = CHECKSUM_FULL, known = CHECKSUM_VERIFIED;
	const unsigned count = WHOLE_PAYLOAD / SIZE;

	begin(HEADERS + SIZE);
	parse(NULL);
	bench_tell_bytes("coalesce, checksums to be looked at",
	    bench_time(join, &full, count), SIZE, unit);
	bench_tell_bytes("coalesce, checksums known",
	    bench_time(join, &known, count), SIZE, unit);
}

void bench_packets(double unit)
{
	const unsigned many = REPEATS * PACKET_BATCH;

	begin(64);
	bench_tell("parse", bench_time(parse, NULL, many), unit);
	bench_tell_bytes(
	    "checksum, 64 bytes", bench_time(sum, NULL, many), 64, unit);
	begin(1400);
	bench_tell_bytes(
	    "checksum, 1400 bytes", bench_time(sum, NULL, many), 1400, unit);
	bench_write_tcp(lab.whole, sizeof(lab.whole), 0);
	bench_tell_bytes("segment, 47 of 1348 bytes",
	    bench_time(cut, NULL, WHOLE_PAYLOAD / SIZE), SIZE, unit);
	time_joins(unit);
}
