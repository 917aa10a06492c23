/* SPDX-License-Identifier: ISC */
/*
 * From the tree of a file to a configuration.
 *
 * How it works: the schema (schema.c) is a table per group; each line has the
 * function that reads the value into the configuration. What concerns several
 * settings is checked afterwards (validate.c).
 */
#ifndef CONF_READER_H
#define CONF_READER_H

#include <time.h>

#include "conf/ends.h"
#include "conf/tree.h"
#include "conf/unique.h"

#define CONF_OBJECT_BYTES 128

struct conf_reader {
	struct config *config;
	struct conf_messages *messages;
	const struct conf_node *root;
	char object[CONF_OBJECT_BYTES]; /* what is being read: "device.mtu" */
	struct conf_unique names, keys, prefixes, addresses, macs;
	struct conf_unique rules, ports;
	struct conf_groups groups; /* of the filter */
	clock_t compiling;	   /* CPU time that expressions took so far */
	bool has_no_memory;
};

struct conf_setting;

/* Reads a value of the right kind into `object`; complains if it is wrong. */
typedef void conf_read_fn(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object);

#define CONF_IS(kind) (1u << (kind))

struct conf_setting {
	const char *key;
	unsigned kinds; /* CONF_IS(...) | ... */
	conf_read_fn *read;
	size_t offset;	     /* in the object */
	size_t place_offset; /* paths, policies: where their place goes */
	uint32_t least, most;
	const struct config_names *names;
	const struct conf_group *group; /* of groups, and lists of them */
	bool is_required;
	/* for people: */
	const char *values;  /* NULL: told by names, or least and most */
	const char *preset;  /* the default; NULL: none */
	const char *example; /* of the value */
};

struct conf_group {
	const struct conf_setting *settings;
	size_t count;
};

extern const struct conf_group conf_schema;

/* Reads a group's settings into `object`; `path`: "device", "" the root. */
void conf_group_read(struct conf_reader *reader, const struct conf_group *group,
    const struct conf_node *node, const char *path, void *object);

/* How messages call a peer: "peers.branch", "peers[0]" while it has no name. */
void conf_peer_path(
    char path[CONF_OBJECT_BYTES], const struct conf_node *node, size_t idx);

/* Prints a line for each setting: key, values, default, with TABs between. */
void conf_schema_print(FILE *stream);

/* What several settings together must be; after all were read. */
void conf_validate(struct conf_reader *reader);

/* The part of it that depends on device.type. */
void conf_validate_l2(struct conf_reader *reader);

/* With a type that is wrong itself there is nothing more to say. */
bool conf_is_type_known(const struct conf_reader *reader);

/* The part of it that is about filter and sockets. */
void conf_validate_filter(struct conf_reader *reader);

/* A setting in a group of the root, or NULL. */
const struct conf_node *conf_find_in(
    const struct conf_reader *reader, const char *group, const char *key);

/* The place of such a value, or of what should hold it. */
struct config_place conf_place_of(
    const struct conf_reader *reader, const char *group, const char *key);

/* Calls with each peer: its group in the file, its index. */
typedef void conf_check_peer_fn(
    struct conf_reader *reader, const struct conf_node *node, size_t idx);
void conf_each_peer(struct conf_reader *reader, conf_check_peer_fn *check);

/* "peers.branch.macs" */
const char *conf_peer_object(char object[CONF_OBJECT_BYTES],
    const struct conf_node *node, size_t idx, const char *key);

/* Complains about the node that is being read. */
#define complain(reader, node, ...)                                            \
	conf_error(                                                            \
	    (reader)->messages, (node)->place, (reader)->object, __VA_ARGS__)

/* value.c */
conf_read_fn conf_read_choice, conf_read_flag, conf_read_u32, conf_read_u16,
    conf_read_mss, conf_read_policy, conf_read_path, conf_read_peer_path,
    conf_read_device_name, conf_read_peer_name, conf_read_duration,
    conf_read_key, conf_read_routes, conf_read_workers, conf_read_ciphers;
/* value_net.c */
conf_read_fn conf_read_address, conf_read_addresses, conf_read_allowed_ips,
    conf_read_endpoint;
/* value_l2.c */
conf_read_fn conf_read_mac, conf_read_macs, conf_read_vlans;
/* value_rule.c */
conf_read_fn conf_read_rule_name, conf_read_states, conf_read_tcp_flags,
    conf_read_rate, conf_read_peer_rate, conf_read_expression,
    conf_read_rule_mac, conf_read_rule_vlans, conf_read_socket_address;
/* value_ranges.c */
conf_read_fn conf_read_protocols, conf_read_ports, conf_read_icmp_types,
    conf_read_ethertype;
/* value_ends.c */
conf_read_fn conf_read_groups, conf_read_ends;
/* filter.c */
conf_read_fn conf_read_filter, conf_read_rules, conf_read_sockets;
/* schema.c */
conf_read_fn conf_read_group;

/* Why a name can not be that of an interface; NULL: it can. */
const char *conf_device_name_problem(const char *name);
#endif
