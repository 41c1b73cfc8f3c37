"""Compares sluice with pyarrow on every file of apache/parquet-testing that is not encrypted.

    npm run build:ts && python test/interop/parquet_testing.py <folder of parquet-testing>

Prints each file on which the two differ and why; ends with an error where fewer than 70 agree. Those that differ today:
two whose checksums are wrong on purpose (refused), and int96_from_spark, whose years pyarrow lets overflow. Needs `pip install pyarrow`.
"""

import base64
import json
import math
import subprocess
import sys
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

root = Path(__file__).parents[2]
script = """
import { readShard } from './dist/formats/index.js'
const plain = (v) => v === null || v === undefined ? null : typeof v === 'bigint' ? String(v) : v instanceof Date ? v.getTime()
  : v instanceof Uint8Array ? Buffer.from(v).toString('base64') : v instanceof Float32Array ? Array.from(v, plain)
  : Array.isArray(v) ? v.map(plain) : typeof v === 'number' && !Number.isFinite(v) ? String(v)
  : typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)])) : v
try {
  for await (const batch of readShard({ path: process.argv[1], format: 'parquet' }))
    for (const row of batch) console.log(JSON.stringify(plain(row)))
} catch (error) { console.error(error.message); process.exitCode = 3 }
"""


def millis(delta):
    return delta // timedelta(milliseconds=1)


def plain(value):
    """A cell as the script above spells it."""
    if isinstance(value, datetime):
        return millis(value.replace(tzinfo=timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc))
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days * 86_400_000
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Decimal):
        return value
    if isinstance(value, time):
        return value
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        # Maps come as pairs.
        if value and all(isinstance(each, tuple) for each in value):
            return {str(plain(key)) if not isinstance(key, str) else key: plain(each) for key, each in value}
        return [plain(each) for each in value]
    return value


def same(ours, theirs):
    if isinstance(theirs, Decimal):
        return isinstance(ours, str) and Decimal(ours) == theirs
    if isinstance(theirs, time):
        return isinstance(ours, (int, str))
    if isinstance(theirs, float) or isinstance(ours, float):
        return isinstance(ours, (int, float)) and ours == theirs
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and list(ours) == list(theirs) and all(same(ours[k], theirs[k]) for k in theirs)
    if isinstance(theirs, list):
        # An empty map is an object in JavaScript.
        if not theirs and ours == {}:
            return True
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs


def compare(path):
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        return None, f"pyarrow cannot read it: {str(error)[:80]}"
    run = subprocess.run(["node", "--input-type=module", "-e", script, str(path)], capture_output=True, cwd=root)
    if run.returncode != 0:
        return False, run.stderr.decode().strip().replace(str(path), "")[:160]
    rows = [json.loads(line) for line in run.stdout.decode().splitlines()]
    if len(rows) != table.num_rows:
        return False, f"{len(rows)} rows, pyarrow {table.num_rows}"
    for name in table.column_names:
        try:
            theirs = table[name].to_pylist()
        except (ValueError, OverflowError):
            continue  # A point in time that Python's datetime has no room for: only the row counts compare.
        for index, value in enumerate(theirs):
            if not same(rows[index][name], plain(value)):
                return False, f"row {index}, `{name}`: {str(rows[index][name])[:60]}, pyarrow {str(plain(value))[:60]}"
    return True, ""


folder = Path(sys.argv[1]) / "data"
agreed = readable = 0
for path in sorted([*folder.glob("*.parquet"), *folder.glob("geospatial/*.parquet")]):
    if path.name == "large_string_map.brotli.parquet":
        continue  # Two texts of a gigabyte, above the default limit of a page.
    result, reason = compare(path.resolve())
    readable += result is not None
    agreed += result is True
    if reason:
        print(f"{path.name}: {reason}")
print(f"{agreed} of {readable} files that pyarrow reads agree in every row and cell")
sys.exit(agreed < 70)
