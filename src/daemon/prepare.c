/* SPDX-License-Identifier: ISC */
/*
 * From nothing to a core: the stages before anything is changed on the host.
 *
 * The loader is forked before there are keys.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/keys.h"
#include "daemon/measure.h"
#include "packet/ethernet.h"

/* Packets for the batches, the kernel's bursts, and those that wait for a
 * session (TUNNEL_STAGED_ALL_BYTES). */
#define POOL_PACKETS 8192
/* Super-packets of a batch, what they are sealed into, and some more. */
#define POOL_LARGE 32
/* A peer's MTU may be larger than ours: jumbo frames are taken, too. Buffers
 * cost memory only once they were used. */
#define LARGEST_BYTES 9216
/* What a datagram has beyond the inner packet and the pool's own room. */
#define DATAGRAM_BYTES 16
/* What a frame has beyond the inner packet: the extension's head, and an
 * Ethernet header with up to four VLAN tags. */
#define FRAME_BYTES                                                            \
	(2 + ETHERNET_BYTES + ETHERNET_TAGS_MAX * ETHERNET_TAG_BYTES)

int daemon_fail(struct daemon *daemon, int code, const char *what)
{
	snprintf(daemon->error, sizeof(daemon->error), "%s: %s", what,
	    strerror(-code));
	return OPTIONS_EXIT_FAILED;
}

int daemon_exit_of(int code)
{
	return code ? OPTIONS_EXIT_FAILED : 0;
}

struct config *daemon_take_config(
    struct daemon *daemon, struct loader_answer *answer)
{
	struct config *config = NULL;
	size_t len = strlen(answer->messages);

	while (len && answer->messages[len - 1] == '\n')
		answer->messages[--len] = '\0';
	snprintf(daemon->error, sizeof(daemon->error), "%s", answer->messages);
	if (answer->status == 0 &&
	    config_decode(&config, answer->text, answer->text_len)) {
		config = NULL;
		snprintf(daemon->error, sizeof(daemon->error),
		    "%s: error: vpnd-conf and vpnd do not fit each other",
		    daemon->options.file);
	} else if (answer->status != 0 && !len) {
		snprintf(daemon->error, sizeof(daemon->error),
		    "%s: error: vpnd-conf ended without a word",
		    daemon->options.file);
	}
	loader_answer_clear(answer);
	return config;
}

static int start_loader(struct daemon *daemon)
{
	int code = loader_start(&daemon->loader, daemon->options.file);

	return code ? daemon_fail(daemon, code, "loader") : 0;
}

/* Warnings of a file that is in order go to stderr as they are. */
static int load_config(struct daemon *daemon)
{
	struct loader_answer answer = {0};
	int code = loader_load(daemon->loader, &answer);

	if (code)
		return daemon_fail(daemon, code, "loader");
	daemon->config = daemon_take_config(daemon, &answer);
	if (!daemon->config)
		return OPTIONS_EXIT_CONFIG;
	if (*daemon->error)
		logger_print(&daemon->logger, LOG_LEVEL_WARNING, daemon->error);
	daemon->error[0] = '\0';
	if (!daemon->options.has_log_level)
		daemon->logger.log.level = daemon->config->log_level;
	return 0;
}

static int lock_memory(struct daemon *daemon)
{
	int code = keymem_init(daemon->error, sizeof(daemon->error));

	if (!code && sodium_init() < 0)
		return daemon_fail(daemon, -ENOTSUP, "libsodium");
	return daemon_exit_of(code);
}

static int read_keys(struct daemon *daemon)
{
	int code;

	keys_init();
	code = keys_read(&daemon->keys, &keymem, daemon->config, daemon->error,
	    sizeof(daemon->error));
	if (code == -ENOMEM)
		return OPTIONS_EXIT_FAILED;
	return code ? OPTIONS_EXIT_CONFIG : 0;
}

static int make_core(struct daemon *daemon)
{
	struct core_setup setup = {.config = daemon->config,
	    .keys = daemon->keys,
	    .memory = &keymem,
	    .log = &daemon->logger.log,
	    .version = PACKAGE_VERSION};
	struct measured measured[AEAD_IDS + 1];
	size_t largest = daemon->config->mtu;
	int code;

	if (largest < LARGEST_BYTES)
		largest = LARGEST_BYTES;
	code = pool_new(&daemon->pool, POOL_PACKETS,
	    largest + FRAME_BYTES + DATAGRAM_BYTES);
	if (!code)
		code =
		    pool_add_large(daemon->pool, POOL_LARGE, TUN_WHOLE_BYTES);
	if (code)
		return daemon_fail(daemon, code, "packet buffers");
	setup.pool = daemon->pool;
	measure_aeads(&keymem, &daemon->logger.log, measured);
	for (unsigned id = 1; id <= AEAD_IDS; id++) {
		setup.aead_speed[id] = measured[id].speed;
		setup.aead_backends[id] = measured[id].backend;
	}
	daemon->config = NULL;
	daemon->keys = NULL;
	code = core_new(&daemon->core, &setup, &daemon->moment, daemon->error,
	    sizeof(daemon->error));
	if (code && !*daemon->error)
		return daemon_fail(daemon, code, "core");
	return code == -EINVAL ? OPTIONS_EXIT_CONFIG : daemon_exit_of(code);
}

static daemon_stage_fn *const check_stages[] = {
    start_loader, load_config, lock_memory, read_keys, make_core};

int daemon_run(
    struct daemon *daemon, daemon_stage_fn *const *stages, size_t count)
{
	int code = 0;

	for (size_t i = 0; i < count && !code; i++)
		code = stages[i](daemon);
	return code;
}

int daemon_check(struct daemon *daemon)
{
	return daemon_run(daemon, check_stages, ARRAY_SIZE(check_stages));
}
