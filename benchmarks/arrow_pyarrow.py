"""pyarrow's side of arrow.mjs: makes the files, or reads one into Python values and tells its rows and texts' length."""

import json
import random
import sys

import pyarrow as pa
import pyarrow.ipc

pa.set_cpu_count(1)
pa.set_io_thread_count(1)


def make(folder, megabytes):
    draw = random.Random(5)
    words = ["".join(draw.choices("etaoinshrdlucmfwypvbgk", k=draw.randint(2, 9))) for _ in range(20_000)]
    schema = pa.schema([("id", pa.string()), ("text", pa.string()), ("score", pa.float64()), ("tokens", pa.int64()), ("tags", pa.list_(pa.string()))])
    writers = [
        pa.ipc.new_stream(f"{folder}/{name}.arrows", schema, options=pa.ipc.IpcWriteOptions(compression=codec))
        for name, codec in [("plain", None), ("lz4", "lz4"), ("zstd", "zstd")]
    ]
    pa.ipc.new_stream(f"{folder}/empty.arrows", schema).close()
    size = n = 0
    while size < megabytes * 1e6:
        texts = [" ".join(words[int(20_000 * draw.random() ** 4)] for _ in range(draw.randint(50, 550))) for _ in range(1000)]
        rows = range(n, n + 1000)
        batch = pa.record_batch(
            [[f"doc-{i}" for i in rows], texts, [i / 7 for i in rows], [len(t) for t in texts], [["web", str(i % 9)] for i in rows]],
            schema=schema,
        )
        for writer in writers:
            writer.write_batch(batch)
        n += 1000
        size += sum(map(len, texts))
    for writer in writers:
        writer.close()


def read(what, path):
    rows = characters = 0
    with pa.memory_map(path) as source:
        for batch in pa.ipc.open_stream(source):
            rows += len(batch)
            if what == "text":
                for text in batch.column("text").to_pylist():
                    characters += len(text)
            else:
                for row in batch.to_pylist():
                    characters += len(row["text"])
    print(json.dumps({"rows": rows, "characters": characters}))


mode, *rest = sys.argv[1:]
if mode == "make":
    make(rest[0], float(rest[1]))
else:
    read(mode, rest[0])
