/* SPDX-License-Identifier: ISC */
/*
 * The simulated world: hosts with a core each, the wire, one clock.
 *
 * How it works: nothing here reads a clock or a random device. The world's loop
 * (world.c) picks what comes next: a datagram that arrives, a core's deadline,
 * an inner packet, an answered name, or an act of chance (chaos.c). One event
 * goes to one host; then everything its core made is taken out and held
 * against the invariants (check.c). The first breach stops the world.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "entropy.h"
#include "frame.h"
#include "inner.h"

#define SIM_HOSTS	  3
#define SIM_STATIONS	  6 /* the first SIM_HOSTS are the hosts' own */
#define SIM_POOL_PACKETS  2048
#define SIM_TRACE	  128
#define SIM_CAUGHT	  64
#define SIM_NAMES	  16
#define CHECK_INITIATIONS 4 /* in a second, to one peer */
#define SIM_MS		  NS_PER_MS
#define SIM_S		  NS_PER_S

struct world;

/* ---- what a host's configuration says; turned into one by plan.c ---- */
enum endpoint_kind {
	ENDPOINT_ABSENT, /* the peer has to speak first */
	ENDPOINT_LITERAL,
	ENDPOINT_NAME, /* resolved by the world */
};

struct peer_plan {
	bool is_present;
	uint8_t public_key[CONFIG_KEY_BYTES];
	uint8_t preshared_key[CONFIG_KEY_BYTES];
	uint32_t keepalive_s;
	enum endpoint_kind endpoint;
	enum config_extension extension;
	enum config_compress compress;
};

struct host_plan {
	uint8_t private_key[CONFIG_KEY_BYTES];
	enum config_cipher ciphers[CONFIG_CIPHERS];
	size_t ciphers_count;
	bool has_cipher_order;
	uint32_t mtu;
	bool is_tap;
	/* on tap: */
	bool is_hub;
	bool is_restricted; /* peers have allowed IPs */
	uint32_t ageing_s, macs_max, macs_per_peer;
	struct peer_plan peers[SIM_HOSTS];
};

/* ---- the wire ---- */
struct link {
	unsigned loss, duplicate, corrupt, congested; /* per mille */
	bool is_cut;
	int64_t delay_ns, jitter_ns;
};

struct datagram {
	struct instant due;
	uint64_t serial; /* orders those due at once */
	uint64_t id;	 /* the same for duplicates */
	size_t sender;	 /* host, or SIM_HOSTS: a stranger */
	bool is_genuine; /* as a core made it */
	struct endpoint from, to;
	uint8_t ecn;
	size_t len;
	uint8_t bytes[2048];
};

/* What passed the tap in front of each host, for the directed scenarios. */
struct tapped {
	struct instant when;
	uint8_t sender, receiver; /* receiver SIM_HOSTS: nobody is there */
	uint8_t type, frame;
	bool is_ours;
	uint16_t len;
	uint32_t index;
	uint64_t counter;
};

/* ---- what check.c remembers of a session, seen from one host ---- */
struct session {
	uint32_t local_index, remote_index;
	struct instant born;
	bool is_responder, is_confirmed, has_sent;
	uint64_t sent_counter;
	uint64_t received_next; /* highest + 1 */
	struct session *older;
};

struct traffic {
	bool is_on;
	int64_t interval_ns; /* mean */
	struct instant next;
};

struct host {
	struct world *world;
	size_t idx;
	struct host_plan plan;
	struct pool *pool;
	struct core *core; /* NULL: the host is down */
	struct log log;
	struct endpoint home, own;
	struct address local; /* what its kernel has; own is behind a NAT */
	int64_t wall_offset_s, wall_peak_s;
	bool is_asleep;
	unsigned incarnation;
	unsigned spins; /* turns at one instant */
	struct endpoint remembered[SIM_HOSTS];
	struct traffic traffic[SIM_HOSTS];

	/* held by check.c */
	struct endpoint peers[SIM_HOSTS];     /* before this event */
	struct endpoint known[2 * SIM_HOSTS]; /* of all its peers, too */
	struct session *sessions;	      /* newest first */
	struct endpoint proven[SIM_HOSTS];    /* where it authenticated last */
	struct session *opened; /* the one of the datagram that arrived */
	struct instant initiations[SIM_HOSTS][CHECK_INITIATIONS];
	bool is_repeat;		  /* the datagram was accepted before */
	uint64_t accepted;	  /* datagrams of all peers, before */
	bool may_reset_endpoints; /* this event may set them */
};

struct name_question {
	bool is_asked;
	struct instant due;
	size_t host, peer;
};

struct trace_entry {
	struct instant when;
	const char *what; /* literal */
	size_t host;
	uint64_t a, b, c;
};

struct world_setup {
	uint64_t seed;
	size_t hosts;
	bool is_ipv6;  /* underlay */
	bool is_tap;   /* Ethernet frames; hosts do not pass them on */
	bool is_star;  /* but host 0, the only peer of the others */
	bool is_mixed; /* host 1 has the other kind of device */
	bool is_verbose;
};

struct world {
	struct world_setup setup;
	struct instant now;
	struct entropy entropy;
	struct host hosts[SIM_HOSTS];
	struct link links[SIM_HOSTS][SIM_HOSTS];
	struct datagram **queue; /* binary heap by (due, serial), 0-based */
	size_t queue_len, queue_room;
	uint64_t serial, ids;
	uint8_t *seen; /* by id * SIM_HOSTS + host, see check.c */
	size_t seen_room;
	struct datagram *caught[SIM_CAUGHT]; /* what an attacker recorded */
	struct name_question names[SIM_NAMES];
	bool are_names_dead; /* the resolver does not answer */
	struct inner_book book;
	uint8_t stations[SIM_STATIONS]; /* behind which host */
	struct tapped *tap;
	size_t tap_len, tap_room;
	struct trace_entry trace[SIM_TRACE];
	uint64_t traced, trace_hash;
	uint64_t events;
	bool has_failed;
	char failure[256];
};

/* ---- world.c ---- */
struct world *world_new(const struct world_setup *setup);
void world_free(struct world *world);
/* Lets the time pass; false once an invariant was broken. */
bool world_run(struct world *world, int64_t ns);
struct moment world_moment(const struct world *world, const struct host *host);
void world_trace(struct world *world, const char *what, size_t host, uint64_t a,
    uint64_t b, uint64_t c);
void world_fail(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Who has this endpoint now, or NULL. */
struct host *world_host_at(
    struct world *world, const struct endpoint *endpoint);
void world_ask_name(struct world *world, size_t host, size_t peer);

/* ---- wire.c ---- */
void wire_send(
    struct world *world, struct host *sender, const struct packet *pkt);
/* Puts a datagram in again, as an attacker does; `it` is copied. */
void wire_inject(
    struct world *world, const struct datagram *it, int64_t delay_ns);
struct datagram *wire_next(const struct world *world);
/* Takes the next one off and hands it to whom it reaches. */
void wire_deliver_next(struct world *world);
void wire_clear(struct world *world);
/* All links as one. */
void wire_set_all(struct world *world, const struct link *link);

/* ---- host.c ---- */
void host_init(struct world *world, size_t idx);
void host_start(struct host *host, bool with_state);
/* With CLOSE as at SIGTERM, or as at kill -9. */
void host_stop(struct host *host, bool is_orderly);
void host_clear(struct host *host);
void host_receive(struct host *host, const struct datagram *it);
/* The number of the packet in the book. */
size_t host_send_inner(struct host *host, const struct inner_wish *wish);
void host_turn(struct host *host);
struct instant host_deadline(const struct host *host);
/* `count` answers: 0 or 1. */
void host_resolved(struct host *host, size_t peer, size_t count);
/* Applies host->plan to the running core. */
void host_reload(struct host *host);
void host_move(struct host *host, const struct endpoint *own, bool is_noticed);
struct peer *host_peer(const struct host *host, size_t peer);
struct tunnel_peer_status host_peer_status(
    const struct host *host, size_t peer);

/* ---- plan.c ---- */
void plan_default(struct world *world, size_t idx);
void plan_default_switch(struct host_plan *plan);
struct config *plan_config(const struct host *host);
struct core_keys *plan_keys(
    const struct host *host, const struct config *config);
/* Gives the host a new private key; the others' plans follow. */
void plan_new_key(struct world *world, size_t idx);

/* ---- check.c ---- */
/* Call around each event at a host; `cause` is NULL unless one arrived. */
void check_before(struct host *host);
void check_arrival(struct host *host, const struct datagram *cause);
void check_departure(
    struct host *host, const struct packet *pkt, const struct datagram *cause);
void check_delivery(
    struct host *host, const struct packet *pkt, const struct datagram *cause);
void check_after(struct host *host, const struct datagram *cause);
void check_forget(struct host *host);

/* ---- lan.c ---- */
/* Each station to its host, as in the beginning. */
void lan_settle(struct world *world);
/* A packet, or on tap a frame, as anybody may send it. */
struct inner_wish lan_wish(struct world *world, size_t from, size_t to);
/* Of a device's own address to another one's. */
struct inner_wish lan_direct(struct world *world, size_t from, size_t to);
/* A broadcast of this station, from where it is; its number. */
size_t lan_announce(struct world *world, uint8_t station);
/* On tap: the table is as the limits say, and forgets in time. */
void lan_check(struct host *host);
/* Learned or static, in this VLAN: the peer's number, the host's own for its
 * own port, SIM_HOSTS: it does not know. */
size_t lan_lookup(const struct host *host, uint8_t station, uint16_t vlan);
size_t lan_entries(const struct host *host);
/* Ports that the loop guard holds; and how often it held this peer's. */
size_t lan_held(const struct host *host);
size_t lan_holds(const struct host *host, size_t peer);

/* ---- tap.c ---- */
struct tap_filter {
	int sender, receiver, type, frame; /* -1: any */
	struct instant since;
};
#define TAP_ANY -1
void tap_note(
    struct world *world, const struct host *sender, const struct packet *pkt);
size_t tap_count(const struct world *world, const struct tap_filter *filter);
/* The idx-th that matches, or NULL. */
const struct tapped *tap_find(
    const struct world *world, const struct tap_filter *filter, size_t idx);

/* ---- chaos.c ---- */
/* One random history of `hours` that ends with a healed network, in which
 * every pair that may talk has to talk again. */
bool chaos_run(struct world *world, double hours);
/* Its parts, for who brings his own schedule: begin, one act of the table on a
 * host and the next one, and the end. */
void chaos_begin(struct world *world);
void chaos_act(struct world *world, size_t act_number, size_t host);
void chaos_heal(struct world *world);

#endif
