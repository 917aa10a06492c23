/* SPDX-License-Identifier: ISC */
/* A configuration file: what passes the checks must also pass vpnd's. */
#include <stdint.h>

#include "conf/conf.h"
#include "conf/file.h"
#include "flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

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
