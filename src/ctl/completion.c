/* SPDX-License-Identifier: ISC */
/*
 * The completion for bash, made from the tables of verbs and options.
 *
 * How it works: the script joins the words before the cursor that are no
 * options to `verb`, and offers what may follow it. Keywords of a verb are
 * the words of its arguments that begin with a small letter; where a PEER may
 * follow, the daemon is asked for names.
 */
#include <ctype.h>
#include <string.h>

#include "api/verbs.h"
#include "ctl/help.h"
#include "ctl/options.h"

static void print_head(FILE *file)
{
	fputs("# bash completion of vpnctl, made by "
	      "\"vpnctl --completion bash\".\n"
	      "_vpnctl_peers()\n"
	      "{\n"
	      "\tlocal options=() i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t-n | --socket) options+=(\"${COMP_WORDS[@]:i:2}\") ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tvpnctl \"${options[@]}\" --json status 2>/dev/null |\n"
	      "\t\tsed 's/.*\"peers\": *\\[//' |\n"
	      "\t\tgrep -o '{\"name\": *\"[^\"]*' | sed 's/.*\"//'\n"
	      "}\n"
	      "\n"
	      "_vpnctl()\n"
	      "{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} verb='' words files i\n"
	      "\tcase ${COMP_WORDS[COMP_CWORD - 1]} in\n"
	      "\t-n) words=$(ls " CTL_RUN_DIR " 2>/dev/null) ;;\n"
	      "\t--color) words='auto always never' ;;\n"
	      "\t--peer) words=$(_vpnctl_peers) ;;\n"
	      "\t--socket | -r | -w | preshared-key-file)\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	      "\t\treturn\n"
	      "\t\t;;\n"
	      "\tesac\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t-n | --socket | --color | -[ciWxrsw] | --peer) ((i++)) ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) verb+=${verb:+ }${COMP_WORDS[i]} ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tcase ${words+done}$verb in\n"
	      "\tdone*) ;;\n",
	    file);
}

static void print_tail(FILE *file)
{
	fputs("\tesac\n"
	      "\tmapfile -t COMPREPLY < "
	      "<(compgen -W \"$words\" ${files:+-f} -- \"$word\")\n"
	      "}\n"
	      "complete -F _vpnctl vpnctl\n",
	    file);
}

static void print_option_words(FILE *file, const char *verb)
{
	for (size_t i = 0; i < option_lines_count; i++) {
		const struct option_line *line = &option_lines[i];

		if (line->place == OPTION_HIDDEN || !option_is_for(line, verb))
			continue;
		if (line->name)
			fprintf(file, " --%s", line->name);
		else
			fprintf(file, " -%c", line->letter);
	}
}

/* How long the first word of verbs[idx] is; 0 when an earlier verb has it. */
static size_t new_word(size_t idx)
{
	size_t len = strcspn(verbs[idx].name, " ");

	if (idx > 0 && strncmp(verbs[idx - 1].name, verbs[idx].name, len) == 0 &&
	    strchr(" ", verbs[idx - 1].name[len])) /* "sockets" is no "socket" */
		return 0;
	return len;
}

static void print_first_words(FILE *file)
{
	fputs("\t'') words='", file);
	for (size_t i = 0; i < verbs_count; i++)
		if (new_word(i) > 0)
			fprintf(file, "%s%.*s", i ? " " : "", (int)new_word(i),
			    verbs[i].name);
	print_option_words(file, NULL);
	fputs("' ;;\n", file);
}

/* "peer": what may be its second word. */
static void print_second_words(FILE *file, size_t idx)
{
	size_t len = new_word(idx);

	if (len == 0 || verbs[idx].name[len] == '\0')
		return;
	fprintf(file, "\t'%.*s') words='", (int)len, verbs[idx].name);
	for (size_t i = idx; i < verbs_count; i++)
		if (strncmp(verbs[i].name, verbs[idx].name, len + 1) == 0)
			fprintf(file, "%s%s", i > idx ? " " : "",
			    verbs[i].name + len + 1);
	fputs("' ;;\n", file);
}

static void print_keywords(FILE *file, const char *arguments)
{
	for (const char *at = arguments; *at; at += strcspn(at, " ")) {
		at += strspn(at, " [");
		if (islower((unsigned char)*at))
			fprintf(file, " %.*s", (int)strcspn(at, " ]"), at);
	}
}

/* "flush", after "fdb": what makes another verb of it. */
static void print_longer_verbs(FILE *file, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < verbs_count; i++)
		if (strncmp(verbs[i].name, name, len) == 0 &&
		    verbs[i].name[len] == ' ')
			fprintf(file, " %s", verbs[i].name + len + 1);
}

static void print_verb(FILE *file, const struct verb *verb)
{
	fprintf(file, "\t'%s'*) words='", verb->name);
	print_longer_verbs(file, verb->name);
	print_keywords(file, verb->arguments);
	print_option_words(file, verb->name);
	fputc('\'', file);
	if (strstr(verb->arguments, "PEER"))
		fputs("\" $(_vpnctl_peers)\"", file);
	if (strcmp(verb->arguments, "FILE") == 0)
		fputs(" files=yes", file);
	fputs(" ;;\n", file);
}

void help_print_completion(FILE *file)
{
	print_head(file);
	print_first_words(file);
	for (size_t i = 0; i < verbs_count; i++)
		print_second_words(file, i);
	/* From the end: "fdb flush" before "fdb", which is its beginning. */
	for (size_t i = verbs_count; i-- > 0;)
		print_verb(file, &verbs[i]);
	print_tail(file);
}
