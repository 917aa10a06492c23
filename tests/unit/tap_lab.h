/* SPDX-License-Identifier: ISC */
/*
 * The path's lab with a switch: the fake tunnel's peers are its ports, and
 * frames are made of what path_lab makes. Peers 0 and 1 are restricted to
 * their addresses, the others have no allowed_ips. Peer N has PEER_MAC(N).
 */
#ifndef TAP_LAB_H
#define TAP_LAB_H

#include "net/bridge.h"
#include "packet/ethernet.h"
#include "path_lab.h"

#define ANY_MAC		"02:aa:00:00:00:99" /* nobody's */
#define HOST_MAC	"02:aa:00:00:00:fe"
#define PEER_MAC(n)	"02:aa:00:00:00:0" #n
#define EVERYBODY	"ff:ff:ff:ff:ff:ff"
#define A_GROUP		"01:00:5e:00:00:fb"
#define OTHER_ETHERTYPE 0x88b5 /* for local experiments */

extern struct bridge *bridge;
extern struct bridge_port *ports[FAKE_PEERS];
extern struct bridge_limits limits; /* as the bridge has them */

void setup_tap(void);
void teardown_tap(void);

void apply_limits(void);
/* Gives a port other settings; user and name stay. */
void change_port(unsigned peer, struct bridge_port_setup setup);

/* Puts an Ethernet header before the packet. */
struct packet *framed(struct packet *pkt, const char *destination,
    const char *source, uint16_t ethertype);
/* Inserts a VLAN tag as the outermost one. */
struct packet *tagged(struct packet *pkt, uint16_t ethertype, uint16_t vlan);
/* 50 bytes of no protocol in a frame. */
struct packet *frame(const char *destination, const char *source);
/* An ARP request, broadcast from PEER_MAC(0). */
struct packet *arp(const char *sender, const char *target);
/* A packet of udp() or udp6(), from PEER_MAC(0) to HOST_MAC. */
struct packet *ip_frame(struct packet *pkt);
/* ICMPv6 of `bytes` from the type on, to ff02::1 or what `destination` is;
 * from PEER_MAC(0) to HOST_MAC. */
struct packet *icmp6_frame(const char *source, const char *destination,
    const uint8_t *bytes, uint8_t len);

void receive_from(unsigned peer, struct packet *pkt);
/* The switch learns where PEER_MAC(peer) is; results are taken away. */
void learn_all(void);

/* How many frames wait on path_to_wire for the peer. */
size_t sent_to(unsigned peer);
/* Releases what is on path_to_wire and path_to_device. */
void take_results(void);

#endif
