/* SPDX-License-Identifier: ISC */
/*
 * Where protocol and receive-path model meet: stages, verdicts, the runner.
 *
 * How it works: the tables show the whole data path (inbound.c, outbound.c);
 * a tap tunnel has some of its own, with the same first and last stages. The
 * runner carries a batch through one stage before the next, so that
 * counting, tracing and releasing live in one place. No packet bypasses the
 * tables, ours included: what a stage makes goes on `emitted` with the stage
 * it enters at. A super-packet goes through as one, and counts as its segments,
 * up to the stage that wants it cut.
 */
#ifndef PATH_PATH_H
#define PATH_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/endpoint.h"
#include "base/instant.h"
#include "base/packet.h"

struct bridge;
struct flows;
struct path;
struct ruleset;
struct path_why;
struct sockets;
struct tunnel;

enum verdict {
	VERDICT_PASS,	 /* on to the next stage */
	VERDICT_DROPPED, /* pkt->drop says why; the runner counts, releases */
	VERDICT_TAKEN,	 /* somebody else owns it now, or it is done with */
	VERDICT_BRANCH,	 /* goes on where path->branch says (path_go) */
};

/* One of the two functions is set; the second gets the batch as a whole and
 * writes one verdict for each packet. */
struct stage {
	const char *name;	     /* shown to users, never changes */
	const char *kernel_function; /* what it stands for */
	enum verdict (*run)(struct path *path, struct packet *pkt);
	void (*run_batch)(struct path *path, struct packet **pkts,
	    enum verdict *verdicts, size_t count);
	/* Whether a super-packet has to be cut before this stage; NULL: never.
	 * The runner keeps the order. */
	bool (*wants_single)(const struct path *path, const struct packet *pkt);
	/* Runs instead for a dry packet (path/trace.h), where those would leave
	 * more behind than what trace.c puts back: the path's totals and lists.
	 * NULL: run itself does not, as it minds pkt->is_dry. */
	enum verdict (*dry)(struct path *path, struct packet *pkt);
	/* Says why a traced packet got the verdict that it just got; NULL:
	 * nothing to say but the reason of a drop. After VERDICT_TAKEN it sees
	 * the packet's fields as they were before, and no bytes. */
	void (*why)(const struct path *path, const struct packet *pkt,
	    struct path_why *why);
};

/* Ended by an entry without name. Of a tun tunnel, and of a tap tunnel, whose
 * frames are checked like packets before they are learned from and switched. */
extern const struct stage path_inbound[];
extern const struct stage path_outbound[];
extern const struct stage path_input[];	 /* of both: on to the host */
extern const struct stage path_socket[]; /* of both, used on tun only */
extern const struct stage path_forward[];
extern const struct stage path_inbound_tap[];
extern const struct stage path_forward_tap[];
extern const struct stage path_outbound_tap[];

/* Stages whose drops happen outside of the tables, in the daemon. */
enum path_outside {
	PATH_OUTSIDE_OUTER,	/* the UDP socket */
	PATH_OUTSIDE_TUN_READ,	/* the device, before we read */
	PATH_OUTSIDE_TUN_WRITE, /* the device refused */
	PATH_OUTSIDE_ENCAP,	/* sending failed */
	PATH_OUTSIDE_COUNT,
};

/* What may be looked at; bits. */
enum path_watched {
	PATH_WATCH_INNER = 1 << 0, /* packets, at the stages `capture` */
	PATH_WATCH_OUTER = 1 << 1, /* datagrams, as they come and go */
	PATH_WATCH_DROPS = 1 << 2,
};

/* What a packet's bytes are, where it is looked at. */
enum path_bytes {
	PATH_BYTES_INNER,    /* an IP packet, on tap a frame; or broken */
	PATH_BYTES_DATAGRAM, /* of or for pkt->endpoint */
	PATH_BYTES_HEADER,   /* likewise, but behind the header of a data
				message they are undefined */
	PATH_BYTES_NONE,     /* something else: a compressed frame, say */
};

struct path_sight {
	enum path_watched what;
	enum path_bytes bytes;
	bool is_outbound;
	const char *stage;
	const struct packet *pkt; /* pkt->drop with PATH_WATCH_DROPS */
	const struct moment *now;
};

struct path_setup {
	struct tunnel *tunnel;
	struct pool *pool;
	/* With it, the path carries Ethernet frames: tunnel_peer_port is
	 * the port of each peer, and its bridge_port_user the peer. */
	struct bridge *bridge;
	/* On tun: there is no host behind the device that has other addresses
	 * or routes: what is neither its own nor a peer's, nobody has. */
	bool is_whole_host;
	/* Called for each drop when not NULL; must not change the packet. */
	void (*trace)(
	    void *context, const struct stage *stage, const struct packet *pkt);
	void *trace_context;
	/* Called for each packet that path_set_watched asks for; must not
	 * change it. */
	void (*watch)(void *context, const struct path_sight *sight);
	void *watch_context;
};

/* 0 or -ENOMEM. */
must_check int path_new(struct path **ret, const struct path_setup *setup);
void path_free(struct path *path);

/* The tunnel device's own addresses: a peer may not send from them. */
must_check int path_set_addresses(
    struct path *path, const struct prefix *addresses, size_t count);
/* The same with vpnd's own sockets (NULL: none), which stay the caller's; an
 * address that only a socket has is vpnd's alone. 0, or -ENOMEM: nothing has
 * changed. To be called again when sockets come or go. */
must_check int path_set_local(struct path *path, const struct prefix *addresses,
    size_t count, struct sockets *sockets);
/* A reader has taken it out of the queue of its socket: it counts as received
 * from now on, as in the kernel. */
void path_note_read(struct path *path, const struct packet *pkt);
/* A packet of ours, parsed, enters the outbound table. Consumes pkt; call
 * path_run_emitted then. */
void path_send(struct path *path, struct packet *pkt);

/* On tun, packets from one peer to another do not pass through the host. */
void path_set_forwarding(struct path *path, bool is_on);

/* The device's MTU, which is that of the way to each peer. */
void path_set_mtu(struct path *path, size_t mtu);

/* The largest segment that TCP ends may tell each other (MSS), if the way
 * carries no less; 0: they tell what they like. At first it is what the way
 * carries, on tap 0. */
void path_set_mss(struct path *path, uint16_t most);

/* The device takes packets whose L4 checksum is partial (CHECKSUM_PARTIAL) and
 * completes them itself; at first it does not. */
void path_set_partial(struct path *path, bool takes_partial);

/* The device is down, which a trial (path_trace) is told; at first it is up. */
void path_set_device_down(struct path *path, bool is_down);

/* The device takes TCP, UDP packets in one piece, so that gro puts them
 * together; at first it does not. */
void path_set_joins(struct path *path, bool tcp, bool udp);

/* The port of our socket. On tap, what leaves it must not come back from the
 * device, as it does when the way to a peer leads over a bridge that the device
 * is in, and a host behind another peer has the gateway's MAC address. */
void path_set_port(struct path *path, uint16_t port);

/* What the hooks ask, and the flow table; each may be NULL. The path owns
 * neither; the flow table's generation has to be the rules'. */
void path_set_filter(
    struct path *path, struct ruleset *rules, struct flows *flows);
/* A peer's number (tunnel_peer_id) comes into use. 0 or -ENOMEM. */
must_check int path_add_peer(struct path *path, uint32_t id);
/* How much goes to it, bits of inner packets a second; 0: no limit. */
void path_set_rate(struct path *path, uint32_t id, uint64_t bits_per_s,
    const struct moment *now);
/* The socket is full, as this lane sees it, or no more: what is for it waits at
 * qdisc. `slow`: what it
 * takes within a few milliseconds is less than a few super-packets; then those
 * are cut. */
void path_set_blocked(struct path *path, bool is_blocked, bool is_slow);
/* The socket takes some bytes more: those who wait for it go on, as long as
 * they are not more, but one at least. False: nobody waits. */
must_check bool path_release(
    struct path *path, size_t bytes, const struct moment *now);
/* Somebody waits for the socket. */
bool path_holds(const struct path *path);
/* As much waits for the socket as may. */
bool path_is_full(const struct path *path);
/* Before the peer goes: its number may become another one's. What the tunnel
 * has given up is dropped first, in its name. */
void path_forget_peer(struct path *path, uint32_t id, const struct moment *now);

/* Runs what is due; when it wants to be called next. */
void path_turn(struct path *path, const struct moment *now);
struct instant path_deadline(const struct path *path);

/* Bits of enum path_watched, for which setup.watch is called; 0: none. */
void path_set_watched(struct path *path, unsigned watched);

/* Datagrams from the socket; packets from the device. Consume the list. */
void path_run_inbound(
    struct path *path, struct packet_list *list, const struct moment *now);
void path_run_outbound(
    struct path *path, struct packet_list *list, const struct moment *now);

/* Carries what the tunnel made meanwhile (messages, frames, released and
 * dropped packets) through the tables. Call after anything that may have
 * made some; path_run_* do so themselves. */
void path_run_emitted(struct path *path, const struct moment *now);

/* Threads that may work in a path, one at a time but where it steps aside
 * (base/gate.h). */
#define PATH_LANES 2

/* The thread of that number works here from now on; at first it is 0. Results
 * are its own. */
void path_set_lane(struct path *path, unsigned number);

/* Results; the caller takes what is on them. */
struct packet_list *path_to_wire(struct path *path);
struct packet_list *path_to_device(struct path *path);

/* Counts a drop that happened outside of the tables. */
void path_count_outside(struct path *path, enum path_outside where,
    enum drop reason, uint64_t count);
/* The same with the packet at hand: counts for its peer too, and traces. */
void path_note_outside(struct path *path, enum path_outside where,
    enum drop reason, struct packet *pkt);
/* The same, and releases it. */
void path_drop_outside(struct path *path, enum path_outside where,
    enum drop reason, struct packet *pkt);

/* One line of `vpnctl drops`. */
struct path_drop {
	const char *direction; /* "in", "out" */
	const char *stage;
	enum drop reason;
	uint64_t packets;
	struct instant last;
	char example[128];     /* printed header of the last one, "" unknown */
	uint32_t example_peer; /* id; 0: it is unknown, or gone */
};

/* Calls back with each pair that is not zero, in the order of the stages. */
void path_each_drop(const struct path *path,
    void (*found)(void *context, const struct path_drop *drop), void *context);

/* One counter of /proc/net/snmp, netstat or snmp6: "snmp", "Ip", "InReceives".
 */
struct snmp_counter {
	const char *file, *group, *name;
	uint64_t value;
};

/* Calls back with each, in the order of the files. */
void path_each_snmp(const struct path *path,
    void (*found)(void *context, const struct snmp_counter *counter),
    void *context);

/* The same of one peer that was added; without `last` and `example`. Reason
 * NONE: of more reasons than are told apart, with "any" and "other" as
 * direction and stage. */
void path_each_peer_drop(const struct path *path, uint32_t id,
    void (*found)(void *context, const struct path_drop *drop), void *context);

struct path_totals {
	/* inbound: rx + ours = delivered + consumed + forwarded + dropped */
	uint64_t rx_packets, rx_ours, rx_delivered, rx_consumed, rx_dropped;
	/* from peer to peer, not to the host as well */
	uint64_t rx_forwarded;
	/* outbound: tx + ours + switched + cut = sent + waiting + dropped */
	uint64_t tx_packets, tx_ours, tx_sent, tx_dropped;
	/* entered from a peer or the switch: forwarded ones, and copies of
	 * floods, those included that no buffer was left for (dropped by route:
	 * NOMEM) */
	uint64_t tx_switched;
	/* of "waiting" those for their peer's rate or for the socket */
	uint64_t tx_waiting;
	uint64_t tx_cut;    /* fragments beyond the first of each packet */
	uint64_t tx_marked; /* of those sent: with "congestion experienced" */
};
void path_totals(const struct path *path, struct path_totals *ret);

#endif
