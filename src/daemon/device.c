/* SPDX-License-Identifier: ISC */
/* The tun or tap device as the host sees it: up, down, renamed, deleted. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"

/* Several news within this time are one change of the underlay. */
#define SETTLE_NS (200 * NS_PER_MS)
/* A deleted device is made again within a second, or vpnd ends. */
#define RETRY_NS    (250 * NS_PER_MS)
#define RETRIES_MAX 4

/* Is called beside the worker (loop_watch_beside). */
static void device_ready(void *context, unsigned events)
{
	const struct device_queue *queue = context;

	(void)events;
	data_from_device(
	    &queue->daemon->data, (size_t)(queue - queue->daemon->queues));
}

struct data *daemon_receiver(struct daemon *daemon)
{
	return daemon->is_split ? worker_data(daemon->worker) : &daemon->data;
}

static int open_batches(struct daemon *daemon, enum tun_type type)
{
	struct tun_batch_setup setup = {
	    .type = type, .offload = &daemon->offload, .pool = daemon->pool};
	int code;

	if (!daemon->offload.has_header)
		return 0;
	code = tun_batch_new(&daemon->data.batch, &setup);
	if (!code && daemon->worker)
		code =
		    tun_batch_new(&worker_data(daemon->worker)->batch, &setup);
	return code;
}

static void close_batch(struct data *data)
{
	tun_batch_free(data->batch);
	data->batch = NULL;
}

/* What was for the device while there was none, found it gone, too. */
static void note_back(struct daemon *daemon)
{
	daemon->data.is_device_gone = false;
	if (daemon->worker)
		worker_data(daemon->worker)->is_device_gone = false;
}

static bool watch_queue(struct daemon *daemon, size_t idx, int fd)
{
	struct device_queue *queue = &daemon->queues[idx];

	*queue = (struct device_queue){.daemon = daemon, .fd = fd};
	queue->watch =
	    loop_watch_beside(daemon->loop, fd, LOOP_READ, device_ready, queue);
	if (!queue->watch)
		return false;
	daemon->wants_packets = true;
	daemon->device_fds.queues.fds[idx] = fd;
	daemon->device_fds.queues.count = idx + 1;
	return true;
}

/* Fewer than there could be are no reason to be without a tunnel. */
static void open_queues(struct daemon *daemon, enum tun_type type)
{
	for (size_t i = 1; daemon->offload.has_queues && i < TUN_QUEUES; i++) {
		int fd = tun_open_queue(type, daemon->device);

		if (fd < 0)
			break;
		if (!watch_queue(daemon, i, fd)) {
			close(fd);
			break;
		}
	}
}

static void close_queues(struct daemon *daemon)
{
	for (size_t i = 0; i < TUN_QUEUES && daemon->queues[i].watch; i++) {
		loop_unwatch(daemon->queues[i].watch);
		daemon->queues[i].watch = NULL;
		if (i > 0)
			close(daemon->queues[i].fd);
	}
}

static enum tun_type type_of(const struct config *config)
{
	return config->device_type == CONFIG_DEVICE_TAP ? TUN_TYPE_TAP
							: TUN_TYPE_TUN;
}

/* A device that somebody keeps, with many queues, takes those of any program:
 * each would get a part of the packets. `ours` of them are our own. */
static int refuse_shared(struct daemon *daemon, const char *name, uint32_t ours)
{
	enum tun_type type = type_of(core_config(daemon->core));
	struct netlink_link link;

	if (netlink_find_link(daemon->netlink, name, &link) ||
	    link.queues <= ours)
		return 0;
	return tun_explain(
	    EBUSY, type, name, daemon->error, sizeof(daemon->error));
}

/* It is asked for before, as the one who has it would notice, and after, as two
 * may come at once. The descriptor, or negative errno. */
static int open_alone(struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);
	bool wants_offload = config->offload == CONFIG_OFFLOAD_AUTO;
	int code = refuse_shared(daemon, config->device, 0), fd;

	if (code)
		return code;
	fd = tun_open(type_of(config), config->device,
	    wants_offload ? &daemon->offload : NULL, daemon->device,
	    daemon->error, sizeof(daemon->error));
	if (fd < 0)
		return fd;
	code = refuse_shared(daemon, daemon->device, 1);
	if (!code)
		return fd;
	close(fd);
	return code;
}

int device_open(struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);
	enum tun_type type = type_of(config);
	bool wants_offload = config->offload == CONFIG_OFFLOAD_AUTO;
	int fd = open_alone(daemon);

	if (fd < 0)
		return fd;
	daemon->device_fds.fd = fd;
	if (wants_offload && open_batches(daemon, type)) {
		device_close(daemon);
		return -ENOMEM;
	}
	data_tell_path(&daemon->data);
	daemon->has_told_tcp = daemon->has_told_udp = false;
	note_back(daemon);
	daemon->device_dropped = 0;
	if (!watch_queue(daemon, 0, fd)) {
		device_close(daemon);
		return -ENOMEM;
	}
	if (wants_offload)
		open_queues(daemon, type);
	return 0;
}

void device_close(struct daemon *daemon)
{
	close_queues(daemon);
	daemon->device_fds.queues.count = 0;
	if (daemon->device_fds.fd >= 0)
		close(daemon->device_fds.fd);
	daemon->device_fds.fd = -1;
	close_batch(&daemon->data);
	if (daemon->worker)
		close_batch(worker_data(daemon->worker));
}

void device_tell_core(struct daemon *daemon)
{
	struct core_host *host = &daemon->core_host;
	struct netlink_link link = {0};

	if (daemon->device_fds.fd >= 0 &&
	    netlink_find_index(
		daemon->netlink, host_ifindex(daemon->host), &link))
		link.is_up = false;
	memcpy(host->device, daemon->device, sizeof(host->device));
	host->is_device_up = link.is_up;
	host->mtu = link.mtu;
	host->mac = link.mac;
	host->queues = (uint32_t)daemon->device_fds.queues.count;
	host->port = udp_port(daemon->udp);
	host->receive_buffer_bytes = daemon_receiver(daemon)->waiting.bytes;
	host->busy_polls = daemon->busy_poll.turns;
	if (daemon->worker)
		host->busy_polls += worker_busy_polls(daemon->worker);
	host->workers = daemon->is_split ? 2 : 1;
	host->cpu_out = daemon->affinity.cpu;
	host->cpu_in = daemon->worker ? worker_cpu(daemon->worker) : -1;
	host->lock_waits = threads_waits(daemon->threads);
	host->fwmark = host_fwmark(daemon->host);
	host->table = host_table(daemon->host);
	offloads_tell(daemon, host->offloads);
	core_set_host(daemon->core, host);
}

void device_count_drops(struct daemon *daemon)
{
	struct netlink_link link;

	if (daemon->device_fds.fd < 0 || netlink_find_index(daemon->netlink,
					     host_ifindex(daemon->host), &link))
		return;
	if (link.tx_dropped > daemon->device_dropped)
		path_count_outside(core_path(daemon->core),
		    PATH_OUTSIDE_TUN_READ, DROP_FULL_RING,
		    link.tx_dropped - daemon->device_dropped);
	daemon->device_dropped = link.tx_dropped;
}

/* ---- news ---- */

static void our_link(struct daemon *daemon, const struct netlink_link *link)
{
	const struct core_host *host = &daemon->core_host;
	struct log *log = &daemon->logger.log;
	bool was_up;

	if (*link->name && strcmp(link->name, daemon->device) != 0) {
		log_info(log, "device %s: renamed to %s", daemon->device,
		    link->name);
		memcpy(daemon->device, link->name, sizeof(daemon->device));
	}
	was_up = host->is_device_up;
	device_tell_core(daemon);
	if (host->is_device_up != was_up)
		log_info(log, "device %s: %s", daemon->device,
		    host->is_device_up ? "up" : "down");
	/* News may be old: it was down, and is up already. */
	if (host->is_device_up && (!was_up || !link->is_up))
		host_restore(daemon->host);
}

static void underlay_changed(struct daemon *daemon)
{
	if (instant_is_never(daemon->underlay_due))
		daemon->underlay_due =
		    instant_after(daemon->moment.now, SETTLE_NS);
}

/* What was lost may have been about our device: it has another state or name,
 * or it is gone. What it has lost by that is found by the look at the host. */
static void make_up_for_lost_news(struct daemon *daemon)
{
	struct netlink_link link;
	int code;

	log_debug(&daemon->logger.log, "news of the host were lost");
	if (daemon->device_fds.fd < 0)
		return;
	code = netlink_find_index(
	    daemon->netlink, host_ifindex(daemon->host), &link);
	if (code == -ENODEV)
		daemon->data.is_device_gone = true;
	if (!code)
		our_link(daemon, &link);
}

static void take_news(void *context, const struct watch_news *news)
{
	struct daemon *daemon = context;
	bool is_ours = news->link.ifindex == host_ifindex(daemon->host);

	underlay_forget(&daemon->underlay);
	if (is_ours && news->kind == WATCH_LINK)
		our_link(daemon, &news->link);
	if (is_ours && news->kind == WATCH_LINK_GONE)
		daemon->data.is_device_gone = true;
	if (host_is_concerned(daemon->host, news))
		mend_clock_push(&daemon->look, daemon->moment.now);
	if (news->kind == WATCH_LOST ||
	    (news->kind == WATCH_SETTINGS &&
		host_has_other_forwarding(daemon->host)) ||
	    host_misses_bridge(daemon->host, core_config(daemon->core),
		&news->link, news->kind == WATCH_LINK_GONE))
		daemon->are_routes_stale = true;
	if (news->kind == WATCH_LOST)
		make_up_for_lost_news(daemon);
	if (news->kind == WATCH_LOST || (!is_ours && news->is_default) ||
	    (!is_ours && news->kind == WATCH_ADDRESS))
		underlay_changed(daemon);
}

void device_news(void *context, unsigned events)
{
	struct daemon *daemon = context;

	(void)events;
	watch_read(daemon->watch, take_news, daemon);
}

/* ---- gone, and back ---- */

static void lose(struct daemon *daemon)
{
	log_warning(&daemon->logger.log, "device %s: deleted; making it again",
	    daemon->device);
	device_close(daemon);
	daemon->device_attempts = 0;
	daemon->device_due = daemon->moment.now;
}

static int make_again(struct daemon *daemon)
{
	int code = device_open(daemon);

	if (code)
		return code;
	code = host_replace_device(daemon->host, daemon->device);
	if (!code)
		code = host_sync(daemon->host, core_config(daemon->core),
		    daemon->error, sizeof(daemon->error));
	if (code) {
		device_close(daemon);
		return code;
	}
	daemon->underlay.ifindex = host_ifindex(daemon->host);
	underlay_forget(&daemon->underlay);
	device_tell_core(daemon);
	log_info(&daemon->logger.log, "device %s: made again", daemon->device);
	return 0;
}

static void retry(struct daemon *daemon)
{
	daemon->device_due = INSTANT_NEVER;
	if (make_again(daemon) == 0)
		return;
	if (++daemon->device_attempts < RETRIES_MAX) {
		daemon->device_due =
		    instant_after(daemon->moment.now, RETRY_NS);
		return;
	}
	log_error(&daemon->logger.log, "device %s: can not be made again: %s",
	    daemon->device, daemon->error);
	daemon->exit_code = OPTIONS_EXIT_FAILED;
	daemon_finish(daemon);
}

/* First the news that have come since: that the device went down, perhaps. */
static void look_at_host(struct daemon *daemon)
{
	device_news(daemon, 0);
	mend_clock_clear(&daemon->look);
	if (daemon->device_fds.fd >= 0 && daemon->core_host.is_device_up)
		host_mend(daemon->host, daemon->device, daemon->moment.now);
}

void device_turn(struct daemon *daemon)
{
	if (instant_has_come(daemon->look.due, daemon->moment.now))
		look_at_host(daemon);
	if (daemon_receiver(daemon)->is_device_gone)
		daemon->data.is_device_gone = true;
	if (daemon->data.is_device_gone && daemon->device_fds.fd >= 0)
		lose(daemon);
	if (instant_has_come(daemon->device_due, daemon->moment.now))
		retry(daemon);
}
