"""The activations of the numeric contract: to the bit where it fixes them, else true values and errors.

True values are computed in np.longdouble (64 bits of significand or more) with the C library's
functions, so they share nothing with the product's formulas. Used by canonical_numpy.py.
"""
import numpy as np

from exact_fma import fma_f32, fma_f64

LONG = np.longdouble


def hard_sigmoid(z, a):
    a, half = np.full(1, a, z.dtype), np.full(z.shape, 0.5, z.dtype)
    if z.dtype == np.float64:
        return clamp(fma_f64(a, z, half), 0, 1)
    return clamp(fma_f32(a.astype(np.float64), z.astype(np.float64), half), 0, 1)


def clamp(z, low, high):
    return np.where(z < low, z.dtype.type(low), np.where(z > high, z.dtype.type(high), z))


def hard_swish(z, _):
    return np.where(z == -np.inf, z.dtype.type(-0.0), z * hard_sigmoid(z, 1 / 6))


# Fixed to the bit: the definition has one way to be computed. (z, parameter of z's type) → y of z's type.
EXACT = {
    "identity": lambda z, _: z,
    "step": lambda z, _: np.where(np.isnan(z), z, (z > 0).astype(z.dtype)),
    "relu": lambda z, _: np.where(np.isnan(z) | (z > 0), z, z.dtype.type(0)),
    "leaky_relu": lambda z, a: np.where(z > 0, z, a * z),
    "hard_tanh": lambda z, _: clamp(z, -1, 1),
    "hard_sigmoid": hard_sigmoid,
    "hard_swish": hard_swish,
}


def erfc(x):
    """Positive series for |x| < 2, else the continued fraction of depth 120."""
    positive = np.abs(x)
    near = np.minimum(positive, 2)
    term = total = near
    for n in range(1, 60):
        term = term * (2 * near * near) / (2 * n + 1)
        total = total + term
    root_pi = np.sqrt(LONG("3.14159265358979323846264338327950288"))
    series = 2 / root_pi * np.exp(-near * near) * total
    far = np.maximum(positive, 2)
    fraction = far
    for n in range(120, 0, -1):
        fraction = far + n / LONG(2) / fraction
    tail = np.exp(-far * far) / (root_pi * fraction)
    return np.where(x < -2, 2 - tail, np.where(x > 2, tail, 1 - np.sign(x) * series))


def gelu_tanh(z, _):
    u = np.sqrt(2 / LONG("3.14159265358979323846264338327950288")) * (z + LONG("0.044715") * z**3)
    return z / (1 + np.exp(-2 * u))


def softplus(z, _):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


# True values in extended precision, and the ulp (f32 accumulator, f64 accumulator) by which y may differ
# from them: those that the contract allows, and 1 more for this file's own error (at most 0.85) where it
# is not small, in f64 gelu and gelu_tanh.
TRUE = {
    "sigmoid": (lambda z, _: 1 / (1 + np.exp(-z)), 2, 2),
    "tanh": (lambda z, _: np.tanh(z), 2, 2),
    "elu": (lambda z, a: np.where(z > 0, z, a * np.expm1(z)), 2, 2),
    "selu": (lambda z, _: LONG("1.0507009873554805") * np.where(
        z > 0, z, LONG("1.6732632423543772") * np.expm1(z)), 2, 2),
    "gelu": (lambda z, _: z / 2 * erfc(-z / np.sqrt(LONG(2))), 2, 5),
    "gelu_tanh": (gelu_tanh, 2, 5),
    "silu": (lambda z, _: z / (1 + np.exp(-z)), 2, 2),
    "softplus": (softplus, 2, 2),
    "softsign": (lambda z, _: z / (1 + np.abs(z)), 2, 2),
    "mish": (lambda z, _: z * np.tanh(softplus(z, _)), 2, 4),
}
DEFAULTS = {"leaky_relu": 0.01, "elu": 1.0, "hard_sigmoid": 1 / 6}
STEEPEST = 1.76  # no activation has a larger slope, its parameter aside


def true_value(name, z, parameter):
    y = TRUE[name][0](z.astype(LONG), LONG(parameter))
    if name in ("gelu", "gelu_tanh", "silu", "mish"):
        y = np.where(z == -np.inf, LONG(-0.0), np.where(z == np.inf, LONG(np.inf), y))
    if name == "softsign":
        y = np.where(np.isinf(z), np.sign(z), y)
    return y


def softmax(z, radius):
    """(true values, radius): the contract's relative bound, and what an uncertain z adds to it."""
    unit = np.finfo(z.dtype).eps / 2
    wide = z.astype(LONG)
    below = wide - wide.max(axis=-1, keepdims=True)
    e = np.exp(below)
    y = np.where(np.isposinf(z).any(axis=-1, keepdims=True), LONG(np.nan), e / e.sum(axis=-1, keepdims=True))
    relative = (np.where(y > 0, -below, 0) + z.shape[-1] / 32 + 8) * unit
    relative = relative + np.expm1(2 * radius.max(axis=-1, keepdims=True, initial=0))
    return y, y * relative + 2 * np.spacing(z.dtype.type(0))


def activate(name, parameter, z, radius):
    """(y, radius of y) before narrowing; radius 0 says that the bits are fixed."""
    if name == "softmax":
        return softmax(z, radius)
    parameter = z.dtype.type(DEFAULTS.get(name, 0) if parameter is None else parameter)
    spread = radius * max(STEEPEST, abs(float(parameter)))
    if name == "step":
        spread = np.where((radius > 0) & (np.abs(z) <= radius), 1.0, 0.0)
    if name in EXACT:
        return EXACT[name](z, parameter), spread
    y = true_value(name, z, parameter)
    largest = np.finfo(z.dtype).max
    ulp = np.spacing(np.minimum(np.abs(y), largest).astype(z.dtype)).astype(np.float64)
    ulp = np.where(np.isfinite(y), ulp, 0)
    return y, spread + TRUE[name][1 if z.dtype == np.float32 else 2] * ulp
