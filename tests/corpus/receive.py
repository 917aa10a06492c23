#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""usage: receive.py: writes the packets of receive.txt, without the answers.

One line a packet: its name, "|", its bytes. From 10.9.0.7 or fd09::7, which is
a peer's, to 10.9.0.1 or fd09::1, which is ours, or to another peer's network;
the networks and sockets are those of tests/netns/receive_kernel.h.
"""
import ipaddress
import struct

UDP, TCP, ICMP, ICMP6 = 17, 6, 1, 58
HOP, ROUTING, FRAGMENT, NONE, OPTIONS = 0, 43, 44, 59, 60


def address(text):
    return ipaddress.ip_address(text).packed


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(source, to, protocol, length):
    if len(source) == 4:
        return source + to + struct.pack("!BBH", 0, protocol, length)
    return source + to + struct.pack("!IHBB", length, 0, 0, protocol)


def ip4(payload=b"", to="10.9.0.1", source="10.9.0.7", protocol=200, ttl=64,
        fragment=0, options=b"", total=None, first=None, good=True, id_=7):
    options += b"\0" * (-len(options) % 4)
    header = bytearray(struct.pack(
        "!BBHHHBBH", first or 0x45 + len(options) // 4, 0,
        20 + len(options) + len(payload) if total is None else total,
        id_, fragment, ttl, protocol, 0))
    header += address(source) + address(to) + options
    header[10:12] = struct.pack("!H", checksum(bytes(header)) ^ (not good))
    return bytes(header) + payload


def ip6(payload=b"", to="fd09::1", source="fd09::7", protocol=200, hops=64,
        total=None):
    return struct.pack("!IHBB", 6 << 28,
                       len(payload) if total is None else total,
                       protocol, hops) + address(source) + address(to) + payload


def udp(port=53, data=b"x" * 4, to="10.9.0.1", source="10.9.0.7",
        length=None, good=True, none=False):
    length = 8 + len(data) if length is None else length
    head = struct.pack("!HHHH", 4000, port, length, 0)
    total = checksum(pseudo(address(source), address(to), UDP,
                            8 + len(data)) + head + data) ^ (not good)
    return head[:6] + struct.pack("!H", 0 if none else total) + data


def tcp(flags=2, to="10.9.0.1", source="10.9.0.7"):
    head = struct.pack("!HHIIBBHHH", 4000, 80, 1, 2, 0x50, flags, 8192, 0, 0)
    total = checksum(pseudo(address(source), address(to), TCP, 20) + head)
    return head[:16] + struct.pack("!H", total) + head[18:]


def icmp(kind=8, code=0, data=b"\0\1\0\1", source=None, to=None):
    head = struct.pack("!BBH", kind, code, 0) + data
    before = pseudo(address(source), address(to), ICMP6, len(head)) \
        if source else b""
    return head[:2] + struct.pack("!H", checksum(before + head)) + head[4:]


def udp4(to="10.9.0.1", source="10.9.0.7", port=53, data=b"xxxx", **more):
    return ip4(udp(port, data, to, source), to, source, UDP, **more)


def udp6(to="fd09::1", source="fd09::7", port=53, data=b"xxxx", hops=64):
    return ip6(udp(port, data, to, source), to, source, UDP, hops)


def ext6(*headers, to="fd09::1", source="fd09::7", hops=64, last=UDP,
         payload=None):
    """headers: (kind, bytes behind the next header's number)."""
    data = udp(to=to, source=source) if payload is None else payload
    for kind, rest in reversed(headers):
        data = bytes([last]) + rest + data
        last = kind
    return ip6(data, to, source, last, hops)


def option6(text):
    data = bytes.fromhex(text)
    assert (len(data) + 2) % 8 == 0, text
    return bytes([(len(data) + 2) // 8 - 1]) + data


def options4(text, **more):
    return udp4(options=bytes.fromhex(text), **more)


ALONE, ALONE6 = "10.9.0.2", "fd09::2"
BEYOND, BEYOND6 = "10.20.1.2", "fd20::2"
PACKETS = [
    ("version 5", b"\x55" + udp4()[1:]),
    ("one byte of IPv4", b"\x45"),
    ("19 bytes", udp4()[:19]),
    ("header of 16 bytes", b"\x44" + udp4()[1:]),
    ("header longer than the packet", ip4(first=0x46)[:20]),
    ("wrong header checksum", udp4(good=False)),
    ("total length above", udp4(total=60)),
    ("total length 19", udp4(total=19)),
    ("total length below: the rest is cut", udp4() + b"padding"),
    ("UDP for us", udp4()),
    ("UDP for our other address", udp4("10.8.0.1")),
    ("UDP with a wrong checksum", ip4(udp(good=False), protocol=UDP)),
    ("UDP without a checksum", ip4(udp(none=True), protocol=UDP)),
    ("UDP with a length of 7", ip4(udp(length=7), protocol=UDP)),
    ("UDP longer than the packet", ip4(udp(length=99), protocol=UDP)),
    ("UDP of 7 bytes", ip4(udp()[:7], protocol=UDP)),
    ("TCP for us", ip4(tcp(), protocol=TCP)),
    ("echo request", ip4(icmp(), protocol=ICMP)),
    ("ICMP error", ip4(icmp(3, 3), protocol=ICMP)),
    ("unknown protocol", ip4(b"xxxx")),
    ("ttl 0 for us", udp4(ttl=0)),
    ("ttl 1 for us", udp4(ttl=1)),
    ("first fragment", udp4(fragment=0x2000, data=b"x" * 8)),
    ("middle fragment", ip4(b"x" * 16, protocol=UDP, fragment=0x2002, id_=8)),
    ("last fragment", ip4(b"x" * 5, protocol=UDP, fragment=2, id_=9)),
    ("reserved flag", udp4(fragment=0x8000)),
    ("source multicast", udp4(source="224.0.0.1")),
    ("source broadcast", udp4(source="255.255.255.255")),
    ("source 0.0.0.0", udp4(source="0.0.0.0")),
    ("source 127.0.0.1", udp4(source="127.0.0.1")),
    ("source ours", udp4(source="10.9.0.1")),
    ("source our other address", udp4(source="10.8.0.1")),
    ("source our network's broadcast", udp4(source="10.9.0.255")),
    ("source our network's zero", udp4(source="10.9.0.0")),
    ("source of another peer", udp4(source="10.20.0.9")),
    ("source of nobody", udp4(source="192.0.2.1")),
    ("source of class E", udp4(source="240.0.0.1")),
    ("destination 0.0.0.0", udp4("0.0.0.0")),
    ("destination 127.0.0.1", udp4("127.0.0.1")),
    ("to all from 127.0.0.1", udp4("255.255.255.255", "127.0.0.1")),
    ("to all", udp4("255.255.255.255")),
    ("to our network", udp4("10.9.0.255")),
    ("to all hosts", udp4("224.0.0.1")),
    ("to a group of others", udp4("239.1.2.3")),
    ("to nobody", udp4("192.0.2.9")),
    ("option: nothing", options4("01010100")),
    ("option: router alert", options4("94040000")),
    ("option: router alert of 3 bytes", options4("940300")),
    ("option: record route", options4("070704")),
    ("option: record route, full", options4("07070800000000")),
    ("option: record route twice", options4("070304070304")),
    ("option: record route, half a place", options4("07070600000000")),
    ("option: timestamp", options4("4408050000000000")),
    ("option: timestamp, too many lost", options4("440405f0")),
    ("option: loose source route", options4("8307040a080009")),
    ("option: strict source route", options4("8907040a080009")),
    ("option: broken source route", options4("8307030a080009")),
    ("option: label", options4("860600000001")),
    ("option: unknown", options4("c8040102")),
    ("option: length 0", options4("c8000000")),
    ("option: past the header", options4("c8080000")),
    ("option: bad, to others", options4("c8000000", to=BEYOND)),
    ("forward UDP", udp4(BEYOND)),
    ("forward to its network", udp4("10.8.0.9")),
    ("forward TCP", ip4(tcp(to=BEYOND), BEYOND, protocol=TCP)),
    ("forward with a wrong UDP checksum",
     ip4(udp(good=False), BEYOND, protocol=UDP)),
    ("forward with ttl 2", udp4(BEYOND, ttl=2)),
    ("forward with ttl 1", udp4(BEYOND, ttl=1)),
    ("forward with ttl 0", udp4(BEYOND, ttl=0)),
    ("forward an ICMP error with ttl 1",
     ip4(icmp(3, 3), BEYOND, protocol=ICMP, ttl=1)),
    ("forward a later fragment with ttl 1",
     ip4(b"xxxx", BEYOND, protocol=UDP, ttl=1, fragment=9)),
    ("forward a later fragment",
     ip4(b"xxxx", BEYOND, protocol=UDP, fragment=9)),
    ("forward what has padding behind", udp4(BEYOND) + b"padding"),
    ("forward back", udp4("10.9.0.9")),
    ("forward with a spoofed source", udp4(BEYOND, "10.20.0.9")),
    ("forward 1281 bytes", udp4(BEYOND, data=b"x" * 1253)),
    ("forward 1280 bytes", udp4(BEYOND, data=b"x" * 1252)),
    ("forward 1281 bytes, not to be cut",
     udp4(BEYOND, data=b"x" * 1253, fragment=0x4000)),
    ("a socket", udp4(port=7)),
    ("a socket, 100 bytes", udp4(port=7, data=b"x" * 100)),
    ("a socket, nothing to read", udp4(port=7, data=b"")),
    ("a socket, padding", ip4(udp(7) + b"padding", protocol=UDP)),
    ("a socket, no checksum", ip4(udp(7, none=True), protocol=UDP)),
    ("a socket, wrong checksum", ip4(udp(7, good=False), protocol=UDP)),
    ("a socket, wrong checksum of 100 bytes",
     ip4(udp(7, b"x" * 100, good=False), protocol=UDP)),
    ("a socket whose buffer is full", udp4(port=8)),
    ("a full socket, wrong checksum of 100 bytes",
     ip4(udp(8, b"x" * 100, good=False), protocol=UDP)),
    ("a socket with a filter", udp4(port=9)),
    ("a filter, wrong checksum of 100 bytes",
     ip4(udp(9, b"x" * 100, good=False), protocol=UDP)),
    ("a full socket with a filter", udp4(port=10)),
    ("vpnd's alone", udp4(ALONE, port=7)),
    ("vpnd's alone, no socket", udp4(ALONE)),
    ("vpnd's alone, no socket, wrong checksum of 100 bytes",
     ip4(udp(53, b"x" * 100, ALONE, good=False), ALONE, protocol=UDP)),
    ("vpnd's alone, of 7 bytes", ip4(udp(to=ALONE)[:7], ALONE, protocol=UDP)),
    ("vpnd's alone, longer than the packet",
     ip4(udp(7, to=ALONE, length=99), ALONE, protocol=UDP)),
    ("vpnd's alone, unknown protocol", ip4(b"xxxx", ALONE)),
    ("39 bytes of IPv6", udp6()[:39]),
    ("IPv6 UDP for us", udp6()),
    ("IPv6 UDP for our other address", udp6("fd08::1")),
    ("IPv6 UDP without a checksum", ip6(udp(none=True), protocol=UDP)),
    ("IPv6 TCP for us",
     ip6(tcp(to="fd09::1", source="fd09::7"), protocol=TCP)),
    ("IPv6 echo request",
     ip6(icmp(128, source="fd09::7", to="fd09::1"), protocol=ICMP6)),
    ("IPv6 unknown protocol", ip6(b"xxxx")),
    ("IPv6 no next header", ip6(b"xxxx", protocol=NONE)),
    ("IPv6 payload length above", ip6(udp(), protocol=UDP, total=99)),
    ("IPv6 payload length below: the rest is cut", udp6() + b"padding"),
    ("IPv6 hop limit 0 for us", udp6(hops=0)),
    ("IPv6 source ::1", udp6(source="::1")),
    ("IPv6 destination ::1", udp6("::1")),
    ("IPv6 source multicast", udp6(source="ff02::1")),
    ("IPv6 destination ff00::", udp6("ff00::1")),
    ("IPv6 destination ff01::", udp6("ff01::1")),
    ("IPv6 to all hosts", udp6("ff02::1")),
    ("IPv6 to a group of others", udp6("ff0e::1234")),
    ("IPv6 destination ::", udp6("::")),
    ("IPv6 destination link-local", udp6("fe80::1")),
    ("IPv6 to the routers of our network", udp6("fd09::")),
    ("IPv6 to an unreachable network", udp6("fd30::1")),
    ("hop-by-hop: padding", ext6((HOP, option6("010400000000")))),
    ("hop-by-hop: router alert", ext6((HOP, option6("050200000100")))),
    ("hop-by-hop: router alert of 1 byte",
     ext6((HOP, option6("050100010100")))),
    ("hop-by-hop: unknown, skip", ext6((HOP, option6("3e0401020304")))),
    ("hop-by-hop: unknown, drop", ext6((HOP, option6("7e0401020304")))),
    ("hop-by-hop: unknown, say so", ext6((HOP, option6("be0401020304")))),
    ("hop-by-hop: unknown, say so to one",
     ext6((HOP, option6("fe0401020304")))),
    ("hop-by-hop: unknown, to a group",
     ext6((HOP, option6("fe0401020304")), to="ff02::1")),
    ("hop-by-hop: unknown, to others",
     ext6((HOP, option6("be0401020304")), to=BEYOND6)),
    ("hop-by-hop: padding that is no zero",
     ext6((HOP, option6("010400000001")))),
    ("hop-by-hop: 14 bytes of padding",
     ext6((HOP, option6("00" * 14)))),
    ("hop-by-hop: past the header", ext6((HOP, option6("3e0501020304")))),
    ("hop-by-hop: jumbogram of 1 byte",
     ext6((HOP, option6("c20400000001")))),
    ("hop-by-hop: jumbogram with a length",
     ext6((HOP, option6("c20400010000")))),
    ("hop-by-hop: label", ext6((HOP, option6("07080000000100000000" "01020000")))),
    ("hop-by-hop: nine options",
     ext6((HOP, option6("3e00" * 9 + "01020000")))),
    ("destination options", ext6((OPTIONS, option6("010400000000")))),
    ("routing header 0", ext6((ROUTING, option6("000000000000")))),
    ("IPv6 first fragment", ext6((FRAGMENT, bytes.fromhex("00000100000063")))),
    ("IPv6 last fragment", ext6((FRAGMENT, bytes.fromhex("00000800000064")))),
    ("IPv6 forward UDP", udp6(BEYOND6)),
    ("IPv6 forward with hop limit 2", udp6(BEYOND6, hops=2)),
    ("IPv6 forward with hop limit 1", udp6(BEYOND6, hops=1)),
    ("IPv6 forward with hop limit 0", udp6(BEYOND6, hops=0)),
    ("IPv6 forward an ICMP error with hop limit 1",
     ip6(icmp(1, 4, source="fd09::7", to=BEYOND6), BEYOND6,
         protocol=ICMP6, hops=1)),
    ("IPv6 forward destination options",
     ext6((OPTIONS, option6("be0401020304")), to=BEYOND6)),
    ("IPv6 forward a later fragment",
     ext6((FRAGMENT, bytes.fromhex("00000800000064")), to=BEYOND6)),
    ("IPv6 forward a first fragment that ends before ICMPv6, hop limit 1",
     ext6((FRAGMENT, bytes.fromhex("00000100000065")),
          (OPTIONS, option6("010400000000")), to=BEYOND6, hops=1, last=ICMP6,
          payload=b"")),
    ("IPv6 forward back", udp6("2001:db8::1")),
    ("IPv6 forward 1281 bytes", udp6(BEYOND6, data=b"x" * 1233)),
    ("IPv6 forward 1280 bytes", udp6(BEYOND6, data=b"x" * 1232)),
    ("IPv6 socket", udp6(port=7)),
    ("IPv6 socket, no checksum",
     ip6(udp(7, to="fd09::1", source="fd09::7", none=True), protocol=UDP)),
    ("IPv6 socket, wrong checksum of 100 bytes",
     ip6(udp(7, b"x" * 100, "fd09::1", "fd09::7", good=False), protocol=UDP)),
    ("IPv6 socket whose buffer is full", udp6(port=8)),
    ("IPv6 full socket, no checksum",
     ip6(udp(8, to="fd09::1", source="fd09::7", none=True), protocol=UDP)),
    ("IPv6 socket with a filter", udp6(port=9)),
    ("IPv6 full socket with a filter", udp6(port=10)),
    ("IPv6 vpnd's alone, no socket", udp6(ALONE6)),
    ("IPv6 vpnd's alone, no socket, wrong checksum",
     ip6(udp(53, b"x" * 100, ALONE6, "fd09::7", good=False), ALONE6,
         protocol=UDP)),
    ("IPv6 vpnd's alone, no next header", ip6(b"xxxx", ALONE6, protocol=NONE)),
    ("IPv6 vpnd's alone, unknown protocol", ip6(b"xxxx", ALONE6)),
]


def main():
    for name, packet in PACKETS:
        print("%s|%s" % (name, packet.hex()))


if __name__ == "__main__":
    main()
