/* SPDX-License-Identifier: ISC */
/*
 * Giving up what vpnd no longer needs, in two stages.
 *
 * 1. At most CAP_NET_ADMIN stays (devices, addresses, routes, marks), and where
 *    the limit on locked memory could not be lifted CAP_IPC_LOCK; no program
 *    that is started later can have more. Started as root, vpnd keeps that user
 *    id, without its rights; the unit starts it as user vpnd.
 * 2. Only the system calls on a list remain; another one ends the process.
 */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

#include "base/attributes.h"

/* Both: 0 or negative errno. */
must_check int privileges_drop(void);
must_check int sandbox_enter(void);

/* All capabilities, of this process and of what it runs, as far as can be. */
void privileges_drop_all(void);

#endif
