/* SPDX-License-Identifier: ISC */
/*
 * A path over the fake tunnel, with packets to feed it. Each case has its own
 * (setup, teardown), and every packet is accounted for at its end.
 */
#ifndef PATH_LAB_H
#define PATH_LAB_H

#include "fake_tunnel.h"
#include "header.h"
#include "path/run.h"

#define PACKETS	    300
#define LARGE	    8
#define INNER_BYTES 32

extern struct pool *pool;
extern struct tunnel tunnel;
extern struct path *path;
extern struct moment now;
extern unsigned traced; /* drops that the trace saw */
/* What setup makes the path's watch, with no context. */
extern void (*watching)(void *context, const struct path_sight *sight);

void setup(void); /* of a tun tunnel */
void teardown(void);
/* Of a tap tunnel; the bridge stays the caller's. */
void setup_over(struct bridge *bridge);

/* Gives the tunnel device 10.9.0.1/24, 10.2.0.2/31 and fd09::1/64. */
void set_addresses(void);

/* UDP from port 4000 to `port`, 4 bytes of payload. */
struct packet *udp(const char *source, const char *destination, uint16_t port);
/* A super-packet of that: `count` segments, whose 4 bytes are their numbers. */
struct packet *udp_whole(
    const char *source, const char *destination, uint16_t port, uint16_t count);
/* UDP without payload. */
struct packet *udp6(const char *source, const char *destination);
/* "SOURCE > DESTINATION icmp TYPE/CODE", in static storage. */
const char *icmp_text(const struct packet *pkt);
/* One byte. */
struct packet *raw(uint8_t first);

/* Runs one packet (from peer 0, or its endpoint's port) through the inbound or
 * outbound table. */
void receive(struct packet *pkt);
void transmit(struct packet *pkt);

/* Checked: no packet is lost in them. */
struct path_totals totals(void);

struct drops {
	size_t lines;
	struct path_drop last;
};

/* For path_each_drop; `context` is a struct drops. */
void found(void *context, const struct path_drop *drop);

/* There was one drop, at this stage and for this reason. */
struct path_drop only_drop(const char *stage, enum drop reason);
/* And it was traced, and nothing came out. */
void check_dropped(const char *stage, enum drop reason);

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

#endif
