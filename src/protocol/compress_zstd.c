/* SPDX-License-Identifier: ISC */
/*
 * Zstandard frames through libzstd, in work space of a fixed size.
 *
 * Each packet is a frame of its own, without magic number, checksum and
 * content size: the frame header is two bytes. Static contexts never call the
 * heap; they are the reason for ZSTD_STATIC_LINKING_ONLY, whose functions the
 * shared library exports too. The parameters that decide about memory are set
 * here, not taken from a level, so that the space is known beforehand.
 *
 * The harder way looks for longer matches, at each place and the one behind:
 * 1420 bytes of text become 12 % smaller, of source code 4 %, in twice the
 * time. Without the place behind it would be 9 and 2 %, in one and a half.
 */
#include "protocol/compress.h"

#include <stdalign.h>
#include <stddef.h>

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

/* libzstd 1.5.4 wants 330, 297 and 94 KiB; state_init checks that it suffices.
 */
#define COMPRESS_SPACE_BYTES (448 * 1024)
#define EXPAND_SPACE_BYTES   (160 * 1024)

#define LEVEL	   1  /* the fastest but for the negative ones */
#define WINDOW_LOG 16 /* no packet is longer */

struct compressor_state {
	ZSTD_CCtx *fast, *harder;
	ZSTD_DCtx *dctx;
	alignas(max_align_t) uint8_t fast_space[COMPRESS_SPACE_BYTES];
	alignas(max_align_t) uint8_t harder_space[COMPRESS_SPACE_BYTES];
	alignas(max_align_t) uint8_t expand_space[EXPAND_SPACE_BYTES];
};

/* A minMatch of 3 would double the space. */
static const ZSTD_compressionParameters fast_way = {
    .windowLog = WINDOW_LOG,
    .hashLog = 14,
    .chainLog = ZSTD_CHAINLOG_MIN,
    .searchLog = ZSTD_SEARCHLOG_MIN,
    .minMatch = 5,
    .strategy = ZSTD_fast,
};

static const ZSTD_compressionParameters harder_way = {
    .windowLog = WINDOW_LOG,
    .hashLog = 12,
    .chainLog = 12,
    .searchLog = 4,
    .minMatch = 4,
    .targetLength = 8,
    .strategy = ZSTD_lazy,
};

static bool set_way(ZSTD_CCtx *cctx, const ZSTD_compressionParameters *way)
{
	const struct {
		ZSTD_cParameter parameter;
		unsigned value;
	} parameters[] = {
	    {ZSTD_c_compressionLevel, LEVEL},
	    {ZSTD_c_windowLog, way->windowLog},
	    {ZSTD_c_hashLog, way->hashLog},
	    {ZSTD_c_chainLog, way->chainLog},
	    {ZSTD_c_searchLog, way->searchLog},
	    {ZSTD_c_minMatch, way->minMatch},
	    {ZSTD_c_targetLength, way->targetLength},
	    {ZSTD_c_strategy, way->strategy},
	    {ZSTD_c_format, ZSTD_f_zstd1_magicless},
	    {ZSTD_c_contentSizeFlag, 0},
	    {ZSTD_c_checksumFlag, 0},
	    {ZSTD_c_dictIDFlag, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		if (ZSTD_isError(ZSTD_CCtx_setParameter(cctx,
			parameters[i].parameter, (int)parameters[i].value)))
			return false;
	}
	return true;
}

/* NULL: it wants more space. */
static ZSTD_CCtx *make_way(
    uint8_t space[COMPRESS_SPACE_BYTES], const ZSTD_compressionParameters *way)
{
	ZSTD_CCtx *cctx;

	if (ZSTD_estimateCCtxSize_usingCParams(*way) > COMPRESS_SPACE_BYTES)
		return NULL;
	cctx = ZSTD_initStaticCCtx(space, COMPRESS_SPACE_BYTES);
	return cctx && set_way(cctx, way) ? cctx : NULL;
}

static ZSTD_DCtx *make_way_back(uint8_t space[EXPAND_SPACE_BYTES])
{
	ZSTD_DCtx *dctx;

	if (ZSTD_estimateDCtxSize() > EXPAND_SPACE_BYTES)
		return NULL;
	dctx = ZSTD_initStaticDCtx(space, EXPAND_SPACE_BYTES);
	return dctx && !ZSTD_isError(ZSTD_DCtx_setParameter(
			   dctx, ZSTD_d_format, ZSTD_f_zstd1_magicless))
		   ? dctx
		   : NULL;
}

static struct compressor_state *state_init(void *space, size_t bytes)
{
	uintptr_t misplaced = (uintptr_t)space % alignof(max_align_t);
	struct compressor_state *state = space;

	if (bytes < sizeof(*state) || misplaced)
		return NULL;
	state->fast = make_way(state->fast_space, &fast_way);
	state->harder = make_way(state->harder_space, &harder_way);
	state->dctx = make_way_back(state->expand_space);
	return state->fast && state->harder && state->dctx ? state : NULL;
}

static size_t compress_with(
    ZSTD_CCtx *cctx, uint8_t *dst, size_t room, const uint8_t *src, size_t len)
{
	size_t written = ZSTD_compress2(cctx, dst, room, src, len);

	return ZSTD_isError(written) ? 0 : written;
}

static size_t compress(struct compressor_state *state, uint8_t *dst,
    size_t room, const uint8_t *src, size_t len)
{
	return compress_with(state->fast, dst, room, src, len);
}

static size_t compress_harder(struct compressor_state *state, uint8_t *dst,
    size_t room, const uint8_t *src, size_t len)
{
	return compress_with(state->harder, dst, room, src, len);
}

static bool expand(struct compressor_state *state, uint8_t *dst,
    size_t original, const uint8_t *src, size_t len)
{
	/* In one shot: whatever window or size the frame claims, only
	 * `original` bytes of room count. An error never equals it. */
	return ZSTD_decompressDCtx(state->dctx, dst, original, src, len) ==
	       original;
}

const struct compressor compressor_zstd = {
    .id = COMPRESSOR_ZSTD,
    .name = "zstd",
    .state_bytes = sizeof(struct compressor_state),
    .state_init = state_init,
    .compress = compress,
    .compress_harder = compress_harder,
    .expand = expand,
};
