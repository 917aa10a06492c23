/* SPDX-License-Identifier: ISC */
/* The flat configuration, as the daemon reads it from a pipe. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config *config = NULL, *back = NULL;
	char *flat, *again;

	if (config_decode(&config, (const char *)data, len))
		return 0;
	flat = config_encode(config);
	assert(flat && !config_decode(&back, flat, strlen(flat)));
	again = config_encode(back);
	assert(again && !strcmp(flat, again));
	config_free(config);
	config_free(back);
	free(flat);
	free(again);
	return 0;
}
