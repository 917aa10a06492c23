/* SPDX-License-Identifier: ISC */
/* The flat configuration: kept through its text form, refused when odd. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"
#include "api/value.h"

#define KEY "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

static void add_prefix(struct prefix **list, size_t *count, const char *text)
{
	struct prefix prefix;

	ck_assert_int_eq(prefix_parse(&prefix, text), 0);
	ck_assert_int_eq(config_add_prefix(list, count, &prefix), 0);
}

static void fill_peer(struct config *config, const char *name)
{
	struct config_peer *peer = config_add_peer(config);

	strcpy(peer->name, name);
	ck_assert_int_eq(key_parse(peer->public_key, KEY), 0);
	peer->public_key[0] = (uint8_t)config->peers_count;
	ck_assert_int_eq(config_set_text(&peer->endpoint_host, "fd00::1"), 0);
	peer->endpoint_port = 65535;
	peer->keepalive_s = 25;
	ck_assert_int_eq(
	    config_set_text(&peer->preshared_key_file, "/k\xc3\xa9y \\ psk"),
	    0);
	peer->extension = CONFIG_EXTENSION_REQUIRED;
	peer->place = (struct config_place){UINT32_MAX, 7};
	add_prefix(&peer->allowed_ips, &peer->allowed_ips_count, "10.0.0.0/8");
	add_prefix(&peer->allowed_ips, &peer->allowed_ips_count, "::/0");
}

static void add_mac(struct config_peer *peer, const char *text)
{
	struct mac mac;

	ck_assert_int_eq(mac_parse(&mac, text), 0);
	ck_assert_int_eq(config_add_mac(peer, &mac), 0);
}

/* A tap tunnel: two peers, the first with all that tap has. */
static struct config *make_tap(void)
{
	struct config *config = config_new();
	struct vlan_set vlans = {{0}};
	struct config_peer *peer;

	strcpy(config->name, "site");
	strcpy(config->file, "/etc/vpnd/site.conf");
	strcpy(config->device, "tap0");
	strcpy(config->private_key_file, "/etc/vpnd/keys/site.key");
	config->device_type = CONFIG_DEVICE_TAP;
	config->mtu = CONFIG_MTU_DEFAULT_TAP;
	config->has_mac = true;
	ck_assert_int_eq(mac_parse(&config->mac, "02:00:5e:10:00:01"), 0);
	strcpy(config->bridge, "br0");
	config->l2 = (struct config_l2){false, 10, 512, 128, 0,
	    CONFIG_STORM_MAX, 7, CONFIG_CONTROL_PASS, CONFIG_CONTROL_PASS};
	for (int i = 0; i < 2; i++) {
		peer = config_add_peer(config);
		strcpy(peer->name, i ? "b" : "a");
		ck_assert_int_eq(key_parse(peer->public_key, KEY), 0);
	}
	peer = config->peers;
	add_mac(peer, "02:00:00:00:00:0a");
	add_mac(peer, "02:00:00:00:00:0b");
	ck_assert_int_eq(vlan_set_parse(&vlans, "0,10-20,4094"), 0);
	ck_assert_int_eq(config_set_vlans(peer, &vlans), 0);
	peer->is_router = true;
	peer->is_dhcp_server = true;
	return config;
}

static struct config *make_config(void)
{
	struct config *config = config_new();

	strcpy(config->name, "site");
	strcpy(config->file, "/etc/vpnd/site.conf");
	strcpy(config->device, "vpn0");
	strcpy(config->private_key_file, "/etc/vpnd/keys/site.key");
	add_prefix(
	    &config->addresses, &config->addresses_count, "10.77.0.1/24");
	config->routes = CONFIG_ROUTES_TABLE;
	config->routes_table = 77;
	config->workers = 2;
	config->affinity = CONFIG_OFFLOAD_OFF;
	config->compress = CONFIG_COMPRESS_ZSTD;
	config->ciphers[0] = CONFIG_CIPHER_CHACHA20POLY1305;
	config->ciphers_count = 1;
	config->has_cipher_order = true;
	fill_peer(config, "a");
	fill_peer(config, "b");
	fill_peer(config, "c");
	return config;
}

START_TEST(config_survives_its_text_form)
{
	struct config *config = make_config(), *back = NULL;
	char *text = config_encode(config), *again;

	ck_assert_int_eq(config_decode(&back, text, strlen(text)), 0);
	again = config_encode(back);
	ck_assert_str_eq(text, again);
	ck_assert_uint_eq(back->peers_count, 3);
	ck_assert_str_eq(back->peers[1].preshared_key_file,
	    config->peers[1].preshared_key_file);
	ck_assert_uint_eq(back->peers[2].compress, CONFIG_COMPRESS_ZSTD);
	ck_assert_uint_eq(back->peers[2].place.line, UINT32_MAX);
	ck_assert_uint_eq(back->ciphers_count, 1);
	ck_assert_uint_eq(back->ciphers[0], CONFIG_CIPHER_CHACHA20POLY1305);
	ck_assert(prefix_is_equal(&back->addresses[0], &config->addresses[0]));
	ck_assert_uint_eq(back->routes_table, 77);
	ck_assert_uint_eq(back->workers, 2);
	ck_assert_int_eq(back->affinity, CONFIG_OFFLOAD_OFF);
	config_free(config);
	config_free(back);
	free(text);
	free(again);
}
END_TEST

START_TEST(a_tap_configuration_survives_its_text_form)
{
	struct config *config = make_tap(), *back = NULL;
	char *text = config_encode(config), *again;
	struct config_peer *peer;

	ck_assert_int_eq(config_decode(&back, text, strlen(text)), 0);
	again = config_encode(back);
	ck_assert_str_eq(text, again);
	ck_assert_int_eq(back->device_type, CONFIG_DEVICE_TAP);
	ck_assert(back->has_mac && mac_is_equal(&back->mac, &config->mac));
	ck_assert_str_eq(back->bridge, "br0");
	ck_assert_mem_eq(&back->l2, &config->l2, sizeof(back->l2));
	peer = back->peers;
	ck_assert_uint_eq(peer->macs_count, 2);
	ck_assert_uint_eq(peer->macs[1].bytes[5], 0x0b);
	ck_assert(peer->vlans && peer->is_router && peer->is_dhcp_server);
	ck_assert_mem_eq(
	    peer->vlans, config->peers->vlans, sizeof(*peer->vlans));
	ck_assert_int_eq(peer->extension, CONFIG_EXTENSION_REQUIRED);
	peer++;
	ck_assert_uint_eq(peer->macs_count, 0);
	ck_assert(!peer->vlans && !peer->is_router);
	config_free(config);
	config_free(back);
	free(text);
	free(again);
}
END_TEST

START_TEST(a_copy_of_a_peer_has_all_and_shares_nothing)
{
	struct config *config = make_tap();
	struct config_peer *from = &config->peers[0], copy;

	ck_assert_int_eq(config_set_text(&from->endpoint_host, "host"), 0);
	ck_assert_int_eq(config_set_text(&from->preshared_key_file, "/k"), 0);
	for (int i = 0; i < 9; i++)
		add_prefix(
		    &from->allowed_ips, &from->allowed_ips_count, "10.0.0.0/8");
	ck_assert_int_eq(config_peer_copy(&copy, from), 0);
	ck_assert_uint_eq(copy.allowed_ips_count, 9);
	/* both may grow */
	add_prefix(&copy.allowed_ips, &copy.allowed_ips_count, "10.1.0.0/16");
	add_prefix(&from->allowed_ips, &from->allowed_ips_count, "10.2.0.0/16");
	config_free(config);
	ck_assert_str_eq(copy.endpoint_host, "host");
	ck_assert_str_eq(copy.preshared_key_file, "/k");
	ck_assert_uint_eq(copy.macs_count, 2);
	ck_assert(vlan_set_has(copy.vlans, 10) && !vlan_set_has(copy.vlans, 9));
	ck_assert_uint_eq(copy.allowed_ips[9].bits, 16);
	config_peer_clear(&copy);
	ck_assert_ptr_null(copy.endpoint_host);
}
END_TEST

START_TEST(prefixes_by_the_thousand_survive)
{
	struct config *config = make_config(), *back = NULL;
	struct config_peer *peer = &config->peers[2];
	struct prefix prefix = {.address.family = FAMILY_IPV4, .bits = 32};
	size_t before = peer->allowed_ips_count;
	char *text;

	for (unsigned i = 0; i < 1000; i++) {
		prefix.address.bytes[0] = 11;
		prefix.address.bytes[2] = (uint8_t)(i >> 8);
		prefix.address.bytes[3] = (uint8_t)i;
		ck_assert_int_eq(config_add_prefix(&peer->allowed_ips,
				     &peer->allowed_ips_count, &prefix),
		    0);
	}
	text = config_encode(config);
	ck_assert_int_eq(config_decode(&back, text, strlen(text)), 0);
	ck_assert_uint_eq(back->peers[2].allowed_ips_count, before + 1000);
	ck_assert_mem_eq(back->peers[2].allowed_ips[before + 999].address.bytes,
	    prefix.address.bytes, 4);
	config_free(config);
	config_free(back);
	free(text);
}
END_TEST

START_TEST(the_longest_set_of_vlans_survives)
{
	struct config *config = make_tap(), *back = NULL;
	struct vlan_set vlans = {{0}};
	char *text;

	for (uint16_t vlan = 0; vlan < VLAN_COUNT - 1; vlan += 2)
		vlan_set_add(&vlans, vlan);
	ck_assert_int_eq(config_set_vlans(&config->peers[1], &vlans), 0);
	text = config_encode(config);
	ck_assert_int_eq(config_decode(&back, text, strlen(text)), 0);
	ck_assert_mem_eq(back->peers[1].vlans, config->peers[1].vlans,
	    sizeof(struct vlan_set));
	config_free(config);
	config_free(back);
	free(text);
}
END_TEST

/* Up to the limit of static addresses, and one more. */
START_TEST(more_static_addresses_than_allowed_are_refused)
{
	struct config *config = make_tap(), *back = NULL;
	struct config_peer *peer = &config->peers[1];
	struct mac mac = {{2}};
	char *text;

	for (unsigned i = 0; i < CONFIG_STATIC_MACS_MAX + (unsigned)_i; i++) {
		mac.bytes[4] = (uint8_t)(i >> 8);
		mac.bytes[5] = (uint8_t)i;
		ck_assert_int_eq(config_add_mac(peer, &mac), 0);
	}
	text = config_encode(config);
	ck_assert_int_eq(
	    config_decode(&back, text, strlen(text)), _i ? -EINVAL : 0);
	config_free(config);
	config_free(back);
	free(text);
}
END_TEST

START_TEST(config_cut_off_anywhere_is_refused)
{
	struct config *config = _i ? make_tap() : make_config(), *back = NULL;
	char *text = config_encode(config);

	for (size_t len = 0; len < strlen(text); len++)
		ck_assert_int_eq(config_decode(&back, text, len), -EINVAL);
	ck_assert_ptr_null(back);
	config_free(config);
	free(text);
}
END_TEST

/* A line of the text, and what it is replaced by. */
static const struct {
	const char *old, *new;
} changes[] = {
    {"vpnd.config/1", "vpnd.config/2"},
    {"s\tname\tsite\n", "s\tname\t\n"},
    {"s\tname\tsite\n", ""},
    {"s\tname\tsite\n", "s\tname\tsite\ns\tname\tsite\n"},
    {"s\tname\tsite\n", "u\tname\t1\n"},
    {"site\n", "s\\nite\n"},
    {"vpn0\n", "\n"},
    {"vpn0\n", "sixteen_letters_\n"},
    {"10.77.0.1/24", "10.77.0.1/33"},
    {"s\t\t10.77.0.1/24", "s\tx\t10.77.0.1/24"},
    {"s\t\t10.77.0.1/24", "u\t\t5"},
    {"1420", "575"},
    {"1420", "65536"},
    {"250", "0"},
    {"250", "1001"},
    {"s\tlisten_address\t::", "s\tlisten_address\t:"},
    {"u\tlisten_port\t0", "u\tlisten_port\t65536"},
    {"s\tudp_gso\tauto", "s\tudp_gso\ton"},
    {"s\tudp_gro\tauto", "s\tudp_gro\ton"},
    {"s\toffload\tauto", "s\toffload\ton"},
    {"/etc/vpnd/keys/site.key", ""},
    {"s\troutes\ttable", "s\troutes\tauto"},
    {"s\troutes\ttable", "s\troutes\tmany"},
    {"u\troutes_table\t77", "u\troutes_table\t0"},
    {"u\tfwmark\t0", "u\tfwmark\t4294967296"},
    {"u\tworkers\t2", "u\tworkers\t3"},
    {"u\tworkers\t2\n", ""},
    {"u\tworkers\t2", "s\tworkers\tauto"},
    {"s\taffinity\toff", "s\taffinity\ton"},
    {"chacha20poly1305", "rot13"},
    {"s\t\tchacha20poly1305\n",
	"s\t\tchacha20poly1305\ns\t\tchacha20poly1305\n"},
    {"s\t\tchacha20poly1305\n", ""},
    {"b\thas_cipher_order\ttrue", "b\thas_cipher_order\t1"},
    {"u\tbusy_poll_us\t0", "u\tbusy_poll_us\t1001"},
    {"log_level\tinfo", "log_level\ttrace"},
    {"{\t\n", "{\tx\n"},
    {"s\tname\ta\n", "s\tname\t\n"},
    {"8Dg=", "8Dg"},
    {"u\tendpoint_port\t65535", "u\tendpoint_port\t0"},
    {"s\tendpoint_host\tfd00::1", "s\tendpoint_host\t"},
    {"10.0.0.0/8", "10.0.0.1/8"},
    {"keepalive_s\t25", "keepalive_s\t65536"},
    {"}\n", "]\n"},
    {"}\n", "}\nx"},
};

/* The same of the tap tunnel. */
static const struct {
	const char *old, *new;
} tap_changes[] = {
    {"device_type\ttap", "device_type\ttun"},
    {"device_type\ttap", "device_type\tipip"},
    {"s\tdevice_type\ttap\n", ""},
    {"has_mac\ttrue", "has_mac\tfalse"},
    {"02:00:5e:10:00:01", "00:00:00:00:00:00"},
    {"02:00:5e:10:00:01", "03:00:5e:10:00:01"},
    {"02:00:5e:10:00:01", "02:00:5e:10:00"},
    {"br0\n", "sixteen_letters_\n"},
    {"[\taddresses\n", "[\taddresses\ns\t\t10.77.0.1/24\n"},
    {"mtu\t1400", "mtu\t65501"},
    {"routes\tauto\nu\troutes_table\t0", "routes\ttable\nu\troutes_table\t7"},
    {"l2_is_hub\tfalse", "l2_is_hub\t0"},
    {"l2_ageing_s\t10", "l2_ageing_s\t9"},
    {"l2_ageing_s\t10", "l2_ageing_s\t1000001"},
    {"l2_macs_max\t512", "l2_macs_max\t0"},
    {"l2_macs_max\t512", "l2_macs_max\t127"},
    {"l2_macs_max\t512", "l2_macs_max\t65537"},
    {"l2_macs_per_peer\t128", "l2_macs_per_peer\t0"},
    {"l2_macs_per_peer\t128", "l2_macs_per_peer\t513"},
    {"l2_storm_broadcast\t0", "l2_storm_broadcast\t1000001"},
    {"l2_storm_multicast\t1000000", "l2_storm_multicast\t1000001"},
    {"l2_storm_unknown_unicast\t7", "l2_storm_unknown_unicast\t4294967303"},
    {"l2_bpdu\tpass", "l2_bpdu\tflood"},
    {"l2_pause\tpass", "l2_pause\t"},
    {"extension\trequired", "extension\tauto"},
    {"extension\trequired", "extension\toff"},
    {"s\t\t02:00:00:00:00:0a", "s\t\t02:00:00:00:00:0"},
    {"s\t\t02:00:00:00:00:0a", "s\t\tff:ff:ff:ff:ff:ff"},
    {"s\t\t02:00:00:00:00:0a", "s\t\t00:00:00:00:00:00"},
    {"s\t\t02:00:00:00:00:0a", "u\t\t2"},
    {"vlans\t0,10-20,4094", "vlans\t0,10-20,4095"},
    {"vlans\t0,10-20,4094", "vlans\t20-10"},
    {"is_router\ttrue", "is_router\tyes"},
};

/* What only a tap tunnel has, in a tun tunnel. */
static const struct {
	const char *old, *new;
} tun_changes[] = {
    {"has_mac\tfalse\ns\tmac\t00:00", "has_mac\ttrue\ns\tmac\t02:00"},
    {"s\tmac\t00:00", "s\tmac\t02:00"},
    {"s\tbridge\t", "s\tbridge\tbr0"},
    {"[\tmacs\n", "[\tmacs\ns\t\t02:00:00:00:00:0a\n"},
    {"s\tvlans\t", "s\tvlans\t7"},
    {"is_router\tfalse", "is_router\ttrue"},
    {"is_dhcp_server\tfalse", "is_dhcp_server\ttrue"},
};

/* `text` with the first `old` replaced; the caller frees it. */
static char *replaced(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *result;

	ck_assert_ptr_nonnull(at);
	ck_assert_int_gt(asprintf(&result, "%.*s%s%s", (int)(at - text), text,
			     new, at + strlen(old)),
	    0);
	return result;
}

/* Frees `config`. */
static void check_change(
    struct config *config, const char *old, const char *new)
{
	struct config *back = NULL;
	char *text = config_encode(config);
	char *odd = replaced(text, old, new);

	ck_assert_int_eq(config_decode(&back, odd, strlen(odd)), -EINVAL);
	ck_assert_ptr_null(back);
	config_free(config);
	free(text);
	free(odd);
}

START_TEST(config_with_an_odd_line_is_refused)
{
	check_change(make_config(), changes[_i].old, changes[_i].new);
}
END_TEST

START_TEST(a_tap_configuration_with_an_odd_line_is_refused)
{
	check_change(make_tap(), tap_changes[_i].old, tap_changes[_i].new);
}
END_TEST

START_TEST(a_tun_configuration_with_something_of_tap_is_refused)
{
	check_change(make_config(), tun_changes[_i].old, tun_changes[_i].new);
}
END_TEST

START_TEST(config_with_something_behind_it_is_refused)
{
	struct config *config = make_config(), *back = NULL;
	char *text = config_encode(config), *more;

	ck_assert_int_gt(asprintf(&more, "%ss\tx\ty\n", text), 0);
	ck_assert_int_eq(config_decode(&back, more, strlen(more)), -EINVAL);
	ck_assert_int_eq(config_decode(&back, text, strlen(text) + 1), -EINVAL);
	config_free(config);
	free(text);
	free(more);
}
END_TEST

START_TEST(config_new_has_the_defaults)
{
	struct config *config = config_new();

	ck_assert_uint_eq(config->mtu, 1420);
	ck_assert_uint_eq(config->txqueuelen, 250);
	ck_assert_uint_eq(config->listen_address.family, FAMILY_IPV6);
	ck_assert_uint_eq(config->routes, CONFIG_ROUTES_AUTO);
	ck_assert_uint_eq(config->workers, CONFIG_WORKERS_AUTO);
	ck_assert_int_eq(config->affinity, CONFIG_OFFLOAD_AUTO);
	ck_assert_uint_eq(config->compress, CONFIG_COMPRESS_NONE);
	ck_assert_uint_eq(config->log_level, LOG_LEVEL_INFO);
	ck_assert_uint_eq(config->ciphers_count, CONFIG_CIPHERS);
	ck_assert(!config->has_cipher_order);
	config_free(config);
	config_free(NULL);
}
END_TEST

START_TEST(a_peer_of_a_tap_tunnel_requires_the_extension)
{
	struct config *config = config_new();

	ck_assert_int_eq(
	    config_add_peer(config)->extension, CONFIG_EXTENSION_AUTO);
	config->device_type = CONFIG_DEVICE_TAP;
	ck_assert_int_eq(
	    config_add_peer(config)->extension, CONFIG_EXTENSION_REQUIRED);
	config_free(config);
}
END_TEST

static const struct {
	const char *text, *problem; /* NULL: none */
} macs[] = {
    {"02:00:5e:10:00:01", NULL},
    {"AC:de:48:00:00:00", NULL},
    {"00:00:00:00:00:00", "is zero"},
    {"01:00:5e:00:00:01", "is that of a group"},
    {"ff:ff:ff:ff:ff:ff", "is that of a group"},
    {"02:00:5e:10:00", "is no MAC address"},
    {"02-00-5e-10-00-01", "is no MAC address"},
    {"", "is no MAC address"},
};

START_TEST(the_mac_address_of_a_host_is_told_from_others)
{
	struct mac mac;
	const char *problem = value_mac(&mac, macs[_i].text);

	if (macs[_i].problem)
		ck_assert_ptr_nonnull(strstr(problem, macs[_i].problem));
	else
		ck_assert_ptr_null(problem);
}
END_TEST

START_TEST(a_list_of_vlans_is_told_from_other_text)
{
	struct vlan_set set;

	ck_assert_ptr_null(value_vlans(&set, "0,10-20"));
	ck_assert(vlan_set_has(&set, 0) && vlan_set_has(&set, 20));
	ck_assert(!vlan_set_has(&set, 21));
	ck_assert_ptr_nonnull(value_vlans(&set, ""));
	ck_assert_ptr_nonnull(value_vlans(&set, "4095"));
}
END_TEST

START_TEST(config_names_are_those_of_the_file)
{
	ck_assert_str_eq(config_compress_name(CONFIG_COMPRESS_LZ4), "lz4");
	ck_assert_str_eq(
	    config_cipher_name(CONFIG_CIPHER_AES256GCM), "aes256gcm");
	ck_assert_str_eq(
	    config_extension_name(CONFIG_EXTENSION_REQUIRED), "required");
	ck_assert_int_eq(config_names_find(&config_log_level_names, "debug"),
	    LOG_LEVEL_DEBUG);
	ck_assert_int_eq(config_names_find(&config_routes_names, ""), -1);
}
END_TEST

START_TEST(key_is_read_as_it_was_written)
{
	uint8_t key[CONFIG_KEY_BYTES];
	char text[KEY_TEXT_BYTES];

	ck_assert_int_eq(key_parse(key, KEY), 0);
	ck_assert_uint_eq(key[0], 0xc5);
	ck_assert_str_eq(key_format(key, text), KEY);
}
END_TEST

static const char *const bad_keys[] = {
    "",
    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg",
    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg==",
    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dh=", /* spare bits */
    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8D==",
    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dgg",
    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8D-=", /* the URL's alphabet */
    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8D =",
    "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n",
    "AAECAwQFBg\213ICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
};

START_TEST(key_in_another_form_is_refused)
{
	uint8_t key[CONFIG_KEY_BYTES] = {7};

	ck_assert_int_eq(key_parse(key, bad_keys[_i]), -EINVAL);
	ck_assert_uint_eq(key[0], 7);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("api_config");
	TCase *tcase = tcase_create("config");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, config_survives_its_text_form);
	tcase_add_test(tcase, a_tap_configuration_survives_its_text_form);
	tcase_add_test(tcase, a_copy_of_a_peer_has_all_and_shares_nothing);
	tcase_add_test(tcase, prefixes_by_the_thousand_survive);
	tcase_add_test(tcase, the_longest_set_of_vlans_survives);
	tcase_add_loop_test(
	    tcase, more_static_addresses_than_allowed_are_refused, 0, 2);
	tcase_add_loop_test(tcase, config_cut_off_anywhere_is_refused, 0, 2);
	tcase_add_loop_test(tcase, config_with_an_odd_line_is_refused, 0,
	    (int)ARRAY_SIZE(changes));
	tcase_add_loop_test(tcase,
	    a_tap_configuration_with_an_odd_line_is_refused, 0,
	    (int)ARRAY_SIZE(tap_changes));
	tcase_add_loop_test(tcase,
	    a_tun_configuration_with_something_of_tap_is_refused, 0,
	    (int)ARRAY_SIZE(tun_changes));
	tcase_add_test(tcase, config_with_something_behind_it_is_refused);
	tcase_add_test(tcase, config_new_has_the_defaults);
	tcase_add_test(tcase, a_peer_of_a_tap_tunnel_requires_the_extension);
	tcase_add_loop_test(tcase,
	    the_mac_address_of_a_host_is_told_from_others, 0,
	    (int)ARRAY_SIZE(macs));
	tcase_add_test(tcase, a_list_of_vlans_is_told_from_other_text);
	tcase_add_test(tcase, config_names_are_those_of_the_file);
	tcase_add_test(tcase, key_is_read_as_it_was_written);
	tcase_add_loop_test(tcase, key_in_another_form_is_refused, 0,
	    (int)ARRAY_SIZE(bad_keys));
	return suite;
}
