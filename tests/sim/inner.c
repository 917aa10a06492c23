/* SPDX-License-Identifier: ISC */
/* Inner traffic that tells who sent it, and the book of all. */
#include "inner.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "entropy.h"
#include "frame.h"

#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define UDP_BYTES  8

uint64_t inner_hash(uint64_t hash, const void *bytes, size_t len)
{
	struct cursor c = cursor_of(bytes, len);

	while (c.left > 0) {
		uint64_t word = cursor_le(&c, c.left < 8 ? c.left : 8);

		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

struct address inner_address(size_t host, bool is_ipv6)
{
	struct address address = {
	    .family = FAMILY_IPV4, .bytes = {10, 77, 0, (uint8_t)(host + 1)}};

	if (is_ipv6)
		address = (struct address){.family = FAMILY_IPV6,
		    .bytes = {0xfd, 0x77, [15] = (uint8_t)(host + 1)}};
	return address;
}

static uint32_t sum_words(uint32_t sum, const uint8_t *at, size_t len)
{
	struct cursor c = cursor_of(at, len);

	while (c.left > 1)
		sum += cursor_be16(&c);
	if (c.left)
		sum += (uint32_t)cursor_u8(&c) << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint8_t claimed(const struct inner_wish *wish)
{
	return wish->is_spoofed ? wish->claims : wish->sender;
}

static void write_ipv4(uint8_t *at, const struct inner_wish *wish)
{
	struct address from = inner_address(claimed(wish), false);
	struct address to = inner_address(wish->receiver, false);
	struct writer w = writer_of(at, IPV4_BYTES);
	uint32_t sum;

	writer_be(&w, 0x4500u | wish->ecn, 2);
	writer_be(&w, wish->len, 2);
	writer_zeros(&w, 4);
	writer_be(&w, 64 << 8 | 17, 2);
	writer_zeros(&w, 2);
	writer_bytes(&w, from.bytes, 4);
	writer_bytes(&w, to.bytes, 4);
	sum = ~sum_words(0, at, IPV4_BYTES) & 0xffff;
	at[10] = (uint8_t)(sum >> 8);
	at[11] = (uint8_t)sum;
}

static void write_ipv6(uint8_t *at, const struct inner_wish *wish)
{
	struct address from = inner_address(claimed(wish), true);
	struct address to = inner_address(wish->receiver, true);
	struct writer w = writer_of(at, IPV6_BYTES);

	writer_be(&w, UINT32_C(0x60000000) | (uint32_t)wish->ecn << 20, 4);
	writer_be(&w, wish->len - IPV6_BYTES, 2);
	writer_be(&w, 17 << 8 | 64, 2);
	writer_bytes(&w, from.bytes, 16);
	writer_bytes(&w, to.bytes, 16);
}

/* A UDP header with its number and filler behind it. */
static void write_udp(
    uint8_t *at, size_t len, size_t number, const struct inner_wish *wish)
{
	static const char text[] = "the quick brown fox jumps over it. ";
	struct entropy filler = {.state = number};
	struct writer w = writer_of(at, len);

	writer_be(&w, 4000u + wish->receiver, 2);
	writer_be(&w, 5000u + wish->is_compressible, 2);
	writer_be(&w, len, 2);
	writer_zeros(&w, 2);
	writer_be(&w, number, 8);
	if (!wish->is_compressible)
		entropy_bytes(&filler, w.at, w.left);
	for (size_t i = 0; wish->is_compressible && i < w.left; i++)
		w.at[i] = (uint8_t)text[i % (sizeof(text) - 1)];
}

/* The pseudo header's sum joins the UDP bytes; zero is sent as ones. */
static void finish_udp(uint8_t *packet, size_t len, bool is_ipv6)
{
	size_t l3 = is_ipv6 ? IPV6_BYTES : IPV4_BYTES;
	size_t addresses = is_ipv6 ? 8 : 12;
	uint8_t *udp = packet + l3;
	uint32_t sum = sum_words(
	    17 + (uint32_t)(len - l3), packet + addresses, l3 - addresses);

	sum = ~sum_words(sum, udp, len - l3) & 0xffff;
	sum = sum ? sum : 0xffff;
	udp[6] = (uint8_t)(sum >> 8);
	udp[7] = (uint8_t)sum;
}

/* Hash of what must not change. */
static uint64_t hash_fixed(const uint8_t *at, size_t len)
{
	uint8_t head[IPV4_BYTES];
	bool is_ipv6 = at[0] >> 4 == 6;

	memcpy(head, at, sizeof(head));
	head[1] &= is_ipv6 ? 0xcf : 0xfc;
	if (!is_ipv6)
		memset(head + 10, 0, 2);
	return inner_hash(inner_hash(len, head, sizeof(head)),
	    at + sizeof(head), len - sizeof(head));
}

static uint64_t hash_whole(const uint8_t *at, size_t len, size_t l2)
{
	return inner_hash(hash_fixed(at + l2, len - l2), at, l2);
}

static size_t book_add(struct inner_book *book)
{
	if (book->count == book->room) {
		book->room = book->room ? book->room * 2 : 1024;
		book->entries =
		    realloc(book->entries, book->room * sizeof(*book->entries));
		assert(book->entries);
	}
	return book->count++;
}

size_t inner_make(struct inner_book *book, struct packet *pkt,
    const struct inner_wish *wish, struct instant now)
{
	size_t number = book_add(book);
	size_t l2 = wish->is_frame ? frame_write(packet_data(pkt), wish) : 0;
	uint8_t *at = packet_data(pkt) + l2;
	size_t l3 = wish->is_ipv6 ? IPV6_BYTES : IPV4_BYTES;

	assert(wish->len >= INNER_BYTES_MIN && wish->len <= INNER_BYTES_MAX);
	(wish->is_ipv6 ? write_ipv6 : write_ipv4)(at, wish);
	write_udp(at + l3, wish->len - l3, number, wish);
	finish_udp(at, wish->len, wish->is_ipv6);
	pkt->len = (uint32_t)(l2 + wish->len);
	book->entries[number] = (struct inner_entry){
	    .sender = wish->sender,
	    .receiver = wish->receiver,
	    .is_frame = wish->is_frame,
	    .is_ipv6 = wish->is_ipv6,
	    .claims = claimed(wish),
	    .len = (uint16_t)pkt->len,
	    .hash = hash_whole(packet_data(pkt), pkt->len, l2),
	    .sent = now,
	};
	return number;
}

/* Of what has a number in the book: who may have it from whom? */
static const char *judge_journey(const struct inner_book *book,
    const struct inner_entry *entry, size_t sender, size_t receiver)
{
	bool is_direct = entry->sender == sender;

	if (!entry->is_frame) {
		if (entry->receiver != receiver)
			return "a packet for somebody else";
		return is_direct ? NULL : "a packet of somebody else";
	}
	if (entry->sender == receiver)
		return "a frame of its own";
	if (!is_direct && !(book->has_hub && sender == 0))
		return "a frame from where it did not come from";
	return NULL;
}

size_t inner_number(
    const struct inner_book *book, const struct packet *pkt, bool is_frame)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);
	uint64_t number;

	cursor_skip(&c, is_frame ? frame_head(packet_data(pkt), pkt->len) : 0);
	if (c.has_failed || c.left < INNER_BYTES_MIN)
		return book->count;
	cursor_skip(
	    &c, (c.at[0] >> 4 == 6 ? IPV6_BYTES : IPV4_BYTES) + UDP_BYTES);
	number = cursor_be64(&c);
	return number < book->count ? (size_t)number : book->count;
}

const char *inner_check(struct inner_book *book, const struct packet *pkt,
    size_t sender, size_t receiver, bool is_frame)
{
	const uint8_t *at = packet_data(pkt);
	size_t l2 = is_frame ? frame_head(at, pkt->len) : 0;
	size_t number = inner_number(book, pkt, is_frame);
	struct inner_entry *entry = &book->entries[number];
	const char *wrong;

	if (number == book->count || entry->is_frame != is_frame)
		return "a packet that nobody sent";
	wrong = judge_journey(book, entry, sender, receiver);
	if (wrong)
		return wrong;
	if (entry->len != pkt->len ||
	    entry->hash != hash_whole(at, pkt->len, l2))
		return "a packet that was changed on the way";
	if (at[l2] >> 4 == 4 && sum_words(0, at + l2, IPV4_BYTES) != 0xffff)
		return "a packet with a wrong header checksum";
	if (entry->delivered_to & 1u << receiver)
		return "a packet delivered twice";
	entry->is_delivered = true;
	entry->delivered_to |= (uint8_t)(1u << receiver);
	book->delivered++;
	return NULL;
}

void inner_clear(struct inner_book *book)
{
	free(book->entries);
	*book = (struct inner_book){0};
}
