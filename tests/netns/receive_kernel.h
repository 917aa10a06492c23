/* SPDX-License-Identifier: ISC */
/*
 * The kernel's side of receive_model: two tun devices, sockets, the trace.
 *
 *	tun0  10.9.0.1/24 fd09::1/64, strict rp_filter   packets go in here
 *	      and 10.9.0.2, fd09::2
 *	tun1  10.8.0.1/24 fd08::1/64, MTU 1280           forwarded ones come out
 *
 * Routes: 10.21/16 and all of IPv6 unicast but fd30::/14 to tun0, 10.20/16 and
 * fd20::/32 to tun1; none to others.
 * UDP sockets of both families: 7 plain, 8 full, 9 with a filter that refuses
 * all, 10 full and with that filter.
 */
#ifndef RECEIVE_KERNEL_H
#define RECEIVE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace.h"

#define KERNEL_PACKET_BYTES  2048
#define KERNEL_MTU_IN	     1500
#define KERNEL_MTU_OUT	     1280
#define KERNEL_OUT	     4 /* packets that one makes at most */
#define KERNEL_COUNTERS_TEXT 512

struct kernel_packet {
	uint16_t len;
	uint8_t bytes[KERNEL_PACKET_BYTES];
};

/* What came out of a device. */
struct kernel_out {
	size_t count;
	struct kernel_packet packets[KERNEL_OUT];
};

struct kernel_outcome {
	int error;	   /* of the write, 0: taken */
	bool is_received;  /* by the plain socket */
	uint16_t received; /* bytes of payload */
	struct kernel_out answers, forwarded;
	/* the first drop, "" none; known after kernel_read_drops */
	char reason[TRACE_REASON_BYTES], function[TRACE_FUNCTION_BYTES];
};

/* In a fresh network namespace. Errors end the program. */
void kernel_open(const char *instance);
void kernel_close(void);

/* Writes a packet to tun0, under this number, and takes what came of it. */
void kernel_send(uint32_t number, const uint8_t *packet, size_t len,
    struct kernel_outcome *outcome);

/* Fills in the drops of those sent since the last call. */
void kernel_read_drops(struct kernel_outcome *(*outcome_of)(uint32_t number));

/* Which of the kernel's counters moved since the last call:
 * "IpInDelivers+1 UdpNoPorts+1". Of those about what came in. */
void kernel_counters(char text[KERNEL_COUNTERS_TEXT]);

#endif
