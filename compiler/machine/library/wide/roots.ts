/** Square and cube roots of wide numbers. */
export const roots = `
// Newton's method from above: with a in [1/4, 1), the mean of root and a / root. An exact root is found exactly.
fn wide_sqrt(x: wide) -> wide {
  if (wide_is_negative(x)) {
    return WIDE_NAN;
  }
  if (abs(x.exponent) >= WIDE_LIMIT) {
    return wide(false, x.mantissa, x.exponent);
  }
  let odd = x.exponent & 1;
  let a = x.mantissa >> odd;
  var root = (a >> 1) + NAT_HALF;
  var step = root - a;
  while (!is_zero(step)) {
    step = (root - divide_high(a, root)) >> 1;
    root = root - step;
  }
  return wide_normalised(false, root, (x.exponent + odd) >> 1);
}

// Newton's method from above: with a in [1/8, 1), (2 root + a / root^2) / 3.
fn wide_cbrt(x: wide) -> wide {
  if (abs(x.exponent) >= WIDE_LIMIT) {
    return x;
  }
  // x.exponent + shift is a multiple of 3; the remainder of a negative number is negative.
  let shift = (3 - x.exponent % 3) % 3;
  let a = x.mantissa >> shift;
  var root = NAT_ONES - divide_short(NAT_ONES - a, 3u);
  while (true) {
    let square = multiply_high(root, root);
    if (square <= a) {
      break;
    }
    let quotient = divide_high(a, square);
    if (quotient >= root) {
      break;
    }
    let step = divide_short(root - quotient, 3u);
    if (is_zero(step)) {
      break;
    }
    root = root - step;
  }
  return wide_normalised(x.negative, root, (x.exponent + shift) / 3);
}

fn wide_rsqrt(x: wide) -> wide {
  return wide_divide(WIDE_ONE, wide_sqrt(x));
}

// sqrt(a^2 + b^2); squares of numbers out of the range of the target's do not overflow.
fn wide_hypot(a: wide, b: wide) -> wide {
  return wide_sqrt(wide_add(wide_multiply(a, a), wide_multiply(b, b)));
}
`;
