"""What the definitions of this folder are, at inputs and parameters where kernels break: writes expected.json.

    apt-get install python3-mpmath python3-gmpy2
    /usr/bin/python3 test/unprepared/expected.py             every definition: a quarter of an hour on two cores
    /usr/bin/python3 test/unprepared/expected.py NAME ...    these alone, the rest of the table stays
    /usr/bin/python3 test/unprepared/expected.py --check     functions against more digits, derivatives against differences
    ... --file FILE ... --out FILE                           other definitions, another table

The definitions are read by a parser of this script's own (truth/language.py) and evaluated by mpmath with a bound on the
error (truth/ball.py), at as many bits as it takes to know the value to 40 of them, 6400 at most. Derivatives are those
of forward differentiation (truth/evaluate.py); where that leaves 0 * inf, and where an equality holds, they are the common
limit from both sides.

The table holds, per definition, groups of rows under one set of parameters (float32 numbers, as the inputs are). A row is
inputs, value, derivatives in inputs, derivatives in learned parameters: 11 significant digits, "inf" for what exceeds
2^129, 0 for what is below 2^-170, "nan" where NaN must come out, null where nothing is asked: no real value, a comparison
so close that either branch is right, no limit.  `marks` are [row, column, slack]: the value or the derivative has
a zero between the float32 neighbours of the row's inputs (slack 0), or the derivative has one within an eighth of the input:
then slack is half an ulp of the input times the derivative's slope.
"""

import argparse
import ctypes
import glob
import json
import math
import os
import random
import struct
import sys
import zlib
from multiprocessing import Pool

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "truth"))

from mpmath.libmp import from_man_exp, fzero, mpf_abs, mpf_add, mpf_cmp, mpf_neg, mpf_shift, mpf_sub, to_float  # noqa: E402

from ball import Domain, Pole, Undecided, is_zero, magnitude  # noqa: E402
from evaluate import SINGULAR, Close, DecidedBalls, Evaluation, Floats, exact  # noqa: E402
from language import constant_integer, rational, read_file, variables_of  # noqa: E402
from selfcheck import check_functions  # noqa: E402

LADDER = (192, 640, 2560, 6400)
FLOAT32_MAX = 3.4028234663852886e38

single = lambda v: ctypes.c_float(v).value
bits_of = lambda v: struct.unpack("<I", struct.pack("<f", v))[0]
float_of = lambda bits: struct.unpack("<f", struct.pack("<I", bits))[0]


def ordinal(v):
    """Consecutive integers for consecutive float32 numbers."""
    bits = bits_of(v)
    return bits if bits < 2**31 else 2**31 - bits


def from_ordinal(n):
    return float_of(n if n >= 0 else 2**31 - n)


def neighbour(v, by):
    n = ordinal(v) + by
    return from_ordinal(max(min(n, 0x7F7FFFFF), -0x7F7FFFFF))


def ulp(v):
    return max(2.0**-149, 2.0 ** (math.frexp(v)[1] - 24)) if v and math.isfinite(v) else 2.0**-149


# Truth


def known(x):
    """A ball's value as a float, if it is known well enough."""
    m, e = x
    a = mpf_abs(m)
    if not is_zero(m) and mpf_cmp(e, mpf_shift(a, -40)) <= 0:
        size = magnitude(m)
        if size > 130:
            return -math.inf if m[0] else math.inf
        return 0.0 if size < -169 else to_float(m)
    if mpf_cmp(mpf_add(a, e, 60, "u"), from_man_exp(1, -170)) < 0:
        return 0.0
    if not is_zero(m) and mpf_cmp(mpf_sub(a, e, 60, "d"), from_man_exp(1, 200)) > 0:
        return -math.inf if m[0] else math.inf
    raise Undecided


class Point:
    """A definition at one point, whose coordinates are balls."""

    def __init__(self, definition, numbers):
        self.definition, self.numbers = definition, numbers

    def moved(self, name, by):
        return Point(self.definition, {**self.numbers, name: (mpf_add(self.numbers[name][0], by), fzero)})

    def value(self):
        """The real value; NaN outside of the domain, None where there is none for another reason."""
        for precision in LADDER:
            try:
                return known(Evaluation(DecidedBalls(precision), self.numbers).value(self.definition.body))
            except Undecided:
                continue
            except Domain:
                return math.nan
            except Pole:
                return None
        return None

    def derivative(self, of):
        for precision in LADDER:
            try:
                evaluation = Evaluation(DecidedBalls(precision), self.numbers, of)
                _, tangent = evaluation.dual(self.definition.body)
                if tangent is SINGULAR or evaluation.equalities:
                    return self.limit_of_derivative(of, evaluation.equalities)
                return 0.0 if tangent is None else known(tangent)
            except Undecided:
                continue
            except (Domain, Pole):
                return None
        return None

    def limit_of_derivative(self, of, equalities):
        """The common limit of the derivative from both sides, if the value is continuous and a limit can be told."""
        candidates = sorted(equalities & set(self.numbers)) or self.definition.inputs
        if len(candidates) != 1 or not equalities and has_real_power(self.definition.body):
            return None
        sides = [self.one_sided(of, candidates[0], side) for side in (1, -1)]
        if None in sides:
            return None
        (v, d), (w, e) = sides
        here = self.value()
        return d if close(v, w) and close(v, here) and close(d, e) else None

    def one_sided(self, of, name, side):
        """Value and derivative 2^-300 beside the point, if they are nearly those at 2^-600."""
        found = []
        for k in (300, 600):
            beside = self.moved(name, from_man_exp(side, -k))
            try:
                value, derivative = beside.value(), beside.plain_derivative(of)
            except Close:
                return None
            if value is None or derivative is None or math.isinf(derivative):
                return None
            found.append((value, derivative))
        (v, d), (w, e) = found
        return (w, e) if close(v, w) and close(d, e) else None

    def plain_derivative(self, of):
        for precision in LADDER[1:]:
            try:
                _, tangent = Evaluation(DecidedBalls(precision), self.numbers, of).dual(self.definition.body)
                return None if tangent is SINGULAR else 0.0 if tangent is None else known(tangent)
            except Undecided:
                continue
            except (Domain, Pole):
                return None
        return None

    def row(self):
        """Value and derivatives in the order of the table."""
        value = self.value()
        of = self.definition.inputs + [p.name for p in self.definition.learned()]
        if value is None or value != value:
            return [value] + [None] * len(of)
        return [value] + [self.derivative(name) for name in of]


def has_real_power(node):
    """Whether a variable is an exponent: near 0 such a power converges too slowly to tell its limit."""
    if node[0] == "pow" and constant_integer(node[2]) is None and rational(node[2]) is None:
        return True
    return any(has_real_power(operand) for operand in node[1:] if isinstance(operand, tuple))


def exponent_variables(node):
    """The variables that occur in exponents."""
    own = variables_of(node[2]) if node[0] == "pow" else set()
    return own.union(*(exponent_variables(operand) for operand in node[1:] if isinstance(operand, tuple)))


def has(node, kind):
    return node[0] == kind or any(has(operand, kind) for operand in node[1:] if isinstance(operand, tuple))


def close(a, b):
    if a is None or b is None:
        return False
    if math.isinf(a) or math.isinf(b):
        return a == b
    return a == b or abs(a - b) <= 1e-13 * max(abs(a), abs(b)) or abs(a - b) < 1e-60


def at(definition, numbers):
    return Point(definition, {name: exact(v) for name, v in numbers.items()})


#: Mantissas and exponents of inputs far away, whose sines are unrelated: an oscillation has no limit. Where there are sines
#: it takes many points to tell that from a growth, with ends of their own: sin(pi x) is 0 at all integers, and the sine
#: of a multiple by a power of two the same at all short fractions.
FAR = ((5, 260), (7, 300), (11, 500), (13, 700), (17, 1000), (19, 1300))
MANY = tuple((2 * i + 5, 260 + 41 * i) for i in range(24))
PERIODIC = ("sin", "cos", "tan")


def limits(definition, numbers, name, sign):
    """The row at an infinite input: limits as it grows, the others held."""
    far = []
    waves = any(has(definition.body, kind) for kind in PERIODIC)
    points = MANY if waves else FAR
    for mantissa, exponent in points:
        point = Point(definition, {n: exact(v) for n, v in numbers.items() if n != name})
        fraction = mantissa * 0x9E3779B97F5 % 2**44 if waves else 0
        point.numbers[name] = (from_man_exp(sign * ((mantissa << exponent + 40) + fraction), -40), fzero)
        try:
            far.append(point.row())
        except Close:
            return None
    logarithmic = not has_real_power(definition.body)
    found = [limit(column, points, logarithmic) for column in zip(*far)]
    # With a tiny exponent even the farthest point is near: of x / (1 + x^p)^(1/p) nothing is seen of the limit.
    exponents = [abs(numbers[n]) for n in exponent_variables(definition.body) & set(numbers) - {name}]
    tiny = min((v for v in exponents if 0 < v < 0.03), default=None)
    if tiny is None:
        return found
    point = Point(definition, {n: exact(v) for n, v in numbers.items() if n != name})
    point.numbers[name] = (from_man_exp(sign, int(4000 / tiny)), fzero)
    try:
        beyond = point.row()
    except Close:
        return found
    return [v if v is None or w is None or v == w or close(v, w) else None for v, w in zip(found, beyond)]


def limit(column, points, logarithmic):
    if any(v is None or v != v for v in column):
        return None
    last = column[-1]
    if all(v == last for v in column[2:]) or all(close(v, last) for v in column[1:]):
        return last
    sizes = [abs(v) for v in column]
    if not math.isfinite(last) or 0 in sizes or len({v > 0 for v in column}) > 1:
        return None
    if not logarithmic:
        # A power with an exponent near 0 looks like a logarithm.
        return None
    # A logarithm, or one over it: its size goes as the exponent, or one over it.
    steps = list(zip(sizes, points, sizes[1:], points[1:]))
    along = lambda power: all(abs(w / v / (b[1] / a[1]) ** power - 1) < 0.02 for v, a, w, b in steps)
    return math.copysign(math.inf, last) if along(1) else 0.0 if along(-1) else None


def nan_reaches(definition, numbers, name):
    """Whether a NaN in a variable occurs in an evaluated condition or in the chosen branch."""
    evaluation = Evaluation(DecidedBalls(640), {n: exact(v) for n, v in numbers.items()}, strict=False)

    def reaches(node):
        if name not in variables_of(node):
            return False
        if node[0] == "where":
            if reaches(node[1]):
                return True
            return reaches(node[2] if evaluation.holds(node[1]) else node[3])
        return node[0] == "variable" or any(reaches(operand) for operand in node[1:])

    return reaches(definition.body)


# An adversary's choice of points

MAGNITUDES = [
    # Subnormal, and small enough for squares and cubes to vanish
    2.0**-149, 2.0**-127, 2.0**-126, 1e-30, 2.0**-75, 2.0**-63, 1e-15, 2.0**-40, 2.0**-30, 2.0**-27, 1e-7, 2.0**-20,
    1e-5, 3e-4, 2.0**-10, 0.004, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 1 - 2.0**-24, 1, 1 + 2.0**-23, 1.3,
    math.pi / 2, 2, math.e, 3, math.pi, 4, 5,
    # Where erf, tanh, sigmoid saturate in float32 and in float64
    5.9, 6.5, 8.3, 9.1, 10, 12.9, 13.3, 14.5, 16, 17.4, 20, 26, 30, 36.7, 44, 60,
    # Where exponentials overflow and underflow, of x, x^2 and 2 x
    80, 87.3, 88.7, 89, 95, 103.9, 104.1, 150, 178, 250, 355, 500, 709.7, 710, 745, 746, 1000,
    # Where squares, cubes, fourth and eighth powers overflow
    1e4, 6e4, 1e5, 4e9, 16777216, 1e9, 7e12, 1e13, 1.8446743e19, 1.85e19, 1e25, 1e30, 1e38, FLOAT32_MAX,
]
ORDINARY = [0.7, -1.3, 3.1, -6.2, 12.0, -40.0]


def parameter_values(parameter):
    """Numbers for one parameter, the default first, those that degenerate formulas soon after it."""
    default = single(float(rational_float(parameter.default)))
    wanted = [
        default, 2.0**-12, -(2.0**-12), 1 + 2.0**-10, 100.0, 1.0, 0.5, -1.0, 2.0**-24, -(2.0**-24), 2.0, 1 - 2.0**-23,
        10.0, 0.1, 2 - 2.0**-12, -3.7, 3.0, 1e4, -30.0, 1e-6, 0.0,
    ]
    low, high = -math.inf, math.inf
    open_low = open_high = True
    if parameter.range:
        lower, low_closed, upper, high_closed = parameter.range
        if lower is not None:
            low, open_low = single(float(rational_float(lower))), not low_closed
        if upper is not None:
            high, open_high = single(float(rational_float(upper))), not high_closed
        ends = []
        if math.isfinite(low):
            width = high - low if math.isfinite(high) else 1.0
            ends += [low] if low_closed else []
            ends += [low + width * 2.0**-12, low + width * 2.0**-20, low + width / 8]
        if math.isfinite(high):
            width = high - low if math.isfinite(low) else 1.0
            ends += [high] if high_closed else []
            ends += [high - width * 2.0**-12, high - width * 2.0**-20, high - width / 8]
        wanted[3:3] = ends
    fits = lambda v: (v > low or v == low and not open_low) and (v < high or v == high and not open_high)
    result = []
    for v in map(single, wanted):
        if fits(v) and v not in result:
            result.append(v)
    return result


def rational_float(node):
    """A constant expression as a float: defaults and ends of ranges."""
    return Evaluation(Floats(False), {}, strict=False).value(node)


def settings(definition, rng, count):
    """Sets of parameters: the defaults, one parameter moved at a time, then several at once."""
    values = {p.name: parameter_values(p) for p in definition.parameters}
    default = {name: v[0] for name, v in values.items()}
    result = [default]
    each = max(2, (count - 3) // max(1, len(values)))
    for k in range(1, 1 + each):
        for name, v in values.items():
            if k < len(v) and len(result) < count - 2:
                result.append({**default, name: v[k]})
    while values and len(result) < count and len(values) > 1:
        result.append({name: rng.choice(v) for name, v in values.items()})
    return result


def unary_candidates(definition, parameters, rng, count):
    base = [s * m for m in MAGNITUDES for s in (1, -1)]
    scaled = []
    for v in parameters.values():
        if v:
            scaled += [s * m / v for m in (1e-3, 1, 9, 20, 88, 104, 745) for s in (1, -1)]
        scaled += [v, -v, neighbour(v, 1), neighbour(v, -1), 1 + v, v - 1]
    drawn = [rng.gauss(0, 3) for _ in range(40)] + [rng.choice((1, -1)) * 2 ** rng.uniform(-30, 30) for _ in range(16)]
    drawn += [float_of(rng.getrandbits(32)) for _ in range(8)]
    rng.shuffle(base)
    chosen = [0.0] + base[: count // 2] + scaled[: count // 4] + drawn[: count - count // 2 - min(len(scaled), count // 4)]
    return [{definition.inputs[0]: v} for v in unique(chosen)]


def unique(numbers):
    result = []
    for v in map(single, numbers):
        if math.isfinite(v) and v not in result:
            result.append(v)
    return result


def gate_candidates(definition, parameters, rng, count):
    inputs = definition.inputs
    special = lambda: rng.choice((1, -1)) * rng.choice(MAGNITUDES)
    ordinary = lambda: rng.choice(ORDINARY) if rng.random() < 0.4 else rng.gauss(0, 3)
    result = [{name: 0.0 for name in inputs}]
    for i in range(count):
        kind = i % 6
        if kind < 2:
            numbers = [ordinary() for _ in inputs]
        elif kind == 2:
            moved = rng.randrange(len(inputs))
            numbers = [special() if k == moved else ordinary() for k in range(len(inputs))]
        elif kind == 3:
            v = ordinary() if rng.random() < 0.5 else special()
            numbers = [v * rng.choice((1, 1, -1)) for _ in inputs]
        elif kind == 4:
            v = single(ordinary())
            numbers = [neighbour(v, rng.choice((-9, -2, -1, 1, 2, 5))) if k else v for k in range(len(inputs))]
        else:
            numbers = [special() for _ in inputs]
        result.append({name: single(v) for name, v in zip(inputs, numbers)})
    return [point for point in result if all(map(math.isfinite, point.values()))]


def zeros(definition, parameters, points, rows):
    """Float32 neighbours of zeros and jumps, of value and derivative, found between the points of a unary definition."""
    (x,) = definition.inputs
    found = []
    ordered = sorted(zip((p[x] for p in points), rows))
    for column in (0, 1):
        count = 0
        for (a, before), (b, after) in zip(ordered, ordered[1:]):
            u, v = before[column], after[column]
            if u is None or v is None or u != u or v != v or u * v >= 0 or count >= 3 or a == -b:
                continue
            low, high = ordinal(a), ordinal(b)
            while high - low > 1:
                middle = (low + high) // 2
                try:
                    w = at(definition, {**parameters, x: from_ordinal(middle)}).row()[column]
                except Close:
                    w = None
                if w is None or w != w:
                    break
                low, high = (low, middle) if u * w < 0 else (middle, high)
            if high - low == 1:
                count += 1
                found += [low - 1, low, high, high + 1]
    return [{x: from_ordinal(n)} for n in found if abs(n) < 0x7F800000]


def error_of(definition, numbers, row, floats):
    """How far the formula is off, in ulp, where a program evaluates it as it stands."""
    worst = 0.0
    of = [None] + definition.inputs + [p.name for p in definition.learned()]
    given = {name: floats.fraction(v) for name, v in numbers.items()}
    for expected, seed in zip(row, of):
        if expected is None or expected != expected:
            continue
        try:
            value, tangent = Evaluation(floats, given, seed, strict=False).dual(definition.body)
            actual = value if seed is None else 0.0 if tangent is None else math.nan if tangent is SINGULAR else tangent
        except (Domain, Pole, OverflowError, ValueError):
            actual = math.nan
        if actual == expected:
            continue
        if not math.isfinite(expected):
            expected = math.copysign(2.0**129, expected)
        if not math.isfinite(actual):
            actual = math.copysign(2.0**129, actual) if actual == actual else 1e300
        worst = max(worst, min(abs(actual - expected) / ulp(min(abs(expected), FLOAT32_MAX)), 1e300))
    return worst


def selected(definition, parameters, candidates, count, rng):
    """The rows of a group: what fails in float64 and in float32, and some of everything."""
    rows, points = [], []
    for point in candidates:
        try:
            row = at(definition, {**parameters, **point}).row()
        except Close:
            continue
        if row[0] is not None:
            points.append(point)
            rows.append(row)
    if sum(1 for row in rows if row[0] == row[0]) < 2:
        return []
    if len(definition.inputs) == 1:
        extra = zeros(definition, parameters, points, rows)
        must = set()
        for point in extra:
            try:
                row = at(definition, {**parameters, **point}).row()
            except Close:
                continue
            if row[0] is not None and point not in points:
                must.add(len(points))
                points.append(point)
                rows.append(row)
        must = set(rng.sample(sorted(must), min(len(must), max(2, count // 5))))
    else:
        must = set()
    inside = [i for i, row in enumerate(rows) if row[0] == row[0]]
    outside = [i for i in range(len(rows)) if i not in set(inside)]
    chosen = set(rng.sample(outside, min(2, len(outside)))) | must
    origin = [i for i in inside if all(v == 0 for v in points[i].values())]
    chosen |= set(origin)
    numbers = [{**parameters, **point} for point in points]
    for floats, share in ((Floats(False), 1 / 3), (Floats(True), 2 / 3)):
        scores = {i: error_of(definition, numbers[i], rows[i], floats) for i in inside}
        places = {}
        for i in sorted(inside, key=lambda i: (-scores[i], i)):
            if len(chosen) >= share * count + len(must) or scores[i] < 0.75:
                break
            # Not the same place again and again.
            place = tuple((math.frexp(v)[1] // 2, v > 0) for v in points[i].values())
            if places.get(place, 0) < 2:
                places[place] = places.get(place, 0) + 1
                chosen.add(i)
    rest = [i for i in inside if i not in chosen]
    rng.shuffle(rest)
    chosen |= set(rest[: max(0, count - len(chosen))])
    return [(points[i], rows[i]) for i in sorted(chosen, key=lambda i: [ordinal(v) for v in points[i].values()])]


def marks(definition, parameters, picked):
    """Rows next to a zero of a column, and rows around a zero of a derivative with what the input's rounding does there."""
    result = []
    for index, (point, row) in enumerate(picked):
        if any(not math.isfinite(v) for v in point.values()) or row[0] is None or row[0] != row[0]:
            continue
        beside, slack = set(), [0.0] * len(row)
        around = set()
        for name, v in point.items():
            column = lambda w: row_or_none(definition, {**parameters, **point, name: w})
            before, after = column(neighbour(v, -1)), column(neighbour(v, 1))
            below, above = (column(single(v * 0.875)), column(single(v * 1.125))) if v else (None, None)
            for k, here in enumerate(row):
                if here is None:
                    continue
                if before and after and differs(here, before[k], after[k]):
                    beside.add(k)
                if k and before and after and None not in (before[k], after[k]):
                    if math.isfinite(before[k]) and math.isfinite(after[k]):
                        slack[k] += abs(after[k] - before[k]) / 4
                if k and below and above and differs(below[k], below[k], above[k]):
                    around.add(k)
        result += [[index, k, 0] for k in sorted(beside)]
        near = [k for k in sorted(beside | around) if k and slack[k] > 0]
        result += [[index, k, float(f"{slack[k]:.3g}")] for k in near]
    return result


def differs(here, before, after):
    """Whether a zero lies between the neighbours, or at one of them."""
    signs = {(v > 0) - (v < 0) for v in (here, before, after) if v is not None and v == v}
    return len(signs) > 1


def row_or_none(definition, numbers):
    try:
        return at(definition, numbers).row()
    except Close:
        return None


def infinite_rows(definition, parameters):
    for name in definition.inputs:
        for sign in (1, -1):
            for companion in (0.7, -1.3) if len(definition.inputs) > 1 else (0.7,):
                others = {n: single(companion) for n in definition.inputs}
                row = limits(definition, {**parameters, **others}, name, sign)
                if row and any(v is not None for v in row):
                    yield ({**others, name: sign * math.inf}, row)


def flushed_rows(definition, parameters, picked):
    """Rows with 0 in the place of subnormal inputs: what a device may take them for."""
    known = [point for point, _ in picked]
    for point, _ in picked:
        flushed = {n: 0.0 if 0 < abs(v) < 2.0**-126 else v for n, v in point.items()}
        if flushed in known:
            continue
        known.append(flushed)
        row = row_or_none(definition, {**parameters, **flushed})
        if row and row[0] is not None:
            yield (flushed, row)


def nan_row(definition, numbers, name):
    """The row with a NaN in one variable."""
    point = {n: v for n, v in numbers.items() if n != name}
    columns = 1 + len(definition.inputs) + len(definition.learned())
    try:
        if nan_reaches(definition, point, name):
            return [math.nan] + [None] * (columns - 1)
        return [at(definition, point).value()] + [None] * (columns - 1)
    except (Close, Undecided, Domain, Pole):
        return None


def groups_of(definition, size):
    rng = random.Random(zlib.crc32(definition.name.encode()))
    unary = len(definition.inputs) == 1
    parameters = len(definition.parameters)
    count = 1 if not parameters else 9 if parameters == 1 else 10
    result = []
    for index, setting in enumerate(settings(definition, rng, count)):
        first = index == 0
        rows = size - 6 if not parameters else size // 3 if first else max(4, size // 10)
        tried = 300 if not parameters else 150 if first else 60
        candidates = (unary_candidates if unary else gate_candidates)(definition, setting, rng, tried)
        picked = selected(definition, setting, candidates, rows, rng)
        if not picked:
            continue
        found = marks(definition, setting, picked)
        if first and unary:
            x = definition.inputs[0]
            row = row_or_none(definition, {**setting, x: 0.0})
            picked += [({x: -0.0}, row)] if row and row[0] is not None else []
        if first or unary:
            picked += infinite_rows(definition, setting)
        if first:
            for name in definition.inputs:
                for v in (-2.25,) if unary else (-2.25, 0.5):
                    numbers = {**setting, **{n: single(v * (1 if n == name else -0.75)) for n in definition.inputs}}
                    row = nan_row(definition, numbers, name)
                    if row:
                        picked.append(({n: math.nan if n == name else numbers[n] for n in definition.inputs}, row))
        picked += list(flushed_rows(definition, setting, picked))
        result.append((setting, picked, found))
    defaults = {p.name: parameter_values(p)[0] for p in definition.parameters}
    for name in defaults:
        picked = []
        for v in (-2.25, 0.5):
            point = {n: single(v * (1 if k == 0 else -0.75)) for k, n in enumerate(definition.inputs)}
            row = nan_row(definition, {**defaults, **point}, name)
            if row:
                picked.append((point, row))
        result.append(({**defaults, name: math.nan}, picked, []))
    return result


# Text


def shortest(v):
    """A float32 number in as few digits as tell it from its neighbours."""
    if not math.isfinite(v):
        return json.dumps(str(v))
    for digits in range(1, 10):
        text = f"{v:.{digits}g}"
        if single(float(text)) == v:
            break
    return str(int(v)) if "e" in text and abs(v) < 1e7 and v == int(v) else compact(text)


def compact(text):
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def number_text(v):
    if v is None:
        return "null"
    if not math.isfinite(v):
        return json.dumps(str(v))
    return compact(f"{v:.11g}") if v else "0"


def definition_text(name, groups):
    texts = []
    for setting, picked, found in groups:
        rows = [
            "[" + ",".join([*(shortest(v) for v in point.values()), *(number_text(v) for v in row)]) + "]"
            for point, row in picked
        ]
        parameters = ",".join(f"{json.dumps(n)}:{shortest(v)}" for n, v in setting.items())
        found_text = json.dumps(found, separators=(",", ":"))
        texts.append(f'{{"parameters":{{{parameters}}},"marks":{found_text},"rows":[\n' + ",\n".join(rows) + "]}")
    return f"{json.dumps(name)}:[" + ",\n".join(texts) + "]"


def work(job):
    path, name, size = job
    definition = read_file(path)[name]
    return name, definition_text(name, groups_of(definition, size))


# Derivatives against differences


def check(job):
    """The largest relative deviation of a derivative from a central difference at 200 digits."""
    path, name = job
    definition = read_file(path)[name]
    rng = random.Random(1)
    worst, where = 0.0, None
    if has(definition.body, "stop_gradient"):
        return name, worst, where
    setting = {p.name: parameter_values(p)[0] for p in definition.parameters}
    of = definition.inputs + [p.name for p in definition.learned()]
    h = from_man_exp(1, -200)
    for _ in range(12):
        numbers = {**setting, **{n: single(rng.gauss(0, 2)) for n in definition.inputs}}
        balls = {n: exact(v) for n, v in numbers.items()}
        arithmetic = DecidedBalls(800)
        for seed in of:
            try:
                _, tangent = Evaluation(arithmetic, balls, seed).dual(definition.body)
                if tangent is SINGULAR:
                    continue
                ends = [
                    Evaluation(arithmetic, {**balls, seed: (mpf_add(balls[seed][0], step), fzero)}).value(definition.body)
                    for step in (h, mpf_neg(h))
                ]
            except (Undecided, Domain, Pole, Close):
                continue
            # Three terms of the difference are of size h^2 = 2^-400.
            slope = mpf_shift(mpf_sub(ends[0][0], ends[1][0]), 199)
            value = tangent[0] if tangent else fzero
            gap = abs(to_float(mpf_sub(slope, value), rnd="n"))
            size = max(abs(to_float(value)), abs(to_float(ends[0][0])), 1e-60)
            if gap / size > worst:
                worst, where = gap / size, (numbers, seed)
    return name, worst, where


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("names", nargs="*")
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--file", nargs="*")
    arguments.add_argument("--out", default=os.path.join(FOLDER, "expected.json"))
    arguments.add_argument("--rows", type=int, default=44)
    arguments.add_argument("--jobs", type=int, default=2)
    options = arguments.parse_args()
    paths = options.file or sorted(glob.glob(os.path.join(FOLDER, "*.def")))
    jobs = [(path, name) for path in paths for name in read_file(path) if not options.names or name in options.names]
    with Pool(options.jobs) as pool:
        if options.check:
            check_functions()
            for name, worst, where in pool.imap_unordered(check, jobs):
                if worst > 1e-30:
                    print(f"{name}: off by {worst:.2g} at {where}")
            return
        done = {}
        for name, text in pool.imap_unordered(work, [(*job, options.rows) for job in jobs]):
            done[name] = text
            print(f"{len(done)}/{len(jobs)} {name}", file=sys.stderr)
    kept = {}
    if options.names and os.path.exists(options.out):
        with open(options.out, encoding="utf-8") as file:
            # Definitions begin where a line begins with a name.
            for text in file.read().strip().removeprefix("{").removesuffix("}").strip().split(',\n"'):
                text = text if text.startswith('"') else f'"{text}'
                kept[json.loads(text[: text.index(":")])] = text
    known_texts = kept | done
    texts = [known_texts[name] for path in paths for name in read_file(path) if name in known_texts]
    with open(options.out, "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(texts) + "\n}\n")


if __name__ == "__main__":
    main()
