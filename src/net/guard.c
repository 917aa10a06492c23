/* SPDX-License-Identifier: ISC */
/* Who may say what only a router or a DHCP server says. */
#include "net/state.h"

#include "packet/neighbour.h"

enum drop bridge_guard(const struct bridge_port *port, const struct packet *pkt)
{
	if (port_is_host(port))
		return DROP_NONE;
	if (!port->is_router && packet_is_router_message(pkt))
		return DROP_VPN_GUARD;
	if (!port->is_dhcp_server && packet_is_dhcp_server_message(pkt))
		return DROP_VPN_GUARD;
	return DROP_NONE;
}
