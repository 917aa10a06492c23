/* SPDX-License-Identifier: ISC */
/* Groups of peers and prefixes, which rules and sockets name as "@group". */
#ifndef CONF_ENDS_H
#define CONF_ENDS_H

#include "conf/message.h"

struct conf_ends_group {
	char name[CONFIG_NAME_BYTES];
	struct config_ends ends; /* without text */
};

struct conf_groups {
	struct conf_ends_group *list;
	size_t count;
};

void conf_groups_clear(struct conf_groups *groups);

#endif
