/* SPDX-License-Identifier: ISC */
/* What became of one packet, stage by stage: schema vpnd.trace/1. */
#include "core/trace.h"

#include <stdio.h>
#include <string.h>

#include "packet/ethernet.h"
#include "packet/ip.h"

#define TCP_RST 0x04

void trace_begin(struct trace_record *record, const char *from)
{
	memset(record, 0, sizeof(*record));
	snprintf(record->from, sizeof(record->from), "%s", from);
}

/* ---- steps ---- */

static const char *word_of(const struct path_why *why)
{
	if (why->end == TRACE_DROPPED)
		return "DROP";
	if (why->word)
		return why->word;
	return why->end == TRACE_TAKEN ? "taken" : "ok";
}

static void add_line(struct trace_record *record, const struct trace_step *step)
{
	struct trace_line *line = &record->lines[record->lines_count];
	const char *why = step->why->text;

	if (record->lines_count == TRACE_LINES)
		return;
	record->lines_count++;
	if (!*why && step->why->end == TRACE_DROPPED)
		why = drop_text(step->pkt->drop);
	line->stage = step->stage;
	snprintf(
	    line->verdict, sizeof(line->verdict), "%s", word_of(step->why));
	snprintf(line->why, sizeof(line->why), "%s", why);
}

/* In the words of vpnctl capture. */
static void note_segments(struct trace_record *record, const struct packet *pkt)
{
	size_t used = strlen(record->packet);

	if (pkt->segments > 1)
		snprintf(record->packet + used, sizeof(record->packet) - used,
		    " (%u segments of %u)", pkt->segments, pkt->segment_bytes);
}

static void note_packet(struct trace_record *record, const struct packet *pkt)
{
	if (record->is_parsed)
		return;
	packet_print(pkt, record->packet, sizeof(record->packet));
	note_segments(record, pkt);
	record->is_parsed = pkt->family != FAMILY_NONE;
}

static void name_peer(char name[CONFIG_NAME_BYTES], const struct peer *peer)
{
	snprintf(name, CONFIG_NAME_BYTES, "%s", tunnel_peer_name(peer));
}

/* Or who sent it, before that is known. */
static const struct peer *receiver(const struct packet *pkt)
{
	return pkt->to_peer ? pkt->to_peer : pkt->peer;
}

void trace_step(struct trace_record *record, const struct trace_step *step)
{
	const struct packet *pkt = step->pkt;
	const struct peer *peer = receiver(pkt);

	add_line(record, step);
	note_packet(record, pkt);
	record->end = step->why->end;
	record->drop = pkt->drop;
	record->line = step->why->line;
	record->column = step->why->column;
	if (peer && pkt->to_id == tunnel_peer_id(peer))
		name_peer(record->to, peer);
}

/* ---- what was made ---- */

/* Answers have no name that their line says as well. */
static void name_answer(const struct packet *pkt, char *text, size_t room)
{
	if (pkt->l4_protocol == IP_PROTOCOL_ICMP)
		snprintf(
		    text, room, "ICMP %u/%u", pkt->icmp_type, pkt->icmp_code);
	else if (pkt->l4_protocol == IP_PROTOCOL_ICMPV6)
		snprintf(
		    text, room, "ICMPv6 %u/%u", pkt->icmp_type, pkt->icmp_code);
	else if (pkt->l4_protocol == IP_PROTOCOL_TCP &&
		 pkt->tcp_flags & TCP_RST)
		snprintf(text, room, "TCP RST");
	else
		packet_print(pkt, text, room);
}

static void parse(struct packet *pkt)
{
	if (pkt->l2_bytes)
		(void)!packet_parse_payload(pkt);
	else
		(void)!packet_parse_ip(pkt);
}

void trace_made(struct trace_record *record, struct packet *pkt)
{
	if (pkt->is_dry && pkt->peer) {
		if (record->copies_count < TRACE_COPIES)
			name_peer(record->copies[record->copies_count],
			    receiver(pkt));
		record->copies_count++;
	} else if (record->answers_count < TRACE_ANSWERS) {
		parse(pkt);
		name_answer(pkt, record->answers[record->answers_count++],
		    TRACE_ANSWER_BYTES);
	}
}

/* ---- the document ---- */

static const char *const verdicts[] = {
    [TRACE_GOES_ON] = "unknown",
    [TRACE_DROPPED] = "dropped",
    [TRACE_DEVICE] = "delivered",
    [TRACE_WIRE] = "sent",
    [TRACE_TAKEN] = "queued",
};

static const char *const made_as[] = {
    [TRACE_ANSWER] = "answer",
    [TRACE_COPY] = "copy",
    [TRACE_FRAGMENT] = "fragment",
};

static void write_lines(const struct trace_record *record, struct reply *reply)
{
	reply_open_array(reply, "steps");
	for (size_t i = 0; i < record->lines_count; i++) {
		const struct trace_line *line = &record->lines[i];

		reply_open_object(reply, "");
		reply_string(reply, "stage", line->stage->name);
		reply_string(
		    reply, "kernel_function", line->stage->kernel_function);
		reply_string(reply, "verdict", line->verdict);
		reply_string(reply, "why", line->why);
		reply_close_object(reply);
	}
	reply_close_array(reply);
}

static void write_made(const struct trace_record *record, struct reply *reply)
{
	size_t listed = record->copies_count < TRACE_COPIES
			    ? record->copies_count
			    : TRACE_COPIES;

	reply_open_array(reply, "answers");
	for (size_t i = 0; i < record->answers_count; i++)
		reply_string(reply, "", record->answers[i]);
	reply_close_array(reply);
	reply_open_array(reply, "copies");
	for (size_t i = 0; i < listed; i++)
		reply_string(reply, "", record->copies[i]);
	reply_close_array(reply);
	reply_unsigned(reply, "copies_count", record->copies_count);
}

static void write_origin(const struct trace_record *record, struct reply *reply)
{
	if (record->id)
		reply_unsigned(reply, "id", record->id);
	if (record->made) {
		reply_unsigned(reply, "parent", record->parent);
		reply_string(reply, "made_as", made_as[record->made]);
	}
	reply_string(reply, "from", record->from);
	reply_bool(
	    reply, "host", !*record->from && record->made != TRACE_ANSWER);
}

static void write_place(const struct core *core,
    const struct trace_record *record, struct reply *reply)
{
	char place[CONFIG_PATH_BYTES + 32];

	if (!record->line)
		return;
	snprintf(place, sizeof(place), "%s:%u:%u",
	    *core->filter_file ? core->filter_file : core->config->file,
	    record->line, record->column);
	reply_string(reply, "place", place);
}

void trace_write(const struct core *core, const struct trace_record *record,
    struct reply *reply)
{
	bool is_dropped = record->end == TRACE_DROPPED;

	reply_string(reply, "tunnel", core->config->name);
	reply_string(reply, "device", core->host.device);
	write_origin(record, reply);
	reply_string(reply, "packet", record->packet);
	write_lines(record, reply);
	reply_string(reply, "verdict", verdicts[record->end]);
	reply_bool(reply, "dropped", is_dropped);
	if (is_dropped) {
		reply_string(reply, "reason", drop_name(record->drop));
		reply_string(reply, "text", drop_text(record->drop));
		write_place(core, record, reply);
	}
	if (*record->to)
		reply_string(reply, "to", record->to);
	write_made(record, reply);
}

/* ---- a dry run ---- */

static void hear_step(void *context, const struct trace_step *step)
{
	trace_step(context, step);
}

static void hear_made(
    void *context, struct packet *pkt, const struct stage *entry)
{
	(void)entry;
	trace_made(context, pkt);
}

void trace_reply(struct core *core, const struct core_peer *peer,
    const char *how, const char *text, const struct moment *now,
    struct reply *reply, struct core_answer *ret)
{
	struct packet *pkt = trace_packet(core, peer, how, text, now, ret);
	struct trace_record record;
	const struct tracer tracer = {
	    .step = hear_step, .made = hear_made, .context = &record};

	if (!pkt)
		return;
	trace_begin(&record, peer ? peer->name : "");
	pkt->peer = peer ? peer->peer : NULL;
	path_trace(core->path, peer ? TRACE_FROM_PEER : TRACE_FROM_HOST, pkt,
	    now, &tracer);
	reply_string(reply, "schema", "vpnd.trace/1");
	trace_write(core, &record, reply);
}
