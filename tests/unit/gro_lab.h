/* SPDX-License-Identifier: ISC */
/* Packets that gro puts together, for the path's lab. */
#ifndef GRO_LAB_H
#define GRO_LAB_H

#include "tap_lab.h"

#define PIECE_BYTES 100 /* payload of each but a shorter last one */

/* Of a flow from port `port` to port 53. */
struct flow_of {
	const char *source, *destination;
	uint8_t protocol; /* IP_PROTOCOL_TCP or IP_PROTOCOL_UDP */
	uint16_t port;
};

/* The flow's packet `number`, with `payload` bytes and a right checksum, from
 * peer 0, sealed as number `number`. */
struct packet *piece_of(
    const struct flow_of *flow, uint32_t number, uint32_t payload);

/* What the tunnel takes for received trains: `first` and what is added to it,
 * all of its length but the last one, consumed. Their bytes stay until they are
 * forgotten, all at once. */
struct packet *train_begin(struct packet *first);
void train_add(struct packet *train, struct packet *pkt);
void trains_forget(void);
/* For tunnel.counter_of. */
uint64_t train_counter_of(const uint8_t *datagram);

/* Its number, as its bytes say. */
uint32_t number_of(const struct packet *pkt);

#endif
