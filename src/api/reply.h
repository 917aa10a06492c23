/* SPDX-License-Identifier: ISC */
/*
 * A reply document: built once in the daemon, rendered by vpnctl.
 *
 * How it works: a tree of named values as lines of text,
 *	{ NAME		opens an object (NAME is "" inside an array)
 *	[ NAME		opens an array
 *	}  or  ]	closes the innermost
 *	s NAME TEXT	a string; backslash, newline and control bytes escaped
 *			as \\ \n \xHH
 *	u NAME 123	an unsigned integer	i NAME -5	a signed one
 *	f NAME 1.25	a number of SI base units	b NAME true|false
 * each with one TAB between the fields. Names are [a-z0-9_]+. The outermost
 * object is implied. The first line names the schema: s schema vpnd.status/1
 */
#ifndef API_REPLY_H
#define API_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Grows on the heap; after a failed allocation it swallows all and says so. */
struct reply {
	char *text;
	size_t len, room;
	bool has_failed;
};

void reply_init(struct reply *reply);
void reply_clear(struct reply *reply);

void reply_open_object(struct reply *reply, const char *name);
void reply_close_object(struct reply *reply);
void reply_open_array(struct reply *reply, const char *name);
void reply_close_array(struct reply *reply);
/* NULL text: nothing is written. */
void reply_string(struct reply *reply, const char *name, const char *text);
void reply_unsigned(struct reply *reply, const char *name, uint64_t value);
void reply_signed(struct reply *reply, const char *name, int64_t value);
/* In thousandths of the unit: (…, 1250) is written as 1.250. */
void reply_milli(struct reply *reply, const char *name, int64_t thousandths);
void reply_bool(struct reply *reply, const char *name, bool value);

/* One parsed line; strings point into scratch that the reader owns. */
enum reply_token {
	REPLY_OBJECT = '{',
	REPLY_ARRAY = '[',
	REPLY_OBJECT_END = '}',
	REPLY_ARRAY_END = ']',
	REPLY_STRING = 's',
	REPLY_UNSIGNED = 'u',
	REPLY_SIGNED = 'i',
	REPLY_NUMBER = 'f',
	REPLY_BOOL = 'b',
};

struct reply_line {
	enum reply_token token;
	char *name;  /* "" without one */
	char *value; /* unescaped, NUL-terminated; NULL without one */
};

/*
 * Reads the next line of `*text` (modified in place, NUL-terminated) and moves
 * it on. 1: *ret is a line; 0: the end; -EINVAL: not a reply document.
 */
must_check int reply_read(struct reply_line *ret, char **text);

#endif
