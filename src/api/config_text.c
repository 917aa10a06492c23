/* SPDX-License-Identifier: ISC */
/*
 * The flat configuration as text, and back.
 *
 * How it works: two tables list the fields of the tunnel and of a peer; each
 * names the codec that writes and reads it. The writer emits all fields in the
 * order of the table, and the reader accepts nothing else; so a text that was
 * cut off, or has a field twice, is refused without further checks.
 */
#include "api/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/reply.h"
#include "api/utf8.h"

#define SCHEMA "vpnd.config/1"

struct field {
	const char *name;
	const struct codec *codec;
	size_t offset;
	size_t count_offset;  /* lists */
	uint32_t least, most; /* numbers; text: `most` is its room */
	const struct config_names *names;
};

struct codec {
	enum reply_token token;
	void (*write)(
	    struct reply *reply, const struct field *field, const void *object);
	/* `line` has the token; lists read on from *text. 0 or -errno. */
	int (*read)(const struct field *field, void *object,
	    const struct reply_line *line, char **text);
};

static const void *field_of(const struct field *field, const void *object)
{
	return (const char *)object + field->offset;
}

static void *field_in(const struct field *field, void *object)
{
	return (char *)object + field->offset;
}

static const size_t *count_of(const struct field *field, const void *object)
{
	return (const void *)((const char *)object + field->count_offset);
}

static size_t *count_in(const struct field *field, void *object)
{
	return (void *)((char *)object + field->count_offset);
}

/* ---- single values ---- */
static void text_write(
    struct reply *reply, const struct field *field, const void *object)
{
	reply_string(reply, field->name, field_of(field, object));
}

static int text_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	size_t len = strlen(line->value);

	(void)text;
	if (len >= field->most || !utf8_is_clean(line->value, len))
		return -EINVAL;
	memcpy(field_in(field, object), line->value, len + 1);
	return 0;
}

static void u32_write(
    struct reply *reply, const struct field *field, const void *object)
{
	reply_unsigned(
	    reply, field->name, *(const uint32_t *)field_of(field, object));
}

static void u16_write(
    struct reply *reply, const struct field *field, const void *object)
{
	reply_unsigned(
	    reply, field->name, *(const uint16_t *)field_of(field, object));
}

static int number_read(
    uint32_t *ret, const struct field *field, const struct reply_line *line)
{
	unsigned long long value = strtoull(line->value, NULL, 10);

	if (value < field->least || value > field->most)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

static int u32_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	return number_read(field_in(field, object), field, line);
}

static int u16_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	uint32_t value;
	int error = number_read(&value, field, line);

	(void)text;
	if (!error)
		*(uint16_t *)field_in(field, object) = (uint16_t)value;
	return error;
}

static void flag_write(
    struct reply *reply, const struct field *field, const void *object)
{
	reply_bool(reply, field->name, *(const bool *)field_of(field, object));
}

static int flag_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	*(bool *)field_in(field, object) = line->value[0] == 't';
	return 0;
}

/* Each enum of the configuration is stored like this one. */
_Static_assert(sizeof(enum config_compress) == sizeof(unsigned) &&
		   sizeof(enum config_cipher) == sizeof(unsigned) &&
		   sizeof(enum config_routes) == sizeof(unsigned) &&
		   sizeof(enum log_level) == sizeof(unsigned),
    "enums are unsigned integers");

static void choice_write(
    struct reply *reply, const struct field *field, const void *object)
{
	unsigned value;

	memcpy(&value, field_of(field, object), sizeof(value));
	reply_string(reply, field->name, field->names->names[value]);
}

static int choice_find(
    unsigned *ret, const struct field *field, const struct reply_line *line)
{
	int value = config_names_find(field->names, line->value);

	if (value < 0)
		return -EINVAL;
	*ret = (unsigned)value;
	return 0;
}

static int choice_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	unsigned value;
	int error = choice_find(&value, field, line);

	(void)text;
	if (!error)
		memcpy(field_in(field, object), &value, sizeof(value));
	return error;
}

static void address_write(
    struct reply *reply, const struct field *field, const void *object)
{
	char text[ADDRESS_TEXT_BYTES];

	reply_string(reply, field->name,
	    address_format(field_of(field, object), text, sizeof(text)));
}

static int address_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	return address_parse(field_in(field, object), line->value);
}

static void key_write(
    struct reply *reply, const struct field *field, const void *object)
{
	char text[KEY_TEXT_BYTES];

	reply_string(
	    reply, field->name, key_format(field_of(field, object), text));
}

static int key_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	return key_parse(field_in(field, object), line->value);
}

/* ---- lists ---- */

/* The next item of a list: 1, 0 at its end, or -EINVAL. */
static int item_read(
    struct reply_line *ret, enum reply_token token, char **text)
{
	if (reply_read(ret, text) != 1)
		return -EINVAL;
	if (ret->token == REPLY_ARRAY_END)
		return 0;
	return ret->token == token && !*ret->name ? 1 : -EINVAL;
}

static void prefixes_write(
    struct reply *reply, const struct field *field, const void *object)
{
	const struct prefix *const *list = field_of(field, object);
	char text[PREFIX_TEXT_BYTES];

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < *count_of(field, object); i++)
		reply_string(
		    reply, "", prefix_format(&(*list)[i], text, sizeof(text)));
	reply_close_array(reply);
}

static int prefixes_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct prefix **list = field_in(field, object), prefix;
	struct reply_line item;
	int got;

	(void)line;
	while ((got = item_read(&item, REPLY_STRING, text)) == 1) {
		got = prefix_parse(&prefix, item.value);
		if (!got)
			got = config_add_prefix(
			    list, count_in(field, object), &prefix);
		if (got)
			return got;
	}
	return got;
}

static void ciphers_write(
    struct reply *reply, const struct field *field, const void *object)
{
	const enum config_cipher *ciphers = field_of(field, object);

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < *count_of(field, object); i++)
		reply_string(reply, "", config_cipher_name(ciphers[i]));
	reply_close_array(reply);
}

static int ciphers_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	enum config_cipher *ciphers = field_in(field, object);
	size_t *count = count_in(field, object);
	struct reply_line item;
	unsigned cipher;
	int got;

	(void)line;
	*count = 0;
	while ((got = item_read(&item, REPLY_STRING, text)) == 1) {
		if (*count == CONFIG_CIPHERS ||
		    choice_find(&cipher, field, &item) ||
		    (*count && ciphers[0] == cipher))
			return -EINVAL;
		ciphers[(*count)++] = cipher;
	}
	return *count ? got : -EINVAL;
}

static void peers_write(
    struct reply *reply, const struct field *field, const void *object);
static int peers_read(const struct field *field, void *object,
    const struct reply_line *line, char **text);

/* ---- the tables ---- */
static const struct codec codec_text = {REPLY_STRING, text_write, text_read};
static const struct codec codec_u32 = {REPLY_UNSIGNED, u32_write, u32_read};
static const struct codec codec_u16 = {REPLY_UNSIGNED, u16_write, u16_read};
static const struct codec codec_flag = {REPLY_BOOL, flag_write, flag_read};
static const struct codec codec_choice = {
    REPLY_STRING, choice_write, choice_read};
static const struct codec codec_address = {
    REPLY_STRING, address_write, address_read};
static const struct codec codec_key = {REPLY_STRING, key_write, key_read};
static const struct codec codec_prefixes = {
    REPLY_ARRAY, prefixes_write, prefixes_read};
static const struct codec codec_ciphers = {
    REPLY_ARRAY, ciphers_write, ciphers_read};
static const struct codec codec_peers = {REPLY_ARRAY, peers_write, peers_read};

/* clang-format off */
#define FIELD(type, member, codec_name, ...)                                  \
	{.name = #member, .codec = &codec_##codec_name,                       \
	 .offset = offsetof(struct type, member), __VA_ARGS__}
#define TEXT(type, member)                                                    \
	FIELD(type, member, text, .most = sizeof(((struct type *)0)->member))
#define LIST(type, member, codec_name, ...)                                   \
	FIELD(type, member, codec_name,                                       \
	    .count_offset = offsetof(struct type, member##_count), __VA_ARGS__)
#define PLACE(type, member)                                                   \
	{.name = #member "_line", .codec = &codec_u32, .most = UINT32_MAX,    \
	 .offset = offsetof(struct type, member.line)},                       \
	{.name = #member "_column", .codec = &codec_u32, .most = UINT32_MAX,  \
	 .offset = offsetof(struct type, member.column)}

static const struct field config_fields[] = {
	TEXT(config, name),
	TEXT(config, file),
	TEXT(config, device),
	LIST(config, addresses, prefixes, ),
	FIELD(config, mtu, u32, .least = CONFIG_MTU_MIN,
	    .most = CONFIG_MTU_MAX),
	FIELD(config, txqueuelen, u32, .least = 1, .most = CONFIG_TXQLEN_MAX),
	FIELD(config, listen_address, address, ),
	FIELD(config, listen_port, u16, .most = UINT16_MAX),
	TEXT(config, private_key_file),
	PLACE(config, private_key_place),
	FIELD(config, routes, choice, .names = &config_routes_names),
	FIELD(config, routes_table, u32, .most = UINT32_MAX),
	FIELD(config, fwmark, u32, .most = UINT32_MAX),
	FIELD(config, compress, choice, .names = &config_compress_names),
	LIST(config, ciphers, ciphers, .names = &config_cipher_names),
	FIELD(config, has_cipher_order, flag, ),
	FIELD(config, log_level, choice, .names = &config_log_level_names),
	LIST(config, peers, peers, ),
};

static const struct field peer_fields[] = {
	TEXT(config_peer, name),
	FIELD(config_peer, public_key, key, ),
	TEXT(config_peer, endpoint_host),
	FIELD(config_peer, endpoint_port, u16, .most = UINT16_MAX),
	LIST(config_peer, allowed_ips, prefixes, ),
	FIELD(config_peer, keepalive_s, u32, .most = CONFIG_KEEPALIVE_MAX),
	TEXT(config_peer, preshared_key_file),
	FIELD(config_peer, extension, choice, .names = &config_extension_names),
	FIELD(config_peer, compress, choice, .names = &config_compress_names),
	PLACE(config_peer, place),
	PLACE(config_peer, public_key_place),
	PLACE(config_peer, preshared_key_place),
};
/* clang-format on */

static void fields_write(struct reply *reply, const struct field *fields,
    size_t count, const void *object)
{
	for (size_t i = 0; i < count; i++)
		fields[i].codec->write(reply, &fields[i], object);
}

static int fields_read(
    const struct field *fields, size_t count, void *object, char **text)
{
	struct reply_line line;
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		if (reply_read(&line, text) != 1 ||
		    strcmp(line.name, fields[i].name) ||
		    line.token != fields[i].codec->token)
			return -EINVAL;
		error = fields[i].codec->read(&fields[i], object, &line, text);
	}
	return error;
}

static void peers_write(
    struct reply *reply, const struct field *field, const void *object)
{
	const struct config *config = object;

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < config->peers_count; i++) {
		reply_open_object(reply, "");
		fields_write(reply, peer_fields, ARRAY_SIZE(peer_fields),
		    &config->peers[i]);
		reply_close_object(reply);
	}
	reply_close_array(reply);
}

/* What a table can not say. */
static bool peer_is_sound(const struct config_peer *peer)
{
	for (size_t i = 0; i < peer->allowed_ips_count; i++) {
		struct prefix prefix = peer->allowed_ips[i];

		if (prefix_mask(&prefix))
			return false;
	}
	return *peer->name && !*peer->endpoint_host == !peer->endpoint_port;
}

static int peers_read(const struct field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct config *config = object;
	struct config_peer *peer;
	struct reply_line item;
	int got;

	(void)field;
	(void)line;
	while ((got = item_read(&item, REPLY_OBJECT, text)) == 1) {
		peer = config_add_peer(config);
		if (!peer)
			return -ENOMEM;
		got = fields_read(
		    peer_fields, ARRAY_SIZE(peer_fields), peer, text);
		if (got)
			return got;
		if (reply_read(&item, text) != 1 ||
		    item.token != REPLY_OBJECT_END || !peer_is_sound(peer))
			return -EINVAL;
	}
	return got;
}

static bool config_is_sound(const struct config *config)
{
	bool has_table = config->routes == CONFIG_ROUTES_TABLE;

	return *config->name && *config->file && *config->device &&
	       *config->private_key_file && has_table == !!config->routes_table;
}

char *config_encode(const struct config *config)
{
	struct reply reply;

	reply_init(&reply);
	reply_string(&reply, "schema", SCHEMA);
	fields_write(&reply, config_fields, ARRAY_SIZE(config_fields), config);
	if (reply.has_failed)
		reply_clear(&reply);
	return reply.text;
}

static int document_read(struct config *config, char *text)
{
	struct reply_line line;
	int error;

	if (reply_read(&line, &text) != 1 || line.token != REPLY_STRING ||
	    strcmp(line.name, "schema") || strcmp(line.value, SCHEMA))
		return -EINVAL;
	error = fields_read(
	    config_fields, ARRAY_SIZE(config_fields), config, &text);
	if (error)
		return error;
	return !*text && config_is_sound(config) ? 0 : -EINVAL;
}

int config_decode(struct config **ret, const char *text, size_t len)
{
	struct config *config = NULL;
	char *copy = NULL;
	int error = -EINVAL;

	if (memchr(text, '\0', len))
		goto out;
	error = -ENOMEM;
	copy = strndup(text, len);
	config = config_new();
	if (!copy || !config)
		goto out;
	error = document_read(config, copy);
	if (error)
		goto out;
	*ret = config;
	config = NULL;
out:
	config_free(config);
	free(copy);
	return error;
}
