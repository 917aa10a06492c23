/* SPDX-License-Identifier: ISC */
/* What rules with `log = true` matched, as lines of the log: so many a second,
 * while the ring in the path keeps the last ones. */
#include <sodium.h>
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
		if (core->peers[i] && core->peers[i]->peer &&
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

/* ---- the ring, for vpnctl ---- */

static void write_header(
    const struct rule_log_entry *entry, struct reply *reply)
{
	char hex[2 * RULE_LOG_HEADER_BYTES + 1];

	reply_string(reply, "header",
	    sodium_bin2hex(hex, sizeof(hex), entry->header, entry->header_len));
}

static void write_entry(
    const struct rule_log_entry *entry, struct instant now, struct reply *reply)
{
	char text[PACKET_TEXT_BYTES];

	reply_open_object(reply, "");
	reply_milli(
	    reply, "age_s", instant_age_ns(entry->when.now, now) / NS_PER_MS);
	reply_string(reply, "rule", entry->rule);
	reply_unsigned(reply, "line", entry->line);
	reply_string(reply, "hook", hook_name(entry->hook));
	reply_string(reply, "action", rule_action_name(entry->action));
	reply_string(
	    reply, "reason", entry->drop ? drop_name(entry->drop) : NULL);
	reply_string(reply, "from", *entry->from ? entry->from : NULL);
	reply_string(reply, "to", *entry->to ? entry->to : NULL);
	reply_string(
	    reply, "packet", packet_print(&entry->pkt, text, sizeof(text)));
	write_header(entry, reply);
	reply_close_object(reply);
}

void filter_log_reply(
    struct core *core, const struct moment *now, struct reply *reply)
{
	const struct rule_log_entry *entry;
	uint64_t seen = 0;

	reply_string(reply, "schema", "vpnd.filter_log/1");
	reply_open_array(reply, "entries");
	while ((entry = path_next_log(core->path, &seen)))
		write_entry(entry, now->now, reply);
	reply_close_array(reply);
}

/* ---- lines ---- */

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
