/* SPDX-License-Identifier: ISC */
/*
 * Bounded reading and writing of bytes: the only way bytes are parsed.
 *
 * A cursor that would run past its end reads zeros (writes nothing) and stays
 * failed; so a parser reads all fields and asks once whether it went well.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *at;
	size_t left;
	bool has_failed;
};

struct writer {
	uint8_t *at;
	size_t left;
	bool has_failed;
};

static inline struct cursor cursor_of(const void *bytes, size_t len)
{
	return (struct cursor){.at = bytes, .left = len};
}

/* Takes `len` bytes; NULL and failed when they are not there. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t len)
{
	const uint8_t *at = c->at;

	if (c->has_failed || c->left < len) {
		c->has_failed = true;
		return NULL;
	}
	c->at += len;
	c->left -= len;
	return at;
}

/* Little-endian (the wire) and big-endian (IP) integers of `len` bytes. */
static inline uint64_t cursor_le(struct cursor *c, size_t len)
{
	const uint8_t *at = cursor_take(c, len);
	uint64_t value = 0;

	for (size_t i = 0; at && i < len; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static inline uint64_t cursor_be(struct cursor *c, size_t len)
{
	const uint8_t *at = cursor_take(c, len);
	uint64_t value = 0;

	for (size_t i = 0; at && i < len; i++)
		value = value << 8 | at[i];
	return value;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *at = cursor_take(c, 1);

	return at ? *at : 0;
}
static inline uint16_t cursor_le16(struct cursor *c)
{
	return (uint16_t)cursor_le(c, 2);
}
static inline uint32_t cursor_le32(struct cursor *c)
{
	return (uint32_t)cursor_le(c, 4);
}
static inline uint64_t cursor_le64(struct cursor *c)
{
	return cursor_le(c, 8);
}
/* Spelled out, as compilers make one load of it then. */
static inline uint16_t cursor_be16(struct cursor *c)
{
	const uint8_t *at = cursor_take(c, 2);

	return at ? (uint16_t)(at[0] << 8 | at[1]) : 0;
}
static inline uint32_t cursor_be32(struct cursor *c)
{
	return (uint32_t)cursor_be(c, 4);
}
static inline uint64_t cursor_be64(struct cursor *c)
{
	return cursor_be(c, 8);
}

/* Copies `len` bytes to `to`, zeros when they are not there. */
static inline void cursor_copy(struct cursor *c, void *to, size_t len)
{
	const uint8_t *at = cursor_take(c, len);

	if (at)
		memcpy(to, at, len);
	else
		memset(to, 0, len);
}

static inline void cursor_skip(struct cursor *c, size_t len)
{
	(void)cursor_take(c, len);
}

static inline struct writer writer_of(void *bytes, size_t room)
{
	return (struct writer){.at = bytes, .left = room};
}

/* Room for `len` bytes that the caller fills; NULL and failed without it. */
static inline uint8_t *writer_take(struct writer *w, size_t len)
{
	uint8_t *at = w->at;

	if (w->has_failed || w->left < len) {
		w->has_failed = true;
		return NULL;
	}
	w->at += len;
	w->left -= len;
	return at;
}

static inline void writer_le(struct writer *w, uint64_t value, size_t len)
{
	uint8_t *at = writer_take(w, len);

	for (size_t i = 0; at && i < len; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static inline void writer_be(struct writer *w, uint64_t value, size_t len)
{
	uint8_t *at = writer_take(w, len);

	for (size_t i = 0; at && i < len; i++)
		at[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

static inline void writer_bytes(struct writer *w, const void *from, size_t len)
{
	uint8_t *at = writer_take(w, len);

	if (at && len)
		memcpy(at, from, len);
}

static inline void writer_zeros(struct writer *w, size_t len)
{
	uint8_t *at = writer_take(w, len);

	if (at && len)
		memset(at, 0, len);
}

#endif
