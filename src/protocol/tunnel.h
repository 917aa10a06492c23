/* SPDX-License-Identifier: ISC */
/*
 * The protocol as a whole: peers, sessions, handshakes, timers, extension.
 *
 * How it works: bytes and time come in through the functions below; effects
 * come out as data: handshake messages on one list (tunnel_take_messages),
 * frames of our own that still have to be sealed on another
 * (tunnel_take_frames), staged packets whose session has come on a third
 * (tunnel_take_released), events (tunnel_take_event), and one deadline
 * (tunnel_deadline). Nothing here knows an IP header, a socket or a clock.
 */
#ifndef PROTOCOL_TUNNEL_H
#define PROTOCOL_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/gate.h"
#include "base/instant.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/packet.h"
#include "protocol/aead.h"
#include "protocol/compress.h"
#include "protocol/wire.h"

struct tunnel;
struct peer;

enum extension_mode {
	EXTENSION_AUTO,	    /* use it when the peer has it */
	EXTENSION_OFF,	    /* plain WireGuard */
	EXTENSION_REQUIRED, /* no traffic without it */
};

#define TUNNEL_AEADS AEAD_IDS
/* Bytes that may wait for one peer's session, and for all. */
#define TUNNEL_STAGED_PEER_BYTES (256 * 1024)
#define TUNNEL_STAGED_ALL_BYTES	 (8 * 1024 * 1024)

struct tunnel_aead {
	enum aead_id id;
	uint16_t speed; /* MB/s measured at start; 0: not measured */
};

struct tunnel_setup {
	struct pool *pool;
	const struct memory *memory; /* for secrets */
	const struct log *log;	     /* may be NULL */
	/* What we accept, in order of preference. `has_order`: the user said
	 * so; otherwise the faster of those that both ends have comes first. */
	struct tunnel_aead aeads[TUNNEL_AEADS];
	size_t aeads_count;
	bool has_order;
	/* Back ends by aead_id; NULL: aead_find's. They must be right
	 * (aead_is_right), and are those of the tunnel for its life. */
	const struct aead *backends[AEAD_IDS + 1];
	uint32_t largest_frame; /* inner bytes that we can take */
	/* What packets are: IP packets (so does 0), or Ethernet frames. Peers
	 * of the other kind are refused. On Ethernet, extension modes count
	 * as EXTENSION_REQUIRED. */
	enum wire_link link;
	/* Padding never makes a packet larger than this; 0: no limit. */
	uint32_t mtu;
};

/* 0, -ENOMEM, or -ENOTSUP (a cipher is missing or gives wrong answers). */
must_check int tunnel_new(
    struct tunnel **ret, const struct tunnel_setup *setup);
/* Returns all packets to the pool, wipes all keys. */
void tunnel_free(struct tunnel *tunnel);

/* Replaces the identity; all sessions end. All zeros: no identity, silence. */
void tunnel_set_private_key(struct tunnel *tunnel,
    const uint8_t key[WIRE_KEY_BYTES], const struct moment *now);
const uint8_t *tunnel_public_key(const struct tunnel *tunnel);
void tunnel_set_aeads(struct tunnel *tunnel, const struct tunnel_aead *aeads,
    size_t count, bool has_order);

/* The socket sends datagrams of one size as segments of one (UDP_SEGMENT), so
 * peers are asked whether they arrive (PROBE). At first it does not. */
void tunnel_set_segments(struct tunnel *tunnel, bool sends_segments);

/* Two threads share the tunnel: what seals and opens steps aside. The gate
 * stays the caller's; NULL, as at first: there is one thread. */
void tunnel_set_gate(struct tunnel *tunnel, const struct gate *gate);

/* The back end in use for an AEAD; NULL for an unknown id. */
const struct aead *tunnel_backend(const struct tunnel *tunnel, enum aead_id id);

/* ---- peers ---- */

struct tunnel_peer_setup {
	const char *name; /* for the log; the caller keeps it valid */
	void *user;	  /* the caller's own */
	uint8_t public_key[WIRE_KEY_BYTES];
	uint8_t preshared_key[WIRE_KEY_BYTES]; /* zeros: none */
	uint32_t keepalive_s;		       /* 0: off */
	enum extension_mode extension;
	enum compressor_id compressor; /* for what we send */
};

/* 0, -EEXIST, -EINVAL (our own key, or a low-order point), -ENOMEM. */
must_check int tunnel_peer_add(struct tunnel *tunnel, struct peer **ret,
    const struct tunnel_peer_setup *setup, const struct moment *now);
/* What is staged for it goes to tunnel_take_dropped, while it has a name. */
void tunnel_peer_give_up(struct peer *peer);
/* Sends CLOSE where there is a session, drops what is staged, wipes. */
void tunnel_peer_remove(
    struct tunnel *tunnel, struct peer *peer, const struct moment *now);
struct peer *tunnel_peer_find(
    const struct tunnel *tunnel, const uint8_t public_key[WIRE_KEY_BYTES]);
void *tunnel_peer_user(const struct peer *peer);
const char *tunnel_peer_name(const struct peer *peer);

/* For the path's own use, as `user` is for the core's: the peer's port of the
 * switch. NULL until it is set. */
void tunnel_peer_set_port(struct peer *peer, void *port);
void *tunnel_peer_port(const struct peer *peer);

/* A number of the caller's for the peer, not 0, which stands for the host: how
 * rooms that do not know peers tell them apart. 0 until it is set. */
void tunnel_peer_set_id(struct peer *peer, uint32_t id);
uint32_t tunnel_peer_id(const struct peer *peer);

/* It has any allowed IPs: on tap, one without may use all addresses. */
bool tunnel_peer_has_allowed_ips(const struct peer *peer);

/* Why nothing that is not ours passes to or from it: VPN_PLAIN, VPN_LINK, or
 * DROP_NONE. */
enum drop tunnel_peer_refusal(const struct peer *peer);

/* The largest frame that it says it takes; 0: it did not say. */
uint32_t tunnel_peer_largest_frame(const struct peer *peer);

/* A flooded frame may be sent to it: it has a session and is not refused, or
 * an endpoint to ask for one (as tunnel_neigh does, refused or not: the peer
 * may be another one by now). */
bool tunnel_peer_takes_floods(const struct peer *peer, struct instant now);

/* Applies name, keepalive, extension, compressor and pre-shared key of `setup`
 * to a peer; its session lives on but for a changed pre-shared key. */
void tunnel_peer_change(struct tunnel *tunnel, struct peer *peer,
    const struct tunnel_peer_setup *setup, const struct moment *now);

/* From the configuration, a resolved name or the state file. Family NONE:
 * forget it. */
void tunnel_peer_set_endpoint(
    struct peer *peer, const struct endpoint *endpoint);
const struct endpoint *tunnel_peer_endpoint(const struct peer *peer);

must_check int tunnel_peer_allow(
    struct tunnel *tunnel, struct peer *peer, const struct prefix *prefix);
void tunnel_peer_disallow(
    struct tunnel *tunnel, struct peer *peer, const struct prefix *prefix);

/* Begins a handshake now unless there is a session or one is under way. */
void tunnel_peer_connect(
    struct tunnel *tunnel, struct peer *peer, const struct moment *now);

/* Sends ECHO with this id through the session. 0, -ENOTCONN (no session),
 * -EOPNOTSUPP (the peer has no ECHO), -ENOBUFS. */
must_check int tunnel_peer_echo(struct tunnel *tunnel, struct peer *peer,
    uint64_t id, const struct moment *now);

/* The peer whose handshake or session a datagram's receiver index names, as
 * long as nobody has proved it; NULL: none. */
must_check const struct peer *tunnel_peer_addressed(
    const struct tunnel *tunnel, const struct packet *datagram);

/* ---- data path, in the order of the stages ---- */

/*
 * Looks at a datagram that came from pkt->endpoint. DROP_NONE with
 * pkt->is_data: it goes on to tunnel_open. DROP_NONE without: a handshake
 * message, done with (the caller releases pkt). Otherwise the reason; in any
 * case the caller keeps pkt.
 */
must_check enum drop tunnel_receive(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now);

/*
 * Opens a batch of data messages in place: pkt->drop is DROP_NONE and the data
 * is the plaintext (with padding), pkt->peer and pkt->counter are set; or
 * pkt->drop is the reason and the packet's bytes are undefined.
 */
void tunnel_open(struct tunnel *tunnel, struct packet **pkts, size_t count,
    const struct moment *now);

/* Whether the datagrams of a received train are data messages under the same
 * keys, as far as their headers tell: it may go on as it is, as DROP_NONE of
 * tunnel_receive says of each. */
must_check bool tunnel_is_train(const struct packet *pkt);
/* Whose it is, or what is left of it, a datagram at least: peer, generation,
 * counter of the first one. False: they are to be opened one by one. */
must_check bool tunnel_find_train(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now);

/* Datagrams of a train, as they are opened. */
struct opening {
	/* Called for each in their order: where its plaintext goes, `len` bytes
	 * with padding, what is before it may be overwritten; NULL: enough. */
	uint8_t *(*place)(void *context, uint32_t len);
	/* The IP packet or frame is there; of `opened`, len, checksum and frame
	 * are set. len 0: there is none, or it is something else. False: the
	 * datagram is left in the train. */
	bool (*take)(void *context, const struct packet *opened);
	void *context;
};

/* Opens a train that was found, from the first datagram on, as long as they are
 * taken; those are expanded and counted, and not in it any more. Their number.
 * The others are untouched. */
must_check size_t tunnel_open_train(struct tunnel *tunnel, struct packet *pkt,
    const struct opening *opening, const struct moment *now);

/* How many frames an opened plaintext is (BUNDLE); 0: it is none, or not one
 * that we take. */
size_t tunnel_bundle_frames(const struct packet *pkt);
/*
 * Takes those frames apart: each is a packet behind `to`, for tunnel_expand, as
 * if it had come alone. The number that there was no buffer for. The caller
 * keeps pkt.
 */
must_check size_t tunnel_unbundle(struct tunnel *tunnel,
    const struct packet *pkt, struct packet_list *to, const struct moment *now);

/*
 * Looks at the first byte of an opened plaintext. DROP_NONE with pkt->len > 0:
 * it is an IP packet (version nibble and pkt->checksum restored, a compressed
 * one expanded), or, with WIRE_LINK_ETHERNET, an Ethernet frame without
 * padding, pkt->frame one of WIRE_FRAME_ETHERNET*. DROP_NONE with pkt->len ==
 * 0: a keepalive or a frame of ours, done with.
 */
must_check enum drop tunnel_expand(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now);

/* The peer whose allowed IPs have the address, or NULL. */
struct peer *tunnel_route(
    const struct tunnel *tunnel, const struct address *address);
/* How many allowed IPs the peer has. Of them *ret is the one that the address
 * is looked up in, or the first of its family, or the first, in this order. */
must_check size_t tunnel_route_prefix(const struct tunnel *tunnel,
    const struct peer *peer, const struct address *address, struct prefix *ret);

/*
 * May data go to pkt->peer now? DROP_NONE and *ret_taken false: yes. True: the
 * packet waits in the peer's queue (consumed) and a handshake is under way; or,
 * when it is dry, would and would be. Otherwise the reason, and the caller
 * keeps pkt. What the queue pushes out is on tunnel_take_dropped.
 */
must_check enum drop tunnel_neigh(struct tunnel *tunnel, struct packet *pkt,
    const struct moment *now, bool *ret_taken);

/* Whether tunnel_neigh would take it, or refuse it. */
must_check bool tunnel_makes_wait(const struct tunnel *tunnel,
    const struct packet *pkt, const struct moment *now);

/* What is sent to this peer next may be without a complete L4 checksum, as the
 * peer hears of it (CHECKSUM of the extension). */
bool tunnel_peer_takes_checksums(const struct peer *peer);

/* Makes pkt what tunnel_seal takes: tells the state of its checksum to a peer
 * that hears of it; puts the head of ETHERNET before a frame;
 * compresses it in place when the peer takes that and it becomes smaller.
 * pkt->flow_hash 0: do not try (already encrypted inside, or unknown). */
void tunnel_compress(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now);
/* Whether a super-packet's segments would be tried: then it has to be cut.
 * Another stays as it is in tunnel_compress, which may try some bytes of it. */
must_check bool tunnel_may_compress(const struct packet *whole);

/*
 * Puts small packets of a batch, ready to be sealed, into an earlier one for
 * the same peer (BUNDLE), when the peer takes that; the order of each peer's
 * packets stays. A packet with is_bundled set is not to be sealed: its bytes
 * and segments are another one's now.
 */
void tunnel_bundle(
    struct tunnel *tunnel, struct packet *const *pkts, size_t count);

/*
 * Seals a batch in place, in order: pkt->drop is DROP_NONE and the packet is a
 * datagram for pkt->endpoint; or pkt->drop is the reason.
 */
void tunnel_seal(struct tunnel *tunnel, struct packet **pkts, size_t count,
    const struct moment *now);

/* Segments of a super-packet, as they are sealed. */
struct train {
	const struct packet *whole; /* the caller's; its bytes may change */
	uint32_t first, count;	    /* of its segments */
	uint32_t segment_len;	    /* bytes of each but the last of these */
	uint32_t last_len;
	enum checksum_state checksum; /* of each */
	/* Called for each in their order: where its bytes are now. What is
	 * before them may be overwritten; what is behind them stays. */
	uint8_t *(*stamp)(void *context, uint32_t idx);
	void *context;
};

/* Of a segment with that many bytes. */
must_check uint32_t tunnel_datagram_bytes(
    const struct tunnel *tunnel, uint32_t len);
/* A super-packet that has to be cut, as its packets are sealed differently. */
must_check bool tunnel_seals_singly(const struct packet *whole);

/*
 * DROP_NONE: the datagrams are in `to`, which is large enough, one behind the
 * other; len, segments, segment_bytes and endpoint are set. It was empty, or
 * had datagrams of the same peer and of the same length, and they are behind
 * those. Else the reason, and nothing has changed.
 */
must_check enum drop tunnel_seal_train(struct tunnel *tunnel,
    const struct train *train, struct packet *to, const struct moment *now);

/* ---- effects ---- */

/* There is something for one of the next four. */
must_check bool tunnel_has_made(const struct tunnel *tunnel);
/* Appends handshake messages, ready for pkt->endpoint. */
void tunnel_take_messages(struct tunnel *tunnel, struct packet_list *to);
/* Appends frames of ours with pkt->peer set, to be sealed. */
void tunnel_take_frames(struct tunnel *tunnel, struct packet_list *to);
/* Appends staged packets whose peer may be sent to now. */
void tunnel_take_released(struct tunnel *tunnel, struct packet_list *to);
/* Appends staged packets that were given up, with pkt->drop set. */
void tunnel_take_dropped(struct tunnel *tunnel, struct packet_list *to);

enum tunnel_event_kind {
	TUNNEL_SESSION_UP,	/* a handshake completed */
	TUNNEL_GAVE_UP,		/* no answer for 90 s */
	TUNNEL_CLOSED,		/* the peer sent CLOSE */
	TUNNEL_ENDPOINT_MOVED,	/* the peer roamed */
	TUNNEL_ENDPOINT_SILENT, /* retries go unanswered: resolve the name */
	TUNNEL_FEATURES_KNOWN,	/* the peer's HELLO came, or it is plain */
	TUNNEL_ECHO_REPLY,
};

struct tunnel_event {
	enum tunnel_event_kind kind;
	struct peer *peer;
	uint64_t echo_id;
	int64_t rtt_ns;
};

/* False when there is none. */
must_check bool tunnel_take_event(
    struct tunnel *tunnel, struct tunnel_event *ret);

/* Runs what is due. */
void tunnel_turn(struct tunnel *tunnel, const struct moment *now);
/* When tunnel_turn wants to be called next; INSTANT_NEVER: not at all. */
struct instant tunnel_deadline(const struct tunnel *tunnel);

/* Our own addresses or port changed: forget sticky sources, and tell each peer
 * with a session through a keepalive. */
void tunnel_underlay_changed(struct tunnel *tunnel, const struct moment *now);

/* Sending to this peer failed: its sticky source is cleared. */
void tunnel_peer_send_failed(struct peer *peer);
/* This host takes no segments on the way to it, for this reason, a constant:
 * its datagrams go alone until the way changes. */
void tunnel_peer_segments_refused(
    struct peer *peer, const char *why, const struct moment *now);

/* Queues CLOSE for each peer that has a session and understands it. The caller
 * seals these frames and sends nothing after them. */
void tunnel_close(
    struct tunnel *tunnel, enum wire_close reason, const struct moment *now);

/* ---- reading ---- */

struct tunnel_peer_status {
	bool has_session; /* may send now */
	bool is_handshaking;
	struct instant last_handshake; /* INSTANT_NEVER: none yet */
	int64_t last_handshake_wall_s;
	struct instant last_received; /* authenticated; INSTANT_NEVER */
	unsigned attempts;	      /* since the last success */
	struct instant next_attempt;  /* INSTANT_NEVER: none planned */
	bool has_given_up;
	bool is_closed; /* by the peer's CLOSE */
	/* required, but the peer is plain; or it has the other link */
	bool is_refused;
	enum wire_link peer_link; /* once knows_features; 0: it did not say */
	enum extension_mode extension;
	bool knows_features; /* a HELLO came in this or an earlier session */
	bool is_plain;	     /* it stayed silent to our HELLOs */
	uint32_t features;   /* enum wire_feature */
	uint32_t peer_largest_frame;
	const struct aead *send_aead; /* NULL without session */
	const struct aead *receive_aead;
	const struct compressor *compressor; /* in use for sending, or NULL */
	bool has_preshared_key;
	uint32_t keepalive_s;
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes; /* datagrams */
	uint64_t rx_inner_bytes, tx_inner_bytes;
	uint64_t compress_in_bytes, compress_out_bytes; /* tried and sent */
	uint64_t compressed_packets, expanded_packets;
	uint64_t drops; /* of packets from or to this peer */
	uint64_t unknown_frames;
	/* why datagrams go alone; NULL: they go as segments, where it pays */
	const char *segments_refused;
	size_t staged_packets, staged_bytes;
	struct endpoint endpoint;
};

void tunnel_peer_status(const struct peer *peer, struct instant now,
    struct tunnel_peer_status *ret);
/* Called by the path for each drop with pkt->peer set. */
void tunnel_peer_count_drop(
    struct peer *peer, enum drop reason, uint64_t packets);

/* Calls back with each peer, oldest first. */
void tunnel_each_peer(const struct tunnel *tunnel,
    void (*found)(void *context, struct peer *peer), void *context);

struct tunnel_status {
	size_t peers, sessions;
	bool is_under_load;
	size_t staged_bytes;
};
void tunnel_status(
    const struct tunnel *tunnel, struct instant now, struct tunnel_status *ret);

#endif
