/* SPDX-License-Identifier: ISC */
/*
 * Packets that each begin a flow: UDP from made-up addresses and ports.
 *
 *	bench_flood NETWORK ADDRESS PORT RATE SECONDS
 *
 * From addresses of NETWORK (a.b.0.0, 16 bits) and ports in turn, to ADDRESS
 * and PORT, RATE in a second. Prints how many were sent in a second.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../unit/header.h"
#include "bench.h"

#define PAYLOAD	 18
#define BYTES	 (IPV4_BYTES + UDP_BYTES + PAYLOAD)
#define BURST	 64
#define PAUSE_NS 200000

static uint8_t packets[BURST][BYTES];
static struct iovec vectors[BURST];
static struct mmsghdr messages[BURST];

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void make_packets(struct sockaddr_in *network, struct sockaddr_in *to)
{
	for (size_t i = 0; i < BURST; i++) {
		uint8_t *at = packets[i];

		at[0] = 0x45;
		put16(at + 2, BYTES);
		at[8] = 64;
		at[9] = IP_PROTOCOL_UDP;
		memcpy(at + 12, &network->sin_addr, 4);
		memcpy(at + 16, &to->sin_addr, 4);
		memcpy(at + IPV4_BYTES + 2, &to->sin_port, 2);
		put16(at + IPV4_BYTES + 4, UDP_BYTES + PAYLOAD);
		vectors[i] = (struct iovec){at, BYTES};
		messages[i].msg_hdr = (struct msghdr){.msg_name = to,
		    .msg_namelen = sizeof(*to),
		    .msg_iov = &vectors[i],
		    .msg_iovlen = 1};
	}
}

/* The n-th flow: a 16th of the ports, then the next address. */
static void set_flow(uint8_t *at, uint32_t n)
{
	put16(at + 14, 1 + n / 4096 % 65000);
	put16(at + IPV4_BYTES, 1024 + n % 4096);
	header_finish(at, IPV4_BYTES);
}

/* How many were taken: a full queue loses the rest. */
static unsigned send_burst(int fd, uint32_t first)
{
	int sent;

	for (uint32_t i = 0; i < BURST; i++)
		set_flow(packets[i], first + i);
	sent = sendmmsg(fd, messages, BURST, MSG_DONTWAIT);
	if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
		err(1, "sendmmsg");
	return sent < 0 ? 0 : (unsigned)sent;
}

static void flood(int fd, double rate, double seconds)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	double from = bench_now_ns(), elapsed = 0, sent = 0;
	uint32_t next = (uint32_t)from;

	for (double tried = 0; elapsed < seconds;) {
		while (tried < rate * elapsed) {
			sent += send_burst(fd, next);
			next += BURST;
			tried += BURST;
		}
		nanosleep(&pause, NULL);
		elapsed = (bench_now_ns() - from) / 1e9;
	}
	printf("%.0f\n", sent / elapsed);
}

static struct sockaddr_in address_of(const char *address, const char *port)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
		errx(2, "%s: no IPv4 address", address);
	return at;
}

int main(int argc, char **argv)
{
	struct sockaddr_in network, to;
	int fd;

	if (argc != 6)
		errx(2, "NETWORK ADDRESS PORT RATE SECONDS");
	network = address_of(argv[1], "0");
	to = address_of(argv[2], argv[3]);
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0)
		err(1, "socket");
	make_packets(&network, &to);
	flood(fd, atof(argv[4]), atof(argv[5]));
	return 0;
}
