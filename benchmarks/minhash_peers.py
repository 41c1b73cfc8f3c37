"""The peer of minhash.mjs: datatrove's MinHash deduplication, as its FineWeb example sets it up, in one process.

usage: python minhash_peers.py CORPUS.parquet FOLDER
Prints one line of JSON: the ids of the rows that stay. Signatures, buckets, clusters and filter are four pipelines, one worker.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.logging import logger
from datatrove.utils.typeshelper import Languages

logger.remove()
corpus, folder = sys.argv[1:3]
config = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=14, hashes_per_bucket=8, n_grams=5)


def reader():
    name = os.path.basename(corpus)
    return ParquetReader(os.path.dirname(corpus), glob_pattern=name, text_key="text", id_key="id", doc_progress=False)


def part(name):
    return f"{folder}/{name}"


def run(step, pipeline, tasks=1):
    LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=1, logging_dir=part(f"logs-{step}")).run()


run(1, [reader(), MinhashDedupSignature(output_folder=part("signatures"), config=config, language=Languages.english)])
run(2, [MinhashDedupBuckets(input_folder=part("signatures"), output_folder=part("buckets"), config=config)], 14)
run(3, [MinhashDedupCluster(input_folder=part("buckets"), output_folder=part("remove"), config=config)])
run(4, [reader(), MinhashDedupFilter(input_folder=part("remove")), ParquetWriter(part("kept"))])

import pyarrow.parquet as parquet  # noqa: E402

kept = [parquet.read_table(entry.path, columns=["id"]).column("id").to_pylist() for entry in os.scandir(part("kept"))]
print(json.dumps({"kept": [row for rows in kept for row in rows]}))
