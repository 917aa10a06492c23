/* SPDX-License-Identifier: ISC */
/*
 * Everything that crosses the wire; read this first.
 *
 * Outer messages (WireGuard paper, section 5.4), all little-endian:
 *	1 initiation	type 4, sender 4, ephemeral 32, static 32+16,
 *			timestamp 12+16, mac1 16, mac2 16		= 148
 *	2 response	type 4, sender 4, receiver 4, ephemeral 32,
 *			nothing 0+16, mac1 16, mac2 16			=  92
 *	3 cookie reply	type 4, receiver 4, nonce 24, cookie 16+16	=  64
 *	4 data		type 4, receiver 4, counter 8, packet n+16	>= 32
 *	5 data under AES-256-GCM: the same layout (extension)
 * The type is one byte, the three after it are zero.
 *
 * Inner plaintext, zero-padded to a multiple of 16. Its first byte tells what
 * it is; frames that WireGuard does not know never begin with 4 or 6:
 *	empty		keepalive
 *	0x4_ 0x6_	an IP packet, L4 checksum complete
 *	0xA_ 0xB_	an IPv4 packet, L4 checksum partial / verified: the
 *	0xC_ 0xD_	same for IPv6; the nibble replaces 4 or 6
 *	0x1_ 0x2_ 0x3_ 0x5_  an extension frame, see below
 */
#ifndef PROTOCOL_WIRE_H
#define PROTOCOL_WIRE_H

#include <stdint.h>

#define WIRE_KEY_BYTES	     32
#define WIRE_HASH_BYTES	     32
#define WIRE_TAG_BYTES	     16
#define WIRE_MAC_BYTES	     16
#define WIRE_COOKIE_BYTES    16
#define WIRE_XNONCE_BYTES    24
#define WIRE_TIMESTAMP_BYTES 12
#define WIRE_PADDING	     16

enum wire_message {
	WIRE_INITIATION = 1,
	WIRE_RESPONSE = 2,
	WIRE_COOKIE_REPLY = 3,
	WIRE_DATA = 4,
	WIRE_DATA_AES256GCM = 5,
};

#define WIRE_INITIATION_BYTES	148
#define WIRE_RESPONSE_BYTES	92
#define WIRE_COOKIE_REPLY_BYTES 64
#define WIRE_DATA_HEADER_BYTES	16
#define WIRE_DATA_BYTES_MIN	(WIRE_DATA_HEADER_BYTES + WIRE_TAG_BYTES)
/* What WireGuard adds to an inner packet, without padding. */
#define WIRE_OVERHEAD_BYTES WIRE_DATA_BYTES_MIN

/* Offsets inside the messages. */
#define WIRE_INITIATION_SENDER	  4
#define WIRE_INITIATION_EPHEMERAL 8
#define WIRE_INITIATION_STATIC	  40
#define WIRE_INITIATION_TIMESTAMP 88
#define WIRE_INITIATION_MAC1	  116
#define WIRE_INITIATION_MAC2	  132
#define WIRE_RESPONSE_SENDER	  4
#define WIRE_RESPONSE_RECEIVER	  8
#define WIRE_RESPONSE_EPHEMERAL	  12
#define WIRE_RESPONSE_NOTHING	  44
#define WIRE_RESPONSE_MAC1	  60
#define WIRE_RESPONSE_MAC2	  76
#define WIRE_COOKIE_RECEIVER	  4
#define WIRE_COOKIE_NONCE	  8
#define WIRE_COOKIE_COOKIE	  32
#define WIRE_DATA_RECEIVER	  4
#define WIRE_DATA_COUNTER	  8
#define WIRE_DATA_PACKET	  16

/* First bytes of extension frames. All numbers are reserved from the start;
 * a vpnd that does not know one yet ignores and counts it. */
enum wire_frame {
	WIRE_FRAME_IP = 0, /* never on the wire: an IP packet */
	WIRE_FRAME_HELLO = 0x10,
	WIRE_FRAME_HELLO_ANSWER = 0x11,
	WIRE_FRAME_PROBE = 0x12,
	WIRE_FRAME_PROBE_ACK = 0x13,
	WIRE_FRAME_ECHO = 0x14,
	WIRE_FRAME_ECHO_REPLY = 0x15,
	WIRE_FRAME_CLOSE = 0x16,
	WIRE_FRAME_ETHERNET = 0x20, /* L4 checksum complete */
	WIRE_FRAME_ETHERNET_PARTIAL = 0x21,
	WIRE_FRAME_ETHERNET_VERIFIED = 0x22,
	WIRE_FRAME_LZ4 = 0x30,
	WIRE_FRAME_ZSTD = 0x31,
	WIRE_FRAME_BUNDLE = 0x50,
	WIRE_FRAME_FRAGMENT = 0x51,
};

/* High nibbles of the first byte. */
enum wire_nibble {
	WIRE_NIBBLE_IPV4 = 0x4,
	WIRE_NIBBLE_IPV6 = 0x6,
	WIRE_NIBBLE_IPV4_PARTIAL = 0xA,
	WIRE_NIBBLE_IPV4_VERIFIED = 0xB,
	WIRE_NIBBLE_IPV6_PARTIAL = 0xC,
	WIRE_NIBBLE_IPV6_VERIFIED = 0xD,
};

/*
 * Layouts of the frames, after the first byte:
 *	HELLO, HELLO_ANSWER	version u8, length u16 (of all fields), fields
 *				{ field u8, length u8, value } ..., zeros up to
 *				WIRE_HELLO_BYTES
 *	ECHO, ECHO_REPLY	length u8 of what follows = 16, id u64, time u64
 *				(the sender's own clock, ns; returned unchanged)
 *	CLOSE			reason u8
 *	LZ4, ZSTD		original u16, length u16, block
 *	ETHERNET		padding u8 (bytes behind the frame), frame. All
 *				that a tunnel with this link carries has this
 *				head, since a frame may begin with any byte
 *	BUNDLE			{ length u16, frame } ... length 0 or the end
 *	FRAGMENT		id u16, offset u16, length u15 | last u1, bytes
 *	PROBE			kind u8, id u16, number u8, length u16, filler
 *	PROBE_ACK		kind u8, id u16, count u8, length u16
 */
#define WIRE_HELLO_VERSION   1
#define WIRE_HELLO_BYTES     84 /* an ordinary ping's length */
#define WIRE_ECHO_BYTES	     18
#define WIRE_CLOSE_BYTES     2
#define WIRE_PROBE_ACK_BYTES 7
#define WIRE_COMPRESSED_HEAD 5
#define WIRE_ETHERNET_HEAD   2
#define WIRE_BUNDLE_HEAD     3 /* with the first length */

enum wire_hello_field {
	WIRE_HELLO_FEATURES = 1,    /* u32, bits of enum wire_feature */
	WIRE_HELLO_LINK = 2,	    /* u8: 1 IP packets, 2 Ethernet frames */
	WIRE_HELLO_LARGEST = 3,	    /* u32: largest frame it takes, bytes */
	WIRE_HELLO_AEADS = 4,	    /* { aead u8, speed u16 in MB/s } ... */
	WIRE_HELLO_COMPRESSORS = 5, /* { compressor u8 } ... */
};

/* What a peer accepts besides the frames named in other fields. */
enum wire_feature {
	WIRE_FEATURE_CHECKSUM = 1u << 0, /* checksum-state nibbles */
	WIRE_FEATURE_ECHO = 1u << 1,
	WIRE_FEATURE_CLOSE = 1u << 2,
	WIRE_FEATURE_ETHERNET = 1u << 3, /* in all three checksum states */
	WIRE_FEATURE_BUNDLE = 1u << 4,
	WIRE_FEATURE_FRAGMENT = 1u << 5,
	WIRE_FEATURE_PROBE = 1u << 6,
};

/* The two do not mix: ends of different links refuse each other's traffic. */
enum wire_link {
	WIRE_LINK_IP = 1,
	WIRE_LINK_ETHERNET = 2,
};

enum wire_close {
	WIRE_CLOSE_STOPPING = 1, /* the daemon ends */
	WIRE_CLOSE_REMOVED = 2,	 /* the peer was removed */
	WIRE_CLOSE_REKEYED = 3,	 /* own private key or pre-shared key changed */
};

#endif
