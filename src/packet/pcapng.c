/* SPDX-License-Identifier: ISC */
/* pcapng: its blocks, written one by one into the caller's bytes. */
#include "packet/pcapng.h"

#include <string.h>

#include "base/cursor.h"

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_SECTION_APPLICATION = 4,
	OPTION_INTERFACE_NAME = 2,
	OPTION_INTERFACE_RESOLUTION = 9,
	OPTION_PACKET_FLAGS = 2,
	OPTION_PACKET_LOST = 4,
	OPTION_STATISTICS_LOST = 5,
};

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)
#define NANOSECONDS	 9 /* times are in units of 10^-9 s */
#define FLAG_INBOUND	 1
#define FLAG_OUTBOUND	 2
#define ALIGNMENT	 4
#define OPTION_BYTES_MAX 65535

/* A block that is being written; its length is known at the end. */
struct block {
	uint8_t *begin;
	size_t room;
	struct writer w;
};

static struct block block_begin(uint8_t *to, size_t room, enum block_type type)
{
	struct block block = {to, room, writer_of(to, room)};

	writer_le(&block.w, (uint32_t)type, 4);
	writer_zeros(&block.w, 4);
	return block;
}

/* The length stands at both ends. */
static size_t block_end(struct block *block)
{
	size_t len = block->room - block->w.left + 4;
	struct writer head = writer_of(block->begin + 4, 4);

	writer_le(&block->w, len, 4);
	if (block->w.has_failed)
		return 0;
	writer_le(&head, len, 4);
	return len;
}

static void put_padded(struct writer *w, const void *bytes, size_t len)
{
	writer_bytes(w, bytes, len);
	writer_zeros(w, (ALIGNMENT - len % ALIGNMENT) % ALIGNMENT);
}

static void put_option(
    struct writer *w, enum option option, const void *bytes, size_t len)
{
	writer_le(w, (uint16_t)option, 2);
	writer_le(w, len, 2);
	put_padded(w, bytes, len);
}

static void put_text(struct writer *w, enum option option, const char *text)
{
	size_t len = strlen(text);

	put_option(
	    w, option, text, len < OPTION_BYTES_MAX ? len : OPTION_BYTES_MAX);
}

static void put_number(
    struct writer *w, enum option option, uint64_t number, size_t len)
{
	uint8_t bytes[8];
	struct writer value = writer_of(bytes, sizeof(bytes));

	writer_le(&value, number, len);
	put_option(w, option, bytes, len);
}

static void put_end_of_options(struct writer *w)
{
	put_option(w, OPTION_END, NULL, 0);
}

/* In halves, the high one first. */
static void put_time(struct writer *w, uint64_t time_ns)
{
	writer_le(w, time_ns >> 32, 4);
	writer_le(w, time_ns & UINT32_MAX, 4);
}

size_t pcapng_section(uint8_t *to, size_t room, const char *application)
{
	struct block block = block_begin(to, room, BLOCK_SECTION);

	writer_le(&block.w, BYTE_ORDER_MAGIC, 4);
	writer_le(&block.w, 1, 2); /* version 1.0 */
	writer_le(&block.w, 0, 2);
	writer_le(&block.w, UINT64_MAX, 8); /* its length is not known */
	put_text(&block.w, OPTION_SECTION_APPLICATION, application);
	put_end_of_options(&block.w);
	return block_end(&block);
}

size_t pcapng_interface(
    uint8_t *to, size_t room, const struct pcapng_interface *interface)
{
	struct block block = block_begin(to, room, BLOCK_INTERFACE);

	writer_le(&block.w, interface->link_type, 2);
	writer_le(&block.w, 0, 2);
	writer_le(&block.w, interface->snap_bytes, 4);
	put_text(&block.w, OPTION_INTERFACE_NAME, interface->name);
	put_number(&block.w, OPTION_INTERFACE_RESOLUTION, NANOSECONDS, 1);
	put_end_of_options(&block.w);
	return block_end(&block);
}

size_t pcapng_packet(
    uint8_t *to, size_t room, const struct pcapng_packet *packet)
{
	struct block block = block_begin(to, room, BLOCK_PACKET);
	uint32_t flags = packet->is_outbound ? FLAG_OUTBOUND : FLAG_INBOUND;

	writer_le(&block.w, packet->interface, 4);
	put_time(&block.w, packet->time_ns);
	writer_le(&block.w, packet->captured, 4);
	writer_le(&block.w, packet->len, 4);
	put_padded(&block.w, packet->bytes, packet->captured);
	put_number(&block.w, OPTION_PACKET_FLAGS, flags, 4);
	if (packet->lost)
		put_number(&block.w, OPTION_PACKET_LOST, packet->lost, 8);
	if (packet->comment)
		put_text(&block.w, OPTION_COMMENT, packet->comment);
	put_end_of_options(&block.w);
	return block_end(&block);
}

size_t pcapng_statistics(uint8_t *to, size_t room, uint32_t interface,
    uint64_t time_ns, uint64_t lost)
{
	struct block block = block_begin(to, room, BLOCK_STATISTICS);

	writer_le(&block.w, interface, 4);
	put_time(&block.w, time_ns);
	put_number(&block.w, OPTION_STATISTICS_LOST, lost, 8);
	put_end_of_options(&block.w);
	return block_end(&block);
}
