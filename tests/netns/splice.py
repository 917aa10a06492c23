#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""splice.py - a peer that continues another one's TCP flow.

    splice.py NAMESPACE-A NAMESPACE-C NAMESPACE-B PID [ROUNDS]

How it works: while the vpnd of b (PID) stands still, packets of one flow leave a
and, between them, from c what fits into the gap, with a's address. When it goes
on, it has them all at once. What arrives at b's device must be a's bytes alone,
though a's own packets without a gap do arrive together. Prints what came.
"""
import os
import signal
import socket
import sys
import time

import wholes

SIZE, TCP = 1000, socket.IPPROTO_TCP


def segment(port, number, letter):
    return wholes.Packet(4, TCP, port, letter * SIZE, SIZE,
                         df=True, seq=1000 + number * SIZE)


def send(sock, packet):
    """An ordinary packet, with a complete checksum."""
    sock.send(wholes.HEADER.pack(0, 0, 0, 0, 0, 0) + packet.write()[0])


def received(pid):
    """Bytes that have come to b by wire."""
    devices = open(f"/proc/{pid}/net/dev").readlines()[2:]
    fields = (line.replace(":", " ").split() for line in devices)
    return sum(int(field[1]) for field in fields if field[0].startswith("vb"))


def story(sockets, pid, port, letters):
    """One packet for each letter; "E" is c's. What b gets: payloads, and how
    many packets came together."""
    a, c, b = sockets
    os.kill(pid, signal.SIGSTOP)
    there = received(pid) + len(letters) * (SIZE + 52)
    for number, letter in enumerate(letters):
        send(c if letter == "E" else a,
             segment(port, number, letter.encode()))
    until = time.monotonic() + wholes.SECONDS
    while received(pid) < there and time.monotonic() < until:
        pass
    os.kill(pid, signal.SIGCONT)
    wanted = letters.replace("E", "")
    got, together = wholes.receive(b, segment(port, 0, b""), len(wanted), 0)
    return "".join(chr(packet[-1]) for packet in got), together, \
        all(len(set(packet[52:])) == 1 for packet in got)


def main():
    sockets = [wholes.open_device(namespace, "vpn0")
               for namespace in sys.argv[1:4]]
    pid, rounds = int(sys.argv[4]), int((sys.argv[5:] or ["20"])[0])
    alone = wrong = 0
    for i in range(rounds):
        got, together, is_whole = story(sockets, pid, 30000 + 2 * i, "AAAA")
        alone += together > 0
        wrong += got != "AAAA" or not is_whole
        got, _, is_whole = story(sockets, pid, 30001 + 2 * i, "AEAEA")
        wrong += got != "AAA" or not is_whole
        if wrong:
            print("got", got)
            break
    print(f"{rounds} rounds, {alone} together without c, {wrong} wrong")
    return wrong > 0


sys.exit(main())
