#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""messages.py - the WireGuard messages of a capture, one line each.

usage: messages.py FILE.pcap
line:  SECONDS SOURCE SOURCE-PORT DESTINATION DESTINATION-PORT TYPE LENGTH
       SENDER RECEIVER MAC2
TYPE is initiation, response, cookie, data, data-gcm or other; SENDER and
RECEIVER are session indices or "-"; MAC2 is "mac2", "zero" or "-".
"""
import ipaddress
import struct
import sys

# type: name, length or None, offset of sender, receiver and MAC2
LAYOUTS = {
    1: ("initiation", 148, 4, None, 132),
    2: ("response", 92, 4, 8, 76),
    3: ("cookie", 64, None, 4, None),
    4: ("data", None, None, 4, None),
    5: ("data-gcm", None, None, 4, None),
}


def frames(data):
    """Yields (time, bytes) of each frame of a classic pcap file."""
    magic = data[:4]
    order = "<" if magic[0] in (0xd4, 0x4d) else ">"
    link = struct.unpack(order + "I", data[20:24])[0]
    if link != 1:
        sys.exit("messages.py: not an Ethernet capture")
    at = 24
    while at + 16 <= len(data):
        sec, frac, kept, _ = struct.unpack(order + "IIII", data[at:at + 16])
        at += 16
        if at + kept > len(data):
            return
        yield sec + frac / 1e6, data[at:at + kept]
        at += kept


def datagram(frame):
    """(source, port, destination, port, payload) of UDP over IP, or None."""
    ethertype, ip = frame[12:14], frame[14:]
    if ethertype == b"\x08\x00" and len(ip) >= 20 and ip[9] == 17:
        head, source, destination = (ip[0] & 15) * 4, ip[12:16], ip[16:20]
    elif ethertype == b"\x86\xdd" and len(ip) >= 40 and ip[6] == 17:
        head, source, destination = 40, ip[8:24], ip[24:40]
    else:
        return None
    udp = ip[head:]
    if len(udp) < 8:
        return None
    sport, dport, length = struct.unpack(">HHH", udp[:6])
    return (ipaddress.ip_address(source), sport,
            ipaddress.ip_address(destination), dport, udp[8:length])


def index(payload, offset):
    if offset is None or len(payload) < offset + 4:
        return "-"
    return "%08x" % struct.unpack("<I", payload[offset:offset + 4])


def messages(payload):
    """Those of a super-packet: a message of fixed length may be its first
    segment, with one behind it that is not longer."""
    kind = payload[0] if payload else 0
    length = LAYOUTS.get(kind, (None, None))[1]
    if length is None or not length < len(payload) <= 2 * length:
        return [payload]
    return [payload[:length], payload[length:]]


def describe(payload):
    kind = payload[0] if len(payload) >= 4 else 0
    name, length, sender, receiver, mac2 = LAYOUTS.get(
        kind, ("other", None, None, None, None))
    if length is not None and length != len(payload):
        name, sender, receiver, mac2 = "other", None, None, None
    state = "-"
    if mac2 is not None:
        state = "mac2" if any(payload[mac2:mac2 + 16]) else "zero"
    return "%s %d %s %s %s" % (name, len(payload), index(payload, sender),
                               index(payload, receiver), state)


def main():
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    for when, frame in frames(data):
        found = datagram(frame)
        if found:
            source, sport, destination, dport, payload = found
            for message in messages(payload):
                print("%.6f %s %d %s %d %s" % (
                    when, source, sport, destination, dport,
                    describe(message)))


if __name__ == "__main__":
    main()
