/* SPDX-License-Identifier: ISC */
/* The stage qdisc: no peer is sent more than its rate. */
#ifndef PATH_SHAPE_H
#define PATH_SHAPE_H

#include "path/path.h"

enum verdict shape(struct path *path, struct packet *pkt);

/* Whose time has come goes on behind qdisc. */
void shape_turn(struct path *path);

/* For path_free. */
void shape_clear(struct path *path);

#endif
