/* SPDX-License-Identifier: ISC */
/* F10: blocks that expand to what they say or not at all, and never more. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/compress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expand(const struct compressor *it, struct compressor_state *state,
    size_t original, const uint8_t *src, size_t len)
{
	/* exact, so that one byte too many is caught */
	uint8_t *dst = malloc(original + 1), *copy = malloc(len + 1);

	assert(dst && copy);
	dst[original] = 0xa5;
	memcpy(copy, src, len);
	(void)!it->expand(state, dst, original, copy, len);
	assert(dst[original] == 0xa5);
	free(copy);
	free(dst);
}

static void there_and_back(const struct compressor *it, compress_fn *compress,
    struct compressor_state *state, const uint8_t *src, size_t len)
{
	static uint8_t block[8192], back[8192];
	size_t size;

	if (len == 0 || len > 4096)
		return;
	size = compress(state, block, sizeof(block), src, len);
	assert(size && it->expand(state, back, len, block, size));
	assert(!memcmp(back, src, len));
	assert(compress(state, block, size - 1, src, len) == 0);
	(void)!compress_looks_worth_it(src, len);
}

/* compressor u8, original u16, block. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct compressor_state *states[COMPRESSOR_ZSTD + 1];
	enum compressor_id id = COMPRESSOR_LZ4;
	const struct compressor *it;

	if (len < 3)
		return 0;
	id += data[0] & 1;
	it = compressor_find(id);
	if (!states[id])
		states[id] =
		    it->state_init(malloc(it->state_bytes), it->state_bytes);
	expand(it, states[id], (size_t)data[1] | (size_t)data[2] << 8, data + 3,
	    len - 3);
	there_and_back(it, it->compress, states[id], data + 3, len - 3);
	there_and_back(it, it->compress_harder, states[id], data + 3, len - 3);
	return 0;
}
