/* SPDX-License-Identifier: ISC */
/* A filter in a configuration that a test makes without a file. */
#ifndef FILTER_CONF_H
#define FILTER_CONF_H

#include <stdlib.h>
#include <string.h>

#include "api/config.h"
#include "unit.h"

/* A rule at the end; the filter is on. */
static inline struct config_rule *filter_rule(struct config *config,
    const char *name, enum config_hook hook, enum config_action action)
{
	struct config_rule *rule = config_add_rule(&config->filter);

	ck_assert_ptr_nonnull(rule);
	strcpy(rule->name, name);
	rule->hook = hook;
	rule->action = action;
	config->filter.is_on = true;
	return rule;
}

/* The peer, which has that place among those of the configuration. */
static inline void filter_end(struct config_ends *ends, uint32_t idx)
{
	if (!ends->text)
		ends->text = strdup("some");
	ck_assert_ptr_nonnull(ends->text);
	ck_assert_int_eq(config_ends_add_peer(ends, idx), 0);
}

static inline void filter_prefix(struct config_ends *ends, const char *text)
{
	struct prefix prefix;

	if (!ends->text)
		ends->text = strdup(text);
	ck_assert_ptr_nonnull(ends->text);
	ck_assert_int_eq(prefix_parse(&prefix, text), 0);
	ck_assert_int_eq(
	    config_add_prefix(&ends->prefixes, &ends->prefixes_count, &prefix),
	    0);
}

static inline void filter_match(struct config_rule *rule, const char *text,
    const struct config_instruction *list, size_t count)
{
	rule->match.text = strdup(text);
	rule->match.list = calloc(count, sizeof(*list));
	ck_assert(rule->match.text && rule->match.list);
	memcpy(rule->match.list, list, count * sizeof(*list));
	rule->match.count = count;
}

#endif
