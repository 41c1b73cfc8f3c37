"""Judges the texts of a JSONL file by datatrove's Gopher and C4 filters; writes verdicts and CPU seconds by filter."""

import json
import resource
import sys

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, GopherQualityFilter, GopherRepetitionFilter


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    with open(sys.argv[1]) as file:
        texts = [json.loads(line) for line in file]
    results = {}
    filters = {
        "gopher quality": GopherQualityFilter(),
        "gopher repetition": GopherRepetitionFilter(),
        "c4": C4QualityFilter(),
    }
    for name, judge in filters.items():
        for text in texts[:20]:
            judge.filter(Document(text=text, id="warm"))
        documents = [Document(text=text, id=str(n)) for n, text in enumerate(texts)]
        # datatrove keeps the words of the last few texts; so that each filter pays for its own, as a run of one does.
        start = cpu()
        verdicts = [judge.filter(document) for document in documents]
        seconds = cpu() - start
        results[name] = {
            "cpu": seconds,
            "verdicts": ["" if verdict is True else verdict[1] for verdict in verdicts],
        }
    with open(sys.argv[2], "w") as out:
        json.dump(results, out)


main()
