/* SPDX-License-Identifier: ISC */
/*
 * Which socket to ask: of the tunnel named, or of the only one that runs.
 *
 * ctl.sock is for root and the group vpnd. Who may not open it is served on
 * ro.sock, if the verb only reads.
 */
#ifndef CTL_PLACE_H
#define CTL_PLACE_H

#include "api/control.h"
#include "base/attributes.h"
#include "ctl/client.h"

struct place {
	const char *run_dir;
	const char *tunnel; /* NULL: the only one that runs */
	const char *socket; /* not NULL: this path, and nothing else */
};

/* A connected socket, which the caller closes; or -1, and *ret says why. */
must_check int place_connect(const struct place *place,
    enum control_rights rights, struct client_reply *ret);

#endif
