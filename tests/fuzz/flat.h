/* SPDX-License-Identifier: ISC */
/* What the fuzzers of files ask of a configuration: vpnd takes it as it is. */
#ifndef FUZZ_FLAT_H
#define FUZZ_FLAT_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"

static inline void check_flat(const struct config *config)
{
	char *flat = config_encode(config), *again;
	struct config *back = NULL;

	assert(flat && !config_decode(&back, flat, strlen(flat)));
	again = config_encode(back);
	assert(again && !strcmp(flat, again));
	config_free(back);
	free(flat);
	free(again);
}

#endif
