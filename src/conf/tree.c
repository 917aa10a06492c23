/* SPDX-License-Identifier: ISC */
/* The parser: text to a tree of settings with their places. */
#include "conf/tree.h"

#include <stdlib.h>
#include <string.h>

#include "conf/library.h"
#include "conf/token.h"

struct parser {
	struct conf_scanner scanner;
	struct conf_token token; /* the next one, not yet taken */
	struct conf_messages *messages;
	unsigned depth;
};

static const struct kind {
	const char *name;
	int token;	    /* that begins it */
	int end;	    /* that ends it; 0: a single value */
	const char *ending; /* what could follow a member */
} kinds[CONF_KINDS] = {
    [CONF_GROUP] = {"a group { ... }", '{', '}', "a name or \"}\""},
    [CONF_LIST] = {"a list ( ... )", '(', ')', "\",\" or \")\""},
    [CONF_ARRAY] = {"an array [ ... ]", '[', ']', "\",\" or \"]\""},
    [CONF_STRING] = {"a string", CONF_TOKEN_STRING, 0, NULL},
    [CONF_INTEGER] = {"a number", CONF_TOKEN_INTEGER, 0, NULL},
    [CONF_FLOAT] = {"a fraction", CONF_TOKEN_FLOAT, 0, NULL},
    [CONF_BOOLEAN] = {"true or false", CONF_TOKEN_BOOLEAN, 0, NULL},
};

const char *conf_kind_name(enum conf_kind kind)
{
	return kinds[kind].name;
}

const struct conf_node *conf_node_find(
    const struct conf_node *group, const char *name)
{
	const struct conf_node *node = group ? group->first : NULL;

	while (node && (strlen(name) != node->name_len ||
			   strncmp(node->name, name, node->name_len)))
		node = node->next;
	return node;
}

static void advance(struct parser *parser)
{
	parser->token = conf_scanner_next(&parser->scanner);
}

/* "expected ..., not ...", or what the scanner had to say. */
static bool refuse(struct parser *parser, const char *expected)
{
	const struct conf_token *token = &parser->token;

	if (token->kind == CONF_TOKEN_BAD)
		conf_error(
		    parser->messages, token->place, "", "%s", token->problem);
	else if (token->kind == CONF_TOKEN_END)
		conf_error(parser->messages, token->place, "",
		    "expected %s, but the file ends", expected);
	else
		conf_error(parser->messages, token->place, "",
		    "expected %s, not %.*s", expected,
		    token->len > 60 ? 60 : (int)token->len, token->text);
	if (token->hint)
		conf_hint(parser->messages, "%s", token->hint);
	return false;
}

static struct conf_node *node_append(
    struct parser *parser, struct conf_node *to)
{
	struct conf_node *node = calloc(1, sizeof(*node));

	if (!node) {
		conf_error(parser->messages, parser->token.place, "",
		    "not enough memory");
		return NULL;
	}
	if (to->last)
		to->last->next = node;
	else
		to->first = node;
	to->last = node;
	to->count++;
	return node;
}

static bool parse_value(struct parser *parser, struct conf_node *node);

static void names_twice(
    struct parser *parser, const struct conf_node *old, const char *name)
{
	conf_error(parser->messages, parser->token.place, "",
	    "%s is set twice, first in line %u", name, old->name_place.line);
}

/* The name of a member, new in its group. */
static bool parse_name(
    struct parser *parser, struct conf_node *group, struct conf_node **ret)
{
	const struct conf_token *token = &parser->token;
	const struct conf_node *old;
	char name[CONFIG_NAME_BYTES];

	snprintf(name, sizeof(name), "%.*s", (int)token->len, token->text);
	old = token->len < sizeof(name) ? conf_node_find(group, name) : NULL;
	if (old)
		names_twice(parser, old, name);
	else if (group->count == CONF_GROUP_MEMBERS)
		conf_error(parser->messages, token->place, "",
		    "more than %d settings in one group", CONF_GROUP_MEMBERS);
	else
		*ret = node_append(parser, group);
	if (!*ret)
		return false;
	(*ret)->name = token->text;
	(*ret)->name_len = (uint32_t)token->len;
	(*ret)->name_place = token->place;
	advance(parser);
	return true;
}

/* NAME = VALUE ; where libconfig wants no ";" and takes a "," as well. */
static bool parse_setting(struct parser *parser, struct conf_node *group)
{
	struct conf_node *node = NULL;

	if (!parse_name(parser, group, &node))
		return false;
	if (parser->token.kind != '=')
		return refuse(parser, "\"=\"");
	advance(parser);
	if (!parse_value(parser, node))
		return false;
	if (parser->token.kind == ';' || parser->token.kind == ',')
		advance(parser);
	return true;
}

static bool parse_settings(struct parser *parser, struct conf_node *group)
{
	while (parser->token.kind == CONF_TOKEN_NAME)
		if (!parse_setting(parser, group))
			return false;
	return true;
}

/* libconfig 1.5 takes only single values of one kind into an array. */
static bool array_check(struct parser *parser, const struct conf_node *list)
{
	if (list->kind != CONF_ARRAY ||
	    (!kinds[list->last->kind].end &&
		list->last->kind == list->first->kind))
		return true;
	conf_error(parser->messages, list->last->place, "",
	    "an array holds single values of one kind, not %s after %s",
	    conf_kind_name(list->last->kind),
	    conf_kind_name(list->first->kind));
	conf_hint(parser->messages,
	    "groups stand in a list: peers = ( { ... }, { ... } );");
	return false;
}

static bool parse_element(struct parser *parser, struct conf_node *list)
{
	struct conf_node *node = node_append(parser, list);

	return node && parse_value(parser, node) && array_check(parser, list);
}

static bool parse_elements(struct parser *parser, struct conf_node *list)
{
	const struct kind *kind = &kinds[list->kind];

	if (parser->token.kind == kind->end)
		return true;
	while (parse_element(parser, list)) {
		if (parser->token.kind == kind->end)
			return true;
		if (parser->token.kind != ',')
			return refuse(parser, kind->ending);
		advance(parser);
		if (parser->token.kind != kind->end)
			continue;
		conf_error(parser->messages, parser->token.place, "",
		    "expected a value after the \",\"");
		conf_hint(parser->messages, "leave the last \",\" away");
		return false;
	}
	return false;
}

static bool parse_members(struct parser *parser, struct conf_node *node)
{
	const struct kind *kind = &kinds[node->kind];
	bool is_sound;

	if (parser->depth == CONF_NESTING) {
		conf_error(parser->messages, node->place, "",
		    "nested more than %d deep", CONF_NESTING);
		return false;
	}
	parser->depth++;
	is_sound = node->kind == CONF_GROUP ? parse_settings(parser, node)
					    : parse_elements(parser, node);
	parser->depth--;
	if (!is_sound)
		return false;
	if (parser->token.kind != kind->end)
		return refuse(parser, kind->ending);
	advance(parser);
	return true;
}

static bool find_kind(enum conf_kind *ret, int token)
{
	for (size_t i = 0; i < CONF_KINDS; i++)
		if (kinds[i].token == token) {
			*ret = (enum conf_kind)i;
			return true;
		}
	return false;
}

static bool parse_value(struct parser *parser, struct conf_node *node)
{
	if (!find_kind(&node->kind, parser->token.kind)) {
		bool is_word = parser->token.kind == CONF_TOKEN_NAME;

		refuse(parser, "a value");
		if (is_word)
			conf_hint(parser->messages,
			    "text stands in double quotes; the only words "
			    "without are true and false");
		return false;
	}
	node->place = parser->token.place;
	node->raw = parser->token.text;
	node->raw_len = (uint32_t)parser->token.len;
	advance(parser);
	if (kinds[node->kind].end)
		return parse_members(parser, node);
	if (node->kind == CONF_STRING &&
	    parser->token.kind == CONF_TOKEN_STRING)
		return refuse(parser, "\",\" or \";\" after the string");
	return true;
}

static void node_clear(struct conf_node *node)
{
	struct conf_node *next;

	for (struct conf_node *at = node->first; at; at = next) {
		next = at->next;
		node_clear(at);
		free(at);
	}
}

static bool parse_file(struct parser *parser, struct conf_node *root)
{
	advance(parser);
	if (!parse_settings(parser, root))
		return false;
	return parser->token.kind == CONF_TOKEN_END ||
	       refuse(parser, "the name of a setting");
}

bool conf_tree_parse(
    struct conf_tree *ret, struct conf_messages *messages, const char *text)
{
	struct parser parser = {.messages = messages};

	*ret =
	    (struct conf_tree){.root = {.kind = CONF_GROUP, .place = {1, 1}}};
	conf_scanner_init(&parser.scanner, text);
	if (parse_file(&parser, &ret->root) &&
	    library_parse(&ret->library, &ret->root, messages, text))
		return true;
	conf_tree_free(ret);
	return false;
}

void conf_tree_free(struct conf_tree *tree)
{
	node_clear(&tree->root);
	library_free(tree->library);
}
