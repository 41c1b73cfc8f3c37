"""pyarrow's side of read.mjs: `python read_pyarrow.py CASE FILE` prints CPU seconds on one thread, the best of three
readings, and the peak memory of the first as a line of JSON."""

import json
import resource
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
case, path = sys.argv[1:]


def batches(columns=None):
    # Without pre-buffering, which holds a whole row group; batches of a row group, as its own readers give them.
    return pq.ParquetFile(path, pre_buffer=False).iter_batches(1000, columns=columns, use_threads=False)


def texts():
    taken = 0
    for batch in batches(["text"]):
        offsets = batch.column(0).buffers()[1]
        ends = memoryview(offsets).cast("i")
        taken += ends[batch.num_rows + batch.column(0).offset] - ends[batch.column(0).offset]
    return taken


def strings():
    return sum(len(batch.column(0).to_pylist()) for batch in batches(["text"]))


def rows():
    return sum(len(batch.to_pylist()) for batch in batches())


work = {"bytes": texts, "strings": strings, "rows": rows}[case]
least, peak = float("inf"), None
for _ in range(3):
    before = time.process_time()
    said = work()
    least = min(least, time.process_time() - before)
    peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": least, "mb": peak, "said": said}))
