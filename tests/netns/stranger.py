#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""stranger.py - a peer that speaks WireGuard and says what it likes.

usage: stranger.py serve SOCKET KEY-FILE PUBLIC-KEY-FILE ADDRESS TO-ADDRESS
           from port 51820 to port 51820; its orders come through SOCKET
       stranger.py SOCKET ORDER [ARGUMENT...]        one order; exit 1: failed
orders:
       session              a handshake, and a keepalive to confirm it
       hello LINK [LARGEST] HELLO: 1 has a tun device, 2 a tap device; and the
                            largest frame that it takes
       inner HEX [COUNT]    an IP packet, padded and sealed
       frame HEX [COUNT]    an Ethernet frame, likewise
       plain HEX [COUNT]    any plaintext, sealed as it is
       marked HEX           an IP packet in a datagram marked CE
       datagram HEX [COUNT] any bytes
       filled HEX BYTES     the same, with zeros up to that length
       again                the last sealed datagram once more
       damaged | late       sealed, with a wrong tag; with the last counter
       typed HEX            the last sealed datagram with another type
       initiation unknown|damaged|old|twice
       response | cookie    to an initiation that there was none of
       flood COUNT          damaged initiations with a right MAC1
       insist COUNT         as many as there have to be for a cookie, and then
                            COUNT good ones with it
"""
import base64
import ctypes
import hashlib
import hmac
import os
import socket
import struct
import sys
import time

sodium = ctypes.CDLL("libsodium.so.23")
PORT = 51820
CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
INITIATION, RESPONSE, COOKIE, DATA = 1, 2, 3, 4
CE = 3
LAST_COUNTER = 2**64 - 2**13 - 1


def blake(*parts):
    return hashlib.blake2s(b"".join(parts)).digest()


def mac(key, data):
    return hashlib.blake2s(data, key=key, digest_size=16).digest()


def kdf(key, data, count):
    """`count` keys, as HKDF makes them."""
    root = hmac.new(key, data, hashlib.blake2s).digest()
    keys, last = [], b""
    for i in range(count):
        last = hmac.new(root, last + bytes([i + 1]), hashlib.blake2s).digest()
        keys.append(last)
    return keys


def multiply(private, public):
    shared = ctypes.create_string_buffer(32)
    if sodium.crypto_scalarmult(shared, private, public):
        raise ValueError("a low-order point")
    return shared.raw


def public_of(private):
    public = ctypes.create_string_buffer(32)
    sodium.crypto_scalarmult_base(public, private)
    return public.raw


def seal(key, counter, text, extra=b""):
    sealed = ctypes.create_string_buffer(len(text) + 16)
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
        sealed, None, text, ctypes.c_ulonglong(len(text)), extra,
        ctypes.c_ulonglong(len(extra)), None, struct.pack("<IQ", 0, counter),
        key)
    return sealed.raw


def open_cookie(key, nonce, sealed, extra):
    text = ctypes.create_string_buffer(16)
    if sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            text, None, None, sealed, ctypes.c_ulonglong(len(sealed)), extra,
            ctypes.c_ulonglong(len(extra)), nonce, key):
        raise ValueError("the cookie is not ours")
    return text.raw


class Initiation:
    """One that is under way: its bytes, and what the answer needs."""

    def __init__(self, private, remote, cookie=b"", shift=0):
        self.private, self.index = private, os.urandom(4)
        self.ephemeral = os.urandom(32)
        self.chain = blake(CONSTRUCTION)
        self.hash = blake(blake(self.chain, IDENTIFIER), remote)
        self.mix_point(public_of(self.ephemeral))
        point = public_of(self.ephemeral)
        key = self.mix(multiply(self.ephemeral, remote), 2)[0]
        static = self.encrypt(key, public_of(private))
        key = self.mix(multiply(private, remote), 2)[0]
        now = time.time() + shift
        stamp = struct.pack(">QI", 2**62 + 10 + int(now), int(now % 1 * 1e9))
        body = (struct.pack("<I", INITIATION) + self.index + point + static
                + self.encrypt(key, stamp))
        body += mac(blake(b"mac1----", remote), body)
        self.message = body + (mac(cookie, body) if cookie else bytes(16))

    def mix(self, data, count):
        self.chain, *keys = kdf(self.chain, data, count)
        return keys

    def mix_point(self, point):
        self.hash = blake(self.hash, point)
        self.mix(point, 1)

    def encrypt(self, key, text):
        sealed = seal(key, 0, text, self.hash)
        self.hash = blake(self.hash, sealed)
        return sealed

    def finish(self, response):
        """The session's index there, and the key to send with."""
        point = response[12:44]
        self.mix_point(point)
        self.mix(multiply(self.ephemeral, point), 1)
        self.mix(multiply(self.private, point), 1)
        self.mix(bytes(32), 3)  # no pre-shared key
        return response[4:8], kdf(self.chain, b"", 2)[0]


class Stranger:
    def __init__(self, key_file, public_file, address, to):
        with open(key_file) as f:
            self.private = base64.b64decode(f.read())
        with open(public_file) as f:
            self.remote = base64.b64decode(f.read())
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, PORT))
        self.udp.settimeout(2)
        self.to = (to, PORT)
        self.index = self.key = None
        self.counter = 0
        self.last = b""

    def send(self, data):
        self.udp.sendto(data, self.to)

    def receive(self, kind, test=lambda data: True):
        until = time.monotonic() + 3
        while time.monotonic() < until:
            data = self.udp.recv(65536)
            if data[0] == kind and test(data):
                return data
        raise ValueError("no answer")

    def sealed(self, text, counter=None):
        if counter is None:
            counter, self.counter = self.counter, self.counter + 1
        head = struct.pack("<I", DATA) + self.index + struct.pack("<Q", counter)
        return head + seal(self.key, counter, text)

    def say(self, text, count=1):
        for _ in range(int(count)):
            self.last = self.sealed(text)
            self.send(self.last)

    # ---- orders ----

    def session(self):
        initiation = Initiation(self.private, self.remote)
        self.send(initiation.message)
        response = self.receive(
            RESPONSE, lambda data: data[8:12] == initiation.index)
        self.index, self.key = initiation.finish(response)
        self.counter = 0
        self.say(b"")

    def hello(self, link, largest=9000):
        fields = (struct.pack("<BBI", 1, 4, 1 << 3 if link == "2" else 0)
                  + struct.pack("<BBB", 2, 1, int(link))
                  + struct.pack("<BBI", 3, 4, int(largest)))
        self.say((struct.pack("<BBH", 0x10, 1, len(fields)) + fields)
                 .ljust(84, b"\0"))

    def inner(self, text, count=1):
        data = bytes.fromhex(text)
        self.say(data + bytes(-len(data) % 16), count)

    def frame(self, text, count=1):
        data = bytes.fromhex(text)
        padding = -(len(data) + 2) % 16
        self.say(bytes([0x20, padding]) + data + bytes(padding), count)

    def plain(self, text, count=1):
        self.say(bytes.fromhex(text), count)

    def marked(self, text):
        self.udp.setsockopt(socket.SOL_IP, socket.IP_TOS, CE)
        self.inner(text)
        self.udp.setsockopt(socket.SOL_IP, socket.IP_TOS, 0)

    def datagram(self, text, count=1):
        for _ in range(int(count)):
            self.send(bytes.fromhex(text))

    def filled(self, text, size):
        self.send(bytes.fromhex(text).ljust(int(size), b"\0"))

    def again(self):
        self.send(self.last)

    def damaged(self):
        self.send(self.sealed(b"")[:-1] + b"?")

    def typed(self, text):
        self.send(bytes.fromhex(text) + self.last[4:])

    def late(self):
        self.send(self.sealed(b"", LAST_COUNTER))

    def initiation(self, kind):
        if kind == "unknown":
            self.send(Initiation(os.urandom(32), self.remote).message)
        elif kind == "damaged":
            self.flood(1)
        elif kind == "old":
            self.send(Initiation(self.private, self.remote,
                                 shift=-3600).message)
        elif kind == "twice":
            several = [Initiation(self.private, self.remote, shift=i / 10)
                       for i in range(2)]
            for one in several:
                self.send(one.message)
        else:
            raise ValueError(kind)

    def with_macs(self, body):
        return body + mac(blake(b"mac1----", self.remote), body) + bytes(16)

    def response(self):
        self.send(self.with_macs(
            struct.pack("<I", RESPONSE) + os.urandom(56)))

    def cookie(self):
        self.send(struct.pack("<I", COOKIE) + os.urandom(60))

    def flood(self, count):
        """MAC1 of each, by its index."""
        asked = {}
        for _ in range(int(count)):
            message = self.with_macs(
                struct.pack("<I", INITIATION) + os.urandom(112))
            asked[message[4:8]] = message[116:132]
            self.send(message)
        return asked

    def insist(self, count):
        asked = self.flood(1000)
        reply = self.receive(COOKIE, lambda data: data[4:8] in asked)
        cookie = open_cookie(blake(b"cookie--", self.remote), reply[8:32],
                             reply[32:], asked[reply[4:8]])
        several = [Initiation(self.private, self.remote, cookie, i / 10)
                   for i in range(int(count))]
        self.flood(300)  # who was under load may have had a second of rest
        for one in several:
            self.send(one.message)


ORDERS = ("session", "hello", "inner", "frame", "plain", "marked", "datagram",
          "filled", "again", "damaged", "typed", "late", "initiation", "response",
          "cookie", "flood", "insist")


def obey(stranger, words):
    if words[0] not in ORDERS:
        return "no such order: " + words[0]
    try:
        getattr(stranger, words[0])(*words[1:])
    except (OSError, ValueError, TypeError) as error:
        return "%s: %s" % (words[0], error)
    return ""


def serve(path, *arguments):
    stranger = Stranger(*arguments)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(path)
    door.listen()
    while True:
        client, _ = door.accept()
        with client, client.makefile("r") as lines:
            client.sendall(obey(stranger, lines.readline().split()).encode())


def order(path, *words):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)
    client.sendall((" ".join(words) + "\n").encode())
    error = client.makefile("r").read()
    if error:
        sys.exit(error)


if sys.argv[1] == "serve":
    serve(*sys.argv[2:])
else:
    order(*sys.argv[1:])
