/* SPDX-License-Identifier: ISC */
/* How the tables of the schema are written: only for schema*.c. */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "conf/reader.h"

/* schema_filter.c */
extern const struct conf_group conf_filter_group, conf_socket_group;

/* clang-format off */
#define CONFIG_AT(member) .offset = offsetof(struct config, member)
#define PEER_AT(member)	  .offset = offsetof(struct config_peer, member)
#define STRING		  .kinds = CONF_IS(CONF_STRING)
#define NUMBER		  .kinds = CONF_IS(CONF_INTEGER)
#define FLAG		  .kinds = CONF_IS(CONF_BOOLEAN), .read = conf_read_flag
#define ARRAY		  .kinds = CONF_IS(CONF_ARRAY)
#define GROUP(settings)                                                       \
	.kinds = CONF_IS(CONF_GROUP), .read = conf_read_group,                     \
	.group = &(const struct conf_group){settings, ARRAY_SIZE(settings)}
#define LISTS(settings)                                                       \
	.kinds = CONF_IS(CONF_LIST),                                          \
	.group = &(const struct conf_group){settings, ARRAY_SIZE(settings)}
/* clang-format on */

#endif
