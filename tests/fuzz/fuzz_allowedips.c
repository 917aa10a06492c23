/* SPDX-License-Identifier: ISC */
/* F8: the trie of prefixes against a list. */
#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/allowedips.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define LIST 64

static struct {
	struct prefix prefix;
	char *value; /* NULL: free */
} list[LIST];
static char values[4];

static char *lookup(const struct address *address)
{
	char *best = NULL;
	int bits = -1;

	for (size_t i = 0; i < LIST; i++)
		if (list[i].value && prefix_has(&list[i].prefix, address) &&
		    list[i].prefix.bits > bits) {
			bits = list[i].prefix.bits;
			best = list[i].value;
		}
	return best;
}

static size_t place(const struct prefix *prefix)
{
	size_t free = LIST;

	for (size_t i = 0; i < LIST; i++) {
		if (list[i].value && prefix_is_equal(&list[i].prefix, prefix))
			return i;
		if (!list[i].value)
			free = i;
	}
	return free;
}

/* An operation: what u8, bits u8, the first four bytes of the address. */
static void operate(struct allowedips *table, struct cursor *c)
{
	uint8_t what = cursor_u8(c);
	struct prefix prefix = {
	    .address.family = what & 4 ? FAMILY_IPV6 : FAMILY_IPV4};
	char *value = &values[what >> 6];
	size_t at;

	prefix.bits =
	    (uint8_t)(cursor_u8(c) % (address_bits(prefix.address.family) + 1));
	cursor_copy(c, prefix.address.bytes, 4);
	assert(allowedips_lookup(table, &prefix.address) ==
	       lookup(&prefix.address));
	prefix_mask(&prefix);
	at = place(&prefix);
	if (at == LIST)
		return;
	if ((what & 3) == 1) {
		allowedips_remove(table, &prefix, value);
		if (list[at].value == value)
			list[at].value = NULL;
	} else if ((what & 3) == 2) {
		allowedips_remove_value(table, value);
		for (size_t i = 0; i < LIST; i++)
			if (list[i].value == value)
				list[i].value = NULL;
	} else {
		assert(!allowedips_insert(table, &prefix, value));
		list[at].prefix = prefix;
		list[at].value = value;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct allowedips table = {0};
	struct cursor c = cursor_of(data, len);

	memset(list, 0, sizeof(list));
	while (c.left >= 6)
		operate(&table, &c);
	for (size_t i = 0; i < sizeof(values); i++)
		allowedips_remove_value(&table, &values[i]);
	assert(allowedips_nodes(&table) == 0);
	allowedips_clear(&table);
	return 0;
}
