/* SPDX-License-Identifier: ISC */
/* Three tap tunnels for the tests of core's switch. */
#include "lan.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES  60
#define EXPERIMENTAL 0x88b5
#define ERROR_BYTES  512

static void keep_line(void *context, enum log_level level, const char *line)
{
	struct lan *lan = context;
	size_t len = strlen(lan->lines);

	if (level <= LOG_LEVEL_WARNING)
		snprintf(
		    lan->lines + len, sizeof(lan->lines) - len, "%s\n", line);
}

void lan_init(struct lan *lan)
{
	pair_init(&lan->pair);
	*lan->lines = '\0';
	lan->log = (struct log){
	    .level = LOG_LEVEL_INFO, .write = keep_line, .context = lan};
}

static struct config *tap_config(void)
{
	struct config *config = config_new();

	ck_assert_ptr_nonnull(config);
	config->device_type = CONFIG_DEVICE_TAP;
	config->mtu = CONFIG_MTU_DEFAULT_TAP;
	strcpy(config->name, "lan");
	strcpy(config->file, "/etc/vpnd/lan.conf");
	strcpy(config->device, "tap0");
	return config;
}

struct config *lan_config(const struct lan *lan, size_t idx)
{
	struct config *config = tap_config();

	if (idx > 0) {
		pair_add_end(&lan->pair, config, 0, NULL);
		return config;
	}
	pair_add_end(&lan->pair, config, 1, NULL);
	pair_add_end(&lan->pair, config, 2, NULL);
	return config;
}

void lan_start_left(struct lan *lan, struct config *config)
{
	struct core_setup setup = {
	    .config = config,
	    .keys = pair_keys(&lan->pair, 0, config->peers_count),
	    .memory = &memory_heap,
	    .pool = lan->pair.ends[0].pool,
	    .log = &lan->log,
	    .version = "1.2.3",
	};
	char error[ERROR_BYTES] = "";

	ck_assert_int_eq(core_new(&lan->pair.ends[0].core, &setup,
			     &lan->pair.moment, error, sizeof(error)),
	    0);
	ck_assert_str_eq(error, "");
}

void lan_connect(struct lan *lan)
{
	core_connect(lan->pair.ends[0].core, &lan->pair.moment);
	pair_carry(&lan->pair);
	/* The extension's HELLO may wait a little. */
	pair_pass(&lan->pair, NS_PER_S);
}

void lan_start(struct lan *lan, struct config *config)
{
	if (!config)
		lan_init(lan);
	lan_start_left(lan, config ? config : lan_config(lan, 0));
	for (size_t i = 1; i < PAIR_ENDS; i++)
		pair_start(&lan->pair, i, lan_config(lan, i));
	lan_connect(lan);
}

void lan_clear(struct lan *lan)
{
	pair_clear(&lan->pair);
}

struct mac lan_mac(unsigned station)
{
	if (station == LAN_ALL)
		return (struct mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	return (struct mac){
	    {2, 0, 0, 0, (uint8_t)(station >> 8), (uint8_t)station}};
}

void lan_add_mac(struct config_peer *peer, unsigned station)
{
	struct mac mac = lan_mac(station);

	ck_assert_int_eq(config_add_mac(peer, &mac), 0);
}

void lan_send(struct lan *lan, size_t from, unsigned source,
    unsigned destination, uint16_t vlan)
{
	uint8_t frame[FRAME_BYTES] = {0}, *at = frame + 12;
	struct mac to = lan_mac(destination), by = lan_mac(source);

	memcpy(frame, to.bytes, MAC_BYTES);
	memcpy(frame + MAC_BYTES, by.bytes, MAC_BYTES);
	if (vlan) {
		memcpy(at, (const uint8_t[]){0x81, 0}, 2);
		at[2] = (uint8_t)(vlan >> 8);
		at[3] = (uint8_t)vlan;
		at += 4;
	}
	at[0] = EXPERIMENTAL >> 8;
	at[1] = EXPERIMENTAL & 0xff;
	pair_send_bytes(&lan->pair, from, frame, sizeof(frame));
	pair_carry(&lan->pair);
}

size_t lan_got(struct lan *lan, size_t idx)
{
	size_t count = lan->pair.ends[idx].delivered;

	lan->pair.ends[idx].delivered = 0;
	return count;
}

void lan_expect(struct lan *lan, size_t from, unsigned source,
    unsigned destination, unsigned ends)
{
	for (size_t i = 0; i < PAIR_ENDS; i++)
		(void)lan_got(lan, i);
	lan_send(lan, from, source, destination, 0);
	for (size_t i = 0; i < PAIR_ENDS; i++)
		ck_assert_msg(lan_got(lan, i) == (ends >> i & 1),
		    "a frame from station %u at end %zu to station %u: end "
		    "%zu %s",
		    source, from, destination, i,
		    ends >> i & 1 ? "did not get it" : "got it");
}
