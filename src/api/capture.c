/* SPDX-License-Identifier: ISC */
/* What the stream of a capture is made of. */
#include "api/capture.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"

#define LENGTH_BYTES   4
#define NAME_BYTES_MAX 63

/* Of a text, in `most` bytes; `most` when it does not end in them. */
static size_t length_of(const char *text, size_t most)
{
	const char *end = memchr(text, '\0', most);

	return end ? (size_t)(end - text) : most;
}

static void put_text(struct writer *w, const char *text)
{
	size_t len = length_of(text, NAME_BYTES_MAX);

	writer_le(w, len, 1);
	writer_bytes(w, text, len);
	writer_le(w, 0, 1);
}

size_t capture_head_write(
    uint8_t head[CAPTURE_HEAD_BYTES], const struct capture_record *record)
{
	struct writer length = writer_of(head, LENGTH_BYTES);
	struct writer w =
	    writer_of(head + LENGTH_BYTES, CAPTURE_HEAD_BYTES - LENGTH_BYTES);
	size_t len;

	writer_le(&w, (uint8_t)record->kind, 1);
	writer_le(&w, record->flags, 1);
	writer_le(&w, record->segments, 2);
	writer_le(&w, record->segment_bytes, 2);
	writer_le(&w, record->time_ns, 8);
	writer_le(&w, record->lost, 8);
	writer_le(&w, record->len, 4);
	put_text(&w, record->peer);
	put_text(&w, record->stage);
	put_text(&w, record->reason);
	len = CAPTURE_HEAD_BYTES - w.left;
	writer_le(&length, len - LENGTH_BYTES + record->captured, LENGTH_BYTES);
	return len;
}

static const char *take_text(struct cursor *c)
{
	size_t len = cursor_u8(c);
	const char *text =
	    len > NAME_BYTES_MAX ? NULL : (const char *)cursor_take(c, len + 1);

	if (!text || length_of(text, len + 1) != len) {
		c->has_failed = true;
		return "";
	}
	return text;
}

static void read_body(struct capture_record *record, struct cursor *body)
{
	record->kind = (enum capture_kind)cursor_u8(body);
	record->flags = cursor_u8(body);
	record->segments = cursor_le16(body);
	record->segment_bytes = cursor_le16(body);
	record->time_ns = cursor_le64(body);
	record->lost = cursor_le64(body);
	record->len = cursor_le32(body);
	record->peer = take_text(body);
	record->stage = take_text(body);
	record->reason = take_text(body);
	record->captured = (uint32_t)body->left;
	record->bytes = body->at;
}

int capture_record_read(struct capture_record *ret, struct cursor *part)
{
	struct cursor body;
	size_t len;

	if (!part->left)
		return 0;
	len = cursor_le32(part);
	body = cursor_of(part->at, len);
	if (!cursor_take(part, len))
		return -EINVAL;
	read_body(ret, &body);
	if (body.has_failed || ret->kind < CAPTURE_BEGIN ||
	    ret->kind > CAPTURE_LOST || ret->captured > ret->len)
		return -EINVAL;
	return 1;
}
