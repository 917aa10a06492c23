/* SPDX-License-Identifier: ISC */
/* A reply document, as vpnctl reads it; what it reads can be written again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_string(const struct reply_line *line)
{
	struct reply_line back;
	struct reply reply;
	char *at;

	reply_init(&reply);
	reply_string(&reply, line->name, line->value);
	at = reply.text;
	assert(reply_read(&back, &at) == 1 && !*at);
	assert(!strcmp(back.name, line->name));
	assert(!strcmp(back.value, line->value));
	reply_clear(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len), *at = text;
	struct reply_line line;

	assert(text);
	while (reply_read(&line, &at) == 1)
		if (line.token == REPLY_STRING)
			check_string(&line);
	free(text);
	return 0;
}
