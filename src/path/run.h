/* SPDX-License-Identifier: ISC */
/*
 * The runner's inside: for the stages of this room and for its tests.
 *
 * How it works: a packet in the path is in one of three places: in the batch
 * that a runner carries, on a result list, or on an `emitted` list, which says
 * in which table and at which stage it goes on. Counters are by table, stage
 * and reason; `now` is that of the run.
 */
#ifndef PATH_RUN_H
#define PATH_RUN_H

#include "base/bucket.h"
#include "net/qdisc.h"
#include "packet/coalesce.h"
#include "packet/gather.h"
#include "packet/print.h"
#include "path/path.h"
#include "path/rule_log.h"
#include "path/snmp.h"
#include "path/tally.h"
#include "path/trace.h"
#include "protocol/tunnel.h"

enum path_table {
	TABLE_IN,      /* from the wire until it is known whither */
	TABLE_INPUT,   /* for the host */
	TABLE_SOCKET,  /* for vpnd's own sockets, on tun */
	TABLE_FORWARD, /* from peer to peer */
	TABLE_OUT,     /* to a peer */
	TABLE_COUNT,
};

#define PATH_STAGES_MAX 16 /* of one table */

/* Stages that packets enter at in the middle, or are counted under. */
enum inbound_stage {
	INBOUND_OUTER,
	INBOUND_DECAP,
	INBOUND_EXPAND,
	INBOUND_GRO,
	INBOUND_CAPTURE,
	INBOUND_IP_RCV,
	INBOUND_CONNTRACK,
	INBOUND_PREROUTING,
	INBOUND_RCV_FINISH,
};

enum inbound_tap_stage {
	INBOUND_TAP_OUTER = INBOUND_OUTER,
	INBOUND_TAP_DECAP,
	INBOUND_TAP_EXPAND,
	INBOUND_TAP_GRO,
	INBOUND_TAP_CAPTURE,
	INBOUND_TAP_ETH,
	INBOUND_TAP_IP_RCV,
	INBOUND_TAP_CONNTRACK,
	INBOUND_TAP_PREROUTING,
	INBOUND_TAP_RCV_FINISH,
	INBOUND_TAP_BRIDGE,
};

/* Of tun and tap. */
enum input_stage {
	INPUT_FIRST,
	INPUT_INPUT = INPUT_FIRST,
	INPUT_TUN_WRITE,
};

/* Of tun. */
enum socket_stage {
	SOCKET_FIRST,
	SOCKET_UDP_RCV = SOCKET_FIRST,
	SOCKET_LOOKUP,
	SOCKET_SOCK_QUEUE,
	SOCKET_DATA_READY,
};

/* Of tun and tap. */
enum forward_stage {
	FORWARD_FIRST,
	FORWARD_FORWARD = FORWARD_FIRST,
};

/* Of tun and tap. */
enum outbound_stage {
	OUTBOUND_TUN_READ,
	OUTBOUND_CAPTURE,
	OUTBOUND_IP_OUT,
	OUTBOUND_OUTPUT,
	OUTBOUND_OURS = OUTBOUND_OUTPUT, /* where our own packets enter */
	OUTBOUND_ROUTE,
	OUTBOUND_MTU,
	OUTBOUND_NEIGH,
	OUTBOUND_QDISC,
	OUTBOUND_POSTROUTING,
	OUTBOUND_COMPRESS,
	OUTBOUND_ENCAP,
};

/* Where a packet goes on. */
struct path_branch {
	enum path_table table;
	size_t idx; /* of the stage */
};

/* Of all peers' queues, and the one before the socket. */
struct shapes {
	struct fq *fq;		/* empty as long as the socket is not blocked */
	unsigned blocked, slow; /* bits: lanes that found it so */
	size_t waiting;		/* packets */
	uint32_t first;		/* that somebody waits for; 0: none */
	struct instant next;	/* none of them has a deadline before */
};

struct path_peer {
	struct qdisc qdisc;
	uint32_t next_waited_for; /* number; 0: it is the last */
	bool is_waited_for;	  /* it is on that list */
	struct tally tally;
	uint64_t gro_round; /* in which gro has met it last, and where */
	uint16_t gro_last;
};

/* Drops for one reason at one stage. `example` has no buffer and no peer. */
struct path_counter {
	struct path_counter *next; /* that has an example, too */
	uint32_t example_peer;	   /* its id; 0: none, or it is gone */
	uint64_t packets;
	struct instant last;
	bool has_example;
	struct packet example;
};

/* Of each run inbound (path/gro.c). */
struct gro {
	bool joins_tcp, joins_udp;
	uint64_t round;
	struct coalescer coalescer;
};

/* What a thread has under way, and what comes of it: it may have to step aside
 * (base/gate.h) in the middle. */
struct path_lane {
	struct packet_list to_wire, to_device;
	bool has_emitted;		  /* since they were run last */
	uint32_t emitted_at[TABLE_COUNT]; /* bits: stages with a list */
	struct packet_list emitted[TABLE_COUNT][PATH_STAGES_MAX];
	struct gather gather; /* of received trains (path/train.c) */
	uint64_t gathered_to; /* the newest counter in it */
};

struct path {
	struct path_setup setup;
	const struct stage *tables[TABLE_COUNT];
	struct moment now;
	unsigned watched;	   /* bits of enum path_watched */
	struct path_branch branch; /* set by a stage with VERDICT_BRANCH */
	struct path_lane *lane;	   /* of the thread that works here now */
	struct path_totals totals;
	struct path_counter counters[TABLE_COUNT][PATH_STAGES_MAX][DROP_COUNT];
	struct path_counter *exemplary; /* a list: those with an example */
	struct prefix *addresses;
	size_t addresses_count;
	size_t device_addresses_count; /* of them; sockets have the others */
	struct sockets *sockets;       /* not owned; NULL: none */
	uint16_t port;		       /* of our socket; 0: unknown */
	size_t mtu;		       /* of the device; 0: unknown */
	uint16_t mss_most;	       /* 0: nothing is lowered */
	bool is_forwarding;
	bool takes_partial;  /* the device */
	bool is_device_down; /* live, the device itself says so */
	struct gro gro;
	struct tracer tracer;	 /* of live packets; zero: none is traced */
	uint32_t ended_trace;	 /* it was told last that it was dropped */
	struct rule_log log;	 /* of rules that want it */
	struct bucket answers;	 /* of ICMP errors and resets */
	struct path_peer *peers; /* by number */
	size_t peers_count;
	struct tally_store tallies; /* of all peers */
	struct shapes shapes;
	struct snmp snmp;
	struct path_lane lanes[PATH_LANES];
	uint64_t unanswered;   /* for want of tokens or buffers */
	struct ruleset *rules; /* not owned; NULL: no filter */
	struct flows *flows;   /* not owned; NULL: it is not stateful */
};

/* Carries all of the list through the table from stage `idx` on. */
void path_run_from(struct path *path, enum path_table table, size_t idx,
    struct packet_list *list);

/* The packet goes on at this stage, after the batch that runs now. */
void path_emit(
    struct path *path, enum path_table table, size_t idx, struct packet *pkt);
/* The same for all of the list. */
void path_emit_list(struct path *path, enum path_table table, size_t idx,
    struct packet_list *list);

/* The verdict of a stage whose packet goes on there. */
static inline enum verdict path_go(
    struct path *path, enum path_table table, size_t idx)
{
	path->branch = (struct path_branch){table, idx};
	return VERDICT_BRANCH;
}

/* Marks a live packet that is about to enter, if the tracer wants it. */
void tracer_mark(
    struct path *path, struct path_branch where, struct packet *pkt);

/* Reports what a stage decided about a traced packet, and where that left it.
 * `before`: its fields as they were, for one that was taken. */
enum trace_end trace_report(const struct path *path,
    const struct tracer *tracer, struct path_branch where,
    const struct packet *pkt, const struct packet *before,
    enum verdict verdict);

void path_count(struct path *path, enum path_table table, size_t idx,
    enum drop reason, uint64_t count);

/* Counts and traces a packet whose drop is set; the caller keeps it. */
void path_note_drop(struct path *path, enum path_table table, size_t idx,
    const struct packet *pkt);
/* The same, and releases it. */
void path_drop_packet(
    struct path *path, enum path_table table, size_t idx, struct packet *pkt);

/* For stages that take no super-packet at all. */
bool path_wants_single(const struct path *path, const struct packet *pkt);

/* Appends the segments of a super-packet that is about to enter the stage;
 * those that no buffer is left for are dropped there. Consumes pkt. */
void path_cut(struct path *path, struct path_branch where, struct packet *pkt,
    struct packet_list *to);

/* What comes from the wire and goes there again waits for the socket, which may
 * be blocked, and comes on all the same. It leaves a part of the buffers to
 * what is for the host, to handshakes, and to what the host sends. */
bool path_has_room(const struct path *path);
/* The same when so many more have been taken. */
bool path_has_room_for(const struct path *path, size_t count);

/* Sealed, it goes to the socket. */
void path_send_datagram(struct path *path, struct packet *pkt);
/* A packet that came from the wire becomes one that goes there. */
void path_make_fresh(struct packet *pkt);

/* The same as path_note_drop and path_drop_packet, of one that its trace knows
 * as sent, delivered or waiting. */
void path_note_late(struct path *path, enum path_table table, size_t idx,
    const struct packet *pkt);
void path_drop_late(
    struct path *path, enum path_table table, size_t idx, struct packet *pkt);

/* What the tunnel has given up. */
void path_drop_given_up(struct path *path);

/* For path_free. */
void path_clear_peers(struct path *path);

/* Where its drops count, as sent or as received. What the switch lets out to a
 * peer has been counted as switched before: it makes copies. */
static inline bool path_is_outbound(
    const struct path *path, enum path_table table)
{
	return table == TABLE_OUT ||
	       (table == TABLE_FORWARD && path->setup.bridge);
}

/* Drops for `reason`, or passes when it is DROP_NONE. */
static inline enum verdict verdict_of(struct packet *pkt, enum drop reason)
{
	pkt->drop = reason;
	return reason ? VERDICT_DROPPED : VERDICT_PASS;
}

#endif
