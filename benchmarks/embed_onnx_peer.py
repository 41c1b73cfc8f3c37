"""The peer of embed-onnx.mjs: onnxruntime and tokenizers, in batches of 32 texts of like length, as sentence-transformers has it.

Takes the folder of a model, the weights' file, most tokens, a JSON file of texts and one to leave the vectors in, as float32.
"""
import json
import os
import resource
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

folder, weights, tokens, texts, out = sys.argv[1:]
texts = json.loads(Path(texts).read_text())
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(str(Path(folder) / "onnx" / weights), options, providers=["CPUExecutionProvider"])
tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
tokenizer.enable_truncation(int(tokens))
tokenizer.enable_padding()
names = {given.name for given in session.get_inputs()}


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def embed(batch):
    encoded = tokenizer.encode_batch(batch)
    ids = np.array([each.ids for each in encoded], np.int64)
    mask = np.array([each.attention_mask for each in encoded], np.int64)
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    states = session.run(None, {name: given[name] for name in names})[0]
    pooled = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
    return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


embed(texts[:8])
results = {}
for size in (32, 1):
    order = sorted(range(len(texts)), key=lambda n: -len(texts[n]))
    before = cpu()
    vectors = np.zeros((len(texts), embed(texts[:1]).shape[1]), np.float32)
    for start in range(0, len(texts), size):
        some = order[start : start + size]
        vectors[some] = embed([texts[n] for n in some])
    results[size] = cpu() - before
    vectors.tofile(f"{out}.{size}")
print(json.dumps({"batched": results[32], "alone": results[1], "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
