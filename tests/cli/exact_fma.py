"""Fused multiply-add in NumPy, which has none: every result is the exact x·w + s, rounded once.

f32 goes through f64 and a rounding to odd; f64 through the algorithm of Boldo and Melquiond ("Emulation
of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008), or through fractions
where that could overflow or underflow. Used by canonical_numpy.py and activation_truth.py.
"""
import math
from fractions import Fraction

import numpy as np


def to_odd(value, error):
    """value + error rounded to odd, where value is that sum rounded to nearest. Rounding an odd result once
    more, to a type at least two bits narrower, gives the correctly rounded sum."""
    bits = value.view(np.int64 if value.dtype == np.float64 else np.int32)
    inexact = np.isfinite(value) & (error != 0) & (bits & 1 == 0)
    step = np.where((error > 0) == (value > 0), 1, -1).astype(bits.dtype)
    return np.where(inexact, bits + step, bits).view(value.dtype)


def two_sum(a, b):
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def two_product(a, b):
    """Veltkamp's split and Dekker's product; exact for factors and products of moderate size."""
    def halves(v):
        c = v * 134217729.0
        high = c - (c - v)
        return high, v - high
    product = a * b
    (a1, a2), (b1, b2) = halves(a), halves(b)
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def fma_f32(x, w, s):
    """x and w are f32 values held in f64, so that their product is exact; s is f32."""
    return to_odd(*two_sum(x * w, s.astype(np.float64))).astype(np.float32)


def fma_by_fraction(x, w, s):
    if not (math.isfinite(x) and math.isfinite(w)):
        return x * w + s
    if not math.isfinite(s):
        return s
    exact = Fraction(x) * Fraction(w) + Fraction(s)
    if exact == 0:
        return x * w + s
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def fma_f64(x, w, s):
    """Boldo and Melquiond where no intermediate result can overflow or underflow, else exact fractions."""
    x, w, s = np.broadcast_arrays(x, w, s)
    high, low = two_product(x, w)
    inner, inner_error = two_sum(s, low)
    outer, outer_error = two_sum(high, inner)
    result = outer + to_odd(*two_sum(inner_error, outer_error))
    result = np.where(result == 0, high + s, result)  # the sign of an exact zero
    size = np.abs(high)
    product_safe = (x == 0) | (w == 0) | ((size > 1e-280) & (size < 1e280))
    safe = product_safe & (np.abs(x) < 1e280) & (np.abs(w) < 1e280) & (np.abs(s) < 1e280)
    for at in zip(*np.nonzero(~safe)):
        result[at] = fma_by_fraction(float(x[at]), float(w[at]), float(s[at]))
    return result
