/* SPDX-License-Identifier: ISC */
/*
 * Two tunnels without a wire between them: what one makes, the other gets,
 * unless a test holds it back. Time stands still until a test moves it.
 */
#ifndef TUNNELS_H
#define TUNNELS_H

#include "base/packet.h"
#include "protocol/tunnel.h"

struct end {
	struct tunnel *tunnel;
	struct peer *peer; /* the other end */
	uint8_t private_key[WIRE_KEY_BYTES];
	struct endpoint self;
	struct packet_list outbox;		/* datagrams that were made */
	unsigned sent[WIRE_DATA_AES256GCM + 1]; /* by message type */
	enum checksum_state checksum;		/* of what it sends */
	uint8_t last_plain[4096];
	size_t last_plain_len;
	uint8_t last_frame;
	enum checksum_state last_checksum;
	unsigned delivered; /* packets or frames */
	enum drop last_drop;
	unsigned drops;
	struct tunnel_event event; /* the last */
	unsigned events[TUNNEL_ECHO_REPLY + 1];
};

struct ends {
	struct pool *pool;
	struct moment now;
	struct end a, b;
};

/* Both with the other as peer and its endpoint, in these modes. */
void ends_init(struct ends *ends, enum extension_mode a, enum extension_mode b,
    enum compressor_id compressor);
/* The same with devices: links by end, a and b. */
struct ends_setup {
	enum extension_mode mode[2];
	enum wire_link link[2];
	enum compressor_id compressor;
	uint32_t mtu;
};
void ends_init_as(struct ends *ends, const struct ends_setup *setup);
void ends_clear(struct ends *ends);

struct end *ends_other(struct ends *ends, struct end *end);

/* Seals what waits at `end` and puts all datagrams into its outbox. */
void end_flush(struct ends *ends, struct end *end);
/* Gives one datagram to `to`; consumes it. */
void end_receive(struct ends *ends, struct end *to, struct packet *pkt);
/* Carries everything to and fro until nothing moves. */
void ends_settle(struct ends *ends);
/* Moves both clocks, and nothing else. */
void ends_advance(struct ends *ends, int64_t ns);
/* Lets time pass in steps, settling at each deadline. */
void ends_pass(struct ends *ends, int64_t ns);
/* The same, but datagrams of `mute` (NULL: of both) are lost. */
void ends_pass_lossy(struct ends *ends, int64_t ns, struct end *mute);

/* An IPv4 packet of `len` bytes through the stages neigh, compress, encap. */
void end_send(
    struct ends *ends, struct end *from, const uint8_t *bytes, size_t len);
void end_send_text(struct ends *ends, struct end *from, size_t len);
/* A frame of the test's own, sealed as if `from` had made it. */
struct packet *end_seal_plain(
    struct ends *ends, struct end *from, const uint8_t *plain, size_t len);

/* Writes nothing, counts: the context is an unsigned. */
void ends_count_line(void *context, enum log_level level, const char *line);

struct tunnel_peer_status end_status(struct ends *ends, struct end *end);

#endif
