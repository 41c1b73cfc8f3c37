"""The peer of select.mjs: a selection in bounded memory as a careful user writes it.

Batches of a Parquet column through model2vec into a memory map, faiss k-means, square-root quotas, a random draw inside each
cluster, and a second reading for the rows themselves.

usage: python select_careful.py TABLE_FOLDER CORPUS ROWS CLUSTERS OUT.parquet
Prints one line of JSON: CPU seconds of each stage.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from model2vec import StaticModel
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

table, corpus, out = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[5]
wanted, k = int(sys.argv[3]), int(sys.argv[4])
pa.set_cpu_count(1)
pa.set_io_thread_count(1)
faiss.omp_set_num_threads(1)
stages, before = {}, time.process_time()


def stage(name):
    global before
    now = time.process_time()
    stages[name] = round(now - before, 2)
    before = now


def load_model():
    pieces = json.loads((table / "use_enzh_32k.pieces.json").read_text())
    rows = np.fromfile(table / "use_enzh_32k_128.i8", dtype=np.int8).reshape(len(pieces), -1)
    scales = np.fromfile(table / "use_enzh_32k_128.scale.f32", dtype="<f4")
    vectors = np.vstack([rows * scales[:, None], np.zeros((1, rows.shape[1]), np.float32)]).astype(np.float32)
    vocabulary = [(piece, score) for piece, score in pieces] + [("[UNK]", -25.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=len(pieces), byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    return StaticModel(vectors, tokenizer, normalize=True), vectors.shape[1]


files = sorted(corpus.glob("*.parquet"))
total = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
model, dimensions = load_model()
stage("start")

with tempfile.TemporaryDirectory() as folder:
    vectors = np.memmap(Path(folder) / "vectors.f32", "<f4", "w+", shape=(total, dimensions))
    at = 0
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(1024, columns=["text"], use_threads=False):
            texts = batch.column("text").to_pylist()
            vectors[at : at + len(texts)] = model.encode(texts, max_length=512, use_multiprocessing=False)
            at += len(texts)
    stage("read and embed")

    # faiss trains on 256 rows a centroid: reading those alone keeps the rest out of memory.
    draw = np.random.default_rng(7)
    sample = np.sort(draw.permutation(total)[: 256 * k])
    kmeans = faiss.Kmeans(dimensions, k, seed=7)
    kmeans.train(np.ascontiguousarray(vectors[sample]))
    stage("k-means")

    labels = np.empty(total, dtype=np.int32)
    for start in range(0, total, 16384):
        labels[start : start + 16384] = kmeans.index.search(np.asarray(vectors[start : start + 16384]), 1)[1][:, 0]
    stage("assign")

counts = np.bincount(labels, minlength=k)
share = np.sqrt(counts)
quota = np.zeros(k, dtype=np.int64)
while (left := min(wanted, total) - quota.sum()) > 0:
    weight = np.where(quota < counts, share, 0)
    more = np.minimum(np.floor(left * weight / weight.sum()).astype(np.int64), counts - quota)
    if more.sum() == 0:
        more[np.argsort(-weight, kind="stable")[:left]] = 1
        more = np.minimum(more, counts - quota)
    quota += more
order = np.lexsort((draw.random(total), labels))
starts = np.concatenate([[0], np.cumsum(counts)])
chosen = np.sort(np.concatenate([order[starts[c] : starts[c] + quota[c]] for c in range(k)]))
stage("quota")

writer, at = None, 0
for file in files:
    for batch in pq.ParquetFile(file).iter_batches(8192, use_threads=False):
        inside = chosen[(chosen >= at) & (chosen < at + len(batch))] - at
        at += len(batch)
        if len(inside) == 0:
            continue
        rows = pa.Table.from_batches([batch.take(pa.array(inside))])
        writer = writer or pq.ParquetWriter(out, rows.schema, compression="zstd")
        writer.write_table(rows)
if writer:
    writer.close()
stage("fetch and write")
print(json.dumps(stages))
