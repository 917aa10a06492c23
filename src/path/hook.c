/* SPDX-License-Identifier: ISC */
/* The rules are asked, and what follows from their answer. */
#include "path/hook.h"

#include "net/bridge.h"
#include "net/flow.h"
#include "net/rule.h"
#include "packet/tcp.h"
#include "path/answer.h"
#include "path/conntrack.h"
#include "path/rule_log.h"
#include "path/run.h"

static enum drop ask(struct path *path, enum hook hook, struct packet *pkt)
{
	struct rule_result result;

	ruleset_decide(path->rules, hook, pkt, path->now.now, &result);
	if (result.log)
		rule_log_note(path, hook, pkt, &result);
	if (result.action == RULE_REJECT)
		(void)answer_reject(path, pkt);
	return result.drop;
}

/* It has waited through a reload. */
static bool is_late(const struct path *path, const struct packet *pkt)
{
	return pkt->rules_generation && !pkt->is_answer &&
	       pkt->rules_generation != ruleset_generation(path->rules);
}

/* Its flow went to somebody else: it is one of a new flow, and has not been
 * judged as such. Nor has what others than these rules accepted. */
static enum drop ask_about_route(
    struct path *path, enum hook hook, struct packet *pkt)
{
	bool is_new, was_late = is_late(path, pkt);
	enum drop reason = conntrack_follow_route(path, pkt, &is_new);

	was_late &= !conntrack_is_accepted(path, pkt, hook);
	if (!reason && (is_new || was_late))
		reason = ask(
		    path, pkt->from_id ? HOOK_PREROUTING : HOOK_OUTPUT, pkt);
	if (!reason && was_late && pkt->from_id && hook == HOOK_POSTROUTING)
		reason = ask(path, HOOK_FORWARD, pkt);
	return reason;
}

static enum drop run(struct path *path, enum hook hook, struct packet *pkt)
{
	enum drop reason = DROP_NONE;

	if (!path->rules)
		return DROP_NONE;
	if (hook == HOOK_INPUT || hook == HOOK_FORWARD ||
	    hook == HOOK_POSTROUTING)
		reason = ask_about_route(path, hook, pkt);
	else
		pkt->rules_generation = ruleset_generation(path->rules);
	if (reason || conntrack_is_accepted(path, pkt, hook))
		return reason;
	return ask(path, hook, pkt);
}

/* The last one: whoever passes it has a flow. */
static enum drop run_last(struct path *path, enum hook hook, struct packet *pkt)
{
	enum drop reason = run(path, hook, pkt);

	return reason ? reason : conntrack_confirm(path, pkt);
}

enum verdict hook_prerouting(struct path *path, struct packet *pkt)
{
	return verdict_of(pkt, run(path, HOOK_PREROUTING, pkt));
}

enum verdict hook_input(struct path *path, struct packet *pkt)
{
	return verdict_of(pkt, run_last(path, HOOK_INPUT, pkt));
}

enum drop hook_forward(struct path *path, struct packet *pkt)
{
	return run(path, HOOK_FORWARD, pkt);
}

enum verdict hook_postrouting(struct path *path, struct packet *pkt)
{
	return verdict_of(pkt, run_last(path, HOOK_POSTROUTING, pkt));
}

/* On tun, where the packet goes is known before the hook, as in the kernel. */
static void look_ahead(struct path *path, struct packet *pkt)
{
	const struct peer *peer;

	if (path->setup.bridge || !path->rules)
		return;
	peer = tunnel_route(path->setup.tunnel, &pkt->destination);
	pkt->to_id = peer ? tunnel_peer_id(peer) : 0;
}

static struct peer *find_receiver(
    const struct path *path, const struct packet *pkt)
{
	const struct bridge_port *port;

	if (!path->setup.bridge)
		return tunnel_route(path->setup.tunnel, &pkt->destination);
	port = bridge_find(path->setup.bridge, pkt, path->now.now);
	return port ? bridge_port_user(port) : NULL;
}

/* Whose packet it would have been: what is dropped is counted for that peer. */
static void name_receiver(const struct path *path, struct packet *pkt)
{
	if (!pkt->drop)
		return;
	pkt->peer = find_receiver(path, pkt);
	if (pkt->peer)
		pkt->to_id = tunnel_peer_id(pkt->peer);
}

void hook_output(struct path *path, struct packet **pkts,
    enum verdict *verdicts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		look_ahead(path, pkts[i]);
	conntrack_run(path, pkts, verdicts, count);
	for (size_t i = 0; i < count; i++) {
		if (verdicts[i] == VERDICT_PASS)
			verdicts[i] = verdict_of(
			    pkts[i], run(path, HOOK_OUTPUT, pkts[i]));
		name_receiver(path, pkts[i]);
	}
}

enum verdict hook_output_dry(struct path *path, struct packet *pkt)
{
	enum verdict verdict;

	look_ahead(path, pkt);
	verdict = conntrack_dry(path, pkt);
	if (verdict == VERDICT_PASS)
		verdict = verdict_of(pkt, run(path, HOOK_OUTPUT, pkt));
	name_receiver(path, pkt);
	return verdict;
}

/* ---- super-packets and chains ---- */

static bool tells_apart(
    const struct path *path, enum hook hook, const struct packet *pkt)
{
	return path->rules && ruleset_tells_apart(path->rules, hook, pkt);
}

/* Its flow is looked up with it: the last segment ends it. */
bool hook_output_wants_single(const struct path *path, const struct packet *pkt)
{
	if (path->flows && pkt->tcp_flags & TCP_FIN)
		return true;
	return tells_apart(path, HOOK_OUTPUT, pkt) &&
	       !(path->flows &&
		   flows_will_accept(path->flows, pkt, path->now.now));
}

static bool wants_single(
    const struct path *path, enum hook hook, const struct packet *pkt)
{
	return tells_apart(path, hook, pkt) &&
	       !conntrack_is_accepted(path, pkt, hook);
}

bool hook_prerouting_wants_single(
    const struct path *path, const struct packet *pkt)
{
	return wants_single(path, HOOK_PREROUTING, pkt);
}

bool hook_input_wants_single(const struct path *path, const struct packet *pkt)
{
	return wants_single(path, HOOK_INPUT, pkt);
}

bool hook_postrouting_wants_single(
    const struct path *path, const struct packet *pkt)
{
	return wants_single(path, HOOK_POSTROUTING, pkt);
}
