/* SPDX-License-Identifier: ISC */
/* Addresses, prefixes, endpoints: comparing, parsing, printing. */
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

unsigned address_bits(enum family family)
{
	if (family == FAMILY_IPV4)
		return 32;
	return family == FAMILY_IPV6 ? 128 : 0;
}

static size_t address_bytes(const struct address *address)
{
	return address_bits(address->family) / 8;
}

bool address_is_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	       !memcmp(a->bytes, b->bytes, address_bytes(a));
}

bool endpoint_is_equal(const struct endpoint *a, const struct endpoint *b)
{
	return address_is_equal(&a->address, &b->address) &&
	       a->port == b->port && a->scope_id == b->scope_id;
}

bool prefix_is_equal(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && address_is_equal(&a->address, &b->address);
}

/* The network bits that `bits` leaves in the byte at `idx`. */
static uint8_t mask_byte(unsigned bits, size_t idx)
{
	if (bits >= 8 * (idx + 1))
		return 0xff;
	return bits <= 8 * idx ? 0 : (uint8_t)(0xff00 >> (bits - 8 * idx));
}

bool prefix_has(const struct prefix *prefix, const struct address *address)
{
	const uint8_t *a = prefix->address.bytes, *b = address->bytes;
	size_t whole = prefix->bits / 8, rest = prefix->bits % 8;

	if (prefix->address.family != address->family)
		return false;
	/* mostly it is the first byte that differs */
	for (size_t i = 0; i < whole; i++)
		if (a[i] != b[i])
			return false;
	return !rest || !((a[whole] ^ b[whole]) >> (8 - rest));
}

bool prefix_mask(struct prefix *prefix)
{
	bool has_host_bits = false;

	for (size_t i = 0; i < address_bytes(&prefix->address); i++) {
		uint8_t mask = mask_byte(prefix->bits, i);

		has_host_bits |= (prefix->address.bytes[i] & ~mask) != 0;
		prefix->address.bytes[i] &= mask;
	}
	return has_host_bits;
}

int address_parse(struct address *ret, const char *text)
{
	struct address address = {0};
	bool is_ipv6 = strchr(text, ':');

	address.family = is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
	if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, address.bytes) != 1)
		return -EINVAL;
	*ret = address;
	return 0;
}

/* A decimal number without sign, blanks or leading zeros, up to `max`. */
static int parse_number(uint32_t *ret, const char *text, uint32_t max)
{
	uint64_t value = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > max)
			return -EINVAL;
	}
	*ret = (uint32_t)value;
	return 0;
}

/* The address in text[0 .. len). */
static int parse_part(struct address *ret, const char *text, size_t len)
{
	char part[ADDRESS_TEXT_BYTES];

	if (len >= sizeof(part))
		return -EINVAL;
	memcpy(part, text, len);
	part[len] = '\0';
	return address_parse(ret, part);
}

int prefix_parse(struct prefix *ret, const char *text)
{
	size_t len = strcspn(text, "/");
	struct address address;
	uint32_t bits;

	if (parse_part(&address, text, len))
		return -EINVAL;
	bits = address_bits(address.family);
	if (text[len] && parse_number(&bits, text + len + 1, bits))
		return -EINVAL;
	*ret = (struct prefix){.address = address, .bits = (uint8_t)bits};
	return 0;
}

/* "fd00::1" or "fe80::1%2", up to the bracket. */
static int parse_bracketed(
    struct endpoint *endpoint, const char *text, size_t len)
{
	size_t address_len = strcspn(text, "%]");
	char scope[sizeof("4294967295")];
	size_t scope_len;

	if (parse_part(&endpoint->address, text, address_len) ||
	    endpoint->address.family != FAMILY_IPV6)
		return -EINVAL;
	if (address_len == len)
		return 0;
	scope_len = len - address_len - 1;
	if (scope_len >= sizeof(scope))
		return -EINVAL;
	memcpy(scope, text + address_len + 1, scope_len);
	scope[scope_len] = '\0';
	return parse_number(&endpoint->scope_id, scope, UINT32_MAX);
}

static int parse_host(struct endpoint *endpoint, const char *text, size_t len)
{
	if (text[0] != '[')
		return memchr(text, ':', len)
			   ? -EINVAL
			   : parse_part(&endpoint->address, text, len);
	if (len < 2 || strchr(text, ']') != text + len - 1)
		return -EINVAL;
	return parse_bracketed(endpoint, text + 1, len - 2);
}

int endpoint_parse(struct endpoint *ret, const char *text)
{
	const char *colon = strrchr(text, ':');
	struct endpoint endpoint = {0};
	uint32_t port;

	if (!colon || parse_host(&endpoint, text, (size_t)(colon - text)) ||
	    parse_number(&port, colon + 1, UINT16_MAX) || !port)
		return -EINVAL;
	endpoint.port = (uint16_t)port;
	*ret = endpoint;
	return 0;
}

const char *address_format(
    const struct address *address, char *text, size_t room)
{
	int family = address->family == FAMILY_IPV6 ? AF_INET6 : AF_INET;

	assert(room >= ADDRESS_TEXT_BYTES);
	if (address->family == FAMILY_NONE)
		snprintf(text, room, "none");
	else
		inet_ntop(family, address->bytes, text, (socklen_t)room);
	return text;
}

const char *prefix_format(const struct prefix *prefix, char *text, size_t room)
{
	char address[ADDRESS_TEXT_BYTES];

	assert(room >= PREFIX_TEXT_BYTES);
	address_format(&prefix->address, address, sizeof(address));
	snprintf(text, room, "%s/%u", address, prefix->bits);
	return text;
}

const char *endpoint_format(
    const struct endpoint *endpoint, char *text, size_t room)
{
	char address[ADDRESS_TEXT_BYTES], scope[sizeof("%4294967295")] = "";
	bool is_ipv6 = endpoint->address.family == FAMILY_IPV6;

	assert(room >= ENDPOINT_TEXT_BYTES);
	if (endpoint->address.family == FAMILY_NONE)
		return address_format(&endpoint->address, text, room);
	address_format(&endpoint->address, address, sizeof(address));
	if (endpoint->scope_id)
		snprintf(scope, sizeof(scope), "%%%u", endpoint->scope_id);
	snprintf(text, room, is_ipv6 ? "[%s%s]:%u" : "%s%s:%u", address,
	    is_ipv6 ? scope : "", endpoint->port);
	return text;
}
