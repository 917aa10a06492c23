/* SPDX-License-Identifier: ISC */
/* Stages of the tap tables that look at a frame by itself. */
#ifndef PATH_FRAME_H
#define PATH_FRAME_H

#include "path/path.h"

/* inbound */
enum verdict frame_eth(struct path *path, struct packet *pkt);
enum verdict frame_ip_rcv(struct path *path, struct packet *pkt);
enum verdict frame_rcv_finish(struct path *path, struct packet *pkt);

/* outbound */
enum verdict frame_tun_read(struct path *path, struct packet *pkt);
enum verdict frame_ip_out(struct path *path, struct packet *pkt);

#endif
