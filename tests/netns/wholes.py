#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""wholes.py - super-packets as the kernel makes them, and what becomes of them.

    wholes.py NAMESPACE DEVICE NAMESPACE DEVICE [FROM-MAC TO-MAC]

How it works: each super-packet is put into the first device, and what comes out
of the second one is cut where it still is one (the virtio-net header tells, as
it tells the kernel), its checksums completed where they are left to the device.
That has to be, byte by byte, the packets that the rules give: the identification
counts, FIN and PSH are the last one's, CWR is the first one's, ECN and options
are everybody's. Prints what differs and, at the end, how many packets came and
how many of them together.
"""
import ctypes
import os
import select
import socket
import struct
import sys
import time

PACKET_VNET_HDR, SOL_PACKET, PACKET_OUTGOING = 15, 263, 4
HEADER = struct.Struct("<BBHHHH")  # virtio_net_hdr
NEEDS_CSUM = 1
GSO_TCPV4, GSO_TCPV6, GSO_UDP, GSO_ECN = 1, 4, 5, 0x80
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << i for i in range(8))
FIRST_PORT = 20000
SECONDS = 5
A4, B4 = socket.inet_aton("10.77.0.1"), socket.inet_aton("10.77.0.2")
A6 = socket.inet_pton(socket.AF_INET6, "fd77::1")
B6 = socket.inet_pton(socket.AF_INET6, "fd77::2")


def add(data, total=0):
    if len(data) % 2:
        data += b"\0"
    total += sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


class Packet:
    """One inner packet, or a super-packet: payload longer than `size`."""

    def __init__(self, family, proto, port, payload, size, tos=0, flags=ACK,
                 ident=1, df=False, seq=1000):
        self.__dict__.update(locals())

    def cut(self):
        pieces = range(0, len(self.payload), self.size)
        for i, at in enumerate(pieces):
            flags = self.flags
            if i:
                flags &= ~CWR
            if i < len(pieces) - 1:
                flags &= ~(FIN | PSH)
            yield Packet(self.family, self.proto, self.port,
                         self.payload[at:at + self.size], self.size, self.tos,
                         flags, (self.ident + i) & 0xffff, self.df,
                         (self.seq + at) & 0xffffffff)

    def pseudo(self, length):
        pair = A4 + B4 if self.family == 4 else A6 + B6
        return add(pair + struct.pack("!HH", self.proto, length))

    def l4(self, partial):
        if self.proto == socket.IPPROTO_TCP:
            options = b"\1\1\x08\x0a" + struct.pack("!II", 77, 66)
            head = struct.pack("!HHIIBBHHH", self.port, 9, self.seq, 4711,
                               0x80, self.flags, 500, 0, 0) + options
            at = 16
        else:
            head = struct.pack("!HHHH", self.port, 9, 8 + len(self.payload), 0)
            at = 6
        total = self.pseudo(len(head) + len(self.payload))
        if not partial:
            total = 0xffff - add(head + self.payload, total)
            if self.proto == socket.IPPROTO_UDP:
                total = total or 0xffff
        return head[:at] + struct.pack("!H", total) + head[at + 2:], at

    def write(self, partial=False):
        """Its bytes, where L4 begins, where in that the checksum is, and the
        length of all headers."""
        l4, at = self.l4(partial)
        length = len(l4) + len(self.payload)
        if self.family == 4:
            ip = struct.pack("!BBHHHBBH", 0x45, self.tos, 20 + length,
                             self.ident, 0x4000 if self.df else 0, 64,
                             self.proto, 0) + A4 + B4
            ip = ip[:10] + struct.pack("!H", 0xffff - add(ip)) + ip[12:]
        else:
            ip = struct.pack("!IHBB", 6 << 28 | self.tos << 20, length,
                             self.proto, 64) + A6 + B6
        return ip + l4 + self.payload, len(ip), at, len(ip) + len(l4)

    def gso_type(self):
        if self.proto == socket.IPPROTO_UDP:
            return GSO_UDP
        kind = GSO_TCPV4 if self.family == 4 else GSO_TCPV6
        return kind | (GSO_ECN if self.flags & CWR else 0)


def payload(length, salt):
    return bytes((i * 7 + i // 251 + salt) & 0xff for i in range(length))


def all_wholes():
    kinds = [(socket.IPPROTO_TCP, flags) for flags in
             (ACK, ACK | PSH, ACK | FIN, ACK | FIN | PSH, ACK | CWR,
              ACK | ECE, ACK | CWR | ECE | PSH | FIN)]
    kinds.append((socket.IPPROTO_UDP, 0))
    wholes = []
    for family in 4, 6:
        for proto, flags in kinds:
            for tos in 0, 1, 2, 3, 0xb8:
                i = len(wholes)
                size = (1000, 1300, 700)[i % 3]
                wholes.append(Packet(
                    family, proto, FIRST_PORT + i,
                    payload(size * (2 + i % 5) + 1 + i * 13 % size, i), size,
                    tos, flags, 0xfffe + i & 0xffff, bool(i % 2), 0xffffff00))
        wholes.append(Packet(family, socket.IPPROTO_TCP, FIRST_PORT + 500 +
                             family, payload(45 * 1300, family), 1300))
    return wholes


def open_device(namespace, name):
    """A socket stays in the namespace that it was made in."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(fd, 0):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.bind((name, 3))
    return sock


def send(sock, name, whole, macs):
    data, start, at, head = whole.write(partial=True)
    proto = 0x0800 if whole.family == 4 else 0x86dd
    frame = macs and macs + struct.pack("!H", proto)
    header = HEADER.pack(NEEDS_CSUM, whole.gso_type(), len(frame) + head,
                         whole.size, len(frame) + start, at)
    sock.sendto(header + frame + data, (name, proto))


def port_and_at(data):
    """The source port, the family and where L4 begins."""
    at = 20 if data[0] >> 4 == 4 else 40
    return struct.unpack("!H", data[at:at + 2])[0], data[0] >> 4, at


def cut_received(data, kind, size):
    """What a device would make of it, by rules written down again."""
    port, family, at = port_and_at(data)
    proto = data[9] if family == 4 else data[6]
    tos = data[1] if family == 4 else \
        struct.unpack("!I", data[:4])[0] >> 20 & 0xff
    ident, df = struct.unpack("!HH", data[4:8]) if family == 4 else (0, 0)
    tcp = proto == socket.IPPROTO_TCP
    head = at + (data[at + 12] >> 4) * 4 if tcp else at + 8
    seq = struct.unpack("!I", data[at + 4:at + 8])[0] if tcp else 0
    whole = Packet(family, proto, port, data[head:], size or 1 << 16, tos,
                   data[at + 13] if tcp else 0, ident, bool(df & 0x4000), seq)
    return [piece.write()[0] for piece in whole.cut()]


def pieces_of(message, frame_bytes):
    """The port, and the packets that it stands for."""
    flags, kind, _, size, start, offset = HEADER.unpack(
        message[:HEADER.size])
    data = message[HEADER.size + frame_bytes:]
    if len(data) < 40 or data[0] >> 4 not in (4, 6):
        return 0, []
    port = port_and_at(data)[0]
    if kind:
        return port, cut_received(data, kind & ~GSO_ECN, size)
    if flags & NEEDS_CSUM:
        start -= frame_bytes
        total = 0xffff - add(data[start:])
        field = start + offset
        data = data[:field] + struct.pack("!H", total) + data[field + 2:]
    return port, [data]


def receive(sock, whole, count, frame_bytes):
    """Up to `count` packets, and how many of them came together."""
    got, together = [], 0
    until = time.monotonic() + SECONDS
    while len(got) < count and time.monotonic() < until:
        if not select.select([sock], [], [], 0.2)[0]:
            continue
        message, address = sock.recvfrom(1 << 17)
        if address[2] == PACKET_OUTGOING:
            continue
        port, pieces = pieces_of(message, frame_bytes)
        if port == whole.port:
            got += pieces
            together += len(pieces) if len(pieces) > 1 else 0
    return got, together


def tell(whole, wanted, got):
    print("differs:", {name: value for name, value in vars(whole).items()
                       if name not in ("self", "payload")})
    for kind, packets in ("wanted", wanted), ("got", got):
        for packet in packets:
            print(f"  {kind:6} {len(packet)} {packet[:72].hex()}")


def main():
    here, device, there, other = sys.argv[1:5]
    macs = b"".join(bytes.fromhex(mac.replace(":", ""))
                    for mac in reversed(sys.argv[5:7]))
    sender = open_device(here, device)
    receiver = open_device(there, other)
    packets = together = bad = 0
    for whole in all_wholes():
        wanted = [piece.write()[0] for piece in whole.cut()]
        send(sender, device, whole, macs)
        got, so_many = receive(receiver, whole, len(wanted),
                               14 if macs else 0)
        packets += len(got)
        together += so_many
        if got != wanted:
            bad += 1
            tell(whole, wanted, got)
        if bad > 3:
            break
    print(f"{packets} packets, {together} together, {bad} wholes differ")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
