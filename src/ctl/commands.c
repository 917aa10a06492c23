/* SPDX-License-Identifier: ISC */
/* Dispatch: options, the verb, its arguments, its command. */
#include "ctl/commands.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/nearest.h"
#include "ctl/ask.h"
#include "ctl/capture.h"
#include "ctl/drops.h"
#include "ctl/filter.h"
#include "ctl/help.h"
#include "ctl/keys.h"
#include "ctl/options.h"
#include "ctl/ping.h"
#include "ctl/trace.h"
#include "ctl/socket.h"

#define TIMEOUT_MS	  5000
#define TIMEOUT_RELOAD_MS 30000 /* vpnd-conf reads and checks the file */
#define MESSAGE_BYTES	  (CONTROL_PART_BYTES + 256)

static const struct command commands[] = {
    {"status", ask_run, 0, 1, true, TIMEOUT_MS,
	"With PEER, only that peer, and all that is known of it.\n",
	"-n site status branch"},
    {"drops", drops_run, 0, 0, true, TIMEOUT_MS,
	"The reasons are explained in vpnd(8).\n", "drops --follow"},
    {"sockets", ask_run, 0, 0, true, TIMEOUT_MS,
	"Those of the configuration's sockets; skmem is as in ss -m: bytes "
	"held,\n"
	"receive buffer, drops.\n",
	"-n site sockets"},
    {"socket recv", socket_receive_run, 1, 1, true, TIMEOUT_MS,
	"One line a datagram, until -c, an interrupt, or the end of vpnd. "
	"Other\n"
	"programs may attach by the control socket, see vpnctl(8).\n",
	"-n site socket recv -c 1 5000"},
    {"flows", ask_run, 0, 1, true, TIMEOUT_MS,
	"With a stateful filter. With PEER, only those that it is an end of.\n",
	"-n site flows branch"},
    {"fdb", ask_run, 0, 1, true, TIMEOUT_MS,
	"Of a tap tunnel. With PEER, only what leads to that peer.\n",
	"-n lan fdb branch"},
    {"fdb flush", ask_run, 0, 1, true, TIMEOUT_MS,
	"With PEER, only of that peer. Static addresses stay.\n",
	"-n lan fdb flush branch"},
    {"capture", capture_run, 0, CONTROL_ARGUMENTS, false, TIMEOUT_MS,
	"EXPRESSION is tcpdump's, see pcap-filter(7). Ends by ^C or after "
	"COUNT "
	"packets.\n",
	"capture --drops --peer branch 'udp port 53'"},
    {"snmp", ask_run, 0, 0, true, TIMEOUT_MS,
	"In the layout of /proc/net/snmp, netstat and snmp6.\n", "snmp"},
    {"filter show", ask_run, 0, 0, true, TIMEOUT_MS,
	"For each hook its rules in their order, and its policy.\n",
	"filter show"},
    {"filter export", ask_run, 1, 1, true, TIMEOUT_MS,
	"To look at, to compare or to take along; vpnd needs no nftables. "
	"Rules that\nnftables has no equal of are comments.\n",
	"filter export nft > vpn0.nft"},
    {"ping", ping_run, 1, 1, true, TIMEOUT_MS,
	"Exit code 4 when no echo was answered.\n", "ping -c 10 -i 0.2 branch"},
    {"peer add", ask_run, 3, CONTROL_ARGUMENTS, true, TIMEOUT_MS,
	"LIST is prefixes, MAC addresses or VLANs joined by commas, RATE as in "
	"100mbit,\nFLAG true or false; macs and what follows is for tap. To "
	"keep the peer,\nwrite it into the configuration file too: a reload "
	"removes what is not there.\n",
	"peer add lab public-key tKqGt4bSaPSvSNSVZl/bNyCh7WzSHYrOxFFQt/0cxg0= "
	"\\\n  endpoint 192.0.2.7:51820 allowed-ips 10.77.0.9/32,fd77::9/128"},
    {"peer remove", ask_run, 1, 1, true, TIMEOUT_MS,
	"A peer that is in the configuration file comes back at the next "
	"reload.\n",
	"peer remove lab"},
    {"reload", ask_run, 0, 0, true, TIMEOUT_RELOAD_MS,
	"Ends when it is done. A file with an error, or with a change that "
	"needs a\nrestart, changes nothing.\n",
	"-n site reload"},
    {"stop", ask_run, 0, 0, true, TIMEOUT_MS,
	"Peers are told. systemd does not start it again.\n", "-n site stop"},
    {"filter log", ask_run, 0, 0, true, TIMEOUT_MS,
	"With --json, also the beginning of each packet.\n", "filter log"},
    {"filter test", filter_run_file, 1, 1, true, TIMEOUT_RELOAD_MS,
	"FILE is a configuration file, of which only the filter counts. "
	"Nothing is\nchanged.\n",
	"filter test /etc/vpnd/site.conf"},
    {"filter replace", filter_run_file, 1, 1, true, TIMEOUT_RELOAD_MS,
	"FILE is a configuration file, of which only the filter counts. All of "
	"it is\ntaken, or nothing. The next reload brings the filter of the "
	"tunnel's file back.\n",
	"filter replace /tmp/site.conf"},
    {"trace", trace_run, 0, 1, true, TIMEOUT_MS,
	"Nothing is sent, counted or learned. With -r FILE, EXPRESSION is "
	"tcpdump's and\nchooses packets. Exit code 10 when one would be "
	"dropped.\n",
	"trace --peer branch 'udp 10.9.0.7:4000 > 10.9.0.1:53'"},
    {"genkey", keys_generate, 0, 0, false, 0, "",
	"genkey > /etc/vpnd/keys/site.key"},
    {"pubkey", keys_derive_public, 0, 0, false, 0, "",
	"pubkey < /etc/vpnd/keys/site.key"},
    {"genpsk", keys_generate_preshared, 0, 0, false, 0,
	"Both ends need the same one.\n", "genpsk > /etc/vpnd/keys/branch.psk"},
    {"version", ask_run_version, 0, 0, true, TIMEOUT_MS, "", "version --json"},
};

const struct command *command_find(const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].verb, verb) == 0)
			return &commands[i];
	return NULL;
}

/* ---- messages ---- */

enum control_exit ctl_fail(
    struct ctl *ctl, enum control_exit exit, const char *format, ...)
{
	struct paper paper = paper_of(ctl->err, PAPER_COLOR_NEVER);
	char message[MESSAGE_BYTES], *next = message, *line;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	fputs("vpnctl: ", ctl->err);
	while ((line = strsep(&next, "\n"))) {
		if (!*line && !next)
			break; /* it ended in a newline */
		paper_print(&paper, INK_PLAIN, "%s", line);
		paper_end_line(&paper);
	}
	return exit;
}

static const char *verb_name(const void *context, size_t idx)
{
	return ((const struct verb *)context)[idx].name;
}

/* "peer" alone is the beginning of several verbs. */
static const char *verb_beginning_with(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < verbs_count; i++)
		if (strncmp(verbs[i].name, word, len) == 0)
			return verbs[i].name;
	return NULL;
}

static const char *guess_verb(const char *word, const char *two_words)
{
	const char *verb =
	    nearest_find(two_words, verb_name, verbs, verbs_count);

	if (!verb)
		verb = nearest_find(word, verb_name, verbs, verbs_count);
	return verb ? verb : verb_beginning_with(word);
}

/* ---- the verb ---- */

/* Counts the words that it has into *ret_words. */
static const struct command *find_verb(
    struct ctl *ctl, int argc, char **argv, int *ret_words)
{
	char two_words[128];
	const struct command *command;
	const char *guess;

	snprintf(two_words, sizeof(two_words), "%s %s", argv[0],
	    argc > 1 ? argv[1] : "");
	*ret_words = 2;
	command = command_find(two_words);
	if (command)
		return command;
	*ret_words = 1;
	command = command_find(argv[0]);
	if (command)
		return command;
	guess = guess_verb(argv[0], two_words);
	if (guess)
		ctl_fail(ctl, CONTROL_USAGE,
		    "unknown verb \"%s\", did you mean \"%s\"?", argv[0],
		    guess);
	else
		ctl_fail(ctl, CONTROL_USAGE,
		    "unknown verb \"%s\", see \"vpnctl --help\"", argv[0]);
	return NULL;
}

static enum control_exit take_arguments(struct ctl *ctl,
    const struct command *command, int argc, char **argv,
    struct control_request *request)
{
	size_t count = (size_t)argc;

	if (count < command->arguments_min || count > command->arguments_max)
		return ctl_fail(ctl, CONTROL_USAGE, "usage: vpnctl %s %s",
		    command->verb, verb_find(command->verb)->arguments);
	if (ctl->is_json && !command->has_json)
		return ctl_fail(
		    ctl, CONTROL_USAGE, "%s has no JSON form", command->verb);
	request->verb = command->verb;
	request->arguments_count = count;
	for (size_t i = 0; i < count; i++)
		request->arguments[i] = argv[i];
	return CONTROL_OK;
}

/* argv[0] is the last word of the verb. */
static enum control_exit run_verb(
    struct ctl *ctl, const struct command *command, int argc, char **argv)
{
	struct control_request request = {0};
	int first = options_parse(ctl, command->verb, argc, argv);
	enum control_exit exit;

	if (first < 0)
		return CONTROL_USAGE;
	if (ctl->wants_help) {
		help_print_verb(ctl->out, command);
		return CONTROL_OK;
	}
	exit =
	    take_arguments(ctl, command, argc - first, argv + first, &request);
	return exit == CONTROL_OK ? command->run(ctl, command, &request) : exit;
}

static enum control_exit print_completion(struct ctl *ctl)
{
	if (strcmp(ctl->completion, "bash") != 0)
		return ctl_fail(
		    ctl, CONTROL_USAGE, "there is a completion for bash only");
	help_print_completion(ctl->out);
	return CONTROL_OK;
}

static enum control_exit run(struct ctl *ctl, int argc, char **argv)
{
	char status[] = "status", *default_verb[] = {status, NULL};
	int first = options_parse(ctl, NULL, argc, argv), words;
	const struct command *command;

	if (first < 0)
		return CONTROL_USAGE;
	argc -= first;
	argv += first;
	if (ctl->completion)
		return print_completion(ctl);
	if (ctl->wants_version) {
		fprintf(ctl->out, "vpnctl %s\n", CTL_VERSION);
		return CONTROL_OK;
	}
	if (ctl->wants_help && argc == 0) {
		help_print(ctl->out);
		return CONTROL_OK;
	}
	if (argc == 0)
		return run_verb(ctl, &commands[0], 1, default_verb);
	command = find_verb(ctl, argc, argv, &words);
	return command
		   ? run_verb(ctl, command, argc - words + 1, argv + words - 1)
		   : CONTROL_USAGE;
}

int commands_run(struct ctl *ctl, int argc, char **argv)
{
	enum control_exit exit = run(ctl, argc, argv);

	if (fflush(ctl->out) == EOF || ferror(ctl->out))
		return ctl_fail(
		    ctl, CONTROL_FAILED, "standard output can not be written");
	return exit;
}
