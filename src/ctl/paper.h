/* SPDX-License-Identifier: ISC */
/*
 * Text for people: colours where they are wanted, and no control bytes.
 *
 * Whatever is printed passes through paper_print, which replaces control
 * bytes: a name or a message from elsewhere can not move the cursor.
 */
#ifndef CTL_PAPER_H
#define CTL_PAPER_H

#include <stdbool.h>
#include <stdio.h>

#define PAPER_PRINT_BYTES 1024 /* one paper_print; more is cut */

enum paper_color {
	PAPER_COLOR_AUTO,
	PAPER_COLOR_ALWAYS,
	PAPER_COLOR_NEVER,
};

enum ink {
	INK_PLAIN,
	INK_GOOD,
	INK_BAD,
	INK_WARN,
	INK_NAME,
	INK_FAINT,
};

struct paper {
	FILE *file;
	bool has_color;
	bool is_detailed; /* all that is known, not only what is asked often */
};

/* AUTO: on a terminal, unless NO_COLOR is set and not empty or TERM=dumb. */
struct paper paper_of(FILE *file, enum paper_color color);

void paper_print(const struct paper *paper, enum ink ink, const char *format,
    ...) __attribute__((format(printf, 3, 4)));
void paper_end_line(const struct paper *paper);

#endif
