/* SPDX-License-Identifier: ISC */
/* Reads a configuration file once, into memory, and refuses odd ones. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "conf/message.h"

#define CONF_FILE_BYTES (16u << 20)

/*
 * Opens without following where it could hang (FIFO, device), reads, checks
 * the bytes. The text, NUL-terminated, is the caller's; NULL with messages.
 */
char *conf_file_read(struct conf_messages *messages, const char *path);

/* UTF-8 without control characters (TAB, LF and CRLF may be). */
bool conf_text_check(
    struct conf_messages *messages, const char *text, size_t len);

#endif
