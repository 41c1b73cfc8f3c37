"""pyarrow's side of write.mjs: writes the rows ten times over and tells CPU seconds, memory and size as JSON."""

import json
import os
import resource
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
writer_name, table, source, target = sys.argv[1:]
turn = pa.struct([("role", pa.string()), ("content", pa.string())])
schemas = {
    "texts": pa.schema(
        [(name, pa.string()) for name in ["text", "id", "dump", "url", "date", "file_path", "language"]]
        + [("language_score", pa.float64()), ("token_count", pa.int64())]
    ),
    "messages": pa.schema([("messages", pa.list_(turn)), ("source", pa.string()), ("score", pa.float64())]),
    "vectors": pa.schema([("id", pa.string()), ("vector", pa.list_(pa.float32(), 256))]),
}
with open(source, encoding="utf-8") as lines:
    rows = [json.loads(line) for line in lines]


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 2**20


# About the row groups that sluice makes of these rows: 4,096, or 4 MiB.
group = {"texts": 1750, "messages": 3700, "vectors": 4096}[table]
before_mb = resident()
before = time.process_time()
options = {"compression": "zstd", "compression_level": 3, "write_page_checksum": writer_name.endswith("crc")}
with pq.ParquetWriter(target, schemas[table], write_page_index=True, **options) as writer:
    for _ in range(10):
        for start in range(0, len(rows), group):
            writer.write_table(pa.Table.from_pylist(rows[start : start + group], schema=schemas[table]))
cpu = time.process_time() - before
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": cpu, "peakMb": peak, "beforeMb": before_mb, "bytes": os.path.getsize(target)}))
