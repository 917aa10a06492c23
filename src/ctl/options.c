/* SPDX-License-Identifier: ISC */
/* The one table of options, and its use by getopt_long. */
#include "ctl/options.h"

#include <getopt.h>
#include <string.h>

#include "base/attributes.h"
#include "ctl/commands.h"

#define LONG_ONLY 256 /* getopt's value of an option without a letter */

const struct option_line option_lines[] = {
    {OPTION_BEFORE_VERB, NULL, 'n', NULL, "NAME", offsetof(struct ctl, tunnel),
	"the tunnel; without it the only one that runs"},
    {OPTION_BEFORE_VERB, NULL, 0, "socket", "PATH",
	offsetof(struct ctl, socket), "ask the daemon behind this socket"},
    {OPTION_ANYWHERE, NULL, 0, "json", NULL, offsetof(struct ctl, is_json),
	"print JSON, see vpnctl-json(7)"},
    {OPTION_ANYWHERE, NULL, 0, "color", "WHEN",
	offsetof(struct ctl, color_word), "auto (default), always or never"},
    {OPTION_OF_VERB, "drops", 0, "peer", "PEER", offsetof(struct ctl, peer),
	"of packets from or to this peer"},
    {OPTION_OF_VERB, "drops", 0, "follow", NULL,
	offsetof(struct ctl, is_followed), "show each drop as it happens"},
    {OPTION_OF_VERB, "drops", 'c', NULL, "COUNT", offsetof(struct ctl, count),
	"with --follow, end after so many"},
    {OPTION_OF_VERB, "ping", 'c', NULL, "COUNT", offsetof(struct ctl, count),
	"how many echoes, 4 by default"},
    {OPTION_OF_VERB, "ping", 'i', NULL, "SECONDS",
	offsetof(struct ctl, interval), "pause between two, 1 by default"},
    {OPTION_OF_VERB, "ping", 'W', NULL, "SECONDS", offsetof(struct ctl, wait),
	"wait so long for an answer, 1 by default"},
    {OPTION_OF_VERB, "trace", 0, "peer", "PEER", offsetof(struct ctl, peer),
	"the packet comes from this peer"},
    {OPTION_OF_VERB, "trace", 0, "from-host", NULL,
	offsetof(struct ctl, is_from_host), "the packet comes from this host"},
    {OPTION_OF_VERB, "trace", 'x', NULL, "HEX", offsetof(struct ctl, hex),
	"its bytes, from the IP header on"},
    {OPTION_OF_VERB, "trace", 'r', NULL, "FILE", offsetof(struct ctl, file),
	"the packets of a capture file"},
    {OPTION_OF_VERB, "trace", 0, "live", NULL, offsetof(struct ctl, is_live),
	"trace packets as they come"},
    {OPTION_OF_VERB, "trace", 'c', NULL, "COUNT", offsetof(struct ctl, count),
	"with --live, end after so many"},
    {OPTION_OF_VERB, "socket recv", 'c', NULL, "COUNT",
	offsetof(struct ctl, count), "end after so many datagrams"},
    {OPTION_OF_VERB, "capture", 0, "inner", NULL, offsetof(struct ctl, inner),
	"packets in the tunnel, the default"},
    {OPTION_OF_VERB, "capture", 0, "outer", NULL, offsetof(struct ctl, outer),
	"the tunnel's datagrams, sealed"},
    {OPTION_OF_VERB, "capture", 0, "drops", NULL, offsetof(struct ctl, drops),
	"packets that are dropped, and why"},
    {OPTION_OF_VERB, "capture", 0, "peer", "PEER", offsetof(struct ctl, peer),
	"only those from or to this peer"},
    {OPTION_OF_VERB, "capture", 'c', NULL, "COUNT", offsetof(struct ctl, count),
	"end after so many packets"},
    {OPTION_OF_VERB, "capture", 's', NULL, "BYTES", offsetof(struct ctl, snap),
	"write only so much of each packet"},
    {OPTION_OF_VERB, "capture", 'w', NULL, "FILE", offsetof(struct ctl, write),
	"write pcapng; \"-\": to standard output"},
    {OPTION_ANYWHERE, NULL, 'h', "help", NULL, offsetof(struct ctl, wants_help),
	"print this; after a verb, what it takes"},
    {OPTION_BEFORE_VERB, NULL, 'V', "version", NULL,
	offsetof(struct ctl, wants_version), "print the version of vpnctl"},
    {OPTION_HIDDEN, NULL, 0, "completion", "SHELL",
	offsetof(struct ctl, completion), "print a completion script"},
};
const size_t option_lines_count = ARRAY_SIZE(option_lines);

/* What getopt_long wants; the values of long options are LONG_ONLY + index. */
struct getopt_tables {
	char letters[3 + 2 * ARRAY_SIZE(option_lines)];
	struct option names[ARRAY_SIZE(option_lines) + 1];
};

bool option_is_for(const struct option_line *line, const char *verb)
{
	switch (line->place) {
	case OPTION_ANYWHERE:
		return !verb || line->offset != offsetof(struct ctl, is_json) ||
		       command_find(verb)->has_json;
	case OPTION_OF_VERB:
		return verb && strcmp(verb, line->verb) == 0;
	default:
		return !verb;
	}
}

/* "+" stops at the first word that is no option; ":" tells a missing argument
 * from an unknown option. */
static void fill_tables(struct getopt_tables *tables, const char *verb)
{
	struct option *name = tables->names;
	char *letter = tables->letters;

	memset(tables, 0, sizeof(*tables));
	if (!verb)
		*letter++ = '+';
	*letter++ = ':';
	for (size_t i = 0; i < option_lines_count; i++) {
		const struct option_line *line = &option_lines[i];

		if (!option_is_for(line, verb))
			continue;
		if (line->letter)
			*letter++ = line->letter;
		if (line->letter && line->argument)
			*letter++ = ':';
		if (line->name)
			*name++ = (struct option){line->name,
			    line->argument ? required_argument : no_argument,
			    NULL, LONG_ONLY + (int)i};
	}
}

static const struct option_line *line_of(int value)
{
	if (value >= LONG_ONLY)
		return &option_lines[value - LONG_ONLY];
	for (size_t i = 0; i < option_lines_count; i++)
		if (option_lines[i].letter == value)
			return &option_lines[i];
	return NULL;
}

static void store(
    struct ctl *ctl, const struct option_line *line, const char *argument)
{
	char *at = (char *)ctl + line->offset;
	bool is_set = true;

	if (line->argument)
		memcpy(at, &argument, sizeof(argument));
	else
		memcpy(at, &is_set, sizeof(is_set));
}

/* The option as it was typed: getopt keeps an unknown letter in optopt. */
static int complain(struct ctl *ctl, int value, const char *word)
{
	const struct option_line *line = optopt ? line_of(optopt) : NULL;
	char letter[] = {'-', (char)optopt, '\0'};

	if (strncmp(word, "--", 2) != 0 && optopt > 0 && optopt < LONG_ONLY)
		word = letter;
	if (value == ':')
		ctl_fail(ctl, CONTROL_USAGE, "%s needs an argument", word);
	else if (line && line->place == OPTION_BEFORE_VERB)
		ctl_fail(ctl, CONTROL_USAGE, "%s stands before the verb", word);
	else
		ctl_fail(ctl, CONTROL_USAGE,
		    "unknown option %s, see \"vpnctl --help\"", word);
	return -1;
}

static int take_color(struct ctl *ctl)
{
	static const char *const words[] = {
	    [PAPER_COLOR_AUTO] = "auto",
	    [PAPER_COLOR_ALWAYS] = "always",
	    [PAPER_COLOR_NEVER] = "never",
	};

	for (size_t i = 0; ctl->color_word && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], ctl->color_word) == 0) {
			ctl->color = (enum paper_color)i;
			return 0;
		}
	if (!ctl->color_word)
		return 0;
	ctl_fail(ctl, CONTROL_USAGE, "--color %s: not auto, always or never",
	    ctl->color_word);
	return -1;
}

int options_parse(
    struct ctl *ctl, const char *verb, int argc, char *const *argv)
{
	struct getopt_tables tables;
	int value;

	fill_tables(&tables, verb);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((value = getopt_long(
		    argc, argv, tables.letters, tables.names, NULL)) != -1) {
		if (value == '?' || value == ':')
			return complain(ctl, value, argv[optind - 1]);
		store(ctl, line_of(value), optarg);
	}
	return take_color(ctl) < 0 ? -1 : optind;
}
