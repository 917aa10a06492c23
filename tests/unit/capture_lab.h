/* SPDX-License-Identifier: ISC */
/*
 * The path's lab with captures: peer 0 is bob, the others are eve. Each case
 * has its own (capture_lab_begin, capture_lab_end).
 */
#ifndef CAPTURE_LAB_H
#define CAPTURE_LAB_H

#include "core/capture.h"
#include "path_lab.h"

#define CAPTURE_LAB_WALL_S  1790000000
#define CAPTURE_LAB_RECORDS 64

struct capture_lab {
	struct captures captures;
	struct capture *capture; /* the last one that began */
	struct capture_record records[CAPTURE_LAB_RECORDS];
	size_t count;
	unsigned peers_asked;
	uint8_t part[65536];
};
extern struct capture_lab lab;

void capture_lab_begin(void);
void capture_lab_end(void);

/* Begins a capture; snap_bytes 0: of whole packets. */
void look(struct capture_want want);
/* A program that accepts packets whose length is above `bytes`. */
struct bpf_instruction *longer_than(uint32_t bytes);
/* What the last capture has now. */
void take(void);
/* The same, behind the first record. */
void take_first(void);
/* Empties what the path gives out. */
void release(void);

#endif
