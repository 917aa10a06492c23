/* SPDX-License-Identifier: ISC */
/*
 * A tunnel without cryptography, for the tests of path/: what it "opens" and
 * "seals" is the inner packet as it is, and it does what the test says.
 *
 * A datagram of the one byte FAKE_HANDSHAKE is a handshake message, of
 * FAKE_FORGED one that does not open, of FAKE_FRAME one that carries a frame of
 * ours. FAKE_BUNDLE begins several: { length u8, packet } ... What opens is of
 * the peer whose number is the port that it came from. Peer 0
 * has 10.9.0.7, 10.1.0.0/16, fd09::7, fe80::7 and whatever nobody has when
 * has_default; peer 1 has 10.9.0.8 and fd09::8.
 */
#ifndef FAKE_TUNNEL_H
#define FAKE_TUNNEL_H

#include "protocol/tunnel.h"

#define FAKE_HANDSHAKE 0x01
#define FAKE_FORGED    0x02
#define FAKE_FRAME     0x03
#define FAKE_BUNDLE    0x04

#define FAKE_PEERS 5

struct peer {
	unsigned drops[DROP_COUNT];
	void *port;
	const char *name; /* NULL: "bob" */
	uint32_t id, largest_frame;
	struct endpoint endpoint;
	bool has_no_allowed_ips, takes_no_floods;
	enum drop refusal;
	bool takes_checksums, compresses, seals_singly;
};

struct fake_route {
	struct prefix prefix;
	size_t peer; /* FAKE_NOBODY: as if there were none */
};
#define FAKE_NOBODY SIZE_MAX

struct tunnel {
	/* instead of those above, when set; the first that fits */
	const struct fake_route *routes;
	size_t routes_count;
	struct peer peers[FAKE_PEERS];
	bool has_default;
	bool has_session;
	bool bundles;	   /* all of a batch, whoever it is for */
	struct pool *pool; /* for what it takes apart */
	enum drop receive, expand, neigh, seal;
	struct packet_list staged, messages, frames, released, dropped;
	size_t open_calls, seal_calls, train_calls, largest_batch;
	size_t last_train; /* the session ends behind this call; 0: it stays */
	size_t last_told;  /* behind this call the peer takes no checksums */
	/* Of a datagram that is away; NULL: trains are opened singly. */
	uint64_t (*counter_of)(const uint8_t *datagram);
	uint32_t last_flow_hash; /* as compress saw it */
	unsigned compress_calls;
};

#endif
