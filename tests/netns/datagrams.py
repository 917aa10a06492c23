#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Datagrams to vpnd's sockets, and programs that attach to them.

usage: datagrams.py ask ADDRESS PORT TEXT [BYTES]
           sends TEXT, filled up to BYTES; prints what comes back within 1 s,
           or the error
       datagrams.py send ADDRESS PORT COUNT: COUNT datagrams of 4 bytes
       datagrams.py damaged udp|icmp ADDRESS: one with a wrong checksum, to port
           7 or as an echo request
       datagrams.py recvfrom|epoll CONTROL-SOCKET PORT
           attaches, waits in recvfrom or epoll for datagrams, prints each, and
           answers it with its text after "answer to "
       datagrams.py short CONTROL-SOCKET PORT
           attaches, reads one into a buffer that is too small for it
"""
import array
import select
import socket
import struct
import sys

MAGIC, VERSION, REQUEST = 0x646e7076, 1, 1
HEADER = 44


def open_udp(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.connect((address, int(port)))
    udp.settimeout(1)
    return udp


def ask(address, port, text, size="0"):
    udp = open_udp(address, port)
    try:
        udp.send(text.encode().ljust(int(size), b"."))
        print(udp.recv(65536).decode())
    except OSError as error:
        print(error)
        sys.exit(1)


def send(address, port, count):
    udp = open_udp(address, port)
    for _ in range(int(count)):
        udp.send(b"many")


def damaged(protocol, address):
    kind = {"udp": socket.IPPROTO_UDP, "icmp": socket.IPPROTO_ICMP}[protocol]
    head = struct.pack(">HHHH", 4000, 7, 12, 1)
    if protocol == "icmp":
        head = struct.pack(">BBHHH", 8, 0, 1, 1, 1)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, kind)
    raw.sendto(head + b"oops", (address, 0))


def take(control, length):
    """That many bytes, and the descriptors that came along."""
    data, passed = b"", array.array("i")
    while len(data) < length:
        part, extra, _, _ = control.recvmsg(length - len(data), 64)
        if not part:
            sys.exit("vpnd has closed the control socket")
        for _, kind, fds in extra:
            if kind == socket.SCM_RIGHTS:
                passed.frombytes(fds)
        data += part
    return data, list(passed)


def attach(path, port):
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    control.connect(path)
    body = b"socket attach\0%s\0" % port.encode()
    control.sendall(struct.pack("<IHHI", MAGIC, VERSION, REQUEST, len(body)))
    control.sendall(body)
    head, passed = take(control, 12)
    end, more = take(control, struct.unpack("<IHHI", head)[3])
    if struct.unpack("<I", end[:4])[0]:
        sys.exit(end[4:].decode())
    return socket.socket(fileno=(passed + more)[0])


def serve(path, port, wait):
    pair = attach(path, port)
    print("attached", flush=True)
    while True:
        wait(pair)
        message, _ = pair.recvfrom(65536 + HEADER)
        if not message:
            print("end of file", flush=True)
            return
        text = message[HEADER:].decode()
        sender = socket.inet_ntop(socket.AF_INET, message[8:12])
        length = struct.unpack(">I", message[40:44])[0]
        print("%s %d %s" % (sender, length, text), flush=True)
        if text != "many":
            pair.send(message[:HEADER] + b"answer to " + text.encode())


def short(path, port):
    pair = attach(path, port)
    print("attached", flush=True)
    message, _, flags, _ = pair.recvmsg(HEADER + 3)
    cut = "truncated" if flags & socket.MSG_TRUNC else "whole"
    print(cut, message[HEADER:].decode(), flush=True)


def wait_in_epoll(pair):
    with select.epoll() as poll:
        poll.register(pair.fileno(), select.EPOLLIN)
        while not poll.poll():
            pass


COMMANDS = {
    "ask": ask, "send": send, "short": short, "damaged": damaged,
    "recvfrom": lambda path, port: serve(path, port, lambda pair: None),
    "epoll": lambda path, port: serve(path, port, wait_in_epoll),
}
COMMANDS[sys.argv[1]](*sys.argv[2:])
