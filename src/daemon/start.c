/* SPDX-License-Identifier: ISC */
/*
 * From a core (prepare.c) to a running daemon, and back: the stages in their
 * order. Power is given up before the first packet is read.
 */
#include <errno.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/hwaddr.h"
#include "daemon/privileges.h"
#include "daemon/slice.h"
#include "daemon/socket.h"
#include "io/clock.h"

/* ---- the host ---- */

static int make_loop(struct daemon *daemon)
{
	struct loop_hooks hooks = {.turn_began = turn_began,
	    .turn_ended = turn_ended,
	    .alone = turn_alone,
	    .signalled = turn_signalled,
	    .context = daemon};
	int code = loop_new(&daemon->loop, &hooks);

	return code ? daemon_fail(daemon, code, "event loop") : 0;
}

static int take_lock(struct daemon *daemon)
{
	daemon->lock_fd = socket_lock(
	    daemon->options.socket, daemon->error, sizeof(daemon->error));
	return daemon->lock_fd < 0 ? OPTIONS_EXIT_FAILED : 0;
}

static int open_netlink(struct daemon *daemon)
{
	int code = netlink_open(&daemon->netlink);

	if (!code)
		code = watch_open(&daemon->watch);
	return code ? daemon_fail(daemon, code, "rtnetlink") : 0;
}

static void set_up(struct daemon *daemon, struct data *data)
{
	data->device = &daemon->device_fds;
	data->underlay = &daemon->underlay;
	data->core = daemon->core;
	data->pool = daemon->pool;
	data->udp = daemon->udp;
}

/* Is called beside the worker (loop_watch_beside). */
static void wire_ready(void *context, unsigned events)
{
	struct daemon *daemon = context;

	if (events & LOOP_READ) {
		data_from_wire(&daemon->data);
		data_from_answering(&daemon->data);
	} else {
		data_flush(&daemon->data);
	}
}

static int open_socket(struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);
	struct udp_setup setup = {.listen = config->listen_address,
	    .port = config->listen_port,
	    .pool = daemon->pool,
	    .wants_gso = config->udp_gso == CONFIG_OFFLOAD_AUTO,
	    .wants_gro = config->udp_gro == CONFIG_OFFLOAD_AUTO};
	int code = udp_open(
	    &daemon->udp, &setup, daemon->error, sizeof(daemon->error));

	if (code)
		return daemon_exit_of(code);
	set_up(daemon, &daemon->data);
	tunnel_set_segments(
	    core_tunnel(daemon->core), udp_has_gso(daemon->udp));
	backlog_init(&daemon->data.waiting,
	    udp_receive_buffer_bytes(daemon->udp), BACKLOG_RECEIVE_BYTES_MIN);
	backlog_init(&daemon->data.sending, udp_send_buffer_bytes(daemon->udp),
	    BACKLOG_SEND_BYTES_MIN);
	daemon->data.sending.bytes = BACKLOG_SEND_BYTES_FIRST;
	atomic_store(
	    &daemon->device_fds.sending_bytes, BACKLOG_SEND_BYTES_FIRST);
	daemon->data.is_leading = true;
	udp_limit_send_buffer(daemon->udp, BACKLOG_SEND_BYTES_FIRST);
	return 0;
}

static void news_came(void *context, unsigned events)
{
	struct daemon *daemon = context;

	(void)events;
	worker_heard(daemon->worker);
}

static int make_second(struct daemon *daemon)
{
	int code = threads_new(&daemon->threads, daemon->core);

	if (!code)
		code = worker_new(&daemon->worker, daemon->threads);
	if (!code)
		code = udp_twin(&daemon->udp_twin, daemon->udp);
	if (code)
		return code;
	set_up(daemon, worker_data(daemon->worker));
	daemon->data.threads = daemon->threads;
	daemon->worker_watch = loop_watch(daemon->loop,
	    worker_news_fd(daemon->worker), LOOP_READ, news_came, daemon);
	return daemon->worker_watch ? 0 : -ENOMEM;
}

static unsigned count_workers(const struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);

	if (config->workers)
		return config->workers;
	return daemon->cpus > 1 ? 2 : 1;
}

/* What receives gets the socket. */
static int make_workers(struct daemon *daemon)
{
	int code = 0;

	daemon->cpus = affinity_count(0);
	affinity_init(&daemon->affinity);
	if (count_workers(daemon) > 1)
		code = make_second(daemon);
	if (code)
		return daemon_fail(daemon, code, "the second thread");
	balance_init(
	    &daemon->balance, daemon->moment.now, clock_processor_ns());
	if (core_config(daemon->core)->workers > 1)
		turn_split(daemon, true);
	return 0;
}

static int open_device(struct daemon *daemon)
{
	return daemon_exit_of(device_open(daemon));
}

/* The mark comes before the routes: no datagram of ours may see them. */
static int change_host(struct daemon *daemon)
{
	struct host_setup setup = {.netlink = daemon->netlink,
	    .log = &daemon->logger.log,
	    .device = daemon->device,
	    .port = udp_port(daemon->udp)};
	int code;

	hwaddr_derive(&setup.mac, core_public_key(daemon->core),
	    core_config(daemon->core)->name);
	code = host_new(&daemon->host, &setup);
	if (code)
		return daemon_fail(daemon, code, daemon->device);
	code = host_sync(daemon->host, core_config(daemon->core), daemon->error,
	    sizeof(daemon->error));
	if (!code && host_fwmark(daemon->host)) {
		code = udp_set_mark(daemon->udp, host_fwmark(daemon->host));
		if (code)
			return daemon_fail(daemon, code, "fwmark");
	}
	daemon->underlay = (struct underlay){.netlink = daemon->netlink,
	    .ifindex = host_ifindex(daemon->host),
	    .fwmark = host_fwmark(daemon->host)};
	return daemon_exit_of(code);
}

static int open_control(struct daemon *daemon)
{
	struct control_setup setup = {.loop = daemon->loop,
	    .log = &daemon->logger.log,
	    .moment = &daemon->moment,
	    .path = daemon->options.socket,
	    .read_path = daemon->options.read_socket,
	    .run = verbs_run,
	    .context = daemon};

	return daemon_exit_of(control_open(
	    &daemon->control, &setup, daemon->error, sizeof(daemon->error)));
}

static int open_attachments(struct daemon *daemon)
{
	struct attach_setup setup = {
	    daemon->loop, daemon->core, &daemon->moment};
	int code = attach_new(&daemon->attachments, &setup);

	return code ? daemon_fail(daemon, code, "attachments") : 0;
}

static void name_resolved(void *context, const char *peer,
    const struct address *addresses, size_t count)
{
	struct daemon *daemon = context;

	core_resolved(daemon->core, peer, addresses, count, &daemon->moment);
}

static bool can_reach(void *context, const struct address *address)
{
	struct daemon *daemon = context;

	return underlay_way_to(&daemon->underlay, address,
		   daemon->moment.now) == UNDERLAY_OUT;
}

static bool is_name_wanted(void *context, const char *peer, const char *host)
{
	const struct daemon *daemon = context;
	const struct config *config = core_config(daemon->core);

	for (size_t i = 0; i < config->peers_count; i++)
		if (strcmp(config->peers[i].name, peer) == 0)
			return !config_text_differs(
			    config->peers[i].endpoint_host, host);
	return false;
}

static int open_resolver(struct daemon *daemon)
{
	struct resolve_setup setup = {.loop = daemon->loop,
	    .log = &daemon->logger.log,
	    .moment = &daemon->moment,
	    .fwmark = host_fwmark(daemon->host),
	    .has_ipv6 = udp_has_ipv6(daemon->udp),
	    .resolved = name_resolved,
	    .is_wanted = is_name_wanted,
	    .can_reach = can_reach,
	    .context = daemon};
	int code = resolve_new(&daemon->resolve, &setup);

	return code ? daemon_fail(daemon, code, "resolver") : 0;
}

static int watch_descriptors(struct daemon *daemon)
{
	daemon->udp_watch = loop_watch_beside(
	    daemon->loop, udp_fd(daemon->udp), LOOP_READ, wire_ready, daemon);
	daemon->news_watch = loop_watch(daemon->loop, watch_fd(daemon->watch),
	    LOOP_READ, device_news, daemon);
	daemon->loader_watch = loop_watch(daemon->loop,
	    loader_fd(daemon->loader), LOOP_READ, reload_ready, daemon);
	if (!daemon->udp_watch || !daemon->news_watch || !daemon->loader_watch)
		return daemon_fail(daemon, -ENOMEM, "event loop");
	return 0;
}

/* ---- peers ---- */

static int remember(struct daemon *daemon)
{
	struct state state;

	state_file_init(&daemon->state_file, daemon->options.state_dir,
	    daemon->options.name, &daemon->logger.log);
	state_file_read(&daemon->state_file, &state);
	for (size_t i = 0; i < state.count; i++)
		core_remembered(daemon->core, state.entries[i].public_key,
		    &state.entries[i].endpoint);
	state_clear(&state);
	return 0;
}

/* The second thread begins between the two: it has no more power than this one,
 * and needs no call to begin. */
static int give_up_power(struct daemon *daemon)
{
	int code = privileges_drop();

	slice_begin(&daemon->slice);
	if (code)
		return daemon_fail(daemon, code, "dropping capabilities");
	if (daemon->worker)
		code = worker_start(daemon->worker);
	if (code)
		return daemon_fail(daemon, code, "the second thread");
	code = sandbox_enter();
	return code ? daemon_fail(daemon, code, "seccomp") : 0;
}

static int connect_peers(struct daemon *daemon)
{
	device_tell_core(daemon);
	core_connect(daemon->core, &daemon->moment);
	return 0;
}

static daemon_stage_fn *const run_stages[] = {make_loop, take_lock,
    open_netlink, open_socket, make_workers, open_device, change_host,
    open_control, open_attachments, open_resolver, watch_descriptors, remember,
    give_up_power, connect_peers};

int daemon_start(struct daemon *daemon)
{
	int code = daemon_check(daemon);

	return code ? code
		    : daemon_run(daemon, run_stages, ARRAY_SIZE(run_stages));
}

/* ---- the way back ---- */

void daemon_finish(struct daemon *daemon)
{
	notify_stopping(&daemon->notify);
	core_close(daemon->core, &daemon->moment);
	data_flush(&daemon->data);
	control_end_streams(daemon->control);
	turn_save_state(daemon);
	loop_stop(daemon->loop);
}

static void unwatch(struct daemon *daemon)
{
	loop_unwatch(daemon->udp_watch);
	loop_unwatch(daemon->news_watch);
	loop_unwatch(daemon->loader_watch);
	loop_unwatch(daemon->worker_watch);
	attach_free(daemon->attachments);
	resolve_free(daemon->resolve);
	control_close(daemon->control);
}

void daemon_stop(struct daemon *daemon)
{
	worker_stop(daemon->worker);
	unwatch(daemon);
	if (daemon->host)
		host_undo(daemon->host);
	host_free(daemon->host);
	device_close(daemon);
	if (daemon->pool)
		data_clear(&daemon->data);
	worker_free(daemon->worker);
	threads_free(daemon->threads);
	alone_leave(&daemon->alone);
	udp_close(daemon->udp_twin);
	udp_close(daemon->udp);
	watch_close(daemon->watch);
	netlink_close(daemon->netlink);
	loop_free(daemon->loop);
	core_free(daemon->core);
	core_keys_free(&keymem, daemon->keys);
	config_free(daemon->config);
	pool_free(daemon->pool);
	socket_unlock(daemon->options.socket, daemon->lock_fd);
	loader_stop(daemon->loader);
	notify_clear(&daemon->notify);
}
