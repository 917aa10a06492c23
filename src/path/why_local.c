/* SPDX-License-Identifier: ISC */
/* What the stages of vpnd's own sockets say of their verdicts. */
#include "net/socket.h"
#include "packet/ip.h"
#include "path/run.h"
#include "path/why.h"

void why_udp_rcv(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	(void)path;
	if (pkt->drop == DROP_IP_NOPROTO)
		why_add(why, "protocol %u", pkt->l4_protocol);
	else if (!pkt->drop && pkt->l4_protocol == IP_PROTOCOL_UDP)
		why_add(why, "port %u", pkt->destination_port);
}

static void add_place(struct path_why *why, const struct socket_setup *setup)
{
	char text[ADDRESS_TEXT_BYTES] = "any address";

	if (setup->address.family != FAMILY_NONE)
		address_format(&setup->address, text, sizeof(text));
	why_add(why, "%s", text);
	if (setup->protocol == SOCKET_UDP)
		why_add(why, " port %u", setup->port);
}

void why_lookup(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	(void)path;
	if (pkt->drop)
		return;
	why_add(why, "the socket of ");
	add_place(why, socket_setup(pkt->socket));
}

/* The packet itself is among what is used by now, if it passed. */
void why_sock_queue(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	struct socket_status status;

	(void)path;
	if (pkt->drop && pkt->drop != DROP_SOCKET_RCVBUFF)
		return;
	socket_status(pkt->socket, &status);
	why_add(why, "%u of %u bytes are used, this packet counts as %u",
	    status.used_bytes, socket_setup(pkt->socket)->rcvbuf_bytes,
	    pkt->true_bytes);
}
