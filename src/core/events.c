/* SPDX-License-Identifier: ISC */
/* What the core hears from the tunnel, and what it has for the daemon. */
#include <stdio.h>
#include <string.h>

#include "core/sockets.h"
#include "core/state.h"

void core_raise(struct core *core, enum core_event_kind kind)
{
	core->pending |= 1u << kind;
}

void core_raise_peer(
    struct core *core, struct core_peer *peer, enum core_event_kind kind)
{
	core->pending_peers += !peer->pending;
	peer->pending |= 1u << kind;
	if (peer->idx < core->pending_at)
		core->pending_at = peer->idx;
}

void core_withdraw(struct core *core, struct core_peer *peer, unsigned kinds)
{
	bool was_pending = peer->pending != 0;

	peer->pending &= ~kinds;
	core->pending_peers -= was_pending && !peer->pending;
}

static void session_came(struct core *core, struct core_peer *peer)
{
	if (!peer->was_up)
		core_raise_peer(core, peer, CORE_STATUS_CHANGED);
	peer->was_up = true;
	endpoints_note(core, peer);
}

static void session_went(struct core *core, struct core_peer *peer)
{
	peer->was_up = false;
	peer->moved_after = 0;
	core_raise_peer(core, peer, CORE_STATUS_CHANGED);
}

static void hear(struct core *core, const struct tunnel_event *event,
    const struct moment *now)
{
	struct core_peer *peer = tunnel_peer_user(event->peer);

	switch (event->kind) {
	case TUNNEL_SESSION_UP:
		session_came(core, peer);
		break;
	case TUNNEL_GAVE_UP:
	case TUNNEL_CLOSED:
		session_went(core, peer);
		break;
	case TUNNEL_ENDPOINT_MOVED:
		endpoints_note(core, peer);
		break;
	case TUNNEL_ENDPOINT_SILENT:
		endpoints_fell_silent(core, peer, now);
		break;
	case TUNNEL_FEATURES_KNOWN:
		core_raise_peer(core, peer, CORE_STATUS_CHANGED);
		break;
	case TUNNEL_ECHO_REPLY:
		ping_answered(core, event);
		break;
	}
}

void core_settle(struct core *core, const struct moment *now)
{
	struct tunnel_event event;

	path_run_emitted(core->path, now);
	if (core->sockets && sockets_serve(core, now))
		path_run_emitted(core->path, now);
	while (tunnel_take_event(core->tunnel, &event))
		hear(core, &event, now);
	alarms_hear(core, now);
	filter_log_hear(core, now);
}

/* Takes the lowest bit of *pending. */
static bool take_pending(unsigned *pending, enum core_event_kind *ret)
{
	if (!*pending)
		return false;
	*ret = (enum core_event_kind)__builtin_ctz(*pending);
	*pending &= *pending - 1;
	return true;
}

static void fill_event(const struct core *core, const struct core_peer *peer,
    struct core_event *event)
{
	const struct config_peer *conf = peers_conf(core, peer);

	memcpy(event->peer, peer->name, sizeof(event->peer));
	if (event->kind != CORE_RESOLVE)
		return;
	snprintf(event->host, sizeof(event->host), "%s",
	    conf->endpoint_host ? conf->endpoint_host : "");
	event->port = conf->endpoint_port;
}

static bool take_peer_event(struct core *core, struct core_event *ret)
{
	while (core->pending_peers &&
	       core->pending_at < core->config->peers_count) {
		struct core_peer *peer = core->peers[core->pending_at];

		if (take_pending(&peer->pending, &ret->kind)) {
			core->pending_peers -= !peer->pending;
			fill_event(core, peer, ret);
			return true;
		}
		core->pending_at++;
	}
	return false;
}

bool core_take_event(struct core *core, struct core_event *ret)
{
	memset(ret, 0, sizeof(*ret));
	return take_pending(&core->pending, &ret->kind) ||
	       take_peer_event(core, ret) || ping_take_event(core, ret);
}

bool core_has_news(const struct core *core)
{
	return core->pending || core->pending_peers || ping_has_event(core) ||
	       sockets_have_news(core) || core->captures.has_news ||
	       core->followers_have_news;
}

void core_streams_offered(struct core *core)
{
	core->captures.has_news = false;
	core->followers_have_news = false;
}
