/* SPDX-License-Identifier: ISC */
/* Bad syntax: each with the place and the words of its first message. */
#include "unit.h"

#include "conf_text.h"

static const struct {
	const char *text, *message;
} samples[] = {
    /* what the file may be made of */
    {"\xef\xbb\xbfrouteS = 1;", "x:1:1: error: there is a UTF-8 byte order"},
    {"a\n b\x01", "x:2:3: error: this is a control character"},
    {"a\rb", "x:1:2: error: this is a control character"},
    {"# \xff", "x:1:3: error: this byte is no UTF-8"},
    {"# \xc2\x9b", "x:1:3: error: this is a control character"},
    /* operations.md, 2.1 */
    {"c==3;", "x:1:3: error: expected a value, not ="},
    {"\n\n  c = = 3;", "x:3:7: error: expected a value, not ="},
    {"a = [ 1, 2, ];", "x:1:13: error: expected a value after the \",\""},
    {"a = ( 1, 2, );", "x:1:13: error: expected a value after the \",\""},
    {"a = [ 1, \"x\" ];", "x:1:10: error: an array holds single values of "
			  "one kind, not a string after a number"},
    {"a = [ { } ];", "x:1:7: error: an array holds single values of one kind, "
		     "not a group { ... } after a group { ... }"},
    {"a = 1; a = 2;", "x:1:8: error: a is set twice, first in line 1"},
    {"key = abc==;", "x:1:7: error: expected a value, not abc"},
    {"key = 10s;", "x:1:7: error: this is neither a name nor a number"},
    {"key = 1_000;", "x:1:7: error: this is neither a name nor a number"},
    {"key = 10.77.0.1/24;", "x:1:16: error: this character has no meaning"},
    {"key = yes;", "x:1:7: error: expected a value, not yes"},
    {"key = on;", "x:1:7: error: expected a value, not on"},
    {"key = 5L;", "x:1:7: error: this is neither a name nor a number"},
    {"key = 'x';", "x:1:7: error: this character has no meaning here"},
    {"a = \"\\x00z\";", "x:1:5: error: there is an unknown escape"},
    {"a = \"bad \\q\";", "x:1:5: error: there is an unknown escape"},
    {"a = \"\\n\";", "x:1:5: error: there is an unknown escape"},
    {"a = \"a\tb\";", "x:1:5: error: there is a control character in this"},
    {"a = \"open;\nb = 1;\nc = 2;\n",
	"x:1:5: error: this string is not closed on its line"},
    {"a = \"x\"\n\"y\";",
	"x:2:1: error: expected \",\" or \";\" after the string, not \"y\""},
    {"@include \"/etc/shadow\"", "x:1:1: error: @include is not allowed"},
    {"a = 1;\n\t@include \"x\"", "x:2:2: error: @include is not allowed"},
    {"a = @x;", "x:1:5: error: this character has no meaning here"},
    /* brackets and ends */
    {"a", "x:1:2: error: expected \"=\", but the file ends"},
    {"a =", "x:1:4: error: expected a value, but the file ends"},
    {"a b", "x:1:3: error: expected \"=\", not b"},
    {"a = {", "x:1:6: error: expected a name or \"}\", but the file ends"},
    {"a = { 1 }", "x:1:7: error: expected a name or \"}\", not 1"},
    {"a = (", "x:1:6: error: expected a value, but the file ends"},
    {"a = ( 1", "x:1:8: error: expected \",\" or \")\", but the file ends"},
    {"a = ( 1 2 )", "x:1:9: error: expected \",\" or \")\", not 2"},
    {"a = [ 1 }", "x:1:9: error: expected \",\" or \"]\", not }"},
    {"a = ];", "x:1:5: error: expected a value, not ]"},
    {"a = 1;;", "x:1:7: error: expected the name of a setting, not ;"},
    {"}", "x:1:1: error: expected the name of a setting, not }"},
    {"5 = 1;", "x:1:1: error: expected the name of a setting, not 5"},
    {"a.b = 1;", "x:1:1: error: this is neither a name nor a number"},
    {"-a = 1;", "x:1:1: error: this is neither a name nor a number"},
    {"a = /* open\n\n", "x:1:5: error: this comment is not closed"},
    {"/*/", "x:1:1: error: this comment is not closed"},
    {"a = /;", "x:1:5: error: this character has no meaning here"},
    {"a = ((((((((((((((((( )", "x:1:21: error: nested more than 16 deep"},
    {"a = {a={a={a={a={a={a={a={a={a={a={a={a={a={a={a={a={",
	"x:1:53: error: nested more than 16 deep"},
};

START_TEST(bad_syntax_is_refused_at_its_place)
{
	struct outcome outcome = outcome_of(samples[_i].text);
	const char *message = samples[_i].message;

	ck_assert_ptr_null(outcome.config);
	ck_assert_msg(!strncmp(outcome.messages, message, strlen(message)),
	    "%s\ngave\n%s", samples[_i].text, outcome.messages);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
	struct outcome outcome = outcome_of_bytes("a = \"x\0y\";", 10);

	ck_assert_ptr_nonnull(
	    strstr(outcome.messages, "x:1:7: error: there is a NUL byte"));
	outcome_clear(&outcome);
}
END_TEST

/* What libconfig 1.5 takes, and we take as well. */
static const char *const good[] = {
    "",
    "# a comment at the end",
    "// a comment at the end",
    "/* a */ # b\r\n// c\r\nfwmark = 7;\r\n",
    "fwmark = 7",
    "fwmark : 7",
    "fwmark = 7, routes = \"none\"",
    "fwmark = 7 routes = \"none\"",
    "fwmark = 0x7F;",
    "fwmark = +7;",
    "fwmark =\n\n7;",
    "peers = ( );",
    "device = { };",
    "device = { addresses = [ ]; };",
    "/* a \"string\" { */ routes = \"auto\" /* b */;",
};

START_TEST(odd_but_good_syntax_is_taken)
{
	struct outcome outcome = outcome_with_key(good[_i]);

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_ptr_nonnull(outcome.config);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(escapes_of_quote_and_backslash_are_read)
{
	struct outcome outcome =
	    outcome_of("private_key_file = \"/a\\\"b\\\\c\";");

	ck_assert_ptr_nonnull(outcome.config);
	ck_assert_str_eq(outcome.config->private_key_file, "/a\"b\\c");
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_message_shows_the_line_and_a_caret)
{
	struct outcome outcome =
	    outcome_with_key("\tlog = {\n\t\xc3\xa9level = 1; };");

	ck_assert_str_eq(outcome.messages,
	    "x:2:2: error: this character has no meaning here\n"
	    "\t\xc3\xa9level = 1; };\n"
	    "\t^\n");
	outcome_clear(&outcome);
	outcome = outcome_with_key("log = /*\xc3\xa9*/ { level = \"inf\"; };");
	ck_assert_str_eq(outcome.messages,
	    "x:1:24: error: log.level: \"inf\" is not known; there is "
	    "\"error\", \"warning\", \"info\", \"debug\"\n"
	    "log = /*\xc3\xa9*/ { level = \"inf\"; };\n"
	    "                      ^\n"
	    "hint: did you mean \"info\"?\n");
	outcome_clear(&outcome);
}
END_TEST

START_TEST(too_many_settings_in_a_group_are_refused)
{
	char *text = calloc(1, 16 * 300), *at = text;
	struct outcome outcome;

	for (int i = 0; i < 300; i++)
		at += sprintf(at, "a%d = 1;\n", i);
	outcome = outcome_of(text);
	ck_assert_ptr_nonnull(strstr(outcome.messages,
	    "x:257:1: error: more than 256 settings in one group"));
	outcome_clear(&outcome);
	free(text);
}
END_TEST

START_TEST(a_long_string_is_refused)
{
	char *text = calloc(1, 6000);
	struct outcome outcome;

	memset(text, 'x', 5999);
	memcpy(text, "a = \"", 5);
	text[5998] = '"';
	outcome = outcome_of(text);
	ck_assert_ptr_nonnull(strstr(outcome.messages,
	    "x:1:5: error: this string is longer than 4094 bytes"));
	outcome_clear(&outcome);
	free(text);
}
END_TEST

START_TEST(more_messages_than_are_kept_are_counted)
{
	char *text = calloc(1, 16 * 150), *at = text;
	struct outcome outcome;

	for (int i = 0; i < 150; i++)
		at += sprintf(at, "zz%d = 1;\n", i);
	outcome = outcome_with_key(text);
	ck_assert_ptr_nonnull(
	    strstr(outcome.messages, "x: 50 more messages are not shown\n"));
	outcome_clear(&outcome);
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("conf_syntax");
	TCase *tcase = tcase_create("syntax");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, bad_syntax_is_refused_at_its_place, 0,
	    (int)ARRAY_SIZE(samples));
	tcase_add_test(tcase, a_nul_byte_is_refused);
	tcase_add_loop_test(
	    tcase, odd_but_good_syntax_is_taken, 0, (int)ARRAY_SIZE(good));
	tcase_add_test(tcase, escapes_of_quote_and_backslash_are_read);
	tcase_add_test(tcase, a_message_shows_the_line_and_a_caret);
	tcase_add_test(tcase, too_many_settings_in_a_group_are_refused);
	tcase_add_test(tcase, a_long_string_is_refused);
	tcase_add_test(tcase, more_messages_than_are_kept_are_counted);
	return suite;
}
