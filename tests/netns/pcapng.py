#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Prints a pcapng file, block by block: what tcpdump -r does not show.

section APPLICATION
interface NUMBER NAME LINKTYPE
packet INTERFACE in|out CAPTURED LENGTH LOST COMMENT
statistics LOST
"""
import struct
import sys


def options(data):
    found = {}
    while data:
        code, length = struct.unpack_from("<HH", data)
        if code == 0:
            break
        found[code] = data[4:4 + length]
        data = data[4 + (length + 3) // 4 * 4:]
    return found


def number(found, code):
    return int.from_bytes(found.get(code, b""), "little")


def packet(body):
    interface, _, _, captured, length = struct.unpack_from("<5I", body)
    found = options(body[20 + (captured + 3) // 4 * 4:])
    way = {1: "in", 2: "out"}[number(found, 2) & 3]
    print("packet", interface, way, captured, length, number(found, 4),
          found.get(1, b"").decode())


def main():
    data = open(sys.argv[1], "rb").read()
    interfaces = 0
    while data:
        kind, length = struct.unpack_from("<II", data)
        body = data[8:length - 4]
        if struct.unpack_from("<I", data, length - 4)[0] != length:
            sys.exit("a block's lengths differ")
        data = data[length:]
        if kind == 0x0A0D0D0A:
            print("section", options(body[16:])[4].decode())
        elif kind == 1:
            found = options(body[8:])
            print("interface", interfaces, found[2].decode(),
                  struct.unpack_from("<H", body)[0])
            interfaces += 1
        elif kind == 6:
            packet(body)
        elif kind == 5:
            print("statistics", number(options(body[12:]), 5))
        else:
            sys.exit(f"block of unknown type {kind}")


main()
