/* SPDX-License-Identifier: ISC */
/* What ICMP and ICMPv6 messages are for the flow table. */
#ifndef NET_FLOW_ICMP_H
#define NET_FLOW_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/packet.h"

enum icmp_role {
	ICMP_QUESTION, /* may begin a flow */
	ICMP_ANSWER,   /* belongs to one */
	ICMP_ERROR,    /* is about a packet of one */
	ICMP_LOCAL,    /* ND, MLD: no business of flows */
	ICMP_STRAY,    /* nothing that a flow could be made of */
};

enum icmp_role icmp_role(uint8_t family, uint8_t type);

/* Type and code of the question that an answer (or question) belongs to: the
 * port of the end that answers. */
uint16_t icmp_question(uint8_t family, uint8_t type, uint8_t code);

#endif
