/* SPDX-License-Identifier: ISC */
/* Whether, under which address, and which way an answer goes. */
#include "path/answer.h"

#include "net/reject.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/segment.h"
#include "path/martian.h"
#include "path/run.h"

/* The kernel's icmp_msgs_per_sec and icmp_msgs_burst. */
static const struct bucket_rate limit = {.rate = 1000, .burst = 50};

/* Who answers IPv4 without an IPv4 address (RFC 7600 4.1). */
static const struct address dummy = {FAMILY_IPV4, {192, 0, 0, 8}};

static bool is_from_host(const struct packet *about)
{
	return !about->from_id;
}

/* The first of the networks that the address is in, or the first one. */
static const struct address *own_address(
    const struct path *path, const struct address *to)
{
	const struct address *own = to->family == FAMILY_IPV4 ? &dummy : NULL;
	bool has_any = false;

	for (size_t i = 0; i < path->addresses_count; i++) {
		const struct prefix *it = &path->addresses[i];

		if (prefix_has(it, to))
			return &it->address;
		if (!has_any && it->address.family == to->family) {
			own = &it->address;
			has_any = true;
		}
	}
	return own;
}

/* NULL: there is none. */
static const struct address *source_of_answer(
    const struct path *path, const struct packet *about)
{
	if (is_from_host(about))
		return martian_is_routable(&about->destination)
			   ? &about->destination
			   : NULL;
	for (size_t i = 0; i < path->addresses_count; i++)
		if (address_is_equal(
			&path->addresses[i].address, &about->destination))
			return &about->destination;
	return own_address(path, &about->source);
}

/* The peer that it came from, or NULL: it is not reached at the source, which
 * may even pretend to be ours. */
static struct peer *way_back(
    const struct path *path, const struct packet *about)
{
	struct peer *peer =
	    path->setup.bridge
		? about->peer
		: tunnel_route(path->setup.tunnel, &about->source);

	if (martian_is_local(
		&about->source, path->addresses, path->addresses_count))
		return NULL;
	return peer && tunnel_peer_id(peer) == about->from_id ? peer : NULL;
}

static bool has_way_back(const struct path *path, const struct packet *about)
{
	return is_from_host(about) || way_back(path, about);
}

static bool is_for_many(const struct path *path, const struct packet *about)
{
	for (size_t i = 0; i < path->addresses_count; i++)
		if (martian_is_broadcast_of(
			&path->addresses[i], &about->destination))
			return true;
	return false;
}

static void send_to_host(struct path *path, struct packet *pkt)
{
	path->totals.rx_ours++;
	path_emit(path, TABLE_INPUT, INPUT_TUN_WRITE, pkt);
}

static void send_to_peer(
    struct path *path, struct packet *pkt, struct peer *peer)
{
	path->totals.tx_ours++;
	pkt->peer = peer;
	pkt->to_id = tunnel_peer_id(peer);
	path_emit(path, TABLE_OUT,
	    path->setup.bridge ? OUTBOUND_NEIGH : OUTBOUND_OURS, pkt);
}

static enum answer give_up(struct path *path, const struct packet *about)
{
	snmp_unanswered(path, about);
	return ANSWER_LIMITED;
}

static enum answer send(struct path *path, struct packet *pkt,
    const struct packet *about, enum answer answer)
{
	if (!pkt)
		return give_up(path, about);
	pkt->is_answer = true;
	trace_inherit(path, about, pkt, TRACE_ANSWER);
	if (is_from_host(about))
		send_to_host(path, pkt);
	else
		send_to_peer(path, pkt, way_back(path, about));
	return answer;
}

static bool is_too_fast(struct path *path, const struct packet *about)
{
	return !about->is_dry &&
	       !bucket_take(&path->answers, &limit, path->now.now);
}

/* What a peer sent was never one packet: the answer is about the first one, as
 * it is about the first of a chain. NULL: it is about `about`. */
static struct packet *first_of(struct path *path, const struct packet *about)
{
	struct segments segments;
	struct packet *first;

	if (is_from_host(about) || about->segments == 1 || about->rest.first)
		return NULL;
	first = pool_get(path->setup.pool);
	if (!first)
		return NULL;
	segments_of(&segments, about);
	if (segments_take(&segments, about, 0, first)) {
		pool_put(path->setup.pool, first);
		return NULL;
	}
	checksum_complete(first);
	return first;
}

static enum answer error_about(struct path *path, const struct packet *about,
    enum icmp_kind kind, uint32_t value)
{
	struct icmp_error error = {kind, value};
	struct packet *pkt;
	const struct address *source = source_of_answer(path, about);

	if (!source || !icmp_is_allowed(about, &error) ||
	    is_for_many(path, about) || !has_way_back(path, about))
		return ANSWER_NONE;
	if (icmp_is_limited(&error) && is_too_fast(path, about))
		return give_up(path, about);
	pkt = icmp_make_error(path->setup.pool, about, &error, source);
	if (pkt)
		snmp_answered(path, about, kind);
	return send(path, pkt, about, ANSWER_ERROR);
}

enum answer answer_error(struct path *path, const struct packet *about,
    enum icmp_kind kind, uint32_t value)
{
	struct packet *first = first_of(path, about);
	enum answer answer =
	    error_about(path, first ? first : about, kind, value);

	pool_put(path->setup.pool, first);
	return answer;
}

void answer_unreachable(struct path *path, const struct packet *about)
{
	if (!path->setup.bridge)
		answer_error(path, about, ICMP_HOST_UNREACHABLE, 0);
}

static enum answer answer_reset(struct path *path, const struct packet *about)
{
	if (!reject_may_reset(about) || is_for_many(path, about) ||
	    !has_way_back(path, about))
		return ANSWER_NONE;
	if (is_too_fast(path, about))
		return give_up(path, about);
	return send(path, reject_make_reset(path->setup.pool, about), about,
	    ANSWER_RESET);
}

static enum answer reject(struct path *path, const struct packet *about)
{
	if (about->l4_protocol == IP_PROTOCOL_TCP)
		return answer_reset(path, about);
	if (!reject_may_answer(about))
		return ANSWER_NONE;
	return error_about(path, about, ICMP_PROHIBITED, 0);
}

enum answer answer_reject(struct path *path, const struct packet *about)
{
	struct packet *first = first_of(path, about);
	enum answer answer = reject(path, first ? first : about);

	pool_put(path->setup.pool, first);
	return answer;
}
