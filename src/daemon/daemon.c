/* SPDX-License-Identifier: ISC */
/* The program as a whole. */
#include "daemon/daemon.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/allocator.h"
#include "io/clock.h"

/* 0, 1 and 2 must be taken, or a socket would get what is written to them. */
static void reserve_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void init(struct daemon *daemon)
{
	daemon->moment = clock_read();
	daemon->lock_fd = -1;
	alone_init(&daemon->alone, "vpnd-busy");
	daemon->device_fds.fd = -1;
	daemon->data.moment = &daemon->moment;
	daemon->core_host.started = daemon->moment.now;
	daemon->underlay_due = INSTANT_NEVER;
	daemon->device_due = INSTANT_NEVER;
	daemon->was_alone = true;
	mend_clock_clear(&daemon->look);
	logger_init(&daemon->logger, daemon->options.has_log_level
					 ? daemon->options.log_level
					 : LOG_LEVEL_INFO);
	notify_init(&daemon->notify);
}

/* Messages of the configuration are whole already, others get our name. */
static void complain(const struct daemon *daemon, int code)
{
	if (code == OPTIONS_EXIT_CONFIG)
		logger_print(&daemon->logger, LOG_LEVEL_ERROR, daemon->error);
	else
		log_error(&daemon->logger.log, "%s", daemon->error);
}

static int serve(struct daemon *daemon)
{
	int code = daemon_start(daemon);

	if (code) {
		complain(daemon, code);
		return code;
	}
	log_info(&daemon->logger.log, "%s: device %s is up, UDP port %u",
	    daemon->options.name, daemon->device, udp_port(daemon->udp));
	notify_ready(&daemon->notify);
	allocator_trim();
	loop_run(daemon->loop);
	return daemon->exit_code;
}

static int run(struct daemon *daemon)
{
	int code;

	init(daemon);
	if (daemon->options.action == OPTIONS_RUN) {
		code = serve(daemon);
	} else {
		code = daemon_check(daemon);
		if (code)
			complain(daemon, code);
	}
	daemon_stop(daemon);
	return code;
}

static int print_help(void)
{
	char text[2048];

	return fputs(options_help(text, sizeof(text)), stdout) < 0;
}

int daemon_main(int argc, char **argv)
{
	struct daemon *daemon;
	char error[256];
	int code;

	reserve_descriptors();
	allocator_init();
	umask(0077);
	daemon = calloc(1, sizeof(*daemon));
	if (!daemon)
		return OPTIONS_EXIT_FAILED;
	if (options_parse(&daemon->options, argc, argv, error, sizeof(error))) {
		fprintf(stderr, "vpnd: %s\n", error);
		code = OPTIONS_EXIT_USAGE;
	} else if (daemon->options.action == OPTIONS_HELP) {
		code = print_help();
	} else if (daemon->options.action == OPTIONS_VERSION) {
		code = printf("vpnd %s\n", PACKAGE_VERSION) < 0;
	} else {
		code = run(daemon);
	}
	free(daemon);
	return code;
}
