#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""text.py BYTES - text whose words are as unequally frequent as a language's,
the same each time; a tenth of it, ten times."""
import random
import sys

random.seed(1)
WORDS = ["".join(random.choices("etaoinshrdlucmfwypvbgk", k=k))
         for k in random.choices(range(2, 10), k=4000)]
WEIGHTS = [1 / (rank + 1) ** 1.9 for rank in range(len(WORDS))]
count = int(sys.argv[1]) // 10
text = ""
while len(text) < count:
    text += " ".join(random.choices(WORDS, WEIGHTS, k=20000)) + "\n"
for _ in range(10):
    sys.stdout.write(text[:count])
