/* SPDX-License-Identifier: ISC */
/* What the tests of conf share: a text in, its messages out. */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/file.h"
#include "unit.h"

#define KEY_A "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
#define KEY_B "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="

struct outcome {
	struct config *config; /* NULL: errors */
	char *messages;
};

static inline void outcome_clear(struct outcome *outcome)
{
	config_free(outcome->config);
	free(outcome->messages);
}

/* Takes a text as vpnd-conf takes a file called "x". */
static inline struct outcome outcome_of_bytes(const char *text, size_t len)
{
	struct conf_messages messages = {0};
	struct conf_source source = {
	    .text = text, .name = "site", .path = "/x/site.conf"};
	struct outcome outcome = {0};
	size_t room;
	FILE *stream = open_memstream(&outcome.messages, &room);

	ck_assert_ptr_nonnull(stream);
	if (conf_text_check(&messages, text, len))
		outcome.config = conf_parse(&messages, &source);
	conf_messages_print(&messages, stream, "x", text);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_int_eq(outcome.config == NULL, messages.errors != 0);
	conf_messages_clear(&messages);
	return outcome;
}

static inline struct outcome outcome_of(const char *text)
{
	return outcome_of_bytes(text, strlen(text));
}

/* Like outcome_of, with the settings that a file must have, and nothing to
 * warn of, behind the text. */
static inline struct outcome outcome_with_key(const char *text)
{
	char *whole;
	struct outcome outcome;

	ck_assert_int_gt(
	    asprintf(&whole, "%s\nprivate_key_file = \"/k\";\n", text), 0);
	outcome = outcome_of(whole);
	free(whole);
	return outcome;
}

#endif
