/* SPDX-License-Identifier: ISC */
/*
 * Where peers are: literal addresses, names, endpoints of an earlier run.
 *
 * How it works: what a peer proved by an authenticated datagram is worth more
 * than what a name server says. So an answer moves the endpoint only while
 * the peer is silent; and when the current address is among the answers, it is
 * left only for its successor, and only after some attempts there were in vain.
 * The answers are kept: the next address is tried before the name is asked for
 * again, as the way to the name server may be lost, too.
 * A peer with a literal address that is silent where it was last is tried at
 * that address and there in turn: a forged path must not lock it out for good.
 */
#include <stdlib.h>
#include <string.h>

#include "core/state.h"

/* So many initiations without an answer, and the address looks dead. */
#define IN_VAIN_ATTEMPTS 3

/* An address as text is the host of an endpoint, IPv6 without brackets. */
bool endpoints_is_literal(const struct config_peer *conf, struct endpoint *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!conf->endpoint_host ||
	    address_parse(&ret->address, conf->endpoint_host))
		return false;
	ret->port = conf->endpoint_port;
	return true;
}

bool endpoints_is_name(const struct config_peer *conf)
{
	struct endpoint literal;

	return conf->endpoint_host && !endpoints_is_literal(conf, &literal);
}

static bool has_endpoint(const struct core_peer *peer)
{
	return tunnel_peer_endpoint(peer->peer)->address.family != FAMILY_NONE;
}

/* Nothing authenticated came for so long that an answer would have. */
static bool is_silent(const struct core_peer *peer, struct instant now)
{
	struct tunnel_peer_status status;

	tunnel_peer_status(peer->peer, now, &status);
	return !status.has_session ||
	       instant_age_ns(status.last_received, now) >= CORE_SILENT_NS;
}

static void plan_to_ask(
    struct core *core, struct core_peer *peer, struct instant when)
{
	peer->resolve_at = instant_earlier(peer->resolve_at, when);
	core_set_alarm(core, peer->resolve_at);
}

static void ask(struct core *core, struct core_peer *peer, struct instant now)
{
	peer->asked = now;
	peer->resolve_at = INSTANT_NEVER;
	core_raise_peer(core, peer, CORE_RESOLVE);
}

/* Now, or as soon as the last question is long enough ago. */
static void ask_soon(
    struct core *core, struct core_peer *peer, struct instant now)
{
	struct instant when = now;

	if (!instant_is_never(peer->asked))
		when = instant_after(peer->asked, peer->pause_ns);
	if (instant_has_come(when, now))
		ask(core, peer, now);
	else
		plan_to_ask(core, peer, when);
}

static void forget_name(struct core *core, struct core_peer *peer)
{
	peer->has_failed = false;
	peer->asked = INSTANT_NEVER;
	peer->resolve_at = INSTANT_NEVER;
	peer->pause_ns = CORE_RESOLVE_MIN_NS;
	core_withdraw(core, peer, 1u << CORE_RESOLVE);
	peer->addresses_count = 0;
	peer->moved_after = 0;
}

void endpoints_begin(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	const struct config_peer *conf = peers_conf(core, peer);
	struct endpoint literal;

	forget_name(core, peer);
	peer->elsewhere = (struct endpoint){0};
	if (endpoints_is_literal(conf, &literal))
		tunnel_peer_set_endpoint(peer->peer, &literal);
	else if (conf->endpoint_host)
		ask(core, peer, now->now);
}

void endpoints_connect(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	if (has_endpoint(peer))
		tunnel_peer_connect(core->tunnel, peer->peer, now);
}

void endpoints_change(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	const struct config_peer *conf = peers_conf(core, peer);
	struct endpoint nowhere = {.port = 0};

	/* What the peer proved outlives the file's line, a guess does not. */
	if (!conf->endpoint_host && is_silent(peer, now->now))
		tunnel_peer_set_endpoint(peer->peer, &nowhere);
	endpoints_begin(core, peer, now);
	endpoints_connect(core, peer, now);
}

static void try_in_turn(struct core_peer *peer, const struct endpoint *literal)
{
	const struct endpoint *current = tunnel_peer_endpoint(peer->peer);

	if (!endpoint_is_equal(current, literal)) {
		peer->elsewhere = *current;
		tunnel_peer_set_endpoint(peer->peer, literal);
	} else if (peer->elsewhere.address.family != FAMILY_NONE) {
		tunnel_peer_set_endpoint(peer->peer, &peer->elsewhere);
	}
}

struct instant endpoints_turn(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	if (instant_has_come(peer->resolve_at, now->now))
		ask(core, peer, now->now);
	return peer->resolve_at;
}

static void no_answer(
    struct core *core, struct core_peer *peer, struct instant now)
{
	peer->has_failed = true;
	plan_to_ask(core, peer, instant_after(now, peer->pause_ns));
	peer->pause_ns *= 2;
	if (peer->pause_ns > CORE_RESOLVE_MAX_NS)
		peer->pause_ns = CORE_RESOLVE_MAX_NS;
}

/* The place of the current endpoint among the answers, or `count`. */
static size_t place_among(const struct endpoint *current, uint16_t port,
    const struct address *addresses, size_t count)
{
	for (size_t i = 0; current->port == port && i < count; i++)
		if (address_is_equal(&current->address, &addresses[i]))
			return i;
	return count;
}

/* Attempts at the current address went unanswered. */
static bool is_in_vain(const struct core_peer *peer, struct instant now)
{
	struct tunnel_peer_status status;
	unsigned here;

	tunnel_peer_status(peer->peer, now, &status);
	here = status.attempts;
	if (here >= peer->moved_after)
		here -= peer->moved_after;
	return (status.is_handshaking && here >= IN_VAIN_ATTEMPTS) ||
	       status.has_given_up;
}

static void move_to(struct core *core, struct core_peer *peer,
    const struct endpoint *next, struct instant now)
{
	struct tunnel_peer_status status;
	char text[ENDPOINT_TEXT_BYTES];

	log_info(core->log, "peer %s: endpoint is %s", peer->name,
	    endpoint_format(next, text, sizeof(text)));
	tunnel_peer_status(peer->peer, now, &status);
	peer->moved_after = status.attempts;
	tunnel_peer_set_endpoint(peer->peer, next);
}

static void choose(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	uint16_t port = peers_conf(core, peer)->endpoint_port;
	const struct endpoint *current = tunnel_peer_endpoint(peer->peer);
	size_t count = peer->addresses_count;
	size_t place = place_among(current, port, peer->addresses, count);
	struct endpoint next = {.port = port};

	if (place < count && !is_in_vain(peer, now->now))
		return;
	next.address = peer->addresses[place < count ? (place + 1) % count : 0];
	if (!endpoint_is_equal(&next, current))
		move_to(core, peer, &next, now->now);
}

/* Where a peer has moved to, the answers do not say, old ones least of all. */
static void try_next(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	size_t count = peer->addresses_count;

	if (place_among(tunnel_peer_endpoint(peer->peer),
		peers_conf(core, peer)->endpoint_port, peer->addresses,
		count) < count)
		choose(core, peer, now);
	ask_soon(core, peer, now->now);
}

void endpoints_fell_silent(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	const struct config_peer *conf = peers_conf(core, peer);
	struct endpoint literal;

	if (endpoints_is_literal(conf, &literal))
		try_in_turn(peer, &literal);
	else if (conf->endpoint_host)
		try_next(core, peer, now);
}

/* Few peers have a name, and only they room for its addresses. */
static bool keep(
    struct core_peer *peer, const struct address *addresses, size_t count)
{
	if (count > CORE_ADDRESSES)
		count = CORE_ADDRESSES;
	if (!peer->addresses)
		peer->addresses = calloc(CORE_ADDRESSES, sizeof(*addresses));
	if (!peer->addresses)
		return false;
	memcpy(peer->addresses, addresses, count * sizeof(*addresses));
	peer->addresses_count = count;
	return true;
}

size_t core_addresses(const struct core *core,
    const uint8_t public_key[CONFIG_KEY_BYTES],
    struct address ret[CORE_ADDRESSES])
{
	const struct core_peer *peer = peers_find_key(core, public_key);

	if (!peer)
		return 0;
	for (size_t i = 0; i < peer->addresses_count; i++)
		ret[i] = peer->addresses[i];
	return peer->addresses_count;
}

void core_resolved(struct core *core, const char *name,
    const struct address *addresses, size_t count, const struct moment *now)
{
	struct core_peer *peer = peers_find(core, name);

	/* The answer may come after a reload that took the question away. */
	if (!peer || !endpoints_is_name(peers_conf(core, peer)))
		return;
	if (count == 0 || !keep(peer, addresses, count)) {
		no_answer(core, peer, now->now);
		return;
	}
	peer->has_failed = false;
	peer->resolve_at = INSTANT_NEVER;
	peer->pause_ns = CORE_RESOLVE_MIN_NS;
	if (!is_silent(peer, now->now))
		return;
	choose(core, peer, now);
	tunnel_peer_connect(core->tunnel, peer->peer, now);
	core_settle(core, now);
}

void core_way_lost(struct core *core,
    const uint8_t public_key[CONFIG_KEY_BYTES], const struct address *address,
    const struct moment *now)
{
	struct core_peer *peer = peers_find_key(core, public_key);
	struct endpoint next = {.address = *address};

	if (!peer || !endpoints_is_name(peers_conf(core, peer)))
		return;
	next.port = peers_conf(core, peer)->endpoint_port;
	move_to(core, peer, &next, now->now);
	tunnel_peer_connect(core->tunnel, peer->peer, now);
	core_settle(core, now);
}

void core_remembered(struct core *core,
    const uint8_t public_key[CONFIG_KEY_BYTES], const struct endpoint *endpoint)
{
	struct core_peer *peer = peers_find_key(core, public_key);

	if (!peer || endpoint->address.family == FAMILY_NONE)
		return;
	peer->remembered = *endpoint;
	if (!has_endpoint(peer))
		tunnel_peer_set_endpoint(peer->peer, endpoint);
}

void endpoints_note(struct core *core, struct core_peer *peer)
{
	const struct endpoint *current = tunnel_peer_endpoint(peer->peer);

	peer->moved_after = 0;
	peer->elsewhere = (struct endpoint){0};
	if (endpoint_is_equal(current, &peer->remembered))
		return;
	peer->remembered = *current;
	core_raise_peer(core, peer, CORE_REMEMBER);
}

void core_connect(struct core *core, const struct moment *now)
{
	for (size_t i = 0; i < core->config->peers_count; i++)
		endpoints_connect(core, core->peers[i], now);
	core_settle(core, now);
}
