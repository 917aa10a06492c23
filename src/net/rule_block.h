/* SPDX-License-Identifier: ISC */
/*
 * The rules of one hook and family, laid out to find candidates fast.
 *
 * How it works: what rules compare is cut into 16-bit words (half an IPv4
 * address, a port, a third of a MAC address), and what a rule wants of a word
 * is a range of values. 16 rules are a block; for each word that any of them
 * cares about it has a column with 16 ranges, the word that tells most of the
 * rules apart first. A plain loop over a column is what compilers make vector
 * instructions of. A range may take in more than the rule wants, but never
 * less: a hit is a candidate, and field_matches has the last word.
 */
#ifndef NET_RULE_BLOCK_H
#define NET_RULE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "net/rule_field.h"

#define BLOCK_RULES 16

/* The words of a packet. */
enum word {
	WORD_PROTOCOL,
	WORD_SOURCE_PORT,
	WORD_DESTINATION_PORT,
	WORD_ICMP, /* type */
	WORD_TCP_FLAGS,
	WORD_ETHERTYPE,
	WORD_VLAN,
	WORD_STATE,
	WORD_FROM_ID,				    /* 2 */
	WORD_TO_ID = WORD_FROM_ID + 2,		    /* 2 */
	WORD_SOURCE_MAC = WORD_TO_ID + 2,	    /* 3 */
	WORD_DESTINATION_MAC = WORD_SOURCE_MAC + 3, /* 3 */
	WORD_SOURCE = WORD_DESTINATION_MAC + 3,	    /* 8, IPv4 has 2 */
	WORD_DESTINATION = WORD_SOURCE + 8,	    /* 8 */
	WORD_COUNT = WORD_DESTINATION + 8
};

/* What packets are compared by. */
struct words {
	uint16_t at[WORD_COUNT];
};

/* Ranges of one word, both sides moved by 2^15 so that signed numbers can be
 * compared: v is in a range when (int16_t)(v - low) <= width. */
struct column {
	uint16_t low[BLOCK_RULES];
	int16_t width[BLOCK_RULES];
};

struct block {
	uint32_t more;	/* where its other columns begin */
	uint16_t lanes; /* bits of those that are rules */
	uint8_t more_count;
	uint8_t first_word; /* enum word of its first column */
};

struct rule_list {
	struct block *blocks;
	size_t blocks_count;
	struct column *first; /* column of each block, close together */
	struct column *more;
	uint8_t *more_words; /* enum word of each */
	uint32_t more_count;
	struct compiled **rules; /* BLOCK_RULES for each block */
	size_t rules_count;
};

/* Packets without IP, IPv4, IPv6. */
enum list_family {
	LIST_NONE,
	LIST_IPV4,
	LIST_IPV6,
	LIST_FAMILIES
};

static inline enum list_family list_family_of(uint8_t family)
{
	switch (family) {
	case FAMILY_IPV4:
		return LIST_IPV4;
	case FAMILY_IPV6:
		return LIST_IPV6;
	default:
		return LIST_NONE;
	}
}

/* Takes those of the `count` rules that are of this hook and may match in this
 * family, in order; they stay the caller's. 0 or -ENOMEM. */
must_check int rule_list_make(struct rule_list *list, struct compiled *rules,
    size_t count, enum hook hook, enum list_family family);
void rule_list_clear(struct rule_list *list);

void words_read(struct words *words, const struct packet *pkt);

/* What a search found; zero is its start. */
struct candidates {
	struct compiled *const *rules; /* of a block */
	unsigned hits;		       /* those that may match, a bit each */
	size_t next;		       /* block */
};

/* Goes on to the next block with candidates; false: there is none. */
must_check bool rule_list_search(const struct rule_list *list,
    const struct words *words, struct candidates *candidates);

#endif
