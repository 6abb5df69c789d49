/** Pairs of float32: inverse functions, trigonometric ones and the cube root. Relative errors of about 2^-29. */
export const arcs = `
// arctan(a) for |a| <= 0.4143: a + a z (-1/3 + ...) with z = a^2 (2^-31.9).
fn pair_atan_small(a: pair) -> pair {
  let square = pair_multiply(a, a);
  let z = square.high;
  let p = 0.2 + z * (-0.1428569 + z * (0.11110381 + z * (-0.09078335 + z * (0.075632825 + z * (-0.05872894 + z * 0.030637471)))));
  let p1 = pair_add(pair(-0.33333334, 9.9596545e-9), pair_multiply(square, pair(p, 0.0)));
  return pair_add(a, pair_multiply(pair_multiply(a, square), p1));
}

// Of the quotient y / x, both not negative: turned by pi/4 or pi/2 to where the polynomial holds.
fn pair_angle(y: pair, x: pair) -> pair {
  let quarter = pair(0.78539819, -2.1855694e-8);
  if (y.high < 0.41421356 * x.high) {
    return pair_atan_small(pair_divide(y, x));
  }
  if (x.high < 0.41421356 * y.high) {
    return pair_subtract(pair_scale(quarter, 2.0), pair_atan_small(pair_divide(x, y)));
  }
  return pair_add(quarter, pair_atan_small(pair_divide(pair_subtract(y, x), pair_add(y, x))));
}

fn pair_atan(a: pair) -> pair {
  let t = pair_angle(pair_abs(a), pair(1.0, 0.0));
  if (a.high < 0.0) {
    return pair_negate(t);
  }
  return t;
}

// sqrt((1 - a)(1 + a))
fn pair_leg(a: pair) -> pair {
  return pair_sqrt(pair_multiply(pair_subtract(pair(1.0, 0.0), a), pair_add(pair(1.0, 0.0), a)));
}

fn pair_asin(a: pair) -> pair {
  let t = pair_angle(pair_abs(a), pair_leg(a));
  if (a.high < 0.0) {
    return pair_negate(t);
  }
  return t;
}

fn pair_acos(a: pair) -> pair {
  let t = pair_angle(pair_leg(a), pair_abs(a));
  if (a.high < 0.0) {
    return pair_subtract(pair(3.1415927, -8.7422777e-8), t);
  }
  return t;
}

// Of a normal number: a guess from the bits, three steps of Newton's method in float32 and one in pairs.
fn pair_cbrt(a: pair) -> pair {
  let x = abs(a.high);
  var y = bitcast<f32>(bitcast<u32>(x) / 3u + 0x2a5137a0u);
  for (var i = 0; i < 3; i++) {
    y = y - (y - x / (y * y)) * 0.33333334;
  }
  y = rounded(select(y, -y, a.high < 0.0));
  let square = pair_product(y, y);
  let cube = pair_multiply(square, pair(y, 0.0));
  let rest = (a.high - cube.high) + (a.low - cube.low);
  if (x == 0.0) {
    return a;
  }
  return pair_ordered_sum(y, rest / (3.0 * square.high));
}
`;
