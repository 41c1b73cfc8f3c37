"""The peers of rouge.mjs: rapidfuzz's Indel over token numbers, and rouge-score.

usage: python rouge_peers.py TEXTS.json THRESHOLD PAIRS
Prints one line of JSON: CPU seconds of each, and the rows that rapidfuzz keeps.
"""

import json
import random
import re
import sys
import time

import numpy as np
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist
from rouge_score import rouge_scorer

texts = json.load(open(sys.argv[1]))
threshold, pairs = float(sys.argv[2]), int(sys.argv[3])
block = 512


def exact(common, m, n):
    """The published formula in doubles, which decides where the quotient is the threshold itself."""
    precision, recall = common / n, common / m
    return 2 * precision * recall / (precision + recall) if common else 0.0


def is_above(similarity, a, b):
    if not a or not b:
        return False
    if abs(similarity - threshold) > 1e-9:
        return similarity > threshold
    return exact(round(similarity * (len(a) + len(b)) / 2), len(a), len(b)) > threshold


def hits(rows, columns):
    scores = cdist(
        rows, columns, scorer=Indel.normalized_similarity, score_cutoff=threshold - 1e-9, dtype=np.float64, workers=1
    )
    return scores, np.argwhere(scores > 0)


def novelty():
    numbers = {}
    coded = []
    for text in texts:
        tokens = re.findall("[a-z0-9]+", text.lower())
        # Surrogates are no characters of a string; the numbers go on above them.
        ids = [numbers.setdefault(token, len(numbers)) for token in tokens]
        coded.append("".join(chr(n if n < 0xD800 else n + 0x800) for n in ids))
    kept, kept_texts = [], []
    for at in range(0, len(coded), block):
        rows = coded[at : at + block]
        alike = set()
        if kept_texts:
            scores, found = hits(rows, kept_texts)
            alike = {int(i) for i, j in found if is_above(scores[i, j], rows[i], kept_texts[j])}
        scores, found = hits(rows, rows)
        earlier = {}
        for i, j in found:
            if j < i and is_above(scores[i, j], rows[i], rows[j]):
                earlier.setdefault(int(i), []).append(int(j))
        for i, row in enumerate(rows):
            if i in alike or any(j not in alike for j in earlier.get(i, [])):
                alike.add(i)
                continue
            kept.append(at + i)
            kept_texts.append(row)
    return kept


before = time.process_time()
kept = novelty()
rapidfuzz_seconds = time.process_time() - before

tokens = [re.findall("[a-z0-9]+", text.lower()) for text in texts]
draw = random.Random(7)
sample = [(draw.randrange(len(texts)), draw.randrange(len(texts))) for _ in range(20_000)]
before = time.process_time()
for a, b in sample:
    rouge_scorer._score_lcs(tokens[a], tokens[b])
rouge_seconds = (time.process_time() - before) / len(sample) * pairs
print(
    json.dumps(
        {"rapidfuzz": rapidfuzz_seconds, "rougeScore": rouge_seconds, "rougeScorePairs": len(sample), "kept": kept}
    )
)
