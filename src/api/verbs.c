/* SPDX-License-Identifier: ISC */
/* The table of verbs. */
#include "api/verbs.h"

#include <string.h>

#include "base/attributes.h"

#define VERB_ENTRY(name, rights, asks, arguments, summary)                     \
	{name, CONTROL_RIGHTS_##rights, asks, arguments, summary},

const struct verb verbs[] = {VERB_LIST(VERB_ENTRY)};

const size_t verbs_count = ARRAY_SIZE(verbs);

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < verbs_count; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}
