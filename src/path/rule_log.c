/* SPDX-License-Identifier: ISC */
/* The ring of what rules log. */
#include "path/rule_log.h"

#include <string.h>

#include "path/run.h"

static struct rule_log_entry *entry_of(struct path *path, uint64_t number)
{
	return &path->log.entries[number % RULE_LOG_ENTRIES];
}

static void copy_fields(struct packet *to, const struct packet *pkt)
{
	*to = *pkt;
	to->next = NULL;
	to->buffer = NULL;
	to->peer = NULL;
	to->to_peer = NULL;
}

static void copy_header(struct rule_log_entry *entry, const struct packet *pkt)
{
	entry->header_len =
	    pkt->len < RULE_LOG_HEADER_BYTES ? pkt->len : RULE_LOG_HEADER_BYTES;
	memcpy(entry->header, packet_data(pkt), entry->header_len);
}

/* Cut where the room ends. */
static void copy_name(char to[RULE_LOG_NAME_BYTES], const char *name)
{
	size_t len = strlen(name);

	if (len >= RULE_LOG_NAME_BYTES)
		len = RULE_LOG_NAME_BYTES - 1;
	memcpy(to, name, len);
	to[len] = '\0';
}

void rule_log_note(struct path *path, enum hook hook, const struct packet *pkt,
    const struct rule_result *result)
{
	struct rule_log_entry *entry = entry_of(path, path->log.count);

	if (pkt->is_dry)
		return;
	path->log.count++;
	entry->when = path->now;
	copy_name(entry->rule, result->log->spec.name);
	entry->line = result->log->spec.line;
	entry->hook = hook;
	entry->action = result->action;
	entry->drop = result->drop;
	*entry->from = *entry->to = '\0';
	copy_fields(&entry->pkt, pkt);
	copy_header(entry, pkt);
}

struct rule_log_entry *path_next_log(struct path *path, uint64_t *seen)
{
	uint64_t count = path->log.count;

	if (*seen == count)
		return NULL;
	if (count - *seen > RULE_LOG_ENTRIES)
		*seen = count - RULE_LOG_ENTRIES;
	return entry_of(path, (*seen)++);
}
