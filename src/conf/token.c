/* SPDX-License-Identifier: ISC */
/* The tokens of a configuration file, with their places. */
#include "conf/token.h"

#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS	"0123456789"
/* What a word goes on with, right or wrong: "10s", "1.5", "abc==" up to '='. */
#define WORD LETTERS DIGITS "_-+.*"

#define QUOTES_HINT "text, times (\"25s\") and addresses stand in double quotes"

void conf_scanner_init(struct conf_scanner *scanner, const char *text)
{
	*scanner = (struct conf_scanner){text, text, 1};
}

static void pass_line_end(struct conf_scanner *scanner)
{
	scanner->line = ++scanner->at;
	scanner->line_number++;
}

static void skip_to_line_end(struct conf_scanner *scanner)
{
	scanner->at += strcspn(scanner->at, "\n");
}

/* False when the comment is not closed. */
static bool skip_block(struct conf_scanner *scanner)
{
	const char *end = strstr(scanner->at + 2, "*/");

	if (!end)
		return false;
	while (scanner->at < end) {
		if (*scanner->at == '\n')
			pass_line_end(scanner);
		else
			scanner->at++;
	}
	scanner->at = end + 2;
	return true;
}

static bool is_comment_to_line_end(const char *at)
{
	return at[0] == '#' || (at[0] == '/' && at[1] == '/');
}

/* False in front of a comment that is not closed. */
static bool skip_blanks(struct conf_scanner *scanner)
{
	for (;;) {
		const char *at = scanner->at;

		if (*at == '\n')
			pass_line_end(scanner);
		else if (*at && strchr(" \t\r", *at))
			scanner->at++;
		else if (is_comment_to_line_end(at))
			skip_to_line_end(scanner);
		else if (at[0] != '/' || at[1] != '*')
			return true;
		else if (!skip_block(scanner))
			return false;
	}
}

static struct conf_token token_bad(
    struct conf_token token, const char *problem, const char *hint)
{
	token.kind = CONF_TOKEN_BAD;
	token.problem = problem;
	token.hint = hint;
	return token;
}

/* The only escapes that vpnd needs are those of quote and backslash. */
static struct conf_token scan_string(struct conf_token token)
{
	const char *at = token.text + 1;

	for (; *at != '"'; at++) {
		if (!*at || *at == '\n')
			return token_bad(token,
			    "this string is not closed on its line", NULL);
		if (*at == '\t' || *at == '\r')
			return token_bad(token,
			    "there is a control character in this string",
			    NULL);
		if (*at != '\\')
			continue;
		at++;
		if (*at != '"' && *at != '\\')
			return token_bad(token,
			    "there is an unknown escape in this string",
			    "a backslash stands only before \" or \\");
	}
	token.kind = CONF_TOKEN_STRING;
	token.len = (size_t)(at + 1 - token.text);
	if (token.len > CONF_STRING_BYTES)
		return token_bad(
		    token, "this string is longer than 4094 bytes", NULL);
	return token;
}

static bool is_all(const char *text, size_t len, const char *set)
{
	return len && strspn(text, set) >= len;
}

/* [+-]DIGITS or 0xHEX; without the L that libconfig knows. */
static bool is_integer(const char *text, size_t len)
{
	size_t sign = *text == '-' || *text == '+';

	if (len > 2 && !strncasecmp(text, "0x", 2))
		return is_all(text + 2, len - 2, DIGITS "abcdefABCDEF");
	return is_all(text + sign, len - sign, DIGITS);
}

static bool is_float(const char *text, size_t len)
{
	return is_all(text, len, DIGITS "+-.eE") &&
	       strcspn(text, DIGITS) < len && memchr(text, '.', len);
}

static bool is_boolean(const char *text, size_t len)
{
	return (len == 4 && !strncasecmp(text, "true", len)) ||
	       (len == 5 && !strncasecmp(text, "false", len));
}

static bool is_name(const char *text, size_t len)
{
	return strchr(LETTERS, *text) && is_all(text, len, LETTERS DIGITS "_-");
}

static const struct word {
	bool (*is)(const char *text, size_t len);
	enum conf_token_kind kind;
} words[] = {
    {is_boolean, CONF_TOKEN_BOOLEAN},
    {is_name, CONF_TOKEN_NAME},
    {is_integer, CONF_TOKEN_INTEGER},
    {is_float, CONF_TOKEN_FLOAT},
};

static struct conf_token scan_word(struct conf_token token)
{
	token.len = strspn(token.text, WORD);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].is(token.text, token.len)) {
			token.kind = words[i].kind;
			return token;
		}
	return token_bad(
	    token, "this is neither a name nor a number", QUOTES_HINT);
}

static struct conf_token scan_character(struct conf_token token)
{
	static const char include[] = "@include";

	if (strchr("=:;,(){}[]", *token.text)) {
		token.kind = *token.text == ':' ? '=' : *token.text;
		return token;
	}
	if (!strncmp(token.text, include, sizeof(include) - 1))
		return token_bad(token, "@include is not allowed", NULL);
	return token_bad(token, "this character has no meaning here",
	    *token.text == '\'' ? QUOTES_HINT : NULL);
}

static struct conf_token scan_one(struct conf_token token)
{
	if (!*token.text)
		return token;
	if (*token.text == '"')
		return scan_string(token);
	if (strchr(WORD, *token.text))
		return scan_word(token);
	return scan_character(token);
}

struct conf_token conf_scanner_next(struct conf_scanner *scanner)
{
	bool is_sound = skip_blanks(scanner);
	struct conf_token token = {.kind = CONF_TOKEN_END,
	    .text = scanner->at,
	    .len = 1,
	    .place = {scanner->line_number,
		(uint32_t)(scanner->at - scanner->line) + 1}};

	if (!is_sound)
		return token_bad(token, "this comment is not closed", NULL);
	token = scan_one(token);
	if (token.kind != CONF_TOKEN_END)
		scanner->at += token.len;
	return token;
}
