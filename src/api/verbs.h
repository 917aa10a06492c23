/* SPDX-License-Identifier: ISC */
/*
 * The one table of verbs: dispatch, help, completion, rights and manual page
 * are made from it, or compared with it by `make check`.
 */
#ifndef API_VERBS_H
#define API_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "api/control.h"

/* name, rights, asks the daemon, arguments, summary */
#define VERB_LIST(X)                                                          \
	X("status", READ, true, "[PEER]",                                     \
	    "show the tunnel and its peers, and why one is down")             \
	X("drops", READ, true, "[--peer PEER] [--follow] [-c COUNT]",         \
	    "show which packets were dropped where, and why")                 \
	X("sockets", READ, true, "",                                          \
	    "show vpnd's own sockets: who has sent, what was dropped")        \
	X("socket recv", ALL, true, "[-c COUNT] PORT",                        \
	    "attach to one of type \"client\" and print what comes")          \
	X("flows", ALL, true, "[PEER]",                                       \
	    "show the flows that the filter knows, and how many there may be") \
	X("fdb", READ, true, "[PEER]",                                        \
	    "show which MAC address the switch sends where")                  \
	X("fdb flush", ALL, true, "[PEER]",                                   \
	    "forget what was learned, and let held peers go")                 \
	X("capture", ALL, true,                                               \
	    "[--inner] [--outer] [--drops] [--peer PEER] [-c COUNT] "         \
	    "[-s BYTES] [-w FILE] [EXPRESSION]",                              \
	    "show packets as they go by, or write them to a file")            \
	X("snmp", READ, true, "",                                             \
	    "show the counters that /proc/net/snmp has for the host")         \
	X("filter show", ALL, true, "",                                      \
	    "show the filter's rules, and what they matched")                 \
	X("filter export", ALL, true, "nft",                                 \
	    "print the filter's rules for nftables")                          \
	X("filter log", ALL, true, "",                                        \
	    "show the last packets that rules with log = true matched")       \
	X("filter test", ALL, true, "FILE",                                   \
	    "check a file's filter, and say what it would change")            \
	X("filter replace", ALL, true, "FILE",                                \
	    "use a file's filter until the next reload")                      \
	X("ping", ALL, true, "[-c COUNT] [-i SECONDS] [-W SECONDS] PEER",     \
	    "measure round-trip time and loss inside the session")            \
	X("peer add", ALL, true,                                              \
	    "NAME public-key KEY [endpoint HOST:PORT] [allowed-ips LIST] "    \
	    "[keepalive TIME] [preshared-key-file FILE] [compress NAME] "     \
	    "[extension NAME] [rate RATE] [macs LIST] [vlans LIST] "          \
	    "[router FLAG] [dhcp-server FLAG]",                                             \
	    "add a peer until the next reload")                               \
	X("peer remove", ALL, true, "PEER", "remove a peer")                  \
	X("reload", ALL, true, "",                                            \
	    "read the configuration again and apply the difference")          \
	X("stop", ALL, true, "", "end the daemon")                            \
	X("trace", ALL, true,                                                 \
	    "[--peer PEER] [--from-host] [-x HEX] [-r FILE] [--live] "        \
	    "[-c COUNT] [PACKET | EXPRESSION]",                               \
	    "say what would become of a packet, and why")                     \
	X("genkey", READ, false, "", "print a new private key")               \
	X("pubkey", READ, false, "", "read a private key, print its public key") \
	X("genpsk", READ, false, "", "print a new pre-shared key")            \
	X("version", READ, false, "", "print the versions of vpnctl and vpnd")

struct verb {
	const char *name; /* "peer add": words joined by one blank */
	enum control_rights rights;
	bool asks_daemon;
	const char *arguments;
	const char *summary;
};

extern const struct verb verbs[];
extern const size_t verbs_count;

/* The verb of that exact name, or NULL. */
const struct verb *verb_find(const char *name);

#endif
