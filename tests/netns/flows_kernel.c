/* SPDX-License-Identifier: ISC */
/*
 * The same packets through the kernel's connection tracking and ours.
 *
 * How it works: the kernel forwards between two tun devices, A's and B's. A
 * rule before routing writes the ct state into the DSCP field, so a packet
 * brings its state out of the other device. Without NAPI all of that happens
 * within the write(). A hook that drops is a hop limit of 1: the packet ends
 * after it was tracked, before it is confirmed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../unit/flow_script.h"
#include "../unit/header.h"
#include "../unit/seed.h"
#include "net/flow.h"

#define PACKET_BYTES   2048
#define STATES	       6
#define WAIT_MS	       2000
#define STEPS_OF_PORTS 50
#define BAD_MAX	       10 /* that are told in full */

/* DSCP 1 .. 5, in the order of enum flow_state. */
static const char *const names[STATES] = {
    "none", "new", "established", "related", "invalid", "untracked"};

static int taps[3]; /* by enum flow_side */
static struct flows *flows;
static const struct instant now = {NS_PER_S};

static void die(const char *what)
{
	printf("bail %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_tun(const char *prefix, int side)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(request.ifr_name, IFNAMSIZ, "%s%d", prefix, side);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		die(request.ifr_name);
	return fd;
}

/* Our side: what it is, and what follows from that. */
static enum flow_state ours(
    enum flow_side from, uint8_t *bytes, size_t len, bool is_blocked)
{
	struct packet pkt = flow_packet_parse(bytes, len);
	enum drop reason;

	pkt.from_id = from;
	reason = flows_track(flows, &pkt, now);
	pkt.to_id = from == SIDE_A ? SIDE_B : SIDE_A;
	if (!reason && !is_blocked && flows_confirm(flows, &pkt, now))
		die("confirm");
	return pkt.flow_state;
}

static uint8_t dscp_of(const uint8_t *packet)
{
	return packet[0] >> 4 == 4
		   ? packet[1] >> 2
		   : (uint8_t)((packet[0] & 15) << 2 | packet[1] >> 6);
}

/* What comes out of the device, the last of it. 0: nothing. */
static enum flow_state drain(enum flow_side side)
{
	uint8_t packet[PACKET_BYTES];
	enum flow_state state = FLOW_NONE;

	while (read(taps[side], packet, sizeof(packet)) > 0) {
		uint8_t dscp = dscp_of(packet);

		if (dscp && dscp < STATES)
			state = (enum flow_state)dscp;
	}
	return state;
}

static void set_hops(uint8_t *bytes, uint8_t hops)
{
	if (bytes[0] >> 4 == 4) {
		bytes[8] = hops;
		header_finish(bytes, IPV4_BYTES);
	} else {
		bytes[7] = hops;
	}
}

/* Seldom, the kernel leaves the rest to a thread of its own. */
static void wait_for(enum flow_side side)
{
	struct pollfd ready = {.fd = taps[side], .events = POLLIN};

	if (poll(&ready, 1, WAIT_MS) < 0)
		die("poll");
}

static enum flow_state kernels(
    enum flow_side from, uint8_t *bytes, size_t len, bool is_blocked)
{
	enum flow_side to = from == SIDE_A ? SIDE_B : SIDE_A;

	drain(to);
	if (is_blocked)
		set_hops(bytes, 1);
	if (write(taps[from], bytes, len) != (ssize_t)len)
		die("write");
	drain(from);
	if (!is_blocked)
		wait_for(to);
	return drain(to);
}

static bool is_same(
    enum flow_side from, uint8_t *bytes, size_t len, bool is_blocked)
{
	enum flow_state mine = ours(from, bytes, len, is_blocked);
	enum flow_state its = kernels(from, bytes, len, is_blocked);

	if (is_blocked || mine == its)
		return true;
	printf("# from %c: ours %s, kernel's %s:", from == SIDE_A ? 'A' : 'B',
	    names[mine], names[its]);
	for (size_t i = 0; i < len; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
	return false;
}

static bool run_script(const struct flow_script *script, uint16_t number)
{
	bool is_right = true;

	for (int i = 0; script->steps[i].from; i++) {
		uint8_t bytes[FLOW_PACKET_BYTES];
		const struct flow_step *step = &script->steps[i];
		size_t len = flow_step_write(bytes, step, number);

		is_right &= is_same(step->from, bytes, len, step->is_blocked);
	}
	return is_right;
}

/* ---- random histories ---- */

static struct seed seed;
static uint64_t steps_of[STATES];
static uint16_t ports; /* those of the flows that meet now */

static struct flow_packet random_member(enum flow_side from)
{
	static const uint8_t protocols[] = {17, 17, 1, 1, 99};
	static const uint8_t types[] = {8, 0, 13, 14};
	bool is_ipv6 = seed_below(&seed, 2);
	struct flow_packet packet = {
	    .family = is_ipv6 ? 6 : 4,
	    .protocol = protocols[seed_below(&seed, sizeof(protocols))],
	    .icmp_id = (uint16_t)(ports + seed_below(&seed, 2)),
	};
	uint16_t port = (uint16_t)(ports + seed_below(&seed, 2));
	uint16_t other = (uint16_t)(60000 + seed_below(&seed, 2));

	packet.source = from == SIDE_A ? 7 : 1;
	packet.destination = from == SIDE_A ? 1 : 7;
	packet.source_port = from == SIDE_A ? port : other;
	packet.destination_port = from == SIDE_A ? other : port;
	packet.icmp_type = types[seed_below(&seed, sizeof(types))];
	if (packet.protocol == 1 && is_ipv6) {
		packet.protocol = 58;
		packet.icmp_type = (uint8_t)(128 + seed_below(&seed, 2));
	}
	return packet;
}

/* An error about a packet that one of the two sent. */
static struct flow_packet random_error(
    enum flow_side from, struct flow_packet *about)
{
	static const uint8_t types4[] = {3, 11, 12, 4, 5};
	static const uint8_t types6[] = {1, 2, 3, 4};
	struct flow_packet packet;

	*about = random_member(
	    seed_below(&seed, 8) ? (from == SIDE_A ? SIDE_B : SIDE_A) : from);
	packet = random_member(from);
	packet.family = about->family;
	packet.quote = about;
	packet.protocol = about->family == 6 ? 58 : 1;
	packet.icmp_type = about->family == 6
			       ? types6[seed_below(&seed, sizeof(types6))]
			       : types4[seed_below(&seed, sizeof(types4))];
	packet.has_bad_checksum = !seed_below(&seed, 16);
	return packet;
}

static bool random_step(void)
{
	uint8_t bytes[FLOW_PACKET_BYTES];
	enum flow_side from = seed_below(&seed, 2) ? SIDE_A : SIDE_B;
	struct flow_packet about, packet = seed_below(&seed, 4)
					       ? random_member(from)
					       : random_error(from, &about);
	size_t len = flow_packet_write(bytes, &packet);
	bool is_blocked = !seed_below(&seed, 8);
	struct packet pkt = flow_packet_parse(bytes, len);

	pkt.from_id = from;
	pkt.is_dry = true;
	(void)!flows_track(flows, &pkt, now);
	steps_of[pkt.flow_state]++;
	return is_same(from, bytes, len, is_blocked);
}

/* ---- TCP connections ---- */

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

#define CONNECTIONS 8

/* From its opening to its end, one packet after the other. */
static const struct move {
	enum flow_side from;
	uint8_t flags;
	uint8_t sequence, acknowledgement; /* behind the first numbers */
	uint8_t payload;
} moves[] = {
    {SIDE_A, SYN, 0, 0, 0},
    {SIDE_B, SYN | ACK, 0, 1, 0},
    {SIDE_A, ACK, 1, 1, 0},
    {SIDE_A, ACK, 1, 1, 20},
    {SIDE_B, ACK, 1, 21, 0},
    {SIDE_B, ACK, 1, 21, 30},
    {SIDE_A, ACK, 21, 31, 0},
    {SIDE_B, FIN | ACK, 31, 21, 0},
    {SIDE_A, ACK, 21, 32, 0},
    {SIDE_A, ACK, 21, 32, 10},
    {SIDE_B, ACK, 32, 31, 0},
    {SIDE_A, FIN | ACK, 31, 32, 0},
    {SIDE_B, ACK, 32, 32, 0},
};
#define MOVES (sizeof(moves) / sizeof(moves[0]))

static struct connection {
	uint16_t port;
	size_t next;	/* move */
	uint32_t first; /* sequence number */
} connections[CONNECTIONS];

static bool make_move(struct connection *it, size_t idx, uint8_t flags)
{
	const struct move *move = &moves[idx];
	bool is_a = move->from == SIDE_A;
	uint32_t mine = it->first + (is_a ? 0 : 500000);
	uint32_t others = it->first + (is_a ? 500000 : 0);
	uint8_t bytes[FLOW_PACKET_BYTES];
	struct flow_packet packet = {
	    .family = it->port & 1 ? 6 : 4,
	    .protocol = 6,
	    .source = is_a ? 7 : 1,
	    .destination = is_a ? 1 : 7,
	    .source_port = is_a ? it->port : 80,
	    .destination_port = is_a ? 80 : it->port,
	    .tcp_flags = flags,
	    .sequence = mine + move->sequence,
	    .acknowledgement = flags & ACK ? others + move->acknowledgement : 0,
	    .payload = move->payload,
	};

	return is_same(
	    move->from, bytes, flow_packet_write(bytes, &packet), false);
}

/* Another connection, mostly from another port. */
static void open_anew(struct connection *it)
{
	static uint16_t last = 30000;

	if (!it->port || seed_below(&seed, 4))
		it->port = last = (uint16_t)(30000 + (last + 1) % 30000);
	it->first += 1000000;
	it->next = 0;
}

/* The next packet of a connection, the last one again, or a reset by A: after
 * one by B, the kernel goes on with its entry and calls a SYN of A established,
 * where we ask the rules again. */
static bool tcp_step(void)
{
	struct connection *it = &connections[seed_below(&seed, CONNECTIONS)];
	uint64_t choice = seed_below(&seed, 100);

	if (!it->port || it->next == MOVES)
		open_anew(it);
	if (choice < 20 && it->next)
		return make_move(it, it->next - 1, moves[it->next - 1].flags);
	if (choice < 25 && it->next > 2 && moves[it->next - 1].from == SIDE_A) {
		size_t idx = it->next - 1;

		it->next = MOVES;
		return make_move(it, idx, RST | ACK);
	}
	it->next++;
	return make_move(it, it->next - 1, moves[it->next - 1].flags);
}

static void run_connections(uint64_t steps)
{
	uint64_t bad = 0;

	for (uint64_t i = 0; i < steps && bad < BAD_MAX; i++)
		bad += !tcp_step();
	printf("%s %" PRIu64 " steps of TCP connections are the same\n",
	    bad ? "not ok" : "ok", steps);
}

/* ---- all of it ---- */

/* Now and then other ports, that no flow has yet. */
static void run_history(uint64_t steps)
{
	uint64_t bad = 0;

	for (uint64_t i = 0; i < steps && bad < BAD_MAX; i++) {
		ports = (uint16_t)(10000 + i / STEPS_OF_PORTS % 10000 * 2);
		bad += !random_step();
	}
	printf("%s %" PRIu64 " random steps are the same\n",
	    bad ? "not ok" : "ok", steps);
	for (int i = FLOW_NEW; i < FLOW_UNTRACKED; i++)
		printf("%s %" PRIu64 " of them were %s\n",
		    steps_of[i] ? "ok" : "not ok", steps_of[i], names[i]);
}

static void make_flows(void)
{
	const struct flows_limits limits = {FLOWS_DEFAULT, FLOWS_DEFAULT};
	uint8_t secret[FLOWS_SECRET_BYTES];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)seed_next(&seed);
	if (flows_new(&flows, &limits, secret) ||
	    flows_set_last_peer(flows, SIDE_B))
		die("flows");
}

/* flows_kernel PREFIX SETUP STEPS: makes the devices PREFIX1 and PREFIX2, runs
 * the shell command SETUP, and goes on. */
int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = seed_start();
	taps[SIDE_A] = open_tun(argv[1], SIDE_A);
	taps[SIDE_B] = open_tun(argv[1], SIDE_B);
	if (system(argv[2]))
		die("setup");
	make_flows();
	for (size_t i = 0; i < flow_scripts_count; i++)
		printf("%s kernel: %s\n",
		    run_script(&flow_scripts[i], (uint16_t)i) ? "ok" : "not ok",
		    flow_scripts[i].name);
	run_history(strtoull(argv[3], NULL, 10));
	run_connections(strtoull(argv[3], NULL, 10));
	flows_free(flows);
	return 0;
}
