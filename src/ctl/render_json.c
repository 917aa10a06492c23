/* SPDX-License-Identifier: ISC */
/* A reply as JSON. */
#include "ctl/render.h"

#include <unistd.h>

/* Numbers with up to six decimals come out as they went in. */
#define REAL_DIGITS 15

void render_json(FILE *file, const json_t *document)
{
	size_t style =
	    isatty(fileno(file)) ? JSON_INDENT(2) : (size_t)JSON_COMPACT;

	json_dumpf(document, file, style | JSON_REAL_PRECISION(REAL_DIGITS));
	fputc('\n', file);
}
