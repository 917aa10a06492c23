/* SPDX-License-Identifier: ISC */
/*
 * Where packets are shown to who looks on: captures.
 *
 * How it works: path->watched says what is looked at (path_set_watched). While
 * it is nothing, a packet costs a branch at each of these places. Looking on
 * changes no packet and no verdict; trials (is_dry) are not shown.
 */
#ifndef PATH_WATCH_H
#define PATH_WATCH_H

#include "path/run.h"

/* The stages `capture`. */
enum verdict watch_in(struct path *path, struct packet *pkt);
enum verdict watch_out(struct path *path, struct packet *pkt);

/* A datagram as it came, or as it goes. */
void watch_show_datagram(struct path *path, enum path_table table,
    const char *stage, const struct packet *pkt);
static inline void watch_datagram(struct path *path, enum path_table table,
    const char *stage, const struct packet *pkt)
{
	if (path->watched & PATH_WATCH_OUTER)
		watch_show_datagram(path, table, stage, pkt);
}

/* A packet whose drop is set. */
void watch_show_drop(struct path *path, enum path_table table, size_t idx,
    const struct packet *pkt);
static inline void watch_drop(struct path *path, enum path_table table,
    size_t idx, const struct packet *pkt)
{
	if (path->watched & PATH_WATCH_DROPS)
		watch_show_drop(path, table, idx, pkt);
}

#endif
