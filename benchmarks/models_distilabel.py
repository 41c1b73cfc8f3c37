"""Asks a chat server the same rows by a pipeline of distilabel, as its documentation writes one; nothing is cached.

python benchmarks/models_distilabel.py URL ROWS IN_FLIGHT
"""

import contextlib
import json
import sys
import time

from datasets import Dataset
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps.tasks import TextGeneration

from models_peers import FILLER


def answers(url, rows, in_flight):
    data = Dataset.from_list([{"instruction": f"Row {n}. {FILLER}"} for n in range(rows)])
    sampling = {"max_new_tokens": 256, "temperature": 0.7}
    with Pipeline() as pipeline:
        TextGeneration(
            llm=OpenAILLM(model="tiny", base_url=url, api_key="none", generation_kwargs=sampling),
            input_batch_size=in_flight,
        )
    done = pipeline.run(dataset=data, use_cache=False)["default"]["train"]
    return sum(text is not None for text in done["generation"])


if __name__ == "__main__":
    url, rows, in_flight = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    start = time.perf_counter()
    # It tells of its progress on stdout.
    with contextlib.redirect_stdout(sys.stderr):
        answered = answers(url, rows, in_flight) if rows > 0 else 0
    print(json.dumps({"answered": answered, "seconds": time.perf_counter() - start}))
