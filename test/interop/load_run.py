"""Loads a finished run as its users will: Hugging Face datasets (plain and streaming), pyarrow and DuckDB.

    python test/interop/load_run.py out/reinstruct

Checks that all of them see the same rows, that the card tells the truth about them, and that every row is a conversation.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("HF_HOME", tempfile.mkdtemp())

import datasets
import duckdb
import pyarrow.parquet as pq
import yaml

run = Path(sys.argv[1])
passed = failed = 0


def check(name: str, holds: bool) -> None:
    global passed, failed
    passed, failed = (passed + 1, failed) if holds else (passed, failed + 1)
    print(("ok  " if holds else "FAIL"), name)


shards = sorted((run / "data").glob("*.parquet"))
arrow = [row for shard in shards for row in pq.read_table(shard, page_checksum_verification=True).to_pylist()]
check("pyarrow reads at least one row", len(arrow) > 0)

plain = datasets.load_dataset(str(run), split="train")
check("datasets loads the folder by its card, with pyarrow's rows", plain.to_list() == arrow)
streamed = list(datasets.load_dataset(str(run), split="train", streaming=True))
check("datasets streams the same rows", streamed == arrow)

database = duckdb.connect()
count = database.execute(f"select count(*) from '{run}/data/*.parquet'").fetchall()[0][0]
check("DuckDB counts as many", count == len(arrow))
columns = [name for name in arrow[0] if name != "messages"]
names = ", ".join(f'"{name}"' for name in columns)
rows = database.execute(f"select {names} from '{run}/data/*.parquet'").fetchall()
check("DuckDB reads the same cells", [dict(zip(columns, row)) for row in rows] == [{c: r[c] for c in columns} for r in arrow])

card = yaml.safe_load((run / "README.md").read_text(encoding="utf-8").split("---\n")[1])
facts = card["dataset_info"]
check("the card counts the rows", facts["splits"][0]["num_examples"] == len(arrow))
check("the card counts the bytes", facts["download_size"] == sum(shard.stat().st_size for shard in shards))
check("the card's features are the file's", [f["name"] for f in facts["features"]] == list(arrow[0]))
features = datasets.Features.from_dict(datasets.Features._from_yaml_list(facts["features"]).to_dict())
check("the card's types are the file's", features == plain.features)

if "messages" in arrow[0]:
    talk = [[turn["role"] for turn in row["messages"]] for row in arrow]
    check("every row is system, user, assistant", all(roles == ["system", "user", "assistant"] for roles in talk))
    check("messages say what the columns say", all(
        row["messages"][1]["content"] == row["instruction"] and row["messages"][2]["content"] == row["output"]
        for row in arrow
    ))
check("ids are unique", len({row.get("id", row.get("sluice_id")) for row in arrow}) == len(arrow))

rejects = pq.read_table(run / "rejects.parquet").to_pylist()
check("every reject has an id, a stage and a reason", all(r["id"] and r["stage"] and r["reason"] for r in rejects))

print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
