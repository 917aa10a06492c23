/* SPDX-License-Identifier: ISC */
/* How the fields of rules and sockets are written and read. */
#include "api/config_codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/config_list.h"
#include "api/utf8.h"

/* ---- strings on the heap ---- */

static void heap_text_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const char *const *text = config_field_of(field, object);

	reply_string(reply, field->name, *text ? *text : "");
}

static int heap_text_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	char **to = config_field_in(field, object);
	size_t len = strlen(line->value);

	(void)text;
	if (len >= field->most || !utf8_is_clean(line->value, len))
		return -EINVAL;
	if (!len)
		return 0;
	*to = strdup(line->value);
	return *to ? 0 : -ENOMEM;
}

/* ---- ranges: "22,80-90" ---- */

#define RANGE_BYTES 12 /* "65535-65535," */

static void ranges_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct config_ranges *ranges = config_field_of(field, object);
	char text[CONFIG_RANGES_MAX * RANGE_BYTES + 1] = "";
	int len = 0;

	for (size_t i = 0; i < ranges->count; i++) {
		const struct config_range *range = &ranges->list[i];

		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%u",
		    i ? "," : "", range->first);
		if (range->last != range->first)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
			    "-%u", range->last);
	}
	reply_string(reply, field->name, text);
}

/* A number of the text, which moves behind it; false: there is none, or it is
 * larger than `most`. */
static bool take_number(uint32_t *ret, char **text, uint32_t most)
{
	char *end;
	unsigned long long value;

	if (**text < '0' || **text > '9')
		return false;
	value = strtoull(*text, &end, 10);
	*text = end;
	*ret = (uint32_t)value;
	return value <= most;
}

static bool take_range(struct config_range *ret, char **text, uint32_t most)
{
	uint32_t first, last;

	if (!take_number(&first, text, most))
		return false;
	last = first;
	if (**text == '-') {
		++*text;
		if (!take_number(&last, text, most))
			return false;
	}
	ret->first = (uint16_t)first;
	ret->last = (uint16_t)last;
	return first <= last;
}

static int ranges_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct config_ranges *ranges = config_field_in(field, object);
	struct config_range range;
	char *at = line->value;

	(void)text;
	if (!*at)
		return 0;
	do {
		if (ranges->count == CONFIG_RANGES_MAX ||
		    !take_range(&range, &at, field->most) ||
		    range.first < field->least ||
		    (ranges->count &&
			ranges->list[ranges->count - 1].last >= range.first))
			return -EINVAL;
		ranges->list[ranges->count++] = range;
	} while (*at++ == ',');
	return at[-1] ? -EINVAL : 0;
}

/* ---- indices of peers ---- */

static void peer_list_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct config_ends *ends = config_field_of(field, object);

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < ends->peers_count; i++)
		reply_unsigned(reply, "", ends->peers[i]);
	reply_close_array(reply);
}

static int peer_list_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct config_ends *ends = config_field_in(field, object);
	struct reply_line item;
	uint32_t idx;
	int got;

	(void)line;
	while ((got = config_item_read(&item, REPLY_UNSIGNED, text)) == 1) {
		if (!take_number(&idx, &item.value, UINT32_MAX))
			return -EINVAL;
		got = config_ends_add_peer(ends, idx);
		if (got)
			return got;
	}
	return got;
}

/* ---- programs: "40 0 0 12,21 0 1 2048,...", as `tcpdump -ddd` ---- */

#define INSTRUCTION_BYTES 25 /* "65535 255 255 4294967295," */

static void program_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct config_program *program = config_field_of(field, object);
	size_t room = program->count * INSTRUCTION_BYTES + 1, len = 0;
	char *text = malloc(room);

	if (!text) {
		reply->has_failed = true;
		return;
	}
	*text = '\0';
	for (size_t i = 0; i < program->count; i++) {
		const struct config_instruction *at = &program->list[i];

		len += (size_t)snprintf(text + len, room - len, "%s%u %u %u %u",
		    i ? "," : "", at->code, at->if_true, at->if_false, at->k);
	}
	reply_string(reply, field->name, text);
	free(text);
}

static bool take_instruction(struct config_instruction *ret, char **text)
{
	static const uint32_t most[4] = {
	    UINT16_MAX, UINT8_MAX, UINT8_MAX, UINT32_MAX};
	uint32_t parts[4];

	for (size_t i = 0; i < 4; i++) {
		if (i && *(*text)++ != ' ')
			return false;
		if (!take_number(&parts[i], text, most[i]))
			return false;
	}
	*ret = (struct config_instruction){
	    (uint16_t)parts[0], (uint8_t)parts[1], (uint8_t)parts[2], parts[3]};
	return true;
}

/* A text and its instructions; either both are there or none. */
static int program_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct config_program *program = config_field_in(field, object);
	char *at = line->value;

	(void)text;
	if (!program->text || !*at)
		return program->text || *at ? -EINVAL : 0;
	do {
		struct config_instruction *list = config_list_grow(
		    program->list, program->count, sizeof(*list));

		if (!list)
			return -ENOMEM;
		program->list = list;
		if (program->count == CONFIG_PROGRAM_MAX ||
		    !take_instruction(&list[program->count], &at))
			return -EINVAL;
		program->count++;
	} while (*at++ == ',');
	return at[-1] ? -EINVAL : 0;
}

const struct config_codec config_codec_heap_text = {
    REPLY_STRING, heap_text_write, heap_text_read};
const struct config_codec config_codec_ranges = {
    REPLY_STRING, ranges_write, ranges_read};
const struct config_codec config_codec_peer_list = {
    REPLY_ARRAY, peer_list_write, peer_list_read};
const struct config_codec config_codec_program = {
    REPLY_STRING, program_write, program_read};
