/* SPDX-License-Identifier: ISC */
/*
 * A kernel bridge and net/bridge side by side: what both are told, what they
 * did with a frame, and whether it was the same.
 */
#ifndef BRIDGE_LAB_H
#define BRIDGE_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge_kernel.h"
#include "net/bridge.h"
#include "trace.h"

#define RECORDS	  65536
#define BROADCAST 0xffffffffffff
#define MULTICAST 0x333300000001
#define BPDU	  0x0180c2000000
#define PAUSE	  0x0180c2000001
#define LLDP	  0x0180c200000e

/* What came of one frame, here and there. */
struct record {
	enum drop drop;
	int out, kernel_out; /* taps, one bit each */
	bool is_group, is_tagged;
	char reason[TRACE_REASON_BYTES]; /* of the kernel, "" none */
};

/* Port 0 is the host's. */
struct lab {
	struct bridge *bridge;
	struct bridge_limits limits;
	struct bridge_port *ports[KERNEL_PORTS];
	bool is_locked[KERNEL_PORTS], is_held[KERNEL_PORTS];
	struct instant now;
	struct record records[RECORDS];
	uint32_t count, begun; /* of the case at hand */
	bool has_failed, case_has_failed;
};
extern struct lab lab;

struct frame {
	int from;
	uint64_t source, destination;
	uint16_t tags[2]; /* 802.1ad and 802.1Q, or the latter; 0: none */
};

void lab_open(const char *prefix);
void lab_close(void);

/* Decides and sends; the kernel's reason is known after lab_end_case. */
const struct record *lab_send(const struct frame *frame);
/* What both have to do with an untagged frame; `out` is a set of taps. */
void lab_expect(
    int from, uint64_t source, uint64_t destination, enum drop drop, int out);
/* Reads the trace, so that it does not run full. */
void lab_read_trace(void);
/* Compares what became of the frames since the last one. */
void lab_end_case(const char *sentence);

/* What is set on both sides. */
void lab_flush(int port);
void lab_hold(int port, bool is_held);
void lab_set_hub(bool is_hub);
void lab_set_bpdu(bool pass);
/* With its two fixed addresses: which, 0 or 1. */
void lab_lock(int port, bool is_locked);
uint64_t lab_fixed_mac(int port, int which);
void lab_set_limits(void);

#endif
