/** Pairs of float32: sine, cosine and tangent for |a| <= 4096. Relative errors of about 2^-28. */
export const trigonometric = `
// a minus q pi/2 in four parts, of which the first three have few enough bits for exact products.
fn pair_reduced_angle(a: pair, q: f32) -> pair {
  let first = pair_sum(a.high, -(q * 1.5703125));
  let second = pair_add(first, pair(-(q * 0.0004837512969970703), 0.0));
  let third = pair_add(second, pair(-(q * 7.549533620476723e-8), 0.0));
  return pair_add(third, pair(a.low - q * 2.5633440682570896e-12, 0.0));
}

// sin(t) for |t| <= pi/4.
fn pair_sine_small(t: pair) -> pair {
  let square = pair_multiply(t, t);
  let z = square.high;
  let p = 0.0083333310 + z * (-0.00019840874 + z * 0.0000027525562);
  let p1 = pair_add(pair(-0.16666667, 4.967054e-9), pair_multiply(square, pair(p, 0.0)));
  return pair_add(t, pair_multiply(pair_multiply(t, square), p1));
}

// cos(t) for |t| <= pi/4.
fn pair_cosine_small(t: pair) -> pair {
  let square = pair_multiply(t, t);
  let z = square.high;
  let p = 0.041666668 + z * (-0.0013888889 + z * (0.000024801587 + z * -2.7557319e-7));
  return pair_add(pair_subtract(pair(1.0, 0.0), pair_scale(square, 0.5)), pair(z * z * p, 0.0));
}

// The sine of a + quarters pi/2.
fn pair_sine_of(a: pair, quarters: i32) -> pair {
  let q = floor(a.high * 0.63661977 + 0.5);
  let t = pair_reduced_angle(a, q);
  let quadrant = (i32(q) + quarters) & 3;
  var s = pair_sine_small(t);
  if ((quadrant & 1) == 1) {
    s = pair_cosine_small(t);
  }
  if (quadrant >= 2) {
    return pair_negate(s);
  }
  return s;
}

fn pair_sin(a: pair) -> pair {
  return pair_sine_of(a, 0);
}

fn pair_cos(a: pair) -> pair {
  return pair_sine_of(a, 1);
}

fn pair_tan(a: pair) -> pair {
  return pair_divide(pair_sin(a), pair_cos(a));
}
`;
