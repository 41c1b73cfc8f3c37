"""Other readers on our files, and our reader on theirs, cell by cell.

Run after `npm run build:ts` with a Python that has pyarrow, duckdb and datasets:
    python test/interop/read_back.py
and with SLUICE_BENCH_PEERS naming a folder with parquet-wasm (`npm install parquet-wasm`), that reads them too.
Prints one line a failed check, then `N passed, N failed`; exits 1 when any failed.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
cache = tempfile.TemporaryDirectory(prefix="sluice-interop-")
os.environ["HF_HOME"] = cache.name

import datasets  # noqa: E402
import duckdb  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.ipc  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

datasets.disable_progress_bars()
here = Path(__file__).parent
has_wasm = "SLUICE_BENCH_PEERS" in os.environ
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
passed, failed = 0, 0


def check(name, run):
    """Counts one check; `run` answers None when all is well, else what is wrong."""
    global passed, failed
    try:
        wrong = run()
    except Exception as error:  # a reader that throws has failed its check, whatever it throws
        wrong = f"{type(error).__name__}: {error}"
    if wrong is None:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}: {wrong}")


def plain(value, kind=None):
    """A cell as the twin spells it: int64 as digits, times as milliseconds, bytes as base64, JSON as its text."""
    if value is None:
        return None
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return (aware - epoch) // timedelta(milliseconds=1)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(kind, dict) and "list" in kind:
        return [plain(each, kind["list"]) for each in value]
    if isinstance(kind, dict) and "vector" in kind:
        return [float(each) for each in value]
    if isinstance(kind, dict) and "struct" in kind:
        return {name: plain(value[name], inner) for name, inner in kind["struct"].items()}
    if kind == "int64":
        return str(value)
    if kind == "json":
        # Some readers hand over the text, some what it stands for.
        try:
            return json.dumps(json.loads(value), ensure_ascii=False, separators=(",", ":"))
        except (TypeError, ValueError):
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def differs(got, want, schema):
    """The first cell that is not as the twin has it, or None."""
    got = list(got)
    if len(got) != len(want):
        return f"{len(got)} rows instead of {len(want)}"
    for index, (left, right) in enumerate(zip(got, want)):
        if set(left) != set(right):
            return f"row {index}: columns {sorted(left)} instead of {sorted(right)}"
        for column in right:
            cell = plain(left[column], schema[column])
            if cell != right[column]:
                return f"row {index}, {column}: {cell!r:.200} instead of {right[column]!r:.200}"
    return None


def read_ours(folder):
    subprocess.run(["node", here / "write_samples.mjs", folder], check=True)
    for twin in sorted(folder.glob("*.twin.jsonl")):
        name = twin.name.removesuffix(".twin.jsonl")
        want = [json.loads(line) for line in twin.read_text("utf-8").splitlines() if line]
        schema = json.loads((folder / f"{name}.schema.json").read_text())
        parquet = str(folder / f"{name}.parquet")
        check(f"pyarrow reads {name}.parquet", lambda: differs(pq.read_table(parquet).to_pylist(), want, schema))
        check(f"duckdb reads {name}.parquet", lambda: differs(duckdb_rows(parquet), want, schema))
        if want:  # datasets itself cannot load a table without rows, pyarrow's own no more than ours
            check(f"datasets loads {name}.parquet", lambda: differs(hub_rows(parquet, False), want, schema))
        check(f"datasets streams {name}.parquet", lambda: differs(hub_rows(parquet, True), want, schema))
        check(f"pyarrow reads {name}.arrow", lambda: differs(ipc_rows(folder / f"{name}.arrow"), want, schema))
        check(f"pyarrow reads {name}.arrows", lambda: differs(ipc_rows(folder / f"{name}.arrows"), want, schema))
        if has_wasm:
            check(f"parquet-wasm reads {name}.parquet", lambda: differs(wasm_rows(Path(parquet)), want, schema))
    want = [json.loads(line) for line in (folder / "all.twin.jsonl").read_text("utf-8").splitlines() if line]
    schema = json.loads((folder / "all.schema.json").read_text())
    for path in sorted(folder.glob("variant-*.parquet")):
        verified = lambda: pq.read_table(path, page_checksum_verification=True).to_pylist()  # noqa: E731
        check(f"pyarrow reads {path.name}", lambda: differs(verified(), want, schema))
        check(f"duckdb reads {path.name}", lambda: differs(duckdb_rows(str(path)), want, schema))
        check(f"datasets loads {path.name}", lambda: differs(hub_rows(str(path), False), want, schema))
        check(f"datasets streams {path.name}", lambda: differs(hub_rows(str(path), True), want, schema))
        if has_wasm:
            check(f"parquet-wasm reads {path.name}", lambda: differs(wasm_rows(path), want, schema))
        check(f"pyarrow passes over groups of {path.name}", lambda: filtered(path, want))
        check(f"duckdb passes over groups of {path.name}", lambda: filtered_by_duckdb(path, want))
    check("every chunk has its page index", lambda: page_index(folder / "variant-pages.parquet"))
    table = pq.read_table(folder / "all.parquet")
    check("a vector is a fixed-size list to pyarrow", lambda: is_vector(table.schema.field("vector").type))
    check("a note of the caller's is kept", lambda: None if table.schema.metadata[b"note"] == b"a test" else "it is not")
    check("row groups have statistics", lambda: statistics(folder / "all.parquet"))
    features = datasets.load_dataset("parquet", data_files=str(folder / "all.parquet"), split="train").features
    check("a vector is a list of fixed length to datasets", lambda: None if features["vector"].length == 4 else features)


def is_vector(kind):
    return None if pa.types.is_fixed_size_list(kind) and kind.list_size == 4 else f"it is {kind}"


def statistics(path):
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    return None if column.is_stats_set and column.statistics.null_count > 0 else "there are none"


def filtered(path, want):
    """Reads with a filter, for which pyarrow believes the statistics."""
    got = pq.read_table(path, filters=[("string", ">", "naïve"), ("int32", "<", 0)]).num_rows
    return None if got == kept(want) else f"{got} rows instead of {kept(want)}"


def filtered_by_duckdb(path, want):
    query = f"SELECT count(*) FROM read_parquet('{path}') WHERE string > 'naïve' AND int32 < 0"
    got = duckdb.sql(query).limit(1).fetchall()[0][0]
    return None if got == kept(want) else f"{got} rows instead of {kept(want)}"


def kept(want):
    return sum(1 for row in want if row["string"] is not None and row["string"] > "naïve" and (row["int32"] or 0) < 0)


def page_index(path):
    metadata = pq.ParquetFile(path).metadata
    columns = [metadata.row_group(group).column(i) for group in range(metadata.num_row_groups) for i in range(metadata.num_columns)]
    return None if all(column.has_offset_index for column in columns) else "there is none"


def duckdb_rows(path):
    with duckdb.connect() as db:
        kinds = db.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
        # Times with a zone would want one more package in Python, so DuckDB counts their milliseconds itself.
        cells = [f'epoch_ms("{n}") AS "{n}"' if kind.endswith("TIME ZONE") else f'"{n}"' for n, kind, *_ in kinds]
        cursor = db.execute(f"SELECT {', '.join(cells)} FROM read_parquet(?)", [path])
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]


def wasm_rows(path):
    """What parquet-wasm makes of a file, by way of the Arrow stream it hands over."""
    subprocess.run(["node", here / "read_by_wasm.mjs", path], check=True, capture_output=True)
    return ipc_rows(path.with_name(f"{path.name}.wasm.arrows"))


def hub_rows(path, streaming):
    return datasets.load_dataset("parquet", data_files=path, split="train", streaming=streaming)


def ipc_rows(path):
    opener = pa.ipc.open_stream if path.suffix == ".arrows" else pa.ipc.open_file
    with pa.OSFile(str(path)) as source:
        return opener(source).read_all().to_pylist()


def their_table():
    """Nested, null and odd values in the types that corpora have."""
    texts = ["\ufeffmark", "", None, "漢字", "🙂", "x" * 3000, "naïve"] * 150
    count = len(texts)
    turns = pa.struct([("role", pa.string()), ("content", pa.string())])
    vectors = [None if i % 7 == 3 else [i, i / 2, -i] for i in range(count)]
    return pa.table(
        {
            "text": pa.array(texts),
            "large": pa.array(texts, pa.large_string()),
            "repeats": pa.array([("a", "b", None)[i % 3] for i in range(count)]).dictionary_encode(),
            "int64": pa.array([None if i % 5 == 4 else i * 2**45 for i in range(count)], pa.int64()),
            "int8": pa.array([i % 100 - 50 for i in range(count)], pa.int8()),
            "uint32": pa.array([2**32 - 1 - i for i in range(count)], pa.uint32()),
            "float": pa.array([i / 4 for i in range(count)], pa.float32()),
            "double": pa.array([None if i % 4 == 1 else i / 3 for i in range(count)]),
            "flag": pa.array([(True, False, None)[i % 3] for i in range(count)]),
            "bytes": pa.array([None if i % 9 == 0 else bytes([i % 256, 255]) for i in range(count)], pa.binary()),
            "at": pa.array([i * 1000 - 5000 for i in range(count)], pa.timestamp("us", "UTC")),
            "day": pa.array([i - 5 for i in range(count)], pa.date32()),
            "messages": pa.array([[{"role": "user", "content": t}] * (i % 3) for i, t in enumerate(texts)], pa.list_(turns)),
            "maybe": pa.array([None if i % 2 else {"role": None, "content": "c"} for i in range(count)], turns),
            "lists": pa.array([None if i % 6 == 5 else [[i], [], None][: i % 4] for i in range(count)], pa.list_(pa.list_(pa.int32()))),
            "vector": pa.array(vectors, pa.list_(pa.float32(), 3)),
        }
    )


def loose(value):
    """A cell as read_samples.mjs prints it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return (value - epoch) // timedelta(milliseconds=1)
    if hasattr(value, "toordinal"):
        return (value.toordinal() - epoch.toordinal()) * 86_400_000
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [loose(each) for each in value]
    if isinstance(value, dict):
        return {name: loose(each) for name, each in value.items()}
    return value


def write_theirs(folder):
    table = their_table()
    files = []
    for codec in ["snappy", "zstd", "gzip", "brotli", "none"]:
        for version in ["1.0", "2.0"]:
            path = folder / f"theirs-{codec}-{version}.parquet"
            pq.write_table(table, path, compression=codec, data_page_version=version, row_group_size=400)
            files.append(path)
    pq.write_table(table, folder / "small-pages.parquet", data_page_size=512, write_page_index=True, use_dictionary=False)
    files.append(folder / "small-pages.parquet")
    for codec in [None, "zstd"]:
        options = pa.ipc.IpcWriteOptions(compression=codec)
        for ending, opener in [("arrow", pa.ipc.new_file), ("arrows", pa.ipc.new_stream)]:
            path = folder / f"theirs-{codec}.{ending}"
            with opener(str(path), table.schema, options=options) as writer:
                writer.write_table(table, max_chunksize=300)
            files.append(path)
    return table, files


def read_theirs(folder):
    table, files = write_theirs(folder)
    want = [{name: loose(cell) for name, cell in row.items()} for row in table.to_pylist()]
    done = subprocess.run(["node", here / "read_samples.mjs", *files], check=True, capture_output=True, text=True, encoding="utf-8")
    answers = [json.loads(line) for line in done.stdout.split("\n") if line]
    for answer in answers:
        name = Path(answer["file"]).name
        check(f"we read {name}", lambda: answer.get("error") or same(answer["rows"], want))


def same(got, want):
    if len(got) != len(want):
        return f"{len(got)} rows instead of {len(want)}"
    for index, (left, right) in enumerate(zip(got, want)):
        for column in right:
            if left.get(column) != right[column]:
                return f"row {index}, {column}: {left.get(column)!r:.200} instead of {right[column]!r:.200}"
    return None


with tempfile.TemporaryDirectory() as scratch:
    read_ours(Path(scratch))
    read_theirs(Path(scratch))
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
