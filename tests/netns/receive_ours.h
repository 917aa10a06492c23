/* SPDX-License-Identifier: ISC */
/*
 * Our side of receive_model: the live tables of path/, fed at ip_rcv.
 *
 * How it works: a tunnel without cryptography has two peers, whose allowed_ips
 * are the networks behind the kernel's tun0 and tun1. What the path hands to
 * the device is the host's; what it seals for a peer was forwarded, or is an
 * answer. The sockets are as those of the kernel; those with the addresses
 * 10.9.0.2 and fd09::2 make these vpnd's alone.
 */
#ifndef RECEIVE_OURS_H
#define RECEIVE_OURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/packet.h"

#define OURS_COUNTERS_TEXT 512
#define OURS_OUT	   4
#define OURS_PACKET_BYTES  2048

struct our_packet {
	uint16_t len;
	uint8_t bytes[OURS_PACKET_BYTES];
};

struct our_outcome {
	enum drop drop;
	const char *stage; /* that dropped it, "" none */
	bool is_for_host;
	bool is_received;  /* by a socket of vpnd's */
	uint32_t received; /* bytes of payload */
	size_t count;
	struct our_packet packets[OURS_OUT]; /* to the peers */
	struct packet parsed;		     /* no buffer */
};

/* Is it one of those of the peer that the packets are from? */
bool ours_is_peers(const struct address *address);

void ours_open(void);
void ours_close(void);
void ours_receive(
    const uint8_t *bytes, size_t len, struct our_outcome *outcome);

/* As kernel_counters: which of the path's moved since the last call. */
void ours_counters(char text[OURS_COUNTERS_TEXT]);

#endif
