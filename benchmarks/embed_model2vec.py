"""The peer of embed.mjs: model2vec over a `tokenizers` Unigram model of the same pieces, in one process.

usage: python embed_model2vec.py TABLE_FOLDER TEXTS.json VECTORS.f32
Prints one line of JSON: CPU seconds of one pass over the texts, and the versions used.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

table, texts_file, vectors_file = map(Path, sys.argv[1:4])
pieces = json.loads((table / "use_enzh_32k.pieces.json").read_text())
rows = np.fromfile(table / "use_enzh_32k_128.i8", dtype=np.int8).reshape(len(pieces), -1)
scales = np.fromfile(table / "use_enzh_32k_128.scale.f32", dtype="<f4")
vectors = np.vstack([rows * scales[:, None], np.zeros((1, rows.shape[1]), np.float32)]).astype(np.float32)

vocabulary = [(piece, score) for piece, score in pieces] + [("[UNK]", -25.0)]
tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=len(pieces), byte_fallback=False))
tokenizer.normalizer = normalizers.NFKC()
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
)
model = StaticModel(vectors, tokenizer, normalize=True)

texts = json.loads(texts_file.read_text())
model.encode(texts[:500], use_multiprocessing=False)
before = time.process_time()
encoded = model.encode(texts, max_length=512, use_multiprocessing=False)
cpu = time.process_time() - before
encoded.astype("<f4").tofile(vectors_file)
print(
    json.dumps(
        {
            "cpuSeconds": cpu,
            "charactersKept": 512 * model.median_token_length,
            "versions": {name: version(name) for name in ("model2vec", "tokenizers", "numpy")},
        }
    )
)
