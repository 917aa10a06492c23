/* SPDX-License-Identifier: ISC */
/* Reads the filter with its rules, and sockets. */
#include "conf/filter.h"

#include <string.h>

#include "api/value.h"

void conf_read_filter(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	reader->config->filter.is_on = true;
	conf_group_read(reader, setting->group, node, "filter", object);
}

void conf_rule_path(
    char path[CONF_OBJECT_BYTES], const struct conf_node *node, size_t idx)
{
	const struct conf_node *name = conf_node_find(node, "name");

	if (name && name->string && !value_name_problem(name->string))
		snprintf(
		    path, CONF_OBJECT_BYTES, "filter.rules.%s", name->string);
	else
		snprintf(path, CONF_OBJECT_BYTES, "filter.rules[%zu]", idx);
}

void conf_read_rules(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	char path[CONF_OBJECT_BYTES];
	struct config_rule *rule;
	size_t idx = 0;

	(void)object;
	if (node->count > CONFIG_RULES_MAX) {
		complain(reader, node, "there are more than %d rules",
		    CONFIG_RULES_MAX);
		return;
	}
	for (const struct conf_node *at = node->first; at; at = at->next) {
		rule = config_add_rule(&reader->config->filter);
		if (!rule) {
			reader->has_no_memory = true;
			return;
		}
		rule->place = at->place;
		conf_rule_path(path, at, idx++);
		conf_group_read(reader, setting->group, at, path, rule);
	}
}

/* Two on the same address and port would hide each other. */
static void note_port(struct conf_reader *reader,
    const struct config_socket *socket, const struct conf_node *node,
    const char *path)
{
	char text[CONF_UNIQUE_BYTES] = "all addresses";

	if (socket->has_address)
		address_format(&socket->address, text, ADDRESS_TEXT_BYTES);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), " port %u",
	    socket->port);
	if (!conf_unique_add(&reader->ports, text, path, node->place))
		reader->has_no_memory = true;
}

/* An echo request has none, all others need one. */
static void check_port(struct conf_reader *reader,
    const struct config_socket *socket, const struct conf_node *node,
    const char *path)
{
	const struct conf_node *port = conf_node_find(node, "port");

	if (!conf_node_find(node, "type"))
		return;
	snprintf(reader->object, sizeof(reader->object), "%.64s.port", path);
	if (socket->type == CONFIG_SOCKET_PING && port) {
		complain(reader, port, "an ICMP echo request has no port");
		conf_hint(reader->messages, "take it away");
	} else if (socket->type != CONFIG_SOCKET_PING && !port) {
		complain(reader, node, "it is missing");
		conf_hint(reader->messages, "port = 7;");
	}
}

void conf_read_sockets(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	char path[CONF_OBJECT_BYTES];
	struct config_socket *socket;
	size_t idx = 0;

	(void)object;
	if (node->count > CONFIG_SOCKETS_MAX) {
		complain(reader, node, "there are more than %d sockets",
		    CONFIG_SOCKETS_MAX);
		return;
	}
	for (const struct conf_node *at = node->first; at; at = at->next) {
		socket = config_add_socket(reader->config);
		if (!socket) {
			reader->has_no_memory = true;
			return;
		}
		socket->place = at->place;
		snprintf(path, sizeof(path), "sockets[%zu]", idx++);
		conf_group_read(reader, setting->group, at, path, socket);
		check_port(reader, socket, at, path);
		if (socket->port || socket->type == CONFIG_SOCKET_PING)
			note_port(reader, socket, at, path);
	}
}
