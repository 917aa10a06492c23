/* SPDX-License-Identifier: ISC */
/* HELLO and its answer: what both ends offer, and what follows from it. */
#include "protocol/hello.h"

#include <assert.h>

#include "protocol/peer.h"

/* Every vpnd of this version takes these. */
#define EVERY_LINKS_FEATURES                                                   \
	(WIRE_FEATURE_CHECKSUM | WIRE_FEATURE_ECHO | WIRE_FEATURE_CLOSE |      \
	    WIRE_FEATURE_BUNDLE | WIRE_FEATURE_PROBE)

/* ---- the keys of AES-256-GCM ---- */

static void each_keypair(struct peer *peer,
    void (*act)(const struct memory *memory, struct keypair *keypair))
{
	struct keypair *all[] = {peer->keypairs.previous,
	    peer->keypairs.current, peer->keypairs.next};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i])
			act(peer->tunnel->memory, all[i]);
}

bool hello_offers_aes256gcm(const struct tunnel *tunnel)
{
	for (size_t i = 0; i < tunnel->aeads_count; i++)
		if (tunnel->aeads[i].id == AEAD_AES256GCM)
			return true;
	return false;
}

void hello_enable_aes256gcm(struct peer *peer)
{
	if (hello_offers_aes256gcm(peer->tunnel))
		each_keypair(peer, keypair_enable_aes256gcm);
}

void hello_erase_aes256gcm(struct peer *peer)
{
	gate_settle(peer->tunnel->gate);
	each_keypair(peer, keypair_erase_aes256gcm);
}

/* ---- choosing the cipher to send with ---- */

static unsigned common_speed(
    const struct extension *extension, const struct tunnel_aead *ours)
{
	unsigned theirs = extension->aead_speed[ours->id];

	return theirs < ours->speed ? theirs : ours->speed;
}

enum aead_id hello_choose_aead(const struct peer *peer)
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

/* ---- making ---- */

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

static uint32_t features_of(const struct tunnel *tunnel)
{
	return tunnel->link == WIRE_LINK_ETHERNET
		   ? EVERY_LINKS_FEATURES | WIRE_FEATURE_ETHERNET
		   : EVERY_LINKS_FEATURES;
}

static void write_offers(struct writer *w, const struct peer *peer)
{
	writer_le(w, WIRE_HELLO_FEATURES, 1);
	writer_le(w, 4, 1);
	writer_le(w, features_of(peer->tunnel), 4);
	writer_le(w, WIRE_HELLO_LINK, 1);
	writer_le(w, 1, 1);
	writer_le(w, peer->tunnel->link, 1);
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
bool hello_send(struct peer *peer, enum wire_frame frame)
{
	struct tunnel *tunnel = peer->tunnel;
	struct packet *pkt = pool_get(tunnel->pool);
	uint8_t fields[WIRE_HELLO_BYTES - 4];
	struct writer w = writer_of(fields, sizeof(fields));
	struct writer head;

	if (!pkt)
		return false;
	hello_enable_aes256gcm(peer);
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

/* ---- reading: the first byte has been read ---- */

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
	case WIRE_HELLO_LINK:
		extension->link = cursor_u8(&value);
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
	default: /* a later version's */
		break;
	}
}

/* Reads into a copy, so that a damaged HELLO changes nothing. */
bool hello_read(struct extension *extension, struct cursor *c)
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
	read.link = 0;
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
