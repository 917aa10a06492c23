/* SPDX-License-Identifier: ISC */
/*
 * Bytes to operations on the flow table and its oracle.
 *
 * How it works: 2 bytes are the limits; then each step is an operation and its
 * arguments. Few addresses, ports and peers, and small limits, so that they
 * meet. Bytes that are missing are zeros.
 */
#include "flow_story.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "flow_oracle.h"
#include "flow_packet.h"
#include "net/flow_table.h"

#define STEPS_MAX 2000
#define HOSTS	  4

struct story {
	struct cursor c;
	struct flows *flows;
	struct flow_oracle oracle;
	struct instant now;
	struct flow_story_count *count;
};

static const uint8_t hosts[HOSTS] = {7, 8, 1, 2};
static const uint8_t protocols[] = {17, 17, 6, 6, 6, 1, 99, 17};
static const uint8_t tcp_flags[] = {2, 2, 0x12, 0x10, 0x10, 0x18, 0x11, 0x14};

/* How a packet goes through the story. */
struct course {
	struct flow_packet packet, about;
	struct oracle_packet oracle;
	bool is_blocked, is_dry, knows_to, is_accepted;
};

static void choose_ends(struct course *course, uint8_t ends, uint8_t ports)
{
	struct flow_packet *packet = &course->packet;
	uint8_t source = ends & 3, step = (uint8_t)(1 + (ends >> 2 & 3) % 3);
	uint16_t near = (uint16_t)(4000 + (ports & 1));
	uint16_t far = (uint16_t)(53 + (ports >> 1 & 1));
	bool is_back = ports & 4;

	packet->source = hosts[source];
	packet->destination = hosts[(source + step) % HOSTS];
	packet->source_port = is_back ? far : near;
	packet->destination_port = is_back ? near : far;
	packet->icmp_id = near;
	course->oracle.from = ends >> 4 & 3;
	course->oracle.to = ends >> 6 & 3;
	if (course->oracle.to == course->oracle.from)
		course->oracle.to = (course->oracle.from + 1) % ORACLE_PEERS;
}

static void choose_kind(struct course *course, uint8_t kind)
{
	struct flow_packet *packet = &course->packet;

	packet->family = kind & 8 ? 6 : 4;
	packet->protocol = protocols[kind & 7];
	packet->tcp_flags = tcp_flags[kind >> 4 & 7];
	if (packet->protocol == 1) {
		bool is_answer = kind & 16;

		if (packet->family == 6)
			packet->protocol = 58;
		packet->icmp_type = packet->family == 6
					? (is_answer ? 129 : 128)
					: (is_answer ? 0 : 8);
	}
	if (packet->protocol == 99)
		packet->payload = 8;
}

/* The next packet of a flow that there is, in one direction or the other. */
static void choose_flow(
    struct story *story, struct course *course, uint8_t pick)
{
	const struct oracle_flow *flow =
	    &story->oracle.flows[pick % story->oracle.len];
	struct flow_packet *packet = &course->packet;
	bool is_answer = pick & 64;
	const struct oracle_end *source =
	    is_answer ? &flow->other : &flow->beginner;
	const struct oracle_end *destination =
	    is_answer ? &flow->beginner : &flow->other;

	packet->family = flow->family;
	packet->protocol = flow->protocol;
	packet->source = source->host;
	packet->destination = destination->host;
	packet->source_port = source->port;
	packet->destination_port = destination->port;
	packet->icmp_id = flow->beginner.port;
	packet->icmp_type =
	    flow->family == 6 ? (is_answer ? 129 : 128) : (is_answer ? 0 : 8);
	packet->payload = flow->protocol == 99 ? 8 : 0;
	course->oracle.from = is_answer ? flow->to : flow->from;
	course->oracle.to = is_answer ? flow->from : flow->to;
}

/* What the oracle sees of it. */
static void describe(struct oracle_packet *oracle, const struct flow_packet *of)
{
	bool is_icmp = of->protocol == 1 || of->protocol == 58;
	uint16_t asked = of->protocol == 58 ? 128 << 8 : 8 << 8;

	oracle->family = of->family;
	oracle->protocol = of->protocol;
	oracle->tcp_flags = of->tcp_flags;
	oracle->source.host = of->source;
	oracle->destination.host = of->destination;
	if (of->protocol == 6 || of->protocol == 17) {
		oracle->source.port = of->source_port;
		oracle->destination.port = of->destination_port;
	}
	if (!is_icmp)
		return;
	oracle->is_answer = of->icmp_type == 0 || of->icmp_type == 129;
	oracle->is_question = !oracle->is_answer;
	oracle->source.port = oracle->is_answer ? asked : of->icmp_id;
	oracle->destination.port = oracle->is_answer ? of->icmp_id : asked;
}

/* The packet becomes what an error is about; who sends that is the one who it
 * went to, mostly. */
static void make_error(struct course *course, uint8_t how)
{
	course->about = course->packet;
	course->oracle.is_error = true;
	course->packet = (struct flow_packet){
	    .family = course->about.family,
	    .protocol = course->about.family == 6 ? 58 : 1,
	    .icmp_type = course->about.family == 6 ? 1 : 3,
	    .source = hosts[how >> 2 & 3],
	    .destination =
		how & 3 ? course->about.source : course->about.destination,
	    .quote = &course->about,
	};
	course->oracle.error_to = course->packet.destination;
	if (how & 12) {
		uint32_t from = course->oracle.from;

		course->oracle.from = course->oracle.to;
		course->oracle.to = from;
	}
}

static void make_fragment(struct course *course, uint8_t how)
{
	bool is_later = how & 1;

	course->packet.fragment_id = 1 + (how >> 1 & 1);
	course->oracle.fragment_id = course->packet.fragment_id;
	course->oracle.is_later_fragment = is_later;
	course->oracle.is_first_fragment = !is_later;
	course->packet.has_more = !is_later;
	course->packet.fragment_offset = is_later ? 64 : 0;
}

static void read_course(struct story *story, struct course *course)
{
	uint8_t ends = cursor_u8(&story->c), ports = cursor_u8(&story->c);
	uint8_t kind = cursor_u8(&story->c), how = cursor_u8(&story->c);
	uint8_t pick = cursor_u8(&story->c);

	*course = (struct course){
	    .is_blocked = !(how & 7),
	    .is_dry = (how & 7) == 1,
	    .knows_to = how & 8,
	    .is_accepted = how & 16,
	};
	choose_ends(course, ends, ports);
	choose_kind(course, kind);
	if (pick & 128 && story->oracle.len)
		choose_flow(story, course, pick);
	describe(&course->oracle, &course->packet);
	if (ports >> 5 == 1)
		make_error(course, how >> 4);
	else if (ports >> 5 == 2)
		make_fragment(course, how >> 5);
}

static void compare_verdict(struct story *story, const struct packet *pkt,
    enum drop drop, const struct oracle_verdict *wanted)
{
	assert(drop == wanted->drop);
	assert(pkt->flow_state == wanted->state);
	assert(pkt->flow_generation == wanted->generation);
	assert(pkt->flow_peer == wanted->peer);
	story->count->drops[drop]++;
	story->count->states[pkt->flow_state]++;
}

/* Judges the flow of a stale packet. False: the packet is done with. */
static bool judge(struct story *story, const struct course *course,
    struct packet *pkt, struct oracle_verdict *verdict)
{
	bool is_kept = course->is_accepted;
	enum drop drop;

	if (!flows_is_stale(story->flows, pkt))
		return true;
	story->count->judged++;
	drop = flows_judged(story->flows, pkt, story->now, is_kept);
	assert(drop == flow_oracle_judge(&story->oracle, &course->oracle,
			   verdict, story->now, is_kept));
	assert(pkt->flow_state == verdict->state);
	assert(pkt->flow_generation == verdict->generation);
	if (is_kept && !drop)
		assert(flows_is_accepted(story->flows, pkt, false));
	return !drop;
}

static void send(struct story *story, const struct course *course)
{
	static struct flow_oracle before;
	uint8_t bytes[FLOW_PACKET_BYTES];
	size_t len = flow_packet_write(bytes, &course->packet);
	struct packet pkt = flow_packet_parse(bytes, len);
	struct oracle_verdict verdict;
	enum drop drop;

	before = story->oracle;
	pkt.is_dry = course->is_dry;
	pkt.from_id = course->oracle.from;
	pkt.to_id = course->knows_to ? course->oracle.to : 0;
	drop = flows_track(story->flows, &pkt, story->now);
	verdict = flow_oracle_track(
	    &story->oracle, &course->oracle, course->knows_to, story->now);
	compare_verdict(story, &pkt, drop, &verdict);
	if (!drop && judge(story, course, &pkt, &verdict) &&
	    !course->is_blocked) {
		pkt.to_id = course->oracle.to;
		drop = flows_confirm(story->flows, &pkt, story->now);
		if (!course->is_dry)
			assert(
			    drop == flow_oracle_confirm(&story->oracle,
					&course->oracle, &verdict, story->now));
	}
	if (course->is_dry)
		story->oracle = before;
}

static uint8_t host_of(const struct flow *entry, unsigned end)
{
	const uint8_t *bytes = (const uint8_t *)entry->key.address[end];

	return bytes[flow_key_family(&entry->key) == 6 ? 15 : 3];
}

static bool is_entry(const struct flow *entry, const struct oracle_flow *flow)
{
	unsigned beginner = entry->beginner;

	return host_of(entry, beginner) == flow->beginner.host &&
	       host_of(entry, !beginner) == flow->other.host &&
	       flow_key_family(&entry->key) == flow->family &&
	       flow_key_protocol(&entry->key) == flow->protocol &&
	       flow_key_port(&entry->key, beginner) == flow->beginner.port &&
	       flow_key_port(&entry->key, !beginner) == flow->other.port &&
	       entry->peers[beginner] == flow->from &&
	       entry->peers[!beginner] == flow->to &&
	       entry->end == (uint32_t)flow->end_tick;
}

static bool is_there(const struct story *story, const struct oracle_flow *flow)
{
	for (uint32_t i = 1; i <= story->flows->touched; i++)
		if (is_entry(&story->flows->entries[i], flow))
			return true;
	return false;
}

/* What has ended goes a little later, and each table may choose when. */
static void age(struct story *story)
{
	flows_age(story->flows, story->now, SIZE_MAX);
	for (int i = story->oracle.len; i-- > 0;) {
		const struct oracle_flow *flow = &story->oracle.flows[i];

		if (!flow_oracle_has_ended(flow, story->now) ||
		    is_there(story, flow))
			continue;
		flow_oracle_remove(&story->oracle, i);
	}
	for (int i = 0; i < story->oracle.len; i++)
		assert(
		    !flow_oracle_is_late(&story->oracle.flows[i], story->now));
}

static void pass_time(struct story *story)
{
	static const int64_t units[] = {
	    NS_PER_S / 2, NS_PER_S, 10 * NS_PER_S, 600 * NS_PER_S};
	uint8_t step = cursor_u8(&story->c);

	story->now.ns += units[step & 3] * (step >> 2);
	age(story);
}

static void remove_peer(struct story *story)
{
	uint32_t id = 1 + cursor_u8(&story->c) % (ORACLE_PEERS - 1u);

	flows_remove_peer(story->flows, id);
	flow_oracle_remove_peer(&story->oracle, id);
}

static void change_rules(struct story *story)
{
	flows_set_generation(story->flows, ++story->oracle.generation);
}

static bool is_report(const struct flow_report *report,
    const struct oracle_flow *flow, struct instant now)
{
	return report->family == flow->family &&
	       report->protocol == flow->protocol &&
	       report->source.bytes[report->family == 6 ? 15 : 3] ==
		   flow->beginner.host &&
	       report->destination.bytes[report->family == 6 ? 15 : 3] ==
		   flow->other.host &&
	       report->source_port == flow->beginner.port &&
	       report->destination_port == flow->other.port &&
	       report->from_id == flow->from && report->to_id == flow->to &&
	       report->is_answered == flow->is_answered &&
	       strcmp(report->state, flow->state) == 0 &&
	       report->left_ns / FLOW_GRAIN_NS ==
		   flow->end_tick - now.ns / FLOW_GRAIN_NS;
}

static void is_known(void *context, const struct flow_report *report)
{
	const struct story *story = context;

	for (int i = 0; i < story->oracle.len; i++)
		if (is_report(report, &story->oracle.flows[i], story->now))
			return;
	assert(!"a flow that the oracle has not");
}

static void compare(struct story *story)
{
	const struct flows_status *wanted = &story->oracle.counters;
	struct flows_status status;
	uint32_t weak = 0, counts[ORACLE_PEERS] = {0};

	flows_status(story->flows, &status);
	assert(status.flows == (uint32_t)story->oracle.len);
	assert(status.confirmed == wanted->confirmed);
	assert(status.answered == wanted->answered);
	assert(status.early_drop == wanted->early_drop);
	assert(status.full == wanted->full);
	assert(status.invalid == wanted->invalid);
	assert(status.orphans == wanted->orphans);
	for (int i = 0; i < story->oracle.len; i++) {
		weak += flow_oracle_is_weak(&story->oracle.flows[i]);
		counts[flow_oracle_owner(&story->oracle.flows[i])]++;
	}
	assert(status.weak == weak);
	for (uint32_t id = 0; id < ORACLE_PEERS; id++)
		assert(flows_of_peer(story->flows, id) == counts[id]);
	flows_each(story->flows, story->now, is_known, story);
}

static void begin(struct story *story)
{
	uint8_t secret[FLOWS_SECRET_BYTES];
	struct flows_limits limits = {
	    .flows = 1 + cursor_u8(&story->c) % 24,
	    .flows_per_peer = 1 + cursor_u8(&story->c) % 12,
	};

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(i * 101 + 17);
	story->oracle.limits = limits;
	story->oracle.generation = 1;
	if (flows_new(&story->flows, &limits, secret) ||
	    flows_set_last_peer(story->flows, ORACLE_PEERS - 1))
		abort();
}

static void (*const acts[])(struct story *story) = {
    pass_time,
    pass_time,
    remove_peer,
    change_rules,
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

void flow_story_tell(
    const uint8_t *data, size_t len, struct flow_story_count *count)
{
	static struct story story;

	story = (struct story){
	    .c = cursor_of(data, len), .now = {NS_PER_S}, .count = count};
	begin(&story);
	for (int i = 0; i < STEPS_MAX && story.c.left; i++) {
		uint8_t act = cursor_u8(&story.c);
		struct course course;

		if (act % 64 < ACTS) {
			acts[act % 64](&story);
		} else {
			read_course(&story, &course);
			send(&story, &course);
		}
		compare(&story);
		count->steps++;
	}
	count->early_drops += story.oracle.counters.early_drop;
	flows_free(story.flows);
}
