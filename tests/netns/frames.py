#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""frames.py - Ethernet frames, byte for byte, in and out of a device.

usage: frames.py make DST SRC [TAG...] KIND [ARGUMENT...]   prints it in hex
       frames.py send DEVICE HEX [COUNT]
       frames.py file FILE HEX                  a capture file of that frame
       frames.py flood DEVICE HEX PER-SECOND SECONDS
       frames.py listen DEVICE                  each frame as a line of hex
TAG is q10 (802.1Q, VLAN 10), ad10 (802.1ad) or q0/5 (priority 5). KIND is an
ethertype in hex, then a text; or:
       arp SENDER-IP TARGET-IP                  a request
       udp SOURCE-IP DESTINATION-IP TEXT        from port 9 to port 9
       ra SOURCE-IP                             a router advertisement
       na SOURCE-IP TARGET-IP                   a neighbour advertisement
`listen` says "listening" first, puts back the tag that the kernel takes off,
and does not show what its own host sends.
"""
import ipaddress
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, ADD_MEMBERSHIP, AUXDATA, MR_PROMISC = 263, 1, 8, 1
SO_RCVBUFFORCE = 33
TAG_VALID, TPID_VALID = 1 << 4, 1 << 6
TPIDS = {"q": 0x8100, "ad": 0x88A8}


def mac(text):
    return bytes(int(part, 16) for part in text.split(":"))


def tag(word):
    """q10, ad10, q0/5: the four bytes; None for another word."""
    name = word.rstrip("0123456789/")
    if name not in TPIDS or name == word:
        return None
    vlan, _, priority = word[len(name):].partition("/")
    tci = int(priority or 0) << 13 | int(vlan)
    return struct.pack("!HH", TPIDS[name], tci)


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def arp(source, sender, target):
    return 0x0806, struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, source,
        ipaddress.IPv4Address(sender).packed, bytes(6),
        ipaddress.IPv4Address(target).packed)


def ip(source, destination, protocol, payload, hops=64):
    """Ethertype and packet; fills in both checksums."""
    src, dst = map(ipaddress.ip_address, (source, destination))
    pseudo = src.packed + dst.packed + struct.pack("!HH", len(payload),
                                                   protocol)
    where = {17: 6, 58: 2}[protocol]
    payload = (payload[:where] + struct.pack("!H", checksum(pseudo + payload))
               + payload[where + 2:])
    if src.version == 6:
        head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops)
        return 0x86DD, head + src.packed + dst.packed + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, hops,
                       protocol, 0) + src.packed + dst.packed
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return 0x0800, head + payload


def udp(source, destination, text):
    data = text.encode()
    return ip(source, destination, 17,
              struct.pack("!HHHH", 9, 9, 8 + len(data), 0) + data)


def router_advertisement(source):
    return ip(source, "ff02::1", 58,
              struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0), 255)


def neighbour_advertisement(source, target):
    return ip(source, "ff02::1", 58, struct.pack("!BBHI", 136, 0, 0, 1 << 29)
              + ipaddress.IPv6Address(target).packed, 255)


def make(destination, source, *words):
    words, tags = list(words), b""
    while tag(words[0]):
        tags += tag(words.pop(0))
    kind, source = words.pop(0), mac(source)
    if kind == "arp":
        ethertype, payload = arp(source, *words)
    elif kind == "udp":
        ethertype, payload = udp(*words)
    elif kind == "ra":
        ethertype, payload = router_advertisement(*words)
    elif kind == "na":
        ethertype, payload = neighbour_advertisement(*words)
    else:
        ethertype, payload = int(kind, 16), " ".join(words).encode()
    frame = mac(destination) + source + tags + struct.pack("!H", ethertype)
    print((frame + payload).hex())


def open_device(device, protocol):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                      socket.htons(protocol))
    s.bind((device, protocol))
    return s


def send(device, text, count="1"):
    s = open_device(device, 0)
    for _ in range(int(count)):
        s.send(bytes.fromhex(text))


def file(name, text):
    data = bytes.fromhex(text)
    with open(name, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
                + struct.pack("<IIII", 0, 0, len(data), len(data)) + data)


def flood(device, text, per_second, seconds):
    """What was sent, and how long it took: longer, when we were kept from it."""
    s, frame = open_device(device, 0), bytes.fromhex(text)
    rate, begun, sent = float(per_second), time.monotonic(), 0
    next_at = begun
    while sent < rate * float(seconds):
        next_at = max(next_at, time.monotonic() - 0.1)
        while next_at < time.monotonic() and sent < rate * float(seconds):
            try:
                s.send(frame)
            except OSError:
                pass  # the device's queue is full
            sent += 1
            next_at += 1 / rate
        time.sleep(0.001)
    print(sent, "%.3f" % (time.monotonic() - begun))


def received(s):
    data, ancillary, _, address = s.recvmsg(65536, 64)
    if address[2] == socket.PACKET_OUTGOING:
        return None
    for level, kind, aux in ancillary:
        if (level, kind) != (SOL_PACKET, AUXDATA):
            continue
        status, tci, tpid = struct.unpack("=I12xHH", aux[:20])
        if status & TAG_VALID:
            tpid = tpid if status & TPID_VALID else 0x8100
            return data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
    return data


def listen(device):
    s = open_device(device, ETH_P_ALL)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    s.setsockopt(SOL_PACKET, AUXDATA, 1)
    s.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, struct.pack(
        "IHH8s", socket.if_nametoindex(device), MR_PROMISC, 0, b""))
    print("listening", flush=True)
    while True:
        frame = received(s)
        if frame:
            print(frame.hex(), flush=True)


if __name__ == "__main__":
    {"make": make, "send": send, "file": file, "flood": flood,
     "listen": listen}[sys.argv[1]](*sys.argv[2:])
