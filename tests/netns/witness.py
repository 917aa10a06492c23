#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""witness.py - do all who tell of a drop name the same stage and reason?

usage: witness.py mark DIRECTORY VPNCTL SOCKET
       witness.py ask DIRECTORY VPNCTL SOCKET DIRECTION STAGE REASON COUNT PEER
                  [WITNESS...]
`mark` notes what there is; `ask` waits for what has come since. COUNT is how
many packets were dropped, "2+" for two or more; PEER "-": nobody's. Always
asked are the counters of all and of the peer. A WITNESS is
       follow   vpnctl drops --follow     into DIRECTORY/follow.txt
       live     vpnctl trace --live       into DIRECTORY/live.txt
       capture  vpnctl capture --drops    into DIRECTORY/drops.pcapng
and must have told of as many, and of no other drop.
"""
import json
import os
import subprocess
import sys
import time

SECONDS = float(os.environ.get("WITNESS_SECONDS", "6"))
GONE = 5  # exit code: there is no such peer
HERE = os.path.dirname(os.path.realpath(__file__))


def documents(path):
    """Those of a file that are whole."""
    decoder, found, at = json.JSONDecoder(), [], 0
    with open(path) as f:
        text = f.read()
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        try:
            document, at = decoder.raw_decode(text, at)
        except ValueError:
            return found
        found.append(document)


class Witnesses:
    def __init__(self, directory, vpnctl, path):
        self.directory, self.vpnctl, self.path = directory, vpnctl, path

    def counters(self, peer="-"):
        command = [self.vpnctl, "--socket", self.path, "--json", "drops"]
        if peer != "-":
            command += ["--peer", peer]
        answer = subprocess.run(command, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        if answer.returncode == GONE:
            return None
        answer = json.loads(answer.stdout)
        return {"%(direction)s %(stage)s %(reason)s" % drop: drop["packets"]
                for drop in answer["drops"]}

    def file(self, name):
        return os.path.join(self.directory, name)

    def follow(self):
        return [(one["stage"], one["reason"], one.get("peer", "-"))
                for one in documents(self.file("follow.txt"))
                if "stage" in one]

    def live(self):
        """What passed, too, so that nothing is marked twice."""
        return [(one["steps"][-1]["stage"], one.get("reason", one["verdict"]),
                 one["from"] or one.get("to", "-"))
                for one in documents(self.file("live.txt"))
                if "steps" in one]

    def capture(self):
        script = os.path.join(HERE, "pcapng.py")
        text = subprocess.run(
            [sys.executable, "-ISB", script, self.file("drops.pcapng")],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
        found = []
        for line in text.splitlines():
            if "dropped by " not in line:
                continue
            who, what = line.split("dropped by ")
            stage, reason = what.split(" (")[0].split(": ")
            peer = who.split("peer ")[1].split(",")[0] if "peer " in who else "-"
            found.append((stage, reason, peer))
        return found


def mark(witnesses, everybody):
    state = {"counters": {who: witnesses.counters(who)
                          for who in everybody}}
    for name in ("follow", "live", "capture"):
        state[name] = len(getattr(witnesses, name)())
    with open(witnesses.file("mark.json"), "w") as f:
        json.dump(state, f)


def is_count(wanted, got):
    if wanted.endswith("+"):
        return got >= int(wanted[:-1])
    return got == int(wanted)


def differences(witnesses, state, wanted, names):
    """Sentences: what does not agree."""
    direction, stage, reason, count, peer = wanted
    key = "%s %s %s" % (direction, stage, reason)
    for who in {"-", peer}:
        before = state["counters"].get(who, {})
        after = witnesses.counters(who)
        if after is None and who in state["counters"]:
            continue  # it went, and its counters with it
        if not is_count(count, after.get(key, 0) - before.get(key, 0)):
            yield "counter of %s: %s" % (who, {
                name: after[name] - before.get(name, 0) for name in after
                if after[name] != before.get(name, 0)})
    for name in names:
        told = getattr(witnesses, name)()[state[name]:]
        if name == "live":
            told = [one for one in told if one[1].isupper()]
        named = [one for one in told if one[:2] == (stage, reason)]
        if not is_count(count, len(named)):
            yield "%s: %s" % (name, told)
        elif not count.endswith("+") and len(told) != len(named):
            yield "%s tells of others, too: %s" % (name, told)
        elif any(one[2] != peer for one in named):
            yield "%s: another peer: %s" % (name, named[:3])


def ask(witnesses, *words):
    wanted, names = words[:5], words[5:]
    with open(witnesses.file("mark.json")) as f:
        state = json.load(f)
    until = time.monotonic() + SECONDS
    while True:
        found = list(differences(witnesses, state, wanted, names))
        if not found:
            return
        if time.monotonic() > until:
            sys.exit("\n".join(found))
        time.sleep(0.05)


def main():
    witnesses = Witnesses(*sys.argv[2:5])
    if sys.argv[1] == "mark":
        peers = subprocess.check_output(
            [sys.argv[3], "--socket", sys.argv[4], "--json", "status"])
        mark(witnesses, ["-"] + [peer["name"]
                                 for peer in json.loads(peers)["peers"]])
    else:
        ask(witnesses, *sys.argv[5:])


main()
