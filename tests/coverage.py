#!/usr/bin/env python3
"""Reads gcov's counts below BUILD and prints TAP: one test for each pure room.

usage: coverage.py BUILD TOP PERCENT [-v]
"""
import collections
import glob
import json
import os
import subprocess
import sys

ROOMS = ["base", "packet", "protocol", "net", "path", "core", "api"]


def counts(build, top):
    """{source: {line: was it run}} of all objects together."""
    lines = collections.defaultdict(dict)
    objects = glob.glob(os.path.join(build, "src", "*", "*.gcda"))
    for at in range(0, len(objects), 40):
        out = subprocess.run(
            ["gcov", "--json-format", "--stdout", *objects[at:at + 40]],
            cwd=build, capture_output=True, text=True, check=True).stdout
        for text in out.splitlines():
            for file in json.loads(text)["files"]:
                name = os.path.relpath(
                    os.path.join(build, file["file"]), top)
                for line in file["lines"]:
                    known = lines[name].get(line["line_number"], False)
                    lines[name][line["line_number"]] = (
                        known or line["count"] > 0)
    return lines


def main():
    build, top, least = sys.argv[1], sys.argv[2], float(sys.argv[3])
    lines = counts(build, top)
    failed = 0
    for number, room in enumerate(ROOMS, 1):
        files = {name: found for name, found in lines.items()
                 if name.startswith(f"src/{room}/")}
        total = sum(len(found) for found in files.values())
        run = sum(sum(found.values()) for found in files.values())
        percent = 100 * run / total if total else 0
        is_good = percent >= least
        failed += not is_good
        print(f"{'ok' if is_good else 'not ok'} {number} - "
              f"{room}: {percent:.1f} % of {total} lines")
        if not is_good or "-v" in sys.argv:
            for name, found in sorted(files.items()):
                missed = [n for n, hit in sorted(found.items()) if not hit]
                print(f"# {name}: {len(found) - len(missed)}/{len(found)}, "
                      f"not run: {missed[:30]}")
    print(f"1..{len(ROOMS)}")
    sys.exit(failed != 0)


main()
