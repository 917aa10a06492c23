/* SPDX-License-Identifier: ISC */
/*
 * A configuration file as a tree of settings with their places.
 *
 * How it works: our own parser makes the tree, with line and column of each
 * name and value, and the text of each number; then libconfig parses the same
 * text and gives the values of strings. Both must have found the same.
 */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include "conf/message.h"

#define CONF_NESTING	   16  /* groups and lists in one another */
#define CONF_GROUP_MEMBERS 256 /* libconfig compares each with each */

enum conf_kind {
	CONF_GROUP,
	CONF_LIST,
	CONF_ARRAY,
	CONF_STRING,
	CONF_INTEGER,
	CONF_FLOAT,
	CONF_BOOLEAN,
	CONF_KINDS
};

struct conf_node {
	struct conf_node *next;
	struct conf_node *first, *last; /* of the members */
	uint32_t count;			/* of the members */
	enum conf_kind kind;
	struct config_place name_place, place; /* place: of the value */
	const char *name;		       /* in the text; not ended */
	uint32_t name_len;		       /* 0: an element */
	uint32_t raw_len;
	const char *raw;    /* the value's text; not ended */
	const char *string; /* a string's value; the tree's */
};

struct conf_tree {
	struct conf_node root;
	struct library *library; /* libconfig's tree */
};

/* True: *ret must be freed. False: nothing to free, but a message. */
must_check bool conf_tree_parse(
    struct conf_tree *ret, struct conf_messages *messages, const char *text);
void conf_tree_free(struct conf_tree *tree);

/* The member of that name, or NULL; a NULL group has none. */
const struct conf_node *conf_node_find(
    const struct conf_node *group, const char *name);

/* "a string", "a list ( ... )", ... */
const char *conf_kind_name(enum conf_kind kind);

#endif
