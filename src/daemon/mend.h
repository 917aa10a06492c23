/* SPDX-License-Identifier: ISC */
/*
 * What somebody else took back of our changes: put it back, or leave it?
 *
 * How it works: news that may be about something of ours make a look at the
 * host due, a moment after the last of them. What is missing then is put back
 * once. What is gone again within a minute was taken away on purpose: it is
 * left, until a reload. So no two programs can undo each other's work for ever.
 */
#ifndef DAEMON_MEND_H
#define DAEMON_MEND_H

#include "base/instant.h"
#include "daemon/change.h"
#include "io/watch.h"

#define MEND_PROBATION_NS (60 * NS_PER_S)
/* A flush of many routes is one removal; but all is back within a second. */
#define MEND_QUIET_NS	(200 * NS_PER_MS)
#define MEND_LONGEST_NS (600 * NS_PER_MS)

enum mend {
	MEND_NOTHING, /* it is there, or it was left before */
	MEND_PUT_BACK,
	MEND_LEAVE,
};

/* When to look. */
struct mend_clock {
	struct instant first; /* news since the last look */
	struct instant due;   /* INSTANT_NEVER: there were none */
};

void mend_clock_clear(struct mend_clock *clock);
/* There were news at `now`. */
void mend_clock_push(struct mend_clock *clock, struct instant now);

/* May something that was applied to that device be gone by these news? */
bool mend_concerns(const struct change_list *applied, uint32_t ifindex,
    const struct watch_news *news);

/* What the host has, as changes; mend_judge takes them in this form. */
must_check int mend_found_address(
    struct change_list *found, uint32_t ifindex, const struct prefix *address);
must_check int mend_found_route(
    struct change_list *found, const struct netlink_route *route);
must_check int mend_found_rule(
    struct change_list *found, const struct netlink_rule *rule);

/* What to do about one that was applied. */
enum mend mend_judge(const struct change *change,
    const struct change_list *found, struct instant now);
/* It was put back. */
void mend_note(struct change *change, struct instant now);

/* Some of them as text for the log, and the number of the others. */
#define MEND_TEXT_BYTES 320 /* what a line of the log has room for */
struct mend_text {
	char text[MEND_TEXT_BYTES];
	size_t len, count, written;
};
void mend_text_add(struct mend_text *list, const struct change *change);
/* The text; "" when nothing was added. */
const char *mend_text_end(struct mend_text *list);

#endif
