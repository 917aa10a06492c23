/* SPDX-License-Identifier: ISC */
/* What one run of vpnctl knows: where it reads, writes and whom it asks. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api/control.h"
#include "api/verbs.h"
#include "ctl/paper.h"

#define CTL_RUN_DIR "/run/vpnd" /* systemd's RuntimeDirectory=vpnd/NAME */

struct ctl {
	FILE *in, *out, *err;
	const char *run_dir;
	const char *tunnel; /* -n; NULL: the only one that runs */
	const char *socket; /* --socket; NULL: the tunnel's */
	bool is_json;
	bool wants_help, wants_version;
	enum paper_color color;
	const char *color_word; /* --color, as it was typed */
	const char *completion; /* --completion: for which shell */
	/* of trace: where its packet comes from (also of drops and capture),
	 * and the packet */
	const char *peer;  /* --peer; NULL: not given */
	bool is_from_host; /* --from-host */
	const char *hex;   /* -x; NULL: not given */
	const char *file;  /* -r; NULL: not given */
	bool is_live;	   /* --live */
	bool is_followed;  /* --follow, of drops */
	/* -c (also of trace, drops and capture), -i and -W of ping, as they
	 * were typed; NULL: not given */
	const char *count, *interval, *wait;
	/* of capture: what, -s and -w; NULL: not given */
	bool inner, outer, drops;
	const char *snap, *write;
};

/* One verb as vpnctl runs it; its name, rights and summary are in verbs[]. */
struct command {
	const char *verb;
	enum control_exit (*run)(struct ctl *ctl, const struct command *command,
	    const struct control_request *request);
	size_t arguments_min, arguments_max;
	bool has_json;
	int timeout_ms;	     /* silence of the daemon that is too long */
	const char *details; /* lines for --help, "" without any */
	const char *example; /* what follows "vpnctl " in it */
};

/* Writes "vpnctl: MESSAGE" (one line or more) to ctl->err, returns `exit`. */
enum control_exit ctl_fail(struct ctl *ctl, enum control_exit exit,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
