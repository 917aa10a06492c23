/* SPDX-License-Identifier: ISC */
/* What happens at the edges of a loop turn. */
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "daemon/daemon.h"
#include "io/clock.h"

/* Longer the loop never waits: after a suspend, whose time its timer does not
 * count, keys must not outlive their age. */
#define WAIT_MAX_NS (5 * NS_PER_S)
/* The state file is written at most this often. */
#define STATE_NS  NS_PER_S
#define STATUS_NS (5 * NS_PER_S)
/* It counts all peers, and thousands of them may come up at once. */
#define STATUS_MIN_NS NS_PER_S
/* So long after a flood a CPU for each direction is not looked for. */
#define CALM_NS (2 * NS_PER_S)

struct instant turn_began(void *context)
{
	struct daemon *daemon = context;

	daemon->moment = clock_read();
	return daemon->moment.now;
}

void turn_signalled(void *context, int number)
{
	struct daemon *daemon = context;

	if (number == SIGHUP)
		reload_begin(daemon, 0);
	else
		daemon_finish(daemon);
}

static bool is_due(const struct daemon *daemon, struct instant when)
{
	return instant_has_come(when, daemon->moment.now);
}

/* ---- what the core tells ---- */

static void take_event(struct daemon *daemon, const struct core_event *event)
{
	switch (event->kind) {
	case CORE_RESOLVE:
		resolve_ask(daemon->resolve, event->peer, event->host);
		break;
	case CORE_REMEMBER:
		daemon->is_state_stale = true;
		break;
	case CORE_PEERS_CHANGED:
		daemon->are_routes_stale = true;
		break;
	case CORE_STATUS_CHANGED:
		daemon->is_status_stale = true;
		break;
	case CORE_PING_DONE:
		verbs_ping_done(daemon, event);
		break;
	}
}

static void take_events(struct daemon *daemon)
{
	struct core_event event;

	while (core_take_event(daemon->core, &event))
		take_event(daemon, &event);
}

/* ---- what is stale ---- */

/* endpoint_parse knows no scope, and a link's number may be another one
 * tomorrow: link-local endpoints are not remembered. */
static int note_peer(
    struct daemon *daemon, struct state *state, const struct config_peer *conf)
{
	struct peer *peer =
	    tunnel_peer_find(core_tunnel(daemon->core), conf->public_key);
	struct state_entry entry;

	if (!peer)
		return 0;
	memcpy(entry.public_key, conf->public_key, sizeof(entry.public_key));
	entry.endpoint = *tunnel_peer_endpoint(peer);
	if (entry.endpoint.address.family == FAMILY_NONE ||
	    entry.endpoint.scope_id)
		return 0;
	return state_add(state, &entry);
}

void turn_save_state(struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);
	struct state state = {0};
	int code = 0;

	if (!daemon->is_state_stale)
		return;
	for (size_t i = 0; i < config->peers_count && !code; i++)
		code = note_peer(daemon, &state, &config->peers[i]);
	if (!code)
		state_file_write(&daemon->state_file, &state);
	state_clear(&state);
	daemon->is_state_stale = false;
	daemon->state_due = instant_after(daemon->moment.now, STATE_NS);
}

static void sync_routes(struct daemon *daemon)
{
	if (!daemon->are_routes_stale || daemon->device_fds.fd < 0)
		return;
	daemon->are_routes_stale = false;
	if (host_sync(daemon->host, core_config(daemon->core), daemon->error,
		sizeof(daemon->error)))
		log_error(&daemon->logger.log, "%s", daemon->error);
	if (daemon->underlay.fwmark == host_fwmark(daemon->host))
		return;
	daemon->underlay.fwmark = host_fwmark(daemon->host);
	if (udp_set_mark(daemon->udp, daemon->underlay.fwmark))
		log_error(&daemon->logger.log, "fwmark: it was refused");
	device_tell_core(daemon);
}

static bool has_way(struct daemon *daemon, const struct address *to)
{
	return underlay_way_to(&daemon->underlay, to, daemon->moment.now) ==
	       UNDERLAY_OUT;
}

static bool has_lost_way(struct daemon *daemon, const struct config_peer *conf)
{
	struct peer *peer =
	    tunnel_peer_find(core_tunnel(daemon->core), conf->public_key);
	const struct address *at;

	if (!peer)
		return false;
	at = &tunnel_peer_endpoint(peer)->address;
	return at->family != FAMILY_NONE && !has_way(daemon, at);
}

/* The host has lost the way to a peer, but not to each address of its name:
 * one of the families is gone, perhaps. */
static void find_way(struct daemon *daemon, const struct config_peer *conf)
{
	struct address known[CORE_ADDRESSES];
	size_t count = core_addresses(daemon->core, conf->public_key, known);

	if (!count || !has_lost_way(daemon, conf))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!has_way(daemon, &known[i]))
			continue;
		core_way_lost(
		    daemon->core, conf->public_key, &known[i], &daemon->moment);
		return;
	}
}

static void find_ways(struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);

	for (size_t i = 0; i < config->peers_count; i++)
		find_way(daemon, &config->peers[i]);
}

static void renew_underlay(struct daemon *daemon)
{
	if (!is_due(daemon, daemon->underlay_due))
		return;
	daemon->underlay_due = INSTANT_NEVER;
	log_debug(&daemon->logger.log, "the host's network has changed");
	resolve_underlay_changed(daemon->resolve);
	find_ways(daemon);
	core_underlay_changed(daemon->core, &daemon->moment);
}

static struct instant status_due(const struct daemon *daemon)
{
	return daemon->is_status_stale
		   ? instant_earlier(daemon->status_due, daemon->notify_due)
		   : daemon->notify_due;
}

static void tell_manager(struct daemon *daemon)
{
	int64_t wait_ns = STATUS_NS;
	char line[sizeof(daemon->notify.status)];

	if (daemon->notify.fd < 0 || !is_due(daemon, status_due(daemon)))
		return;
	daemon->is_status_stale = false;
	daemon->status_due = instant_after(daemon->moment.now, STATUS_MIN_NS);
	if (daemon->notify.watchdog_ns && daemon->notify.watchdog_ns < wait_ns)
		wait_ns = daemon->notify.watchdog_ns;
	daemon->notify_due = instant_after(daemon->moment.now, wait_ns);
	core_status_line(daemon->core, &daemon->moment, line, sizeof(line));
	notify_status(&daemon->notify, line);
	if (daemon->notify.watchdog_ns)
		notify_watchdog(&daemon->notify);
}

/* ---- the end of a turn ---- */

static void watch_data(struct daemon *daemon)
{
	bool is_blocked = data_is_blocked(&daemon->data);
	bool wants_more = data_wants_more(&daemon->data);
	unsigned events = daemon->is_split ? 0 : LOOP_READ;

	if (is_blocked)
		events |= LOOP_WRITE;
	loop_change(daemon->udp_watch, events);
	if (wants_more == daemon->wants_packets)
		return;
	daemon->wants_packets = wants_more;
	for (size_t i = 0; i < TUN_QUEUES && daemon->queues[i].watch; i++)
		loop_change(
		    daemon->queues[i].watch, wants_more ? LOOP_READ : 0);
}

/* But for what packets may change. */
static struct instant deadline_of_others(struct daemon *daemon)
{
	const struct instant due[] = {
	    control_deadline(daemon->control),
	    resolve_deadline(daemon->resolve),
	    daemon->is_state_stale ? daemon->state_due : INSTANT_NEVER,
	    daemon->underlay_due,
	    daemon->device_due,
	    daemon->look.due,
	    daemon->notify.fd >= 0 ? status_due(daemon) : INSTANT_NEVER,
	};
	struct instant first = INSTANT_NEVER;

	for (size_t i = 0; i < ARRAY_SIZE(due); i++)
		first = instant_earlier(first, due[i]);
	return first;
}

static struct instant balance_due(const struct daemon *daemon)
{
	struct instant part_ends = balance_part_end(&daemon->balance);
	struct instant until = alone_deadline(&daemon->alone);

	if ((daemon->balance.is_busy && daemon->worker) ||
	    instant_is_before(until, part_ends))
		return part_ends;
	return until;
}

static struct instant deadline(const struct daemon *daemon)
{
	struct instant due =
	    instant_earlier(core_deadline(daemon->core), daemon->others_due);

	return instant_earlier(due, balance_due(daemon));
}

/* With a loop that does not wait, whom our packets woke may be waiting for this
 * processor. */
static void share_processor(struct daemon *daemon, bool waits)
{
	bool is_flooded = data_is_flooded(&daemon->data);

	if (slice_turn(&daemon->slice, is_flooded, daemon->moment.now) ||
	    !waits)
		sched_yield();
}

/* Until then the loop may wait: not at all while it polls. */
static struct instant wait_until(struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);
	struct instant now = daemon->moment.now, due = deadline(daemon);
	bool has_carried = data_has_carried(&daemon->data);

	if (busy_poll_goes_on(&daemon->busy_poll,
		config->busy_poll_us * NS_PER_US, has_carried, now)) {
		daemon->balance.has_idled |= !has_carried;
		return now;
	}
	due = instant_earlier(due, instant_after(now, WAIT_MAX_NS));
	return instant_is_before(due, now) ? now : due;
}

void turn_split(struct daemon *daemon, bool is_split)
{
	daemon->is_split = is_split;
	daemon->data.udp = is_split ? daemon->udp_twin : daemon->udp;
	worker_receive(daemon->worker, is_split, &daemon->data);
	core_note_workers(daemon->core, is_split ? 2 : 1);
}

static void note_flood(struct daemon *daemon)
{
	struct instant now = daemon->moment.now;

	if (slice_is_flooded(&daemon->slice, now) ||
	    (daemon->is_split && worker_is_flooded(daemon->worker, now)))
		daemon->calm_from = instant_after(now, CALM_NS);
}

/* Nobody else has moved one of them. */
static bool are_where_put(const struct daemon *daemon)
{
	return daemon->affinity.cpu >= 0 &&
	       affinity_is_kept(&daemon->affinity, 0) &&
	       worker_is_placed(daemon->worker);
}

static bool are_placeable(const struct daemon *daemon)
{
	if (core_config(daemon->core)->affinity != CONFIG_OFFLOAD_AUTO)
		return false;
	if (daemon->placement.now != PLACING_KERNEL)
		return are_where_put(daemon);
	return affinity_is_possible(&daemon->affinity) &&
	       affinity_count(0) == AFFINITY_CPUS &&
	       worker_is_placeable(daemon->worker);
}

/* One for each direction. In a flood each may need all that there is, and
 * other vpnd's of this host may. */
static bool has_two_cpus(struct daemon *daemon)
{
	bool is_busy = balance_is_busy(&daemon->balance);
	bool is_alone = alone_note(&daemon->alone, is_busy, daemon->moment.now);

	return daemon->worker && is_alone && are_placeable(daemon) &&
	       is_due(daemon, daemon->calm_from);
}

static void place_threads(struct daemon *daemon, bool is_possible)
{
	static const enum affinity_place places[][2] = {
	    [PLACING_KERNEL] = {AFFINITY_KERNEL, AFFINITY_KERNEL},
	    [PLACING_OUT_FIRST] = {AFFINITY_FIRST, AFFINITY_SECOND},
	    [PLACING_IN_FIRST] = {AFFINITY_SECOND, AFFINITY_FIRST},
	};
	const struct data *data = &daemon->data;
	const enum affinity_place *place;

	if (!placement_note(&daemon->placement, is_possible, data->out_bytes,
		data->in_bytes + worker_data(daemon->worker)->in_bytes))
		return;
	place = places[daemon->placement.now];
	affinity_set(&daemon->affinity, place[0]);
	worker_place(daemon->worker, place[1]);
	daemon->has_placed_worker = true;
}

static void keep_balance(struct daemon *daemon)
{
	struct balance *balance = &daemon->balance;
	bool has_two, has_changed;

	if (!balance_is_due(balance, daemon->moment.now))
		return;
	threads_alone(daemon->threads);
	note_flood(daemon);
	has_two = has_two_cpus(daemon);
	has_changed = balance_note(
	    balance, daemon->moment.now, clock_processor_ns(), has_two);
	if (!daemon->worker)
		return;
	if (has_changed &&
	    core_config(daemon->core)->workers == CONFIG_WORKERS_AUTO)
		turn_split(daemon, balance->is_busy);
	place_threads(daemon, daemon->is_split && balance->is_busy && has_two);
}

/* What has to be done alone. */
static void run_turn(struct daemon *daemon)
{
	if (is_due(daemon, core_deadline(daemon->core)))
		core_turn(daemon->core, &daemon->moment);
	attach_turn(daemon->attachments);
	resolve_turn(daemon->resolve);
	renew_underlay(daemon);
	take_events(daemon);
	sync_routes(daemon);
	data_flush(&daemon->data);
	device_turn(daemon);
	offloads_turn(daemon);
	core_streams_offered(daemon->core);
	control_turn(daemon->control);
	if (is_due(daemon, daemon->state_due))
		turn_save_state(daemon);
	tell_manager(daemon);
}

/* There have been packets only, and nothing is due. */
static bool is_quiet(struct daemon *daemon)
{
	bool is_quiet;

	if (daemon->was_alone)
		return false;
	threads_enter(daemon->threads);
	is_quiet = !is_due(daemon, deadline(daemon)) &&
		   !core_has_news(daemon->core) && !daemon->data.is_device_gone;
	threads_leave(daemon->threads);
	return is_quiet;
}

void turn_alone(void *context)
{
	struct daemon *daemon = context;

	daemon->was_alone = true;
	threads_alone(daemon->threads);
}

static void run_alone(struct daemon *daemon)
{
	threads_alone(daemon->threads);
	run_turn(daemon);
	daemon->others_due = deadline_of_others(daemon);
	daemon->was_alone = false;
}

/* One that only sleeps goes where it was told, too; it may need more than one
 * of our turns until it has one. */
static bool may_work(struct daemon *daemon)
{
	if (daemon->has_placed_worker && threads_is_alone(daemon->threads))
		daemon->has_placed_worker = worker_is_moving(daemon->worker);
	return daemon->is_split || daemon->has_placed_worker;
}

struct instant turn_ended(void *context)
{
	struct daemon *daemon = context;
	struct instant until;

	if (!is_quiet(daemon))
		run_alone(daemon);
	keep_balance(daemon);
	watch_data(daemon);
	threads_enter(daemon->threads);
	until = wait_until(daemon);
	threads_set_due(daemon->threads, until);
	threads_leave(daemon->threads);
	if (may_work(daemon))
		threads_resume(daemon->threads);
	share_processor(daemon, !instant_has_come(until, daemon->moment.now));
	return until;
}
