/* SPDX-License-Identifier: ISC */
/* F13: the state file; what was read is written so that it reads the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/state_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct state state = {0}, back = {0};
	char *text = malloc(len + 1), *again;

	assert(text);
	memcpy(text, data, len);
	if (!state_parse(&state, text, len)) {
		again = state_format(&state);
		assert(again && !state_parse(&back, again, strlen(again)));
		assert(back.count == state.count);
		free(again);
	}
	state_clear(&state);
	state_clear(&back);
	free(text);
	return 0;
}
