#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""raw.py - packets as bytes: made, and sent through a device as they are.

usage: raw.py make udp|tcp SOURCE DESTINATION [PORT [LEN [TTL]]]
       raw.py four SOURCE DESTINATION PROTOCOL PAYLOAD [FRAGMENT [OPTIONS]]
       raw.py six SOURCE DESTINATION NEXT-HEADER PAYLOAD
           PAYLOAD, FRAGMENT (the header's flags and offset) and OPTIONS are hex
       raw.py send DEVICE HEX [COUNT]
"""
import ipaddress
import socket
import struct
import sys

PROTOCOLS = {"udp": 17, "tcp": 6}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def l4(name, source, destination, port, size):
    """Header and payload of `size` bytes, with its checksum."""
    if name == "udp":
        head = struct.pack(">HHHH", 4000, port, size, 0)
        at = 6
    else:
        head = struct.pack(">HHIIBBHHH", 4000, port, 1, 0, 0x50, 2, 65535, 0,
                           0)
        at = 16
    data = head + bytes(size - len(head))
    pseudo = source.packed + destination.packed + struct.pack(
        ">II", size, PROTOCOLS[name])
    total = checksum(pseudo + data) or 0xffff
    return data[:at] + struct.pack(">H", total) + data[at + 2:]


def make(name, source, destination, port=53, size=60, ttl=64):
    source = ipaddress.ip_address(source)
    destination = ipaddress.ip_address(destination)
    head = 20 if source.version == 4 else 40
    data = l4(name, source, destination, int(port), int(size) - head)
    if source.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(data), PROTOCOLS[name],
                           int(ttl)) + source.packed + destination.packed + data
    ip = struct.pack(">BBHHHBBH", 0x45, 0, int(size), 1, 0x4000, int(ttl),
                     PROTOCOLS[name], 0) + source.packed + destination.packed
    return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + data


def four(source, destination, protocol, payload, fragment="0000", options=""):
    data, options = bytes.fromhex(payload), bytes.fromhex(options)
    head = 20 + len(options)
    ip = struct.pack(">BBHH2sBBH", 0x40 + head // 4, 0, head + len(data), 1,
                     bytes.fromhex(fragment), 64, int(protocol), 0)
    ip += (ipaddress.IPv4Address(source).packed
           + ipaddress.IPv4Address(destination).packed + options)
    return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + data


def six(source, destination, following, payload):
    data = bytes.fromhex(payload)
    return (struct.pack(">IHBB", 6 << 28, len(data), int(following), 64)
            + ipaddress.IPv6Address(source).packed
            + ipaddress.IPv6Address(destination).packed + data)


def send(device, data, count=1):
    protocol = 0x0800 if data[0] >> 4 == 4 else 0x86dd
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
        for _ in range(int(count)):
            sock.sendto(data, (device, protocol))


MAKERS = {"make": make, "four": four, "six": six}
if sys.argv[1] in MAKERS:
    print(MAKERS[sys.argv[1]](*sys.argv[2:]).hex())
else:
    send(sys.argv[2], bytes.fromhex(sys.argv[3]), *sys.argv[4:])
