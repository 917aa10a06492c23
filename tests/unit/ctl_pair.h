/* SPDX-License-Identifier: ISC */
/* vpnctl's end of a connection, and vpnd's, as a pair of sockets. */
#ifndef CTL_PAIR_H
#define CTL_PAIR_H

#include "ctl/client.h"

#define SHORT_MS 50

extern int ours, theirs;
extern struct client_reply reply;

/* Fixture of each case; closes both ends, and clears the reply. */
void pair_begin(void);
void pair_end(void);

/* What vpnd says is in the socket before vpnctl asks. */
void say(uint16_t kind, const void *body, uint32_t len);

#endif
