/* SPDX-License-Identifier: ISC */
/* Reading a reply document, line by line, in place. */
#include "api/reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/utf8.h"

#define DIGITS "0123456789"

static bool is_digits(const char *text)
{
	return *text && !text[strspn(text, DIGITS)];
}

static bool is_unsigned(const char *text)
{
	errno = 0;
	return is_digits(text) && (strtoull(text, NULL, 10), errno == 0);
}

static bool is_signed(const char *text)
{
	errno = 0;
	return is_digits(text + (*text == '-')) &&
	       (strtoll(text, NULL, 10), errno == 0);
}

static bool is_number(const char *text)
{
	const char *digits = text + (*text == '-');
	size_t whole = strspn(digits, DIGITS);

	return whole && digits[whole] == '.' && is_digits(digits + whole + 1);
}

static bool is_bool(const char *text)
{
	return !strcmp(text, "true") || !strcmp(text, "false");
}

static bool is_text(const char *text)
{
	size_t len = strlen(text), bytes;
	uint32_t character;

	for (size_t at = 0; at < len; at += bytes) {
		bytes = utf8_read(&character, text + at, len - at);
		if (!bytes || character < 0x20 || character == 0x7f)
			return false;
	}
	return true;
}

/* What may stand behind a token. */
static const struct shape {
	enum reply_token token;
	bool has_name;
	bool (*is_value)(const char *text); /* NULL: no value */
} shapes[] = {
    {REPLY_OBJECT, true, NULL},
    {REPLY_ARRAY, true, NULL},
    {REPLY_OBJECT_END, false, NULL},
    {REPLY_ARRAY_END, false, NULL},
    {REPLY_STRING, true, is_text},
    {REPLY_UNSIGNED, true, is_unsigned},
    {REPLY_SIGNED, true, is_signed},
    {REPLY_NUMBER, true, is_number},
    {REPLY_BOOL, true, is_bool},
};

static const struct shape *shape_find(char token)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (shapes[i].token == (enum reply_token)token)
			return &shapes[i];
	return NULL;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One escape after its backslash; the bytes it took, 0 when it is none. */
static size_t unescape_one(char *to, const char *from)
{
	int high, low, value;

	if (from[0] == '\\' || from[0] == 'n') {
		*to = from[0] == 'n' ? '\n' : '\\';
		return 1;
	}
	if (from[0] != 'x')
		return 0;
	high = hex_digit(from[1]);
	low = high < 0 ? -1 : hex_digit(from[2]);
	if (low < 0)
		return 0;
	value = high << 4 | low;
	/* Only what the writer escapes; a NUL would hide what follows. */
	if (value == 0 || (value >= 0x20 && value != 0x7f))
		return 0;
	*to = (char)value;
	return 3;
}

static int unescape(char *text)
{
	char *to = text;
	size_t taken;

	while (*text) {
		if (*text != '\\') {
			*to++ = *text++;
			continue;
		}
		taken = unescape_one(to++, ++text);
		if (!taken)
			return -EINVAL;
		text += taken;
	}
	*to = '\0';
	return 0;
}

/* Splits at the TAB; NULL when there is none. */
static char *split(char *text)
{
	char *tab = strchr(text, '\t');

	if (!tab)
		return NULL;
	*tab = '\0';
	return tab + 1;
}

static bool is_name(const char *name)
{
	return !name[strspn(name, "abcdefghijklmnopqrstuvwxyz" DIGITS "_")];
}

static int line_check(const struct shape *shape, struct reply_line *line)
{
	if (!is_name(line->name) || !shape->is_value != !line->value)
		return -EINVAL;
	if (line->value && !shape->is_value(line->value))
		return -EINVAL;
	return shape->token == REPLY_STRING ? unescape(line->value) : 0;
}

int reply_read(struct reply_line *ret, char **text)
{
	char *line = *text, *end = strchr(line, '\n'), *name;
	const struct shape *shape = shape_find(*line);

	if (!*line)
		return 0;
	if (!end || !shape)
		return -EINVAL;
	*end = '\0';
	*text = end + 1;
	name = split(line);
	if (line[1] != '\0' || shape->has_name != (name != NULL))
		return -EINVAL;
	ret->token = shape->token;
	ret->name = name ? name : line + 1;
	ret->value = split(ret->name);
	return line_check(shape, ret) ? -EINVAL : 1;
}
