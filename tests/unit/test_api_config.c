/* SPDX-License-Identifier: ISC */
/* The flat configuration: kept through its text form, refused when odd. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"

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
	strcpy(peer->endpoint_host, "fd00::1");
	peer->endpoint_port = 65535;
	peer->keepalive_s = 25;
	strcpy(peer->preshared_key_file, "/k\xc3\xa9y \\ psk");
	peer->extension = CONFIG_EXTENSION_REQUIRED;
	peer->place = (struct config_place){UINT32_MAX, 7};
	add_prefix(&peer->allowed_ips, &peer->allowed_ips_count, "10.0.0.0/8");
	add_prefix(&peer->allowed_ips, &peer->allowed_ips_count, "::/0");
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
	config_free(config);
	config_free(back);
	free(text);
	free(again);
}
END_TEST

START_TEST(config_cut_off_anywhere_is_refused)
{
	struct config *config = make_config(), *back = NULL;
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
    {"/etc/vpnd/keys/site.key", ""},
    {"s\troutes\ttable", "s\troutes\tauto"},
    {"s\troutes\ttable", "s\troutes\tmany"},
    {"u\troutes_table\t77", "u\troutes_table\t0"},
    {"u\tfwmark\t0", "u\tfwmark\t4294967296"},
    {"chacha20poly1305", "rot13"},
    {"s\t\tchacha20poly1305\n",
	"s\t\tchacha20poly1305\ns\t\tchacha20poly1305\n"},
    {"s\t\tchacha20poly1305\n", ""},
    {"b\thas_cipher_order\ttrue", "b\thas_cipher_order\t1"},
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

START_TEST(config_with_an_odd_line_is_refused)
{
	struct config *config = make_config(), *back = NULL;
	char *text = config_encode(config);
	char *odd = replaced(text, changes[_i].old, changes[_i].new);

	ck_assert_int_eq(config_decode(&back, odd, strlen(odd)), -EINVAL);
	ck_assert_ptr_null(back);
	config_free(config);
	free(text);
	free(odd);
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
	ck_assert_uint_eq(config->compress, CONFIG_COMPRESS_NONE);
	ck_assert_uint_eq(config->log_level, LOG_LEVEL_INFO);
	ck_assert_uint_eq(config->ciphers_count, CONFIG_CIPHERS);
	ck_assert(!config->has_cipher_order);
	config_free(config);
	config_free(NULL);
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
	tcase_add_test(tcase, config_cut_off_anywhere_is_refused);
	tcase_add_loop_test(tcase, config_with_an_odd_line_is_refused, 0,
	    (int)ARRAY_SIZE(changes));
	tcase_add_test(tcase, config_with_something_behind_it_is_refused);
	tcase_add_test(tcase, config_new_has_the_defaults);
	tcase_add_test(tcase, config_names_are_those_of_the_file);
	tcase_add_test(tcase, key_is_read_as_it_was_written);
	tcase_add_loop_test(tcase, key_in_another_form_is_refused, 0,
	    (int)ARRAY_SIZE(bad_keys));
	return suite;
}
