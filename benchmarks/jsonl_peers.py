"""The peers of jsonl.mjs: reads a JSONL file by `json` or `pyarrow` and tells its rows and the length of its texts."""

import gzip
import json
import sys

peer, path = sys.argv[1:]
rows = characters = 0
if peer == "json":
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows += 1
            characters += len(row["text"])
else:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.json

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if open(path, "rb").read(1):
        source = pa.input_stream(path)
        for batch in pa.json.open_json(source, pa.json.ReadOptions(use_threads=False)):
            rows += len(batch)
            characters += pc.sum(pc.utf8_length(batch.column("text"))).as_py()
print(json.dumps({"rows": rows, "characters": characters}))
