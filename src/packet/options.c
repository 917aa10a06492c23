/* SPDX-License-Identifier: ISC */
/*
 * IPv4 options: whole, each at most once where that matters, and no source
 * routes. Checks and faults are those of ip_options_compile.
 */
#include "base/attributes.h"
#include "base/cursor.h"
#include "packet/ip.h"

enum option {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_RECORD_ROUTE = 7,
	OPTION_TIMESTAMP = 68,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_CIPSO = 134,
	OPTION_STRICT_ROUTE = 137,
	OPTION_ROUTER_ALERT = 148,
};

/* Bytes of an option, and so of a fault in it. */
enum {
	AT_KIND,
	AT_BYTES,
	AT_POINTER, /* to the first free place, counted from 1 */
	AT_FLAGS,
};
#define FINE (-1)

#define OPTION_HEADER_BYTES    2
#define ADDRESS_BYTES	       4
#define ROUTE_POINTER_MIN      4
#define TIMESTAMP_POINTER_MIN  5
#define TIMESTAMP_FLAGS	       15
#define TIMESTAMP_ADDRESS      1
#define TIMESTAMP_PRESPECIFIED 3
#define TIMESTAMP_OVERFLOW_MAX 15
#define CIPSO_BYTES_MIN	       8

struct found {
	bool has_route, has_record, has_timestamp;
};

/* True the first time. */
static bool is_first(bool *has_one)
{
	bool is_first = !*has_one;

	*has_one = true;
	return is_first;
}

static int check_route(
    const uint8_t *option, uint8_t bytes, struct found *found)
{
	if (bytes <= AT_POINTER)
		return AT_BYTES;
	if (option[AT_POINTER] < ROUTE_POINTER_MIN)
		return AT_POINTER;
	return is_first(&found->has_route) ? FINE : AT_KIND;
}

/* A free place is one for a whole address. */
static int check_record(
    const uint8_t *option, uint8_t bytes, struct found *found)
{
	uint8_t pointer;

	if (!is_first(&found->has_record))
		return AT_KIND;
	if (bytes <= AT_POINTER)
		return AT_BYTES;
	pointer = option[AT_POINTER];
	if (pointer < ROUTE_POINTER_MIN ||
	    (pointer <= bytes && pointer + ADDRESS_BYTES - 1 > bytes))
		return AT_POINTER;
	return FINE;
}

/* Where the next stamp ends, which may be behind an address. */
static int timestamp_end(const uint8_t *option)
{
	uint8_t flags = option[AT_FLAGS] & TIMESTAMP_FLAGS;
	bool has_address =
	    flags == TIMESTAMP_ADDRESS || flags == TIMESTAMP_PRESPECIFIED;

	return option[AT_POINTER] + (has_address ? 2 : 1) * ADDRESS_BYTES - 1;
}

static int check_timestamp(
    const uint8_t *option, uint8_t bytes, struct found *found)
{
	if (!is_first(&found->has_timestamp))
		return AT_KIND;
	if (bytes <= AT_FLAGS)
		return AT_BYTES;
	if (option[AT_POINTER] < TIMESTAMP_POINTER_MIN)
		return AT_POINTER;
	if (option[AT_POINTER] <= bytes)
		return timestamp_end(option) > bytes ? AT_POINTER : FINE;
	if ((option[AT_FLAGS] & TIMESTAMP_FLAGS) == TIMESTAMP_PRESPECIFIED)
		return FINE; /* it counts nobody who is not named */
	return option[AT_FLAGS] >> 4 < TIMESTAMP_OVERFLOW_MAX ? FINE : AT_FLAGS;
}

/* Security labels, of which this host knows none. */
static int check_label(
    const uint8_t *option, uint8_t bytes, struct found *found)
{
	(void)option, (void)found;
	return bytes < CIPSO_BYTES_MIN ? AT_BYTES : AT_POINTER;
}

static int check_alert(
    const uint8_t *option, uint8_t bytes, struct found *found)
{
	(void)option, (void)found;
	return bytes <= AT_FLAGS ? AT_BYTES : FINE;
}

static const struct known {
	uint8_t kind;
	int (*check)(const uint8_t *option, uint8_t bytes, struct found *found);
} knowns[] = {
    {OPTION_RECORD_ROUTE, check_record},
    {OPTION_TIMESTAMP, check_timestamp},
    {OPTION_LOOSE_ROUTE, check_route},
    {OPTION_CIPSO, check_label},
    {OPTION_STRICT_ROUTE, check_route},
    {OPTION_ROUTER_ALERT, check_alert},
};

static int check(const uint8_t *option, uint8_t bytes, struct found *found)
{
	for (size_t i = 0; i < ARRAY_SIZE(knowns); i++)
		if (knowns[i].kind == option[AT_KIND])
			return knowns[i].check(option, bytes, found);
	return FINE;
}

static int take_option(struct cursor *c, struct found *found)
{
	const uint8_t *option = c->at;
	uint8_t bytes;

	if (cursor_u8(c) == OPTION_NOP)
		return FINE;
	bytes = cursor_u8(c);
	if (bytes < OPTION_HEADER_BYTES)
		return AT_KIND;
	cursor_skip(c, bytes - OPTION_HEADER_BYTES);
	return c->has_failed ? AT_KIND : check(option, bytes, found);
}

enum drop packet_check_options(
    const struct packet *pkt, struct option_fault *ret_fault)
{
	struct found found = {0};
	struct cursor c;

	*ret_fault = (struct option_fault){0};
	if (pkt->family != FAMILY_IPV4)
		return DROP_NONE;
	c = cursor_of(packet_l3(pkt) + IPV4_BYTES, pkt->l3_bytes - IPV4_BYTES);
	while (c.left && *c.at != OPTION_END) {
		const uint8_t *at = c.at;
		int fault = take_option(&c, &found);

		if (fault == FINE)
			continue;
		ret_fault->offset = (uint32_t)(at - packet_l3(pkt) + fault);
		return DROP_IP_INHDR;
	}
	return found.has_route ? DROP_IP_INHDR : DROP_NONE;
}
