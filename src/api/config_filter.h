/* SPDX-License-Identifier: ISC */
/*
 * What is configured of the receive path: the filter's rules, and sockets
 * inside the tunnel. A part of api/config.h.
 *
 * How it works: vpnd-conf resolves groups and names, so that a rule names its
 * peers by their index in config->peers, and compiles tcpdump's expressions;
 * the texts as written are kept for people.
 */
#ifndef API_CONFIG_FILTER_H
#define API_CONFIG_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/mac.h"

#define CONFIG_NAME_BYTES  64 /* tunnel, peer, rule; with NUL */
#define CONFIG_RULES_MAX   50000
#define CONFIG_SOCKETS_MAX 256
#define CONFIG_RANGES_MAX  16 /* ports, protocols, ... of one rule */
/* With its NUL. pcap_compile's time grows with the square of the length: one
 * of 94 ports in 1000 bytes takes 0.1 s. */
#define CONFIG_EXPRESSION_BYTES	  1001
#define CONFIG_PROGRAM_MAX	  4096 /* instructions, as in the kernel */
#define CONFIG_FLOWS_DEFAULT	  65536
#define CONFIG_FLOWS_MIN	  16
#define CONFIG_FLOWS_MAX	  1048576
#define CONFIG_PEER_FLOWS_DEFAULT 8192
#define CONFIG_RATE_MAX		  1000000000 /* packets or bytes per second */
#define CONFIG_PEER_RATE_MAX	  1000000000 /* kbit/s */
#define CONFIG_RCVBUF_DEFAULT	  212992     /* Linux's rmem_default */
#define CONFIG_RCVBUF_MIN	  2304	     /* Linux's SOCK_MIN_RCVBUF */
#define CONFIG_RCVBUF_MAX	  16777216
#define CONFIG_ETHERTYPE_MIN	  0x600 /* less is a length, IEEE 802.3 */

enum config_hook {
	CONFIG_HOOK_PREROUTING,
	CONFIG_HOOK_INPUT,
	CONFIG_HOOK_FORWARD,
	CONFIG_HOOK_OUTPUT,
	CONFIG_HOOK_POSTROUTING,
	CONFIG_HOOKS
};

/* The last one is no policy. */
enum config_action {
	CONFIG_ACTION_ACCEPT,
	CONFIG_ACTION_DROP,
	CONFIG_ACTION_REJECT,
	CONFIG_ACTION_COUNT,
};

enum config_family {
	CONFIG_FAMILY_ANY,
	CONFIG_FAMILY_IPV4,
	CONFIG_FAMILY_IPV6,
};

/* States of a flow, as bits of config_rule.states. */
enum config_state {
	CONFIG_STATE_NEW,
	CONFIG_STATE_ESTABLISHED,
	CONFIG_STATE_RELATED,
	CONFIG_STATE_INVALID,
	CONFIG_STATE_UNTRACKED,
	CONFIG_STATES
};

enum config_socket_type {
	CONFIG_SOCKET_ECHO,
	CONFIG_SOCKET_DISCARD,
	CONFIG_SOCKET_STATUS,
	CONFIG_SOCKET_PING,
	CONFIG_SOCKET_CLIENT,
};

enum config_forwarding {
	CONFIG_FORWARDING_KERNEL, /* from peer to peer: the host decides */
	CONFIG_FORWARDING_DAEMON,
};

enum config_socket_order {
	CONFIG_SOCKET_ORDER_CLASSIC, /* receive buffer, then filter */
	CONFIG_SOCKET_ORDER_KERNEL,  /* filter, then receive buffer */
};

/* 1-based; line 0: the setting is not in the file (a default). */
struct config_place {
	uint32_t line, column;
};

struct config_range {
	uint16_t first, last;
};

/* Sorted, and apart from each other. None: all match. */
struct config_ranges {
	size_t count;
	struct config_range list[CONFIG_RANGES_MAX];
};

/* From or to: any of these peers and prefixes. */
struct config_ends {
	char *text;	 /* as written; NULL: not given, all match */
	uint32_t *peers; /* indices in config->peers */
	size_t peers_count;
	struct prefix *prefixes; /* masked */
	size_t prefixes_count;
};

/* As struct bpf_instruction, which this room does not know. */
struct config_instruction {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t k;
};

/* A compiled expression of tcpdump's; not yet checked. */
struct config_program {
	char *text; /* as written; NULL: none */
	struct config_instruction *list;
	size_t count;
};

struct config_rule {
	char name[CONFIG_NAME_BYTES];
	enum config_hook hook;
	enum config_action action;
	bool is_logged;
	enum config_family family;
	struct config_ends from, to;
	struct config_ranges protocols, sports, dports;
	struct config_ranges icmp_types, icmp6_types; /* type << 8 | code */
	uint32_t tcp_flags_mask, tcp_flags_value; /* mask 0: not given */
	uint32_t states;			  /* bits; 0: not given */
	uint32_t rate, burst; /* per second; 0: no limit */
	bool is_rate_of_bytes; /* else of packets */
	bool is_rate_per_peer;
	struct config_program match;
	/* on tap only */
	uint16_t ethertype; /* 0: not given */
	bool has_smac, has_dmac, has_vlans;
	struct mac smac, dmac;
	struct vlan_set vlans;
	struct config_place place;
};

struct config_filter {
	bool is_on; /* false: there is no filter, all else is unused */
	bool is_stateful;
	uint32_t flows_max, flows_per_peer;
	enum config_action policy[CONFIG_HOOKS];
	struct config_place policy_places[CONFIG_HOOKS];
	struct config_rule *rules;
	size_t rules_count;
};

struct config_socket {
	enum config_socket_type type;
	bool has_address;	/* false: all of the device's */
	struct address address; /* without: "::" */
	uint16_t port;
	uint32_t rcvbuf;
	struct config_program filter;
	struct config_ends from;
	struct config_place place;
};

#endif
