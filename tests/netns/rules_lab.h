/* SPDX-License-Identifier: ISC */
/* What rules_kernel is made of: rules, packets, nft and a tun device. */
#ifndef RULES_LAB_H
#define RULES_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "../unit/seed.h"
#include "base/packet.h"
#include "net/rule.h"

#define LAB_PACKET_BYTES 128

struct lab_packet {
	uint8_t bytes[LAB_PACKET_BYTES];
	struct packet pkt; /* parsed */
	bool is_outgoing, is_local;
};

struct lab_counter {
	uint64_t packets, bytes;
};

/* ---- rules_lab.c: random rules and packets ---- */

/* Lives until the next call. */
struct ruleset *lab_make_set(struct seed *seed, bool is_outgoing);
void lab_make_packet(
    struct lab_packet *ret, struct seed *seed, bool is_outgoing);
/* What a peer may send from. */
const struct prefix *lab_prefixes(
    void *context, uint32_t peer_id, size_t *ret_count);

/* ---- rules_nft.c: the kernel ---- */

void lab_open(const char *device);
/* In the place of the one before. */
void lab_load(const struct ruleset *set);
void lab_send(const struct lab_packet *made);
/* Then lab_counter is right: the sum of a rule's, by its name; of a policy by
 * "input policy". */
void lab_read_counters(void);
struct lab_counter lab_counter(const char *name);
bool lab_has_chain(enum hook hook);
/* For people: the rules of nft with this name. */
void lab_print_rule(const char *name);

#endif
