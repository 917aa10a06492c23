#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the seed corpora of the protocol's fuzz targets (run in tests/fuzz)."""
import base64
import hashlib
import os
import random
import struct


def save(target, name, data):
    directory = os.path.join("corpus", target)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, name), "wb") as file:
        file.write(data)


def ipv4(protocol, payload, options=b"", fragment=0, source=b"\x0a\x4d\0\1"):
    words = 5 + len(options) // 4
    head = struct.pack(">BBHHHBBH4s4s", 0x40 | words, 0,
                       words * 4 + len(payload), 1, fragment, 64, protocol, 0,
                       source, b"\x0a\x4d\0\2") + options
    total = sum(struct.unpack(">%dH" % (len(head) // 2), head))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack(">H", ~total & 0xffff) + head[12:] + payload


def ipv6(next_header, payload):
    source = b"\xfd\x77" + bytes(13) + b"\1"
    destination = b"\xfd\x77" + bytes(13) + b"\2"
    return struct.pack(">IHBB", 6 << 28, len(payload), next_header, 64) + \
        source + destination + payload


UDP = struct.pack(">HHHH", 4000, 53, 20, 0) + b"hello, world"
TCP = struct.pack(">HHIIBBHHH", 1, 443, 1, 2, 0x50, 2, 1000, 0, 0) + b"text"
ICMP = struct.pack(">BBHHH", 8, 0, 0, 7, 1) + bytes(16)
FRAGMENT = struct.pack(">BBHI", 17, 0, 0, 5)
HOP = struct.pack(">BB6x", 60, 0)
DESTINATION = struct.pack(">BB6x", 43, 0)
ROUTING = struct.pack(">BBBB4x", 44, 0, 0, 0)
CHAIN = HOP + DESTINATION + ROUTING + struct.pack(">BBHI", 6, 0, 0, 5) + TCP
LONG_HOP = struct.pack(">BB", 17, 255) + bytes(2046) + UDP
PACKETS = {
    "udp4": ipv4(17, UDP), "tcp4": ipv4(6, TCP), "icmp4": ipv4(1, ICMP),
    "options": ipv4(17, UDP, b"\x83\x07\x04\x0a\0\0\1\0"),
    "timestamp": ipv4(17, UDP, b"\x44\x0c\x05\0" + bytes(8)),
    "route": ipv4(17, UDP, b"\x07\x07\x04" + bytes(5)),
    "bad_option": ipv4(17, UDP, b"\x94\x09\0\0"),
    "fragment4": ipv4(17, UDP[:8], fragment=0x2000),
    "later4": ipv4(17, UDP, fragment=0x0010),
    "esp": ipv4(50, bytes(32)), "wireguard": ipv4(17, struct.pack(
        ">HHHH", 51820, 51820, 40, 0) + bytes(32)),
    "martian": ipv4(17, UDP, source=b"\x7f\0\0\1"),
    "udp6": ipv6(17, UDP), "tcp6": ipv6(6, TCP), "icmp6": ipv6(58, ICMP),
    "fragment6": ipv6(44, FRAGMENT + UDP), "chain": ipv6(0, CHAIN),
    "later6": ipv6(44, struct.pack(">BBHI", 17, 0, 0x10, 5) + UDP),
    "long_hop": ipv6(0, LONG_HOP), "none": ipv6(59, b"bytes"),
    "ah": ipv6(51, struct.pack(">BBHII", 17, 1, 0, 1, 1) + UDP),
    "tls": ipv4(6, struct.pack(">HHIIBBHHH", 1, 443, 1, 2, 0x50, 16, 1000, 0,
                               0) + b"\x17\x03\x03"),
    "short4": b"\x45\0", "short6": b"\x60" + bytes(10),
    "jumbo": ipv6(17, b"")[:4] + bytes(2) + ipv6(17, b"")[6:],
}
for key, value in PACKETS.items():
    save("ip", key, b"\0\0" + value)
    save("ip", key + "_ce", b"\7\11" + value.replace(b"\x45\0", b"\x45\2", 1))
    save("data", key, b"\0\0" + value + bytes(-len(value) % 16))

# Classic BPF, as tcpdump -ddd prints it
PORT_53 = """48 0 0 0,84 0 0 240,21 0 6 96,48 0 0 6,21 0 17 17,40 0 0 40,
21 14 0 53,40 0 0 42,21 12 13 53,48 0 0 0,84 0 0 240,21 0 10 64,48 0 0 9,
21 0 8 17,40 0 0 6,69 6 0 8191,177 0 0 0,72 0 0 0,21 2 0 53,72 0 0 2,21 0 1 53,
6 0 0 262144,6 0 0 0"""
INDEXED = """48 0 0 0,84 0 0 240,21 0 5 64,48 0 0 0,84 0 0 15,7 0 0 2,80 0 0 0,
21 2 0 0,128 0 0 0,53 0 1 100,6 0 0 262144,6 0 0 0"""
RETURN_A = ",22 0 0 0"
BESIDE = "32 0 0 %d" + RETURN_A


def program(text, packet=ipv4(17, UDP), cut=0, count=None):
    lines = [tuple(map(int, line.split())) for line in text.split(",")]
    return struct.pack("<HHHBx", len(lines) if count is None else count, cut,
                       0x0800, 4) + \
        b"".join(struct.pack("<HBBI", *line) for line in lines) + packet


for key, value in {
        "port": program(PORT_53), "port6": program(PORT_53, ipv6(17, UDP)),
        "port_cut": program(PORT_53, ipv4(17, UDP)[:22]),
        "indexed": program(INDEXED, cut=100),
        "words": program("2 0 0 1,3 0 0 2,96 0 0 1,97 0 0 2" + RETURN_A),
        "word_16": program("2 0 0 16" + RETURN_A),
        "word_unwritten": program("21 0 1 0,2 0 0 0,96 0 0 0" + RETURN_A),
        "sums": program("0 0 0 77,1 0 0 5,4 0 0 1,20 0 0 2,36 0 0 3,52 0 0 4,"
                        "68 0 0 5,84 0 0 6,100 0 0 7,116 0 0 8,132 0 0 0,"
                        "148 0 0 9,164 0 0 10" + RETURN_A),
        "sums_x": program("128 0 0 0,129 0 0 0,12 0 0 0,28 0 0 0,44 0 0 0,"
                          "60 0 0 0,76 0 0 0,92 0 0 0,108 0 0 0,124 0 0 0,"
                          "156 0 0 0,172 0 0 0,135 0 0 0" + RETURN_A),
        "loads": program("32 0 0 1,40 0 0 2,1 0 0 3,64 0 0 1,80 0 0 2" +
                         RETURN_A),
        "branches": program("5 0 0 0,37 0 0 1,53 0 0 1,69 0 0 1,29 0 0 0,"
                            "45 0 0 0,61 0 0 0,77 0 0 0" + RETURN_A),
        "by_x_0": program("60 0 0 0" + RETURN_A),
        "by_0": program("52 0 0 0" + RETURN_A),
        "shift_32": program("100 0 0 32" + RETURN_A),
        "jump_back": program("5 0 0 4294967294" + RETURN_A),
        "branch_out": program("21 0 9 0" + RETURN_A),
        "branch_out_true": program("21 9 0 0" + RETURN_A),
        "no_code": program("8 0 0 0" + RETURN_A),
        "no_return": program("0 0 0 1"), "none": program(INDEXED, count=0),
        "too_many": program(",".join(["6 0 0 0"] * 4097)),
        "protocol": program(BESIDE % 0xfffff000),
        "type": program(BESIDE % 0xfffff004),
        "interface": program(BESIDE % 0xfffff008),
        "mark": program(BESIDE % 0xfffff014),
        "vlan": program(BESIDE % 0xfffff02c),
        "network": program(BESIDE % 0xfff00000),
        "header_network": program("177 0 0 4293918720" + RETURN_A),
        "far": program(BESIDE % 0x80000000)}.items():
    save("bpf", key, value)

ACCEPT_UDP = b"0030000000000009" b"0015000100000011" b"0006000000040000" \
    b"0006000000000000\0"


def record(kind, flags, peer, stage, reason, payload):
    body = struct.pack("<BBHHQQI", kind, flags, 1, 0, 1790000000 * 10**9, 7,
                       len(payload))
    for text in peer, stage, reason:
        body += bytes([len(text)]) + text + b"\0"
    return struct.pack("<I", len(body) + len(payload)) + body + payload


save("capture", "packet", ACCEPT_UDP + ipv4(17, UDP))
save("capture", "records", ACCEPT_UDP + record(1, 8, b"", b"", b"", b"") +
     record(2, 1, b"branch", b"", b"", ipv4(17, UDP)) +
     record(3, 0, b"", b"", b"", b"") +
     record(2, 5, b"", b"mtu", b"PKT_TOO_BIG", ipv4(17, UDP)))
save("capture", "damaged", ACCEPT_UDP[:-2] + b"\0" +
     record(2, 0, b"\0x", b"", b"", b"")[:-1])
save("capture", "refused", b"0006000000000000" b"0016000000000000\0")

FIELDS = b"\1\4" + struct.pack("<I", 7) + b"\2\1\1" + b"\3\4" + \
    struct.pack("<I", 1500) + b"\4\6" + struct.pack("<BHBH", 1, 9, 2, 99) + \
    b"\5\2\1\2"
HELLO = struct.pack("<BBH", 0x10, 1, len(FIELDS)) + FIELDS
UDP_COPY = ipv4(17, UDP)
# LZ4: a packet's header as literals, and zeros up to 40000 bytes
LARGE = b"\xff\5" + ipv4(17, bytes(39980))[:20] + b"\1\0" + b"\xff" * 156 + \
    b"\xb0\x50" + bytes(5)
FRAMES = {
    "keepalive": b"", "hello": HELLO.ljust(84, b"\0"),
    "answer": b"\x11" + HELLO[1:].ljust(83, b"\0"),
    "hello_cut": HELLO[:9], "hello_long": HELLO[:2] + b"\xff\xff" + FIELDS,
    "echo": struct.pack("<BBQQ", 0x14, 16, 1, 2),
    "echo_reply": struct.pack("<BBQQ", 0x15, 16, 1, 2),
    "close": b"\x16\1", "probe": b"\x12\1\0\0\0\1\0", "ethernet": b"\x20" +
    bytes(20), "bundle": b"\x50\4\0abcd", "fragment": b"\x51" + bytes(8),
    "partial4": b"\xa5" + UDP_COPY[1:], "verified4": b"\xb5" + UDP_COPY[1:],
    "partial6": b"\xc0" + ipv6(17, UDP)[1:],
    "verified6": b"\xd0" + ipv6(17, UDP)[1:],
    # LZ4: one literal run that is the packet
    "lz4": b"\x30" + struct.pack("<HH", len(UDP_COPY), len(UDP_COPY) + 2) +
    b"\xf0" + bytes([len(UDP_COPY) - 15]) + UDP_COPY,
    "lz4_large": b"\x30" + struct.pack("<HH", 40000, len(LARGE)) + LARGE,
    "lz4_lie": b"\x30" + struct.pack("<HH", 1400, 4) + b"\x1fa\1\0\xff",
    "zstd": b"\x31" + struct.pack("<HH", 40, 13) +
    bytes.fromhex("28b52ffd2028410100000000aa"),
}
for key, value in FRAMES.items():
    save("data", key, b"\0\1" + value + bytes(-len(value) % 16))



def ethernet(kind, frame, padding=None):
    whole = -(2 + len(frame)) % 16
    return bytes([kind, whole if padding is None else padding]) + frame + \
        bytes(whole)


HOST, STATION = b"\x02\x77\0\0\0\1", b"\x02\x77\0\0\0\3"
EVERYBODY = b"\xff" * 6
IPV4, IPV6, ARP = b"\x08\0", b"\x86\xdd", b"\x08\6"
UNICAST, BROADCAST = HOST + STATION, EVERYBODY + STATION
REQUEST = struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + STATION + \
    b"\x0a\x4d\0\1" + bytes(6) + b"\x0a\x4d\0\2"
ETHERNET = {
    "udp4": UNICAST + IPV4 + ipv4(17, UDP),
    "udp6": UNICAST + IPV6 + ipv6(17, UDP), "arp": BROADCAST + ARP + REQUEST,
    "trailer": UNICAST + IPV4 + ipv4(17, UDP) + bytes(30),
    "vlan": UNICAST + b"\x81\0\0\x0a" + IPV4 + ipv4(17, UDP),
    "qinq": UNICAST + b"\x88\xa8\0\x0a\x81\0\0\x0b" + IPV4 + ipv4(17, UDP),
    "tags": UNICAST + b"\x81\0\0\1" * 6 + IPV4, "group": HOST + EVERYBODY +
    IPV4 + ipv4(17, UDP), "own": EVERYBODY + HOST + ARP + REQUEST,
    "bpdu": b"\x01\x80\xc2\0\0\0" + STATION + b"\0\x26" + bytes(38),
    "pause": b"\x01\x80\xc2\0\0\1" + STATION + b"\x88\x08" + bytes(46),
    "dhcp": BROADCAST + IPV4 + ipv4(17, struct.pack(">HHHH", 67, 68, 248, 0) +
                                    b"\2" + bytes(239)),
    "advertisement": b"\x33\x33\0\0\0\1" + STATION + IPV6 + ipv6(
        58, b"\x86" + bytes(15)),
    "neighbour": b"\x33\x33\0\0\0\1" + STATION + IPV6 + ipv6(
        58, b"\x88\0\0\0" + bytes(20) + b"\2\1" + STATION),
    "broken": UNICAST + IPV4 + b"\x45\0\xff\xff", "head": UNICAST,
    "unknown": UNICAST + b"\x12\x34" + bytes(50),
}
for key, value in ETHERNET.items():
    save("data", "tap_" + key, b"\0\2" + ethernet(0x20, value))
VALUE = ETHERNET["udp4"]
for key, value in {
        "partial": ethernet(0x21, VALUE), "verified": ethernet(0x22, VALUE),
        "padding": ethernet(0x20, VALUE, 255), "empty": ethernet(0x20, b""),
        "all_padding": b"\x20\x0e" + bytes(14), "cut": b"\x20",
        "ip": ipv4(17, UDP), "partial4": b"\xa5" + UDP_COPY[1:],
        "lz4_ip": FRAMES["lz4"], "keepalive": b"",
        "lz4": b"\x30" + struct.pack("<HH", len(VALUE) + 2, len(VALUE) + 4) +
        b"\xf0" + bytes([len(VALUE) - 13]) + b"\x20\0" + VALUE,
        "hello": HELLO.replace(b"\2\1\1", b"\2\1\2").replace(
            b"\1\4\7", b"\1\4\x0f").ljust(84, b"\0"),
        "hello_ip": HELLO.ljust(84, b"\0")}.items():
    save("data", "tap_" + key, b"\0\3" + value)

for kind, length in ((1, 148), (2, 92), (3, 64), (4, 32), (5, 48), (0, 4),
                     (6, 60), (4, 31), (1, 149), (2, 91)):
    save("receive", "type%d_%d" % (kind, length),
         bytes([kind, 0, 0, 0]) + bytes(range(256))[:length - 4])
save("receive", "empty", b"")
save("receive", "large", b"\4" + bytes(3000))

STAMP = struct.pack(">QI", 0x400000006553f100, 0)
for key, value in {
        "right": b"\0" + STAMP + b"\1\0\0\0",
        "right_late": b"\0" + b"\x7f" + bytes(11) + b"\2\0\0\0",
        "unknown": b"\1" + STAMP + b"\3\0\0\0",
        "type": b"\0" + STAMP + bytes(4) + b"\1",
        "ephemeral": b"\0" + STAMP + bytes(12) + b"\1",
        "static": b"\0" + STAMP + bytes(44) + b"\1",
        "timestamp": b"\0" + STAMP + bytes(92) + b"\1"}.items():
    save("initiation", key, value)
for key, offset in (("ephemeral", 12), ("nothing", 44), ("index", 4),
                    ("receiver", 8)):
    save("response", key, bytes(offset) + b"\1")
save("response", "right", b"")
for key, offset in (("nonce", 8), ("cookie", 32), ("tag", 60), ("type", 0)):
    save("cookie", key, bytes(offset) + b"\1")
save("cookie", "right", b"")

for number in range(18):
    save("schedule", "act%d" % number, bytes([number, 40, 14, 9, number, 41]))
# The simulator held these against the core: a counter that it could not read
# does not keep an older one from being the newest.
save("schedule", "unreadable-then-replayed-1", bytes.fromhex(
    "85b296b282b23339e0ade3659b82005c15823e54df73"))
save("schedule", "unreadable-then-replayed-2", bytes.fromhex(
    "00b810d0005f024007ac10b300ec0da7"))
for number in range(21):
    save("schedule", "tap_act%d" % number,
         bytes([number, 40, 14, 9, number, 41, 0]))
# The extension was required, its HELLOs went to a forged path, and with no data
# to send nothing found that out.
save("schedule", "required-unheard", bytes.fromhex(
    "0d5c015109d104ad00eb039a03911084"))
save("schedule", "mixed", bytes(
    [13, 2, 0, 99, 3, 7, 13, 8, 15, 50, 4, 200, 7, 31, 8, 60, 12, 2]))

ROUTES = b"".join(struct.pack("<BB4s", what, bits, address) for
                  what, bits, address in (
    (0x00, 24, b"\x0a\0\0\0"), (0x40, 16, b"\x0a\0\0\0"),
    (0x80, 32, b"\x0a\0\0\1"), (0x04, 8, b"\xfd\0\0\0"),
    (0x44, 0, bytes(4)), (0x03, 32, b"\x0a\0\0\1"), (0x41, 16, b"\x0a\0\0\0"),
    (0x02, 0, bytes(4)), (0x83, 32, b"\x0a\0\0\1")))
save("allowedips", "nested", ROUTES)
save("allowedips", "one_by_one", b"".join(
    struct.pack("<BB4s", 64 * (i % 4), i, b"\xff\xaa\x55\x01")
    for i in range(33)))
save("replay", "up", b"\1\1\0" * 200 + b"\0\7\0" * 3)
save("replay", "edge", b"\1\xc0\x1f\0\xc0\x1f\0\xc1\x1f\0\xbf\x1f\3\0\0")
save("replay", "far", b"\xfe\1\0\1\1\0\0\1\0\xfe\2\0")
TEXT = b"the quick brown fox " * 20
save("compress", "text", b"\0\x90\1" + TEXT)
save("compress", "lz4_bomb", b"\0\xff\xff\x1fa\1\0" + b"\xff" * 200 + b"\0")
save("compress", "zstd_huge", b"\1\xff\xff" + bytes.fromhex(
    "28b52ffde0ffffffffffffff0f010000"))
save("compress", "zstd_skip", b"\1\4\0" + bytes.fromhex("502a4d1804000000") +
     b"abcd")
save("compress", "zstd_dictionary", b"\1\4\0" + bytes.fromhex(
    "28b52ffd2301000000040100000061"))

for key, value in {
        "v4": "192.0.2.1", "octal": "010.0.0.1", "cut": "1.2.3",
        "large": "256.1.1.1", "v6": "2001:db8::1", "mapped": "::ffff:1.2.3.4",
        "all": "::", "prefix": "10.0.0.0/8", "prefix6": "fd00::/64",
        "over": "1.2.3.4/33", "minus": "1.2.3.4/-1", "port": "1.2.3.4:51820",
        "port6": "[fd00::1]:51820", "scope": "[fe80::1%3]:51820",
        "no_port": "[fd00::1]", "port0": "1.2.3.4:0", "many": "1:2:3:4:5:6:7:8",
        "too_many": "1:2:3:4:5:6:7:8:9", "twice": "1::2::3",
        "key": base64.b64encode(bytes(range(32))).decode(),
        "key_short": base64.b64encode(bytes(31)).decode(),
        "key_loose": "A" * 42 + "B="}.items():
    save("endpoint", key, value.encode())

for key, value in {
        "udp": "udp 10.9.0.7:4000 > 10.9.0.1:53 len 80",
        "tcp6": "tcp [fd09::7]:4000 > [fd09::1]:22 flags syn,ack ttl 3 df",
        "icmp": "icmp 10.9.0.7:77 > 10.9.0.1 type 3 code 13 id 9",
        "icmp6": "icmp6 fd09::7 > ff02::1 type 135",
        "proto": "proto 47 10.9.0.7 > 10.9.0.1 len 0xffff",
        "frag": "udp 10.9.0.7 > 10.9.0.1 frag 1480 len 1500",
        "frag6": "udp [fd09::7]:1 > [fd09::1]:2 frag len 1280",
        "arp": "arp 10.9.0.7 > 10.9.0.1 mac 02:00:00:00:00:01 > "
               "ff:ff:ff:ff:ff:ff vlan 7",
        "frame": "02:00:00:00:00:01 > 02:00:00:00:00:02 ethertype 0x88cc",
        "unknown": "udp 1.1.1.1:1 > 2.2.2.2:2 lenn 80",
        "flags": "tcp 1.1.1.1:1 > 2.2.2.2:2 flags syn,,ack"}.items():
    save("spec", key, value.encode())

# What fuzz_offload draws: sizes, flows and oddities; and super-packets.
for key, value in {
        "even": bytes(600), "mixed": bytes(i * 7 % 251 for i in range(700)),
        "udp": bytes([0, 2, 0, 5] * 150),
        "tcp4": ipv4(6, TCP + bytes(900)), "udp4": ipv4(17, UDP[:4] +
            struct.pack(">HH", 508, 0) + bytes(500)),
        "tcp6": ipv6(6, TCP + bytes(900)), "short": ipv4(6, TCP[:18])}.items():
    save("offload", key, value)

KEY = base64.b64encode(bytes(range(32))).decode()
STATE = "vpnd-endpoints 1\n%s 192.0.2.1:51820\nend\n"
save("state", "one", (STATE % KEY).encode())
save("state", "empty", b"vpnd-endpoints 1\nend\n")
save("state", "cut", (STATE % KEY)[:50].encode())
save("state", "version", b"vpnd-endpoints 2\nend\n")
save("state", "no_key", (STATE % "AAAA").encode())
save("state", "behind", (STATE % KEY + "more\n").encode())


def attribute(kind, value):
    return struct.pack("<HH", 4 + len(value), kind) + \
        value.ljust((len(value) + 3) & ~3, b"\0")


LINK = struct.pack("<BxHiII", 0, 65534, 7, 1, 0)
save("netlink", "link", b"\0" + (LINK + attribute(3, b"vpn0\0") +
     attribute(4, struct.pack("<I", 1420)) + attribute(13, bytes(4)) +
     attribute(23, bytes(192))))
save("netlink", "link_short", b"\0" + (LINK + attribute(4, b"")))
ROUTE = struct.pack("<BBBBBBBBI", 2, 0, 0, 0, 254, 3, 0, 1, 0)
save("netlink", "route", b"\1" + (ROUTE + attribute(
    4, struct.pack("<I", 2)) + attribute(15, struct.pack("<I", 254))))
save("netlink", "table", b"\2" + (ROUTE + attribute(
    15, struct.pack("<I", 51820))))
RULE = struct.pack("<BBBBBBBBI", 2, 0, 0, 0, 254, 0, 0, 1, 0)
save("netlink", "rule", b"\3" + (RULE + attribute(
    6, struct.pack("<I", 32766))))
save("netlink", "rule_short", b"\3" + (RULE + attribute(6, b"\1")))
save("netlink", "no_header", b"\0" + bytes(4))
LOCAL, OTHER = bytes([10, 77, 0, 1]), bytes([10, 77, 0, 2])
ADDRESS = struct.pack("<BBBBI", 2, 24, 0, 0, 7)
save("netlink", "address", b"\4" + (ADDRESS + attribute(1, LOCAL)))
save("netlink", "address_of_two", b"\4" + (
    ADDRESS + attribute(2, LOCAL) + attribute(1, OTHER)))
save("netlink", "address_too_long", b"\4" + (
    struct.pack("<BBBBI", 2, 33, 0, 0, 7) + attribute(1, LOCAL)))
save("netlink", "address_of_no_family", b"\4" + (
    struct.pack("<BBBBI", 7, 24, 0, 0, 7) + attribute(1, LOCAL)))
ROUTE6 = struct.pack("<BBBBBBBBI", 10, 64, 0, 0, 254, 3, 0, 1, 0)
save("netlink", "route6", b"\5" + (ROUTE6 + attribute(1, bytes(range(16))) +
     attribute(4, struct.pack("<I", 2))))
save("netlink", "route_of_two_families", b"\5" + (
    ROUTE6 + attribute(1, LOCAL)))
save("netlink", "news_link", b"\6" + (LINK + attribute(
    1, bytes(6)) + attribute(10, struct.pack("<I", 3)) +
    attribute(3, b"name-without-an-end")))
save("netlink", "news_port", b"\6" + (struct.pack("<BxHiII", 7, 1, 7, 1, 0)))
save("netlink", "news_route", b"\6" + (ROUTE6 + attribute(
    1, bytes(16)) + attribute(15, struct.pack("<I", 51820))))
save("netlink", "news_nothing", b"\6")


MACS = b"\2\0\x5e\x10\0\1\2\0\x5e\x10\0\2"


def frame(ethertype, payload, tags=()):
    return MACS + b"".join(struct.pack(">HH", *tag) for tag in tags) + \
        struct.pack(">H", ethertype) + payload


def arp(operation, sender, head=b"\0\1\x08\0\6\4"):
    return frame(0x806, head + struct.pack(">H6s4s6s4s", operation, MACS[6:],
                                           sender, b"", b"\x0a\x4d\0\2"))


def nd(kind, body, options=b"", source=None, fragment=b""):
    packet = ipv6(44 if fragment else 58,
                  fragment + struct.pack(">BBH", kind, 0, 0) + body + options)
    if source is not None:
        packet = packet[:8] + source + packet[24:]
    return frame(0x86dd, packet)


def udp(source, destination):
    return struct.pack(">HHHH", source, destination, 12, 0) + b"dhcp"


TARGET = bytes(4) + b"\xfd\x77" + bytes(13) + b"\7"
SOURCE_MAC, TARGET_MAC = b"\1\1" + MACS[6:], b"\2\1" + MACS[6:]
SNAP = b"\xaa\xaa\3\0\0\0"
HOPS = struct.pack(">BB6x", 60, 0) * 8
for key, value in {
        "tagged": frame(0x800, ipv4(17, UDP), [(0x8100, 0xe007)]),
        "stacked": frame(0x86dd, ipv6(17, UDP), [(0x88a8, 9), (0x8100, 7)]),
        "four_tags": frame(0x800, ipv4(6, TCP), [(0x8100, 0)] * 4),
        "five_tags": frame(0x800, ipv4(6, TCP), [(0x8100, 0)] * 5),
        "dei": frame(0x806, b"", [(0x8100, 0x1007)]),
        "tag_cut": MACS + b"\x81\0\0", "header_cut": MACS + b"\x08",
        "padding": frame(0x800, ipv4(17, UDP) + bytes(18)),
        "lldp": frame(0x88cc, b"\2\7\4" + MACS[6:]),
        "bpdu": frame(0x26, b"\x42\x42\3" + bytes(35)),
        "snap": frame(48, SNAP + b"\x08\0" + ipv4(17, UDP)),
        "snap_arp": frame(36, SNAP[:5] + b"\xf8\x08\x06" + bytes(28)),
        "snap_like": frame(0x600, SNAP + b"\x08\0" + ipv4(17, UDP)),
        "snap_other": frame(20, SNAP + b"\x80\xf3" + bytes(12)),
        "version": frame(0x86dd, ipv4(17, UDP) + bytes(20)),
        "arp_request": arp(1, b"\x0a\x4d\0\1"),
        "arp_reply": arp(2, b"\x0a\x4d\0\1"), "arp_probe": arp(1, bytes(4)),
        "arp_lengths": arp(1, bytes(4), b"\0\1\x08\0\x10\4"),
        "arp_other": arp(1, bytes(4), b"\0\1\x86\xdd\6\x10"),
        "arp_target_cut": arp(1, b"\x0a\x4d\0\1")[:34],
        "arp_cut": arp(1, b"\x0a\x4d\0\1")[:30],
        "rs": nd(133, bytes(4), SOURCE_MAC),
        "ra": nd(134, bytes(12), SOURCE_MAC + b"\5\1\0\0\0\0\5\xdc"),
        "ns": nd(135, TARGET, SOURCE_MAC),
        "dad": nd(135, TARGET, source=bytes(16)),
        "na": nd(136, TARGET, TARGET_MAC),
        "na_twice": nd(136, TARGET, SOURCE_MAC + TARGET_MAC + b"\2\1" +
                       MACS[:6]),
        "na_long": nd(136, TARGET, b"\2\2" + bytes(14)),
        "na_zero": nd(136, TARGET, b"\2\0" + bytes(6)),
        "na_past": nd(136, TARGET, b"\2\2" + bytes(6)),
        "na_short": nd(136, TARGET[:9]),
        "redirect": nd(137, TARGET + TARGET[4:], TARGET_MAC),
        "ra_first": nd(134, bytes(12), fragment=b"\x3a\0\0\1\0\0\0\5"),
        "ra_atomic": nd(134, bytes(12), fragment=b"\x3a\0\0\0\0\0\0\5"),
        "empty_first": frame(0x86dd, ipv6(44, b"\x3a\0\0\1\0\0\0\5")),
        "udp_first": frame(0x86dd, ipv6(44, b"\x11\0\0\1\0\0\0\5")),
        "hidden": frame(0x86dd, ipv6(60, HOPS + HOPS + b"\x3a\0" + bytes(6))),
        "chain": frame(0x86dd, ipv6(0, CHAIN)),
        "dhcp_server": frame(0x800, ipv4(17, udp(67, 68))),
        "dhcp_client": frame(0x800, ipv4(17, udp(68, 67))),
        "dhcp_other": frame(0x800, ipv4(17, udp(4000, 68))),
        "dhcpv6_other": frame(0x86dd, ipv6(17, udp(4000, 546))),
        "dhcp_first": frame(0x800, ipv4(17, b"\0", fragment=0x2000)),
        "dhcpv6_server": frame(0x86dd, ipv6(17, udp(547, 546))),
        "dhcpv6_client": frame(0x86dd, ipv6(17, udp(546, 547))),
        "icmp_redirect": frame(0x800, ipv4(1, b"\5\1" + bytes(6))),
        "icmp_router": frame(0x800, ipv4(1, b"\x09\0" + bytes(6))),
        "icmp_empty": frame(0x800, ipv4(1, b"", fragment=0x2000)),
        "options": frame(0x800, ipv4(17, UDP, b"\x94\4\0\0")),
        "later": frame(0x800, ipv4(17, udp(67, 68), fragment=8))}.items():
    save("ethernet", key, b"\0" + value)
    save("ethernet", key + "_fixed", b"\x33" + value)
# limits 7 bytes; then steps: 0 set a port, 1 remove it, 2 flush, 3 hold,
# 4 limits, 5 the host's address, 6 alarms, 7 time, else a frame
WIDE = bytes([0, 255, 23, 7, 0, 0, 0])
PORTS = b"".join(bytes([0, port, 0, 0]) for port in range(3))
save("fdb", "learn", WIDE + PORTS + bytes([
    31, 1, 0x80, 0, 31, 2, 0x01, 0, 31, 0, 0x02, 0, 31, 1, 0x21, 1]))
save("fdb", "moves", WIDE + PORTS + bytes(
    [31, 1, 0x80, 0, 31, 2, 0x80, 0] * 8 + [6, 7, 0x28, 31, 2, 0x80, 0]))
save("fdb", "moves_host", WIDE + PORTS + bytes(
    [5, 0] + [31, 1, 0x80, 0] * 7 + [2, 128] +
    [31, 0, 0x81, 0, 31, 1, 0x81, 0] * 4 + [1, 0, 6]))
save("fdb", "quota", bytes([1, 4, 5, 1, 0, 0, 0]) + PORTS + b"".join(
    bytes([31, i % 4, 0x80 | i % 8, 0, 7, 0x1b]) for i in range(24)))
save("fdb", "storm", bytes([0, 255, 23, 7, 8, 80, 255]) + PORTS + b"".join(
    bytes([31, 1, kind, 0xfc, 7, 0x0a]) for kind in (0x80, 0x90, 0x10) * 12))
save("fdb", "static", WIDE + bytes([
    0, 0, 0x10, 1, 0, 1, 0xa3, 0x0a, 0, 2, 0x30, 0xff, 0, 2, 0x30, 1,
    31, 1, 0x80, 0, 31, 1, 0x81, 0, 31, 2, 0x82, 0, 31, 2, 0x82, 2,
    31, 3, 0x81, 1, 31, 0, 0x12, 0, 5, 1, 0, 0, 0, 0, 4, 0, 1, 3, 1]))
save("fdb", "addresses", bytes([0, 255, 23, 7, 0, 0, 0]) + PORTS + b"".join(
    bytes([31, 1, to << 4 | source, 0])
    for to in range(16) for source in (0, 8, 9, 14)))
save("fdb", "pass", bytes([7, 255, 23, 7, 0, 0, 0]) + PORTS + b"".join(
    bytes([31, 1 + to % 3, to << 4 | to % 8, 0])
    for to in range(16)) + bytes([31, 1, 0x10, 0, 3, 1, 80, 31, 2, 0x00, 0]))

# how many rules, the policies, then rules and packets of bytes that mean little
# by themselves
for rules in (0, 1, 3, 17, 40):
    story = random.Random(rules)
    save("rules", "rules_%d" % rules,
         bytes([rules]) + story.randbytes(100 * rules + 400))


# steps: kind, number; 0 add, 1 remove, 2 read, 3 open or close, 4 change,
# 5 order, else a packet with its length
def checked(packet, where):
    """With its UDP or ICMP checksum; where: offset of L4."""
    version, length = packet[0] >> 4, len(packet) - where
    protocol = packet[9] if version == 4 else packet[6]
    field = where + (6 if protocol == 17 else 2)
    ends = packet[12:20] if version == 4 else packet[8:40]
    pseudo = b"" if protocol == 1 else ends + struct.pack(
        ">HH", protocol, length)
    data = pseudo + packet[where:] + b"\0" * (length % 2)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return (packet[:field] + struct.pack(">H", ~total & 0xffff) +
            packet[field + 2:])


def come(packet):
    return b"\6\0" + struct.pack(">H", len(packet)) + packet


FOUR = checked(ipv4(17, udp(4000, 53)), 20)
SIX = checked(ipv6(17, udp(4000, 53)), 40)
LARGE = checked(ipv4(17, struct.pack(">HHHH", 4000, 53, 1008, 0) +
                     bytes(1000)), 20)
PING = checked(ipv4(1, b"\x08\0\0\0\0\1\0\1ping"), 20)
PING6 = checked(ipv6(58, b"\x80\0\0\0\0\1\0\1ping"), 40)
PLACES = b"".join(bytes(place) for place in (
    (0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 0, 6), (0, 0, 4, 6, 5),
    (0, 0, 12, 6, 5), (0, 0, 0, 10), (0, 0, 4, 10, 9), (0, 0, 1, 0)))
READ = b"".join(bytes((2, i)) for i in range(8))
save("socket", "lookup", PLACES + come(FOUR) + come(SIX) + come(PING) +
     come(PING6) + READ + bytes((1, 4)) + come(FOUR) + bytes((1, 3)) +
     come(FOUR) + bytes((3, 2)) + come(FOUR) + READ)
save("socket", "buffer", PLACES[:4] + b"\4\0\x10\0\0" + come(FOUR) * 5 +
     come(LARGE) * 2 + READ + come(LARGE) * 2 + bytes((1, 0)))
save("socket", "memory", PLACES + come(FOUR) * 70 + READ + come(FOUR))
save("socket", "filter", PLACES[:4] + b"\5\1" +
     b"\4\0\x10\0\1\6\0\0\0" + come(FOUR) * 2 +
     b"\4\0\x10\1\1\6\0\0\x09" + come(LARGE) + READ +
     b"\4\0\x10\0\4\x28\0\0\x16\x15\0\1\x35\6\0\0\xff\6\0\0\0" +
     come(FOUR) + come(FOUR[:-1] + b"!") + READ + b"\5\0" + come(FOUR))
save("socket", "damaged", PLACES + come(ipv6(17, udp(4000, 53))) +
     come(ipv4(17, b"\x0f\xa0\0\x35\0\7\0\0")) + come(
         ipv4(17, udp(4000, 53), fragment=0x2000)) + come(
             LARGE[:-1] + b"!") + come(SIX[:44] + b"\0\0" + SIX[46:]) +
     come(ipv4(17, udp(4000, 53), b"\x94\4\0\0")) + READ)

for number in range(4):
    save("flow", "story%d" % number,
         hashlib.shake_128(b"flow%d" % number).digest(1500))


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack(">H", ~total & 0xffff)


def quoting(packet):
    """An ICMP error to the sender of the packet."""
    is_ipv6 = packet[0] >> 4 == 6
    ends = packet[24:40] + packet[8:24] if is_ipv6 \
        else packet[16:20] + packet[12:16]
    body = struct.pack(">BBHI", 1 if is_ipv6 else 3, 0, 0, 0) + packet
    pseudo = ends + struct.pack(">II", len(body), 58) if is_ipv6 else b""
    body = body[:2] + checksum(pseudo + body) + body[4:]
    if is_ipv6:
        return struct.pack(">IHBB", 6 << 28, len(body), 58, 64) + ends + body
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, 1, 0)
    return head[:10] + checksum(head + ends) + ends + body

def parts(*packets):
    return b"".join(bytes([len(packet)]) + packet for packet in packets)


for key, value in PACKETS.items():
    if len(value) < 128:
        save("track", key, parts(value, quoting(value), value))


def datagrams(*slots):
    """What calls of the kernel's bring: length, segment size, flags."""
    return b"".join(struct.pack("<HiB", *slot) for slot in slots)


save("gro", "alone", datagrams((148, 0, 0), (0, 0, 0), (1500, 0, 0)))
save("gro", "trains", datagrams(*[(1452 * 44 + 99, 1452, 1)] * 9))
save("gro", "ones", datagrams(*[(128, 1, 1)] * 16))
save("gro", "too_many", datagrams(*[(65000, 1, 1)] * 5))
save("gro", "odd", datagrams((1000, 0, 1), (1000, -1, 1), (1000, 1000, 1),
                             (1000, 1001, 1), (1000, 65537, 1),
                             (65000, 9000, 1), (2000, 999, 3), (17, 16, 1)))
for number in range(4):
    save("fq", "story%d" % number, b"\x40\xff\x08\x00"[number:number + 1] +
         hashlib.shake_128(b"fq%d" % number).digest(800))


def train(count, length, kind, last, *acts):
    """Datagrams of one train, and what is the matter with some of them."""
    head = bytes([count - 2, length, kind, last])
    return head + b"".join(bytes(act) for act in acts)


NOTHING = (0, 0)
save("train", "tcp", train(24, 63, 0, 1))
save("train", "udp", train(24, 20, 1, 0))
save("train", "known", train(16, 63, 2, 0, *[NOTHING] * 9, (138, 1)))
for act in range(1, 23):
    save("train", "act%d" % act, train(
        20, 60, act % 4, act, *[NOTHING] * 8, (138 + (act - 138) % 23, act),
        *[NOTHING] * 3, (138 + (act - 138) % 23, 200)))
