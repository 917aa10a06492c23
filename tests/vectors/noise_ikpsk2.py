#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Writes noise_ikpsk2.h: whole handshakes, computed without vpnd's code.

A second implementation, from the WireGuard paper (sections 5.4.1 to 5.4.7)
and vpnd-protocol(7) alone: hashlib and hmac for BLAKE2s, python3-cryptography
for X25519 and ChaCha20-Poly1305, python3-nacl for XChaCha20-Poly1305. Run it
as tests/vectors/noise_ikpsk2.py > tests/vectors/noise_ikpsk2.h
"""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

VECTORS = 8
RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def blake2s(*parts):
    return hashlib.blake2s(b"".join(parts)).digest()


def mac(key, *parts):
    return hashlib.blake2s(b"".join(parts), key=key, digest_size=16).digest()


def hmac_blake2s(key, data):
    return hmac.new(key, data, hashlib.blake2s).digest()


def kdf(count, key, data):
    secret = hmac_blake2s(key, data)
    outputs, last = [], b""
    for i in range(1, count + 1):
        last = hmac_blake2s(secret, last + bytes([i]))
        outputs.append(last)
    return outputs


def public(private):
    key = X25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(*RAW)


def dh(private, other):
    return X25519PrivateKey.from_private_bytes(private).exchange(
        X25519PublicKey.from_public_bytes(other))


def aead(key, text, data):
    return ChaCha20Poly1305(key).encrypt(bytes(12), text, data)


def chosen(vector, name, length=32):
    """Bytes that look random and are the same in each run."""
    return hashlib.blake2s(b"%d %s" % (vector, name.encode())).digest()[:length]


def tai64n(seconds, nanoseconds):
    return struct.pack(">QI", 0x400000000000000A + seconds,
                       nanoseconds // 2**24 * 2**24)


def handshake(n):
    v = {
        "initiator_private": chosen(n, "initiator"),
        "responder_private": chosen(n, "responder"),
        "initiator_ephemeral": chosen(n, "initiator ephemeral"),
        "responder_ephemeral": chosen(n, "responder ephemeral"),
        "preshared_key": chosen(n, "psk") if n % 2 else bytes(32),
        "cookie_secret": chosen(n, "cookie secret"),
        "cookie_nonce": chosen(n, "cookie nonce", 24),
    }
    indices = chosen(n, "indices", 8)
    seconds = int.from_bytes(chosen(n, "s", 4), "little")
    nanoseconds = int.from_bytes(chosen(n, "ns", 4), "little") % 10**9
    si, sr = v["initiator_private"], v["responder_private"]
    ei, er = v["initiator_ephemeral"], v["responder_ephemeral"]

    # first message
    ck = blake2s(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
    h = blake2s(ck, b"WireGuard v1 zx2c4 Jason@zx2c4.com")
    h = blake2s(h, public(sr))
    ck, = kdf(1, ck, public(ei))
    message = struct.pack("<I", 1) + indices[:4] + public(ei)
    h = blake2s(h, public(ei))
    ck, key = kdf(2, ck, dh(ei, public(sr)))
    sealed = aead(key, public(si), h)
    message += sealed
    h = blake2s(h, sealed)
    ck, key = kdf(2, ck, dh(si, public(sr)))
    v["timestamp"] = tai64n(seconds, nanoseconds)
    sealed = aead(key, v["timestamp"], h)
    message += sealed
    h = blake2s(h, sealed)
    mac1 = mac(blake2s(b"mac1----", public(sr)), message)
    v["initiation"] = message + mac1 + bytes(16)

    # cookie reply to it, and the MAC2 that it leads to
    source = bytes([192, 0, 2, 1]) + struct.pack(">H", 51820)
    cookie = mac(v["cookie_secret"], source)
    v["cookie_reply"] = (
        struct.pack("<I", 3) + indices[:4] + v["cookie_nonce"] +
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            cookie, mac1, v["cookie_nonce"],
            blake2s(b"cookie--", public(sr))))
    v["mac2"] = mac(cookie, message, mac1)

    # second message
    ck, = kdf(1, ck, public(er))
    message = struct.pack("<I", 2) + indices[4:] + indices[:4] + public(er)
    h = blake2s(h, public(er))
    ck, = kdf(1, ck, dh(er, public(ei)))
    ck, = kdf(1, ck, dh(er, public(si)))
    ck, tau, key = kdf(3, ck, v["preshared_key"])
    h = blake2s(h, tau)
    message += aead(key, b"", h)
    v["response"] = message + mac(
        blake2s(b"mac1----", public(si)), message) + bytes(16)

    # transport keys
    v["i2r"], v["r2i"], third = kdf(3, ck, b"")
    v["i2r_aes256gcm"] = hmac_blake2s(third, b"vpnd aes256gcm i2r")
    v["r2i_aes256gcm"] = hmac_blake2s(third, b"vpnd aes256gcm r2i")
    return v, seconds, nanoseconds


def literal(data):
    lines = [data[i:i + 28].hex() for i in range(0, len(data), 28)]
    return "\n\t\t".join('"%s"' % line for line in lines)


def main():
    vectors = [handshake(n) for n in range(VECTORS)]
    print("/* SPDX-License-Identifier: ISC */")
    print("/* Written by noise_ikpsk2.py; do not edit. All bytes in hex. */")
    print("#ifndef VECTORS_NOISE_IKPSK2_H\n#define VECTORS_NOISE_IKPSK2_H\n")
    print("#include <stdint.h>\n")
    print("struct noise_vector {\n\tint64_t wall_s;\n\tuint32_t wall_ns;")
    for name in vectors[0][0]:
        print("\tconst char *%s;" % name)
    print("};\n\nstatic const struct noise_vector noise_vectors[] = {")
    for fields, seconds, nanoseconds in vectors:
        print("    {\n\t.wall_s = %d,\n\t.wall_ns = %d," %
              (seconds, nanoseconds))
        for name, data in fields.items():
            print("\t.%s =\n\t\t%s," % (name, literal(data)))
        print("    },")
    print("};\n\n#endif")


main()
