/* SPDX-License-Identifier: ISC */
/* Text for people: colours where they are wanted, and no control bytes. */
#include "ctl/paper.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const inks[] = {
    [INK_PLAIN] = "",
    [INK_GOOD] = "\033[32m",
    [INK_BAD] = "\033[31m",
    [INK_WARN] = "\033[33m",
    [INK_NAME] = "\033[1m",
    [INK_FAINT] = "\033[2m",
};

static bool has_terminal_color(FILE *file)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(file));
}

struct paper paper_of(FILE *file, enum paper_color color)
{
	bool has_color = color == PAPER_COLOR_ALWAYS;

	if (color == PAPER_COLOR_AUTO)
		has_color = has_terminal_color(file);
	return (struct paper){.file = file, .has_color = has_color};
}

/* C1 controls are the bytes C2 80 to C2 9F in UTF-8. */
static void blank_controls(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at; at++)
		if ((*at < 0x20 && *at != '\t') || *at == 0x7f ||
		    (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			*at = '?';
}

void paper_print(
    const struct paper *paper, enum ink ink, const char *format, ...)
{
	bool is_painted = paper->has_color && ink != INK_PLAIN;
	char text[PAPER_PRINT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	blank_controls(text);
	if (is_painted)
		fputs(inks[ink], paper->file);
	fputs(text, paper->file);
	if (is_painted)
		fputs("\033[0m", paper->file);
}

void paper_end_line(const struct paper *paper)
{
	fputc('\n', paper->file);
}
