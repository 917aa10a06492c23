/* SPDX-License-Identifier: ISC */
/*
 * A place to try vpnctl in: a run directory of its own, a daemon that answers
 * what the test says, and what vpnctl wrote and returned.
 */
#ifndef CTL_LAB_H
#define CTL_LAB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "api/control.h"

struct lab {
	char dir[64];
	pid_t daemons[4];
	size_t daemons_count;
	/* of the last run */
	int exit;
	char *out, *err;
};

/* What a daemon answers to one request. `part` NULL: no part. */
struct lab_answer {
	const char *part;
	size_t part_len; /* 0: it ends at its NUL */
	uint32_t exit;
	const char *message;
	uint16_t version; /* 0: ours */
	/* sent instead of frames, when it is not NULL */
	const char *raw;
	size_t raw_len;
};

typedef void lab_answer_fn(
    const struct control_request *request, struct lab_answer *ret);

void lab_open(struct lab *lab);
void lab_close(struct lab *lab);

/* A daemon for DIR/TUNNEL/FILE; `answer` runs in another process. */
void lab_start(struct lab *lab, const char *tunnel, const char *file,
    lab_answer_fn *answer);

/* DIR/TUNNEL/FILE without a daemon behind it. */
void lab_leave_socket(struct lab *lab, const char *tunnel, const char *file);

/* Runs "vpnctl WORDS" with `input` (of `len` bytes) on standard input; words
 * are split at blanks. Returns the exit code. */
int lab_run_with(
    struct lab *lab, const char *words, const char *input, size_t len);
int lab_run(struct lab *lab, const char *words);

#endif
