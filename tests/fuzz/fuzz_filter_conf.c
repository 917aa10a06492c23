/* SPDX-License-Identifier: ISC */
/* Groups and rules: what is before and behind them in a file is given. */
#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"
#include "conf/file.h"
#include "flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define PEERS                                                                  \
	"private_key_file = \"/k\"; peers = ( { name = \"alice\"; "            \
	"public_key = \"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\"; },"    \
	"{ name = \"bob\"; public_key = "                                      \
	"\"TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=\"; } );"
#define POLICY "policy = { input = \"drop\"; forward = \"drop\"; };"

/* The first byte chooses the device. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conf_messages messages = {0};
	struct conf_source source = {.name = "site", .path = "/x/site.conf"};
	struct config *config = NULL;
	char *text;

	if (!len)
		return 0;
	assert(asprintf(&text, PEERS "%s; filter = { " POLICY "%.*s };",
		   *data & 1 ? "device = { type = \"tap\"; }"
			     : "forwarding = \"daemon\"",
		   (int)len - 1, (const char *)data + 1) > 0);
	source.text = text;
	if (conf_text_check(&messages, text, strlen(text)))
		config = conf_parse(&messages, &source);
	assert(!config == !!messages.errors);
	if (config)
		check_flat(config);
	conf_messages_clear(&messages);
	config_free(config);
	free(text);
	return 0;
}
