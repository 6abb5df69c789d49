"""Minimax coefficients of the mathematics library.

Run by hand (`python3 minimax.py [name ...]`, needs mpmath); the output is copied into the library's source text,
where each polynomial stands with the error printed here: that of the coefficients as rounded, in exact evaluation.
"""

import struct
import sys

from mpmath import mp, mpf, atan, asin, cos, erf, erfc, exp, fabs, log, lu_solve, matrix, pi, sin, sinh, tan, tanh

mp.dps = 60


def exchange(target, weight, power, low, high, degree):
    """Remez: the p minimising max |weight * (target - sum p[j] * power^j)| over [low, high], and that maximum."""
    samples = 60 * (degree + 4)
    grid = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / samples) for i in range(samples + 1)]
    t, w, z = [target(x) for x in grid], [weight(x) for x in grid], [power(x) for x in grid]
    points = [round(samples * (i + 0.5) / (degree + 2)) for i in range(degree + 2)]
    for _ in range(40):
        rows = matrix(degree + 2, degree + 2)
        right = matrix(degree + 2, 1)
        for i, at in enumerate(points):
            for j in range(degree + 1):
                rows[i, j] = z[at] ** j
            rows[i, degree + 1] = (-1) ** i / w[at]
            right[i] = t[at]
        solution = lu_solve(rows, right)
        p = [solution[j] for j in range(degree + 1)]
        error = [w[i] * (t[i] - horner(p, z[i])) for i in range(samples + 1)]
        # One extreme per run of equal signs; then the degree + 2 neighbouring runs with the largest least extreme.
        runs = []
        for i, e in enumerate(error):
            if runs and (error[runs[-1]] > 0) == (e > 0):
                if fabs(e) > fabs(error[runs[-1]]):
                    runs[-1] = i
            else:
                runs.append(i)
        if len(runs) < degree + 2:
            break
        while len(runs) > degree + 2:
            runs.pop(0 if fabs(error[runs[0]]) < fabs(error[runs[-1]]) else -1)
        if runs == points:
            break
        points = runs
    return p, max(fabs(e) for e in error)


def horner(p, z):
    total = mpf(0)
    for coefficient in reversed(p):
        total = total * z + coefficient
    return total


def to_float32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def to_float64(x):
    return mpf(float(x))


def fit(target, weight, power, low, high, degree, rounded):
    """The rounded coefficients, and the error that they have when evaluated exactly."""
    low, high = mpf(low), mpf(high)
    p = [rounded(c) for c in exchange(target, weight, power, low, high, degree)[0]]
    points = [low + (high - low) * i / 4001 for i in range(4002)]
    return p, max(fabs(weight(x) * (target(x) - horner(p, power(x)))) for x in points)


square = lambda x: x * x
itself = lambda x: x


def odd(f, low_order):
    """f(x) = x + x^3 p(x^2): target and weight of the relative error of f."""
    return (lambda x: (f(x) / x - low_order) / (x * x)), (lambda x: x**3 / f(x)), square


erfcx_map = lambda c: lambda x: (x - c) / (x + c)
erfcx_scaled = lambda x: (1 + 2 * x) * exp(x * x) * erfc(x)
tiny = mpf("1e-6")

artanh = (lambda s: (log((1 + s) / (1 - s)) / s - 2) / (s * s)), (lambda s: s**3 / log((1 + s) / (1 - s))), square

FITS = {
    # name: (target, weight, power, low, high, degree, rounded)
    "exp": (lambda r: (exp(r) - 1 - r - r * r / 2) / r**3, lambda r: fabs(r) ** 3 / exp(r), itself, "-0.347", "0.3471", 3, to_float32),
    "expm1": (lambda r: (exp(r) - 1 - r - r * r / 2) / r**3, lambda r: fabs(r**3 / (exp(r) - 1)), itself, "-0.347", "0.3471", 4, to_float32),
    # ln((1 + s)/(1 - s)) = s (2 + z p(z)), z = s^2
    "log": (*artanh, tiny, "0.1716", 3, to_float32),
    "power": (*artanh, tiny, "0.1716", 4, to_float32),
    "tanh": (*odd(tanh, 1), tiny, "0.626", 4, to_float32),
    "sinh": (*odd(sinh, 1), tiny, "1.0", 3, to_float32),
    "sin": (*odd(sin, 1), tiny, "0.7855", 3, to_float32),
    "cos": (lambda x: (cos(x) - 1 + x * x / 2) / x**4, lambda x: x**4 / cos(x), square, tiny, "0.7855", 2, to_float32),
    "tan": (*odd(tan, 1), tiny, "0.7855", 6, to_float32),
    "atan": (*odd(atan, 1), tiny, "0.4143", 4, to_float32),
    "asin": (*odd(asin, 1), tiny, "0.5", 5, to_float32),
    "erf": (lambda x: erf(x) / x - 1, lambda x: x / erf(x), square, tiny, "0.86", 6, to_float32),
    # (1 + 2x) e^(x^2) erfc(x) = 1.25 + p(v), v = (x - 2)/(x + 2)
    "erfcx": (lambda x: erfcx_scaled(x) - 1.25, lambda x: 1 / erfcx_scaled(x), erfcx_map(mpf(2)), "0.46", "11", 9, to_float32),
    "erf64": (lambda x: erf(x) / x - 1, lambda x: x / erf(x), square, tiny, "0.5", 9, to_float64),
    "erfcx64": (lambda x: erfcx_scaled(x) - 1.25, lambda x: 1 / erfcx_scaled(x), erfcx_map(mpf(3)), "0.46", "28", 21, to_float64),
}


def bits_of_inverse_turn(words):
    """1/(2 pi) in words of 32 bits, after the binary point."""
    mp.dps = 120
    value = int((1 / (2 * pi)) * mpf(2) ** (32 * words))
    return [f"0x{(value >> (32 * (words - 1 - i))) & 0xFFFFFFFF:08x}u" for i in range(words)]


if __name__ == "__main__":
    for name in sys.argv[1:] or FITS:
        p, error = fit(*FITS[name])
        digits = 9 if FITS[name][-1] is to_float32 else 17
        print(f"{name}: error {mp.nstr(error, 3)}")
        for coefficient in p:
            print(f"  {float(coefficient):.{digits}g}")
    print("1/(2 pi):", *bits_of_inverse_turn(7))
