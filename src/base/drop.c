/* SPDX-License-Identifier: ISC */
/* Names and sentences of the drop reasons. */
#include "base/drop.h"

#include "base/attributes.h"

struct reason {
	const char *name, *text;
};

static const struct reason reasons[] = {
#define DROP_REASON(name, text) [DROP_##name] = {#name, text},
    DROP_LIST(DROP_REASON)
#undef DROP_REASON
};

static const struct reason unknown = {"UNKNOWN", "unknown reason"};

static const struct reason *find(enum drop reason)
{
	size_t idx = (size_t)reason;

	return idx < ARRAY_SIZE(reasons) ? &reasons[idx] : &unknown;
}

const char *drop_name(enum drop reason)
{
	return find(reason)->name;
}

const char *drop_text(enum drop reason)
{
	return find(reason)->text;
}
