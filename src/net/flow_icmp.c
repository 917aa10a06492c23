/* SPDX-License-Identifier: ISC */
/* One table of message types; what it does not have is a stray. */
#include "net/flow_icmp.h"

#include "base/attributes.h"
#include "base/endpoint.h"

/* ICMPv6 (RFC 4443): each type below it is an error. */
#define ICMPV6_INFORMATIONAL 128

static const struct icmp_kind {
	uint8_t family, type;
	enum icmp_role role;
	uint8_t question; /* the type that asks */
} kinds[] = {
    {FAMILY_IPV4, 8, ICMP_QUESTION, 8}, /* echo */
    {FAMILY_IPV4, 0, ICMP_ANSWER, 8},
    {FAMILY_IPV4, 13, ICMP_QUESTION, 13}, /* timestamp */
    {FAMILY_IPV4, 14, ICMP_ANSWER, 13},
    {FAMILY_IPV4, 15, ICMP_QUESTION, 15}, /* information */
    {FAMILY_IPV4, 16, ICMP_ANSWER, 15},
    {FAMILY_IPV4, 17, ICMP_QUESTION, 17}, /* address mask */
    {FAMILY_IPV4, 18, ICMP_ANSWER, 17},
    {FAMILY_IPV4, 3, ICMP_ERROR, 0},	    /* unreachable */
    {FAMILY_IPV4, 4, ICMP_ERROR, 0},	    /* source quench */
    {FAMILY_IPV4, 5, ICMP_ERROR, 0},	    /* redirect */
    {FAMILY_IPV4, 11, ICMP_ERROR, 0},	    /* time exceeded */
    {FAMILY_IPV4, 12, ICMP_ERROR, 0},	    /* parameter problem */
    {FAMILY_IPV6, 128, ICMP_QUESTION, 128}, /* echo */
    {FAMILY_IPV6, 129, ICMP_ANSWER, 128},
    {FAMILY_IPV6, 139, ICMP_QUESTION, 139}, /* node information */
    {FAMILY_IPV6, 140, ICMP_ANSWER, 139},
    {FAMILY_IPV6, 130, ICMP_LOCAL, 0}, /* MLD */
    {FAMILY_IPV6, 131, ICMP_LOCAL, 0},
    {FAMILY_IPV6, 132, ICMP_LOCAL, 0},
    {FAMILY_IPV6, 143, ICMP_LOCAL, 0},
    {FAMILY_IPV6, 133, ICMP_LOCAL, 0}, /* ND */
    {FAMILY_IPV6, 134, ICMP_LOCAL, 0},
    {FAMILY_IPV6, 135, ICMP_LOCAL, 0},
    {FAMILY_IPV6, 136, ICMP_LOCAL, 0},
};

static const struct icmp_kind *find(uint8_t family, uint8_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].family == family && kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

enum icmp_role icmp_role(uint8_t family, uint8_t type)
{
	const struct icmp_kind *kind = find(family, type);

	if (kind)
		return kind->role;
	if (family == FAMILY_IPV6 && type < ICMPV6_INFORMATIONAL)
		return ICMP_ERROR;
	return ICMP_STRAY;
}

uint16_t icmp_question(uint8_t family, uint8_t type, uint8_t code)
{
	const struct icmp_kind *kind = find(family, type);

	return (uint16_t)((kind ? kind->question : 0) << 8 | code);
}
