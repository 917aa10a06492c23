/* SPDX-License-Identifier: ISC */
/*
 * Asks vpnd-conf what a configuration file says.
 *
 * How it works: a small process is forked before vpnd holds any key. Upon each
 * request it starts vpnd-conf without rights and within limits, and answers
 * with its exit status, what it printed and what it complained of. So the
 * parser never runs where keys are, and its crash costs nothing.
 */
#ifndef DAEMON_LOADER_H
#define DAEMON_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct loader;

struct loader_answer {
	int status; /* exit status; 255: it did not end by itself */
	char *text; /* stdout, NUL-terminated */
	size_t text_len;
	char *messages; /* stderr, NUL-terminated */
};

/* Forks. `file` is the only one it will read. 0 or negative errno. */
must_check int loader_start(struct loader **ret, const char *file);
/* Ends the process; NULL is fine. */
void loader_stop(struct loader *loader);
/* For waiting until loader_read may have something. */
int loader_fd(const struct loader *loader);

/* Asks; one question at a time. 0 or negative errno. */
must_check int loader_ask(struct loader *loader);
/* 1: *ret is the answer, to be cleared by the caller; 0: not yet; negative
 * errno: the process is gone. Never waits. */
must_check int loader_read(struct loader *loader, struct loader_answer *ret);
/* Asks and waits. 0 or negative errno. */
must_check int loader_load(struct loader *loader, struct loader_answer *ret);
void loader_answer_clear(struct loader_answer *answer);

#endif
