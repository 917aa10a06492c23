/* SPDX-License-Identifier: ISC */
/*
 * What the fuzzers of the protocol share: a simulated pair with a session.
 *
 * It lives as long as the process; once an input ended its session, it is made
 * anew, so that an input meets much the same state each time.
 */
#ifndef FUZZ_LAB_H
#define FUZZ_LAB_H

#include "../sim/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Host 0 and host 1 with a session between them, both with a tun or a tap. */
struct world *lab_world(enum wire_link link);
/* Takes what the core made out; each packet has to come back to the pool. */
void lab_drain(struct host *host);
/* Hands the bytes to the host's core as a datagram of the other host. */
void lab_datagram(struct host *host, const void *bytes, size_t len);

#endif
