"""Makes every other data file of this folder: the digits, their split, the trained model, expected outputs.

Run with exactly these versions (any CPU; every file comes out with the same bytes):
    python3 -m venv venv && venv/bin/pip install scikit-learn==1.9.1 numpy==2.4.6
    venv/bin/python make_digits.py [FOLDER]        # FOLDER: where to write, this one by default
"""
import hashlib
import json
import struct
import sys
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

SEED = 20240
HELD_OUT_SHARE = 0.25
WIDTHS = (64, 64, 32, 10)
ACTIVATIONS = "relu,relu,softmax"
EPOCHS = 100
BATCH_ROWS = 32
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2
PIXEL_NOISE = 0.4  # uniform in ±PIXEL_NOISE on inputs scaled to 0..1, fresh for every batch
PIXEL_SCALE = 16.0  # a power of two: folding it into the first weights rounds nothing


def product(a, b):
    """a @ b, summed in ascending order with plain * and +: BLAS would make the bits depend on the CPU."""
    total = np.zeros((a.shape[0], b.shape[1]))
    for k in range(a.shape[1]):
        total += a[:, k, None] * b[k]
    return total


def column_sum(a):
    return product(np.ones((1, a.shape[0])), a)[0]


def uniform(random, limit, shape):
    """In ±limit. RandomState.uniform would leave it to the compiler whether its * and + are fused."""
    return limit * (2 * random.random_sample(shape) - 1)


def split(labels, random):
    """Row indices (train, held-out), ascending, the same share of every class held out."""
    held_out = []
    for digit in range(10):
        rows = random.permutation(np.flatnonzero(labels == digit))
        held_out.extend(rows[: round(len(rows) * HELD_OUT_SHARE)])
    held_out = np.sort(np.array(held_out))
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def forward(x, layers):
    """Inputs of every layer, then the logits."""
    values = [x]
    for index, (weight, bias) in enumerate(layers):
        z = product(values[-1], weight.T) + bias
        values.append(z if index == len(layers) - 1 else np.where(z > 0, z, 0.0))
    return values


def logit_gradient(logits, labels):
    """Of the mean cross-entropy. exp is rounded to 2⁻²⁰, so that last-bit differences of libm vanish."""
    e = np.round(np.exp(logits - logits.max(axis=1, keepdims=True)) * 2.0**20) / 2.0**20
    p = e / product(e, np.ones((10, 1)))
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


def gradients(x, labels, layers):
    values = forward(x, layers)
    delta = logit_gradient(values[-1], labels)
    result = []
    for index in reversed(range(len(layers))):
        result[:0] = [product(delta.T, values[index]), column_sum(delta)]
        delta = product(delta, layers[index][0]) * (values[index] > 0)
    return result


def train(x, labels, random):
    """AdamW with a learning rate that falls linearly to 0; [(weight, bias)] in f64."""
    parameters = []
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        limit = np.sqrt(6.0 / inputs)
        parameters += [uniform(random, limit, (outputs, inputs)), np.zeros(outputs)]
    layers = list(zip(parameters[::2], parameters[1::2]))
    mean = [np.zeros_like(p) for p in parameters]
    square = [np.zeros_like(p) for p in parameters]
    steps = EPOCHS * (-(-len(x) // BATCH_ROWS))
    step, decay1, decay2 = 0, 1.0, 1.0
    for _ in range(EPOCHS):
        order = random.permutation(len(x))
        for first in range(0, len(x), BATCH_ROWS):
            rows = order[first : first + BATCH_ROWS]
            noisy = x[rows] + uniform(random, PIXEL_NOISE, (len(rows), x.shape[1]))
            rate = LEARNING_RATE * (1 - step / steps)
            step, decay1, decay2 = step + 1, decay1 * 0.9, decay2 * 0.999
            for p, g, m, v in zip(parameters, gradients(noisy, labels[rows], layers), mean, square):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                p -= rate * (m / (1 - decay1) / (np.sqrt(v / (1 - decay2)) + 1e-8) + WEIGHT_DECAY * p)
    return layers


def softmax_truth(logits):
    """Softmax of one row of f64 logits through decimal arithmetic: no libm, correctly rounded."""
    with localcontext() as context:
        context.prec = 40
        e = [(Decimal(z) - Decimal(max(logits))).exp() for z in logits]
        return [float(value / sum(e)) for value in e]


def save_npy(path, array):
    """npy 1.0, C order; written by hand so that no NumPy release changes the bytes."""
    header = str({"descr": array.dtype.str, "fortran_order": False, "shape": array.shape})
    header = header.ljust(-(-(len(header) + 11) // 64) * 64 - 11) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + array.tobytes())


def save_safetensors(path, tensors, metadata):
    header, offset = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text = text.ljust(-(-len(text) // 8) * 8)
    body = b"".join(tensor.tobytes() for tensor in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def accuracy(images, labels, layers):
    """Right answers, and their share in percent, of the float64 network."""
    right = int((forward(images.astype(np.float64), layers)[-1].argmax(axis=1) == labels).sum())
    return f"{right} of {len(labels)} ({100 * right / len(labels):.2f} %)"


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    digits = load_digits()
    images, labels = digits.data.astype(np.uint8), digits.target.astype(np.uint8)
    random = np.random.RandomState(SEED)  # its streams are frozen across NumPy releases
    fit, held_out = split(labels, random)
    layers = train(images[fit] / PIXEL_SCALE, labels[fit], random)
    layers[0] = (layers[0][0] / PIXEL_SCALE, layers[0][1])
    stored = [(weight.astype("<f4"), bias.astype("<f4")) for weight, bias in layers]
    exact = [(weight.astype(np.float64), bias.astype(np.float64)) for weight, bias in stored]

    tensors = {}
    for index, (weight, bias) in enumerate(stored):
        tensors |= {f"layers.{index}.weight": weight, f"layers.{index}.bias": bias}
    save_safetensors(folder / "digits.safetensors", tensors, {"format": "perceptron", "activations": ACTIVATIONS})
    save_npy(folder / "all.npy", images)
    save_npy(folder / "all_labels.npy", labels)
    save_npy(folder / "images.npy", images[held_out])
    save_npy(folder / "labels.npy", labels[held_out])
    logits = forward(images[held_out].astype(np.float64), exact)[-1]
    save_npy(folder / "expected.npy", np.array([softmax_truth(row) for row in logits.tolist()], "<f8"))

    print("train    ", accuracy(images[fit], labels[fit], exact))
    print("held-out ", accuracy(images[held_out], labels[held_out], exact))
    for path in sorted(folder.iterdir()):
        if path.suffix in (".npy", ".safetensors"):
            print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


if __name__ == "__main__":
    main()
