/* SPDX-License-Identifier: ISC */
/* Things that a file may have only once, for any number of them. */
#ifndef CONF_UNIQUE_H
#define CONF_UNIQUE_H

#include "conf/message.h"

#define CONF_UNIQUE_BYTES 64 /* of what must be unique */

struct conf_unique_item {
	char text[CONF_UNIQUE_BYTES];
	char object[128]; /* "peers.branch.allowed_ips" */
	struct config_place place;
};

struct conf_unique {
	struct conf_unique_item *items;
	size_t count;
};

/* Notes one; false: no memory. */
must_check bool conf_unique_add(struct conf_unique *unique, const char *text,
    const char *object, struct config_place place);

/* Complains about all that are there twice; empties the set. */
void conf_unique_report(
    struct conf_unique *unique, struct conf_messages *messages);

#endif
