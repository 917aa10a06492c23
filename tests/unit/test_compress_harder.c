/* SPDX-License-Identifier: ISC */
/* Which way a tunnel compresses: by how much it has to. */
#include <stdlib.h>
#include <string.h>

#include "protocol/compress.h"
#include "protocol/wire.h"
#include "repeatable.h"
#include "tunnels.h"
#include "unit.h"

#define LEN	 1400
#define A_WINDOW (5000000 / LEN + 1) /* packets: more than 50 MB/s */

static const struct compressor *compressor;
static struct ends ends;
static uint8_t text[LEN];

/* Text that the two ways make differently small. */
static void begin(int id)
{
	uint64_t random = 1;

	compressor = compressor_find((enum compressor_id)id);
	repeatable_words(&random, text, LEN);
	text[0] = 0x45;
	ends_init_as(&ends,
	    &(struct ends_setup){.compressor = compressor->id, .mtu = LEN});
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends_pass(&ends, 100 * NS_PER_MS);
}

static void clear(void)
{
	ends_clear(&ends);
}

static size_t frame_len_of(compress_fn *way)
{
	void *space = malloc(compressor->state_bytes);
	uint8_t block[LEN];
	size_t len;

	len = way(compressor->state_init(space, compressor->state_bytes), block,
	    LEN, text, LEN);
	free(space);
	return WIRE_COMPRESSED_HEAD + len;
}

static size_t len_sent(void)
{
	struct packet *pkt = pool_get(ends.pool);
	size_t len;

	memcpy(packet_data(pkt), text, LEN);
	pkt->len = LEN;
	pkt->peer = ends.a.peer;
	pkt->flow_hash = 1;
	tunnel_compress(ends.a.tunnel, pkt, &ends.now);
	ck_assert_uint_lt(pkt->len, LEN);
	len = pkt->len;
	pool_put(ends.pool, pkt);
	return len;
}

START_TEST(a_little_is_compressed_harder)
{
	size_t harder;

	begin(_i);
	harder = frame_len_of(compressor->compress_harder);
	ck_assert_uint_lt(harder, frame_len_of(compressor->compress));
	for (int i = 0; i < 2 * A_WINDOW; i++) {
		if (i % 1000 == 0)
			ends_advance(&ends, 100 * NS_PER_MS);
		ck_assert_uint_eq(len_sent(), harder);
	}
}
END_TEST

START_TEST(much_is_compressed_fast)
{
	size_t fast;

	begin(_i);
	fast = frame_len_of(compressor->compress);
	for (int i = 0; i < A_WINDOW; i++)
		(void)len_sent();
	for (int i = 0; i < 3 * A_WINDOW; i++) {
		if (i % A_WINDOW == 0)
			ends_advance(&ends, 100 * NS_PER_MS);
		ck_assert_uint_eq(len_sent(), fast);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("compress_harder");
	TCase *tcase = tcase_create("compress_harder");

	tcase_add_checked_fixture(tcase, NULL, clear);
	tcase_add_loop_test(tcase, a_little_is_compressed_harder,
	    COMPRESSOR_LZ4, COMPRESSOR_ZSTD + 1);
	tcase_add_loop_test(tcase, much_is_compressed_fast, COMPRESSOR_LZ4,
	    COMPRESSOR_ZSTD + 1);
	suite_add_tcase(suite, tcase);
	return suite;
}
