/* SPDX-License-Identifier: ISC */
/* What a rule that rejects may answer, as nft's reject does. */
#ifndef NET_REJECT_H
#define NET_REJECT_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/packet.h"

/* The packet's own checksum is right, as far as there is one, and it is no
 * later fragment: whoever sent it shall hear of it. */
must_check bool reject_may_answer(const struct packet *about);

/* A reset may answer it: TCP, whole, no reset itself, from one and to one. */
must_check bool reject_may_reset(const struct packet *about);

/* The TCP reset (RFC 9293 3.5.2), parsed, in the frame that goes back if there
 * is one; NULL: no buffer is left. The caller owns it. */
must_check struct packet *reject_make_reset(
    struct pool *pool, const struct packet *about);

#endif
