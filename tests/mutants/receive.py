#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""usage: receive.py SOURCE: builds mistakes into a copy of SOURCE (which has its
configure script); beside the kernel each has to make packets' fates differ (see
tests/netns/receive.sh). As root. TAP."""
import os
import shutil
import subprocess
import sys
import tempfile

IP = "src/packet/ip.c"
OPTIONS = "src/packet/options.c"
HOP = "src/packet/hopbyhop.c"
MARTIAN = "src/path/martian.c"
SOURCE = "src/path/source.c"
FORWARD = "src/path/forward.c"
ANSWER = "src/path/answer.c"
ICMP = "src/net/icmp.c"
PACKETS = 100000

# name, family, file, what to search (exactly once), what to put there
MUTANTS = [
    ("a header of 16 bytes will do", 4, IP,
     "header < IPV4_BYTES ||", "header < IPV4_BYTES - 4 ||"),
    ("the header's checksum is not looked at", 4, IP,
     "if (checksum_finish(checksum_add(0, at, header)))", "if (false)"),
    ("a byte may be missing", 4, IP,
     "if (len < total)", "if (len + 1 < total)"),
    ("a total length below the header's", 4, IP,
     "if (total < header)\n\t\treturn DROP_IP_INHDR;",
     "if (total < header)\n\t\treturn DROP_PKT_TOO_SMALL;"),
    ("what is behind the packet goes on with it", 4, IP,
     "\t\tpkt->len = bytes;", "\t\tpkt->len += 0 * bytes;"),
    ("a byte of payload may be missing", 6, IP,
     "if (payload > c.left)", "if (payload > c.left + 1)"),
    ("::1 is asked from outside", 6, IP,
     "is_ipv6_loopback(&pkt->destination))", "false)"),
    ("groups of an interface come from outside", 6, IP,
     "<= SCOPE_INTERFACE", "< SCOPE_INTERFACE"),
    ("a route's pointer may be 3", 4, OPTIONS,
     "#define ROUTE_POINTER_MIN      4", "#define ROUTE_POINTER_MIN      3"),
    ("a route is recorded twice", 4, OPTIONS,
     "if (!is_first(&found->has_record))", "if (false)"),
    ("stamps are lost for ever", 4, OPTIONS,
     "< TIMESTAMP_OVERFLOW_MAX", "<= TIMESTAMP_OVERFLOW_MAX"),
    ("source routes are followed", 4, OPTIONS,
     "return found.has_route ? DROP_IP_INHDR : DROP_NONE;",
     "return DROP_NONE;"),
    ("labels are nothing special", 4, OPTIONS,
     "{OPTION_CIPSO, check_label},", ""),
    ("8 bytes of padding", 6, HOP,
     "#define PADDING_BYTES_MAX  7", "#define PADDING_BYTES_MAX  8"),
    ("padding may say something", 6, HOP,
     "return sum || walk->padding", "return walk->padding"),
    ("what is unknown is skipped", 6, HOP,
     "\tif (!action)\n\t\treturn DROP_NONE;", "\tif (action < 0xc0)\n\t\treturn DROP_NONE;"),
    ("a group need not know", 6, ICMP,
     "if (error->kind == ICMP_UNKNOWN_OPTION)", "if (false)"),
    ("router alerts of any length", 6, HOP,
     "return bytes == ROUTER_ALERT_BYTES ?", "return bytes ?"),
    ("a broadcast address is a source", 4, MARTIAN,
     "if (prefix_has(&multicast_ipv4, &pkt->source) ||\n"
     "\t    prefix_has(&broadcast_ipv4, &pkt->source))",
     "if (prefix_has(&multicast_ipv4, &pkt->source))"),
    ("127.0.0.1 is a source", 4, MARTIAN,
     "if (prefix_has(&loopback_ipv4, &pkt->destination) ||\n"
     "\t    prefix_has(&loopback_ipv4, &pkt->source))",
     "if (prefix_has(&loopback_ipv4, &pkt->destination))"),
    ("our own address is a source", 4, MARTIAN,
     "return DROP_IP_LOCAL_SOURCE;\n\t\tif", "return DROP_NONE;\n\t\tif"),
    ("our network's broadcast is forwarded", 4, MARTIAN,
     "martian_is_broadcast_of(&addresses[i], address) ||", "false ||"),
    ("the routers' address is forwarded", 6, MARTIAN,
     "is_anycast_of(&addresses[i], address))", "false)"),
    ("a peer's packets are anybody's", 4, SOURCE,
     "if (tunnel_route(path->setup.tunnel, &pkt->source) != pkt->peer)",
     "if (!tunnel_route(path->setup.tunnel, &pkt->source))"),
    ("a hop too many", 4, FORWARD, "pkt->ttl <= 1", "pkt->ttl < 1"),
    ("the checksum is that of before", 4, FORWARD,
     "checksum_replace(checksum, before, before - 0x100)", "checksum"),
    ("IPv6 packets live for ever", 6, FORWARD,
     "packet_l3(pkt)[IPV6_HOP_LIMIT]--;", ";"),
    ("what is link-local is forwarded", 6, FORWARD,
     "pkt->to_peer != pkt->peer &&", "false &&"),
    ("an error is answered", 4, ICMP,
     "!is_many(&about->destination) && !is_error_ipv4(about);",
     "!is_many(&about->destination);"),
    ("a later fragment is answered", 4, ICMP,
     "return !about->is_later_fragment &&", "return"),
    ("whoever sends as ours is answered", 6, ANSWER,
     "if (martian_is_local(\n\t\t&about->source,",
     "if (false && martian_is_local(\n\t\t&about->source,"),
    ("nobody is told of the last hop", 6, FORWARD,
     "answer_error(path, pkt, ICMP_TIME_EXCEEDED, 0);", ""),
]


def quiet(command, tree, seconds=300):
    return subprocess.run(command, cwd=tree, timeout=seconds,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode


def build(tree):
    return quiet(["make", "-s", "receive_model"], tree) == 0


def differences(tree, family):
    """How many fates differ; None: the model did not come to its end."""
    run = subprocess.run(
        ["unshare", "-n", "./receive_model", "mutants%d" % os.getpid(),
         str(family), str(PACKETS), "1"],
        cwd=tree, timeout=300, env=dict(os.environ, SEED="1"),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    for line in run.stdout.decode().splitlines():
        if line.endswith(" have another fate"):
            return int(line.split()[-4])
    return None


def judge(mutant, tree):
    name, family, file, search, replacement = mutant
    path = os.path.join(tree, file)
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if text.count(search) != 1:
        return False, "%s: %d places in %s match, not 1" % (
            name, text.count(search), file)
    with open(path, "w", encoding="utf-8") as source:
        source.write(text.replace(search, replacement))
    try:
        if not build(tree):
            return False, "can not build " + name
        count = differences(tree, family)
    finally:
        with open(path, "w", encoding="utf-8") as source:
            source.write(text)
    if count:
        return True, "%s: %d differ" % (name, count)
    return False, "%s: %s" % (name, "NONE DIFFERS" if count == 0 else "ended")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="vpnd-mutants-") as top:
        tree = os.path.join(top, "0")
        shutil.copytree(sys.argv[1], tree, symlinks=True,
                        ignore=shutil.ignore_patterns(".git", "*.o", "*.a"))
        env = dict(os.environ, CFLAGS="-O1")
        subprocess.run(["./configure", "--quiet"], cwd=tree, env=env,
                       check=True, stdout=subprocess.DEVNULL)
        if not build(tree):
            sys.exit("Bail out! it does not build")
        for family in (4, 6):
            if differences(tree, family) != 0:
                sys.exit("Bail out! without a mistake it is not the same")
        print("1..%d" % len(MUTANTS), flush=True)
        for number, mutant in enumerate(MUTANTS, 1):
            is_dead, said = judge(mutant, tree)
            survivors += not is_dead
            print("%sok %d - %s" % ("" if is_dead else "not ", number, said),
                  flush=True)
    sys.exit(1 if survivors else 0)


main()
