#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Datagrams for flows.sh: an echo server, who asks it, and strays."""
import socket
import struct
import sys

WAIT_S = 0.4


def echo(address, port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, int(port)))
    while True:
        data, sender = server.recvfrom(2048)
        server.sendto(data, sender)


def is_answered(target, port, source_port):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(WAIT_S)
    client.bind(("", source_port))
    client.connect((target, int(port)))
    try:
        client.send(b"flow")
        return client.recv(2048) == b"flow"
    except OSError:
        return False
    finally:
        client.close()


def ask(target, port, source_port):
    sys.exit(not is_answered(target, port, int(source_port)))


def many(target, port, first, count):
    """Says how many of so many source ports were answered."""
    print(sum(is_answered(target, port, int(first) + i)
              for i in range(int(count))))


def unanswered(target, port, first, count):
    for i in range(int(count)):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.bind(("", int(first) + i))
        client.sendto(b"flow", (target, int(port)))
        client.close()


# protocol, fragment field, payload
STRAYS = {
    "answer": (1, 0, bytes.fromhex("0000ffff00000000")),
    "orphan": (17, 0x0010, bytes(16)),
    "tiny": (17, 0x2000, bytes.fromhex("0fa01b58")),
    "covered": (6, 0x0001, bytes(16)),
}


def stray(source, target, kind):
    protocol, fragment, payload = STRAYS[kind]
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7777,
                         fragment, 64, protocol, 0, socket.inet_aton(source),
                         socket.inet_aton(target))
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(header + payload, (target, 0))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
