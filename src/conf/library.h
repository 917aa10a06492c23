/* SPDX-License-Identifier: ISC */
/* libconfig: the one file that knows it. */
#ifndef CONF_LIBRARY_H
#define CONF_LIBRARY_H

#include "conf/tree.h"

struct library;

/*
 * Parses the text that our parser took, compares both trees, and gives the
 * strings of `root` their values, which live until library_free. False with a
 * message; *ret is to be freed in either case.
 */
must_check bool library_parse(struct library **ret, struct conf_node *root,
    struct conf_messages *messages, const char *text);
void library_free(struct library *library);

#endif
