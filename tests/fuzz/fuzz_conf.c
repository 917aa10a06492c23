/* SPDX-License-Identifier: ISC */
/* A configuration file: what passes the checks must also pass vpnd's. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_flat(const struct config *config)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conf_messages messages = {0};
	struct conf_source source = {.name = "site", .path = "/x/site.conf"};
	char *text = strndup((const char *)data, len), *printed = NULL;
	FILE *stream = open_memstream(&printed, &(size_t){0});
	struct config *config = NULL;

	assert(text && stream);
	source.text = text;
	if (conf_text_check(&messages, (const char *)data, len))
		config = conf_parse(&messages, &source);
	assert(!config == !!messages.errors);
	if (config)
		check_flat(config);
	conf_messages_print(&messages, stream, "x", text);
	fclose(stream);
	conf_messages_clear(&messages);
	config_free(config);
	free(printed);
	free(text);
	return 0;
}
