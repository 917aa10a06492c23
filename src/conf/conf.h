/* SPDX-License-Identifier: ISC */
/* The configuration file of a tunnel: read, checked, made flat. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "conf/message.h"

/*
 * The tunnel's name from the path of its file: the basename without ".conf".
 * NULL with a message when it can not be one.
 */
const char *conf_tunnel_name(struct conf_messages *messages, const char *path,
    char name[CONFIG_NAME_BYTES]);

struct conf_source {
	const char *text;      /* that conf_text_check has passed */
	const char *name;      /* of the tunnel */
	const char *path;      /* absolute, of the file; only noted */
	bool checks_key_files; /* else no file is touched */
};

/* A configuration that the caller frees, or NULL with messages. */
struct config *conf_parse(
    struct conf_messages *messages, const struct conf_source *source);

#endif
