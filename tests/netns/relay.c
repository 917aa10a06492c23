/* SPDX-License-Identifier: ISC */
/*
 * A bad way between two hosts: carries UDP datagrams there and back, loses some
 * and lets others overtake some.
 *
 *	relay ADDRESS-A HOST-A ADDRESS-B HOST-B LOST REORDERED SEED
 *
 * How it works: there is a socket of port 51820 on each address. What comes to
 * one goes from the other one to the other host. LOST and REORDERED are per
 * cent. A datagram that is to be overtaken waits until up to 16 others of its
 * direction have gone, or until nothing has come for a millisecond. At SIGTERM
 * it says what it did.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT	       51820
#define DATAGRAM_BYTES 2048
#define HELD	       32
#define OVERTAKERS     16
#define IDLE_MS	       1
#define BUFFER_BYTES   (8 << 20)

struct datagram {
	size_t len;
	unsigned wait; /* for so many others; 0: the place is free */
	uint8_t bytes[DATAGRAM_BYTES];
};

struct way {
	int from, to;
	struct sockaddr_in target;
	struct datagram held[HELD];
};

static struct {
	unsigned long carried, lost, reordered;
} counts;
static unsigned lost_percent, reordered_percent;
static uint64_t seed;
static volatile sig_atomic_t is_over;

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned draw(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(seed >> 33) % below;
}

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(PORT)};

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		die(text);
	return address;
}

static int open_socket(const char *text)
{
	struct sockaddr_in address = address_of(text);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int bytes = BUFFER_BYTES;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		die(text);
	return fd;
}

static void pass(const struct way *way, const uint8_t *bytes, size_t len)
{
	counts.carried++;
	(void)!sendto(way->to, bytes, len, 0,
	    (const struct sockaddr *)&way->target, sizeof(way->target));
}

/* One has gone by: whoever has waited for enough goes. */
static void release(struct way *way, bool is_idle)
{
	for (size_t i = 0; i < HELD; i++) {
		struct datagram *held = &way->held[i];

		if (!held->wait || (--held->wait && !is_idle))
			continue;
		held->wait = 0;
		pass(way, held->bytes, held->len);
	}
}

static bool hold(struct way *way, const uint8_t *bytes, size_t len)
{
	size_t i = 0;

	while (i < HELD && way->held[i].wait)
		i++;
	if (i == HELD)
		return false;
	way->held[i].len = len;
	way->held[i].wait = 1 + draw(OVERTAKERS);
	memcpy(way->held[i].bytes, bytes, len);
	counts.reordered++;
	return true;
}

static void carry(struct way *way)
{
	uint8_t bytes[DATAGRAM_BYTES];
	ssize_t len;

	while (
	    (len = recv(way->from, bytes, sizeof(bytes), MSG_DONTWAIT)) >= 0) {
		if (draw(100) < lost_percent) {
			counts.lost++;
			continue;
		}
		if (draw(100) < reordered_percent &&
		    hold(way, bytes, (size_t)len))
			continue;
		pass(way, bytes, (size_t)len);
		release(way, false);
	}
}

static void run(struct way ways[2])
{
	struct pollfd polled[2] = {
	    {.fd = ways[0].from, .events = POLLIN},
	    {.fd = ways[1].from, .events = POLLIN},
	};

	while (!is_over) {
		int ready = poll(polled, 2, IDLE_MS);

		for (size_t i = 0; i < 2; i++)
			if (ready > 0 && polled[i].revents)
				carry(&ways[i]);
			else
				release(&ways[i], true);
	}
}

int main(int argc, char **argv)
{
	static struct way ways[2];

	if (argc != 8)
		return 2;
	ways[0].from = ways[1].to = open_socket(argv[1]);
	ways[1].from = ways[0].to = open_socket(argv[3]);
	ways[0].target = address_of(argv[4]);
	ways[1].target = address_of(argv[2]);
	lost_percent = (unsigned)atoi(argv[5]);
	reordered_percent = (unsigned)atoi(argv[6]);
	seed = strtoull(argv[7], NULL, 10);
	signal(SIGTERM, end);
	signal(SIGINT, end);
	run(ways);
	printf("carried %lu lost %lu reordered %lu\n", counts.carried,
	    counts.lost, counts.reordered);
	return 0;
}
