/* SPDX-License-Identifier: ISC */
/* The extension that two vpnd's switch on by themselves. */
#include "protocol/extension.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/peer.h"

/* Every vpnd of this version takes these. */
#define OUR_FEATURES                                                           \
	(WIRE_FEATURE_CHECKSUM | WIRE_FEATURE_ECHO | WIRE_FEATURE_CLOSE)

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
	    .send_aead = AEAD_CHACHA20POLY1305,
	};
	for (size_t i = 0; i < EXTENSION_ECHOES; i++)
		extension->echoes[i].sent = INSTANT_NEVER;
}

bool extension_permits_traffic(const struct peer *peer)
{
	return peer->extension.mode != EXTENSION_REQUIRED ||
	       peer->extension.is_known;
}

bool extension_refuses_traffic(const struct peer *peer)
{
	return peer->extension.mode == EXTENSION_REQUIRED &&
	       peer->extension.is_plain;
}

static void each_keypair(struct peer *peer,
    void (*act)(const struct memory *memory, struct keypair *keypair))
{
	struct keypair *all[] = {peer->keypairs.previous,
	    peer->keypairs.current, peer->keypairs.next};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i])
			act(peer->tunnel->memory, all[i]);
}

static bool do_we_offer(const struct tunnel *tunnel, enum aead_id id)
{
	for (size_t i = 0; i < tunnel->aeads_count; i++)
		if (tunnel->aeads[i].id == id)
			return true;
	return false;
}

bool extension_may_meet_aes256gcm(const struct peer *peer)
{
	const struct extension *extension = &peer->extension;

	return extension->was_ever_known ||
	       (!extension->is_plain &&
		   do_we_offer(peer->tunnel, AEAD_AES256GCM));
}

/* ---- choosing the cipher to send with ---- */

static unsigned common_speed(
    const struct extension *extension, const struct tunnel_aead *ours)
{
	unsigned theirs = extension->aead_speed[ours->id];

	return theirs < ours->speed ? theirs : ours->speed;
}

/* The user's order; or the one that the slower end does fastest, where an
 * equal speed (none was measured) leaves the order of the table. */
static enum aead_id choose_aead(const struct peer *peer)
{
	const struct tunnel *tunnel = peer->tunnel;
	const struct extension *extension = &peer->extension;
	const struct tunnel_aead *best = NULL;

	for (size_t i = 0; i < tunnel->aeads_count; i++) {
		const struct tunnel_aead *aead = &tunnel->aeads[i];

		if (!(extension->aeads & 1u << aead->id))
			continue;
		if (!best ||
		    (!tunnel->has_order && common_speed(extension, aead) >
					       common_speed(extension, best)))
			best = aead;
	}
	return best ? best->id : AEAD_CHACHA20POLY1305;
}

/* ---- making frames ---- */

/* Of AES-256-GCM: only while this session has its keys. */
static bool can_take(const struct peer *peer, enum aead_id id)
{
	const struct keypair *current = peer->keypairs.current;

	return id != AEAD_AES256GCM ||
	       (current && current->receive[CIPHER_AES256GCM]);
}

static void write_aeads(struct writer *w, const struct peer *peer)
{
	const struct tunnel *tunnel = peer->tunnel;
	uint8_t values[3 * TUNNEL_AEADS];
	struct writer list = writer_of(values, sizeof(values));

	for (size_t i = 0; i < tunnel->aeads_count; i++) {
		if (!can_take(peer, tunnel->aeads[i].id))
			continue;
		writer_le(&list, tunnel->aeads[i].id, 1);
		writer_le(&list, tunnel->aeads[i].speed, 2);
	}
	writer_le(w, WIRE_HELLO_AEADS, 1);
	writer_le(w, sizeof(values) - list.left, 1);
	writer_bytes(w, values, sizeof(values) - list.left);
}

static void write_offers(struct writer *w, const struct peer *peer)
{
	writer_le(w, WIRE_HELLO_FEATURES, 1);
	writer_le(w, 4, 1);
	writer_le(w, OUR_FEATURES, 4);
	writer_le(w, WIRE_HELLO_LINK, 1);
	writer_le(w, 1, 1);
	writer_le(w, WIRE_LINK_IP, 1);
	writer_le(w, WIRE_HELLO_LARGEST, 1);
	writer_le(w, 4, 1);
	writer_le(w, peer->tunnel->largest_frame, 4);
	write_aeads(w, peer);
	writer_le(w, WIRE_HELLO_COMPRESSORS, 1);
	writer_le(w, 2, 1);
	writer_le(w, COMPRESSOR_LZ4, 1);
	writer_le(w, COMPRESSOR_ZSTD, 1);
}

/* Both HELLO and its answer. Offering AES-256-GCM means to take it from now
 * on, so its keys are set up before the offer leaves. */
static bool send_hello(struct peer *peer, enum wire_frame frame)
{
	struct tunnel *tunnel = peer->tunnel;
	struct packet *pkt = pool_get(tunnel->pool);
	uint8_t fields[WIRE_HELLO_BYTES - 4];
	struct writer w = writer_of(fields, sizeof(fields));
	struct writer head;

	if (!pkt)
		return false;
	if (do_we_offer(tunnel, AEAD_AES256GCM))
		each_keypair(peer, keypair_enable_aes256gcm);
	write_offers(&w, peer);
	assert(!w.has_failed);
	head = writer_of(packet_data(pkt), WIRE_HELLO_BYTES);
	writer_le(&head, frame, 1);
	writer_le(&head, WIRE_HELLO_VERSION, 1);
	writer_le(&head, sizeof(fields) - w.left, 2);
	writer_bytes(&head, fields, sizeof(fields) - w.left);
	writer_zeros(&head, head.left);
	pkt->len = WIRE_HELLO_BYTES;
	peer_queue_frame(peer, pkt, (uint8_t)frame);
	return true;
}

static bool send_echo_frame(
    struct peer *peer, enum wire_frame frame, uint64_t id, uint64_t time)
{
	struct packet *pkt = pool_get(peer->tunnel->pool);
	struct writer w;

	if (!pkt)
		return false;
	w = writer_of(packet_data(pkt), WIRE_ECHO_BYTES);
	writer_le(&w, frame, 1);
	writer_le(&w, WIRE_ECHO_BYTES - 2, 1);
	writer_le(&w, id, 8);
	writer_le(&w, time, 8);
	pkt->len = WIRE_ECHO_BYTES;
	peer_queue_frame(peer, pkt, (uint8_t)frame);
	return true;
}

bool extension_send_echo(
    struct peer *peer, uint64_t id, const struct moment *now)
{
	struct extension *extension = &peer->extension;
	struct extension_echo *echo =
	    &extension->echoes[extension->next_echo++ % EXTENSION_ECHOES];

	echo->id = id;
	echo->sent = now->now;
	return send_echo_frame(
	    peer, WIRE_FRAME_ECHO, id, (uint64_t)now->now.ns);
}

struct packet *extension_close_frame(struct peer *peer, enum wire_close reason)
{
	struct packet *pkt;
	struct writer w;

	if (!peer->extension.is_known ||
	    !(peer->extension.features & WIRE_FEATURE_CLOSE))
		return NULL;
	pkt = pool_get(peer->tunnel->pool);
	if (!pkt)
		return NULL;
	w = writer_of(packet_data(pkt), WIRE_CLOSE_BYTES);
	writer_le(&w, WIRE_FRAME_CLOSE, 1);
	writer_le(&w, reason, 1);
	pkt->len = WIRE_CLOSE_BYTES;
	pkt->frame = WIRE_FRAME_CLOSE;
	return pkt;
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
	hello_in(peer, now, is_initiator ? 0 : HELLO_RESPONDER_NS);
}

/* The peer stayed silent to all that we said in this session. */
static void take_for_plain(struct peer *peer)
{
	struct extension *extension = &peer->extension;

	if (!extension->was_ever_known)
		each_keypair(peer, keypair_erase_aes256gcm);
	extension->is_known = false;
	if (extension->is_plain)
		return;
	extension->is_plain = true;
	log_info(peer->tunnel->log, "peer %s: is plain WireGuard%s", peer->name,
	    extension->mode == EXTENSION_REQUIRED
		? ", but extension = \"required\": no traffic"
		: "");
	if (extension_refuses_traffic(peer))
		peer_drop_staged(peer, DROP_VPN_PLAIN);
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
	if (extension->mode == EXTENSION_REQUIRED)
		return true;
	if (extension->is_plain)
		return instant_age_ns(extension->last_hello, now->now) >=
		       HELLO_PLAIN_NS;
	return extension->hellos_sent < HELLO_TRIES;
}

static void say_hello(struct peer *peer, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (!send_hello(peer, WIRE_FRAME_HELLO)) {
		hello_in(peer, now, HELLO_RETRY_NS);
		return;
	}
	extension->hellos_sent++;
	extension->last_hello = now->now;
	hello_in(peer, now, retry_ns(extension->hellos_sent));
}

void extension_timer(struct peer *peer, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (extension->is_settled || extension->mode == EXTENSION_OFF ||
	    !peer_has_session(peer, now->now))
		return;
	if (!extension->is_plain && extension->hellos_sent == HELLO_TRIES)
		take_for_plain(peer);
	if (may_say_hello(extension, now)) {
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
		extension->send_aead = choose_aead(peer);
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
	const struct extension *extension = &peer->extension;

	if (extension->mode == EXTENSION_OFF ||
	    !peer_has_session(peer, now->now) ||
	    instant_age_ns(extension->last_hello, now->now) <
		HELLO_RETRY_LONG_NS)
		return;
	if (extension->is_plain)
		say_hello(peer, now);
	else
		restart_hello(peer, now);
}

/* ---- consuming frames: the first byte has been read ---- */

static void read_aeads(struct extension *extension, struct cursor value)
{
	extension->aeads = 0;
	while (value.left >= 3) {
		uint8_t id = cursor_u8(&value);
		uint16_t speed = cursor_le16(&value);

		if (id == 0 || id > TUNNEL_AEADS)
			continue;
		extension->aeads |= 1u << id;
		extension->aead_speed[id] = speed;
	}
}

static void read_compressors(struct extension *extension, struct cursor value)
{
	extension->compressors = 0;
	while (value.left) {
		uint8_t id = cursor_u8(&value);

		if (id > COMPRESSOR_NONE && id <= COMPRESSOR_ZSTD)
			extension->compressors |= 1u << id;
	}
}

static void read_field(
    struct extension *extension, uint8_t field, struct cursor value)
{
	switch (field) {
	case WIRE_HELLO_FEATURES:
		extension->features = cursor_le32(&value);
		break;
	case WIRE_HELLO_LARGEST:
		extension->largest_frame = cursor_le32(&value);
		break;
	case WIRE_HELLO_AEADS:
		read_aeads(extension, value);
		break;
	case WIRE_HELLO_COMPRESSORS:
		read_compressors(extension, value);
		break;
	default: /* a later version's, or the link type: nothing to do */
		break;
	}
}

/* Reads into a copy, so that a damaged HELLO changes nothing. */
static bool read_offers(struct extension *extension, struct cursor *c)
{
	struct extension read = *extension;
	struct cursor fields;
	uint8_t version;
	uint16_t len;

	version = cursor_u8(c); /* a later one may have more fields */
	len = cursor_le16(c);
	fields = cursor_of(cursor_take(c, len), len);
	if (c->has_failed || version == 0 || len == 0)
		return false;
	read.features = 0;
	read.aeads = 1u << AEAD_CHACHA20POLY1305;
	read.compressors = 0;
	while (fields.left > 0) {
		uint8_t field = cursor_u8(&fields);
		uint8_t field_len = cursor_u8(&fields);
		const uint8_t *value = cursor_take(&fields, field_len);

		if (!value)
			return false;
		read_field(&read, field, cursor_of(value, field_len));
	}
	*extension = read;
	return true;
}

static void tell_known(struct peer *peer)
{
	struct extension *extension = &peer->extension;

	log_info(peer->tunnel->log, "peer %s: has the extension, sending %s",
	    peer->name, aead_find(extension->send_aead)->name);
	tunnel_emit(
	    peer->tunnel, &(struct tunnel_event){
			      .kind = TUNNEL_FEATURES_KNOWN, .peer = peer});
}

static enum drop consume_hello(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	struct extension *extension = &peer->extension;
	bool was_known = extension->is_known;

	(void)now;
	if (pkt->generation < extension->generation) {
		pkt->len = 0; /* late: newer offers are known */
		return DROP_NONE;
	}
	if (!read_offers(extension, c))
		return DROP_VPN_FRAME;
	extension->generation = pkt->generation;
	extension->is_known = true;
	extension->was_ever_known = true;
	extension->is_plain = false;
	extension->is_settled = true;
	extension->send_aead = choose_aead(peer);
	timers_disarm(peer, TIMER_HELLO);
	if (do_we_offer(peer->tunnel, AEAD_AES256GCM))
		each_keypair(peer, keypair_enable_aes256gcm);
	if (packet_data(pkt)[0] == WIRE_FRAME_HELLO)
		(void)send_hello(peer, WIRE_FRAME_HELLO_ANSWER);
	if (!was_known)
		tell_known(peer);
	peer_release_staged(peer);
	pkt->len = 0;
	return DROP_NONE;
}

static enum drop consume_echo(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	uint8_t len = cursor_u8(c);
	uint64_t id = cursor_le64(c);
	uint64_t time = cursor_le64(c);

	(void)now;
	if (c->has_failed || len < WIRE_ECHO_BYTES - 2)
		return DROP_VPN_FRAME;
	(void)send_echo_frame(peer, WIRE_FRAME_ECHO_REPLY, id, time);
	pkt->len = 0;
	return DROP_NONE;
}

static enum drop consume_echo_reply(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	struct extension *extension = &peer->extension;
	uint64_t id;

	cursor_skip(c, 1);
	id = cursor_le64(c);
	cursor_skip(c, 8); /* the time: what counts is when we sent it */
	if (c->has_failed)
		return DROP_VPN_FRAME;
	for (size_t i = 0; i < EXTENSION_ECHOES; i++) {
		struct extension_echo *echo = &extension->echoes[i];

		if (instant_is_never(echo->sent) || echo->id != id)
			continue;
		tunnel_emit(peer->tunnel,
		    &(struct tunnel_event){.kind = TUNNEL_ECHO_REPLY,
			.peer = peer,
			.echo_id = id,
			.rtt_ns = instant_age_ns(echo->sent, now->now)});
		echo->sent = INSTANT_NEVER;
	}
	pkt->len = 0;
	return DROP_NONE;
}

static enum drop consume_close(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	(void)c;
	(void)now;
	peer_end_sessions(peer, pkt->generation);
	pkt->len = 0;
	if (peer->keypairs.current)
		return DROP_NONE;
	peer->is_closed = true;
	log_info(peer->tunnel->log, "peer %s: closed the session", peer->name);
	tunnel_emit(peer->tunnel,
	    &(struct tunnel_event){.kind = TUNNEL_CLOSED, .peer = peer});
	return DROP_NONE;
}

/* The block goes to a spare buffer, which becomes pkt's. */
static enum drop consume_compressed(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	struct tunnel *tunnel = peer->tunnel;
	enum compressor_id id = packet_data(pkt)[0] == WIRE_FRAME_LZ4
				    ? COMPRESSOR_LZ4
				    : COMPRESSOR_ZSTD;
	uint16_t original = cursor_le16(c);
	uint16_t len = cursor_le16(c);
	const uint8_t *block = cursor_take(c, len);
	struct packet *spare;

	(void)now;
	if (!block || original == 0 || original > tunnel->largest_frame)
		return DROP_VPN_DECOMPRESS;
	spare = pool_get(tunnel->pool);
	if (!spare)
		return DROP_NOMEM;
	if (!compressor_find(id)->expand(tunnel->compressors[id],
		packet_data(spare), original, block, len)) {
		pool_put(tunnel->pool, spare);
		return DROP_VPN_DECOMPRESS;
	}
	packet_swap_buffers(pkt, spare);
	pkt->offset = spare->offset;
	pkt->len = original;
	pool_put(tunnel->pool, spare);
	peer->counters.expanded_packets++;
	return DROP_NONE;
}

static const struct {
	uint8_t frame;
	enum drop (*consume)(struct peer *peer, struct packet *pkt,
	    struct cursor *c, const struct moment *now);
} consumers[] = {
    {WIRE_FRAME_HELLO, consume_hello},
    {WIRE_FRAME_HELLO_ANSWER, consume_hello},
    {WIRE_FRAME_ECHO, consume_echo},
    {WIRE_FRAME_ECHO_REPLY, consume_echo_reply},
    {WIRE_FRAME_CLOSE, consume_close},
    {WIRE_FRAME_LZ4, consume_compressed},
    {WIRE_FRAME_ZSTD, consume_compressed},
};

/* ---- checksum state: no byte of its own ---- */

static const struct {
	uint8_t wire, plain;
	enum checksum_state state;
} checksum_nibbles[] = {
    {WIRE_NIBBLE_IPV4, WIRE_NIBBLE_IPV4, CHECKSUM_FULL},
    {WIRE_NIBBLE_IPV6, WIRE_NIBBLE_IPV6, CHECKSUM_FULL},
    {WIRE_NIBBLE_IPV4_PARTIAL, WIRE_NIBBLE_IPV4, CHECKSUM_PARTIAL},
    {WIRE_NIBBLE_IPV4_VERIFIED, WIRE_NIBBLE_IPV4, CHECKSUM_VERIFIED},
    {WIRE_NIBBLE_IPV6_PARTIAL, WIRE_NIBBLE_IPV6, CHECKSUM_PARTIAL},
    {WIRE_NIBBLE_IPV6_VERIFIED, WIRE_NIBBLE_IPV6, CHECKSUM_VERIFIED},
};

/* False: no IP packet. */
static bool restore_version(struct packet *pkt)
{
	uint8_t *first = packet_data(pkt);

	for (size_t i = 0; i < ARRAY_SIZE(checksum_nibbles); i++) {
		if (*first >> 4 != checksum_nibbles[i].wire)
			continue;
		*first =
		    (uint8_t)(checksum_nibbles[i].plain << 4 | (*first & 0x0f));
		pkt->checksum = checksum_nibbles[i].state;
		return true;
	}
	return false;
}

static enum drop unknown_frame(struct peer *peer)
{
	peer->extension.unknown_frames++;
	return DROP_VPN_FRAME;
}

static enum drop consume_frame(
    struct peer *peer, struct packet *pkt, const struct moment *now)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);
	uint8_t frame = cursor_u8(&c);
	enum drop reason;

	for (size_t i = 0; i < ARRAY_SIZE(consumers); i++) {
		if (consumers[i].frame != frame)
			continue;
		reason = consumers[i].consume(peer, pkt, &c, now);
		if (reason || pkt->len == 0)
			return reason;
		/* what was compressed is an IP packet, nothing nested */
		return restore_version(pkt) ? DROP_NONE : DROP_VPN_DECOMPRESS;
	}
	return unknown_frame(peer);
}

enum drop extension_consume(
    struct peer *peer, struct packet *pkt, const struct moment *now)
{
	struct extension *extension = &peer->extension;

	if (extension->mode == EXTENSION_OFF)
		return DROP_VPN_NOT_OFFERED;
	if (extension->is_plain)
		restart_hello(peer, now);
	if (restore_version(pkt))
		return DROP_NONE;
	return consume_frame(peer, pkt, now);
}
