/* SPDX-License-Identifier: ISC */
/*
 * The configuration of a tunnel: flat, validated, without secrets.
 *
 * How it works: vpnd-conf parses and validates the file and writes this as
 * text (config_encode); vpnd reads it from a pipe (config_decode), and reads
 * the key files itself. Each setting that vpnd itself may have to complain of
 * keeps its place in the file.
 */
#ifndef API_CONFIG_H
#define API_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/config_filter.h"
#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/mac.h"

#define CONFIG_KEY_BYTES    32
#define CONFIG_DEVICE_BYTES 16 /* IFNAMSIZ */
#define CONFIG_PATH_BYTES   1024
#define CONFIG_HOST_BYTES   256
#define CONFIG_CIPHERS	    2
#define CONFIG_MTU_DEFAULT  1420
#define CONFIG_MSS_MIN	    536	  /* what each host takes, RFC 9293 3.7.1 */
#define CONFIG_MSS_PATH	    65535 /* what the way carries */
/* What is left of CONFIG_MTU_DEFAULT for a frame's payload: the extension's
 * head takes 2, the Ethernet header 14 and one VLAN tag 4 bytes. */
#define CONFIG_MTU_DEFAULT_TAP	 1400
#define CONFIG_MTU_MAX_TAP	 65500
#define CONFIG_MACS_DEFAULT	 4096
#define CONFIG_MACS_MAX		 65536
#define CONFIG_PEER_MACS_DEFAULT 256
#define CONFIG_STATIC_MACS_MAX	 256  /* of a peer */
#define CONFIG_STORM_DEFAULT	 1000 /* frames per second */
#define CONFIG_STORM_MAX	 1000000
#define CONFIG_AGEING_DEFAULT	 300 /* seconds */
#define CONFIG_AGEING_MIN	 10
#define CONFIG_AGEING_MAX	 1000000
#define CONFIG_TXQLEN_DEFAULT	 250
#define CONFIG_MTU_MIN		 576  /* what IPv4 hosts must take, RFC 791 */
#define CONFIG_MTU_MIN_IPV6	 1280 /* RFC 8200, section 5 */
#define CONFIG_MTU_MAX		 65535
#define CONFIG_TXQLEN_MAX	 1000
#define CONFIG_BUSY_POLL_MAX	 1000  /* microseconds */
#define CONFIG_KEEPALIVE_MAX	 65535 /* seconds */
#define CONFIG_WORKERS_AUTO	 0
#define CONFIG_WORKERS_MAX	 2 /* a thread for each direction */

enum config_compress {
	CONFIG_COMPRESS_NONE,
	CONFIG_COMPRESS_LZ4,
	CONFIG_COMPRESS_ZSTD,
};

enum config_cipher {
	CONFIG_CIPHER_AES256GCM,
	CONFIG_CIPHER_CHACHA20POLY1305,
};

enum config_offload {
	CONFIG_OFFLOAD_AUTO, /* where the kernel has it and takes it */
	CONFIG_OFFLOAD_OFF,
};

enum config_extension {
	CONFIG_EXTENSION_AUTO,
	CONFIG_EXTENSION_OFF,
	CONFIG_EXTENSION_REQUIRED,
};

enum config_routes {
	CONFIG_ROUTES_AUTO,
	CONFIG_ROUTES_NONE,
	CONFIG_ROUTES_TABLE,
};

enum config_device_type {
	CONFIG_DEVICE_TUN, /* IP packets */
	CONFIG_DEVICE_TAP, /* Ethernet frames */
};

/* What the switch does with frames that bridges do not forward. */
enum config_control {
	CONFIG_CONTROL_DROP,
	CONFIG_CONTROL_PASS,
};

struct config_peer {
	char name[CONFIG_NAME_BYTES];
	uint8_t public_key[CONFIG_KEY_BYTES];
	char *endpoint_host; /* name or address; NULL none */
	uint16_t endpoint_port;
	struct prefix *allowed_ips; /* masked */
	size_t allowed_ips_count;
	uint32_t keepalive_s;	  /* 0: off */
	char *preshared_key_file; /* NULL none */
	enum config_extension extension;
	enum config_compress compress; /* the tunnel's, or the peer's own */
	uint32_t rate_kbit;	       /* to the peer, per second; 0: all */
	/* on tap only */
	struct mac *macs; /* static ones; any: no others from this peer */
	size_t macs_count;
	struct vlan_set *vlans; /* NULL: all VLANs */
	bool is_router;		/* may send router advertisements */
	bool is_dhcp_server;	/* may send what DHCP servers send */
	struct config_place place, public_key_place, preshared_key_place;
};

/* The switch of a tap tunnel. */
struct config_l2 {
	bool is_hub; /* from peer to peer */
	uint32_t ageing_s;
	uint32_t macs_max, macs_per_peer;
	/* per peer and second; 0: no limit */
	uint32_t storm_broadcast, storm_multicast, storm_unknown_unicast;
	enum config_control bpdu, pause;
};

struct config {
	char name[CONFIG_NAME_BYTES]; /* of the tunnel */
	char file[CONFIG_PATH_BYTES]; /* absolute, for messages */
	enum config_device_type device_type;
	char device[CONFIG_DEVICE_BYTES];
	bool has_mac; /* of the tap; false: one made of key and name */
	struct mac mac;
	char bridge[CONFIG_DEVICE_BYTES]; /* the tap joins it; "" none */
	struct prefix *addresses;	  /* host bits kept */
	size_t addresses_count;
	uint32_t mtu;
	/* The largest segment of TCP connections, lowered in SYNs to what the
	 * way carries and to this; 0: not at all. */
	uint32_t mss_clamp;
	uint32_t txqueuelen;
	enum config_offload offload;   /* of the device */
	struct address listen_address; /* "::" serves both families */
	uint16_t listen_port;	       /* 0: the kernel chooses */
	enum config_offload udp_gso, udp_gro;
	char private_key_file[CONFIG_PATH_BYTES];
	struct config_place private_key_place;
	enum config_routes routes;
	uint32_t routes_table;	      /* with CONFIG_ROUTES_TABLE */
	uint32_t fwmark;	      /* 0: none, or one of vpnd's own choice */
	uint32_t workers;	      /* threads, or CONFIG_WORKERS_AUTO */
	enum config_offload affinity; /* of two threads to two CPUs */
	enum config_compress compress;
	/* In order of preference. With has_cipher_order false the file does
	 * not say, and the faster of those that both ends have comes first. */
	enum config_cipher ciphers[CONFIG_CIPHERS];
	size_t ciphers_count;
	bool has_cipher_order;
	uint32_t busy_poll_us; /* after packets; 0: not at all */
	enum log_level log_level;
	struct config_l2 l2; /* on tap */
	struct config_peer *peers;
	size_t peers_count;
	enum config_forwarding forwarding; /* on tap: kernel */
	enum config_socket_order socket_order;
	struct config_filter filter;
	struct config_socket *sockets; /* on tun */
	size_t sockets_count;
};

/* A zeroed configuration with the defaults of vpnd.conf(5); NULL: no memory. */
struct config *config_new(void);
void config_free(struct config *config);

/* Append a peer with the defaults of the tunnel's device type, or a prefix;
 * NULL or -ENOMEM: no memory. */
struct config_peer *config_add_peer(struct config *config);
must_check int config_add_prefix(
    struct prefix **list, size_t *count, const struct prefix *prefix);
must_check int config_add_mac(struct config_peer *peer, const struct mac *mac);
/* Replaces a text or a set on the heap by a copy; "" and NULL are none. 0 or
 * -ENOMEM: it is as it was. */
must_check int config_set_text(char **text, const char *value);
must_check int config_set_vlans(
    struct config_peer *peer, const struct vlan_set *vlans);
/* Of two such texts. */
bool config_text_differs(const char *a, const char *b);
/* Frees all that hangs on it, but not the peer, and leaves zeros. */
void config_peer_clear(struct config_peer *peer);
/* What is in `from`, lists and texts copied, is in `to`, too. 0 or -ENOMEM, and
 * then `to` is to be cleared all the same. */
must_check int config_peer_copy(
    struct config_peer *to, const struct config_peer *from);
/* Zeroed ones; NULL: no memory. */
struct config_rule *config_add_rule(struct config_filter *filter);
struct config_socket *config_add_socket(struct config *config);
must_check int config_ends_add_peer(struct config_ends *ends, uint32_t idx);
/* The peer is gone, and those behind it have moved up by one. A rule that had
 * only this one in `from` or `to` matches nothing from now on. */
void config_forget_peer(struct config *config, uint32_t idx);

/* The names used in the file: "lz4", "aes256gcm", "required", ... */
const char *config_compress_name(enum config_compress compress);
const char *config_cipher_name(enum config_cipher cipher);
const char *config_extension_name(enum config_extension extension);

/* All names of such an enum, in its order. */
struct config_names {
	const char *const *names;
	size_t count;
};

/* The value of that name; -1 without one. */
int config_names_find(const struct config_names *names, const char *name);

extern const struct config_names config_compress_names;
extern const struct config_names config_cipher_names;
extern const struct config_names config_extension_names;
extern const struct config_names config_routes_names;
extern const struct config_names config_log_level_names;
extern const struct config_names config_offload_names;
extern const struct config_names config_device_type_names;
extern const struct config_names config_control_names;
extern const struct config_names config_hook_names;
extern const struct config_names config_action_names;
extern const struct config_names config_policy_names;
extern const struct config_names config_family_names;
extern const struct config_names config_state_names;
extern const struct config_names config_socket_type_names;
extern const struct config_names config_forwarding_names;
extern const struct config_names config_socket_order_names;

/*
 * The flat text form: a document of api/reply.h, schema vpnd.config/1.
 * config_encode returns a NUL-terminated string that the caller frees, or NULL
 * (no memory). config_decode checks every bound again, as its input comes from
 * another process: 0, -EINVAL, -ENOMEM; *ret is the caller's.
 */
char *config_encode(const struct config *config);
must_check int config_decode(struct config **ret, const char *text, size_t len);

/* Base64 of a 32-byte key, strict (44 characters, canonical). 0 or -EINVAL. */
must_check int key_parse(uint8_t ret[CONFIG_KEY_BYTES], const char *text);
#define KEY_TEXT_BYTES 45
const char *key_format(
    const uint8_t key[CONFIG_KEY_BYTES], char text[KEY_TEXT_BYTES]);

#endif
