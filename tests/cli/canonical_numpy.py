"""Judges an output file of `perceptron run` by the numeric contract, written a second time in NumPy.

    canonical_numpy.py MODEL.safetensors INPUT.npy OUTPUT.npy [--activations relu,softmax]

Prints `bit-identical: …`, `within bounds: …` (where an activation took part that the contract fixes
only to some ulp) or the first mismatch, with exit code 0, 0 or 1; 2 where the files do not fit each
other. Needs NumPy alone and shares no code with the product, so that one mistake is not made twice.
The fma is in exact_fma.py, the activations are in activation_truth.py.
"""
import argparse
import json
import struct
import sys

import numpy as np

sys.dont_write_bytecode = True  # before the imports of this folder: tests leave no files in the tree
from activation_truth import LONG, activate
from exact_fma import fma_f32, fma_f64, to_odd

SUM_BLOCK = 256
CHUNK_ELEMENTS = 1 << 16  # accumulators at a time: they stay in the cache
BF16 = np.uint16  # stands for bfloat16, which NumPy lacks; its values travel as f32
STORAGE = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": BF16}


def weighted_sum(x, weight, bias):
    """z of one group: blocks of 256, an fma chain in each, totals ascending, then the bias."""
    accumulator = x.dtype.type
    fma = fma_f64 if accumulator == np.float64 else fma_f32
    x, weight = x.astype(np.float64), weight.astype(np.float64)
    z = np.empty((len(x), len(weight)), accumulator)
    step = max(1, CHUNK_ELEMENTS // len(weight))
    for first in range(0, len(x), step):
        rows = x[first : first + step]
        for block in range(0, x.shape[1], SUM_BLOCK):
            s = np.zeros((len(rows), len(weight)), accumulator)
            for k in range(block, min(block + SUM_BLOCK, x.shape[1])):
                s = fma(rows[:, k, None], weight[None, :, k], s)
            total = s if block == 0 else total + s
        z[first : first + step] = total + (bias + accumulator(0))
    return z


def narrow(values, storage):
    """Rounded once to the storage type, as an array of it (bf16: of f32). i64 beyond 2⁵³ to bf16 excepted."""
    if storage != BF16:
        through = np.float64 if values.dtype.kind in "iu" and storage == np.float16 else values.dtype
        return values.astype(through).astype(storage)
    single = values.astype(np.float32)
    if values.dtype != np.float32:
        single = to_odd(single, values.astype(np.float64) - single)
    bits = single.view(np.uint32)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return np.where(np.isnan(single), np.uint32(0x7FC00000), rounded).astype(np.uint32).view(np.float32)


def sum_radius(x, radius, weight, bias):
    """How far z may lie from ours where x lies within radius of ours: the change of the exact sum, and the
    rounding errors of both sums. 0 in rows where x is certain."""
    inputs, unit = x.shape[-1], np.finfo(x.dtype).eps / 2
    smallest = float(np.spacing(x.dtype.type(0)))
    roundings = (min(inputs, SUM_BLOCK) + -(-inputs // SUM_BLOCK) + 2) * unit
    x, weight = np.abs(x.astype(np.float64)), np.abs(weight.astype(np.float64))
    moved = radius @ np.swapaxes(weight, -1, -2)
    size = (x + radius) @ np.swapaxes(weight, -1, -2) + np.abs(bias.astype(np.float64))
    uncertain = (radius > 0).any(axis=-1, keepdims=True) & np.isfinite(size)
    return np.where(uncertain, moved * (1 + 1e-6) + 2.1 * roundings * size + 2 * inputs * smallest, 0.0)


def evaluate(layers, activations, x, storage):
    """(low, high) of every output [groups, rows, outputs], equal where the contract fixes the bits."""
    accumulator = np.float64 if storage == np.float64 else np.float32
    value, radius = narrow(x, storage), np.zeros(x.shape)
    for (weight, bias), (name, parameter) in zip(layers, activations):
        wide, weight, bias = value.astype(accumulator), weight.astype(accumulator), bias.astype(accumulator)
        z = np.stack([weighted_sum(*group) for group in zip(wide, weight, bias[:, 0])])
        y, y_radius = activate(name, parameter, z, sum_radius(wide, radius, weight, bias))
        fixed = y_radius == 0
        value = narrow(y, storage)
        low = np.where(fixed, value, narrow(y.astype(LONG) - y_radius, storage))
        high = np.where(fixed, value, narrow(y.astype(LONG) + y_radius, storage))
        radius = np.maximum(high.astype(np.float64) - value, value.astype(np.float64) - low)
        radius = np.where(fixed, 0.0, np.where(np.isfinite(radius), radius, 0.0))
    return low, high, fixed


def load_safetensors(path):
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    metadata, tensors = header.pop("__metadata__", {}), {}
    for name, entry in header.items():
        first, last = (8 + length + offset for offset in entry["data_offsets"])
        array = np.frombuffer(content[first:last], np.dtype(STORAGE[entry["dtype"]]).newbyteorder("<"))
        if entry["dtype"] == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = array.reshape(entry["shape"])
    storages = {STORAGE[entry["dtype"]] for name, entry in header.items() if name.endswith("weight")}
    return tensors, metadata, storages.pop()


def load_layers(path):
    """[(weight [groups, outputs, inputs], bias [groups, 1, outputs])], metadata, storage type."""
    tensors, metadata, storage = load_safetensors(path)
    stems = [name[: -len("weight")] for name in tensors if name.endswith(".weight")]
    layers = []
    for stem in sorted(stems, key=lambda stem: int(stem.strip(".").split(".")[-1])):
        weight = tensors[stem + "weight"]
        weight = weight.reshape((-1,) + weight.shape[-2:])
        bias = tensors.get(stem + "bias", np.zeros(weight.shape[1], np.float32))
        groups, outputs = weight.shape[:2]
        layers.append((weight, np.broadcast_to(bias.reshape(-1, 1, outputs), (groups, 1, outputs))))
    return layers, metadata, storage


def parse_activations(text):
    pairs = [item.strip().partition("=")[::2] for item in text.split(",")]
    return [(name, float(parameter) if parameter else None) for name, parameter in pairs]


def bits(values):
    return np.where(np.isnan(values), values.dtype.type(np.nan), values).view(f"u{values.dtype.itemsize}")


def report(out, low, high, fixed):
    """Prints the verdict; the exit code."""
    same = bits(out) == bits(low)
    inside = (low <= out) & (out <= high)
    wrong = np.argwhere(~np.where(fixed, same, same | inside))
    if len(wrong):
        at = tuple(wrong[0])
        wanted = f"{low[at]!r}" if fixed[at] else f"from {low[at]!r} to {high[at]!r}"
        print(f"mismatch: {len(wrong)} of {out.size} elements; the first at group {at[0]}, row {at[1]}, "
              f"column {at[2]}: expected {wanted}, found {out[at]!r}")
        return 1
    print(f"bit-identical: {out.size} elements" if fixed.all() else f"within bounds: {out.size} elements")
    return 0


def main():
    parser = argparse.ArgumentParser()
    for name in ("model", "input", "output"):
        parser.add_argument(name)
    parser.add_argument("--activations")
    arguments = parser.parse_args()
    layers, metadata, storage = load_layers(arguments.model)
    activations = parse_activations(arguments.activations or metadata["activations"])
    x, out = (np.load(path, allow_pickle=False) for path in (arguments.input, arguments.output))
    groups, outputs = layers[0][0].shape[0], layers[-1][0].shape[1]
    x = np.atleast_2d(x)
    x = np.broadcast_to(x, (groups,) + x.shape[-2:])
    expected_dtype = np.dtype(np.float32 if storage == BF16 else storage)
    if out.dtype != expected_dtype or out.size != groups * x.shape[1] * outputs or out.shape[-1] != outputs:
        shape = (groups, x.shape[1], outputs)
        print(f"the output is {out.dtype} {out.shape}; expected {expected_dtype} {shape}")
        return 2
    with np.errstate(all="ignore"):
        return report(out.reshape(groups, x.shape[1], outputs), *evaluate(layers, activations, x, storage))


if __name__ == "__main__":
    sys.exit(main())
