/* SPDX-License-Identifier: ISC */
/*
 * What is larger than the way to its peer: answered, or cut.
 *
 * How it works: the way carries what the device does (path_set_mtu), or less,
 * if the peer says that it takes no more. As in the kernel, a packet that may
 * be cut is cut, another one is dropped, and its sender hears of the MTU. TCP
 * ends are told with their SYN already, in both directions.
 */
#ifndef PATH_MTU_H
#define PATH_MTU_H

#include "path/path.h"

/* Of the way to that peer, for packets of this family. */
size_t mtu_of(
    const struct path *path, const struct peer *peer, enum family family);

/* A TCP end whose SYN this is hears of no larger segments than the way to that
 * peer, or from it, carries; unless that is off. */
void mtu_clamp(
    const struct path *path, struct packet *pkt, const struct peer *peer);

/* The parsed packet is too large for the way to that peer, and may not be cut:
 * then its sender was told. */
must_check bool mtu_refuses(
    struct path *path, const struct packet *pkt, const struct peer *peer);

/* The stage; on tap only size matters. */
enum verdict mtu_check(struct path *path, struct packet *pkt);
enum verdict mtu_check_frame(struct path *path, struct packet *pkt);
/* A super-packet's segments are larger: each is judged. */
bool mtu_wants_single(const struct path *path, const struct packet *pkt);
bool mtu_wants_single_frame(const struct path *path, const struct packet *pkt);

#endif
