"""The functions of ball.py against themselves at four times the precision, and what errors of operands make of them."""

import random

from mpmath.libmp import fone, from_int, from_man_exp, fzero, mpf_abs, mpf_add, mpf_cmp, mpf_mul, mpf_neg, mpf_shift, mpf_sub

from ball import Balls, Domain, Pole, Undecided

NAMES = """exp log expm1 log1p sqrt rsqrt cbrt sigmoid log_sigmoid softplus tanh erf erfc normcdf sin cos tan atan asin acos
    sinh cosh asinh acosh atanh""".split()


def contained(coarse, fine, name, ball, points, slack):
    """Whether the values at points of a ball lie in its image."""
    try:
        m, e = coarse.function(name, ball)
    except (Pole, Domain, Undecided):
        return True
    for point in points:
        try:
            value, _ = fine.function(name, (point, fzero))
        except (Pole, Domain, Undecided):
            continue
        if mpf_cmp(mpf_abs(mpf_sub(value, m)), mpf_add(e, mpf_shift(mpf_abs(value), slack))) > 0:
            return False
    return True


def check_functions():
    rng = random.Random(1)

    def draw():
        exponent = rng.choice((-800, -300, -149, -60, -20, -5, -1, 0, 1, 3, 7)) - 24
        m = from_man_exp(rng.getrandbits(24) | 1, exponent)
        return rng.choice((m, mpf_neg(m)))

    def point():
        return mpf_add(from_int(rng.choice((0, 0, 1, -1))), draw())

    for precision in (160, 640):
        coarse, fine = Balls(precision), Balls(4 * precision)
        for name in NAMES:
            for _ in range(200):
                m, e = point(), mpf_shift(mpf_abs(draw()), -rng.choice((0, 20, 100)))
                ends = [mpf_add(m, mpf_mul(e, side)) for side in (fone, mpf_neg(fone), from_man_exp(1, -1))]
                right = contained(coarse, fine, name, (m, fzero), [m], -4 * precision + 8)
                if not right or not contained(coarse, fine, name, (m, e), ends, 2 - precision):
                    print(f"{name} at {m} with an error of {e}: the ball does not hold its value")
