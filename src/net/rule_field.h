/* SPDX-License-Identifier: ISC */
/*
 * Whether a packet has what a rule asks for, field by field.
 *
 * A `struct look` is one packet at one hook, with what several rules ask of it
 * worked out once.
 */
#ifndef NET_RULE_FIELD_H
#define NET_RULE_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "net/rule.h"
#include "net/rule_side.h"

/* A rule, ready to be matched. */
struct compiled {
	struct rule rule;
	uint32_t fields;	      /* that it names, bits 1 << rule_field */
	const struct side *from, *to; /* owned by the set */
	struct bucket *buckets;	      /* one, or one for each peer; or NULL */
	uint32_t buckets_count;
};

/* The side that was asked for last, and the answer. */
struct asked {
	const struct side *side;
	bool has_it;
};

struct look {
	const struct packet *pkt;
	enum hook hook;
	struct instant now;
	struct asked from, to;
};

/* `field` is one that the rule names, and not RULE_RATE. */
must_check bool field_matches(
    const struct compiled *compiled, enum rule_field field, struct look *look);

/* TCP or UDP ports that may be looked at. */
must_check bool look_has_ports(const struct packet *pkt);
/* The frame's, or the IP packet's on tun; 0: neither. */
must_check uint16_t look_ethertype(const struct packet *pkt);
/* Type and code, as in rule_spec.icmp_types. */
must_check uint16_t look_icmp(const struct packet *pkt);
/* Segments of the packet (1 of an ordinary one). */
static inline uint32_t look_segments(const struct packet *pkt)
{
	return pkt->segment_bytes && pkt->segments ? pkt->segments : 1;
}
/* Bytes of all its segments' IP packets, or of a frame without. */
must_check uint64_t look_bytes(const struct packet *pkt);

#endif
