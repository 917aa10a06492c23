/* SPDX-License-Identifier: ISC */
/*
 * A classic-BPF program as one word of text: 16 hexadecimal digits for each
 * instruction, big-endian: code (4), if_true (2), if_false (2), k (8).
 */
#ifndef PACKET_BPF_TEXT_H
#define PACKET_BPF_TEXT_H

#include "packet/bpf.h"

#define BPF_TEXT_DIGITS 16
/* For a program of `count` instructions, with the final NUL. */
#define BPF_TEXT_BYTES(count) ((count)*BPF_TEXT_DIGITS + 1)

/* `text` has BPF_TEXT_BYTES(count). */
void bpf_text_write(
    char *text, const struct bpf_instruction *program, size_t count);

/* How many instructions the text has; 0: it is not such a text, or has none,
 * or more than BPF_INSTRUCTIONS_MAX. */
must_check size_t bpf_text_count(const char *text);

/* Fills bpf_text_count(text) instructions, which bpf_check has to see yet. */
void bpf_text_read(struct bpf_instruction *program, const char *text);

#endif
