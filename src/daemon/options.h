/* SPDX-License-Identifier: ISC */
/* vpnd's command line, and where a tunnel's files are. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "api/config.h"
#include "base/attributes.h"

#define OPTIONS_CONFIG_DIR "/etc/vpnd"
#define OPTIONS_RUN_DIR	   "/run/vpnd"
#define OPTIONS_STATE_DIR  "/var/lib/vpnd"

enum options_exit {
	OPTIONS_EXIT_FAILED = 1,
	OPTIONS_EXIT_USAGE = 64,  /* EX_USAGE */
	OPTIONS_EXIT_CONFIG = 78, /* EX_CONFIG */
};

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

struct options {
	enum options_action action;
	char name[CONFIG_NAME_BYTES];	     /* of the tunnel */
	char file[CONFIG_PATH_BYTES];	     /* absolute */
	char socket[CONFIG_PATH_BYTES];	     /* ctl.sock */
	char read_socket[CONFIG_PATH_BYTES]; /* ro.sock beside it */
	char state_dir[CONFIG_PATH_BYTES];
	bool has_log_level; /* overrides the file */
	enum log_level log_level;
};

/* One line of the table from which --help is made. */
struct options_line {
	const char *name;
	char letter;
	const char *argument; /* NULL: none */
	const char *summary;
};
extern const struct options_line options_lines[];
extern const size_t options_lines_count;

/* 0, or -EINVAL with a sentence in `error`. */
must_check int options_parse(
    struct options *ret, int argc, char *const *argv, char *error, size_t room);

/* The text of --help; `text` is filled and returned. */
const char *options_help(char *text, size_t room);

#endif
