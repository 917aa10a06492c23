/* SPDX-License-Identifier: ISC */
/* What rules with `log = true` matched, as lines of the log: so many a second,
 * while the ring in the path keeps the last ones. */
#include <stdio.h>
#include <string.h>

#include "core/state.h"
#include "packet/print.h"
#include "path/rule_log.h"

static const struct bucket_rate line_rate = {.rate = 10, .burst = 20};

static const char *const action_words[] = {
    [RULE_ACCEPT] = "accepted",
    [RULE_DROP] = "dropped",
    [RULE_REJECT] = "rejected",
};

/* The peer of that number; this host has none. */
static void fill_name(
    const struct core *core, uint32_t id, char name[RULE_LOG_NAME_BYTES])
{
	for (size_t i = 0; id && i < core->config->peers_count; i++)
		if (core->peers[i] &&
		    tunnel_peer_id(core->peers[i]->peer) == id) {
			memcpy(name, core->peers[i]->name, CONFIG_NAME_BYTES);
			return;
		}
}

_Static_assert(CONFIG_NAME_BYTES <= RULE_LOG_NAME_BYTES, "names fit");

/* " from alice to bob" */
static const char *ends_text(
    const struct rule_log_entry *entry, char *text, size_t room)
{
	snprintf(text, room, "%s%s%s%s", *entry->from ? " from " : "",
	    entry->from, *entry->to ? " to " : "", entry->to);
	return text;
}

static void write_line(struct core *core, const struct rule_log_entry *entry)
{
	char packet[PACKET_TEXT_BYTES], more[64] = "";
	char ends[2 * RULE_LOG_NAME_BYTES + 16];

	if (core->filter.lines_left_out)
		snprintf(more, sizeof(more), " (%llu lines were left out)",
		    (unsigned long long)core->filter.lines_left_out);
	core->filter.lines_left_out = 0;
	log_info(core->log, "rule %s: %s%s at %s%s: %s%s", entry->rule,
	    action_words[entry->action],
	    entry->drop == DROP_VPN_RATE ? " (VPN_RATE)" : "",
	    hook_name(entry->hook), ends_text(entry, ends, sizeof(ends)),
	    packet_print(&entry->pkt, packet, sizeof(packet)), more);
}

void filter_log_hear(struct core *core, const struct moment *now)
{
	struct core_filter *filter = &core->filter;
	struct rule_log_entry *entry;

	while ((entry = path_next_log(core->path, &filter->log_seen))) {
		fill_name(core, entry->pkt.from_id, entry->from);
		fill_name(core, entry->pkt.to_id, entry->to);
		if (bucket_take(&filter->lines, &line_rate, now->now))
			write_line(core, entry);
		else
			filter->lines_left_out++;
	}
}
