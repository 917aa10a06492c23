/* SPDX-License-Identifier: ISC */
/* Bytes as the argument of a verb: base64. */
#ifndef API_BLOB_H
#define API_BLOB_H

#include <stddef.h>

#include "base/attributes.h"
#include "api/control.h"

/* More does not fit into a request, whose verb and other arguments are short.
 */
#define BLOB_BYTES_MAX ((CONTROL_REQUEST_BYTES - 1024) / 4 * 3)

/* Text that the caller frees; NULL: no memory. */
char *blob_encode(const void *bytes, size_t len);
/* A NUL-terminated copy that the caller frees; NULL: it is no base64, or there
 * is no memory. */
char *blob_decode(const char *text, size_t *ret_len);

#endif
