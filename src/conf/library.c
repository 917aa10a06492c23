/* SPDX-License-Identifier: ISC */
/* libconfig: the one file that knows it. */
#include "conf/library.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

struct library {
	config_t config;
};

/* A number may be wider for libconfig 1.7 than it is for 1.5. */
static bool is_kind(enum conf_kind kind, int type)
{
	static const int types[CONF_KINDS] = {
	    [CONF_GROUP] = CONFIG_TYPE_GROUP,
	    [CONF_LIST] = CONFIG_TYPE_LIST,
	    [CONF_ARRAY] = CONFIG_TYPE_ARRAY,
	    [CONF_STRING] = CONFIG_TYPE_STRING,
	    [CONF_INTEGER] = CONFIG_TYPE_INT,
	    [CONF_FLOAT] = CONFIG_TYPE_FLOAT,
	    [CONF_BOOLEAN] = CONFIG_TYPE_BOOL,
	};

	return type == types[kind] ||
	       (kind == CONF_INTEGER && type == CONFIG_TYPE_INT64);
}

static bool is_same_name(
    const struct conf_node *node, const config_setting_t *setting)
{
	const char *name = config_setting_name(setting);
	size_t len = name ? strlen(name) : 0;

	return len == node->name_len &&
	       (!len || !memcmp(node->name, name, len));
}

static bool is_aggregate(enum conf_kind kind)
{
	return kind == CONF_GROUP || kind == CONF_LIST || kind == CONF_ARRAY;
}

/* The first node on which both differ. Our parser bounds the depth. */
static const struct conf_node *join(
    struct conf_node *node, config_setting_t *setting);

static const struct conf_node *join_members(
    struct conf_node *node, config_setting_t *setting)
{
	const struct conf_node *odd = NULL;
	config_setting_t *member;
	unsigned idx = 0;

	if ((uint32_t)config_setting_length(setting) != node->count)
		return node;
	for (struct conf_node *at = node->first; at && !odd; at = at->next) {
		member = config_setting_get_elem(setting, idx++);
		odd =
		    member && is_same_name(at, member) ? join(at, member) : at;
	}
	return odd;
}

static const struct conf_node *join(
    struct conf_node *node, config_setting_t *setting)
{
	if (!is_kind(node->kind, config_setting_type(setting)))
		return node;
	if (node->kind == CONF_STRING)
		node->string = config_setting_get_string(setting);
	return is_aggregate(node->kind) ? join_members(node, setting) : NULL;
}

static bool parse(config_t *config, struct conf_node *root,
    struct conf_messages *messages, const char *text)
{
	const struct conf_node *odd;

	if (!config_read_string(config, text)) {
		conf_error(messages,
		    (struct config_place){
			(uint32_t)config_error_line(config), 1},
		    "", "libconfig says: %s", config_error_text(config));
		return false;
	}
	odd = join(root, config_root_setting(config));
	if (odd)
		conf_error(messages, odd->place, "",
		    "libconfig reads this in another way");
	return !odd;
}

/* libconfig 1.5 takes a comment only when a line end follows. */
static bool parse_ended(config_t *config, struct conf_node *root,
    struct conf_messages *messages, const char *text)
{
	char *ended = NULL;
	bool is_sound;

	if (asprintf(&ended, "%s\n", text) < 0) {
		conf_error(messages, root->place, "", "not enough memory");
		return false;
	}
	is_sound = parse(config, root, messages, ended);
	free(ended);
	return is_sound;
}

bool library_parse(struct library **ret, struct conf_node *root,
    struct conf_messages *messages, const char *text)
{
	struct library *library = malloc(sizeof(*library));

	if (!library) {
		conf_error(messages, root->place, "", "not enough memory");
		return false;
	}
	config_init(&library->config);
	*ret = library;
	return parse_ended(&library->config, root, messages, text);
}

void library_free(struct library *library)
{
	if (!library)
		return;
	config_destroy(&library->config);
	free(library);
}
