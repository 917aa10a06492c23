/* SPDX-License-Identifier: ISC */
/* Reads addresses, prefixes and endpoints. */
#include "conf/reader.h"

#include <string.h>

#include "api/value.h"

void conf_read_address(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct address address;

	if (address_parse(&address, node->string) ||
	    value_address_is_group(&address))
		complain(reader, node, "\"%s\" is no address of a host",
		    node->string);
	else
		memcpy((char *)object + setting->offset, &address,
		    sizeof(address));
}

/* An element of a list of prefixes; false with a complaint. */
static bool read_prefix(struct conf_reader *reader,
    const struct conf_node *node, struct prefix *ret)
{
	if (!prefix_parse(ret, node->string))
		return true;
	complain(reader, node, "\"%s\" is no address with a prefix length",
	    node->string);
	conf_hint(
	    reader->messages, "for example \"10.77.0.1/24\" or \"fd77::1/64\"");
	return false;
}

static void note_memory(struct conf_reader *reader, bool has_failed)
{
	if (has_failed)
		reader->has_no_memory = true;
}

static void add_address(struct conf_reader *reader,
    const struct conf_node *node, const struct prefix *prefix)
{
	struct config *config = reader->config;
	char text[ADDRESS_TEXT_BYTES];

	address_format(&prefix->address, text, sizeof(text));
	note_memory(reader, config_add_prefix(&config->addresses,
				&config->addresses_count, prefix) ||
				!conf_unique_add(&reader->addresses, text,
				    reader->object, node->place));
}

/* Nothing from it or to it passes a device (RFC 4291, 2.5.3). */
static const struct prefix loopback_ipv6 = {{FAMILY_IPV6, {[15] = 1}}, 128};

void conf_read_addresses(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct prefix prefix;

	(void)setting;
	(void)object;
	for (const struct conf_node *at = node->first; at; at = at->next) {
		if (!read_prefix(reader, at, &prefix))
			continue;
		if (value_address_is_unspecified(&prefix.address) ||
		    value_address_is_group(&prefix.address) ||
		    prefix_has(&loopback_ipv6, &prefix.address))
			complain(reader, at,
			    "\"%s\" can not be an address of this host",
			    at->string);
		else
			add_address(reader, at, &prefix);
	}
}

static void add_allowed_ip(struct conf_reader *reader,
    const struct conf_node *node, struct config_peer *peer,
    struct prefix *prefix)
{
	bool has_host_bits = prefix_mask(prefix);
	char text[PREFIX_TEXT_BYTES];

	prefix_format(prefix, text, sizeof(text));
	if (has_host_bits)
		conf_warning(reader->messages, node->place, reader->object,
		    "\"%s\" has host bits, taken as %s", node->string, text);
	note_memory(reader, config_add_prefix(&peer->allowed_ips,
				&peer->allowed_ips_count, prefix) ||
				!conf_unique_add(&reader->prefixes, text,
				    reader->object, node->place));
}

void conf_read_allowed_ips(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct prefix prefix;

	(void)setting;
	for (const struct conf_node *at = node->first; at; at = at->next)
		if (read_prefix(reader, at, &prefix))
			add_allowed_ip(reader, at, object, &prefix);
}

void conf_read_endpoint(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_peer *peer = object;
	char host[CONFIG_HOST_BYTES];
	uint16_t port = 0;
	const char *problem = value_endpoint(host, &port, node->string);

	if (problem) {
		complain(reader, node, "\"%s\" is no endpoint: %s",
		    node->string, problem);
		conf_hint(reader->messages,
		    "HOST:PORT or [IPV6]:PORT, as in %s", setting->example);
		return;
	}
	if (config_set_text(&peer->endpoint_host, host))
		reader->has_no_memory = true;
	peer->endpoint_port = port;
}
