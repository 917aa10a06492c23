/* SPDX-License-Identifier: ISC */
/* How a configuration grows and what it frees: for config.c and
 * config_filter.c. */
#ifndef API_CONFIG_LIST_H
#define API_CONFIG_LIST_H

#include "api/config.h"

/* Room for one more, or NULL; lists grow whenever their length is a power of
 * two. */
must_check void *config_list_grow(void *list, size_t count, size_t item_bytes);

/* Free what they own. */
void config_filter_clear(struct config_filter *filter);
void config_socket_clear(struct config_socket *socket);

#endif
