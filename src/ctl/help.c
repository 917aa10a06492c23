/* SPDX-License-Identifier: ISC */
/* What --help prints, made from the tables of verbs and options. */
#include "ctl/help.h"

#include <string.h>

#include "api/verbs.h"
#include "ctl/options.h"

#define HELP_COLUMN 18 /* where the explanations begin */
#define HELP_INDENT 7  /* of a second line of usage */
#define HELP_WIDTH  79

static void print_option(FILE *file, const struct option_line *line)
{
	char text[64];
	int len;

	len = snprintf(text, sizeof(text), "%s%.1s%s%s%s",
	    line->letter ? "-" : "", &line->letter,
	    line->letter && line->name ? ", " : "", line->name ? "--" : "",
	    line->name ? line->name : "");
	if (line->argument)
		snprintf(text + len, sizeof(text) - (size_t)len, " %s",
		    line->argument);
	fprintf(file, "  %-*s %s\n", HELP_COLUMN, text, line->help);
}

static void print_options(FILE *file, const char *verb)
{
	for (size_t i = 0; i < option_lines_count; i++)
		if (option_lines[i].place != OPTION_HIDDEN &&
		    option_is_for(&option_lines[i], verb))
			print_option(file, &option_lines[i]);
}

void help_print(FILE *file)
{
	fputs("Usage: vpnctl [-n NAME] [--socket PATH] [--json] "
	      "[--color WHEN] [VERB ...]\n\n"
	      "Verbs (status is the default):\n",
	    file);
	for (size_t i = 0; i < verbs_count; i++)
		fprintf(file, "  %-*s %s\n", HELP_COLUMN, verbs[i].name,
		    verbs[i].summary);
	fputs("\nOptions:\n", file);
	print_options(file, NULL);
	fputs("\nExample: vpnctl -n site status\n", file);
}

/* Breaks the line before a word that would cross its end. */
static void print_usage(FILE *file, const struct verb *verb)
{
	int column = fprintf(file, "Usage: vpnctl [OPTION]... %s", verb->name);
	const char *at = verb->arguments;

	while (*at) {
		size_t len = strcspn(at, " ");

		/* An optional "[keyword VALUE]" stays together. */
		if (*at == '[' && strchr(at, ']'))
			len = strcspn(at, "]") + 1;
		if (column + 1 + (int)len > HELP_WIDTH)
			column = fprintf(file, "\n%*s", HELP_INDENT - 1, "");
		column += fprintf(file, " %.*s", (int)len, at);
		at += len;
		at += strspn(at, " ");
	}
	fputc('\n', file);
}

void help_print_verb(FILE *file, const struct command *command)
{
	const struct verb *verb = verb_find(command->verb);

	print_usage(file, verb);
	fprintf(file, "\n%c%s.\n%s\nOptions:\n", verb->summary[0] - 'a' + 'A',
	    verb->summary + 1, command->details);
	print_options(file, command->verb);
	fprintf(file, "\nExample: vpnctl %s\n", command->example);
}
