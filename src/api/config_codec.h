/* SPDX-License-Identifier: ISC */
/*
 * How single fields of the configuration are written and read.
 *
 * Only for config_text.c and config_text_filter.c; everybody else uses
 * config_encode and config_decode.
 */
#ifndef API_CONFIG_CODEC_H
#define API_CONFIG_CODEC_H

#include "api/config.h"
#include "api/reply.h"

struct config_field {
	const char *name;
	const struct config_codec *codec;
	size_t offset;
	size_t count_offset;  /* lists */
	uint32_t least, most; /* numbers, also in ranges; text: `most` is
				 its room; macs: at most so many */
	const struct config_names *names;
};

struct config_codec {
	enum reply_token token;
	void (*write)(struct reply *reply, const struct config_field *field,
	    const void *object);
	/* `line` has the token; lists read on from *text. 0 or -errno. */
	int (*read)(const struct config_field *field, void *object,
	    const struct reply_line *line, char **text);
};

extern const struct config_codec config_codec_text, config_codec_u32,
    config_codec_u16, config_codec_flag, config_codec_choice,
    config_codec_address, config_codec_key, config_codec_prefixes,
    config_codec_ciphers, config_codec_mac, config_codec_vlans,
    config_codec_macs, config_codec_heap_vlans;

/* config_codec_filter.c: a string on the heap ("": NULL), ranges "1,3-5",
 * indices of peers, and a compiled program. */
extern const struct config_codec config_codec_heap_text, config_codec_ranges,
    config_codec_peer_list, config_codec_program;

/* config_text_filter.c */
extern const struct config_codec config_codec_rules, config_codec_sockets;
extern const struct config_field config_filter_fields[];
extern const size_t config_filter_fields_count;
/* What its tables can not say. */
must_check bool config_filter_is_sound(const struct config *config);
must_check bool config_sockets_are_sound(const struct config *config);

void config_fields_write(struct reply *reply, const struct config_field *fields,
    size_t count, const void *object);
/* All of them, in their order. 0 or -errno. */
must_check int config_fields_read(
    const struct config_field *fields, size_t count, void *object, char **text);
/* The end of an object: 0 or -EINVAL. */
must_check int config_object_end(char **text);

static inline const void *config_field_of(
    const struct config_field *field, const void *object)
{
	return (const char *)object + field->offset;
}

static inline void *config_field_in(
    const struct config_field *field, void *object)
{
	return (char *)object + field->offset;
}

static inline const size_t *config_count_of(
    const struct config_field *field, const void *object)
{
	return (const void *)((const char *)object + field->count_offset);
}

static inline size_t *config_count_in(
    const struct config_field *field, void *object)
{
	return (void *)((char *)object + field->count_offset);
}

/* clang-format off */
#define FIELD_AS(name_text, type, member, codec_name, ...)                    \
	{.name = name_text, .codec = &config_codec_##codec_name,              \
	 .offset = offsetof(struct type, member), __VA_ARGS__}
#define FIELD(type, member, codec_name, ...)                                  \
	FIELD_AS(#member, type, member, codec_name, __VA_ARGS__)
#define TEXT(type, member)                                                    \
	FIELD(type, member, text, .most = sizeof(((struct type *)0)->member))
#define LIST(type, member, codec_name, ...)                                   \
	FIELD(type, member, codec_name,                                       \
	    .count_offset = offsetof(struct type, member##_count), __VA_ARGS__)
#define LIST_AS(name_text, type, member, codec_name, ...)                     \
	FIELD_AS(name_text, type, member, codec_name,                         \
	    .count_offset = offsetof(struct type, member##_count), __VA_ARGS__)
#define PLACE(type, member)                                                   \
	FIELD_AS(#member "_line", type, member.line, u32,                     \
	    .most = UINT32_MAX),                                              \
	FIELD_AS(#member "_column", type, member.column, u32,                 \
	    .most = UINT32_MAX)
/* clang-format on */

/* The next item of a list: 1, 0 at its end, or -EINVAL. */
must_check int config_item_read(
    struct reply_line *ret, enum reply_token token, char **text);

#endif
