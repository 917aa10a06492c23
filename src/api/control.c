/* SPDX-License-Identifier: ISC */
/* Frames of the control socket, and the split of a request. */
#include "api/control.h"

#include <errno.h>
#include <string.h>

#include "api/utf8.h"
#include "base/cursor.h"

/* The code of CONTROL_END and a message as long as a part. */
#define CONTROL_END_BYTES (4 + CONTROL_PART_BYTES)

static const uint32_t largest[] = {
    [CONTROL_REQUEST] = CONTROL_REQUEST_BYTES,
    [CONTROL_PART] = CONTROL_PART_BYTES,
    [CONTROL_END] = CONTROL_END_BYTES,
};

void control_header_write(
    uint8_t to[CONTROL_HEADER_BYTES], const struct control_header *header)
{
	struct writer w = writer_of(to, CONTROL_HEADER_BYTES);

	writer_le(&w, CONTROL_MAGIC, 4);
	writer_le(&w, header->version, 2);
	writer_le(&w, header->kind, 2);
	writer_le(&w, header->length, 4);
}

int control_header_read(
    struct control_header *ret, const uint8_t from[CONTROL_HEADER_BYTES])
{
	struct cursor c = cursor_of(from, CONTROL_HEADER_BYTES);
	uint32_t magic = cursor_le32(&c);
	struct control_header header;

	header.version = cursor_le16(&c);
	header.kind = cursor_le16(&c);
	header.length = cursor_le32(&c);
	if (magic != CONTROL_MAGIC || header.kind < CONTROL_REQUEST ||
	    header.kind > CONTROL_END || header.length > largest[header.kind])
		return -EPROTO;
	*ret = header;
	return 0;
}

int control_request_parse(
    struct control_request *ret, const char *body, size_t len)
{
	const char *end = body + len;
	size_t count = 0, bytes;

	if (!len || body[len - 1] != '\0' || !*body)
		return -EINVAL;
	for (const char *at = body; at < end; at += bytes + 1) {
		bytes = strlen(at);
		if (count > CONTROL_ARGUMENTS || !utf8_is_clean(at, bytes))
			return -EINVAL;
		if (count++)
			ret->arguments[count - 2] = at;
	}
	ret->verb = body;
	ret->attached = NULL;
	ret->attached_len = 0;
	ret->arguments_count = count - 1;
	return 0;
}
