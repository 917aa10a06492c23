/* SPDX-License-Identifier: ISC */
/* bench_path's parts; each prints its lines. `unit`: bench_calibrate. */
#ifndef BENCH_PATH_H
#define BENCH_PATH_H

#include <stddef.h>
#include <stdint.h>

/* bench_packets.c: parse, checksum, segment, coalesce. */
void bench_packets(double unit);
/* bench_seals.c: each AEAD back end, compression, replay, allowed IPs. */
void bench_seals(double unit);
/* bench_tables.c: rules and flows. */
void bench_tables(double unit);

/* Writes `len` bytes of the packet number `idx` of one TCP flow from 10.0.0.1
 * to 10.0.0.2, with right checksums. */
void bench_write_tcp(uint8_t *bytes, size_t len, unsigned idx);

#endif
