/* SPDX-License-Identifier: ISC */
/*
 * What packets of two hosts are for a flow table, in sequences: told to ours by
 * test_flow, and to the kernel's by flows_kernel.
 */
#ifndef FLOW_SCRIPT_H
#define FLOW_SCRIPT_H

#include "flow_packet.h"

#define FLOW_STEPS_MAX 12

/* The end of its packets' addresses and ports. */
enum flow_side {
	SIDE_A = 1, /* 10.9.0.7, port 4000 */
	SIDE_B = 2, /* 10.9.0.1, port 53 */
};

struct flow_step {
	enum flow_side from; /* 0: no more steps */
	struct flow_packet packet;
	const char *state; /* as in ct state */
	bool is_blocked;   /* a hook drops it */
};

struct flow_script {
	const char *name;
	struct flow_step steps[FLOW_STEPS_MAX];
};

extern const struct flow_script flow_scripts[];
extern const size_t flow_scripts_count;

/* Writes the packet of a step; `number` moves side A's port and the ICMP
 * identifiers, so that scripts do not meet. Returns its length. */
size_t flow_step_write(uint8_t bytes[FLOW_PACKET_BYTES],
    const struct flow_step *step, uint16_t number);

#endif
