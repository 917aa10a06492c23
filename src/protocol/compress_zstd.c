/* SPDX-License-Identifier: ISC */
/*
 * Zstandard frames through libzstd, in work space of a fixed size.
 *
 * Each packet is a frame of its own, without magic number, checksum and
 * content size: the frame header is two bytes. Static contexts never call the
 * heap; they are the reason for ZSTD_STATIC_LINKING_ONLY, whose functions the
 * shared library exports too. The parameters that decide about memory are set
 * here, not taken from a level, so that the space is known beforehand.
 */
#include "protocol/compress.h"

#include <stdalign.h>
#include <stddef.h>

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

/* libzstd 1.5.4 wants 330 and 94 KiB; state_init checks that it suffices. */
#define COMPRESS_SPACE_BYTES (448 * 1024)
#define EXPAND_SPACE_BYTES   (160 * 1024)

#define LEVEL	   1  /* the fastest but for the negative ones */
#define WINDOW_LOG 16 /* no packet is longer */
#define HASH_LOG   14
#define MIN_MATCH  5 /* 3 would double the space */

struct compressor_state {
	ZSTD_CCtx *cctx;
	ZSTD_DCtx *dctx;
	alignas(max_align_t) uint8_t compress_space[COMPRESS_SPACE_BYTES];
	alignas(max_align_t) uint8_t expand_space[EXPAND_SPACE_BYTES];
};

static const struct {
	ZSTD_cParameter parameter;
	int value;
} parameters[] = {
    {ZSTD_c_compressionLevel, LEVEL},
    {ZSTD_c_windowLog, WINDOW_LOG},
    {ZSTD_c_hashLog, HASH_LOG},
    {ZSTD_c_chainLog, ZSTD_CHAINLOG_MIN},
    {ZSTD_c_minMatch, MIN_MATCH},
    {ZSTD_c_strategy, ZSTD_fast},
    {ZSTD_c_format, ZSTD_f_zstd1_magicless},
    {ZSTD_c_contentSizeFlag, 0},
    {ZSTD_c_checksumFlag, 0},
    {ZSTD_c_dictIDFlag, 0},
};

static bool has_enough_space(void)
{
	const ZSTD_compressionParameters largest = {
	    .windowLog = WINDOW_LOG,
	    .hashLog = HASH_LOG,
	    .chainLog = ZSTD_CHAINLOG_MIN,
	    .searchLog = ZSTD_SEARCHLOG_MIN,
	    .minMatch = MIN_MATCH,
	    .strategy = ZSTD_fast,
	};

	return ZSTD_estimateCCtxSize_usingCParams(largest) <=
		   COMPRESS_SPACE_BYTES &&
	       ZSTD_estimateDCtxSize() <= EXPAND_SPACE_BYTES;
}

static bool set_parameters(struct compressor_state *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		if (ZSTD_isError(ZSTD_CCtx_setParameter(state->cctx,
			parameters[i].parameter, parameters[i].value)))
			return false;
	}
	return !ZSTD_isError(ZSTD_DCtx_setParameter(
	    state->dctx, ZSTD_d_format, ZSTD_f_zstd1_magicless));
}

static struct compressor_state *state_init(void *space, size_t bytes)
{
	uintptr_t misplaced = (uintptr_t)space % alignof(max_align_t);
	struct compressor_state *state = space;

	if (bytes < sizeof(*state) || misplaced || !has_enough_space())
		return NULL;
	state->cctx = ZSTD_initStaticCCtx(
	    state->compress_space, sizeof(state->compress_space));
	state->dctx = ZSTD_initStaticDCtx(
	    state->expand_space, sizeof(state->expand_space));
	if (!state->cctx || !state->dctx || !set_parameters(state))
		return NULL;
	return state;
}

static size_t compress(struct compressor_state *state, uint8_t *dst,
    size_t room, const uint8_t *src, size_t len)
{
	size_t written = ZSTD_compress2(state->cctx, dst, room, src, len);

	return ZSTD_isError(written) ? 0 : written;
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
    .expand = expand,
};
