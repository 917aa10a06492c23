/* SPDX-License-Identifier: ISC */
/*
 * New TCP connections, one after the other or many at once.
 *
 *	bench_connect serve PORT
 *	bench_connect connect ADDRESS PORT RATE SECONDS
 *
 * A connection is opened, sends a byte, gets one back and is closed. RATE is
 * how many are begun in a second; 0: whenever fewer than OPEN_MAX are open.
 * Prints how many were completed in a second.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define OPEN_MAX   64
#define OPEN_LIMIT 4096 /* with a RATE: that many may wait */
#define EVENTS	   256
#define BACKLOG	   4096

static int epoll_fd;

static void watch(int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll_ctl");
}

static struct sockaddr_in address_of(const char *address, const char *port)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
		errx(2, "%s: no IPv4 address", address);
	return at;
}

/* ---- serve ---- */

static int listen_at(const char *port)
{
	struct sockaddr_in at = address_of("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, BACKLOG))
		err(1, "listen");
	return fd;
}

static void accept_all(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		watch(fd, EPOLLIN);
}

static void answer(int fd)
{
	char byte;
	ssize_t got = read(fd, &byte, 1);

	if (got == 1 && write(fd, &byte, 1) == 1)
		return;
	if (got < 0 && errno == EAGAIN)
		return;
	close(fd);
}

static void serve(const char *port)
{
	int listener = listen_at(port);

	watch(listener, EPOLLIN);
	for (;;) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(epoll_fd, events, EVENTS, -1);

		for (int i = 0; i < count; i++)
			if (events[i].data.fd == listener)
				accept_all(listener);
			else
				answer(events[i].data.fd);
	}
}

/* ---- connect ---- */

static struct {
	struct sockaddr_in to;
	unsigned begun, open, completed, failed;
} client;

static void begin(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		err(1, "socket");
	client.begun++;
	if (connect(fd, (struct sockaddr *)&client.to, sizeof(client.to)) &&
	    errno != EINPROGRESS) {
		client.failed++;
		close(fd);
		return;
	}
	client.open++;
	watch(fd, EPOLLOUT);
}

static void end(int fd, bool is_good)
{
	client.open--;
	client.completed += is_good;
	client.failed += !is_good;
	close(fd);
}

static void go_on(const struct epoll_event *at)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = at->data.fd};
	char byte = 'x';

	if (at->events & (EPOLLERR | EPOLLHUP))
		end(at->data.fd, false);
	else if (at->events & EPOLLIN)
		end(at->data.fd, read(at->data.fd, &byte, 1) == 1);
	else if (write(at->data.fd, &byte, 1) != 1 ||
		 epoll_ctl(epoll_fd, EPOLL_CTL_MOD, at->data.fd, &event))
		end(at->data.fd, false);
}

/* How many ought to have begun by now. */
static unsigned due(double rate, double elapsed_s)
{
	if (rate > 0)
		return (unsigned)(rate * elapsed_s);
	return client.begun + OPEN_MAX - client.open;
}

static void connect_all(double rate, double seconds)
{
	double from = bench_now_ns(), elapsed = 0;

	while (elapsed < seconds) {
		struct epoll_event events[EVENTS];
		unsigned wanted = due(rate, elapsed);
		int count;

		while (client.begun < wanted && client.open < OPEN_LIMIT)
			begin();
		count = epoll_wait(epoll_fd, events, EVENTS, 1);
		for (int i = 0; i < count; i++)
			go_on(&events[i]);
		elapsed = (bench_now_ns() - from) / 1e9;
	}
	if (client.failed)
		warnx("%u failed", client.failed);
	printf("%.0f\n", client.completed / elapsed);
}

int main(int argc, char **argv)
{
	epoll_fd = epoll_create1(0);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	if (argc != 6 || strcmp(argv[1], "connect") != 0)
		errx(2, "serve PORT | connect ADDRESS PORT RATE SECONDS");
	client.to = address_of(argv[2], argv[3]);
	connect_all(atof(argv[4]), atof(argv[5]));
	return 0;
}
