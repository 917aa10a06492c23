/* SPDX-License-Identifier: ISC */
/* Sets of VLANs: text. */
#include <assert.h>
#include <errno.h>

#include "base/mac.h"

#define VLAN_MOST 4094 /* 4095 is reserved, IEEE 802.1Q, table 9-2 */

/* A number without leading zeros at *at, which moves behind it; or -1. */
static int take_id(const char **at)
{
	const char *start = *at;
	int id = 0;

	while (**at >= '0' && **at <= '9' && id <= VLAN_MOST)
		id = id * 10 + (*(*at)++ - '0');
	if (*at == start || id > VLAN_MOST ||
	    (*start == '0' && *at - start > 1))
		return -1;
	return id;
}

/* One id or range; false: it is none. */
static bool take_range(struct vlan_set *set, const char **at)
{
	int first = take_id(at), last = first;

	if (first >= 0 && **at == '-') {
		++*at;
		last = take_id(at);
	}
	if (first < 0 || last < first)
		return false;
	while (first <= last)
		vlan_set_add(set, (uint16_t)first++);
	return true;
}

int vlan_set_parse(struct vlan_set *ret, const char *text)
{
	struct vlan_set set = {{0}};

	for (;; text++) {
		if (!take_range(&set, &text))
			return -EINVAL;
		if (*text == '\0')
			break;
		if (*text != ',')
			return -EINVAL;
	}
	*ret = set;
	return 0;
}

static char *write_id(char *at, unsigned id)
{
	for (unsigned unit = 1000; unit; unit /= 10)
		if (id >= unit || unit == 1)
			*at++ = (char)('0' + id / unit % 10);
	return at;
}

const char *vlan_set_format(const struct vlan_set *set, char *text, size_t room)
{
	char *at = text;

	assert(room >= VLAN_SET_TEXT_BYTES);
	for (unsigned id = 0; id < VLAN_COUNT; id++) {
		unsigned last = id;

		if (!vlan_set_has(set, (uint16_t)id))
			continue;
		while (last + 1 < VLAN_COUNT &&
		       vlan_set_has(set, (uint16_t)(last + 1)))
			last++;
		if (at != text)
			*at++ = ',';
		at = write_id(at, id);
		if (last > id) {
			*at++ = '-';
			at = write_id(at, last);
		}
		id = last;
	}
	*at = '\0';
	return text;
}
