/* SPDX-License-Identifier: ISC */
/* A reply document as a tree, and careful reading of it. */
#include "ctl/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/reply.h"

/* What is open; the outermost object is the first. */
struct branch {
	json_t *open[TREE_DEPTH];
	size_t count;
};

static json_t *string_value(char *text)
{
	return json_string(text);
}

static json_t *unsigned_value(char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-')
		return NULL;
	/* jansson's integers are signed. */
	return value > INT64_MAX ? json_real((double)value)
				 : json_integer((json_int_t)value);
}

static json_t *signed_value(char *text)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(text, &end, 10);
	return errno || end == text || *end ? NULL : json_integer(value);
}

static json_t *number_value(char *text)
{
	double value;
	char *end;

	value = strtod(text, &end);
	return end == text || *end ? NULL : json_real(value);
}

static json_t *bool_value(char *text)
{
	if (strcmp(text, "true") == 0)
		return json_true();
	return strcmp(text, "false") == 0 ? json_false() : NULL;
}

static const struct value_kind {
	enum reply_token token;
	json_t *(*parse)(char *text);
} value_kinds[] = {
    {REPLY_STRING, string_value},
    {REPLY_UNSIGNED, unsigned_value},
    {REPLY_SIGNED, signed_value},
    {REPLY_NUMBER, number_value},
    {REPLY_BOOL, bool_value},
};

static json_t *value_of(const struct reply_line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(value_kinds); i++)
		if (value_kinds[i].token == line->token && line->value)
			return value_kinds[i].parse(line->value);
	return NULL;
}

/* Steals `value`, which may be NULL. */
static bool add(struct branch *branch, const char *name, json_t *value)
{
	json_t *parent = branch->open[branch->count - 1];

	if (json_is_array(parent))
		return json_array_append_new(parent, value) == 0;
	return json_object_set_new(parent, name, value) == 0;
}

static bool open_child(
    struct branch *branch, const struct reply_line *line, json_t *child)
{
	if (branch->count == TREE_DEPTH) {
		json_decref(child);
		return false;
	}
	if (!add(branch, line->name, child))
		return false;
	branch->open[branch->count++] = child; /* borrowed from its parent */
	return true;
}

static bool close_child(struct branch *branch, json_type type)
{
	json_t *last = branch->open[branch->count - 1];

	if (branch->count == 1 || json_typeof(last) != type)
		return false;
	branch->count--;
	return true;
}

static bool take_line(struct branch *branch, const struct reply_line *line)
{
	switch (line->token) {
	case REPLY_OBJECT:
		return open_child(branch, line, json_object());
	case REPLY_ARRAY:
		return open_child(branch, line, json_array());
	case REPLY_OBJECT_END:
		return close_child(branch, JSON_OBJECT);
	case REPLY_ARRAY_END:
		return close_child(branch, JSON_ARRAY);
	default:
		return add(branch, line->name, value_of(line));
	}
}

json_t *tree_parse(char *text)
{
	json_t *root = json_object();
	struct branch branch = {.open = {root}, .count = 1};
	struct reply_line line;
	int rc = root ? 1 : -ENOMEM;

	while (rc == 1 && (rc = reply_read(&line, &text)) == 1)
		if (!take_line(&branch, &line))
			rc = -EINVAL;
	if (rc == 0 && branch.count == 1)
		return root;
	json_decref(root);
	return NULL;
}

bool tree_has(const json_t *tree, const char *name)
{
	return json_object_get(tree, name) != NULL;
}

const char *tree_text(
    const json_t *tree, const char *name, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(tree, name));

	return text ? text : otherwise;
}

uint64_t tree_unsigned(const json_t *tree, const char *name, uint64_t otherwise)
{
	const json_t *value = json_object_get(tree, name);
	double real = json_is_real(value) ? json_real_value(value) : -1;

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		return (uint64_t)json_integer_value(value);
	return real >= 0 && real < 0x1p64 ? (uint64_t)real : otherwise;
}

double tree_real(const json_t *tree, const char *name, double otherwise)
{
	const json_t *value = json_object_get(tree, name);

	return json_is_number(value) ? json_number_value(value) : otherwise;
}

bool tree_is(const json_t *tree, const char *name)
{
	return json_is_true(json_object_get(tree, name));
}

int tree_width(const json_t *list, const char *name, int least)
{
	int width = least;
	json_t *one;
	size_t idx;

	json_array_foreach(list, idx, one)
	{
		int len = (int)strlen(tree_text(one, name, ""));

		if (len > width && len <= TREE_WIDTH_MAX)
			width = len;
	}
	return width;
}
