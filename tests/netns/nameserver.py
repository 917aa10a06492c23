#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""nameserver.py - answers for the names in a file, which it reads each time.

usage: nameserver.py ADDRESS FILE
FILE has lines NAME TYPE VALUE TTL with TYPE A or AAAA. A name that is not in
it does not exist; a name without the type has no such record.
"""
import ipaddress
import socket
import struct
import sys

TYPES = {"A": 1, "AAAA": 28}


def records(path):
    with open(path) as f:
        for line in f:
            name, kind, value, ttl = line.split()
            yield name.lower(), TYPES[kind], value, int(ttl)


def question(query):
    """(name, type, end) of the first question."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels).lower(), struct.unpack(
        ">H", query[at + 1:at + 3])[0], at + 5


def answer(query, path):
    name, kind, end = question(query)
    known = [r for r in records(path) if r[0] == name]
    found = [r for r in known if r[1] == kind]
    head = query[:2] + struct.pack(">HHHHH", 0x8580 | (0 if known else 3), 1,
                                   len(found), 0, 0)
    body = query[12:end]
    for _, _, value, ttl in found:
        packed = ipaddress.ip_address(value).packed
        body += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl,
                                          len(packed)) + packed
    return head + body


def main():
    address, path = sys.argv[1:]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.bind((address, 53))
        print("ready", flush=True)
        while True:
            query, client = s.recvfrom(1500)
            reply = answer(query, path)
            print(client, question(query)[:2], flush=True)
            s.sendto(reply, client)


if __name__ == "__main__":
    main()
