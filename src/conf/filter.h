/* SPDX-License-Identifier: ISC */
/* Rules of the filter as the file has them. */
#ifndef CONF_FILTER_H
#define CONF_FILTER_H

#include "conf/reader.h"

/* How messages call a rule: "filter.rules.ssh", "filter.rules[0]". */
void conf_rule_path(
    char path[CONF_OBJECT_BYTES], const struct conf_node *node, size_t idx);

/* Complains about each rule that an earlier one hides completely; `nodes` is
 * the list in the file. */
void conf_check_shadows(
    struct conf_reader *reader, const struct conf_node *nodes);

#endif
