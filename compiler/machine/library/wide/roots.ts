/** Square and cube roots of wide numbers. */
export const roots = `
// Newton's method from above: with a in [1/4, 1), the mean of root and a / root. An exact root is found exactly.
fn wide_sqrt(x: wide) -> wide {
  let odd = x.exponent & 1;
  let a = select(x.mantissa, NAT_HALF, is_zero(x.mantissa)) >> odd;
  var root = (a >> 1) + NAT_HALF;
  var step = root - a;
  while (!is_zero(step)) {
    step = (root - divide_high(a, root)) >> 1;
    root = root - step;
  }
  let special = abs(x.exponent) >= WIDE_LIMIT;
  let mantissa = select(select(root, x.mantissa, special), 0n, wide_is_negative(x));
  return wide_bounded(false, mantissa, select((x.exponent + odd) >> 1u, x.exponent, special));
}

// Newton's method from above: with a in [1/8, 1), (2 root + a / root^2) / 3.
fn wide_cbrt(x: wide) -> wide {
  // x.exponent + shift is a multiple of 3.
  let shift = (536870913 - x.exponent) % 3;
  let a = select(x.mantissa, NAT_HALF, is_zero(x.mantissa)) >> shift;
  var root = NAT_ONES - divide_short(NAT_ONES - a, 3u);
  var step = NAT_ONES;
  while (!is_zero(step)) {
    let square = multiply_high(root, root);
    var quotient = root;
    if (a < square) {
      quotient = divide_high(a, square);
    }
    step = divide_short(select(root - quotient, 0n, quotient > root), 3u);
    root = root - step;
  }
  let special = abs(x.exponent) >= WIDE_LIMIT;
  return wide_bounded(
    x.negative, select(root, x.mantissa, special), select((x.exponent + shift) / 3, x.exponent, special)
  );
}

fn wide_rsqrt(x: wide) -> wide {
  return wide_divide(WIDE_ONE, wide_sqrt(x));
}

// sqrt(a^2 + b^2); squares of numbers out of the range of the target's do not overflow.
fn wide_hypot(a: wide, b: wide) -> wide {
  return wide_sqrt(wide_add(wide_multiply(a, a), wide_multiply(b, b)));
}
`;
