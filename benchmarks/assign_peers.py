"""The peers of assign.mjs: numpy's matrix product with argmin, and faiss's flat search.

usage: python assign_peers.py FOLDER DIMENSIONS
Prints one line of JSON: CPU seconds of the best of five passes. Leaves numpy's labels in labels.i32.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

folder, dimensions = Path(sys.argv[1]), int(sys.argv[2])
vectors = np.fromfile(folder / "vectors.f32", dtype="<f4").reshape(-1, dimensions)
centroids = np.fromfile(folder / "centroids.f32", dtype="<f4").reshape(-1, dimensions)


def best_of_five(work):
    times = []
    for _ in range(5):
        before = time.process_time()
        work()
        times.append(time.process_time() - before)
    return min(times)


def product():
    return vectors @ centroids.T


def assign():
    labels = np.empty(len(vectors), dtype="<i4")
    half = (centroids * centroids).sum(axis=1)
    for at in range(0, len(vectors), 4096):
        scores = vectors[at : at + 4096] @ centroids.T
        scores *= -2
        scores += half
        labels[at : at + 4096] = scores.argmin(axis=1)
    return labels


seconds = {"sgemm alone": best_of_five(product), "numpy assign": best_of_five(assign)}
assign().tofile(folder / "labels.i32")
try:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(dimensions)
    index.add(centroids)
    seconds["faiss flat"] = best_of_five(lambda: index.search(vectors, 1))
except ImportError:
    pass
print(json.dumps({"seconds": seconds}))
