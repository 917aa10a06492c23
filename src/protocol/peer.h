/* SPDX-License-Identifier: ISC */
/*
 * A peer and the tunnel it belongs to, as the files of this room see them.
 *
 * The owner of each part is the file that is named with it; others read it.
 */
#ifndef PROTOCOL_PEER_H
#define PROTOCOL_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/hashmap.h"
#include "base/heap.h"
#include "protocol/allowedips.h"
#include "protocol/cookie.h"
#include "protocol/extension.h"
#include "protocol/indices.h"
#include "protocol/keypairs.h"
#include "protocol/noise.h"
#include "protocol/probe.h"
#include "protocol/ratelimit.h"
#include "protocol/timers.h"
#include "protocol/tunnel.h"

struct staged { /* peer.c */
	struct packet_list list;
	size_t bytes; /* as charged */
};

struct peer_counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t rx_inner_bytes, tx_inner_bytes;
	uint64_t compress_in_bytes, compress_out_bytes;
	uint64_t compressed_packets, expanded_packets;
	uint64_t drops;
};

/* A peer may send from two ports in turn for ever. */
#define PEER_MOVES_LOG_NS NS_PER_S

struct peer {
	struct tunnel *tunnel;
	struct peer *older, *newer; /* tunnel.c: all peers by age */
	const char *name;
	void *user;
	void *port;  /* the path's */
	uint32_t id; /* the caller's */
	uint32_t keepalive_s;
	enum compressor_id compressor;
	size_t prefixes; /* that it is allowed */

	/* handshake.c */
	struct noise_handshake handshake;
	struct index_owner handshake_index;
	uint8_t latest_timestamp[WIRE_TIMESTAMP_BYTES];
	struct instant last_consumed; /* initiation of the peer */
	struct cookie_maker cookie;
	struct instant last_handshake; /* completed */
	int64_t last_handshake_wall_s;
	bool has_given_up, is_closed;

	/* transport.c */
	struct keypairs keypairs;
	struct instant last_received;
	/* the newest authentic packet: only a newer one may roam */
	uint64_t newest_generation, newest_counter;
	enum cipher_slot last_receive_slot;
	struct compress_flows *flows; /* NULL: never compressed */

	struct endpoint endpoint;
	struct log_limit moves; /* of the endpoint, logged */
	struct staged staged;
	struct timers timers;
	struct extension extension;
	struct probe probe;
	struct peer_counters counters;
};

#define TUNNEL_EVENTS 256
/* As many as the core sends before it has given up the first one. */
#define TUNNEL_ECHOES 64

/* An ECHO that is under way. */
struct tunnel_echo {
	struct peer *peer; /* NULL: none */
	uint64_t id;
	struct instant sent;
};

struct tunnel {
	struct pool *pool;
	const struct memory *memory;
	const struct log *log;
	const struct gate *gate; /* NULL: one thread */
	struct tunnel_aead aeads[TUNNEL_AEADS];
	const struct aead *backends[CIPHER_SLOTS];
	size_t aeads_count;
	bool has_order;
	uint32_t largest_frame, mtu;
	enum wire_link link;
	bool sends_segments;

	struct noise_identity *identity; /* in `memory` */
	struct cookie_checker *checker;	 /* likewise */
	struct ratelimit *handshakes;
	struct bucket load;
	struct instant load_until; /* under load until then */

	struct hashmap by_key;
	struct indices indices;
	struct allowedips allowed;
	struct heap deadlines;
	struct peer *oldest, *newest;
	size_t peers;
	uint64_t generation; /* of the last keypair made */
	size_t staged_bytes;
	struct index_owner *last_found; /* of the last data message */

	struct compressor_state *compressors[COMPRESSOR_ZSTD + 1];
	void *compressor_space[COMPRESSOR_ZSTD + 1];
	struct compress_pace pace; /* of all peers together */

	struct packet_list messages, frames, released, dropped;
	struct tunnel_event events[TUNNEL_EVENTS];
	size_t events_first, events_count;
	struct tunnel_echo echoes[TUNNEL_ECHOES]; /* frames.c */
	unsigned next_echo;
};

static inline const uint8_t *peer_public_key(const struct peer *peer)
{
	return peer->handshake.remote_static;
}

/* A full queue forgets the oldest event. */
void tunnel_emit(struct tunnel *tunnel, const struct tunnel_event *event);

/* ---- staged.c ---- */

/* Moves what is staged to the tunnel's list of released packets. */
void peer_release_staged(struct peer *peer);
/* Gives up what is staged, for this reason. */
void peer_drop_staged(struct peer *peer, enum drop reason);

/* ---- peer.c ---- */

/* A keepalive, or the staged packets, or a handshake when there is no
 * session. */
void peer_send_keepalive(struct peer *peer, const struct moment *now);
/* A frame of ours waits to be sealed; consumes pkt. */
void peer_queue_frame(struct peer *peer, struct packet *pkt, uint8_t frame);
/* Tells the peer that its session ends, while it still can be told. */
void peer_say_close(
    struct peer *peer, enum wire_close reason, const struct moment *now);
void peer_end_sessions(struct peer *peer, uint64_t generation);
void peer_set_endpoint_from(
    struct peer *peer, const struct endpoint *from, struct instant now);
void peer_clear_source(struct peer *peer);
/* Has a session that data may be sent under. */
bool peer_has_session(const struct peer *peer, struct instant now);

/* ---- handshake.c ---- */

/* No load as of the beginning of time. */
void handshake_init_load(struct tunnel *tunnel);
/* DROP_NONE when the message was consumed. */
must_check enum drop handshake_receive(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now);
/* Sends an initiation unless one is under way; after one that was sent a
 * moment ago, in a moment. */
void handshake_initiate(struct peer *peer, const struct moment *now);
/* Sends the next one of a series. */
void handshake_retry(struct peer *peer, const struct moment *now);
/* Forgets the handshake in progress. */
void handshake_abandon(struct peer *peer);
/* The first packet under a responder's keypair came. */
void handshake_confirmed(struct peer *peer, const struct moment *now);

#endif
