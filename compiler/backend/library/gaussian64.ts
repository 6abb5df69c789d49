import type { LibraryEntry } from "./function.js";

/**
 * The error function and its relatives in TypeScript, float64. The normal distribution and the slope of GELU are Taylor
 * polynomials at all multiples of 1/32: ten coefficients each, computed when the module is loaded, since as numbers in
 * the text they would fill it. One array for each order, all of one length, so that engines check an index once.
 */
const orders = Array.from({ length: 10 }, (_, n) => n);

/** Arrays `$name0` to `$name9` within the one that `$name` is. */
const rowsOf = (name: string): string =>
  orders.map((n) => `const $${name}${n} = /* @__PURE__ */ $taylorRow($${name}, ${n});`).join("\n");

/** Four rows each, laid out as prettier does it with names of these lengths. */
const quarter = (name: string, variable: string, row: number): string[] => [
  `const ${variable} =`,
  `  $${name}${row}[k]! +`,
  `  d * $${name}${row + 1}[k]! +`,
  `  d2 * ($${name}${row + 2}[k]! + d * $${name}${row + 3}[k]!);`,
];

const polynomial = (name: string): string =>
  [...quarter(name, "low", 0), ...quarter(name, "middle", 4), `const high = $${name}8[k]! + d * $${name}9[k]!;`].join(
    "\n  ",
  );

export const gaussian64: readonly LibraryEntry[] = [
  {
    error: "11.5",
    text: `
/**
 * e^(c x^2) for c = -1 or -1/2. The square is taken in two parts, h^2 +
 * (|x| - h)(|x| + h), the first one exact: its rounding error would be
 * multiplied by as much as 745.
 */
function $expSquare(x: number, c: number): number {
  const a = Math.min(Math.abs(x), 38.6);
  const h = Math.fround(a);
  return $expOfSum(Math.max(c * h * h, -746), c * (a - h) * (a + h));
}`,
  },
  {
    error: "3",
    text: `
/**
 * e^(x^2) erfc(x) for x >= 0.46: (1 + 2x) times it is 1.25 plus a polynomial in
 * (x - 3)/(x + 3) (9.1e-18, up to 28).
 */
function $erfcx(x: number): number {
  const v = (x - 3) / (x + 3);
  const p21 = -1.374699563772239e-8;
  const p18 =
    -1.1706822390145912e-7 +
    v * (1.0773778822035278e-7 + v * (2.1109370603964124e-8 + v * p21));
  const p15 =
    3.479357057602604e-6 +
    v * (3.398169103346524e-7 + v * (-6.257756354419584e-7 + v * p18));
  const p12 =
    4.9473657119993634e-6 +
    v * (-2.0103668199630874e-5 + v * (-7.240572584222911e-7 + v * p15));
  const p9 =
    -0.0007798324194004145 +
    v * (-0.00010515940850447767 + v * (0.0001251002100249517 + v * p12));
  const p6 =
    -0.023770514915441195 +
    v * (0.0025293918311938765 + v * (0.0018886903133908497 + v * p9));
  const p3 =
    0.12964515870278256 +
    v * (-0.11927366341542703 + v * (0.06830802734312685 + v * p6));
  const p0 =
    0.0030080582697296476 +
    v * (-0.13562110612458134 + v * (-0.047562294353449004 + v * p3));
  return (1.25 + p0) / (1 + 2 * x);
}`,
  },
  {
    error: "1.5",
    text: `
/** erf(x) for |x| <= 1/2: a polynomial (1.7e-17). */
function $smallErf(x: number): number {
  const z = x * x;
  const p9 = -1.4618447951562437e-7;
  const p6 =
    0.00012055285871533295 +
    z * (-1.4922990321751415e-5 + z * (1.6370956612012152e-6 + z * p9));
  const p3 =
    -0.026866170644997654 +
    z * (0.005223977621974587 + z * (-0.0008548326505844581 + z * p6));
  const p0 =
    0.1283791670955126 +
    z * (-0.3761263890318375 + z * (0.11283791670954864 + z * p3));
  return x + x * p0;
}`,
  },
  {
    error: "6.5",
    text: `
/** Up to 1/2 a polynomial, then 1 - erfc(x) without its cancellation. */
function $erf(x: number): number {
  const a = Math.abs(x);
  const y = 1 - $expSquare(a, -1) * $erfcx(Math.min(Math.max(a, 0.46), 28));
  const small = $smallErf(Math.min(Math.max(x, -0.5), 0.5));
  return $choose(a <= 0.5, small, $choose(x > 0, y, -y));
}`,
  },
  {
    error: "12",
    text: `
/** 1 - erf(x), in the tail e^(-x^2) erfcx(x). */
function $erfc(x: number): number {
  const a = Math.abs(x);
  const tail = $expSquare(a, -1) * $erfcx(Math.min(Math.max(a, 0.46), 28));
  const near = 1 - $smallErf(Math.min(Math.max(x, -0.5), 0.5));
  return $choose(a <= 0.46875, near, $choose(x > 0, tail, 2 - tail));
}`,
  },
  {
    error: "14",
    text: `
/** The distribution function of the standard normal distribution, erfc(-x / sqrt(2)) / 2, from its tail. */
function $normcdfByTail(x: number): number {
  const t = Math.abs(x) * Math.SQRT1_2;
  if (t < 0.46875) return 0.5 + 0.5 * $smallErf(x * Math.SQRT1_2);
  const tail = 0.5 * $erfcx(Math.min(t, 28)) * $expSquare(x, -0.5);
  return x < 0 ? tail : 1 - tail;
}`,
  },
  {
    error: "0",
    text: `
/** One order out of a table of Taylor coefficients. */
function $taylorRow(table: Float64Array, order: number): Float64Array {
  return new Float64Array(table.buffer, 8 * 561 * order, 561);
}`,
  },
  {
    error: "0",
    text: `
/**
 * Taylor coefficients at c = k/32 - 8.5, ten rows of 561 numbers: of Phi, or of
 * Phi(x) + x phi(x). Those of the density phi follow from phi' = -x phi: they
 * are p[n + 1] = -(c p[n] + p[n - 1]) / (n + 1), and Phi has p[n - 1] / n.
 */
function $taylorOfNormal(isSlope: boolean): Float64Array {
  const rows = new Float64Array(5610);
  for (let k = 0; k < 561; k++) {
    const c = k / 32 - 8.5;
    let before = 0;
    let p = 0.3989422804014327 * $expSquare(c, -0.5);
    let integral = $normcdfByTail(c);
    for (let n = 0; n < 10; n++) {
      rows[561 * n + k] = isSlope ? integral + (c * p + before) : integral;
      integral = p / (n + 1);
      const after = -(c * p + before) / (n + 1);
      before = p;
      p = after;
    }
  }
  return rows;
}`,
  },
  {
    error: "15",
    text: `
const $normcdfTaylor = /* @__PURE__ */ $taylorOfNormal(false);
${rowsOf("normcdfTaylor")}

/** The distribution function of the standard normal distribution. */
function $normcdf(x: number): number {
  if (x < -8) return $normcdfByTail(x);
  const bounded = Math.min(x, 9);
  const n = Math.floor(bounded * 32 + 0.5);
  const d = bounded - n * 0.03125;
  const k = (n | 0) + 272;
  const d2 = d * d;
  ${polynomial("normcdfTaylor")}
  return low + d2 * d2 * (middle + d2 * d2 * high);
}`,
  },
  {
    error: "13",
    text: `
const $geluTaylor = /* @__PURE__ */ $taylorOfNormal(true);
${rowsOf("geluTaylor")}

/** Phi(x) + x phi(x), the derivative of x Phi(x). */
function $geluSlope(x: number): number {
  if (x < -8) {
    const t = Math.max(x, -39);
    return $normcdfByTail(t) + 0.3989422804014327 * (t * $expSquare(t, -0.5));
  }
  const bounded = Math.min(x, 9);
  const n = Math.floor(bounded * 32 + 0.5);
  const d = bounded - n * 0.03125;
  const k = (n | 0) + 272;
  const d2 = d * d;
  ${polynomial("geluTaylor")}
  return low + d2 * d2 * (middle + d2 * d2 * high);
}`,
  },
];
