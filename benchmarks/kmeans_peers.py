"""The peers of kmeans.mjs: faiss as it comes, scikit-learn's MiniBatchKMeans, and up to k = 100 its KMeans.

usage: python kmeans_peers.py FOLDER DIMENSIONS K
Prints one line of JSON: CPU seconds of training. Leaves each one's centroids in a float32 file of its name.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

folder, dimensions, k = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
vectors = np.fromfile(folder / "vectors.f32", dtype="<f4").reshape(-1, dimensions)
seconds = {}


def measure(name, train):
    before = time.process_time()
    centroids = train()
    seconds[name] = time.process_time() - before
    np.asarray(centroids, dtype="<f4").tofile(folder / f"{name}.f32")


try:
    import faiss

    faiss.omp_set_num_threads(1)

    def train_faiss():
        trained = faiss.Kmeans(dimensions, k, seed=7)
        trained.train(vectors)
        return trained.centroids

    measure("faiss", train_faiss)
except ImportError:
    pass

try:
    from sklearn.cluster import KMeans, MiniBatchKMeans

    minibatch = MiniBatchKMeans(k, n_init=1, random_state=7, batch_size=4096)
    measure("minibatch", lambda: minibatch.fit(vectors).cluster_centers_)
    if k <= 100:
        full = KMeans(k, n_init=1, random_state=7, max_iter=20)
        measure("sklearn", lambda: full.fit(vectors).cluster_centers_)
except ImportError:
    pass

print(json.dumps({"seconds": seconds}))
