/* SPDX-License-Identifier: ISC */
/*
 * tcpdump expressions as programs of our classic-BPF machine.
 *
 * libpcap translates; what comes out has to pass bpf_check, as whoever runs the
 * program will check it again.
 */
#ifndef CONF_EXPRESSION_H
#define CONF_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "packet/bpf.h"

#define EXPRESSION_ERROR_BYTES 256

/*
 * Compiles `text` for packets that begin with an Ethernet header, or with an IP
 * header; "" accepts all. 0: *ret has *count instructions, and the caller frees
 * it. -EINVAL: `error` (room bytes) is a sentence about the expression, without
 * it. -ENOMEM: `error` says so. Names of hosts are looked up, as by tcpdump.
 */
must_check int expression_compile(struct bpf_instruction **ret, size_t *count,
    const char *text, bool is_ethernet, char *error, size_t room);

#endif
