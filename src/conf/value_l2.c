/* SPDX-License-Identifier: ISC */
/* Reads what only tap tunnels have: MAC addresses and VLANs. */
#include "conf/reader.h"

#include "api/value.h"

/* An address that nobody else in the file may have; false with a complaint. */
static bool read_mac(
    struct conf_reader *reader, const struct conf_node *node, struct mac *ret)
{
	const char *problem = value_mac(ret, node->string);
	char text[MAC_TEXT_BYTES];

	if (problem) {
		complain(reader, node, "\"%s\" %s", node->string, problem);
		conf_hint(reader->messages,
		    "for example \"02:00:5e:10:00:01\"; a first byte of 02, "
		    "06, 0a or 0e says that you chose the address yourself");
		return false;
	}
	if (!conf_unique_add(&reader->macs, mac_format(ret, text, sizeof(text)),
		reader->object, node->place))
		reader->has_no_memory = true;
	return true;
}

void conf_read_mac(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config *config = object;

	(void)setting;
	config->has_mac = read_mac(reader, node, &config->mac);
}

void conf_read_macs(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_peer *peer = object;
	struct mac mac;

	for (const struct conf_node *at = node->first; at; at = at->next) {
		if (peer->macs_count == setting->most) {
			complain(reader, at, "there are more than %u addresses",
			    setting->most);
			conf_hint(reader->messages,
			    "leave macs away, so that the addresses behind "
			    "this peer are learned");
			return;
		}
		if (read_mac(reader, at, &mac) && config_add_mac(peer, &mac))
			reader->has_no_memory = true;
	}
}

void conf_read_vlans(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct vlan_set vlans = {{0}};
	const char *problem = value_vlans(&vlans, node->string);

	if (!problem) {
		if (config_set_vlans(object, &vlans))
			reader->has_no_memory = true;
		return;
	}
	complain(reader, node, "\"%s\" %s", node->string, problem);
	conf_hint(
	    reader->messages, "as in %s = %s;", setting->key, setting->example);
}
