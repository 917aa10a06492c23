#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""usage: tap.py: writes the frames of tap.txt, without the answers.

One line a frame: its name, where it comes from, its bytes, two fields for the
answers, and why they differ, if they do. The order matters, as a switch learns.
The ports are those of tests/netns/tap_ours.h.
"""
import struct
import sys

sys.dont_write_bytecode = True
from receive import (  # noqa: E402
    ICMP6, UDP, address, icmp, ip4, ip6, udp4, udp6)

HOST = "02:00:00:00:10:00"      # the device's own
STATION = "02:00:00:00:10:0a"   # behind the host
ONE = "02:00:00:00:10:01"
ONE_TOO = "02:00:00:00:10:11"
TWO = "02:00:00:00:10:02"
NOBODY = "02:00:00:00:10:99"
EVERYBODY = "ff:ff:ff:ff:ff:ff"
GROUP = "01:00:5e:00:00:fb"
LINK_LOCAL = "01:80:c2:00:00:%02x"
IPV4, ARP, VLAN, IPV6, TEST, QINQ = \
    0x0800, 0x0806, 0x8100, 0x86dd, 0x88b5, 0x88a8

NO_IP = "a bridge looks at no IP"
NO_GUARD = "a bridge lets everybody be a router and a DHCP server"
NO_VLANS = "this bridge filters no VLANs"
NO_STP = "a bridge without STP lets BPDUs through"
TWO_MORE = "the kernel wants two bytes behind a tag"
NO_THIEF = "a bridge lets others send from its static addresses"


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def frame(source, to, kind=TEST, payload=b"x" * 46, tags=()):
    head = mac(to) + mac(source)
    for tag in tags:
        head += struct.pack("!HH", *tag)
    return head + struct.pack("!H", kind) + payload


def arp(source, to, operation, sender, target):
    return frame(source, to, ARP, struct.pack(
        "!HHBBH", 1, IPV4, 6, 4, operation) + mac(source) + address(sender) +
        (mac(to) if operation == 2 else bytes(6)) + address(target))


def neighbour(source, to, kind, data, sender="fd09::7", target="ff02::1"):
    message = icmp(kind, 0, data, sender, target)
    return frame(source, to, IPV6, ip6(message, target, sender, ICMP6, 255))


def solicit(source):
    return neighbour(source, "33:33:ff:00:00:01", 135, bytes(4) +
                     address("fd09::1") + b"\1\1" + mac(source),
                     target="ff02::1:ff00:1")


def is_it_free(source, target):
    return neighbour(source, "33:33:ff:00:00:07", 135, bytes(4) +
                     address(target), "::", "ff02::1:ff00:7")


def advertise(source, target):
    return neighbour(source, "33:33:00:00:00:01", 136, b"\x20\0\0\0" +
                     address(target) + b"\2\1" + mac(source))


def router(source):
    return neighbour(source, "33:33:00:00:00:01", 134, b"\x40\0\x07\x08" +
                     bytes(8), "fe80::7")


def dhcp_offer():
    data = b"\2\1\6\0" + bytes(232) + bytes.fromhex("63825363350102ff")
    head = struct.pack("!HHHH", 67, 68, 8 + len(data), 0)
    return ip4(head + data, "255.255.255.255", "10.9.0.8", UDP)


FRAMES = [
    ("ARP request: a broadcast", "one",
     arp(ONE, EVERYBODY, 1, "10.9.0.7", "10.9.0.1")),
    ("ARP answer: learned unicast", "host",
     arp(HOST, ONE, 2, "10.9.0.1", "10.9.0.7")),
    ("unknown unicast", "two", frame(TWO, NOBODY)),
    ("learned unicast from peer to peer", "one", frame(ONE, TWO)),
    ("and back", "two", frame(TWO, ONE)),
    ("to the host", "one", frame(ONE, HOST)),
    ("multicast", "host", frame(STATION, GROUP)),
    ("a station behind the host", "two", frame(TWO, STATION)),
    ("to where it came from", "one", frame(ONE_TOO, ONE)),
    ("from the host to itself", "host", frame(STATION, HOST)),
    ("to itself", "one", frame(ONE, ONE)),
    ("a station before it moves", "two", frame(TWO, ONE_TOO)),
    ("it moves", "two", frame(ONE_TOO, EVERYBODY)),
    ("and is found", "one", frame(ONE, ONE_TOO)),
    ("where it went", "two", frame(TWO, ONE_TOO)),
    ("source zero", "one", frame("00:00:00:00:00:00", TWO)),
    ("source multicast", "one", frame(GROUP, TWO)),
    ("source broadcast", "host", frame(EVERYBODY, EVERYBODY)),
    ("source the host's", "two", frame(HOST, ONE), NO_THIEF),
    ("the host is where it was", "one", frame(ONE, HOST)),
    ("13 bytes", "one", frame(ONE, TWO)[:13]),
    ("13 bytes of the host", "host", frame(HOST, ONE)[:13]),
    ("a header alone", "one", frame(ONE, TWO)[:14]),
    ("a cut tag", "one", frame(ONE, TWO, tags=((VLAN, 10),))[:17]),
    ("a whole tag and nothing else", "one",
     frame(ONE, EVERYBODY, tags=((VLAN, 10),))[:18], TWO_MORE),
    ("priority tag", "one", frame(ONE, TWO, tags=((VLAN, 0xe000),))),
    ("VLAN: unknown", "two",
     frame("02:00:00:00:11:02", "02:00:00:00:11:01", tags=((VLAN, 10),))),
    ("VLAN: learned", "one",
     frame("02:00:00:00:11:01", "02:00:00:00:11:02", tags=((VLAN, 10),))),
    ("VLAN that is not the sender's", "one",
     frame(ONE, TWO, tags=((VLAN, 20),)), NO_VLANS),
    ("VLAN that is not a receiver's", "two",
     frame("02:00:00:00:12:02", EVERYBODY, tags=((VLAN, 20),)), NO_VLANS),
    ("two tags", "two", frame("02:00:00:00:11:02", EVERYBODY,
                              tags=((QINQ, 10), (VLAN, 30)))),
    ("five tags of a cable", "two", frame("02:00:00:00:11:02", EVERYBODY,
                                          tags=((VLAN, 10),) * 5), NO_GUARD),
    ("a pause frame", "one", frame(ONE, LINK_LOCAL % 1, 0x8808)),
    ("a pause frame of the host", "host", frame(STATION, LINK_LOCAL % 1,
                                                0x8808)),
    ("a pause frame from zero", "one",
     frame("00:00:00:00:00:00", LINK_LOCAL % 1, 0x8808)),
    ("a BPDU", "one",
     frame(ONE, LINK_LOCAL % 0, 38, b"\x42\x42\3" + bytes(35)), NO_STP),
    ("LACP", "one", frame(ONE, LINK_LOCAL % 2, 0x8809)),
    ("802.1X", "one", frame(ONE, LINK_LOCAL % 3, 0x888e)),
    ("LLDP", "one", frame(ONE, LINK_LOCAL % 14, 0x88cc)),
    ("LLDP of the host", "host", frame(STATION, LINK_LOCAL % 14, 0x88cc)),
    ("the last link-local group", "one", frame(ONE, LINK_LOCAL % 15)),
    ("the first that is not", "one", frame(ONE, LINK_LOCAL % 16)),
    ("ARP in another's name", "one",
     arp(ONE, EVERYBODY, 1, "10.9.0.8", "10.9.0.1"), NO_IP),
    ("ARP answer in the host's name", "one",
     arp(ONE, TWO, 2, "10.9.0.1", "10.9.0.8"), NO_IP),
    ("ARP of a cable in another's name", "two",
     arp(TWO, ONE, 2, "10.9.0.1", "10.9.0.7")),
    ("neighbour solicitation", "one", solicit(ONE)),
    ("its own address: is it free?", "one", is_it_free(ONE, "fd09::7")),
    ("another's: is it free?", "one", is_it_free(ONE, "fd09::8"), NO_IP),
    ("neighbour advertisement", "one", advertise(ONE, "fd09::7")),
    ("neighbour advertisement of another's", "one",
     advertise(ONE, "fd09::8"), NO_IP),
    ("router advertisement", "two", router(TWO), NO_GUARD),
    ("router advertisement of the host", "host", router(STATION)),
    ("DHCP offer", "two", frame(TWO, EVERYBODY, IPV4, dhcp_offer()), NO_GUARD),
    ("IPv4", "one", frame(ONE, HOST, IPV4, udp4())),
    ("IPv4 with padding", "one", frame(ONE, HOST, IPV4, udp4() + bytes(14))),
    ("IPv4, wrong header checksum", "one",
     frame(ONE, HOST, IPV4, udp4(good=False)), NO_IP),
    ("IPv4, wrong header checksum, of a cable", "two",
     frame(TWO, HOST, IPV4, udp4(good=False))),
    ("IPv4, 19 bytes", "one", frame(ONE, HOST, IPV4, udp4()[:19]), NO_IP),
    ("IPv4, total length above", "one",
     frame(ONE, HOST, IPV4, udp4(total=60)), NO_IP),
    ("IPv4 in another's name", "one",
     frame(ONE, HOST, IPV4, udp4(source="10.9.0.8")), NO_IP),
    ("IPv4 in the host's name", "one",
     frame(ONE, TWO, IPV4, udp4("10.9.0.8", "10.9.0.1")), NO_IP),
    ("IPv6", "one", frame(ONE, TWO, IPV6, udp6("fd09::8"))),
    ("IPv6 in another's name", "one",
     frame(ONE, HOST, IPV6, udp6(source="fd09::8")), NO_IP),
    ("IPv6, 39 bytes", "one", frame(ONE, HOST, IPV6, udp6()[:39]), NO_IP),
    ("IPv6 that says it is IPv4", "one", frame(ONE, HOST, IPV4, udp6()),
     NO_IP),
    ("another ethertype", "one", frame(ONE, TWO, 0x9000)),
    ("a length field", "one", frame(ONE, TWO, 46, b"\xe0\xe0\3" + bytes(43))),
    ("a length field beyond the frame", "one",
     frame(ONE, TWO, 1500, b"\xe0\xe0\3" + bytes(43))),
    ("IPv4 in SNAP", "one",
     frame(ONE, TWO, 40, b"\xaa\xaa\3\0\0\0\x08\0" + udp4()), NO_IP),
    ("1518 bytes", "one", frame(ONE, TWO, payload=b"x" * 1504)),
    ("1519 bytes", "one", frame(ONE, TWO, payload=b"x" * 1505)),
    ("1519 bytes for all", "host", frame(STATION, EVERYBODY,
                                         payload=b"x" * 1505)),
]


def main():
    for name, port, data, *why in FRAMES:
        print("|".join([name, port, data.hex(), "", "", *(why or [""])]))


if __name__ == "__main__":
    main()
