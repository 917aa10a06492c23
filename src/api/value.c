/* SPDX-License-Identifier: ISC */
/* Reads numbers, times, names, MAC addresses and endpoints. */
#include "api/value.h"

#include <stdio.h>
#include <string.h>

#define DIGITS		"0123456789"
#define LETTERS		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME_BYTES	LETTERS DIGITS "_.-"
#define LABEL_BYTES	63  /* RFC 1035, section 2.3.4 */
#define HOST_NAME_BYTES 253 /* 255 on the wire */
#define DIGITS_BYTES	10  /* of the largest uint32_t */

bool value_digits(uint32_t *ret, const char *text, uint32_t most)
{
	size_t len = strspn(text, DIGITS);
	uint64_t value = 0;

	if (len == 0 || len > DIGITS_BYTES || text[len] ||
	    (*text == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++)
		value = 10 * value + (uint64_t)(text[i] - '0');
	if (value > most)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static const struct unit {
	char letter;
	uint32_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};

bool value_duration(uint32_t *ret, const char *text, uint32_t most)
{
	size_t len = strlen(text);
	char digits[DIGITS_BYTES + 1];

	*ret = 0;
	if (strcmp(text, "off") == 0 || strcmp(text, "0") == 0)
		return true;
	if (len < 2 || len > sizeof(digits))
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)len - 1, text);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].letter == text[len - 1] &&
		    value_digits(ret, digits, most / units[i].seconds)) {
			*ret *= units[i].seconds;
			return true;
		}
	return false;
}

static const struct {
	const char *name;
	uint32_t kbit;
} rate_units[] = {{"kbit", 1}, {"mbit", 1000}, {"gbit", 1000000}};

bool value_peer_rate(uint32_t *ret, const char *text)
{
	size_t len = strspn(text, "0123456789");
	char digits[DIGITS_BYTES + 1];

	*ret = 0;
	if (strcmp(text, "off") == 0)
		return true;
	if (len >= sizeof(digits))
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
	for (size_t i = 0; i < ARRAY_SIZE(rate_units); i++) {
		uint32_t kbit = rate_units[i].kbit;

		if (strcmp(rate_units[i].name, text + len) == 0 &&
		    value_digits(ret, digits, CONFIG_PEER_RATE_MAX / kbit)) {
			*ret *= kbit;
			return *ret;
		}
	}
	return false;
}

const char *value_name_problem(const char *name)
{
	if (!*name || strlen(name) >= CONFIG_NAME_BYTES)
		return "has not 1 to 63 characters";
	if (name[strspn(name, NAME_BYTES)])
		return "has other characters than A-Z, a-z, 0-9, \"_\", \".\" "
		       "and \"-\"";
	if (*name == '.' || *name == '-')
		return "begins with \".\" or \"-\"";
	return NULL;
}

/* ---- Ethernet ---- */

const char *value_mac_problem(const struct mac *mac)
{
	if (mac_is_zero(mac))
		return "is zero, which is nobody's";
	if (mac_is_group(mac))
		return "is that of a group (the first byte is odd)";
	return NULL;
}

const char *value_mac(struct mac *ret, const char *text)
{
	if (mac_parse(ret, text))
		return "is no MAC address: six pairs of hexadecimal digits "
		       "with colons between them";
	return value_mac_problem(ret);
}

const char *value_vlans(struct vlan_set *ret, const char *text)
{
	if (vlan_set_parse(ret, text))
		return "is no list of VLANs: numbers and ranges from 0 "
		       "(untagged) to 4094 with commas between them";
	return NULL;
}

/* ---- endpoints ---- */

bool value_address_is_unspecified(const struct address *address)
{
	struct address none = {.family = address->family};

	return address_is_equal(address, &none);
}

bool value_address_is_group(const struct address *address)
{
	if (address->family == FAMILY_IPV6)
		return address->bytes[0] == 0xff;
	return (address->bytes[0] & 0xf0) == 0xe0 ||
	       memcmp(address->bytes, "\xff\xff\xff\xff", 4) == 0;
}

static bool is_no_host(const struct address *address)
{
	return value_address_is_unspecified(address) ||
	       value_address_is_group(address);
}

/* Labels parted by dots, with one at the end perhaps; a last label of digits
 * would be a bad IPv4 address, no name. */
static bool is_host_name(const char *host)
{
	size_t len = strcspn(host, ".");

	if (host[strspn(host, NAME_BYTES)] || strlen(host) > HOST_NAME_BYTES)
		return false;
	while (len > 0 && len <= LABEL_BYTES && *host != '-') {
		if (!host[len])
			return strspn(host, DIGITS) < len;
		host += len + 1;
		if (!*host)
			return true;
		len = strcspn(host, ".");
	}
	return false;
}

static const char *host_problem(const char *host, bool has_brackets)
{
	struct address address;
	bool is_address = !address_parse(&address, host);

	if (is_address && is_no_host(&address))
		return "its address is not that of one host";
	if (is_address && has_brackets == (address.family == FAMILY_IPV6))
		return NULL;
	if (has_brackets)
		return "there is no IPv6 address between the brackets";
	if (strchr(host, ':'))
		return "an IPv6 address stands in brackets";
	return is_host_name(host) ? NULL : "its host is no name or address";
}

/* The port's text, or NULL. */
static const char *split(
    char host[CONFIG_HOST_BYTES], const char *text, bool has_brackets)
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

const char *value_endpoint(
    char host[CONFIG_HOST_BYTES], uint16_t *port, const char *text)
{
	bool has_brackets = *text == '[';
	const char *digits = split(host, text, has_brackets);
	const char *problem;
	uint32_t number;

	if (!digits)
		return "it is not HOST:PORT";
	problem = host_problem(host, has_brackets);
	if (problem)
		return problem;
	if (!value_digits(&number, digits, UINT16_MAX) || number == 0)
		return "its port is not between 1 and 65535";
	*port = (uint16_t)number;
	return NULL;
}
