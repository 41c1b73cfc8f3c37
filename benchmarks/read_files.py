"""Lays the first MEGABYTES of text of a corpus out anew for read.mjs, nine columns, zstd level 3, as pyarrow writes by default.

python read_files.py CORPUS_FOLDER TARGET_FOLDER MEGABYTES: groups.parquet (row groups of 1,000 rows), one.parquet (a single row
group), thousand.parquet (1,000 row groups), nested.parquet (conversations), tenth.parquet (a tenth of groups) and a folder shards/
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

corpus, target = map(Path, sys.argv[1:3])
megabytes = float(sys.argv[3])
target.mkdir(parents=True, exist_ok=True)
languages = ["en", "en", "en", "de", "zh"]


def columns(batch, start):
    rows = range(start, start + batch.num_rows)
    return pa.table(
        {
            "id": [f"<urn:uuid:{row * 2654435761 % 2**32:08x}-{row:08x}>" for row in rows],
            "text": batch["text"],
            "url": batch["url"],
            "title": [text[:40] for text in batch["text"].to_pylist()],
            "lang": [languages[row % 5] for row in rows],
            "date": pa.array([1_600_000_000_000 + 977_777 * row for row in rows], pa.timestamp("ms")),
            "tokens": [len(text) // 4 for text in batch["text"].to_pylist()],
            "bytes": [len(text.encode()) for text in batch["text"].to_pylist()],
            "score": batch["score"],
        }
    )


def read():
    taken = rows = 0
    for batch in ds.dataset(corpus, format="parquet").to_batches(batch_size=1000, use_threads=False):
        batch = pa.Table.from_batches([batch])
        yield columns(batch, rows)
        rows += batch.num_rows
        taken += batch["text"].nbytes
        if taken >= megabytes * 1e6:
            return


table = pa.concat_tables(read()).combine_chunks()
settings = {"compression": "zstd", "compression_level": 3}
pq.write_table(table, target / "groups.parquet", row_group_size=1000, **settings)
pq.write_table(table, target / "one.parquet", row_group_size=len(table), **settings)
pq.write_table(table, target / "thousand.parquet", row_group_size=-(-len(table) // 1000), **settings)
pq.write_table(table.slice(0, len(table) // 10), target / "tenth.parquet", row_group_size=1000, **settings)
(target / "shards").mkdir(exist_ok=True)
for shard in range(4):
    rows = table.slice(shard * len(table) // 4, len(table) // 4)
    pq.write_table(rows, target / "shards" / f"{shard}.parquet", row_group_size=1000, **settings)
texts = table["text"].to_pylist()[:60_000]
nested = pa.table(
    {
        "messages": [[{"role": "user", "content": text[:200]}, {"role": "assistant", "content": text[200:]}] for text in texts],
        "tags": [[f"tag{row % 7}", f"tag{row % 3}"][: row % 3] for row in range(len(texts))],
    }
)
pq.write_table(nested, target / "nested.parquet", row_group_size=1000, **settings)
print(f"{len(table)} rows, {table['text'].nbytes / 1e6:.0f} MB of text, {(target / 'groups.parquet').stat().st_size / 1e6:.0f} MB on disk")
