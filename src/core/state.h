/* SPDX-License-Identifier: ISC */
/*
 * What the files of core share: the tunnel's state and that of its peers.
 *
 * How it works: peers[i] belongs to config->peers[i] and keys->preshared[i];
 * peers that vpnctl added are in the configuration like the others and marked.
 * What the daemon has to hear of is kept as bits, per peer and for the whole,
 * so that no event is ever lost for want of memory.
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "base/log.h"
#include "core/capture.h"
#include "core/core.h"
#include "core/filter.h"
#include "net/bridge.h"

#define CORE_PINGS 64 /* at once */

/* A pair of ports in a loop is logged at most this often. */
#define CORE_ALARM_PAUSE_NS (60 * NS_PER_S)
#define CORE_ALARMS	    32 /* pairs that are remembered */

/* One address of a name is asked for at most this often. */
#define CORE_RESOLVE_MIN_NS (5 * NS_PER_S)
/* After failures the pause doubles up to this. */
#define CORE_RESOLVE_MAX_NS (60 * NS_PER_S)
/* A session that was heard of this lately needs no other address: WireGuard's
 * KEEPALIVE_TIMEOUT + REKEY_TIMEOUT. */
#define CORE_SILENT_NS (15 * NS_PER_S)

struct core_peer {
	struct peer *peer;	  /* protocol's; never NULL */
	struct bridge_port *port; /* of the switch; NULL on tun */
	size_t idx;		  /* in peers, config->peers, keys->preshared */
	char name[CONFIG_NAME_BYTES];
	bool is_runtime;	      /* added by vpnctl */
	bool was_up;		      /* as of the last CORE_STATUS_CHANGED */
	struct bucket socket_answers; /* of built-in sockets, to the peer */
	unsigned pending;	      /* bits of enum core_event_kind */

	/* The endpoint, when it is a name. */
	bool has_failed;	   /* the last answer was none */
	struct instant asked;	   /* INSTANT_NEVER: not yet */
	struct instant resolve_at; /* INSTANT_NEVER: nothing is planned */
	int64_t pause_ns;
	struct address *addresses; /* of the last answer, on the heap */
	size_t addresses_count;
	unsigned moved_after;	    /* attempts, to where it is sought now */
	struct endpoint remembered; /* what the state file has or will have */

	/* The endpoint, when the file gives an address and the peer was last
	 * elsewhere, but is silent there: the two are tried in turn. */
	struct endpoint elsewhere; /* family NONE: it was not */
};

struct core_ping_slot {
	bool is_used, is_done;
	uint64_t id;
	struct core_peer *peer; /* NULL once it is removed */
	struct instant deadline;
	int64_t rtt_ns;
};

/* A pair of ports that a loop was seen between. */
struct core_alarm {
	char pair[2][CONFIG_NAME_BYTES];
	struct log_limit limit;
};

struct core {
	struct config *config;
	struct core_keys *keys;
	struct core_peer **peers;    /* config->peers_count of them */
	uint32_t *free_ids, last_id; /* ids.c */
	size_t free_ids_count, free_ids_room;
	const struct memory *memory;
	struct pool *pool;
	const struct log *log;
	uint16_t aead_speed[TUNNEL_AEADS + 1];
	const struct aead *aead_backends[AEAD_IDS + 1];
	const char *version;
	struct tunnel *tunnel;
	struct path *path;
	struct bridge *bridge; /* NULL on tun */
	struct core_filter filter;
	struct core_sockets *sockets;
	uint32_t last_socket; /* number that was given */
	struct captures captures;
	char filter_file[CONFIG_PATH_BYTES]; /* filter_change's; "": config's */
	struct core_alarm alarms[CORE_ALARMS];
	struct core_host host;
	struct core_ping_slot pings[CORE_PINGS];
	unsigned pings_done; /* of them, that nobody has been told of */
	struct core_follower *followers;
	struct core_live *live;	  /* follow.c; NULL: no packet is traced */
	bool followers_have_news; /* a record came for one of them */
	struct moment latest;	  /* of what it was told */
	struct instant alarm;	/* no ping and no name is due before it */
	unsigned pending;	/* bits of enum core_event_kind */
	size_t pending_at;	/* no peer before it has pending ones */
	size_t pending_peers;	/* that have some */
};

/* ---- events.c ---- */

/* Carries what the tunnel made, and hears what it tells. */
void core_settle(struct core *core, const struct moment *now);
void core_raise(struct core *core, enum core_event_kind kind);
void core_raise_peer(
    struct core *core, struct core_peer *peer, enum core_event_kind kind);
/* What was raised is void. */
void core_withdraw(struct core *core, struct core_peer *peer, unsigned kinds);

/* ---- core.c ---- */

void core_set_alarm(struct core *core, struct instant when);
/* Whether the path forwards from peer to peer. */
void core_set_forwarding(struct core *core, const struct config *config);
void core_set_mss(struct core *core, const struct config *config);
/* The ciphers of the configuration, for the tunnel. */
size_t core_aeads(const struct core *core, const struct config *config,
    struct tunnel_aead ret[TUNNEL_AEADS]);

/* ---- keys.c ---- */

bool keys_is_zero(const uint8_t key[CONFIG_KEY_BYTES]);
bool keys_is_equal(
    const uint8_t a[CONFIG_KEY_BYTES], const uint8_t b[CONFIG_KEY_BYTES]);
void keys_public(
    uint8_t ret[CONFIG_KEY_BYTES], const uint8_t private_key[CONFIG_KEY_BYTES]);
/* A copy with one more pre-shared key (NULL: none), or without one of them;
 * NULL: no memory. The old ones stay the caller's. */
struct core_keys *keys_with(const struct memory *memory,
    const struct core_keys *keys, const uint8_t *preshared_key);
struct core_keys *keys_without(
    const struct memory *memory, const struct core_keys *keys, size_t idx);

/* ---- peers.c ---- */

/*
 * A peer of config->peers[idx] that the tunnel knows and that has a port of
 * the switch, yet without allowed IPs, static addresses and endpoint. 0,
 * -ENOMEM, or -EINVAL: its key can not be used.
 */
must_check int peers_new(struct core *core, struct core_peer **ret,
    const struct config *config, const struct core_keys *keys, size_t idx,
    const struct moment *now);
/* Out of the tunnel too, which says CLOSE. `conf` has the prefixes that it was
 * given. NULL is fine. */
void peers_free(struct core *core, struct core_peer *peer,
    const struct config_peer *conf, const struct moment *now);
/* Gives it all prefixes of `conf`, whoever had them. 0 or -ENOMEM. */
must_check int peers_allow(
    struct core *core, struct core_peer *peer, const struct config_peer *conf);
/* Takes those of `conf` away that `keep` (NULL: nothing) has not. */
void peers_disallow(struct core *core, struct core_peer *peer,
    const struct config_peer *conf, const struct config_peer *keep);
/* Name, keepalive, extension, compressor and pre-shared key, of its place. */
void peers_change(
    struct core *core, struct core_peer *peer, const struct moment *now);
struct core_peer *peers_find(const struct core *core, const char *name);
struct core_peer *peers_find_key(
    const struct core *core, const uint8_t public_key[CONFIG_KEY_BYTES]);
const struct config_peer *peers_conf(
    const struct core *core, const struct core_peer *peer);
/* Adds a peer to set, configuration (`conf` is copied) and keys, and begins
 * with it. 0, -ENOMEM, -EINVAL: its key can not be used, or, of its static
 * addresses, -EEXIST or -ENOSPC. */
must_check int peers_add(struct core *core, const struct config_peer *conf,
    const uint8_t *preshared_key, const struct moment *now);
/* Takes it out of them and frees it. 0 or -ENOMEM. */
must_check int peers_remove(
    struct core *core, struct core_peer *peer, const struct moment *now);
/* The name that looks most like it, or NULL. */
const char *peers_nearest(const struct core *core, const char *name);
bool peers_has_prefix(
    const struct config_peer *conf, const struct prefix *prefix);

/* ---- ids.c ---- */

/* A number for a peer, for tunnel_peer_set_id. 0 or -ENOMEM. */
must_check int ids_take(struct core *core, uint32_t *ret);
void ids_give(struct core *core, uint32_t id);
/* The peers by their numbers, up to core->last_id; NULL where there is none.
 * On the heap, for the caller; NULL: no memory. */
const struct core_peer **ids_index(const struct core *core);

/* ---- ports.c: nothing on tun ---- */

/* The switch, without ports of peers. 0 or -ENOMEM. */
must_check int ports_make(struct core *core);
/* Gives it the limits of a configuration. 0, or -ENOMEM: nothing changed. */
must_check int ports_limit(struct core *core, const struct config *config);
/* The device's address, as the daemon has made it. */
void ports_set_host_mac(struct core *core, const struct mac *mac);
/* The device's address, or NULL: it is a tun, or it is not known. */
const struct mac *ports_host_mac(const struct core *core);
/* A port for the peer, without static addresses. 0 or -ENOMEM. */
must_check int ports_add(struct core *core, struct core_peer *peer,
    const struct config_peer *conf, const struct moment *now);
/* Gives it all that `conf` says. 0, -ENOMEM, -EEXIST or -ENOSPC. */
must_check int ports_claim(
    struct core *core, struct core_peer *peer, const struct config_peer *conf);
/* Takes its static addresses away. 0 or -ENOMEM. */
must_check int ports_release(
    struct core *core, struct core_peer *peer, const struct config_peer *conf);
void ports_remove(struct core *core, struct core_peer *peer);
bool ports_has_mac(const struct config_peer *conf, const struct mac *mac);
/* The peer that has the address in its macs, or NULL. */
const struct config_peer *ports_find_owner(
    const struct core *core, const struct mac *mac);
bool ports_macs_differ(
    const struct config_peer *a, const struct config_peer *b);
bool ports_vlans_differ(
    const struct config_peer *a, const struct config_peer *b);

/* ---- alarms.c ---- */

/* Logs what the loop guard found since the last call. */
void alarms_hear(struct core *core, const struct moment *now);

/* ---- endpoints.c ---- */

/* True with the literal address in *ret. */
bool endpoints_is_literal(const struct config_peer *conf, struct endpoint *ret);
bool endpoints_is_name(const struct config_peer *conf);
/* Begins with the configured endpoint: sets an address, asks for a name. */
void endpoints_begin(
    struct core *core, struct core_peer *peer, const struct moment *now);
/* The configured endpoint has become another one. */
void endpoints_change(
    struct core *core, struct core_peer *peer, const struct moment *now);
/* Begins a handshake when there is an endpoint. */
void endpoints_connect(
    struct core *core, struct core_peer *peer, const struct moment *now);
void endpoints_fell_silent(
    struct core *core, struct core_peer *peer, const struct moment *now);
/* Tells the daemon when the state file has another one. */
void endpoints_note(struct core *core, struct core_peer *peer);
/* Asks again for the name if it is time; returns when it will be. */
struct instant endpoints_turn(
    struct core *core, struct core_peer *peer, const struct moment *now);

/* ---- ping.c ---- */

void ping_answered(struct core *core, const struct tunnel_event *event);
/* Gives up what is due; returns when the next one is. */
struct instant ping_turn(struct core *core, const struct moment *now);
/* The peer goes away. */
void ping_forget(struct core *core, const struct core_peer *peer);
must_check bool ping_take_event(struct core *core, struct core_event *ret);
must_check bool ping_has_event(const struct core *core);

/* ---- capture_begin.c ---- */

/* Once path and bridge are there. */
void captures_make(struct core *core);

/* ---- check.c ---- */

/*
 * Checks what the loader, which sees no key, can not have checked, and again
 * what would break the set of peers. `own_mac`: of the device, NULL: it is not
 * known, or it is a tun. 0 or -EINVAL with `error`, or -ENOMEM.
 */
must_check int check_config(const struct config *config,
    const struct core_keys *keys, const struct mac *own_mac, char *error,
    size_t room);
/* Writes "file:line:column: error: ..." and returns -EINVAL. */
int check_refuse(const struct config *config, const struct config_place *place,
    char *error, size_t room, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* "file: error: out of memory"; returns -ENOMEM. */
int check_out_of_memory(const struct config *config, char *error, size_t room);
/* The same for an error number of peers_new. Returns it. */
int check_peer_failed(
    const struct config *config, size_t idx, int err, char *error, size_t room);

/* The same for one of filter_prepare. */
int check_filter_failed(
    const struct config *config, int err, char *error, size_t room);

/* ---- settings.c ---- */

/* A setting of the tunnel: how its change is called, and what it needs. */
struct setting {
	const char *name;
	enum plan_kind kind;
	bool (*differs)(const struct config *a, const struct config *b);
};

/* Ended by an entry without name. */
extern const struct setting settings_restart[], settings_live[];

/* ---- filter_log.c ---- */

/* The ring of what rules logged, the oldest first: schema vpnd.filter_log/1. */
void filter_log_reply(
    struct core *core, const struct moment *now, struct reply *reply);
/* Writes lines for what rules logged since it was called last. */
void filter_log_hear(struct core *core, const struct moment *now);

/* ---- filter_show.c; there is a filter ---- */

void filter_reply(const struct core *core, struct reply *reply);
/* 0 or -ENOMEM. */
must_check int filter_export_reply(
    const struct core *core, struct reply *reply);

/* ---- filter_plan.c ---- */

/* Two rules whose peers are those of one list. */
bool filter_is_same_rule(
    const struct config_rule *a, const struct config_rule *b);
bool filter_is_on_differs(const struct config *a, const struct config *b);
bool filter_stateful_differs(const struct config *a, const struct config *b);
bool filter_flows_differs(const struct config *a, const struct config *b);
bool filter_policy_differs(const struct config *a, const struct config *b);
bool filter_rules_differs(const struct config *a, const struct config *b);
bool filter_sockets_differs(const struct config *a, const struct config *b);
bool filter_socket_order_differs(
    const struct config *a, const struct config *b);

/* ---- add.c ---- */

/* Reads the arguments of "peer add" into *ret (which the caller clears, in any
 * case): 0 or -EINVAL with a message in `why`, or -ENOMEM. */
must_check int add_parse(struct core *core, struct config_peer *ret,
    const struct control_request *request, bool has_preshared_key,
    struct core_answer *why);

/* ---- status.c ---- */

enum peer_state {
	PEER_UP,
	PEER_HANDSHAKING,
	PEER_DOWN,
	PEER_IDLE,
	PEER_REFUSED,
};

#define STATUS_REASON_BYTES 400

/* State, and why it is not up ("" when it is). With CONTROL_RIGHTS_READ the
 * reason names no endpoint. */
enum peer_state status_peer(const struct core *core,
    const struct core_peer *peer, enum control_rights rights,
    struct instant now, char *reason, size_t room);
size_t status_peers_up(const struct core *core, struct instant now);
/* `only`: one peer; NULL: all. */
void status_reply(struct core *core, const struct core_peer *only,
    enum control_rights rights, const struct moment *now, struct reply *reply);
/* In seconds; nothing when it was never. */
void status_write_age(struct reply *reply, const char *name,
    struct instant since, struct instant now);
void status_write_totals(const struct core *core, struct reply *reply);

/* ---- drops.c ---- */

/* `only`: of packets from or to one peer, without times and examples; NULL:
 * all. */
void drops_reply(struct core *core, const struct core_peer *only,
    enum control_rights rights, const struct moment *now, struct reply *reply);

/* ---- snmp.c ---- */

void snmp_reply(const struct core *core, struct reply *reply);

/* ---- tap.c: nothing on tun ---- */

void tap_write_port(const struct core *core, const struct core_peer *peer,
    struct instant now, struct reply *reply);
void tap_write_switch(
    const struct core *core, struct instant now, struct reply *reply);

/* ---- flows.c: with a stateful filter ---- */

/* 0 or -ENOMEM. `only`: the flows of one peer; NULL: all. */
must_check int flows_reply(struct core *core, const struct core_peer *only,
    const struct moment *now, struct reply *reply);

/* ---- fdb.c: on tap ---- */

/* `only`: one peer's entries and port; NULL: all. */
void fdb_reply(const struct core *core, const struct core_peer *only,
    const struct moment *now, struct reply *reply);
/* Forgets what was learned, and lets held ports go. */
void fdb_flush_reply(struct core *core, const struct core_peer *only,
    const struct moment *now, struct reply *reply);
/* How long the loop guard holds a port; 0: it does not. */
unsigned fdb_held_s(
    const struct bridge_port_status *status, struct instant now);
/* The members that status has as well. */
void fdb_write_guard(const struct bridge_port_status *status,
    struct instant now, struct reply *reply);
void fdb_write_totals(
    const struct core *core, struct instant now, struct reply *reply);

/* ---- commands.c ---- */

void answer_set(struct core_answer *answer, enum control_exit exit,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The peer, or NULL with an answer that names the nearest. */
struct core_peer *answer_find_peer(
    const struct core *core, const char *name, struct core_answer *answer);

#endif
