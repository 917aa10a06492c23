/* SPDX-License-Identifier: ISC */
/*
 * The tunnel as a whole, without I/O: configuration, peers with names, reload,
 * commands, status. The daemon, the simulator and the fuzzers drive it alike.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/config.h"
#include "api/control.h"
#include "api/datagram.h"
#include "api/reply.h"
#include "base/attributes.h"
#include "base/gate.h"
#include "base/instant.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/packet.h"
#include "path/path.h"
#include "protocol/tunnel.h"

struct core;

/* The secrets that belong to a configuration, in locked memory. */
struct core_keys {
	uint8_t private_key[CONFIG_KEY_BYTES];
	size_t preshared_count;		       /* = config->peers_count */
	uint8_t preshared[][CONFIG_KEY_BYTES]; /* zeros: none */
};

/* All zeros; NULL: no memory. core_keys_free wipes; NULL is fine. */
struct core_keys *core_keys_new(const struct memory *memory, size_t peers);
void core_keys_free(const struct memory *memory, struct core_keys *keys);

struct core_setup {
	struct config *config;	/* consumed */
	struct core_keys *keys; /* consumed */
	const struct memory *memory;
	struct pool *pool;
	const struct log *log;
	uint16_t aead_speed[TUNNEL_AEADS + 1]; /* by aead_id, MB/s, 0 unknown */
	const struct aead *aead_backends[AEAD_IDS + 1]; /* NULL: any */
	const char *version; /* of the daemon, for `vpnctl version` */
};

/*
 * 0 or negative errno; on failure `error` (room bytes) says what and where in
 * the words of a configuration error (file:line:column: error: ...), as for
 * a peer that has our own key. Setup's config and keys are consumed anyway.
 */
must_check int core_new(struct core **ret, const struct core_setup *setup,
    const struct moment *now, char *error, size_t room);
void core_free(struct core *core);

/* ---- data: both consume the list; then look at the results ---- */
typedef void core_from_fn(
    struct core *core, struct packet_list *list, const struct moment *now);
core_from_fn core_from_wire, core_from_device;
/* The socket takes so many bytes more (path_release). False: nobody waits, nor
 * does what has been made meanwhile. */
must_check bool core_release(
    struct core *core, size_t bytes, const struct moment *now);
/* Two threads share the core under the caller's lock; what takes long steps
 * aside through the gate, which stays the caller's (base/gate.h). */
void core_set_gate(struct core *core, const struct gate *gate);
/* The thread of that number (path/path.h) works here from now on. */
void core_set_lane(struct core *core, unsigned number);
/* There is something that the daemon has to take: an event, a datagram for a
 * program, a part of what somebody follows. */
must_check bool core_has_news(const struct core *core);
/* Of what is followed nothing is news any more: each stream is being offered
 * its parts, and one that takes none now will ask by itself. */
void core_streams_offered(struct core *core);
/* Timers and whatever is pending. */
void core_turn(struct core *core, const struct moment *now);
struct instant core_deadline(const struct core *core);
struct packet_list *core_to_wire(struct core *core);
struct packet_list *core_to_device(struct core *core);
struct path *core_path(struct core *core);
struct tunnel *core_tunnel(struct core *core);
const struct config *core_config(const struct core *core);
const uint8_t *core_public_key(const struct core *core);

/* ---- events for the daemon ---- */
enum core_event_kind {
	CORE_RESOLVE,	     /* look the name of this peer's endpoint up */
	CORE_REMEMBER,	     /* an endpoint changed: the state file is stale */
	CORE_PEERS_CHANGED,  /* allowed IPs changed: routes need a look */
	CORE_STATUS_CHANGED, /* a peer came up or went down */
	CORE_PING_DONE,	     /* answer of core_ping */
};

struct core_event {
	enum core_event_kind kind;
	char peer[CONFIG_NAME_BYTES];
	char host[CONFIG_HOST_BYTES]; /* CORE_RESOLVE */
	uint16_t port;
	uint64_t ping;	/* CORE_PING_DONE: the id */
	int64_t rtt_ns; /* -1: no answer in time */
};

must_check bool core_take_event(struct core *core, struct core_event *ret);

#define CORE_ADDRESSES 8 /* more of a name are not tried */

/* A name was resolved (in order of preference); the session lives on when the
 * current endpoint is among the answers. */
void core_resolved(struct core *core, const char *peer,
    const struct address *addresses, size_t count, const struct moment *now);
/* Those of the last answer to that peer's name; returns how many. */
size_t core_addresses(const struct core *core,
    const uint8_t public_key[CONFIG_KEY_BYTES],
    struct address ret[CORE_ADDRESSES]);

/* The host has no way any more to where that peer is, but to `next`, which is
 * one of core_addresses: it goes on there, within its session if it has one.
 * Then core_underlay_changed lets the peer know. */
void core_way_lost(struct core *core,
    const uint8_t public_key[CONFIG_KEY_BYTES], const struct address *next,
    const struct moment *now);

/* Endpoints of an earlier run; used where the peer has none yet, or, when its
 * endpoint is a name, until the name is resolved. Then handshakes begin. */
void core_remembered(struct core *core,
    const uint8_t public_key[CONFIG_KEY_BYTES],
    const struct endpoint *endpoint);
/* Begins a handshake with each peer that has an endpoint. */
void core_connect(struct core *core, const struct moment *now);

void core_underlay_changed(struct core *core, const struct moment *now);
/* Queues CLOSE for all; the caller sends what is on core_to_wire and exits. */
void core_close(struct core *core, const struct moment *now);

/* ---- reload: a plan first, so that it can be refused as a whole ---- */
enum plan_kind {
	PLAN_RESTART, /* `setting` can not be changed while vpnd runs */
	PLAN_PRIVATE_KEY,
	PLAN_PEER_ADD,
	PLAN_PEER_REMOVE,
	PLAN_PEER_CHANGE, /* `setting`: what of it */
	PLAN_ADDRESS_ADD, /* the host's: the daemon does it */
	PLAN_ADDRESS_REMOVE,
	PLAN_LOG_LEVEL,
	PLAN_SETTING, /* another one of the tunnel, applied by core */
};

struct plan_step {
	enum plan_kind kind;
	/* "device.mtu", "endpoint", ...; of an address step: its text */
	char setting[CONFIG_NAME_BYTES];
	char peer[CONFIG_NAME_BYTES]; /* "" when it is not about a peer */
	size_t old_idx, new_idx;      /* of peer or address */
	bool is_runtime;	      /* PEER_REMOVE: it was added by vpnctl */
};

struct plan {
	struct plan_step *steps;
	size_t count;
	size_t restart_count;
};

/* Compares the running configuration with `next`. 0 or -ENOMEM. */
must_check int core_plan(struct core *core, const struct config *next,
    const struct core_keys *keys, struct plan *ret);
void plan_clear(struct plan *plan);

/*
 * Executes a plan without PLAN_RESTART steps; consumes next and keys. 0, or
 * -EINVAL with `error` as in core_new, or -ENOMEM; then nothing is changed.
 */
must_check int core_apply(struct core *core, const struct plan *plan,
    struct config *next, struct core_keys *keys, const struct moment *now,
    char *error, size_t room);

/* Writes the plan for people and programs: schema vpnd.reload/1. */
void core_plan_reply(
    struct core *core, const struct plan *plan, struct reply *reply);

/* ---- commands ---- */
struct core_answer {
	enum control_exit exit;
	char message[256]; /* for people, "" when it went well */
};

/*
 * Verbs that need nothing but the core: status, drops, sockets, flows, fdb,
 * "fdb flush", version, "peer add"
 * (the pre-shared key has been read by the daemon into `preshared_key`, NULL
 * without one), "peer remove".
 */
void core_command(struct core *core, const struct control_request *request,
    enum control_rights rights, const uint8_t *preshared_key,
    const struct moment *now, struct reply *reply, struct core_answer *ret);

/* Begins one ping of a peer; CORE_PING_DONE with the id follows within
 * timeout_ns. Fills *ret, exit CONTROL_OK when it was sent. */
void core_ping(struct core *core, const char *peer, uint64_t id,
    int64_t timeout_ns, const struct moment *now, struct core_answer *ret);

/* ---- who follows what happens ---- */

struct core_follower;

/*
 * Follows each drop, or what becomes of each live packet: of that peer ("":
 * all) and, of packets, those that the program accepts (packet/bpf_text.h; "":
 * all). What he does not take in time is lost and counted. NULL, and *ret says
 * why.
 */
struct core_follower *core_follow(struct core *core, bool is_of_drops,
    const char *peer, const char *program, struct core_answer *ret);
/* Before the core is freed. */
void core_unfollow(struct core_follower *follower);
/* Writes one document: vpnd.drop/1, vpnd.trace/1 or vpnd.lost/1. False: there
 * is none now. */
must_check bool core_follower_take(
    struct core_follower *follower, struct reply *reply);
/* There will be none any more: it was stopped, or its peer is gone. */
bool core_follower_is_over(const struct core_follower *follower);
void core_follower_stop(struct core_follower *follower);
/* ---- programs on sockets of type "client" ---- */

/* Opens the one of that port; *ret is its number, valid until it is detached or
 * not there any more. 0; or -ENOENT or -EADDRINUSE, and `answer` says so. */
must_check int core_socket_attach(struct core *core, uint16_t port,
    uint32_t *ret, struct core_answer *answer);
/* Closes it, and forgets what it holds. */
void core_socket_detach(struct core *core, uint32_t number);
/* A reload may have taken it away. */
bool core_socket_is_there(const struct core *core, uint32_t number);
/* A socket that is no longer empty, each once; it is to be read until
 * nothing is left. False: there is none. */
must_check bool core_socket_take_ready(struct core *core, uint32_t *ret);
/* The next datagram as a message (api/datagram.h); its length, 0: none. */
size_t core_socket_receive(
    struct core *core, uint32_t number, uint8_t *message, size_t room);
/* Sends what a program wrote; what can not be sent is counted. */
void core_socket_send(struct core *core, uint32_t number,
    const uint8_t *message, size_t len, const struct moment *now);

struct capture;

/* Begins what the words of the verb capture say; the caller ends it with
 * capture_free (core/capture.h). NULL: *ret says why not. */
must_check struct capture *core_capture(struct core *core,
    const struct control_request *request, struct core_answer *ret);

/* What the kernel does for us, or does not. */
struct core_offload {
	const char *name; /* a constant: "tun_tso" */
	bool is_on;
	const char *why; /* it is off: the end of a sentence */
};

#define CORE_OFFLOADS 4

/* What the daemon knows of the host, shown by status. */
struct core_host {
	char device[CONFIG_DEVICE_BYTES];
	struct mac mac; /* of a tap; zeros on tun */
	bool is_device_up;
	uint32_t mtu;
	uint32_t queues; /* of the device; 0: it is gone */
	uint16_t port;
	size_t receive_buffer_bytes; /* that may wait in the UDP socket now */
	uint64_t busy_polls; /* turns of the loop that began without a wait */
	uint32_t workers;    /* threads that run now; 0: unknown */
	int cpu_out, cpu_in; /* where both of them stay; -1: anywhere */
	uint64_t lock_waits; /* how often one of them waited for the other */
	uint32_t fwmark, table;
	struct instant started;
	const char *last_reload; /* sentence, NULL: none yet */
	bool last_reload_failed;
	struct core_offload offloads[CORE_OFFLOADS]; /* name NULL: none */
};
void core_set_host(struct core *core, const struct core_host *host);
/* Of it, what changes while nobody asks for a status: a peer may. */
void core_note_workers(struct core *core, uint32_t workers);
void core_note_lock_waits(struct core *core, uint64_t lock_waits);

/* One line for sd_notify's STATUS=, e.g. "2/3 peers up". */
void core_status_line(
    struct core *core, const struct moment *now, char *line, size_t room);

#endif
