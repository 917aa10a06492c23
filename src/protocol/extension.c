/* SPDX-License-Identifier: ISC */
/* The extension that two vpnd's switch on by themselves. */
#include "protocol/extension.h"

#include "protocol/frames.h"
#include "protocol/hello.h"
#include "protocol/peer.h"

/* ---- what frames do to the timers ---- */

static const struct frame_rules keepalive_rules = {
    .frame = WIRE_FRAME_IP, .counts_for_rekey = true, .may_roam = true};

/* frame, arms data-sent, arms passive keepalive, counts, may roam */
static const struct frame_rules rules[] = {
    {WIRE_FRAME_IP, true, true, true, true},
    {WIRE_FRAME_HELLO, false, false, true, true},
    {WIRE_FRAME_HELLO_ANSWER, false, false, true, true},
    {WIRE_FRAME_PROBE, false, false, true, true},
    {WIRE_FRAME_PROBE_ACK, false, false, true, true},
    {WIRE_FRAME_ECHO, false, false, true, true},
    {WIRE_FRAME_ECHO_REPLY, false, false, true, true},
    {WIRE_FRAME_CLOSE, false, false, true, true},
    {WIRE_FRAME_ETHERNET, true, true, true, true},
    {WIRE_FRAME_ETHERNET_PARTIAL, true, true, true, true},
    {WIRE_FRAME_ETHERNET_VERIFIED, true, true, true, true},
    {WIRE_FRAME_LZ4, true, true, true, true},
    {WIRE_FRAME_ZSTD, true, true, true, true},
    {WIRE_FRAME_BUNDLE, true, true, true, true},
    {WIRE_FRAME_FRAGMENT, true, true, true, true},
};

const struct frame_rules *extension_frame_rules(uint8_t first, size_t len)
{
	if (len == 0)
		return &keepalive_rules;
	for (size_t i = 1; i < ARRAY_SIZE(rules); i++)
		if (rules[i].frame == first)
			return &rules[i];
	return &rules[0];
}

/* ---- state ---- */

void extension_init(struct extension *extension, enum extension_mode mode)
{
	*extension = (struct extension){
	    .mode = mode,
	    .last_hello = INSTANT_NEVER,
	    .tried_unheard = INSTANT_NEVER,
	    .send_aead = AEAD_CHACHA20POLY1305,
	    .tells = {.interval_ns = HELLO_TELL_NS},
	};
}

enum extension_mode extension_mode_on(
    enum wire_link link, enum extension_mode mode)
{
	return link == WIRE_LINK_ETHERNET ? EXTENSION_REQUIRED : mode;
}

/* It said that it has the other kind of device, or takes no frames. */
static bool has_other_link(const struct peer *peer)
{
	const struct extension *extension = &peer->extension;

	if (!extension->is_known)
		return false;
	if (peer->tunnel->link == WIRE_LINK_ETHERNET)
		return extension->link != WIRE_LINK_ETHERNET ||
		       !(extension->features & WIRE_FEATURE_ETHERNET);
	return extension->link && extension->link != WIRE_LINK_IP;
}

enum drop extension_judge_traffic(const struct peer *peer)
{
	const struct extension *extension = &peer->extension;

	if (has_other_link(peer))
		return DROP_VPN_LINK;
	return extension->mode == EXTENSION_REQUIRED && !extension->is_known
		   ? DROP_VPN_PLAIN
		   : DROP_NONE;
}

enum drop extension_judge_received(const struct peer *peer, bool is_plain_ip)
{
	return is_plain_ip || has_other_link(peer)
		   ? extension_judge_traffic(peer)
		   : DROP_NONE;
}

bool extension_permits_traffic(const struct peer *peer)
{
	return extension_judge_traffic(peer) == DROP_NONE;
}

enum drop extension_refusal(const struct peer *peer)
{
	const struct extension *extension = &peer->extension;

	/* until HELLO is answered, packets wait */
	return extension->is_known || extension->is_plain
		   ? extension_judge_traffic(peer)
		   : DROP_NONE;
}

bool extension_may_meet_aes256gcm(const struct peer *peer)
{
	const struct extension *extension = &peer->extension;

	return extension->was_ever_known ||
	       (!extension->is_plain && hello_offers_aes256gcm(peer->tunnel));
}

/* ---- HELLO's schedule ---- */

static void hello_in(struct peer *peer, const struct moment *now, int64_t ns)
{
	timers_arm(peer, TIMER_HELLO, instant_after(now->now, ns));
}

void extension_session_began(
    struct peer *peer, bool is_initiator, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (extension->mode == EXTENSION_OFF)
		return;
	extension->hellos_sent = 0;
	extension->is_settled = false;
	extension->has_spoken = false;
	hello_in(peer, now, is_initiator ? 0 : HELLO_RESPONDER_NS);
}

/* The peer stayed silent to all that we said in this session. */
static void take_for_plain(struct peer *peer)
{
	struct extension *extension = &peer->extension;

	if (!extension->was_ever_known)
		hello_erase_aes256gcm(peer);
	extension->is_known = false;
	if (extension->is_plain)
		return;
	extension->is_plain = true;
	log_info(peer->tunnel->log, "peer %s: is plain WireGuard%s", peer->name,
	    extension->mode == EXTENSION_REQUIRED
		? ", but extension = \"required\": no traffic"
		: "");
	if (extension_refusal(peer))
		peer_drop_staged(peer, extension_refusal(peer));
	tunnel_emit(
	    peer->tunnel, &(struct tunnel_event){
			      .kind = TUNNEL_FEATURES_KNOWN, .peer = peer});
}

/* 1, 2, 4 ... seconds, at most a minute. */
static int64_t retry_ns(unsigned sent)
{
	int64_t ns =
	    sent < 7 ? HELLO_RETRY_NS << (sent - 1) : HELLO_RETRY_LONG_NS;

	return ns < HELLO_RETRY_LONG_NS ? ns : HELLO_RETRY_LONG_NS;
}

/* May one more HELLO go out in this session? To a plain peer one an hour. */
static bool may_say_hello(
    const struct extension *extension, const struct moment *now)
{
	if (extension->mode == EXTENSION_REQUIRED || extension->has_doubt)
		return true;
	if (extension->is_plain)
		return instant_age_ns(extension->last_hello, now->now) >=
		       HELLO_PLAIN_NS;
	return extension->hellos_sent < HELLO_TRIES;
}

/* Only HELLOs were lost: what it offered before still holds. */
static bool is_known_by_deeds(const struct extension *extension)
{
	return extension->is_known && extension->has_spoken;
}

/* After one attempt only who was heard of since, or a long time, gets another:
 * a peer that is plain and idle answers handshakes, and no HELLO. */
static bool may_try_again(const struct peer *peer, struct instant now)
{
	struct instant tried = peer->extension.tried_unheard;

	return instant_is_never(tried) ||
	       instant_age_ns(tried, now) >= HELLO_UNHEARD_NS ||
	       instant_age_ns(tried, peer->last_received) > HELLO_HEARD_NS;
}

/* Nothing at all came since the last of many HELLOs. Where nothing else may be
 * sent, nothing else would find out that the peer is not where we think. */
static bool is_unheard(const struct peer *peer, struct instant now)
{
	const struct extension *extension = &peer->extension;

	return extension->mode == EXTENSION_REQUIRED && extension->is_plain &&
	       extension->hellos_sent >= HELLO_UNHEARD_TRIES &&
	       instant_is_before(peer->last_received, extension->last_hello) &&
	       may_try_again(peer, now);
}

static void look_for_peer(struct peer *peer, const struct moment *now)
{
	peer->extension.tried_unheard = now->now;
	handshake_initiate(peer, now);
}

static void say_hello(struct peer *peer, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (!hello_send(peer, WIRE_FRAME_HELLO)) {
		hello_in(peer, now, HELLO_RETRY_NS);
		return;
	}
	extension->hellos_sent++;
	extension->has_doubt = false;
	extension->last_hello = now->now;
	hello_in(peer, now, retry_ns(extension->hellos_sent));
}

void extension_timer(struct peer *peer, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (extension->is_settled || extension->mode == EXTENSION_OFF ||
	    !peer_has_session(peer, now->now))
		return;
	if (!extension->is_plain && !is_known_by_deeds(extension) &&
	    extension->hellos_sent == HELLO_TRIES)
		take_for_plain(peer);
	if (may_say_hello(extension, now)) {
		if (is_unheard(peer, now->now))
			look_for_peer(peer, now);
		say_hello(peer, now);
	} else if (extension->is_plain) {
		/* keys are kept only for who once was known */
		take_for_plain(peer);
		timers_arm(peer, TIMER_HELLO,
		    instant_after(extension->last_hello, HELLO_PLAIN_NS));
	}
}

void extension_offers_changed(struct peer *peer)
{
	struct extension *extension = &peer->extension;

	if (extension->is_known)
		extension->send_aead = hello_choose_aead(peer);
	if (extension->mode == EXTENSION_OFF)
		return;
	extension->is_settled = false;
	extension->hellos_sent = 0;
	timers_arm(peer, TIMER_HELLO, (struct instant){0}); /* next turn */
}

static void restart_hello(struct peer *peer, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (!extension->is_plain && timers_is_armed(peer, TIMER_HELLO))
		return;
	extension->is_plain = false;
	extension->is_settled = false;
	extension->hellos_sent = 0;
	hello_in(peer, now, 0);
}

/* Nobody has proved anything: at most one HELLO a minute, and who is plain
 * stays so until the answer comes. */
void extension_unreadable_came(struct peer *peer, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (extension->mode == EXTENSION_OFF ||
	    !peer_has_session(peer, now->now) ||
	    instant_age_ns(extension->last_hello, now->now) <
		HELLO_RETRY_LONG_NS)
		return;
	if (!extension->is_plain) {
		restart_hello(peer, now);
		return;
	}
	/* not at once: nothing unauthenticated gets an answer */
	if (extension->has_doubt)
		return;
	extension->has_doubt = true;
	hello_in(peer, now, HELLO_RETRY_NS);
}

/* ---- what the peer says ---- */

static void log_known(const struct peer *peer, unsigned long skipped)
{
	const struct extension *extension = &peer->extension;

	if (skipped)
		log_info(peer->tunnel->log,
		    "peer %s: said %lu more times something else", peer->name,
		    skipped);
	if (extension_refusal(peer))
		log_warning(peer->tunnel->log,
		    "peer %s: this end has a %s device, the peer does not: "
		    "no traffic",
		    peer->name,
		    peer->tunnel->link == WIRE_LINK_ETHERNET ? "tap" : "tun");
	else
		log_info(peer->tunnel->log,
		    "peer %s: has the extension, sending %s", peer->name,
		    aead_find(extension->send_aead)->name);
}

static void tell_known(struct peer *peer, struct instant now)
{
	unsigned long skipped;

	if (log_limit_allows(&peer->extension.tells, now, &skipped))
		log_known(peer, skipped);
	tunnel_emit(
	    peer->tunnel, &(struct tunnel_event){
			      .kind = TUNNEL_FEATURES_KNOWN, .peer = peer});
}

enum drop extension_consume_hello(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	struct extension *extension = &peer->extension;
	bool was_known = extension->is_known;
	enum drop before = extension_refusal(peer);

	if (pkt->generation < extension->generation) {
		pkt->len = 0; /* late: newer offers are known */
		return DROP_NONE;
	}
	if (!hello_read(extension, c))
		return DROP_VPN_FRAME;
	extension->generation = pkt->generation;
	extension->is_known = true;
	extension->was_ever_known = true;
	extension->is_plain = false;
	extension->is_settled = true;
	extension->send_aead = hello_choose_aead(peer);
	timers_disarm(peer, TIMER_HELLO);
	hello_enable_aes256gcm(peer);
	if (packet_data(pkt)[0] == WIRE_FRAME_HELLO)
		(void)hello_send(peer, WIRE_FRAME_HELLO_ANSWER);
	if (!was_known || extension_refusal(peer) != before)
		tell_known(peer, now->now);
	if (extension_refusal(peer))
		peer_drop_staged(peer, extension_refusal(peer));
	else
		peer_release_staged(peer);
	probe_begin(peer, now);
	pkt->len = 0;
	return DROP_NONE;
}

enum drop extension_frame_came(
    struct peer *peer, const struct packet *pkt, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (extension->mode == EXTENSION_OFF)
		return DROP_VPN_NOT_OFFERED;
	if (peer->keypairs.current &&
	    pkt->generation >= peer->keypairs.current->generation)
		extension->has_spoken = true;
	if (extension->is_plain)
		restart_hello(peer, now);
	return DROP_NONE;
}

enum drop extension_consume(
    struct peer *peer, struct packet *pkt, const struct moment *now)
{
	enum drop reason = extension_frame_came(peer, pkt, now);

	return reason ? reason : frames_consume(peer, pkt, now);
}
