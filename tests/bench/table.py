#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""table.py ROWS FILE... - medians, ratios and verdicts of what run measured.

A line of FILE is ROW TUNNEL FIGURE VALUE; ROWS says what is to be reached.
"""
import collections
import statistics
import sys

LESS_IS_BETTER = "cpu_GB", "rtt", "rtt99"
UNITS = {"tcp1": "Gbit/s", "rev": "Gbit/s", "tcp4": "Gbit/s",
         "cpu_GB": "s/GB", "pps64": "kpkt/s", "rtt": "us", "rtt99": "us",
         "text": "Mbit/s"}


def read_figures(files):
    values = collections.defaultdict(list)
    for file in files:
        for line in open(file):
            words = line.split()
            if len(words) != 4:
                continue  # a figure that was not measured
            try:
                value = float(words[3])
            except ValueError:
                continue
            if value:  # direct takes no time of its own
                values[tuple(words[:3])].append(value)
    return values


def read_rows(file):
    for line in open(file):
        words = line.split()
        if words and not words[0].startswith("#"):
            yield words


def spread(values):
    if len(values) < 2:
        return "-"
    middle = statistics.median(values)
    return f"{(max(values) - min(values)) / middle:.0%}"


def best(values, row, figure, ours):
    """The other tunnel that is best at it."""
    medians = {key[1]: statistics.median(list_)
               for key, list_ in values.items()
               if list_ and key[0] == row and key[2] == figure and
               key[1] != "direct" and not key[1].startswith("vpnd")}
    choose = min if figure in LESS_IS_BETTER else max
    return choose(medians, key=medians.get) if medians else ours


def verdict(figure, ratio, must, aim):
    sign = -1 if figure in LESS_IS_BETTER else 1

    def reaches(limit):
        return limit != "-" and sign * ratio >= sign * float(limit)
    if reaches(aim):
        return "aim"
    if reaches(must):
        return "must"
    return "below" if must == "-" else "SHORT"


def tell_all(values):
    print(f"{'row':10}{'tunnel':14}{'figure':8}{'median':>9} {'':7}"
          f"{'spread':>7}{'rounds':>7}")
    for (row, tunnel, figure), list_ in values.items():
        print(f"{row:10}{tunnel:14}{figure:8}"
              f"{statistics.median(list_):9.3g} {UNITS.get(figure, ''):7}"
              f"{spread(list_):>7}{len(list_):7}")


def tell_rows(values, rows):
    print(f"{'row':10}{'figure':8}{'ours':12}{'':>8}  {'against':14}{'':>7}"
          f"{'ratio':>8}{'must':>6}{'aim':>6}  verdict")
    for row, figure, ours, against, must, aim in rows:
        other = best(values, row, figure, ours) if against == "best" \
            else against
        mine, its = values[row, ours, figure], values[row, other, figure]
        if not mine or not its or other == ours:
            continue
        mine, its = statistics.median(mine), statistics.median(its)
        print(f"{row:10}{figure:8}{ours:12}{mine:8.3g}  "
              f"{other + ('*' if against == 'best' else ''):14}{its:7.3g}"
              f"{mine / its:8.2f}{must:>6}{aim:>6}  "
              f"{verdict(figure, mine / its, must, aim)}")


def main():
    values = read_figures(sys.argv[2:])
    tell_all(dict(values))
    print()
    tell_rows(values, read_rows(sys.argv[1]))
    print("* the best of the others that are installed")


main()
