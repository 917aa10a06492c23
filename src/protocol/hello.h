/* SPDX-License-Identifier: ISC */
/*
 * HELLO and its answer: what both ends offer, and what follows from it.
 *
 * The layout is in wire.h; when HELLO is sent is extension.c's.
 */
#ifndef PROTOCOL_HELLO_H
#define PROTOCOL_HELLO_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/cursor.h"
#include "protocol/aead.h"
#include "protocol/extension.h"
#include "protocol/wire.h"

struct peer;
struct tunnel;

/* Queues HELLO or HELLO_ANSWER; from now on all that it offers is taken.
 * False: no packet buffer. */
bool hello_send(struct peer *peer, enum wire_frame frame);

/* Reads version, length and fields into *extension. False: damaged, and
 * nothing has changed. */
must_check bool hello_read(struct extension *extension, struct cursor *c);

/* The cipher to send with: the user's order; or the one that the slower end
 * does fastest, where an equal speed leaves the order of the table. */
enum aead_id hello_choose_aead(const struct peer *peer);

bool hello_offers_aes256gcm(const struct tunnel *tunnel);
/* Makes its schedules in all keypairs, if we offer it. */
void hello_enable_aes256gcm(struct peer *peer);
void hello_erase_aes256gcm(struct peer *peer);

#endif
