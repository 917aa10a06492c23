/* SPDX-License-Identifier: ISC */
/* The stage qdisc: no peer is sent more than its rate, and the socket no more
 * than it takes. */
#ifndef PATH_SHAPE_H
#define PATH_SHAPE_H

#include "path/path.h"

enum verdict shape(struct path *path, struct packet *pkt);
/* A frame or a datagram of ours: true, it waits for the socket, or has been
 * dropped; false: it may go. */
must_check bool shape_holds_ours(struct path *path, struct packet *pkt);
/* What has a rate, and may wait for it, are packets. */
bool shape_wants_single(const struct path *path, const struct packet *pkt);

/* 0 or -ENOMEM; shapes_clear undoes it. */
must_check int shapes_init(struct path *path);
void shapes_clear(struct path *path);

/* Whose time has come goes on behind qdisc. */
struct instant shape_deadline(const struct path *path);
void shape_turn(struct path *path);

/* Drops what waits for the peer of that number, which has an entry. */
void shape_forget(struct path *path, uint32_t id);
/* The same at the end of the path, which counts no more. */
void shape_clear(struct path *path, uint32_t id);

#endif
