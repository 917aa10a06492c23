/* SPDX-License-Identifier: ISC */
/* The configuration file of a tunnel: read, checked, made flat. */
#include "conf/conf.h"

#include <string.h>

#include "api/utf8.h"
#include "api/value.h"
#include "conf/keyfile.h"
#include "conf/reader.h"

static const struct config_place whole_file;

const char *conf_tunnel_name(struct conf_messages *messages, const char *path,
    char name[CONFIG_NAME_BYTES])
{
	static const char suffix[] = ".conf";
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t len = strlen(base), tail = sizeof(suffix) - 1;
	const char *problem;

	if (len > tail && !strcmp(base + len - tail, suffix))
		len -= tail;
	snprintf(name, CONFIG_NAME_BYTES, "%.*s", (int)len, base);
	problem = value_name_problem(len < CONFIG_NAME_BYTES ? name : "");
	if (!problem)
		return name;
	conf_error(messages, whole_file, "",
	    "the tunnel has the name of its file, but \"%s\" %s", name,
	    problem);
	return NULL;
}

static void check_key_files(
    struct conf_messages *messages, const struct config *config)
{
	const struct config_peer *peer = config->peers;
	char object[CONF_OBJECT_BYTES];

	if (*config->private_key_file)
		conf_keyfile_check(messages, config->private_key_place,
		    "private_key_file", config->private_key_file, "genkey");
	for (size_t i = 0; i < config->peers_count; i++, peer++) {
		if (!peer->preshared_key_file)
			continue;
		snprintf(object, sizeof(object), "peers.%s.preshared_key_file",
		    peer->name);
		conf_keyfile_check(messages, peer->preshared_key_place, object,
		    peer->preshared_key_file, "genpsk");
	}
}

static struct config *config_start(
    struct conf_messages *messages, const struct conf_source *source)
{
	struct config *config = NULL;
	size_t len = strlen(source->path);

	if (len >= sizeof(config->file) || !utf8_is_clean(source->path, len)) {
		conf_error(messages, whole_file, "",
		    "its path is too long or has control characters");
		return NULL;
	}
	config = config_new();
	if (!config) {
		conf_error(messages, whole_file, "", "not enough memory");
		return NULL;
	}
	snprintf(config->name, sizeof(config->name), "%s", source->name);
	memcpy(config->file, source->path, len + 1);
	return config;
}

static struct config *read_tree(struct conf_messages *messages,
    const struct conf_tree *tree, const struct conf_source *source)
{
	struct config *config = config_start(messages, source);
	struct conf_reader reader = {
	    .messages = messages, .root = &tree->root, .config = config};

	if (!config)
		return NULL;
	conf_group_read(&reader, &conf_schema, &tree->root, "", config);
	conf_validate(&reader);
	if (source->checks_key_files)
		check_key_files(messages, config);
	if (reader.has_no_memory)
		conf_error(messages, whole_file, "", "not enough memory");
	if (!messages->errors)
		return config;
	config_free(config);
	return NULL;
}

struct config *conf_parse(
    struct conf_messages *messages, const struct conf_source *source)
{
	struct conf_tree tree;
	struct config *config;

	if (!conf_tree_parse(&tree, messages, source->text))
		return NULL;
	config = read_tree(messages, &tree, source);
	conf_tree_free(&tree);
	return config;
}
