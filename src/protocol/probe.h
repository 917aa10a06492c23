/* SPDX-License-Identifier: ISC */
/*
 * Does the way to a peer take datagrams that are sent as segments of one
 * (UDP_SEGMENT)? Asked within the session (PROBE, PROBE_ACK).
 *
 * How it works: some drivers, and some hosts of virtual machines, lose or
 * damage segments that the sending kernel believes to be fine. So at the
 * beginning of each session a burst of PROBE_COUNT datagrams of one size goes
 * out, which the socket sends as one; the peer answers each with how many have
 * come. When too few come, the same goes out one by one; when these come,
 * another burst, as loss may be chance. After that the peer's datagrams go
 * alone, until a session begins whose burst arrives. They also go alone when
 * this host itself refuses segments on the way there, until that way changes,
 * or a session begins after an hour.
 */
#ifndef PROTOCOL_PROBE_H
#define PROTOCOL_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cursor.h"
#include "base/drop.h"
#include "base/instant.h"

struct packet;
struct peer;

#define PROBE_COUNT   8
#define PROBE_ENOUGH  7 /* one may be lost by chance */
#define PROBE_BYTES   512
#define PROBE_WAIT_NS NS_PER_S /* for answers */
/* A host that refused segments is not asked again for so long. */
#define PROBE_HOST_NS (3600 * NS_PER_S)

enum probe_step {
	PROBE_IDLE,
	PROBE_SEGMENTS,	      /* a burst is on its way */
	PROBE_SINGLES,	      /* too few came: the same one by one */
	PROBE_SEGMENTS_AGAIN, /* these came: was it chance? */
};

struct probe {
	uint8_t step; /* enum probe_step */
	uint8_t came; /* of what is on its way, as the peer says */
	uint16_t id;
	bool is_refused; /* segments do not arrive: datagrams go alone */
	bool have_told_host;
	uint8_t their_count;
	uint16_t their_id;
	uint64_t their_generation; /* of the session they came in */
	uint64_t generation;	   /* of the session that was asked in last */
	/* The peer has been sent a handshake message where it is now; the
	 * session that came of that, 0: none. */
	bool is_way_asked;
	uint64_t way_generation;
	/* why this host takes no segments on the way there; NULL: it does */
	const char *host_why;
	struct instant host_since;
};

/* What the peer takes is known in this session. */
void probe_begin(struct peer *peer, const struct moment *now);
/* Another session than before. */
void probe_session_began(struct peer *peer, const struct moment *now);
/* A handshake message goes to the peer. */
void probe_way_asked(struct peer *peer);
/* The peer's address, or our way to it, is another one. */
void probe_way_changed(struct peer *peer);
/* Why datagrams, but for what probes, go alone; NULL: they need not. */
must_check const char *probe_refusal(const struct peer *peer);
/* TIMER_PROBE came. */
void probe_timer(struct peer *peer, const struct moment *now);

/* PROBE or its answer came; the first byte has been read. */
must_check enum drop probe_consume(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now);
must_check enum drop probe_consume_ack(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now);

#endif
