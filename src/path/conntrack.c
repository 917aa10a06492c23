/* SPDX-License-Identifier: ISC */
/* Where the flow table meets the path. */
#include "path/conntrack.h"

#include "net/flow.h"
#include "net/fragment.h"
#include "packet/ip.h"
#include "path/answer.h"
#include "path/judge.h"
#include "path/run.h"

/* The rules have changed since they accepted the packet's flow. One packet of
 * a batch may have answered for the next. */
static enum drop judge_again(struct path *path, struct packet *pkt)
{
	struct flow_report flow;
	bool is_accepted = flows_find(path->flows, pkt, path->now.now, &flow) &&
			   (flow.is_accepted || judge_flow(path, pkt, &flow));
	enum drop reason =
	    flows_judged(path->flows, pkt, path->now.now, is_accepted);

	/* Whom the host serves can not tell it any more. */
	if (reason && !pkt->from_id && pkt->l4_protocol == IP_PROTOCOL_TCP)
		(void)answer_reject(path, pkt);
	return reason;
}

/* Without flows, too, nobody hides its ports or flags from the rules: some
 * hosts see more than we, as Linux takes UDP of length 0 in IPv6. */
static enum drop check_header(const struct packet *pkt)
{
	if (!pkt->family || pkt->is_answer)
		return DROP_NONE;
	if (pkt->is_fragment)
		return fragment_is_tiny(pkt) ? DROP_VPN_FRAG_TINY : DROP_NONE;
	return !pkt->has_l4 && (pkt->l4_protocol == IP_PROTOCOL_TCP ||
				   pkt->l4_protocol == IP_PROTOCOL_UDP)
		   ? DROP_PKT_TOO_SMALL
		   : DROP_NONE;
}

static enum verdict judge_alone(const struct path *path, struct packet *pkt)
{
	return verdict_of(pkt, path->rules ? check_header(pkt) : DROP_NONE);
}

static enum verdict finish(struct path *path, struct packet *pkt)
{
	if (!pkt->drop && flows_is_stale(path->flows, pkt))
		pkt->drop = judge_again(path, pkt);
	return verdict_of(pkt, pkt->drop);
}

void conntrack_run(struct path *path, struct packet **pkts,
    enum verdict *verdicts, size_t count)
{
	if (path->flows)
		flows_track_batch(path->flows, pkts, count, path->now.now);
	for (size_t i = 0; i < count; i++)
		verdicts[i] = path->flows ? finish(path, pkts[i])
					  : judge_alone(path, pkts[i]);
}

enum verdict conntrack_dry(struct path *path, struct packet *pkt)
{
	if (!path->flows)
		return judge_alone(path, pkt);
	pkt->drop = flows_track(path->flows, pkt, path->now.now);
	return finish(path, pkt);
}

static bool is_routed(enum hook hook)
{
	return hook == HOOK_INPUT || hook == HOOK_FORWARD ||
	       hook == HOOK_POSTROUTING;
}

bool conntrack_is_accepted(
    const struct path *path, const struct packet *pkt, enum hook hook)
{
	return path->flows &&
	       flows_is_accepted(path->flows, pkt, is_routed(hook));
}

enum drop conntrack_follow_route(
    struct path *path, struct packet *pkt, bool *is_new)
{
	enum flow_state before = pkt->flow_state;
	enum drop reason = DROP_NONE;

	*is_new = false;
	if (!path->flows)
		return DROP_NONE;
	flows_follow_route(path->flows, pkt, path->now.now);
	if (!pkt->is_answer && flows_is_stale(path->flows, pkt))
		reason = judge_again(path, pkt);
	*is_new = pkt->flow_state == FLOW_NEW && before != FLOW_NEW;
	return reason;
}

enum drop conntrack_confirm(struct path *path, struct packet *pkt)
{
	return path->flows ? flows_confirm(path->flows, pkt, path->now.now)
			   : DROP_NONE;
}

/* ---- what a trace says ---- */

static void why_fragment(const struct packet *pkt, struct path_why *why)
{
	if (pkt->drop == DROP_VPN_FRAG_TINY)
		why_add(why, "too little of the header is in it");
	else if (pkt->drop)
		why_add(why, "its first fragment was not accepted here");
	else
		why_add(why, "as its first fragment");
}

static void why_flow(const struct path *path, const struct packet *pkt,
    const struct flow_report *flow, struct path_why *why)
{
	(void)path;
	why_add(why, "%s%s, ends in %lld s",
	    pkt->flow_state == FLOW_RELATED ? "about a flow: " : "",
	    flow->state, (long long)(flow->left_ns / NS_PER_S));
	if (pkt->flow_state == FLOW_NEW)
		why_add(why, ", not answered");
}

static const char *const words[] = {
    [FLOW_NONE] = NULL,
    [FLOW_NEW] = "new",
    [FLOW_ESTABLISHED] = "established",
    [FLOW_RELATED] = "related",
    [FLOW_INVALID] = "invalid",
    [FLOW_UNTRACKED] = "untracked",
};

/* Such a packet has no flow any more; but who has begun it has. */
static bool is_of_refused(const struct path *path, const struct packet *pkt)
{
	struct packet like = *pkt;
	struct flow_report flow;

	like.flow_state = FLOW_ESTABLISHED;
	return pkt->has_l4 &&
	       flows_find(path->flows, &like, path->now.now, &flow) &&
	       !flow.is_accepted;
}

void conntrack_why(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	struct flow_report flow;

	if (!path->flows) {
		why_add(why, "no stateful filter");
		return;
	}
	why->word = words[pkt->flow_state];
	if (pkt->is_later_fragment || pkt->drop == DROP_VPN_FRAG_TINY)
		why_fragment(pkt, why);
	else if (pkt->drop == DROP_VPN_CT_INVALID)
		why_add(why, "%s",
		    is_of_refused(path, pkt)
			? "of a connection that the present rules refuse"
			: "no flow, and it can not begin one");
	else if (pkt->flow_state == FLOW_UNTRACKED)
		why_add(why, "no packet of a flow");
	else if (flows_find(path->flows, pkt, path->now.now, &flow))
		why_flow(path, pkt, &flow, why);
	else
		why_add(why, "no flow");
}
