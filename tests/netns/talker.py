#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""talker.py tcp|udp ADDRESS PORT: says what became of what it sent.

"answer": it came back; "silence": nothing did, for three seconds; or the name of the
error that the socket gave. With "talk" before, it goes on talking over one
connection, a line for each answer, until there is an error.
"""
import errno
import socket
import sys
import time


def name_of(error):
    return errno.errorcode.get(error.errno, str(error))


def connected(kind, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    it = socket.socket(family, socket.SOCK_STREAM if kind == "tcp"
                       else socket.SOCK_DGRAM)
    it.settimeout(3)
    it.connect((address, int(port)))
    return it


def exchange(it):
    it.send(b"hello")
    return "answer" if it.recv(100) else "end"


def once(arguments):
    try:
        print(exchange(connected(*arguments)))
    except TimeoutError:
        print("silence")
    except OSError as error:
        print(name_of(error))


def talk(arguments):
    it = connected(*arguments)
    it.settimeout(None)
    try:
        while exchange(it) == "answer":
            print("answer", flush=True)
            time.sleep(0.05)
    except OSError as error:
        print(name_of(error), flush=True)


if sys.argv[1] == "talk":
    talk(sys.argv[2:])
else:
    once(sys.argv[1:])
