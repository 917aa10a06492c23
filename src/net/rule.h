/* SPDX-License-Identifier: ISC */
/*
 * The filter: ordered rules for each hook, the first one that matches wins.
 *
 * How it works: a set is compiled once from specifications and then only its
 * counters and buckets change; a reload makes another one with another
 * generation. The rules of a hook and family are columns of 16-bit words in
 * blocks of 16 rules (net/rule_block.h): a scan finds the candidates, which are
 * then looked at field by field (net/rule_field.h), in order. 16 rules that are
 * no candidates cost about 2 ns. What makes no columns are programs, and sides
 * with several peers or with peers and prefixes: 10 to 20 ns for each rule that
 * has nothing else to tell it from the packet.
 *
 * What a rule means
 *  - All that it names has to match; what it does not name matches anything,
 *    frames without an IP packet included.
 *  - A side (from, to) matches when its list of peers has the packet's peer or
 *    its list of prefixes has the address. An ARP frame has no IP address.
 *  - Ports are those of TCP and UDP whose header is there as a whole: a rule
 *    with ports never matches a later fragment, a header that is cut, or
 *    another protocol. So it is with ICMP types and TCP flags. The protocol of
 *    a later fragment is known.
 *  - Types of ICMP and of ICMPv6 are one field: a packet has to be of one of
 *    the first as ICMP, or of one of the second as ICMPv6. Their numbers have
 *    the code in the lower byte: a type without one is a range of 256.
 *  - MAC addresses and VLANs are those of frames: nothing on tun has any. The
 *    ethertype is that of the IP packet there.
 *  - `program` sees the packet as tcpdump would on this device: the IP packet
 *    on tun, the frame on tap; of a super-packet its first segment.
 *  - ACCEPT, DROP and REJECT end the search, COUNT goes on.
 *  - A rate counts segments, or the bytes of IP packets. An ACCEPT rule whose rate is exceeded drops the
 *    packet (VPN_RATE) and ends the search: its rate is a limit, and neither a
 *    later rule nor the policy can undo it. A rule with another action does not
 *    match while its rate is exceeded. A packet that some other field keeps
 *    from matching costs no token.
 *  - So rule B can never match when an earlier rule A of the same hook is not a
 *    COUNT rule, has no rate unless it accepts, and each field that A names is
 *    named by B with nothing beyond A's. That of a side holds list by list:
 *    B's peers are in A's, and B's prefixes within A's.
 */
#ifndef NET_RULE_H
#define NET_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bucket.h"
#include "base/drop.h"
#include "base/endpoint.h"
#include "base/instant.h"
#include "base/mac.h"
#include "base/packet.h"
#include "packet/bpf.h"

/* Netfilter's: from a peer; to the host; from peer to peer; from the host; to a
 * peer. */
enum hook {
	HOOK_PREROUTING,
	HOOK_INPUT,
	HOOK_FORWARD,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_COUNT
};

enum rule_action {
	RULE_ACCEPT,
	RULE_DROP,
	RULE_REJECT, /* drop, and tell the sender */
	RULE_COUNT,  /* no policy */
};

/* What a rule may name, in the order in which it is looked at. */
enum rule_field {
	RULE_FAMILY,
	RULE_PROTOCOL,
	RULE_SOURCE_PORT,
	RULE_DESTINATION_PORT,
	RULE_ICMP,
	RULE_TCP_FLAGS,
	RULE_ETHERTYPE,
	RULE_SOURCE_MAC,
	RULE_DESTINATION_MAC,
	RULE_VLAN,
	RULE_STATE,
	RULE_FROM,
	RULE_TO,
	RULE_PROGRAM,
	RULE_RATE, /* always the last */
	RULE_FIELDS
};

/* One end of a packet; several rules may point to the same one. */
struct rule_side {
	const char *text;      /* as it was configured, for people; or NULL */
	const uint32_t *peers; /* their ids; 0 is the host */
	size_t peers_count;
	const struct prefix *prefixes;
	size_t prefixes_count;
};

struct rule_range {
	uint16_t first, last; /* both belong to it */
};

struct rule_ranges {
	const struct rule_range *list;
	size_t count;
};

/* What is 0, NULL or has the count 0 is not named. */
struct rule_spec {
	const char *name; /* "" without one */
	uint32_t line, column;
	enum hook hook;
	enum rule_action action;
	bool has_log;
	uint8_t family; /* FAMILY_IPV4 or _IPV6 */
	const struct rule_side *from, *to;
	struct rule_ranges protocols, source_ports, destination_ports;
	struct rule_ranges icmp_types, icmp6_types; /* one field, see above */
	uint8_t tcp_flags_mask, tcp_flags;
	struct rule_ranges ethertypes;
	const struct mac *source_mac, *destination_mac;
	const struct vlan_set *vlans;
	uint8_t states; /* bits 1 << enum flow_state */
	const struct bpf_instruction *program;
	size_t program_count;
	const char *program_text; /* the tcpdump expression */
	struct bucket_rate rate;
	bool is_rate_of_bytes; /* of IP packets; else of packets */
	/* A bucket for each peer: that the packet comes from, or, in the last
	 * two hooks, goes to. */
	bool has_rate_per_peer;
};

/* A rule of a set, to be read. */
struct rule {
	struct rule_spec spec;	 /* a copy, all of it */
	uint32_t idx;		 /* in the list that the set was made from */
	uint64_t packets, bytes; /* that matched; segments, and without L2 */
	uint64_t packets_over_rate;
};

/* The packets that no rule decided. */
struct rule_policy {
	enum rule_action action; /* not RULE_COUNT */
	uint32_t line, column;	 /* 0: it is in no file */
	uint64_t packets, bytes;
};

struct ruleset;

struct ruleset_setup {
	const struct rule_spec *specs; /* copied */
	size_t count;
	enum rule_action policy[HOOK_COUNT];
	uint32_t generation;
	uint32_t last_peer_id; /* later ones share the host's buckets */
};

/* 0, -ENOMEM, or -EINVAL: a program that bpf_check refuses. */
must_check int ruleset_new(struct ruleset **ret,
    const struct ruleset_setup *setup, struct instant now);
void ruleset_free(struct ruleset *set); /* NULL is fine */

/* Counters of the policies, and of rules that have the same name. */
void ruleset_inherit(struct ruleset *set, const struct ruleset *from);

/* Where it is in the configuration file. */
void ruleset_place_policy(
    struct ruleset *set, enum hook hook, uint32_t line, uint32_t column);

struct rule_result {
	enum rule_action action; /* not RULE_COUNT */
	enum drop drop;		 /* NONE, NETFILTER_DROP or VPN_RATE */
	const struct rule *rule; /* that decided; NULL: the policy */
	const struct rule *log;	 /* the last one with has_log, or NULL */
};

/*
 * Judges a parsed packet. Counts, and takes tokens, unless pkt->is_dry. With
 * DROP_VPN_RATE the action is RULE_DROP.
 */
void ruleset_decide(struct ruleset *set, enum hook hook,
    const struct packet *pkt, struct instant now, struct rule_result *ret);

/* Whether the hook's rules may decide otherwise for one of the segments of a
 * super-packet than for another. */
must_check bool ruleset_tells_apart(
    const struct ruleset *set, enum hook hook, const struct packet *pkt);

#define RULE_WHY_BYTES 160 /* with NUL */

struct rule_explanation {
	struct rule_result result; /* what ruleset_decide would say now */
	uint32_t rules;		   /* of the hook */
	/* When the policy decided: the rule that failed on the fewest fields,
	 * of these one with the most that matched, the first of them, and on
	 * what; NULL: the hook has none. */
	const struct rule *nearest;
	enum rule_field field;
	char why[RULE_WHY_BYTES]; /* "dport 53 != 1002"; "" with a rule */
};

/* Changes nothing. */
void ruleset_explain(const struct ruleset *set, enum hook hook,
    const struct packet *pkt, struct instant now, struct rule_explanation *ret);

uint32_t ruleset_generation(const struct ruleset *set);
/* Rules in the order of the list; NULL behind the last. */
const struct rule *ruleset_rule(const struct ruleset *set, size_t idx);
/* The sides of its rules, each once; NULL behind the last. */
const struct rule_side *ruleset_side(const struct ruleset *set, size_t idx);
/* Of a side that one of its rules points to. */
size_t ruleset_side_idx(
    const struct ruleset *set, const struct rule_side *side);
const struct rule_policy *ruleset_policy(
    const struct ruleset *set, enum hook hook);

/* ---- names, as in the configuration file; rule_text.c ---- */

const char *hook_name(enum hook hook);
const char *rule_action_name(enum rule_action action);
const char *rule_field_name(enum rule_field field);

/* Whether the rule names the field. */
bool rule_has_field(const struct rule_spec *spec, enum rule_field field);

/* Types of ICMP with all codes, or one type with some. */
struct rule_icmp_part {
	struct rule_range types, codes;
};
#define RULE_ICMP_CODES 256 /* of a type */
/* The next part of a range of icmp_types; *at, at first range->first, moves
 * behind it. False: there is none. */
must_check bool rule_icmp_next(const struct rule_range *range, uint32_t *at,
    struct rule_icmp_part *ret);
static inline bool rule_icmp_is_whole(const struct rule_icmp_part *part)
{
	return part->codes.last - part->codes.first == RULE_ICMP_CODES - 1;
}
/* What it wants of one that it names, "53,1000-1999"; cut where the room ends.
 * Returns text. */
const char *rule_field_format(const struct rule_spec *spec,
    enum rule_field field, char *text, size_t room);

#endif
