/* SPDX-License-Identifier: ISC */
/* vpnd's command line, and where a tunnel's files are. */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct options_line options_lines[] = {
    {"check-config", 'c', NULL, "check the configuration and end"},
    {"socket", 's', "PATH", "control socket [/run/vpnd/NAME/ctl.sock]"},
    {"state-dir", 'S', "DIR", "where endpoints are kept [/var/lib/vpnd]"},
    {"log-level", 'l', "LEVEL", "error, warning, info or debug"},
    {"version", 'V', NULL, "print the version and end"},
    {"help", 'h', NULL, "print this help and end"},
};
const size_t options_lines_count = ARRAY_SIZE(options_lines);

static int refuse(char *error, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(char *error, size_t room, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, room, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* Formats a path; false when it is too long. */
static bool put_path(char to[CONFIG_PATH_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool put_path(char to[CONFIG_PATH_BYTES], const char *format, ...)
{
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(to, CONFIG_PATH_BYTES, format, arguments);
	va_end(arguments);
	return len >= 0 && len < CONFIG_PATH_BYTES;
}

static bool take_level(struct options *options, const char *text)
{
	for (int level = 0; level < LOG_LEVEL_COUNT; level++) {
		if (strcmp(text, log_level_name((enum log_level)level)) != 0)
			continue;
		options->has_log_level = true;
		options->log_level = (enum log_level)level;
		return true;
	}
	return false;
}

static int take_option(struct options *options, int letter,
    const char *argument, char *error, size_t room)
{
	switch (letter) {
	case 'c':
		options->action = OPTIONS_CHECK;
		return 0;
	case 'V':
		options->action = OPTIONS_VERSION;
		return 0;
	case 'h':
		options->action = OPTIONS_HELP;
		return 0;
	case 's':
		if (*argument && put_path(options->socket, "%s", argument))
			return 0;
		return refuse(error, room, "--socket: not a path");
	case 'S':
		if (*argument && put_path(options->state_dir, "%s", argument))
			return 0;
		return refuse(error, room, "--state-dir: not a path");
	case 'l':
		if (take_level(options, argument))
			return 0;
		return refuse(error, room, "--log-level %s: unknown", argument);
	default:
		return refuse(error, room, "unknown option, see vpnd --help");
	}
}

/* What getopt_long wants, made from the table. */
struct getopt_tables {
	struct option names[ARRAY_SIZE(options_lines) + 1];
	char letters[2 * ARRAY_SIZE(options_lines) + 2];
};

static void fill_tables(struct getopt_tables *tables)
{
	char *letter = tables->letters;

	memset(tables, 0, sizeof(*tables));
	*letter++ = ':';
	for (size_t i = 0; i < options_lines_count; i++) {
		const struct options_line *line = &options_lines[i];

		tables->names[i] = (struct option){line->name,
		    line->argument ? required_argument : no_argument, NULL,
		    line->letter};
		*letter++ = line->letter;
		if (line->argument)
			*letter++ = ':';
	}
}

static int parse_options(struct options *options, int argc, char *const *argv,
    char *error, size_t room)
{
	struct getopt_tables tables;
	int letter, code = 0;

	fill_tables(&tables);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while (!code && (letter = getopt_long(argc, argv, tables.letters,
			     tables.names, NULL)) != -1) {
		if (letter == ':')
			return refuse(error, room, "%s needs an argument",
			    argv[optind - 1]);
		if (letter == '?')
			return refuse(error, room,
			    "unknown option %s, see vpnd --help",
			    argv[optind - 1]);
		code = take_option(options, letter, optarg, error, room);
	}
	return code;
}

static bool has_suffix(const char *text, size_t len, const char *suffix)
{
	size_t suffix_len = strlen(suffix);

	return len > suffix_len &&
	       memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

/* The name becomes part of paths. */
static bool is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	return *name && *name != '.' && *name != '-' &&
	       strspn(name, allowed) == strlen(name);
}

static int name_of_file(
    struct options *options, const char *file, char *error, size_t room)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t len = strlen(base);

	if (has_suffix(base, len, ".conf"))
		len -= strlen(".conf");
	if (len >= sizeof(options->name))
		return refuse(error, room, "%s: the name is too long", file);
	memcpy(options->name, base, len);
	options->name[len] = '\0';
	if (!is_name(options->name))
		return refuse(error, room, "%s: can not name a tunnel", file);
	return 0;
}

static bool put_absolute(char to[CONFIG_PATH_BYTES], const char *file)
{
	char here[CONFIG_PATH_BYTES];

	if (*file == '/')
		return put_path(to, "%s", file);
	return getcwd(here, sizeof(here)) && put_path(to, "%s/%s", here, file);
}

/* NAME is /etc/vpnd/NAME.conf; what has a slash or ends in .conf is a file. */
static int locate(
    struct options *options, const char *what, char *error, size_t room)
{
	bool is_file =
	    strchr(what, '/') || has_suffix(what, strlen(what), ".conf");
	bool fits = is_file ? put_absolute(options->file, what)
			    : put_path(options->file,
				  OPTIONS_CONFIG_DIR "/%s.conf", what);

	if (!fits)
		return refuse(error, room, "the file name is too long");
	return name_of_file(options, what, error, room);
}

/* What systemd made for us, else our own place. */
static bool put_directory(
    char to[CONFIG_PATH_BYTES], const char *variable, const char *otherwise)
{
	const char *given = getenv(variable);

	return put_path(to, "%s", given && *given == '/' ? given : otherwise);
}

static int place_files(struct options *options, char *error, size_t room)
{
	char run_dir[CONFIG_PATH_BYTES];
	char otherwise[CONFIG_PATH_BYTES];
	char *slash;
	bool fits = true;

	fits &= put_path(otherwise, OPTIONS_RUN_DIR "/%s", options->name);
	fits &= put_directory(run_dir, "RUNTIME_DIRECTORY", otherwise);
	if (!*options->socket)
		fits &= put_path(options->socket, "%s/ctl.sock", run_dir);
	if (!*options->state_dir)
		fits &= put_directory(
		    options->state_dir, "STATE_DIRECTORY", OPTIONS_STATE_DIR);
	fits &= put_path(otherwise, "%s", options->socket);
	slash = strrchr(otherwise, '/');
	if (slash)
		*slash = '\0';
	fits &= put_path(
	    options->read_socket, "%s/ro.sock", slash ? otherwise : ".");
	return fits ? 0 : refuse(error, room, "a path is too long");
}

int options_parse(
    struct options *ret, int argc, char *const *argv, char *error, size_t room)
{
	int code;

	*ret = (struct options){.action = OPTIONS_RUN};
	code = parse_options(ret, argc, argv, error, room);
	if (code || ret->action == OPTIONS_HELP ||
	    ret->action == OPTIONS_VERSION)
		return code;
	if (optind + 1 != argc)
		return refuse(
		    error, room, "one NAME or FILE is wanted, see vpnd --help");
	code = locate(ret, argv[optind], error, room);
	return code ? code : place_files(ret, error, room);
}

const char *options_help(char *text, size_t room)
{
	size_t at = (size_t)snprintf(text, room,
	    "usage: vpnd [OPTION ...] NAME|FILE\n"
	    "Runs the tunnel of " OPTIONS_CONFIG_DIR
	    "/NAME.conf, or of FILE, in the foreground.\n\n");

	for (size_t i = 0; i < options_lines_count && at < room; i++) {
		const struct options_line *line = &options_lines[i];
		const char *argument = line->argument ? line->argument : "";

		at += (size_t)snprintf(text + at, room - at,
		    "  -%c, --%-12s %-6s %s\n", line->letter, line->name,
		    argument, line->summary);
	}
	return text;
}
