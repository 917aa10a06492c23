/* SPDX-License-Identifier: ISC */
/* Reading a packet's words, and comparing them with the columns. */
#include "net/rule_block.h"

#include <string.h>

static void read_words(uint16_t *words, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		words[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
}

static void read_id(uint16_t *words, uint32_t id)
{
	words[0] = (uint16_t)id;
	words[1] = (uint16_t)(id >> 16);
}

static void read_frame(struct words *words, const struct packet *pkt)
{
	words->at[WORD_VLAN] = pkt->vlan;
	read_words(&words->at[WORD_SOURCE_MAC], pkt->source_mac.bytes, 3);
	read_words(
	    &words->at[WORD_DESTINATION_MAC], pkt->destination_mac.bytes, 3);
}

static void read_l4(struct words *words, const struct packet *pkt)
{
	words->at[WORD_SOURCE_PORT] = pkt->source_port;
	words->at[WORD_DESTINATION_PORT] = pkt->destination_port;
	words->at[WORD_TCP_FLAGS] = pkt->tcp_flags;
	words->at[WORD_ICMP] = look_icmp(pkt);
}

static void read_ip(struct words *words, const struct packet *pkt)
{
	size_t count = address_bits(pkt->family) / 16;

	words->at[WORD_PROTOCOL] = pkt->l4_protocol;
	read_words(&words->at[WORD_SOURCE], pkt->source.bytes, count);
	read_words(&words->at[WORD_DESTINATION], pkt->destination.bytes, count);
	read_l4(words, pkt);
}

void words_read(struct words *words, const struct packet *pkt)
{
	words->at[WORD_ETHERTYPE] = look_ethertype(pkt);
	words->at[WORD_STATE] = pkt->flow_state;
	read_id(&words->at[WORD_FROM_ID], pkt->from_id);
	read_id(&words->at[WORD_TO_ID], pkt->to_id);
	read_frame(words, pkt);
	read_ip(words, pkt);
}

/* 8 words side by side, which gcc and clang make vector instructions of at any
 * level of optimisation. Signed, as the first ones of x86-64 compare so. */
typedef uint16_t words8 __attribute__((vector_size(16)));
typedef int16_t signed8 __attribute__((vector_size(16)));

/* Half of a column: bits of `bits` where the value is in the range. */
static words8 half_hits(
    const uint16_t *low, const int16_t *width, uint16_t value, words8 bits)
{
	words8 lows;
	signed8 widths;

	memcpy(&lows, low, sizeof(lows));
	memcpy(&widths, width, sizeof(widths));
	return bits & ~(words8)((signed8)(value - lows) > widths);
}

static unsigned column_hits(const struct column *column, uint16_t value)
{
	static const words8 first = {
	    0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80};
	words8 hits =
	    half_hits(column->low, column->width, value, first) |
	    half_hits(column->low + 8, column->width + 8, value, first << 8);
	uint64_t parts[2];

	memcpy(parts, &hits, sizeof(parts));
	parts[0] |= parts[1];
	parts[0] |= parts[0] >> 32;
	return (uint16_t)(parts[0] | parts[0] >> 16);
}

static unsigned more_hits(const struct rule_list *list,
    const struct block *block, const struct words *words, unsigned hits)
{
	const struct column *column = &list->more[block->more];
	const uint8_t *word = &list->more_words[block->more];

	for (size_t i = 0; i < block->more_count && hits; i++)
		hits &= column_hits(&column[i], words->at[word[i]]);
	return hits;
}

bool rule_list_search(const struct rule_list *list, const struct words *words,
    struct candidates *candidates)
{
	size_t i = candidates->next;

	for (; i < list->blocks_count; i++) {
		const struct block *block = &list->blocks[i];
		unsigned hits =
		    block->lanes &
		    column_hits(&list->first[i], words->at[block->first_word]);

		if (hits)
			hits = more_hits(list, block, words, hits);
		if (!hits)
			continue;
		candidates->rules = &list->rules[i * BLOCK_RULES];
		candidates->hits = hits;
		candidates->next = i + 1;
		return true;
	}
	return false;
}
