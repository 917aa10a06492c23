/* SPDX-License-Identifier: ISC */
/* Rules of a configuration in the words of net/rule.h. */
#ifndef CORE_FILTER_SPEC_H
#define CORE_FILTER_SPEC_H

#include "core/filter.h"
#include "net/rule.h"

struct filter_specs {
	struct rule_spec *list;
	size_t count;
	void **parts; /* what they point to */
	size_t parts_count;
};

/* 0, or -ENOMEM and nothing to clear. They point into the configuration, too.
 */
must_check int filter_specs_make(
    struct filter_specs *ret, const struct filter_peers *from);
void filter_specs_clear(struct filter_specs *specs);

#endif
