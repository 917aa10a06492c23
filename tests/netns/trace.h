/* SPDX-License-Identifier: ISC */
/*
 * What the kernel did with a packet that we wrote to a device, and why.
 *
 * How it works: without NAPI, the kernel carries a packet as far as it goes
 * within the write() to the device. Before each write a marker goes into a
 * trace instance of our own, so that what is traced up to the next marker
 * belongs to this packet. A kfree_skb counts when the process is ours and the
 * skb was announced by netif_receive_skb of one of our devices since the
 * marker: each of these alone lets foreign drops in. A consume_skb ends what was
 * announced: what a timer of the kernel sends meanwhile, of another namespace,
 * has the address next, and is announced by nothing.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

#define TRACE_REASON_BYTES   48
#define TRACE_FUNCTION_BYTES 48

struct trace_drop {
	uint32_t number; /* of the packet: of the marker before it */
	char reason[TRACE_REASON_BYTES];
	char function[TRACE_FUNCTION_BYTES]; /* where it was freed */
};

/* Makes the instance of this name, for devices whose names begin with
 * `devices`. Returns NULL, or what could not be done (errno says why). */
const char *trace_open(const char *instance, const char *devices);
void trace_close(void);

/* What is written from now on has this number; false: errno says why. */
bool trace_mark(uint32_t number);

/* Calls back with each drop since the last call. */
void trace_read(void (*dropped)(void *context, const struct trace_drop *drop),
    void *context);

/* Does the running kernel have a drop reason of that name? */
bool trace_has_reason(const char *name);

#endif
