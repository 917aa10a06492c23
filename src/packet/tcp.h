/* SPDX-License-Identifier: ISC */
/* The fields of a TCP header (RFC 9293, 3.1), by their offsets. */
#ifndef PACKET_TCP_H
#define PACKET_TCP_H

#define TCP_SEQUENCE	 4
#define TCP_ACKNOWLEDGES 8
#define TCP_OFFSET	 12 /* header length in words, in the upper 4 bits */
#define TCP_FLAGS	 13
#define TCP_WINDOW	 14

/* Bits of TCP_FLAGS. */
enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

#endif
