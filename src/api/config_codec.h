/* SPDX-License-Identifier: ISC */
/*
 * How single fields of the configuration are written and read.
 *
 * Only for config_text.c; everybody else uses config_encode and config_decode.
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
	uint32_t least, most; /* numbers; text: `most` is its room;
				 macs: at most so many */
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
    config_codec_macs;

/* The next item of a list: 1, 0 at its end, or -EINVAL. */
must_check int config_item_read(
    struct reply_line *ret, enum reply_token token, char **text);

#endif
