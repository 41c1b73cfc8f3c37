"""pyarrow's side of read.mjs: CPU seconds as one line of JSON, the best of three, on one thread."""

import json
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
path, target = sys.argv[1:]


def best(work):
    least = float("inf")
    for _ in range(3):
        before = time.process_time()
        value = work()
        least = min(least, time.process_time() - before)
    return least, value


def read(columns=None):
    characters = 0
    for batch in pq.ParquetFile(path, pre_buffer=False).iter_batches(1024, columns=columns, use_threads=False):
        if columns:
            for text in batch.column("text").to_pylist():
                characters += len(text[:9])
        else:
            for row in batch.to_pylist():
                characters += len(row["text"][:9])
    return characters


rows = pq.read_table(path, use_threads=False).to_pylist()


def write():
    with pq.ParquetWriter(target, pq.read_schema(path), compression="zstd", compression_level=3) as writer:
        for start in range(0, len(rows), 4096):
            writer.write_table(pa.Table.from_pylist(rows[start : start + 4096], schema=pq.read_schema(path)))


text, characters = best(lambda: read(["text"]))
print(json.dumps({"text": text, "characters": characters, "all": best(read)[0], "write": best(write)[0]}))
