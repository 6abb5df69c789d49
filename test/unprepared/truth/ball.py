"""Real arithmetic by mpmath: numbers of any exponent with a bound on their error.

A ball is a pair (m, e) of mpmath's raw floating point numbers: the real value lies within e of m. Exponents are unlimited,
so that nothing overflows; what exceeds exp(2^4200), or is below exp(-2^4200), is kept as just that: larger, or smaller, than all
other numbers, and without a logarithm.
"""

from mpmath.libmp import (
    fhalf, fone, fnone, from_int, from_man_exp, from_rational, fzero, mpf_abs, mpf_acos, mpf_add, mpf_asin, mpf_asinh,
    mpf_atan, mpf_cbrt, mpf_ceil, mpf_cmp, mpf_cos, mpf_cosh, mpf_div, mpf_erf, mpf_erfc, mpf_exp, mpf_floor,
    mpf_log, mpf_mul, mpf_neg, mpf_nint, mpf_pi, mpf_shift, mpf_sin, mpf_sinh, mpf_sqrt, mpf_sub, mpf_tan, mpf_tanh,
    to_int,
)


class Undecided(Exception):
    """More digits are needed (or no number of digits is enough)."""


class Pole(Exception):
    """Division by zero, or a logarithm of it: there is no real value, though there may be a limit."""


class Domain(Exception):
    """Outside of the domain: the square root of a negative number."""


ROUGH = 30
SATURATION = 4200

magnitude = lambda x: x[2] + x[3]  # |x| < 2^magnitude
is_zero = lambda x: not x[1]
rough_add = lambda a, b: mpf_add(a, b, ROUGH, "u")
rough_mul = lambda a, b: mpf_mul(a, b, ROUGH, "u")
rough_div = lambda a, b: mpf_div(a, b, ROUGH, "u")
power_of_two = lambda k: from_man_exp(1, k)


def shift_size(m, by):
    """|m| 2^by, roughly."""
    return mpf_shift(rough_mul(mpf_abs(m), fone), by)


class Balls:
    """Arithmetic at one precision, in bits."""

    def __init__(self, precision):
        self.precision = precision

    # Numbers

    def fraction(self, value):
        numerator, denominator = value.numerator, value.denominator
        m = from_rational(numerator, denominator, self.precision, "n")
        exact = denominator & (denominator - 1) == 0 and abs(numerator).bit_length() <= self.precision
        return (m, fzero if exact else shift_size(m, -self.precision))

    def pi(self):
        m = mpf_pi(self.precision)
        return (m, shift_size(m, -self.precision + 1))

    def infinity(self):
        """What is infinite whatever is done with it."""
        return (from_man_exp(1, 10**12), fzero)

    def exact(self, m):
        return (m, fzero)

    # Arithmetic

    def add(self, x, y):
        (a, ea), (b, eb) = x, y
        m = mpf_add(a, b, self.precision, "n")
        e = rough_add(ea, eb)
        if a[1] and b[1] and max(magnitude(a), magnitude(b)) - min(a[2], b[2]) > self.precision:
            e = rough_add(e, shift_size(m, -self.precision))
        return (m, e)

    def neg(self, x):
        return (mpf_neg(x[0]), x[1])

    def sub(self, x, y):
        return self.add(x, self.neg(y))

    def mul(self, x, y):
        (a, ea), (b, eb) = x, y
        m = mpf_mul(a, b, self.precision, "n")
        e = fzero
        if ea[1]:
            e = rough_mul(rough_add(mpf_abs(b), eb), ea)
        if eb[1]:
            e = rough_add(e, rough_mul(mpf_abs(a), eb))
        if a[3] + b[3] > self.precision:
            e = rough_add(e, shift_size(m, -self.precision))
        return (m, e)

    def div(self, x, y):
        (a, ea), (b, eb) = x, y
        if is_zero(b) and is_zero(eb):
            raise Pole
        if mpf_cmp(mpf_abs(b), eb) <= 0:
            raise Undecided
        m = mpf_div(a, b, self.precision, "n")
        e = rough_add(ea, rough_mul(mpf_abs(m), eb))
        if e[1]:
            e = rough_div(e, mpf_sub(mpf_abs(b), eb, ROUGH, "d"))
        elif mpf_cmp(mpf_mul(m, b), a) == 0:
            return (m, e)
        return (m, rough_add(e, shift_size(m, -self.precision)))

    def integer_power(self, x, n):
        if n < 0:
            return self.div(self.exact(fone), self.integer_power(x, -n))
        result = self.exact(fone)
        while n:
            if n & 1:
                result = self.mul(result, x)
            n >>= 1
            if n:
                x = self.mul(x, x)
        return result

    def sign(self, x):
        """-1, 0 or 1; 0 only where the value is known exactly."""
        m, e = x
        if is_zero(m) and is_zero(e):
            return 0
        if mpf_cmp(mpf_abs(m), e) <= 0:
            raise Undecided
        return -1 if m[0] else 1

    def compare(self, x, y):
        return self.sign(self.sub(x, y))

    def is_integer(self, x):
        return is_zero(x[1]) and (is_zero(x[0]) or x[0][2] >= 0)

    def to_integer(self, x):
        return to_int(x[0])

    def real_power(self, x, p):
        """x^p for x > 0."""
        if is_zero(p[1]) and is_zero(x[1]):
            if is_zero(p[0]):
                return self.exact(fone)
            if magnitude(p[0]) <= 9 and p[0][2] >= -3:
                quarters = max(0, -p[0][2])
                root = x
                for _ in range(quarters):
                    root = self.function("sqrt", root)
                return self.integer_power(root, to_int(mpf_shift(p[0], quarters)))
        return self.function("exp", self.mul(p, self.function("log", x)))

    # Functions

    def function(self, name, x):
        m, e = x
        if is_zero(e):
            exact = EXACT.get((name, m))
            if exact is not None:
                return self.exact(exact)
        if name in ("sin", "cos"):
            return self.wave(name, x)
        if name in ("floor", "ceil", "round"):
            return self.step(name, x)
        if name in ("log", "log1p", "asinh", "acosh") and m[1] and abs(magnitude(m)) >= 1 << SATURATION - 1:
            raise Undecided
        if name in ("exp", "sinh", "cosh", "erfc", "normcdf"):
            saturated = self.saturated(name, x)
            if saturated:
                return saturated
        if name == "cosh":
            return self.even(name, x)
        if is_zero(e):
            y = self.value(name, m)
            if name == "sqrt" and mpf_cmp(mpf_mul(y, y), m) == 0:
                return self.exact(y)
            return (y, shift_size(y, -self.precision))
        if name == "tan":
            # tan has poles: only for a small error, by its slope.
            y = self.value(name, m)
            slope = rough_add(fone, rough_mul(y, y))
            if mpf_cmp(rough_mul(e, slope), fhalf) > 0:
                raise Undecided
            return (y, rough_add(mpf_shift(rough_mul(e, slope), 1), shift_size(y, -self.precision)))
        try:
            low = self.value(name, mpf_sub(m, e, self.precision + 60, "f"))
            high = self.value(name, mpf_add(m, e, self.precision + 60, "c"))
        except (Domain, Pole):
            if name == "sqrt" and mpf_cmp(mpf_abs(m), e) <= 0:
                return (fzero, mpf_sqrt(rough_mul(from_int(2), e), ROUGH, "u"))
            raise Undecided from None
        # Every function that comes here is monotone.
        y = mpf_shift(mpf_add(low, high, self.precision, "n"), -1)
        half = rough_mul(mpf_abs(mpf_sub(high, low, ROUGH, "u")), fhalf)
        largest = low if mpf_cmp(mpf_abs(low), mpf_abs(high)) > 0 else high
        return (y, rough_add(half, shift_size(largest, 2 - self.precision)))

    def saturated(self, name, x):
        m, e = x
        gaussian = name in ("erfc", "normcdf")
        if is_zero(m) or magnitude(m) <= (SATURATION // 2 if gaussian else SATURATION):
            return None
        if mpf_cmp(mpf_shift(e, 1), mpf_abs(m)) > 0:
            raise Undecided
        if gaussian:
            vanishing = power_of_two(-(1 << SATURATION))
            if bool(m[0]) == (name == "normcdf"):
                return (vanishing, mpf_shift(vanishing, -1))
            return (fone if name == "normcdf" else from_int(2), vanishing)
        y = power_of_two((-1 if m[0] and name == "exp" else 1) << SATURATION)
        return (mpf_neg(y) if m[0] and name == "sinh" else y, mpf_shift(y, -1))

    def wave(self, name, x):
        m, e = x
        if mpf_cmp(e, fhalf) > 0 or (m[1] and magnitude(m) > 20000):
            return (fzero, fone)
        y = (mpf_sin if name == "sin" else mpf_cos)(m, self.precision + 10, "n")
        return (y, rough_add(e, shift_size(y, -self.precision)))

    def even(self, name, x):
        m, e = x
        y = self.value(name, m)
        rounding = shift_size(y, -self.precision)
        if is_zero(e):
            return (y, rounding)
        far = self.value(name, mpf_add(mpf_abs(m), e, self.precision + 60, "u"))
        return (y, rough_add(mpf_shift(mpf_abs(mpf_sub(far, y, ROUGH, "u")), 1), mpf_shift(rounding, 2)))

    def step(self, name, x):
        m, e = x
        step = {"floor": mpf_floor, "ceil": mpf_ceil, "round": mpf_nint}[name]
        ends = (mpf_sub(m, e, self.precision + 60, "f"), mpf_add(m, e, self.precision + 60, "c"))
        if not is_zero(e) and mpf_cmp(step(ends[0], 0, "n"), step(ends[1], 0, "n")) != 0:
            raise Undecided
        return self.exact(step(m, 0, "n"))

    def value(self, name, m):
        """The function at one number, to the precision relative to the value."""
        p = self.precision + 12
        if is_zero(m):
            zero = AT_ZERO.get(name)
            if zero is not None:
                return zero
        if magnitude(m) > 40 and name in ("tanh", "erf"):
            return fnone if m[0] else fone
        if name in ("exp", "sigmoid", "softplus", "log_sigmoid", "sinh", "cosh", "expm1", "normcdf", "erfc", "erf", "tanh"):
            if magnitude(m) > 30000 and (name in ("exp", "sinh", "cosh", "expm1") or name == "softplus" and m[0]):
                raise Undecided
            # Their tails are smaller than any number here can be.
            if magnitude(m) > 500 and name in ("normcdf", "erfc"):
                raise Undecided
            return getattr(self, name)(m, p)
        if name == "log":
            return self.log(m, p)
        if name == "sqrt":
            if m[0]:
                raise Domain
            return mpf_sqrt(m, self.precision, "n")
        if name == "rsqrt":
            if m[0]:
                raise Domain
            if is_zero(m):
                raise Pole
            return mpf_div(fone, mpf_sqrt(m, p, "n"), p, "n")
        if name == "cbrt":
            root = mpf_cbrt(mpf_abs(m), p, "n")
            return mpf_neg(root) if m[0] else root
        if name == "log1p":
            return self.log1p(m, p)
        if name == "tan":
            return mpf_tan(m, p, "n")
        if name == "atan":
            return mpf_atan(m, p, "n")
        if name in ("asin", "acos", "atanh"):
            order = mpf_cmp(mpf_abs(m), fone)
            if order > 0:
                raise Domain
            if order == 0 and name == "atanh":
                raise Pole
            return getattr(self, name)(m, p)
        if name == "asinh":
            return mpf_asinh(m, p, "n")
        if name == "acosh":
            if mpf_cmp(m, fone) < 0:
                raise Domain
            if magnitude(m) > p:
                return mpf_log(mpf_shift(m, 1), p, "n")
            t = mpf_sub(m, fone)
            return self.log1p(mpf_add(t, mpf_sqrt(mpf_mul(t, mpf_add(t, from_int(2))), p + 10, "n"), p + 10, "n"), p)
        raise ValueError(name)

    @staticmethod
    def exp(m, p):
        if m[1] and magnitude(m) < -p:
            return mpf_add(fone, m, p, "n")
        return mpf_exp(m, p, "n")

    @staticmethod
    def log(m, p):
        if m[0]:
            raise Domain
        if is_zero(m):
            raise Pole
        if magnitude(m) in (0, 1):
            t = mpf_sub(m, fone)
            if magnitude(t) < -1:
                return Balls.log1p(t, p)
        return mpf_log(m, p, "n")

    @staticmethod
    def log1p(m, p):
        if is_zero(m):
            return fzero
        order = mpf_cmp(m, fnone)
        if order < 0:
            raise Domain
        if order == 0:
            raise Pole
        size = magnitude(m)
        if size < -p:
            return mpf_sub(m, mpf_shift(mpf_mul(m, m), -1), p, "n")
        one_and = mpf_add(fone, m, max(p, p - 2 * size) + 10, "n")
        return mpf_log(one_and, p + max(0, -size) + 10, "n")

    @staticmethod
    def expm1(m, p):
        if is_zero(m):
            return fzero
        size = magnitude(m)
        if size < -p:
            return mpf_add(m, mpf_shift(mpf_mul(m, m), -1), p, "n")
        return mpf_sub(mpf_exp(m, p + max(0, -size) + 10, "n"), fone, p, "n")

    @staticmethod
    def sinh(m, p):
        if m[1] and magnitude(m) < -p:
            return mpf_add(m, mpf_div(mpf_mul(m, mpf_mul(m, m)), from_int(6), p, "n"), p, "n")
        return mpf_sinh(m, p + 10, "n")

    @staticmethod
    def cosh(m, p):
        return mpf_cosh(m, p + 10, "n")

    @staticmethod
    def tanh(m, p):
        return mpf_tanh(m, p + 10, "n")

    @staticmethod
    def asin(m, p):
        if m[1] and magnitude(m) < -p:
            return mpf_add(m, mpf_div(mpf_mul(m, mpf_mul(m, m)), from_int(6), p, "n"), p, "n")
        return mpf_asin(m, p + 10 + max(0, -magnitude(m)), "n")

    @staticmethod
    def acos(m, p):
        # Near 1: acos(m) = 2 asin(sqrt((1 - m) / 2)).
        if mpf_cmp(m, fhalf) > 0:
            gap = mpf_shift(mpf_sub(fone, m), -1)
            return mpf_shift(Balls.asin(mpf_sqrt(gap, p + 10, "n"), p), 1) if gap[1] else fzero
        return mpf_acos(m, p + 10, "n")

    @staticmethod
    def atanh(m, p):
        # log1p(2 |m| / (1 - |m|)) / 2
        a = mpf_abs(m)
        if m[1] and magnitude(m) < -p:
            return mpf_add(m, mpf_div(mpf_mul(m, mpf_mul(m, m)), from_int(3), p, "n"), p, "n")
        y = mpf_shift(Balls.log1p(mpf_div(mpf_shift(a, 1), mpf_sub(fone, a), p + 10, "n"), p), -1)
        return mpf_neg(y) if m[0] else y

    @staticmethod
    def erf(m, p):
        return mpf_erf(m, p + 10, "n")

    @staticmethod
    def erfc(m, p):
        return mpf_erfc(m, p + 20, "n")

    @staticmethod
    def normcdf(m, p):
        q = p + 20 + 2 * max(0, magnitude(m))
        return mpf_shift(mpf_erfc(mpf_neg(mpf_div(m, mpf_sqrt(from_int(2), q, "n"), q, "n")), q, "n"), -1)

    @staticmethod
    def sigmoid(m, p):
        if magnitude(m) > 30000:
            if m[0]:
                raise Undecided
            return fone
        small = mpf_exp(mpf_neg(mpf_abs(m)), p, "n")
        return mpf_div(small if m[0] else fone, mpf_add(fone, small, p, "n"), p, "n")

    @staticmethod
    def softplus(m, p):
        if magnitude(m) > 30000 and not m[0]:
            return m
        tail = Balls.log1p(mpf_exp(mpf_neg(mpf_abs(m)), p, "n"), p)
        return tail if m[0] else mpf_add(m, tail, p, "n")

    @staticmethod
    def log_sigmoid(m, p):
        return mpf_neg(Balls.softplus(mpf_neg(m), p))


AT_ZERO = {
    name: fzero for name in "sin tan atan asin sinh tanh asinh atanh erf sqrt cbrt expm1 log1p".split()
} | {name: fone for name in "exp cos cosh erfc".split()} | {"sigmoid": fhalf, "normcdf": fhalf}
EXACT = {(name, fzero): value for name, value in AT_ZERO.items()} | {
    ("log", fone): fzero,
    ("acos", fone): fzero,
    ("acosh", fone): fzero,
    ("rsqrt", fone): fone,
    ("cbrt", fone): fone,
    ("cbrt", fnone): fnone,
}
