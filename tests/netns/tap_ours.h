/* SPDX-License-Identifier: ISC */
/*
 * Our side of tap_corpus: the live tables of a tap tunnel, whose switch has the
 * ports of a kernel's bridge.
 *
 * How it works: a tunnel without cryptography has two peers. "one" has the
 * addresses 10.9.0.7 and fd09::7 and the VLANs 0 and 10; "two" is a cable. The
 * host has 10.9.0.1, fd09::1 and the MAC address TAP_HOST_MAC. A frame that
 * comes out counts when it is the one that went in, byte by byte: as on the
 * kernel's side, answers do not.
 */
#ifndef TAP_OURS_H
#define TAP_OURS_H

#include <stddef.h>
#include <stdint.h>

#include "base/drop.h"

#define TAP_PORTS    3 /* the host, one, two */
#define TAP_HOST_MAC "02:00:00:00:10:00"
/* A bridge takes VLAN tags beyond the MTU. */
#define TAP_FRAME_BYTES_MAX 1518

struct tap_outcome {
	enum drop drop;	   /* the first one */
	const char *stage; /* that dropped it, "" none */
	int out;	   /* ports, one bit each */
};

void tap_ours_open(void);
void tap_ours_close(void);
/* One frame; what is learned from it stays. */
void tap_ours_send(
    int from, const uint8_t *bytes, size_t len, struct tap_outcome *outcome);

#endif
