/* SPDX-License-Identifier: ISC */
/* The items of a string like "tcp,udp", each with its own place. */
#ifndef CONF_ITEMS_H
#define CONF_ITEMS_H

#include "conf/tree.h"

#define CONF_ITEM_BYTES 128 /* longer ones are cut, and nothing's name */

struct conf_items {
	const struct conf_node *node;
	const char *at; /* what follows; NULL: nothing */
	char text[CONF_ITEM_BYTES];
	struct config_place place;
};

struct conf_items conf_items_of(const struct conf_node *node);

/* Goes on to the next one, without the blanks around it; false: there is none.
 * An empty string has one, which is empty. */
bool conf_items_next(struct conf_items *items);

#endif
