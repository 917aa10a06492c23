/* SPDX-License-Identifier: ISC */
/* Reads addresses, prefixes and endpoints. */
#include "conf/reader.h"

#include <string.h>

#define HOST_CHARACTERS                                                        \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
#define LABEL_BYTES 63 /* RFC 1035, section 2.3.4 */

bool conf_address_is_unspecified(const struct address *address)
{
	struct address none = {.family = address->family};

	return address_is_equal(address, &none);
}

/* Nobody's own address: a group's, or all hosts'. */
static bool is_many(const struct address *address)
{
	if (address->family == FAMILY_IPV6)
		return address->bytes[0] == 0xff;
	return (address->bytes[0] & 0xf0) == 0xe0 ||
	       !memcmp(address->bytes, "\xff\xff\xff\xff", 4);
}

void conf_read_address(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct address address;

	if (address_parse(&address, node->string) || is_many(&address))
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
		if (conf_address_is_unspecified(&prefix.address) ||
		    is_many(&prefix.address))
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

/* ---- endpoints ---- */

/* Letters, digits and hyphens with dots; a last label of digits would be a
 * bad IPv4 address, no name. */
static bool is_host_name(const char *host)
{
	const char *label = host;
	size_t len = 0;

	if (host[strspn(host, HOST_CHARACTERS)] ||
	    strlen(host) > CONFIG_HOST_BYTES - 3)
		return false;
	for (;; label += len + 1) {
		len = strcspn(label, ".");
		if (!len || len > LABEL_BYTES || *label == '-')
			return false;
		if (!label[len])
			return strspn(label, "0123456789") < len;
		if (!label[len + 1]) /* "example.net." */
			return true;
	}
}

/* Why `host` can not be one; NULL: it can. */
static const char *host_problem(const char *host, bool has_brackets)
{
	struct address address;
	int error = address_parse(&address, host);

	if (!error &&
	    (conf_address_is_unspecified(&address) || is_many(&address)))
		return "its address is not that of one host";
	if (!error && has_brackets == (address.family == FAMILY_IPV6))
		return NULL;
	if (has_brackets)
		return "there is no IPv6 address between the brackets";
	if (strchr(host, ':'))
		return "an IPv6 address stands in brackets";
	return is_host_name(host) ? NULL : "its host is no name or address";
}

/* Splits "host:port" or "[v6]:port"; the port's text, or NULL. */
static const char *split_endpoint(
    const char *text, char host[CONFIG_HOST_BYTES], bool has_brackets)
{
	const char *end = strrchr(text, has_brackets ? ']' : ':');
	size_t len;

	if (!end || (has_brackets && end[1] != ':'))
		return NULL;
	len = (size_t)(end - text) - has_brackets;
	if (len >= CONFIG_HOST_BYTES)
		return NULL;
	memcpy(host, text + has_brackets, len);
	host[len] = '\0';
	return end + 1 + has_brackets;
}

void conf_read_endpoint(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_peer *peer = object;
	char host[CONFIG_HOST_BYTES];
	bool has_brackets = *node->string == '[';
	const char *port = split_endpoint(node->string, host, has_brackets);
	const char *problem = "it is not HOST:PORT";
	uint32_t number = 0;

	if (port)
		problem = host_problem(host, has_brackets);
	if (!problem && (!conf_digits_read(&number, port, setting->most) ||
			    number < setting->least))
		problem = "its port is not between 1 and 65535";
	if (problem) {
		complain(reader, node, "\"%s\" is no endpoint: %s",
		    node->string, problem);
		conf_hint(reader->messages,
		    "HOST:PORT or [IPV6]:PORT, as in %s", setting->example);
		return;
	}
	strcpy(peer->endpoint_host, host);
	peer->endpoint_port = (uint16_t)number;
}
