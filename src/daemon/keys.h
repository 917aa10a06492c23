/* SPDX-License-Identifier: ISC */
/* Key files: from disk into locked memory, and nowhere else. */
#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "api/config.h"
#include "base/attributes.h"
#include "core/core.h"

/* Finds out who the service's user is, whose files are taken, too; it is asked
 * for once, as the sandbox knows no users. */
void keys_init(void);

/*
 * Reads one key: a regular file that neither others nor a foreign group may
 * read, holding one line of base64. `ret` must be in locked memory. 0, or
 * negative errno with a sentence about the file in `error`.
 */
must_check int keys_read_file(
    uint8_t ret[CONFIG_KEY_BYTES], const char *path, char *error, size_t room);

/*
 * Reads all keys that a configuration names. 0, or negative errno with
 * file:line:column: error: ... in `error`; all that is wrong, a line each.
 */
must_check int keys_read(struct core_keys **ret, const struct memory *memory,
    const struct config *config, char *error, size_t room);

#endif
