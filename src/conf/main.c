/* SPDX-License-Identifier: ISC */
/*
 * vpnd-conf: parses the configuration file of a tunnel for vpnd.
 *
 * How it works: this is a program of its own, under resource limits and
 * without keys, because libconfig was not written for hostile input. The flat
 * configuration goes to stdout, all messages to stderr.
 */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "api/value.h"
#include "conf/conf.h"
#include "conf/file.h"
#include "conf/limits.h"
#include "conf/reader.h"

#define USAGE "usage: vpnd-conf [--name NAME] FILE | --list-keys | --help\n"

struct arguments {
	const char *name, *path; /* name: NULL, from the path */
	bool wants_keys, wants_help;
};

static const struct option options[] = {
    {"name", required_argument, NULL, 'n'},
    {"list-keys", no_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool parse_arguments(struct arguments *ret, int argc, char **argv)
{
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (letter == 'n')
			ret->name = optarg;
		else if (letter == 'l')
			ret->wants_keys = true;
		else if (letter == 'h')
			ret->wants_help = true;
		else
			return false;
	}
	if (ret->wants_keys || ret->wants_help)
		return optind == argc;
	ret->path = argv[optind];
	return optind + 1 == argc;
}

static const char *absolute_path(const char *path, char *room, size_t len)
{
	char here[PATH_MAX];

	if (*path == '/' || !getcwd(here, sizeof(here)))
		return path;
	/* A path that is too long is refused by conf_parse. */
	if (snprintf(room, len, "%s/%s", here, path) >= (int)len)
		room[len - 1] = 'x';
	return room;
}

static struct config *parse(struct conf_messages *messages, const char *text,
    const struct arguments *arguments)
{
	char name[CONFIG_NAME_BYTES], path[2 * PATH_MAX];
	struct conf_source source = {.text = text,
	    .name = arguments->name,
	    .path = absolute_path(arguments->path, path, sizeof(path)),
	    .checks_key_files = true};

	if (!source.name)
		source.name = conf_tunnel_name(messages, source.path, name);
	return source.name ? conf_parse(messages, &source) : NULL;
}

static int print_config(const struct config *config)
{
	char *text = config_encode(config);
	int code = EXIT_FAILURE;

	if (text && fputs(text, stdout) >= 0 && !fflush(stdout))
		code = EXIT_SUCCESS;
	free(text);
	return code;
}

static int check(const struct arguments *arguments)
{
	struct conf_messages messages = {0};
	char *text = conf_file_read(&messages, arguments->path);
	struct config *config = NULL;
	int code = EX_CONFIG;

	if (text)
		config = parse(&messages, text, arguments);
	conf_messages_print(&messages, stderr, arguments->path, text);
	if (config)
		code = print_config(config);
	config_free(config);
	conf_messages_clear(&messages);
	free(text);
	return code;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};

	if (!parse_arguments(&arguments, argc, argv) ||
	    (arguments.name && value_name_problem(arguments.name))) {
		fputs(USAGE, stderr);
		return EX_USAGE;
	}
	if (!conf_limits_set())
		return EXIT_FAILURE;
	if (!arguments.wants_keys && !arguments.wants_help)
		return check(&arguments);
	if (arguments.wants_help)
		fputs(USAGE, stdout);
	else
		conf_schema_print(stdout);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
