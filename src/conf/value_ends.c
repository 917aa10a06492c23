/* SPDX-License-Identifier: ISC */
/* Reads groups, and where packets come from and go to. */
#include "conf/reader.h"

#include <stdlib.h>
#include <string.h>

#include "api/value.h"
#include "base/nearest.h"
#include "conf/items.h"

void conf_groups_clear(struct conf_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		free(groups->list[i].ends.peers);
		free(groups->list[i].ends.prefixes);
	}
	free(groups->list);
	*groups = (struct conf_groups){0};
}

/* ---- looking up ---- */

static const char *peer_name(const void *context, size_t idx)
{
	const struct config *config = context;

	return config->peers[idx].name;
}

static bool find_peer(
    const struct config *config, const char *name, uint32_t *ret)
{
	for (size_t i = 0; i < config->peers_count; i++)
		if (*name && !strcmp(config->peers[i].name, name)) {
			*ret = (uint32_t)i;
			return true;
		}
	return false;
}

static const char *group_name(const void *context, size_t idx)
{
	const struct conf_groups *groups = context;

	return groups->list[idx].name;
}

static const struct conf_ends_group *find_group(
    const struct conf_groups *groups, const char *name)
{
	for (size_t i = 0; i < groups->count; i++)
		if (!strcmp(groups->list[i].name, name))
			return &groups->list[i];
	return NULL;
}

/* ---- adding ---- */

static bool has_peer(const struct config_ends *ends, uint32_t idx)
{
	for (size_t i = 0; i < ends->peers_count; i++)
		if (ends->peers[i] == idx)
			return true;
	return false;
}

static bool has_prefix(
    const struct config_ends *ends, const struct prefix *prefix)
{
	for (size_t i = 0; i < ends->prefixes_count; i++)
		if (prefix_is_equal(&ends->prefixes[i], prefix))
			return true;
	return false;
}

static void add_peer(
    struct conf_reader *reader, struct config_ends *ends, uint32_t idx)
{
	if (!has_peer(ends, idx) && config_ends_add_peer(ends, idx))
		reader->has_no_memory = true;
}

static void add_prefix(struct conf_reader *reader, struct config_ends *ends,
    const struct prefix *prefix)
{
	if (!has_prefix(ends, prefix) &&
	    config_add_prefix(&ends->prefixes, &ends->prefixes_count, prefix))
		reader->has_no_memory = true;
}

static void add_group(struct conf_reader *reader, struct config_ends *ends,
    const struct conf_ends_group *group)
{
	for (size_t i = 0; i < group->ends.peers_count; i++)
		add_peer(reader, ends, group->ends.peers[i]);
	for (size_t i = 0; i < group->ends.prefixes_count; i++)
		add_prefix(reader, ends, &group->ends.prefixes[i]);
}

/* ---- one item: a peer, a prefix, or a group ---- */

static void read_prefix(struct conf_reader *reader, struct config_ends *ends,
    const char *text, struct prefix *prefix, struct config_place place)
{
	bool has_host_bits = prefix_mask(prefix);
	char masked[PREFIX_TEXT_BYTES];

	prefix_format(prefix, masked, sizeof(masked));
	if (has_host_bits)
		conf_warning(reader->messages, place, reader->object,
		    "\"%s\" has host bits, taken as %s", text, masked);
	add_prefix(reader, ends, prefix);
}

static void complain_unknown(
    struct conf_reader *reader, const char *text, struct config_place place)
{
	const struct config *config = reader->config;
	const char *near =
	    nearest_find(text, peer_name, config, config->peers_count);

	conf_error(reader->messages, place, reader->object,
	    "\"%s\" is neither a peer nor a prefix", text);
	if (find_group(&reader->groups, text))
		conf_hint(reader->messages, "the group is \"@%s\"", text);
	else if (near)
		conf_hint(reader->messages, "did you mean \"%s\"?", near);
	else
		conf_hint(reader->messages,
		    "the name of a peer, a prefix like \"10.9.0.0/24\", or "
		    "in a rule a group like \"@admins\"");
}

static void read_peer_or_prefix(struct conf_reader *reader,
    struct config_ends *ends, const char *text, struct config_place place)
{
	struct prefix prefix;
	uint32_t idx;
	bool is_peer = find_peer(reader->config, text, &idx);
	bool is_prefix = !prefix_parse(&prefix, text);

	if (is_peer && is_prefix) {
		conf_error(reader->messages, place, reader->object,
		    "\"%s\" is an address, and the name of a peer", text);
		conf_hint(reader->messages,
		    "write the address with its length, or call the peer "
		    "something else");
	} else if (is_peer) {
		add_peer(reader, ends, idx);
	} else if (is_prefix) {
		read_prefix(reader, ends, text, &prefix, place);
	} else {
		complain_unknown(reader, text, place);
	}
}

static void read_group_name(struct conf_reader *reader,
    struct config_ends *ends, const char *name, struct config_place place)
{
	const struct conf_groups *groups = &reader->groups;
	const struct conf_ends_group *group = find_group(groups, name);
	const char *near;

	if (group) {
		add_group(reader, ends, group);
		return;
	}
	conf_error(reader->messages, place, reader->object,
	    "there is no group \"%s\"", name);
	near = nearest_find(name, group_name, groups, groups->count);
	if (near)
		conf_hint(reader->messages, "did you mean \"@%s\"?", near);
	else
		conf_hint(reader->messages,
		    "filter = { groups = { %s = ( ... ); }; };", name);
}

void conf_read_ends(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_ends *ends = (void *)((char *)object + setting->offset);
	struct conf_items items = conf_items_of(node);

	while (conf_items_next(&items))
		if (*items.text == '@')
			read_group_name(
			    reader, ends, items.text + 1, items.place);
		else
			read_peer_or_prefix(
			    reader, ends, items.text, items.place);
	ends->text = strdup(node->string);
	if (!ends->text)
		reader->has_no_memory = true;
}

/* ---- groups ---- */

static struct conf_ends_group *append(struct conf_reader *reader)
{
	struct conf_groups *groups = &reader->groups;
	struct conf_ends_group *list = groups->list;

	/* CONF_GROUP_MEMBERS at most */
	list = reallocarray(list, groups->count + 1, sizeof(*list));
	if (!list) {
		reader->has_no_memory = true;
		return NULL;
	}
	groups->list = list;
	list += groups->count++;
	*list = (struct conf_ends_group){0};
	return list;
}

static void check_name(struct conf_reader *reader,
    const struct conf_ends_group *group, const struct conf_node *node)
{
	uint32_t idx;

	if (!find_peer(reader->config, group->name, &idx))
		return;
	conf_error(reader->messages, node->name_place, reader->object,
	    "a peer has this name, too");
	conf_hint(reader->messages,
	    "call the group something else, so that nobody takes \"%s\" for "
	    "\"@%s\"",
	    group->name, group->name);
}

static void read_member(struct conf_reader *reader, struct config_ends *ends,
    const struct conf_node *node)
{
	if (node->kind != CONF_STRING) {
		complain(reader, node, "this is %s, but must be a string",
		    conf_kind_name(node->kind));
	} else if (*node->string == '@') {
		complain(reader, node, "a group can not hold another group");
		conf_hint(reader->messages,
		    "a rule can name several: from = \"@admins,@lan\";");
	} else {
		read_peer_or_prefix(reader, ends, node->string, node->place);
	}
}

static void read_one_group(
    struct conf_reader *reader, const struct conf_node *node)
{
	struct conf_ends_group *group;

	if (node->kind != CONF_LIST && node->kind != CONF_ARRAY) {
		complain(reader, node, "this is %s, but must be a list ( ... )",
		    conf_kind_name(node->kind));
		return;
	}
	group = append(reader);
	if (!group)
		return;
	snprintf(group->name, sizeof(group->name), "%.*s", (int)node->name_len,
	    node->name);
	check_name(reader, group, node);
	if (!node->count) {
		complain(reader, node, "the group is empty");
		conf_hint(reader->messages,
		    "name peers or prefixes, or take the group away");
	}
	for (const struct conf_node *at = node->first; at; at = at->next)
		read_member(reader, &group->ends, at);
}

void conf_read_groups(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	char path[CONF_OBJECT_BYTES];

	(void)setting;
	(void)object;
	snprintf(path, sizeof(path), "%s", reader->object);
	for (const struct conf_node *at = node->first; at; at = at->next) {
		snprintf(reader->object, sizeof(reader->object), "%.60s.%.*s",
		    path, at->name_len < 60 ? (int)at->name_len : 60, at->name);
		read_one_group(reader, at);
	}
}
