/* SPDX-License-Identifier: ISC */
/*
 * The tokens of a configuration file, with their places.
 *
 * libconfig tells neither the column nor the token of a syntax error, and
 * wraps large numbers; so vpnd-conf reads the text itself as well.
 */
#ifndef CONF_TOKEN_H
#define CONF_TOKEN_H

#include <stddef.h>

#include "api/config.h"

#define CONF_STRING_BYTES 4096 /* longest string in a file, with its quotes */

/* Punctuation stands for itself: '=' (also for ':'), ';' ',' and brackets. */
enum conf_token_kind {
	CONF_TOKEN_END = 0,
	CONF_TOKEN_NAME = 256,
	CONF_TOKEN_STRING,
	CONF_TOKEN_INTEGER,
	CONF_TOKEN_FLOAT,
	CONF_TOKEN_BOOLEAN,
	CONF_TOKEN_BAD, /* `problem` says what is wrong */
};

struct conf_token {
	int kind; /* enum conf_token_kind, or a character */
	const char *text;
	size_t len; /* strings: with their quotes */
	struct config_place place;
	const char *problem, *hint; /* static; hint may be NULL */
};

struct conf_scanner {
	const char *at, *line; /* where we are, and where its line begins */
	uint32_t line_number;
};

void conf_scanner_init(struct conf_scanner *scanner, const char *text);

/* The next token; CONF_TOKEN_END for ever at the end. */
struct conf_token conf_scanner_next(struct conf_scanner *scanner);

#endif
