/* SPDX-License-Identifier: ISC */
/*
 * Whether a peer is up, and if not, why: one sentence.
 *
 * How it works: the first rule of the table that applies decides.
 */
#include <stdio.h>

#include "core/state.h"

struct view {
	const struct core *core;
	const struct core_peer *peer;
	const struct config_peer *conf;
	struct tunnel_peer_status status;
	enum control_rights rights;
	struct instant now;
};

struct rule {
	enum peer_state state;
	bool (*applies)(const struct view *view);
	void (*explain)(const struct view *view, char *text, size_t room);
};

#define MS_PER_S 1000

/* "3.1" of 3100 ms. */
#define SECONDS_FORMAT "%lld.%lld"
#define SECONDS_OF(ns)                                                         \
	(long long)((ns) / NS_PER_S),                                          \
	    (long long)((ns) / NS_PER_MS % MS_PER_S / 100)

static bool is_refused(const struct view *v)
{
	return v->status.is_refused;
}

static bool is_tap(const struct view *v)
{
	return v->core->bridge;
}

/* A peer whose HELLO does not name its link has a tun. */
static bool has_other_link(const struct view *v)
{
	bool is_peer_tap = v->status.peer_link == WIRE_LINK_ETHERNET;

	return is_refused(v) && v->status.knows_features &&
	       is_peer_tap != is_tap(v);
}

static void say_other_link(const struct view *v, char *text, size_t room)
{
	snprintf(text, room,
	    "its device is a %s, and ours is a %s; give both ends the same "
	    "device.type",
	    is_tap(v) ? "tun" : "tap", is_tap(v) ? "tap" : "tun");
}

static bool is_plain_on_tap(const struct view *v)
{
	return is_refused(v) && is_tap(v);
}

static void say_plain_on_tap(const struct view *v, char *text, size_t room)
{
	(void)v;
	snprintf(text, room,
	    "it speaks plain WireGuard; a tap tunnel needs vpnd at both "
	    "ends");
}

static void say_refused(const struct view *v, char *text, size_t room)
{
	(void)v;
	snprintf(text, room,
	    "extension = \"required\", but the peer is plain WireGuard");
}

static bool is_up(const struct view *v)
{
	return v->status.has_session;
}

static void say_nothing(const struct view *v, char *text, size_t room)
{
	(void)v;
	snprintf(text, room, "%s", "");
}

static bool has_no_endpoint(const struct view *v)
{
	return v->status.endpoint.address.family == FAMILY_NONE;
}

static bool is_unresolved(const struct view *v)
{
	return has_no_endpoint(v) && endpoints_is_name(v->conf);
}

static void say_unresolved(const struct view *v, char *text, size_t room)
{
	bool is_hidden = v->rights != CONTROL_RIGHTS_ALL;

	snprintf(text, room, "endpoint name %s%sis not resolved%s",
	    is_hidden ? "" : v->conf->endpoint_host, is_hidden ? "" : " ",
	    v->peer->has_failed ? ": the name servers gave no address" : "");
}

static void say_no_endpoint(const struct view *v, char *text, size_t room)
{
	(void)v;
	snprintf(text, room, "no endpoint is known");
}

static bool is_closed(const struct view *v)
{
	return v->status.is_closed && !v->status.is_handshaking;
}

static void say_closed(const struct view *v, char *text, size_t room)
{
	(void)v;
	snprintf(text, room, "the peer closed the session");
}

static bool has_given_up(const struct view *v)
{
	return v->status.has_given_up && !v->status.is_handshaking;
}

/* " for 12 s" since the last authenticated datagram, if there was one. */
static void write_silence(const struct view *v, char *text, size_t room)
{
	struct instant heard = v->status.last_received;

	if (instant_is_never(heard))
		snprintf(text, room, "%s", "");
	else
		snprintf(text, room, " for %lld s",
		    (long long)(instant_age_ns(heard, v->now) / NS_PER_S));
}

static void say_given_up(const struct view *v, char *text, size_t room)
{
	char silence[32];

	write_silence(v, silence, sizeof(silence));
	snprintf(text, room,
	    "no answer%s, given up; the next packet begins a handshake",
	    silence);
}

static bool is_handshaking(const struct view *v)
{
	return v->status.is_handshaking;
}

static void say_handshaking(const struct view *v, char *text, size_t room)
{
	unsigned attempts = v->status.attempts;
	struct instant next = v->status.next_attempt;
	char silence[32];
	int64_t wait_ns = 0;

	write_silence(v, silence, sizeof(silence));
	if (!instant_is_never(next) && instant_is_before(v->now, next))
		wait_ns = next.ns - v->now.ns;
	if (attempts == 0)
		snprintf(text, room, "the first handshake message is due");
	else
		snprintf(text, room,
		    "no answer%s, %u attempt%s, next in " SECONDS_FORMAT " s",
		    silence, attempts, attempts == 1 ? "" : "s",
		    SECONDS_OF(wait_ns));
}

static bool is_idle(const struct view *v)
{
	(void)v;
	return true;
}

static void say_idle(const struct view *v, char *text, size_t room)
{
	snprintf(text, room, "%s; the next packet begins a handshake",
	    instant_is_never(v->status.last_handshake)
		? "there was no session yet"
		: "the session ended without traffic");
}

static const struct rule rules[] = {
    {PEER_REFUSED, has_other_link, say_other_link},
    {PEER_REFUSED, is_plain_on_tap, say_plain_on_tap},
    {PEER_REFUSED, is_refused, say_refused},
    {PEER_UP, is_up, say_nothing},
    {PEER_DOWN, is_unresolved, say_unresolved},
    {PEER_DOWN, has_no_endpoint, say_no_endpoint},
    {PEER_DOWN, is_closed, say_closed},
    {PEER_DOWN, has_given_up, say_given_up},
    {PEER_HANDSHAKING, is_handshaking, say_handshaking},
    {PEER_IDLE, is_idle, say_idle},
};

enum peer_state status_peer(const struct core *core,
    const struct core_peer *peer, enum control_rights rights,
    struct instant now, char *reason, size_t room)
{
	struct view view = {
	    .core = core,
	    .peer = peer,
	    .conf = peers_conf(core, peer),
	    .rights = rights,
	    .now = now,
	};
	const struct rule *rule = rules;

	tunnel_peer_status(peer->peer, now, &view.status);
	while (!rule->applies(&view))
		rule++;
	rule->explain(&view, reason, room);
	return rule->state;
}

size_t status_peers_up(const struct core *core, struct instant now)
{
	size_t count = 0;

	for (size_t i = 0; i < core->config->peers_count; i++) {
		struct view view = {.peer = core->peers[i]};

		/* one that comes or goes right now is not up */
		if (!view.peer || !view.peer->peer)
			continue;
		tunnel_peer_status(view.peer->peer, now, &view.status);
		count += is_up(&view) && !is_refused(&view);
	}
	return count;
}
