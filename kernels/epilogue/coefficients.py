#!/usr/bin/env python3
"""Makes coefficients.hpp: python3 coefficients.py | clang-format > coefficients.hpp

Needs mpmath; the errors of the polynomials also go to stderr.

Each polynomial is the minimax one (Remez exchange) for the weight named beside it, then rounded coefficient
by coefficient; the error printed is that of the rounded polynomial on 2,000 points of its interval.
"""
import sys
from dataclasses import dataclass

import mpmath
from mpmath import mp, mpf

mp.prec = 200
LN2 = mpmath.log(2)


@dataclass
class Precision:
    name: str
    bits: int
    exp_degree: int       # q in e^r = 1 + r + r^2 q(r)
    atanh_degree: int     # P in atanh(s) = s + s^3 P(s^2)
    tail_degree: int      # G in Phi(-t) = e^(-t^2/2) G(v) / (t + c), v = (t - c)/(t + c)
    tail_centre: int      # c, a power of two: v is then known to twice the precision for free
    tail_limit: mpf       # beyond it t*Phi(-t) rounds to 0
    exp_limit: int        # e^-limit * limit rounds to 0
    expm1_limit: int      # expm1(-limit) is -1 far below half an ulp
    gelu_tanh_limit: mpf  # the same for z * sigmoid(2u(z))


PRECISIONS = [
    Precision("float", 24, 5, 4, 12, 2, mpf("14.5"), 110, 40, mpf("11.5")),
    Precision("double", 53, 11, 14, 23, 4, mpf(39), 753, 80, mpf("22.5")),
]


def rounded(value, bits, mode="n"):
    with mpmath.workprec(bits):
        return mpf(mpmath.fadd(value, 0, prec=bits, rounding=mode))


def solve_exchange(function, weight, points, degree):
    """Coefficients of the polynomial that misses by +-level/weight at the points, alternating."""
    size = degree + 2
    matrix, right = mpmath.matrix(size, size), mpmath.matrix(size, 1)
    for i, x in enumerate(points):
        for j in range(degree + 1):
            matrix[i, j] = x**j
        matrix[i, degree + 1] = (-1) ** i / weight(x)
        right[i] = function(x)
    solution = mpmath.lu_solve(matrix, right)
    return [solution[i] for i in range(degree + 1)]


def evaluate(coefficients, x):
    return mpmath.polyval(coefficients[::-1], x)


def extrema(error, low, high, count):
    """The largest |error| of each run of one sign, on a Chebyshev-spaced grid."""
    grid = [(low + high) / 2 - (high - low) / 2 * mpmath.cos(mpmath.pi * i / 1500) for i in range(1501)]
    runs = []
    for x in grid:
        e = error(x)
        if runs and (runs[-1][1] > 0) == (e > 0):
            if abs(e) > abs(runs[-1][1]):
                runs[-1] = (x, e)
        else:
            runs.append((x, e))
    while len(runs) > count:
        runs.pop(0 if abs(runs[0][1]) < abs(runs[-1][1]) else -1)
    return runs


def minimax(function, weight, low, high, degree):
    count = degree + 2
    points = [(low + high) / 2 - (high - low) / 2 * mpmath.cos(mpmath.pi * (i + mpf(1) / 2) / count)
              for i in range(count)]
    for _ in range(12):
        coefficients = solve_exchange(function, weight, points, degree)
        runs = extrema(lambda x: (evaluate(coefficients, x) - function(x)) * weight(x), low, high, count)
        if len(runs) < count:
            break
        points = [x for x, _ in runs]
        sizes = [abs(e) for _, e in runs]
        if max(sizes) < min(sizes) * mpf("1.01"):
            break
    return coefficients


def exp_tail(r):
    if abs(r) < mpf(2) ** -40:
        return mpf(1) / 2 + r / 6
    return (mpmath.expm1(r) - r) / r**2


def atanh_tail(square):
    if square < mpf(2) ** -60:
        return mpf(1) / 3 + square / 5
    s = mpmath.sqrt(square)
    return (mpmath.atanh(s) - s) / (s * square)


def gauss_tail(centre):
    def function(v):
        t = centre * (1 + v) / (1 - v)
        return (t + centre) * mpmath.exp(t * t / 2) * mpmath.erfc(t / mpmath.sqrt(2)) / 2
    return function


def literal(value, kind):
    suffix = "f" if kind == "float" else ""
    mantissa, exponent = float(value).hex().split("p")
    return mantissa.rstrip("0").rstrip(".") + "p" + exponent + suffix


class Table:
    def __init__(self, precision):
        self.p = precision

    def constant(self, name, value, comment=""):
        if comment:
            print(f"  // {comment}")
        text = literal(rounded(value, self.p.bits), self.p.name)
        print(f"  static constexpr {self.p.name} {name} = {text};")

    def double_word(self, name, value, comment="", mode="n"):
        high = rounded(value, self.p.bits, mode)
        self.constant(name + "Hi", high, comment)
        self.constant(name + "Lo", value - high)

    def polynomial(self, name, function, measure, low, high, degree, comment, lows=0):
        ceiling = max(measure(low), measure(high))
        exact = minimax(function, lambda x: measure(x) + ceiling / 20, low, high, degree)
        coefficients = [rounded(c, self.p.bits) for c in exact]
        grid = [low + (high - low) * i / 2000 for i in range(2001)]
        repaired = exact[:lows] + coefficients[lows:]
        worst = max(abs((evaluate(repaired, x) - function(x)) * measure(x)) for x in grid)
        bits = mpmath.nstr(mpmath.log(worst, 2), 4)
        print(f"{self.p.name} {name}: degree {degree}, 2^{bits}", file=sys.stderr)
        print(f"  // {comment}; error 2^{bits}.")
        print(f"  static constexpr {self.p.name} {name}[] = {{")
        for c in coefficients:
            print(f"      {literal(c, self.p.name)},")
        print("  };")
        for i in range(lows):
            self.constant(f"{name}{i}Lo", exact[i] - coefficients[i], f"What rounding took from {name}[{i}].")


def write(precision):
    p, table = precision, Table(precision)
    print(f"template <>\nstruct Coefficients<{p.name}> {{")
    table.constant("kRound", mpf(3) * mpf(2) ** (p.bits - 2),
                   "Adding and subtracting it rounds to an integer.")
    table.constant("kLog2E", 1 / LN2)
    table.double_word("kLn2", LN2)
    table.constant("kExpLimit", p.exp_limit, "z e^-z rounds to 0 from here on.")
    table.constant("kExpm1Limit", p.expm1_limit, "e^-z is far below half an ulp of 1.")
    table.constant("kSoftsignLimit", mpf(2) ** (p.bits + 7), "z/(1 + z) rounds to 1 from here on.")
    half = LN2 / 2 * (1 + mpf(2) ** -10)
    table.polynomial("kExp", exp_tail, lambda r: r * r / mpmath.exp(r), -half, half, p.exp_degree,
                     "q in e^r = 1 + r + r^2 q(r), |r| <= ln2/2, relative to e^r")
    table.polynomial("kAtanh", atanh_tail, lambda u: u, mpf(0), mpf(1) / 9, p.atanh_degree,
                     "P in atanh(s) = s + s^3 P(s^2), s <= 1/3, relative to atanh")
    scale = mpf("1.0507009873554805")
    table.double_word("kSelu", scale,
                      "The scale; its low word is never negative, so that infinity stays infinity.", "d")
    table.double_word("kSeluAlpha", scale * mpf("1.6732632423543772"), "Alpha times the scale.")
    slope = 2 * mpmath.sqrt(2 / mpmath.pi)
    table.double_word("kGeluTanhA", slope, "2 sqrt(2/pi); B is this times 0.044715.")
    table.double_word("kGeluTanhB", slope * mpf("0.044715"))
    table.constant("kGeluTanhLimit", p.gelu_tanh_limit, "z sigmoid(2u(z)) rounds to -0 below its negative.")
    table.constant("kTailLimit", p.tail_limit, "t Phi(-t) rounds to 0 from here on.")
    table.constant("kTailCentre", p.tail_centre, "c: a power of two.")
    c, limit = mpf(p.tail_centre), p.tail_limit
    function = gauss_tail(c)
    table.polynomial("kTail", function, lambda v: 1 / function(v), mpf(-1), (limit - c) / (limit + c),
                           p.tail_degree,
                           "G in Phi(-t) = e^(-t^2/2) G(v)/(t + c), v = (t - c)/(t + c), relative", lows=2)
    print("};")


print("""// Constants of the activation formulas, per precision. Made by coefficients.py: change that, not this.
// Polynomial tables run from the constant term up.
#ifndef PERCEPTRON_KERNELS_EPILOGUE_COEFFICIENTS_HPP
#define PERCEPTRON_KERNELS_EPILOGUE_COEFFICIENTS_HPP

namespace perceptron::epilogue {

template <class T>
struct Coefficients;
""")
for each in PRECISIONS:
    write(each)
    print()
print("""}  // namespace perceptron::epilogue

#endif""")
