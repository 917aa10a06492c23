/* SPDX-License-Identifier: ISC */
/*
 * The naive reading of a frame.
 *
 * Offsets count from the frame's first byte, and each step asks by itself
 * whether its bytes are there. Nothing of vpnd's is used here.
 */
#include "naive_frame.h"

#include <string.h>

static unsigned word(const uint8_t *at)
{
	return at[0] * 256u + at[1];
}

static bool is_tag(unsigned type)
{
	return type == 0x8100 || type == 0x88a8;
}

static void read_header(struct naive_frame *n, const uint8_t *f, size_t len)
{
	unsigned types[5];
	int tags = 0;

	n->is_cut = len < 14;
	if (n->is_cut)
		return;
	types[0] = word(f + 12);
	while (tags < 4 && is_tag(types[tags]) && !n->is_cut) {
		size_t next = 14 + 4 * (size_t)tags;

		n->is_cut = len < next + 4;
		types[++tags] = n->is_cut ? 0 : word(f + next + 2);
	}
	n->l2 = 14 + 4 * (size_t)tags;
	n->ethertype = types[tags];
	for (int i = 0; i < tags && !n->is_cut; i++) {
		unsigned id = word(f + 14 + 4 * i) % 4096;

		n->vlan = i == 0 ? id : n->vlan == 0 && id ? 4095 : n->vlan;
	}
	if (!n->is_cut && is_tag(n->ethertype) && n->vlan == 0)
		n->vlan = 4095;
}

static bool has_right_sum(const uint8_t *header, size_t bytes)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < bytes; i += 2)
		sum += word(header + i);
	return sum && sum % 0xffff == 0;
}

static void read_ipv4(struct naive_frame *n, const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + n->l2;
	size_t room = len - n->l2, header, total;
	unsigned fragment;

	if (room < 20 || ip[0] >> 4 != 4)
		return;
	header = ip[0] % 16 * 4u;
	total = word(ip + 2);
	if (header < 20 || total < header || total > room ||
	    !has_right_sum(ip, header))
		return;
	fragment = word(ip + 6);
	n->version = 4;
	n->ip_bytes = total;
	n->l4 = n->l2 + header;
	n->l4_protocol = ip[9];
	n->is_later_fragment = fragment % 0x2000 != 0;
	n->is_first_fragment = !n->is_later_fragment && fragment & 0x2000;
}

static bool is_one(const uint8_t *address)
{
	return !memcmp(address, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

static bool is_any(const uint8_t *address)
{
	return !memcmp(address, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

/* False: damaged, or more than the parser follows. */
static bool walk(struct naive_frame *n, const uint8_t *f, size_t end)
{
	size_t at = n->l2 + 40, start = at, bytes;
	unsigned kind = f[n->l2 + 6], fragments = 0;

	for (unsigned count = 0;; count++) {
		bool is_known = kind == 0 || kind == 43 || kind == 44 ||
				kind == 51 || kind == 60;

		if (!is_known || n->is_later_fragment)
			break;
		if (count == 8 || (kind == 0 && count > 0) || end - at < 8)
			return false;
		bytes = kind == 44   ? 8u
			: kind == 51 ? f[at + 1] * 4u + 8
				     : f[at + 1] * 8u + 8;
		if (bytes > end - at || at + bytes - start > 256)
			return false;
		if (kind == 44) {
			unsigned field = word(f + at + 2);

			if (fragments++)
				return false;
			n->is_later_fragment = field / 8 != 0;
			n->is_first_fragment =
			    !n->is_later_fragment && field % 2;
		}
		kind = f[at];
		at += bytes;
	}
	n->l4 = at;
	n->l4_protocol = kind;
	return true;
}

static void read_ipv6(struct naive_frame *n, const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + n->l2, *from = ip + 8, *to = ip + 24;
	size_t room = len - n->l2, payload;

	if (room < 40 || ip[0] >> 4 != 6)
		return;
	payload = word(ip + 4);
	if (is_one(from) || is_one(to) || from[0] == 255 ||
	    (to[0] == 255 && to[1] % 16 < 2))
		return;
	if (payload == 0 && ip[6] == 0) {
		n->is_hidden = true;
		return;
	}
	if (payload + 40 > room)
		return;
	if (!walk(n, f, n->l2 + 40 + payload)) {
		n->is_hidden = true;
		n->is_first_fragment = n->is_later_fragment = false;
		return;
	}
	n->version = 6;
	n->ip_bytes = payload + 40;
}

static bool is_seen_inside(unsigned type)
{
	return type == 0x800 || type == 0x806 || type == 0x86dd || is_tag(type);
}

static void read_other(struct naive_frame *n, const uint8_t *f, size_t len)
{
	const uint8_t *llc = f + n->l2;

	if (is_tag(n->ethertype))
		n->is_hidden = true;
	if (n->ethertype < 0x600 && len - n->l2 >= 8 && llc[0] == 0xaa &&
	    llc[1] == 0xaa && llc[2] == 3 && !llc[3] && !llc[4] &&
	    (!llc[5] || llc[5] == 0xf8) && is_seen_inside(word(llc + 6)))
		n->is_hidden = true;
}

static void read_arp(struct naive_frame *n, const uint8_t *f, size_t len)
{
	const uint8_t *arp = f + n->l2;
	size_t room = len - n->l2;

	if (room >= 8 && word(arp + 2) != 0x800)
		return;
	if (room < 28 || arp[4] != 6 || arp[5] != 4) {
		n->is_damaged = true;
		return;
	}
	n->mac = n->l2 + 8;
	if (arp[14] || arp[15] || arp[16] || arp[17]) {
		n->claimed = n->l2 + 14;
		n->claimed_bytes = 4;
	}
}

static void read_nd(
    struct naive_frame *n, const uint8_t *f, size_t end, unsigned type)
{
	static const size_t least[] = {8, 16, 24, 24, 40};
	unsigned wanted = type >= 136 ? 2 : 1;
	size_t at = n->l4 + least[type - 133];

	n->is_damaged = n->is_first_fragment || end < at;
	while (!n->is_damaged && at < end) {
		size_t bytes = end - at < 2 ? 0 : f[at + 1] * 8u;

		if (bytes == 0 || bytes > end - at ||
		    (f[at] == wanted && bytes != 8))
			n->is_damaged = true;
		else if (f[at] == wanted && !n->mac)
			n->mac = at + 2;
		at += bytes;
	}
	if (type == 136 || (type == 135 && is_any(f + n->l2 + 8))) {
		n->claimed = n->l4 + 8;
		n->claimed_bytes = 16;
	}
}

static void read_icmp(struct naive_frame *n, const uint8_t *f, size_t end)
{
	unsigned type = n->l4 < end ? f[n->l4] : 0;

	if (n->l4 >= end) {
		n->is_router = n->is_first_fragment;
		n->is_damaged = n->is_first_fragment && n->version == 6;
	} else if (n->version == 4) {
		n->is_router = type == 5 || type == 9;
	} else if (type >= 133 && type <= 137) {
		n->is_router = type == 134 || type == 137;
		read_nd(n, f, end, type);
	}
}

static void read_udp(struct naive_frame *n, const uint8_t *f, size_t end)
{
	unsigned server = n->version == 4 ? 67 : 547;
	unsigned client = n->version == 4 ? 68 : 546;

	if (end - n->l4 < 4)
		n->is_dhcp_server = n->is_first_fragment;
	else
		n->is_dhcp_server =
		    word(f + n->l4) == server || word(f + n->l4 + 2) == client;
}

struct naive_frame naive_read(const uint8_t *frame, size_t len)
{
	struct naive_frame n = {0};

	read_header(&n, frame, len);
	if (n.is_cut)
		return n;
	if (n.ethertype == 0x800)
		read_ipv4(&n, frame, len);
	else if (n.ethertype == 0x86dd)
		read_ipv6(&n, frame, len);
	else if (n.ethertype == 0x806)
		read_arp(&n, frame, len);
	else
		read_other(&n, frame, len);
	n.is_router = n.is_dhcp_server = n.is_hidden;
	if (n.version && !n.is_later_fragment) {
		if (n.l4_protocol == (n.version == 4 ? 1 : 58))
			read_icmp(&n, frame, n.l2 + n.ip_bytes);
		else if (n.l4_protocol == 17)
			read_udp(&n, frame, n.l2 + n.ip_bytes);
	}
	if (n.is_damaged)
		n.claimed = n.mac = 0;
	return n;
}
