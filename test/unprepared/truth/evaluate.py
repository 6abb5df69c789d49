"""Values and derivatives of graphs: forward differentiation, written once for balls and for plain floats."""

import ctypes
import math
from fractions import Fraction

from mpmath.libmp import from_float, mpf_abs, mpf_cmp

from ball import Balls, Domain, Pole, magnitude, power_of_two
from language import COMPARISONS, constant_integer, variables_of

#: A derivative that the formula leaves without a value where the function may have one: 0 * inf and its like.
SINGULAR = "singular"
ZERO = ("number", Fraction(0))
#: Two quantities that are compared closer than 2^-20 of their terms may be told apart by luck only.
CLOSE = -20


class Close(Exception):
    """A comparison that rounding errors may decide either way."""


class Evaluation:
    """One graph at one point. `numbers` are the arithmetic's; `seed` is the variable to differentiate in, or None."""

    def __init__(self, arithmetic, numbers, seed=None, strict=True):
        self.arithmetic, self.numbers, self.seed, self.strict = arithmetic, numbers, seed, strict
        self.known, self.truths, self.sizes = {}, {}, {}
        #: Variables of the equalities that hold or nearly decide here.
        self.equalities = set()

    def value(self, node):
        return self.dual(node)[0]

    def dual(self, node):
        """Value and derivative; the derivative is None where it is 0 whatever the point."""
        found = self.known.get(id(node))
        if found is None:
            found = self.known[id(node)] = self.compute(node)
        return found

    def compute(self, node):
        a, kind = self.arithmetic, node[0]
        if kind == "number":
            return (a.fraction(node[1]), None)
        if kind == "pi":
            return (a.pi(), None)
        if kind == "inf":
            return (a.infinity(), None)
        if kind == "variable":
            return (self.numbers[node[1]], a.fraction(Fraction(1)) if node[1] == self.seed else None)
        if kind == "where":
            return self.dual(node[2] if self.holds(node[1]) else node[3])
        if kind == "pow":
            return self.power(node)
        operands = [self.dual(operand) for operand in node[1:]]
        if kind in "+-":
            (x, dx), (y, dy) = operands
            return (a.add(x, y) if kind == "+" else a.sub(x, y), self.total(dx, dy if kind == "+" else self.negative(dy)))
        if kind == "neg":
            return (a.neg(operands[0][0]), self.negative(operands[0][1]))
        if kind == "*":
            (x, dx), (y, dy) = operands
            return (a.mul(x, y), self.total(self.scaled(dx, lambda: y), self.scaled(dy, lambda: x)))
        if kind == "/":
            (x, dx), (y, dy) = operands
            q = a.div(x, y)
            one_over = lambda: a.div(a.fraction(Fraction(1)), y)
            return (q, self.total(self.scaled(dx, one_over), self.scaled(dy, lambda: a.neg(a.div(q, y)))))
        if kind == "logaddexp":
            (x, dx), (y, dy) = operands
            gap = a.sub(x, y)
            value = a.add(y, a.function("softplus", gap))
            share = lambda sign: lambda: a.function("sigmoid", gap if sign > 0 else a.neg(gap))
            return (value, self.total(self.scaled(dx, share(1)), self.scaled(dy, share(-1))))
        (x, dx), = operands
        if kind == "stop_gradient":
            return (x, None)
        if kind in ("abs", "sign", "floor", "ceil", "round"):
            return self.stepped(kind, node[1], x, dx)
        y = a.function(kind, x)
        return (y, self.scaled(dx, lambda: self.slope(kind, x, y)))

    def stepped(self, kind, operand, x, dx):
        a = self.arithmetic
        if kind in ("floor", "ceil", "round"):
            self.nearly_step(kind, operand, x)
            return (a.function(kind, x), None)
        sign = self.compared(operand, ZERO)
        if kind == "sign":
            return (a.fraction(Fraction(sign)), None)
        return (a.neg(x) if sign < 0 else x, self.scaled(dx, lambda: a.fraction(Fraction(sign))))

    def power(self, node):
        a = self.arithmetic
        x, dx = self.dual(node[1])
        n = constant_integer(node[2])
        if n is not None:
            y = a.integer_power(x, n)
            slope = lambda: a.mul(a.fraction(Fraction(n)), a.integer_power(x, n - 1))
            return (y, self.scaled(dx, slope if n else lambda: a.fraction(Fraction(0))))
        p, dp = self.dual(node[2])
        sign = a.sign(x)
        if sign > 0:
            y = a.real_power(x, p)
            slope = lambda: a.mul(p, a.real_power(x, a.sub(p, a.fraction(Fraction(1)))))
            return (y, self.total(self.scaled(dx, slope), self.scaled(dp, lambda: a.mul(y, a.function("log", x)))))
        if sign == 0:
            return self.power_of_zero(a.sign(p), dx, p, dp)
        if not a.is_integer(p):
            raise Domain
        n = a.to_integer(p)
        slope = lambda: a.mul(p, a.integer_power(x, n - 1)) if n else a.fraction(Fraction(0))
        return (a.integer_power(x, n), self.total(self.scaled(dx, slope), None if dp is None else SINGULAR))

    def power_of_zero(self, sign, dx, p, dp):
        """0^p: 1 for p = 0, 0 for p > 0; the derivative in p is the limit from the right."""
        a = self.arithmetic
        zero, one = a.fraction(Fraction(0)), a.fraction(Fraction(1))
        if sign < 0:
            raise Pole
        if sign == 0:
            return (one, self.total(None if dx is None else zero, None if dp is None else SINGULAR))
        over_one = a.compare(p, one)
        tangent = None
        if dx is not None:
            tangent = SINGULAR if over_one < 0 else self.scaled(dx, lambda: zero if over_one > 0 else one)
        return (zero, self.total(tangent, None if dp is None else zero))

    def slope(self, kind, x, y):
        """The derivative of a function built in, at x, where its value is y."""
        a = self.arithmetic
        one = a.fraction(Fraction(1))
        over = lambda v: a.div(one, v)
        square = lambda v: a.mul(v, v)
        gauss = lambda v: a.function("exp", a.neg(v))
        f = a.function
        match kind:
            case "exp":
                return y
            case "log":
                return over(x)
            case "expm1":
                return f("exp", x)
            case "log1p":
                return over(a.add(one, x))
            case "sqrt":
                return over(a.add(y, y))
            case "rsqrt":
                return a.neg(a.div(y, a.add(x, x)))
            case "cbrt":
                return over(a.mul(a.fraction(Fraction(3)), square(y)))
            case "sigmoid":
                return a.mul(f("sigmoid", x), f("sigmoid", a.neg(x)))
            case "log_sigmoid":
                return f("sigmoid", a.neg(x))
            case "softplus":
                return f("sigmoid", x)
            case "tanh":
                return over(square(f("cosh", x)))
            case "erf" | "erfc":
                slope = a.mul(a.div(a.fraction(Fraction(2)), f("sqrt", a.pi())), gauss(square(x)))
                return slope if kind == "erf" else a.neg(slope)
            case "normcdf":
                return a.div(gauss(a.mul(a.fraction(Fraction(1, 2)), square(x))), f("sqrt", a.add(a.pi(), a.pi())))
            case "sin":
                return f("cos", x)
            case "cos":
                return a.neg(f("sin", x))
            case "tan":
                return a.add(one, square(y))
            case "atan":
                return over(a.add(one, square(x)))
            case "asin" | "acos":
                slope = over(f("sqrt", a.mul(a.sub(one, x), a.add(one, x))))
                return slope if kind == "asin" else a.neg(slope)
            case "sinh":
                return f("cosh", x)
            case "cosh":
                return f("sinh", x)
            case "asinh":
                return over(f("sqrt", a.add(one, square(x))))
            case "acosh":
                return over(f("sqrt", a.mul(a.sub(x, one), a.add(x, one))))
            case "atanh":
                return over(a.mul(a.sub(one, x), a.add(one, x)))
        raise ValueError(kind)

    # Derivatives that may be 0 or singular

    def total(self, x, y):
        if x is None or y is None:
            return y if x is None else x
        if x is SINGULAR or y is SINGULAR:
            return SINGULAR
        return self.arithmetic.add(x, y)

    def negative(self, x):
        return x if x is None or x is SINGULAR else self.arithmetic.neg(x)

    def scaled(self, tangent, factor):
        if tangent is None or tangent is SINGULAR:
            return tangent
        try:
            return self.arithmetic.mul(tangent, factor())
        except (Pole, Domain):
            return SINGULAR

    # Conditions

    def holds(self, node):
        found = self.truths.get(id(node))
        if found is None:
            found = self.truths[id(node)] = self.decide(node)
        return found

    def decide(self, node):
        kind = node[0]
        if kind == "not":
            return not self.holds(node[1])
        if kind == "and":
            return self.holds(node[1]) and self.holds(node[2])
        if kind == "or":
            return self.holds(node[1]) or self.holds(node[2])
        if kind not in COMPARISONS:
            raise ValueError(kind)
        order = self.compared(node[1], node[2])
        if kind in ("==", "!=") and order == 0:
            self.equalities |= variables_of(node)
        return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "==": order == 0, "!=": order != 0}[kind]

    def compared(self, left, right):
        """The order of two quantities; Close where computing them, instead of knowing them, might tell another."""
        x, y = self.value(left), self.value(right)
        a = self.arithmetic
        order = a.compare(x, y)
        exactly = is_plain(left) and is_plain(right) or right == ZERO and keeps_sign(left)
        if self.strict and not exactly:
            a.apart(x, y, order, max(self.size(left), self.size(right)))
        return order

    def nearly_step(self, kind, operand, x):
        if not self.strict or is_plain(operand):
            return
        a = self.arithmetic
        shift = a.fraction(Fraction(1, 2)) if kind == "round" else a.fraction(Fraction(0))
        moved = a.add(x, shift)
        nearest = a.function("round", moved)
        a.apart(moved, nearest, a.compare(moved, nearest), max(self.size(operand), 0))

    def size(self, node):
        """The exponent of the largest term of the sums that a quantity is made of."""
        found = self.sizes.get(id(node))
        if found is None:
            found = self.sizes[id(node)] = self.compute_size(node)
        return found

    def compute_size(self, node):
        kind = node[0]
        own = self.arithmetic.exponent(self.value(node))
        if kind in ("+", "-"):
            return max(own, self.size(node[1]), self.size(node[2]))
        if kind in ("neg", "abs"):
            return self.size(node[1])
        if kind == "*":
            return max(own, self.size(node[1]) + self.size(node[2]))
        return own


def keeps_sign(node):
    """Whether floating point has the sign right: it has for a difference, and for products of such."""
    kind = node[0]
    if kind in "+-":
        return is_plain(node[1]) and is_plain(node[2])
    if kind in ("*", "/"):
        return keeps_sign(node[1]) and keeps_sign(node[2])
    return keeps_sign(node[1]) if kind in ("neg", "abs") else is_plain(node)


def is_plain(node):
    """An input, a parameter or a dyadic number, or one with its sign changed: nothing is rounded."""
    kind = node[0]
    if kind in ("neg", "abs"):
        return is_plain(node[1])
    if kind == "number":
        value = node[1]
        return value.denominator & (value.denominator - 1) == 0 and abs(value.numerator).bit_length() <= 24
    return kind == "variable"


class DecidedBalls(Balls):
    """Balls with what comparisons ask for."""

    def apart(self, x, y, order, size):
        if order == 0:
            if size > -(10**6):
                raise Close
            return
        gap = self.sub(x, y)
        if mpf_cmp(mpf_abs(gap[0]), power_of_two(size + CLOSE)) < 0:
            raise Close

    @staticmethod
    def exponent(x):
        m, e = x
        largest = m if mpf_cmp(mpf_abs(m), e) >= 0 else e
        return magnitude(largest) if largest[1] else -(10**9)


def exact(x):
    """A float as a ball."""
    return (from_float(x), from_float(0.0))


# The formula as it stands, in floating point: what an adversary looks at.


class Floats:
    """The formula as a program computes it, every operation rounded to float64 or to float32."""

    def __init__(self, single):
        self.round = (lambda v: ctypes.c_float(v).value) if single else (lambda v: v)

    def fraction(self, value):
        return self.round(float(value))

    def pi(self):
        return self.round(math.pi)

    def infinity(self):
        return math.inf

    def add(self, x, y):
        return self.round(x + y)

    def sub(self, x, y):
        return self.round(x - y)

    def mul(self, x, y):
        return self.round(x * y)

    def neg(self, x):
        return -x

    def div(self, x, y):
        if y == 0:
            return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1, y)
        return self.round(x / y)

    def integer_power(self, x, n):
        return self.real_power(x, float(n))

    def real_power(self, x, p):
        try:
            return self.round(math.pow(x, p))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    def sign(self, x):
        return (x > 0) - (x < 0)

    def compare(self, x, y):
        return (x > y) - (x < y)

    def is_integer(self, x):
        return x == math.floor(x) if math.isfinite(x) else False

    def to_integer(self, x):
        return int(x)

    def function(self, name, x):
        try:
            return self.round(FLOAT_FUNCTIONS[name](x))
        except OverflowError:
            return -math.inf if name == "sinh" and x < 0 else math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan


FLOAT_FUNCTIONS = {
    name: getattr(math, name)
    for name in """exp log expm1 log1p sqrt cbrt tanh erf erfc sin cos tan atan asin acos sinh cosh asinh acosh atanh
    floor ceil""".split()
} | {
    "round": round,
    "rsqrt": lambda x: 1 / math.sqrt(x),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else math.exp(x),
    "log_sigmoid": lambda x: -math.log1p(math.exp(-x)) if x > 0 else x - math.log1p(math.exp(x)),
    "softplus": lambda x: x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)),
    "normcdf": lambda x: math.erfc(-x / math.sqrt(2)) / 2,
}
