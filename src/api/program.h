/* SPDX-License-Identifier: ISC */
/* A compiled tcpdump expression as the argument of a verb. */
#ifndef API_PROGRAM_H
#define API_PROGRAM_H

#include <stddef.h>

#include "api/config_filter.h"
#include "base/attributes.h"

#define PROGRAM_DIGITS 16 /* of each instruction: code, jumps, k */

/* Writes hexadecimal digits and a NUL; `text` has room for them. */
void program_format(
    const struct config_instruction *program, size_t count, char *text);

/* How many instructions, up to `room`; or -EINVAL. They are not checked. */
must_check int program_parse(
    struct config_instruction *ret, size_t room, const char *text);

#endif
