/* SPDX-License-Identifier: ISC */
/* The one table of options: parsing, --help and completion come from it. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"

/* Where an option may stand. */
enum option_place {
	OPTION_BEFORE_VERB,
	OPTION_ANYWHERE,
	OPTION_OF_VERB, /* after its verb only */
	OPTION_HIDDEN,	/* before the verb, and not in any help */
};

struct option_line {
	enum option_place place;
	const char *verb;     /* OPTION_OF_VERB: whose */
	char letter;	      /* 0: none */
	const char *name;     /* NULL: none */
	const char *argument; /* NULL: it is a switch */
	size_t offset; /* in struct ctl: of a bool, or of a const char * */
	const char *help;
};

extern const struct option_line option_lines[];
extern const size_t option_lines_count;

/* May it stand after `verb`, or, when that is NULL, before any? */
bool option_is_for(const struct option_line *line, const char *verb);

/*
 * Takes the options out of argv, which is argv[0] and what follows. Before
 * the verb (`verb` NULL) the first other word ends them; after it they may
 * stand anywhere. Returns the index of the first word that is none, as argv is
 * then ordered; or -1, and the user was told.
 */
int options_parse(
    struct ctl *ctl, const char *verb, int argc, char *const *argv);

#endif
