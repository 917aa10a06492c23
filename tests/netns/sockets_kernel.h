/* SPDX-License-Identifier: ISC */
/*
 * The kernel's side of sockets_model: a tun device that packets are written
 * to, UDP sockets behind it, and what became of a packet. Errors end the
 * program. To be used in a network namespace of its own.
 */
#ifndef SOCKETS_KERNEL_H
#define SOCKETS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/drop.h"
#include "net/socket.h"

/* Ends the program, with errno's text. */
void kernel_die(const char *what);

/* A device with 10.9.0.1, 10.9.0.2, fd09::1 and fd09::2. */
void kernel_open(const char *device);
/* Packets without NAPI: the stack runs within this call. */
void kernel_write(const uint8_t *bytes, size_t len);

/* A socket as `setup` has it; *rcvbuf_bytes becomes what the kernel made of
 * it. The descriptor is the caller's. */
int kernel_socket(const struct socket_setup *setup, uint32_t *rcvbuf_bytes);
void kernel_set_filter(int fd, const struct bpf_instruction *program,
    size_t count); /* count 0: none */

/* What the socket's receive buffer is charged now. */
uint32_t kernel_charged(int fd);
/* The next datagram's length, or -1: there is none. */
long kernel_receive(int fd);

/* Why the last packet was dropped, by the counters of /proc/net/snmp. */
struct kernel_counters {
	uint64_t no_ports, in_errors, rcvbuf_errors, csum_errors;
};
void kernel_count(struct kernel_counters *ret);
enum drop kernel_reason(
    const struct kernel_counters *before, const struct kernel_counters *after);

#endif
