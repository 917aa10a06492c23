/* SPDX-License-Identifier: ISC */
/*
 * A bridge of the kernel with taps as its ports, and what it did with a frame.
 *
 * How it works: without NAPI, the kernel carries a frame through its bridge
 * within the write() to the tap. Before each write a marker goes into a trace
 * instance of our own, so that what is traced up to the next marker belongs to
 * this frame. A kfree_skb counts when the process is ours, the skb was
 * announced by netif_receive_skb of one of our taps since the marker, and the
 * place is in the bridge: each of these alone lets foreign drops in.
 */
#ifndef BRIDGE_KERNEL_H
#define BRIDGE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_PORTS	    3
#define KERNEL_REASON_BYTES 48

/* Opens the taps "P0".. of the prefix, makes bridge "Pb" of them, and the
 * trace instance. Errors end the program. */
void kernel_open(const char *prefix);
void kernel_close(void);

/* A shell command; "%P" stands for the prefix. Errors end the program. */
void kernel_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same; says whether it succeeded. */
bool kernel_try(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes a frame to a tap, under this number. Which taps it came out of, one
 * bit each; or -errno when the device refused it. */
int kernel_send(int port, uint32_t number, const uint8_t *frame, size_t len);

/* Calls back with each drop since the last call: the number of its frame, the
 * reason's name. */
void kernel_read_drops(
    void (*dropped)(void *context, uint32_t number, const char *reason),
    void *context);

/* Does the running kernel have a drop reason of that name? */
bool kernel_has_reason(const char *name);

#endif
