/* SPDX-License-Identifier: ISC */
/* What the core has made goes to the device and to the socket; daemon/data.c's
 * other half. */
#ifndef DAEMON_DATA_RESULTS_H
#define DAEMON_DATA_RESULTS_H

#include "daemon/data.h"

/* Packets that were lost unseen: `count` may be 0. */
void data_count_lost(struct data *data, enum path_outside where,
    enum drop reason, uint64_t count);
void data_drop_outside(struct data *data, enum path_outside where,
    enum drop reason, struct packet *pkt);

static inline bool data_has_backlog(const struct data *data)
{
	return data->backlog.first;
}

/* In the lock: what the core has made is ours. */
void data_take_results(struct data *data);
/* Writes it. Those whom the socket has room for again come after what was there
 * before. */
void data_finish(struct data *data, bool had_backlog);

#endif
