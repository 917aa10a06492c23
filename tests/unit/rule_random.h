/* SPDX-License-Identifier: ISC */
/* Rules and packets made from bytes, random ones or a fuzzer's. */
#ifndef RULE_RANDOM_H
#define RULE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/packet.h"
#include "net/rule.h"

/* Bytes that decide; 0 when they are used up. */
struct dice {
	const uint8_t *at;
	size_t left;
};

unsigned dice_below(struct dice *dice, unsigned below); /* at most 256 */

#define RANDOM_LIST	 4 /* things in a list of a rule */
#define RANDOM_LAST_PEER 130

/* A rule with all that it points to. */
struct random_rule {
	struct rule_spec spec;
	struct rule_side from, to;
	uint32_t peers[2][RANDOM_LIST];
	struct prefix prefixes[2][RANDOM_LIST];
	struct rule_range protocols[RANDOM_LIST], ethertypes[RANDOM_LIST];
	struct rule_range ports[2][RANDOM_LIST], types[2][RANDOM_LIST];
	struct mac macs[2];
	struct vlan_set vlans;
	struct bpf_instruction program[4];
	uint32_t program_min; /* the program wants packets of that length */
};

/* `others`: rules made before, whose sides it may share. */
void random_rule_make(struct random_rule *ret, struct dice *dice,
    const struct random_rule *others, size_t count);

#define RANDOM_PACKET_BYTES 160

/* A packet, parsed by the real parser, and the truth about it. */
struct random_packet {
	uint8_t bytes[RANDOM_PACKET_BYTES];
	struct packet pkt;
	bool is_frame, has_l4;
	uint8_t family, protocol; /* 0: no IP */
	uint16_t source_port, destination_port;
	uint8_t tcp_flags, icmp_type, icmp_code;
	uint16_t ethertype, vlan;
	uint32_t segments;
	uint32_t first_len; /* of the first segment, with L2 */
	uint64_t all_bytes; /* of all segments, without L2 */
};

void random_packet_make(struct random_packet *ret, struct dice *dice);

#endif
