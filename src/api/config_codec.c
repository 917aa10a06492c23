/* SPDX-License-Identifier: ISC */
/* How single fields of the configuration are written and read. */
#include "api/config_codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/utf8.h"
#include "api/value.h"

/* ---- single values ---- */
static void text_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	reply_string(reply, field->name, config_field_of(field, object));
}

static int text_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	size_t len = strlen(line->value);

	(void)text;
	if (len >= field->most || !utf8_is_clean(line->value, len))
		return -EINVAL;
	memcpy(config_field_in(field, object), line->value, len + 1);
	return 0;
}

static void u32_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	reply_unsigned(reply, field->name,
	    *(const uint32_t *)config_field_of(field, object));
}

static void u16_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	reply_unsigned(reply, field->name,
	    *(const uint16_t *)config_field_of(field, object));
}

static int number_read(uint32_t *ret, const struct config_field *field,
    const struct reply_line *line)
{
	unsigned long long value = strtoull(line->value, NULL, 10);

	if (value < field->least || value > field->most)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

static int u32_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	return number_read(config_field_in(field, object), field, line);
}

static int u16_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	uint32_t value;
	int error = number_read(&value, field, line);

	(void)text;
	if (!error)
		*(uint16_t *)config_field_in(field, object) = (uint16_t)value;
	return error;
}

static void flag_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	reply_bool(
	    reply, field->name, *(const bool *)config_field_of(field, object));
}

static int flag_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	*(bool *)config_field_in(field, object) = line->value[0] == 't';
	return 0;
}

/* Each enum of the configuration is stored like this one. */
_Static_assert(sizeof(enum config_compress) == sizeof(unsigned) &&
		   sizeof(enum config_cipher) == sizeof(unsigned) &&
		   sizeof(enum config_routes) == sizeof(unsigned) &&
		   sizeof(enum log_level) == sizeof(unsigned),
    "enums are unsigned integers");

static void choice_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	unsigned value;

	memcpy(&value, config_field_of(field, object), sizeof(value));
	reply_string(reply, field->name, field->names->names[value]);
}

static int choice_find(unsigned *ret, const struct config_field *field,
    const struct reply_line *line)
{
	int value = config_names_find(field->names, line->value);

	if (value < 0)
		return -EINVAL;
	*ret = (unsigned)value;
	return 0;
}

static int choice_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	unsigned value;
	int error = choice_find(&value, field, line);

	(void)text;
	if (!error)
		memcpy(config_field_in(field, object), &value, sizeof(value));
	return error;
}

static void address_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	char text[ADDRESS_TEXT_BYTES];

	reply_string(reply, field->name,
	    address_format(config_field_of(field, object), text, sizeof(text)));
}

static int address_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	return address_parse(config_field_in(field, object), line->value);
}

static void key_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	char text[KEY_TEXT_BYTES];

	reply_string(reply, field->name,
	    key_format(config_field_of(field, object), text));
}

static int key_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	return key_parse(config_field_in(field, object), line->value);
}

static void mac_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	char text[MAC_TEXT_BYTES];

	reply_string(reply, field->name,
	    mac_format(config_field_of(field, object), text, sizeof(text)));
}

static int mac_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	return mac_parse(config_field_in(field, object), line->value);
}

/* The empty set is an empty text. */
static void vlans_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	char text[VLAN_SET_TEXT_BYTES];

	reply_string(reply, field->name,
	    vlan_set_format(
		config_field_of(field, object), text, sizeof(text)));
}

static int vlans_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	(void)text;
	if (!*line->value)
		return 0;
	return vlan_set_parse(config_field_in(field, object), line->value);
}

/* NULL is an empty text. */
static void heap_vlans_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct vlan_set *const *set = config_field_of(field, object);
	char text[VLAN_SET_TEXT_BYTES];

	reply_string(reply, field->name,
	    *set ? vlan_set_format(*set, text, sizeof(text)) : "");
}

static int heap_vlans_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct vlan_set **set = config_field_in(field, object);

	(void)text;
	if (!*line->value)
		return 0;
	*set = calloc(1, sizeof(**set));
	return *set ? vlan_set_parse(*set, line->value) : -ENOMEM;
}

/* ---- lists ---- */

int config_item_read(
    struct reply_line *ret, enum reply_token token, char **text)
{
	if (reply_read(ret, text) != 1)
		return -EINVAL;
	if (ret->token == REPLY_ARRAY_END)
		return 0;
	return ret->token == token && !*ret->name ? 1 : -EINVAL;
}

static void prefixes_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct prefix *const *list = config_field_of(field, object);
	char text[PREFIX_TEXT_BYTES];

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < *config_count_of(field, object); i++)
		reply_string(
		    reply, "", prefix_format(&(*list)[i], text, sizeof(text)));
	reply_close_array(reply);
}

static int prefixes_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct prefix **list = config_field_in(field, object), prefix;
	struct reply_line item;
	int got;

	(void)line;
	while ((got = config_item_read(&item, REPLY_STRING, text)) == 1) {
		got = prefix_parse(&prefix, item.value);
		if (!got)
			got = config_add_prefix(
			    list, config_count_in(field, object), &prefix);
		if (got)
			return got;
	}
	return got;
}

static void macs_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct mac *const *list = config_field_of(field, object);
	char text[MAC_TEXT_BYTES];

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < *config_count_of(field, object); i++)
		reply_string(
		    reply, "", mac_format(&(*list)[i], text, sizeof(text)));
	reply_close_array(reply);
}

static int macs_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct config_peer *peer = object;
	struct reply_line item;
	struct mac mac;
	int got;

	(void)line;
	while ((got = config_item_read(&item, REPLY_STRING, text)) == 1) {
		if (peer->macs_count == field->most ||
		    mac_parse(&mac, item.value) || value_mac_problem(&mac))
			return -EINVAL;
		got = config_add_mac(peer, &mac);
		if (got)
			return got;
	}
	return got;
}

static void ciphers_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const enum config_cipher *ciphers = config_field_of(field, object);

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < *config_count_of(field, object); i++)
		reply_string(reply, "", config_cipher_name(ciphers[i]));
	reply_close_array(reply);
}

static int ciphers_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	enum config_cipher *ciphers = config_field_in(field, object);
	size_t *count = config_count_in(field, object);
	struct reply_line item;
	unsigned cipher;
	int got;

	(void)line;
	*count = 0;
	while ((got = config_item_read(&item, REPLY_STRING, text)) == 1) {
		if (*count == CONFIG_CIPHERS ||
		    choice_find(&cipher, field, &item) ||
		    (*count && ciphers[0] == cipher))
			return -EINVAL;
		ciphers[(*count)++] = cipher;
	}
	return *count ? got : -EINVAL;
}

const struct config_codec config_codec_text = {
    REPLY_STRING, text_write, text_read};
const struct config_codec config_codec_u32 = {
    REPLY_UNSIGNED, u32_write, u32_read};
const struct config_codec config_codec_u16 = {
    REPLY_UNSIGNED, u16_write, u16_read};
const struct config_codec config_codec_flag = {
    REPLY_BOOL, flag_write, flag_read};
const struct config_codec config_codec_choice = {
    REPLY_STRING, choice_write, choice_read};
const struct config_codec config_codec_address = {
    REPLY_STRING, address_write, address_read};
const struct config_codec config_codec_key = {
    REPLY_STRING, key_write, key_read};
const struct config_codec config_codec_prefixes = {
    REPLY_ARRAY, prefixes_write, prefixes_read};
const struct config_codec config_codec_ciphers = {
    REPLY_ARRAY, ciphers_write, ciphers_read};
const struct config_codec config_codec_mac = {
    REPLY_STRING, mac_write, mac_read};
const struct config_codec config_codec_heap_vlans = {
    REPLY_STRING, heap_vlans_write, heap_vlans_read};
const struct config_codec config_codec_vlans = {
    REPLY_STRING, vlans_write, vlans_read};
const struct config_codec config_codec_macs = {
    REPLY_ARRAY, macs_write, macs_read};
