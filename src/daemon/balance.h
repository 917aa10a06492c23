/* SPDX-License-Identifier: ISC */
/*
 * Whether the second thread is of use (workers = "auto").
 *
 * How it works: with two threads whatever is answered wakes one thread more,
 * which costs more than it brings while one thread has time left. So at first
 * one does it all. Once it has used nearly all the time of a processor for a
 * while, the directions part; when both of them together could be done by one
 * with ease, again for a while, they are joined. Where each of them has a
 * processor of its own (daemon/placement.h) a third of that is enough: what it
 * wins is the waits of others for them.
 */
#ifndef DAEMON_BALANCE_H
#define DAEMON_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"

struct balance {
	struct instant since; /* when the part began that is looked at */
	int64_t used_ns;      /* by the process until then */
	unsigned parts;	      /* in a row that speak for a change */
	bool has_idled;	      /* in that part: what was used was not needed */
	int64_t share;	      /* in the last part, hundredths of one */
	bool was_idle;	      /* has_idled of that one */
	bool has_two;	      /* as it was told last */
	bool is_busy;	      /* two threads are of use */
};

void balance_init(struct balance *balance, struct instant now, int64_t used_ns);
/* Time to call balance_note, which is at balance_part_end; while it is not busy
 * it is enough to ask when something else is done. */
must_check bool balance_is_due(
    const struct balance *balance, struct instant now);
struct instant balance_part_end(const struct balance *balance);
/* In the last part it has used what makes it busy where it has two, and not
 * for polling. */
must_check bool balance_is_busy(const struct balance *balance);
/* What the process has used until now, of all processors; two threads would
 * have one each, or not. True: is_busy has changed. */
must_check bool balance_note(
    struct balance *balance, struct instant now, int64_t used_ns, bool has_two);

#endif
