/* SPDX-License-Identifier: ISC */
/* The packets of a capture file, through libpcap. */
#include "ctl/packets.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

struct packets {
	pcap_t *pcap;
	const char *file;
	bool are_frames;
};

static int fail(const struct packets *packets, const char *why, char *error)
{
	snprintf(error, PACKETS_ERROR_BYTES, "%s: %s", packets->file, why);
	return -1;
}

static int check_link(struct packets *packets, char *error)
{
	int link = pcap_datalink(packets->pcap);
	char why[128];

	switch (link) {
	case DLT_EN10MB:
		packets->are_frames = true;
		return 0;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return 0;
	default:
		snprintf(why, sizeof(why),
		    "packets of link type %s; Ethernet or raw IP is wanted, as "
		    "captured on a tun or tap device",
		    pcap_datalink_val_to_name(link));
		return fail(packets, why, error);
	}
}

static int set_filter(
    struct packets *packets, const char *expression, char *error)
{
	struct bpf_program program;
	char why[PCAP_ERRBUF_SIZE + 16];
	int err;

	if (!expression)
		return 0;
	err = pcap_compile(
	    packets->pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN);
	if (!err) {
		err = pcap_setfilter(packets->pcap, &program);
		pcap_freecode(&program);
	}
	if (!err)
		return 0;
	snprintf(
	    why, sizeof(why), "expression: %s", pcap_geterr(packets->pcap));
	return fail(packets, why, error);
}

int packets_open(struct packets **ret, const char *file, const char *expression,
    char error[PACKETS_ERROR_BYTES])
{
	struct packets *packets = calloc(1, sizeof(*packets));
	char why[PCAP_ERRBUF_SIZE] = "";

	if (!packets) {
		snprintf(error, PACKETS_ERROR_BYTES, "out of memory");
		return -1;
	}
	packets->file = file;
	packets->pcap = pcap_open_offline(file, why);
	if (!packets->pcap) {
		/* its own messages name the file when it can not be opened */
		snprintf(error, PACKETS_ERROR_BYTES, "%s", why);
	} else if (!check_link(packets, error) &&
		   !set_filter(packets, expression, error)) {
		*ret = packets;
		return 0;
	}
	packets_close(packets);
	return -1;
}

void packets_close(struct packets *packets)
{
	if (!packets)
		return;
	if (packets->pcap)
		pcap_close(packets->pcap);
	free(packets);
}

bool packets_are_frames(const struct packets *packets)
{
	return packets->are_frames;
}

int packets_next(struct packets *packets, struct packets_one *ret,
    char error[PACKETS_ERROR_BYTES])
{
	struct pcap_pkthdr *header;
	int result = pcap_next_ex(packets->pcap, &header, &ret->bytes);

	if (result == PCAP_ERROR_BREAK)
		return 0;
	if (result < 0)
		return fail(packets, pcap_geterr(packets->pcap), error);
	ret->len = header->caplen;
	ret->cut = header->len - header->caplen;
	return 1;
}
