/* SPDX-License-Identifier: ISC */
/*
 * The extension that two vpnd's switch on by themselves.
 *
 * How it works: HELLO goes out at the start of a session (the initiator at
 * once, the responder a second later unless it heard one), at most three
 * times; each is answered whenever it comes. "Accept whatever you offered;
 * send only what the peer has offered." What a peer offered is remembered
 * over rekeys. A peer that stayed silent is taken for plain WireGuard and gets
 * one HELLO an hour; any extension frame from it restarts HELLO.
 */
#ifndef PROTOCOL_EXTENSION_H
#define PROTOCOL_EXTENSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cursor.h"
#include "base/instant.h"
#include "base/log.h"
#include "base/packet.h"
#include "protocol/tunnel.h"

#define HELLO_TRIES	    3
#define HELLO_UNHEARD_TRIES 6 /* a minute of silence to HELLOs */
#define HELLO_UNHEARD_NS    (600 * NS_PER_S)
#define HELLO_HEARD_NS	    (10 * NS_PER_S) /* later than by a handshake */
#define HELLO_PLAIN_NS	    (3600 * NS_PER_S)
#define HELLO_RESPONDER_NS  NS_PER_S
#define HELLO_RETRY_NS	    NS_PER_S /* then twice as long each time */
/* What a HELLO changed is logged at most this often: a peer may say two
 * things in turn for ever. */
#define HELLO_TELL_NS	    NS_PER_S
#define HELLO_RETRY_LONG_NS (60 * NS_PER_S)

struct extension {
	enum extension_mode mode;
	bool is_known;	      /* its offers below are valid for sending */
	bool was_ever_known;  /* keys of AES-256-GCM are kept for it */
	bool is_plain;	      /* stayed silent */
	bool has_doubt;	      /* plain, but sent what we can not read */
	bool is_settled;      /* HELLO was heard in this session */
	bool has_spoken;      /* any frame of it was, that is no plain IP */
	uint64_t generation;  /* of the keypair the offers came under */
	unsigned hellos_sent; /* in this session */
	struct instant last_hello;
	struct instant tried_unheard; /* a handshake, for want of answers */
	uint32_t features;
	uint8_t link; /* enum wire_link; 0: it did not say */
	uint32_t largest_frame;
	uint32_t compressors; /* bit 1 << id */
	uint32_t aeads;	      /* bit 1 << id */
	uint16_t aead_speed[TUNNEL_AEADS + 1];
	enum aead_id send_aead; /* chosen from all this */
	uint64_t unknown_frames;
	struct log_limit tells;
};

/* What a frame does to the timers: the table of vpnd-protocol(7). */
struct frame_rules {
	uint8_t frame; /* enum wire_frame; WIRE_FRAME_IP for IP packets */
	bool arms_data_sent;
	bool arms_passive_keepalive;
	bool counts_for_rekey;
	bool may_roam;
};

/* By the first byte of a plaintext; `len` 0 is a keepalive. Never NULL. */
const struct frame_rules *extension_frame_rules(uint8_t first, size_t len);

void extension_init(struct extension *extension, enum extension_mode mode);

/* Has the peer been offered AES-256-GCM, perhaps before it or we were
 * restarted? Then a new session takes it from the start. */
must_check bool extension_may_meet_aes256gcm(const struct peer *peer);

/* A session became usable for sending. */
void extension_session_began(
    struct peer *peer, bool is_initiator, const struct moment *now);
/* TIMER_HELLO came. */
void extension_timer(struct peer *peer, const struct moment *now);
/* Our own offers changed (reload). */
void extension_offers_changed(struct peer *peer);

/* Ethernet frames need the extension, whatever was asked for. */
enum extension_mode extension_mode_on(
    enum wire_link link, enum extension_mode mode);

/* May traffic flow? DROP_VPN_LINK: the peer has the other link.
 * DROP_VPN_PLAIN: extension = "required", and the peer did not say HELLO. */
enum drop extension_judge_traffic(const struct peer *peer);
bool extension_permits_traffic(const struct peer *peer);
/* The same of what came. What plain WireGuard does not send proves that the
 * peer has the extension, though its HELLO may have been lost. */
enum drop extension_judge_received(const struct peer *peer, bool is_plain_ip);
/* The same once the peer has spoken, or was silent for too long: what is
 * refused then need not wait. */
enum drop extension_refusal(const struct peer *peer);

/* What is no plain IP packet came: the peer has the extension. DROP_VPN_
 * NOT_OFFERED: we have not. */
must_check enum drop extension_frame_came(
    struct peer *peer, const struct packet *pkt, const struct moment *now);

/*
 * Handles the frame that pkt holds: pkt->len is 0 after a frame of ours,
 * otherwise pkt is a packet or frame of the tunnel's link now.
 */
must_check enum drop extension_consume(
    struct peer *peer, struct packet *pkt, const struct moment *now);

/* HELLO or its answer came: reads it, answers, releases what waited. */
must_check enum drop extension_consume_hello(struct peer *peer,
    struct packet *pkt, struct cursor *c, const struct moment *now);

/* An AES-256-GCM message came for a keypair that has no such keys. */
void extension_unreadable_came(struct peer *peer, const struct moment *now);

/* Queues frames of ours (frames.c). False: no packet buffer. */
must_check bool extension_send_echo(
    struct peer *peer, uint64_t id, const struct moment *now);
struct packet *extension_close_frame(struct peer *peer, enum wire_close reason);

#endif
