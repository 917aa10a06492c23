/* SPDX-License-Identifier: ISC */
/*
 * The daemon: all that it holds, and how its files reach each other.
 *
 * How it works: daemon_main parses the options and runs the stages of prepare.c
 * and start.c; then the loop turns: turn.c runs what is due and says when to
 * come again; data.c carries packets, device.c watches the host, which host.h
 * changes and mend.h puts in order again, verbs.c answers vpnctl, reload.c
 * reads the configuration again.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>

#include "core/core.h"
#include "daemon/affinity.h"
#include "daemon/alone.h"
#include "daemon/attach.h"
#include "daemon/balance.h"
#include "daemon/busy_poll.h"
#include "daemon/control.h"
#include "daemon/data.h"
#include "daemon/host.h"
#include "daemon/keymem.h"
#include "daemon/loader.h"
#include "daemon/logger.h"
#include "daemon/loop.h"
#include "daemon/mend.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/placement.h"
#include "daemon/resolve.h"
#include "daemon/slice.h"
#include "daemon/state.h"
#include "daemon/underlay.h"
#include "daemon/worker.h"
#include "io/tun.h"
#include "io/watch.h"

#define DAEMON_ERROR_BYTES 65536
#define DAEMON_WAITERS	   CONTROL_CLIENTS

/* A client that waits for an answer. */
struct waiter {
	uint64_t client; /* 0: free */
	uint64_t number; /* ping's id, or the reload it waits for */
};

struct reload {
	bool is_loading;
	bool is_wanted_again; /* asked for while one was under way */
	uint64_t number;      /* of the one under way, or the last */
	struct waiter waiters[DAEMON_WAITERS];
	char sentence[128]; /* how the last one went, for status */
};

/* One of the device's, the first of which is device_fds.fd. */
struct device_queue {
	struct daemon *daemon;
	int fd;
	struct loop_watch *watch; /* NULL: there is no such queue */
};

struct daemon {
	struct options options;
	struct logger logger;
	struct notify notify;
	struct moment moment; /* of this turn */
	int lock_fd;
	struct loader *loader;
	struct config *config;	/* until the core takes it */
	struct core_keys *keys; /* likewise */
	struct loop *loop;
	struct pool *pool;
	struct core *core;
	struct netlink *netlink;
	struct watch *watch;
	struct host *host;
	struct underlay underlay;
	struct udp *udp;
	struct udp *udp_twin; /* for this thread, where another one receives */
	struct data_device device_fds;
	struct data data;	    /* of this thread */
	struct threads *threads;    /* NULL: this one is all there is */
	struct worker *worker;	    /* likewise */
	bool is_split;		    /* it receives, not this thread */
	struct balance balance;	    /* whether it should; workers = "auto" */
	unsigned cpus;		    /* that it might use at its start */
	struct placement placement; /* of the two on the CPUs */
	bool has_placed_worker;	    /* which has to have a turn to go there */
	struct instant calm_from;   /* nothing was flooded lately */
	struct alone alone;	    /* among the busy vpnd's of this host */
	struct affinity affinity;   /* of this thread */
	struct busy_poll busy_poll;
	struct control *control;
	struct attachments *attachments;
	struct resolve *resolve;
	struct state_file state_file;
	struct reload reload;
	struct waiter pings[DAEMON_WAITERS];
	uint64_t last_ping;
	struct core_host core_host;
	char device[TUN_NAME_BYTES];	 /* as it is named now */
	struct tun_offload offload;	 /* of the device, when it was opened */
	bool has_told_tcp, has_told_udp; /* the log: the device takes none */
	uint64_t device_dropped;	 /* by the kernel, as last counted */
	struct device_queue queues[TUN_QUEUES];
	bool wants_packets; /* all queues are watched for them, or none is */
	struct loop_watch *udp_watch, *news_watch, *loader_watch, *worker_watch;
	bool is_state_stale, are_routes_stale, is_status_stale;
	struct slice slice;
	unsigned device_attempts; /* to make it again */
	struct mend_clock look;	  /* at the host, for what others removed */
	struct instant state_due, underlay_due, device_due, notify_due;
	struct instant status_due; /* not before, when it is stale */
	struct instant others_due; /* what packets do not change */
	bool was_alone;		   /* this turn is about more than packets */
	int exit_code;
	char error[DAEMON_ERROR_BYTES];
};

/* The whole program; returns the exit status. */
int daemon_main(int argc, char **argv);

/* ---- prepare.c ---- */

/* One step of the start; 0, or the exit status with daemon->error. */
typedef int daemon_stage_fn(struct daemon *daemon);
/* One after the other, until one fails. */
int daemon_run(
    struct daemon *daemon, daemon_stage_fn *const *stages, size_t count);
/* The exit status for a negative errno; `what` failed. */
int daemon_fail(struct daemon *daemon, int code, const char *what);
/* The same with a daemon->error that is there already; 0: none. */
int daemon_exit_of(int code);

/* All until there is a core, which is all that --check does; as a stage. */
int daemon_check(struct daemon *daemon);

/* The loader's answer as a configuration, or NULL: its messages are copied to
 * daemon->error. Clears the answer. */
struct config *daemon_take_config(
    struct daemon *daemon, struct loader_answer *answer);

/* ---- start.c ---- */

/* Runs all stages; 0, or the exit status. daemon_stop undoes what was done. */
int daemon_start(struct daemon *daemon);
void daemon_stop(struct daemon *daemon);
/* Says CLOSE to the peers and ends the loop. */
void daemon_finish(struct daemon *daemon);

/* ---- turn.c ---- */
struct instant turn_began(void *context);
struct instant turn_ended(void *context);
void turn_alone(void *context);
/* From now on the worker receives, or this thread does. */
void turn_split(struct daemon *daemon, bool is_split);
void turn_signalled(void *context, int number);
/* Writes the endpoints down if they have changed. */
void turn_save_state(struct daemon *daemon);

/* ---- device.c ---- */

/* Opens the device and watches it. 0 or negative errno with daemon->error. */
must_check int device_open(struct daemon *daemon);
void device_close(struct daemon *daemon);
/* The kernel's word on links, addresses and routes. */
void device_news(void *context, unsigned events);
/* Notices a device that is gone, and makes it again when it is time. */
void device_turn(struct daemon *daemon);
/* Counts what the kernel dropped because we did not read in time. */
void device_count_drops(struct daemon *daemon);
/* Tells the core what status shows of the host. */
void device_tell_core(struct daemon *daemon);

/* What receives: of this thread, or of the worker (is_split). */
struct data *daemon_receiver(struct daemon *daemon);

/* ---- offloads.c ---- */

/* Says once for a device that it takes no TCP, or UDP, super-packets any more.
 */
void offloads_turn(struct daemon *daemon);
/* What status shows of offloads. */
void offloads_tell(
    struct daemon *daemon, struct core_offload ret[CORE_OFFLOADS]);

/* ---- verbs.c ---- */
void verbs_run(void *context, uint64_t client, enum control_rights rights,
    const struct control_request *request);
void verbs_ping_done(struct daemon *daemon, const struct core_event *event);

/* ---- reload.c ---- */

/* Begins a reload, or one after that under way. client 0: nobody waits. */
void reload_begin(struct daemon *daemon, uint64_t client);
/* The loader has something to say. */
void reload_ready(void *context, unsigned events);

#endif
