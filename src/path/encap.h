/* SPDX-License-Identifier: ISC */
/* The last stages on the way out: compress and encap. */
#ifndef PATH_ENCAP_H
#define PATH_ENCAP_H

#include "path/path.h"

enum verdict compress(struct path *path, struct packet *pkt);
enum verdict compress_dry(struct path *path, struct packet *pkt);
/* Its flow is one that is compressed, packet by packet. */
bool compress_wants_single(const struct path *path, const struct packet *pkt);

void encap(struct path *path, struct packet **pkts, enum verdict *verdicts,
    size_t count);
enum verdict encap_dry(struct path *path, struct packet *pkt);

#endif
