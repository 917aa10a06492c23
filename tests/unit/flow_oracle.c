/* SPDX-License-Identifier: ISC */
/* A list of flows that is walked. */
#include "flow_oracle.h"

#include <assert.h>
#include <string.h>

#define FIN 1
#define SYN 2
#define RST 4
#define ACK 16

#define TCP  6
#define UDP  17
#define ICMP 1

#define SAME_KEY_MAX	 4
#define VICTIM_BUDGET	 16
#define TICKS_PER_SECOND 16 /* of the wheel, about */

static int64_t tick(struct instant now)
{
	return now.ns / FLOW_GRAIN_NS;
}

bool flow_oracle_has_ended(const struct oracle_flow *flow, struct instant now)
{
	return tick(now) >= flow->end_tick;
}

static bool is_state(const struct oracle_flow *flow, const char *state)
{
	return strcmp(flow->state, state) == 0;
}

static bool is_timed(const struct oracle_flow *flow)
{
	return flow->has_fin[0] && flow->has_fin[1];
}

static bool is_over(const struct oracle_flow *flow)
{
	return is_state(flow, "close") || is_timed(flow);
}

bool flow_oracle_is_weak(const struct oracle_flow *flow)
{
	return !flow->is_answered || is_state(flow, "syn") || is_over(flow);
}

uint32_t flow_oracle_owner(const struct oracle_flow *flow)
{
	return flow->from ? flow->from : flow->to;
}

static int64_t seconds_of(const struct oracle_flow *flow)
{
	if (flow->protocol == UDP)
		return flow->is_answered ? 120 : 30;
	if (flow->protocol == ICMP || flow->protocol == 58)
		return 30;
	if (flow->protocol != TCP)
		return 600;
	if (is_state(flow, "close"))
		return 10;
	if (is_state(flow, "established"))
		return flow->is_answered ? 7200 : 120;
	return 120;
}

static void refresh(struct oracle_flow *flow, struct instant now)
{
	flow->end_tick =
	    tick(instant_after(now, seconds_of(flow) * NS_PER_S)) + 1;
}

void flow_oracle_remove(struct flow_oracle *oracle, int at)
{
	oracle->flows[at] = oracle->flows[--oracle->len];
}

/* The wheel looks once in a second or so. */
bool flow_oracle_is_late(const struct oracle_flow *flow, struct instant now)
{
	int64_t slot =
	    (flow->end_tick + TICKS_PER_SECOND - 1) / TICKS_PER_SECOND;

	return tick(now) / TICKS_PER_SECOND >= slot;
}

static bool is_end(const struct oracle_end *a, const struct oracle_end *b)
{
	return a->host == b->host && a->port == b->port;
}

static bool goes(const struct oracle_packet *pkt,
    const struct oracle_end *source, const struct oracle_end *destination)
{
	return is_end(&pkt->source, source) &&
	       is_end(&pkt->destination, destination);
}

/* In which direction the packet is of the flow: 1 the beginner's, -1 the other
 * one's, 0 it is of another flow. Peers apart. */
static int direction_of(
    const struct oracle_flow *flow, const struct oracle_packet *pkt)
{
	if (flow->family != pkt->family || flow->protocol != pkt->protocol)
		return 0;
	if (goes(pkt, &flow->beginner, &flow->other))
		return 1;
	return goes(pkt, &flow->other, &flow->beginner) ? -1 : 0;
}

/* `from`: who sent the packet; `to` 0: whoever gets it. */
static bool is_between(const struct oracle_flow *flow, int direction,
    uint32_t from, uint32_t to, bool has_to)
{
	uint32_t sender = direction > 0 ? flow->from : flow->to;
	uint32_t receiver = direction > 0 ? flow->to : flow->from;

	return sender == from && (!has_to || receiver == to);
}

static struct oracle_flow *find(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, bool has_to, struct instant now)
{
	struct oracle_flow *found = NULL;

	for (int i = 0; i < oracle->len; i++) {
		struct oracle_flow *flow = &oracle->flows[i];
		int direction = direction_of(flow, pkt);
		/* the error comes from where the packet went */
		int towards = pkt->is_error ? -direction : direction;

		if (direction && !flow_oracle_has_ended(flow, now) &&
		    is_between(flow, towards, pkt->from, pkt->to, has_to) &&
		    (!found || flow->created > found->created))
			found = flow;
	}
	return found;
}

static bool is_deciding(const struct oracle_packet *pkt, uint8_t flags)
{
	return (pkt->tcp_flags & (FIN | SYN | RST | ACK)) == flags;
}

static bool begins_anew(
    const struct oracle_flow *flow, const struct oracle_packet *pkt)
{
	return pkt->protocol == TCP && is_deciding(pkt, SYN) && is_over(flow);
}

/* Of who was asked, while the connection is open. */
static bool is_out_of_place(
    const struct oracle_flow *flow, const struct oracle_packet *pkt)
{
	return pkt->protocol == TCP && is_deciding(pkt, SYN) &&
	       direction_of(flow, pkt) < 0 && !is_state(flow, "syn") &&
	       !is_over(flow);
}

static void refuse(struct flow_oracle *oracle, struct oracle_verdict *verdict)
{
	verdict->state = FLOW_INVALID;
	verdict->drop = DROP_VPN_CT_INVALID;
	oracle->counters.invalid++;
}

static void go_on_tcp(
    struct oracle_flow *flow, const struct oracle_packet *pkt, bool is_answer)
{
	if (pkt->tcp_flags & RST) {
		flow->state = "close";
	} else if (is_state(flow, "close")) {
		return;
	} else if (pkt->tcp_flags & FIN) {
		flow->has_fin[is_answer] = true;
		flow->state = "fin";
	} else if (is_state(flow, "syn") && !(pkt->tcp_flags & SYN) &&
		   !is_answer && flow->is_answered) {
		flow->state = "established";
	}
}

static void go_on(struct flow_oracle *oracle, struct oracle_flow *flow,
    const struct oracle_packet *pkt, struct instant now)
{
	bool is_answer = direction_of(flow, pkt) < 0;
	bool was_weak = flow_oracle_is_weak(flow);

	if (is_answer && !flow->is_answered) {
		flow->is_answered = true;
		oracle->counters.answered++;
	}
	if (pkt->protocol == TCP)
		go_on_tcp(flow, pkt, is_answer);
	else if (flow->is_answered)
		flow->state = "established";
	refresh(flow, now);
	if (!was_weak && flow_oracle_is_weak(flow))
		flow->rank = -(int64_t)++oracle->sequence;
}

static bool is_to_be_judged(
    const struct flow_oracle *oracle, const struct oracle_flow *flow)
{
	return flow->is_answered && flow->generation != oracle->generation;
}

static void describe(struct oracle_verdict *verdict,
    const struct oracle_flow *flow, int direction)
{
	verdict->state = flow->is_answered ? FLOW_ESTABLISHED : FLOW_NEW;
	verdict->generation = flow->generation;
	verdict->peer = direction > 0 ? flow->to : flow->from;
}

static bool may_begin(const struct oracle_packet *pkt)
{
	if (pkt->protocol == TCP)
		return is_deciding(pkt, SYN) || is_deciding(pkt, ACK);
	return !pkt->is_answer;
}

static int count_of(
    const struct flow_oracle *oracle, uint32_t owner, bool is_weak)
{
	int count = 0;

	for (int i = 0; i < oracle->len; i++)
		count += flow_oracle_owner(&oracle->flows[i]) == owner &&
			 (!is_weak || flow_oracle_is_weak(&oracle->flows[i]));
	return count;
}

static int weak_count(const struct flow_oracle *oracle)
{
	int count = 0;

	for (int i = 0; i < oracle->len; i++)
		count += flow_oracle_is_weak(&oracle->flows[i]);
	return count;
}

static bool is_owner_full(const struct flow_oracle *oracle, uint32_t owner)
{
	return owner && count_of(oracle, owner, false) >=
			    (int)oracle->limits.flows_per_peer;
}

static bool is_full(const struct flow_oracle *oracle)
{
	return oracle->len >= (int)oracle->limits.flows;
}

static bool has_room(const struct flow_oracle *oracle, uint32_t owner)
{
	if (is_owner_full(oracle, owner) && !count_of(oracle, owner, true))
		return false;
	return !is_full(oracle) || weak_count(oracle);
}

static void track_new(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, struct oracle_verdict *verdict)
{
	verdict->state = FLOW_UNTRACKED;
	if (!may_begin(pkt)) {
		verdict->state = FLOW_INVALID;
		verdict->drop = DROP_VPN_CT_INVALID;
		oracle->counters.invalid++;
	} else if (!has_room(oracle, pkt->from)) {
		verdict->drop = DROP_VPN_CT_FULL;
		oracle->counters.full++;
	} else {
		verdict->state = FLOW_NEW;
	}
}

static void track_error(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, bool has_to, struct instant now,
    struct oracle_verdict *verdict)
{
	const struct oracle_flow *flow = pkt->error_to == pkt->source.host
					     ? find(oracle, pkt, has_to, now)
					     : NULL;

	if (flow) {
		describe(verdict, flow, -direction_of(flow, pkt));
		verdict->state = FLOW_RELATED;
		return;
	}
	verdict->state = FLOW_INVALID;
	verdict->drop = DROP_VPN_CT_INVALID;
	oracle->counters.invalid++;
}

static bool is_same_datagram(
    const struct oracle_packet *a, const struct oracle_packet *b)
{
	return a->family == b->family && a->from == b->from &&
	       a->fragment_id == b->fragment_id &&
	       a->source.host == b->source.host &&
	       a->destination.host == b->destination.host &&
	       (a->family == 6 || a->protocol == b->protocol);
}

/* The first one of that datagram, under these rules; NULL: none. */
static struct oracle_fragment *find_first(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, struct instant now)
{
	for (int i = 0; i < oracle->fragments_len; i++) {
		struct oracle_fragment *it = &oracle->fragments[i];

		if (is_same_datagram(&it->first, pkt) &&
		    it->generation == oracle->generation &&
		    now.ns - it->seen.ns < 30 * NS_PER_S)
			return it;
	}
	return NULL;
}

static void track_later(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, struct instant now,
    struct oracle_verdict *verdict)
{
	const struct oracle_fragment *it = find_first(oracle, pkt, now);

	verdict->state = FLOW_UNTRACKED;
	if (!it) {
		verdict->drop = DROP_VPN_FRAG_ORPHAN;
		oracle->counters.orphans++;
		return;
	}
	verdict->state = it->state;
	verdict->generation = it->generation;
	verdict->peer = it->to;
}

static void remember(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, enum flow_state state, uint32_t to,
    bool is_accepted, struct instant now)
{
	int at = 0;

	while (at < oracle->fragments_len &&
	       !is_same_datagram(&oracle->fragments[at].first, pkt))
		at++;
	assert(at < ORACLE_FRAGMENTS);
	if (at == oracle->fragments_len)
		oracle->fragments_len++;
	oracle->fragments[at] = (struct oracle_fragment){
	    *pkt, now, oracle->generation, state, to, is_accepted};
}

static void expect(struct flow_oracle *oracle, const struct oracle_packet *pkt,
    enum flow_state state, uint32_t to, struct instant now)
{
	const struct oracle_fragment *it = find_first(oracle, pkt, now);

	if (!it || !it->is_accepted)
		remember(oracle, pkt, state, to, false, now);
}

struct oracle_verdict flow_oracle_track(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, bool knows_to, struct instant now)
{
	struct oracle_verdict verdict = {.drop = DROP_NONE};
	bool has_to = knows_to && pkt->to;
	struct oracle_flow *flow;

	if (pkt->is_later_fragment) {
		track_later(oracle, pkt, now, &verdict);
		return verdict;
	}
	if (pkt->is_error) {
		track_error(oracle, pkt, has_to, now, &verdict);
		return verdict;
	}
	flow = find(oracle, pkt, has_to, now);
	if (!flow || begins_anew(flow, pkt)) {
		track_new(oracle, pkt, &verdict);
	} else if (!is_to_be_judged(oracle, flow) &&
		   is_out_of_place(flow, pkt)) {
		refuse(oracle, &verdict);
	} else {
		if (is_to_be_judged(oracle, flow))
			refresh(flow, now);
		else
			go_on(oracle, flow, pkt, now);
		describe(&verdict, flow, direction_of(flow, pkt));
	}
	if (pkt->is_first_fragment && !verdict.drop)
		expect(oracle, pkt, verdict.state, knows_to ? pkt->to : 0, now);
	return verdict;
}

/* ---- confirming ---- */

static int owners_count(const struct flow_oracle *oracle)
{
	int count = 0;

	for (uint32_t id = 0; id < ORACLE_PEERS; id++)
		count += count_of(oracle, id, false) > 0;
	return count;
}

static bool has_too_much(const struct flow_oracle *oracle, uint32_t owner)
{
	return count_of(oracle, owner, false) >
	       (int)oracle->limits.flows / owners_count(oracle);
}

/* The weak one with the least rank above `after`, of that owner or of all; -1:
 * there is none. */
static int next_weak(const struct flow_oracle *oracle, int64_t after,
    uint32_t owner, bool is_of_owner)
{
	int found = -1;

	for (int i = 0; i < oracle->len; i++) {
		const struct oracle_flow *flow = &oracle->flows[i];

		if (!flow_oracle_is_weak(flow) || flow->rank <= after ||
		    (is_of_owner && flow_oracle_owner(flow) != owner))
			continue;
		if (found < 0 || flow->rank < oracle->flows[found].rank)
			found = i;
	}
	return found;
}

static int find_victim(const struct flow_oracle *oracle, uint32_t owner)
{
	int at = next_weak(oracle, INT64_MIN, owner, true);

	if (at >= 0 && has_too_much(oracle, owner))
		return at;
	at = next_weak(oracle, INT64_MIN, 0, false);
	for (int i = 0; at >= 0 && i < VICTIM_BUDGET; i++) {
		if (has_too_much(oracle, flow_oracle_owner(&oracle->flows[at])))
			return at;
		at = next_weak(oracle, oracle->flows[at].rank, 0, false);
	}
	return next_weak(oracle, INT64_MIN, 0, false);
}

static bool make_room(struct flow_oracle *oracle, uint32_t owner)
{
	int victim;

	if (is_owner_full(oracle, owner))
		victim = next_weak(oracle, INT64_MIN, owner, true);
	else if (is_full(oracle))
		victim = find_victim(oracle, owner);
	else
		return true;
	if (victim < 0)
		return false;
	flow_oracle_remove(oracle, victim);
	oracle->counters.early_drop++;
	return true;
}

static bool is_sooner(const struct oracle_flow *a, const struct oracle_flow *b)
{
	if (a->is_answered != b->is_answered)
		return !a->is_answered;
	return a->created < b->created;
}

static void limit_same_key(
    struct flow_oracle *oracle, const struct oracle_packet *pkt)
{
	int count = 0, oldest = -1;

	for (int i = 0; i < oracle->len; i++) {
		const struct oracle_flow *flow = &oracle->flows[i];
		int direction = direction_of(flow, pkt);

		if (!direction ||
		    !is_between(flow, direction, pkt->from, 0, false))
			continue;
		count++;
		if (oldest < 0 || is_sooner(flow, &oracle->flows[oldest]))
			oldest = i;
	}
	if (count >= SAME_KEY_MAX)
		flow_oracle_remove(oracle, oldest);
}

static enum drop add(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, struct instant now)
{
	struct oracle_flow flow = {
	    .family = pkt->family,
	    .protocol = pkt->protocol,
	    .beginner = pkt->source,
	    .other = pkt->destination,
	    .from = pkt->from,
	    .to = pkt->to,
	    .generation = oracle->generation,
	    .state = "new",
	};

	if (pkt->protocol == TCP)
		flow.state = pkt->tcp_flags & SYN ? "syn" : "established";
	limit_same_key(oracle, pkt);
	if (!make_room(oracle, flow_oracle_owner(&flow))) {
		oracle->counters.full++;
		return DROP_VPN_CT_FULL;
	}
	refresh(&flow, now);
	flow.rank = (int64_t)++oracle->sequence;
	flow.created = ++oracle->sequence;
	oracle->flows[oracle->len++] = flow;
	oracle->counters.confirmed++;
	return DROP_NONE;
}

static enum drop confirm_new(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, struct instant now)
{
	struct oracle_flow *flow = find(oracle, pkt, true, now);

	if (flow && pkt->protocol == TCP && is_deciding(pkt, SYN) &&
	    (is_over(flow) || is_to_be_judged(oracle, flow))) {
		flow_oracle_remove(oracle, (int)(flow - oracle->flows));
		flow = NULL;
	}
	if (!flow)
		return add(oracle, pkt, now);
	flow->generation = oracle->generation;
	return DROP_NONE;
}

static enum drop confirm_later(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, struct instant now)
{
	const struct oracle_fragment *it = find_first(oracle, pkt, now);

	if (it && it->is_accepted && it->to == pkt->to)
		return DROP_NONE;
	oracle->counters.orphans++;
	return DROP_VPN_FRAG_ORPHAN;
}

enum drop flow_oracle_confirm(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, const struct oracle_verdict *verdict,
    struct instant now)
{
	enum drop drop = DROP_NONE;

	if (pkt->is_later_fragment)
		return confirm_later(oracle, pkt, now);
	if (verdict->state == FLOW_NEW)
		drop = confirm_new(oracle, pkt, now);
	if (!drop && pkt->is_first_fragment)
		remember(oracle, pkt, verdict->state, pkt->to, true, now);
	return drop;
}

static bool is_refused_for_good(
    const struct oracle_flow *flow, const struct oracle_packet *pkt)
{
	return pkt->is_error ||
	       (flow->protocol == TCP && !is_deciding(pkt, SYN) &&
		   direction_of(flow, pkt) < 0);
}

enum drop flow_oracle_judge(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, struct oracle_verdict *verdict,
    struct instant now, bool is_accepted)
{
	struct oracle_packet exact = *pkt;
	struct oracle_flow *flow;
	bool goes_on;

	exact.to = verdict->peer;
	flow = find(oracle, &exact, true, now);
	assert(flow);
	verdict->generation = is_accepted ? oracle->generation : 0;
	if (is_accepted && !pkt->is_error && is_out_of_place(flow, pkt)) {
		verdict->generation = 0;
		refuse(oracle, verdict);
		return DROP_VPN_CT_INVALID;
	}
	if (is_accepted) {
		flow->generation = oracle->generation;
		if (!pkt->is_error)
			go_on(oracle, flow, pkt, now);
		return DROP_NONE;
	}
	goes_on = is_refused_for_good(flow, pkt);
	if (flow->protocol != TCP)
		flow_oracle_remove(oracle, (int)(flow - oracle->flows));
	oracle->counters.invalid += goes_on;
	verdict->state = goes_on ? FLOW_INVALID : FLOW_NEW;
	return goes_on ? DROP_VPN_CT_INVALID : DROP_NONE;
}

void flow_oracle_remove_peer(struct flow_oracle *oracle, uint32_t id)
{
	for (int i = oracle->len; i-- > 0;)
		if (oracle->flows[i].from == id || oracle->flows[i].to == id)
			flow_oracle_remove(oracle, i);
	for (int i = oracle->fragments_len; i-- > 0;)
		if (oracle->fragments[i].first.from == id ||
		    oracle->fragments[i].to == id)
			oracle->fragments[i] =
			    oracle->fragments[--oracle->fragments_len];
}
