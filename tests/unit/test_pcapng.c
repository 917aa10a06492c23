/* SPDX-License-Identifier: ISC */
/* pcapng's blocks, byte by byte. */
#include "unit.h"

#include <string.h>

#include "packet/pcapng.h"

#define TIME_NS UINT64_C(0x0123456789abcdef)

/* clang-format off */
static const uint8_t section[] = {
	0x0a, 0x0d, 0x0d, 0x0a, 44, 0, 0, 0, /* type, length */
	0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,  /* byte order, version 1.0 */
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	4, 0, 6, 0, 'v', 'p', 'n', 'c', 't', 'l', 0, 0, /* shb_userappl */
	0, 0, 0, 0,
	44, 0, 0, 0,
};

static const uint8_t interface_block[] = {
	1, 0, 0, 0, 40, 0, 0, 0,
	101, 0, 0, 0, 0x00, 0xff, 0, 0, /* link type, snap length */
	2, 0, 4, 0, 'v', 'p', 'n', '0', /* if_name */
	9, 0, 1, 0, 9, 0, 0, 0,		/* if_tsresol: 10^-9 s */
	0, 0, 0, 0,
	40, 0, 0, 0,
};

static const uint8_t packet_block[] = {
	6, 0, 0, 0, 68, 0, 0, 0,
	1, 0, 0, 0,			/* interface */
	0x67, 0x45, 0x23, 0x01, 0xef, 0xcd, 0xab, 0x89,
	3, 0, 0, 0, 100, 0, 0, 0,	/* captured, length */
	'a', 'b', 'c', 0,
	2, 0, 4, 0, 2, 0, 0, 0,		/* epb_flags: outbound */
	4, 0, 8, 0, 7, 0, 0, 0, 0, 0, 0, 0, /* epb_dropcount */
	1, 0, 3, 0, 'w', 'h', 'y', 0,	/* opt_comment */
	0, 0, 0, 0,
	68, 0, 0, 0,
};

static const uint8_t bare_block[] = {
	6, 0, 0, 0, 44, 0, 0, 0,
	0, 0, 0, 0,
	0, 0, 0, 0, 1, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 4, 0, 1, 0, 0, 0,		/* epb_flags: inbound */
	0, 0, 0, 0,
	44, 0, 0, 0,
};

static const uint8_t statistics_block[] = {
	5, 0, 0, 0, 40, 0, 0, 0,
	0, 0, 0, 0,
	0x67, 0x45, 0x23, 0x01, 0xef, 0xcd, 0xab, 0x89,
	5, 0, 8, 0, 9, 0, 0, 0, 0, 0, 0, 0, /* isb_ifdrop */
	0, 0, 0, 0,
	40, 0, 0, 0,
};
/* clang-format on */

static const struct pcapng_interface interface = {
    .name = "vpn0", .link_type = PCAPNG_IP, .snap_bytes = 0xff00};
static const struct pcapng_packet packet = {
    .interface = 1,
    .time_ns = TIME_NS,
    .bytes = (const uint8_t *)"abc",
    .captured = 3,
    .len = 100,
    .is_outbound = true,
    .lost = 7,
    .comment = "why",
};

static size_t write_section(uint8_t *to, size_t room)
{
	return pcapng_section(to, room, "vpnctl");
}

static size_t write_interface(uint8_t *to, size_t room)
{
	return pcapng_interface(to, room, &interface);
}

static size_t write_packet(uint8_t *to, size_t room)
{
	return pcapng_packet(to, room, &packet);
}

static size_t write_bare(uint8_t *to, size_t room)
{
	return pcapng_packet(to, room, &(struct pcapng_packet){.time_ns = 1});
}

static size_t write_statistics(uint8_t *to, size_t room)
{
	return pcapng_statistics(to, room, 0, TIME_NS, 9);
}

static const struct {
	size_t (*write)(uint8_t *to, size_t room);
	const uint8_t *bytes;
	size_t len;
} blocks[] = {
    {write_section, section, sizeof(section)},
    {write_interface, interface_block, sizeof(interface_block)},
    {write_packet, packet_block, sizeof(packet_block)},
    {write_bare, bare_block, sizeof(bare_block)},
    {write_statistics, statistics_block, sizeof(statistics_block)},
};
#define BLOCKS (int)(sizeof(blocks) / sizeof(*blocks))

START_TEST(a_block_is_what_the_draft_says)
{
	uint8_t bytes[256];
	size_t len = blocks[_i].write(bytes, sizeof(bytes));

	ck_assert_uint_eq(len, blocks[_i].len);
	ck_assert_mem_eq(bytes, blocks[_i].bytes, len);
}
END_TEST

START_TEST(a_block_that_does_not_fit_is_not_there)
{
	uint8_t bytes[256];

	memset(bytes, 0xee, sizeof(bytes));
	for (size_t room = 0; room < blocks[_i].len; room++) {
		ck_assert_uint_eq(blocks[_i].write(bytes, room), 0);
		ck_assert_uint_eq(bytes[room], 0xee);
	}
	ck_assert_uint_eq(
	    blocks[_i].write(bytes, blocks[_i].len), blocks[_i].len);
}
END_TEST

START_TEST(a_packet_needs_no_more_than_it_says)
{
	uint8_t bytes[PCAPNG_PACKET_BYTES + 3 + 3];

	ck_assert_uint_gt(pcapng_packet(bytes, sizeof(bytes), &packet), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("pcapng");
	TCase *tcase = tcase_create("blocks");

	tcase_add_loop_test(tcase, a_block_is_what_the_draft_says, 0, BLOCKS);
	tcase_add_loop_test(
	    tcase, a_block_that_does_not_fit_is_not_there, 0, BLOCKS);
	tcase_add_test(tcase, a_packet_needs_no_more_than_it_says);
	suite_add_tcase(suite, tcase);
	return suite;
}
