/* SPDX-License-Identifier: ISC */
/*
 * A bridge of the kernel with taps as its ports, and what it did with a frame.
 *
 * How it works: see trace.h. A drop counts when its place is in the bridge.
 */
#ifndef BRIDGE_KERNEL_H
#define BRIDGE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_PORTS 3

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

#endif
