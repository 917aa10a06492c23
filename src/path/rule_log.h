/* SPDX-License-Identifier: ISC */
/*
 * What rules with `log = true` matched: the last ones, in a ring.
 *
 * How it works: the hooks write, nobody waits, and the oldest entries are
 * overwritten. Whoever reads has seen so many, and goes on from there. A dry
 * packet is never noted.
 */
#ifndef PATH_RULE_LOG_H
#define PATH_RULE_LOG_H

#include "net/rule.h"
#include "path/path.h"

#define RULE_LOG_ENTRIES      256
#define RULE_LOG_HEADER_BYTES 64
#define RULE_LOG_NAME_BYTES   64 /* of rules and peers, with NUL */

struct rule_log_entry {
	struct moment when;
	char rule[RULE_LOG_NAME_BYTES];
	uint32_t line; /* in the configuration */
	enum hook hook;
	enum rule_action action; /* of the packet: DROP, when over the rate */
	enum drop drop;
	struct packet pkt; /* its fields; no bytes and no peers */
	uint8_t header[RULE_LOG_HEADER_BYTES];
	uint32_t header_len;
	/* Names of peers, for whoever reads to fill in. */
	char from[RULE_LOG_NAME_BYTES], to[RULE_LOG_NAME_BYTES];
};

struct rule_log {
	uint64_t count; /* that were ever noted */
	struct rule_log_entry entries[RULE_LOG_ENTRIES];
};

/* result->log is set. */
void rule_log_note(struct path *path, enum hook hook, const struct packet *pkt,
    const struct rule_result *result);

/* The entry behind those that were seen, which is then seen, too; NULL: there
 * is none. What was overwritten is passed over. */
struct rule_log_entry *path_next_log(struct path *path, uint64_t *seen);

#endif
