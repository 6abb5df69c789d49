/**
 * The primitives: one row each, pure data. Formulas are text in the definition language, over the operands a, b, c;
 * they may use internal primitives, which definitions cannot name. How a dialect spells a primitive natively stands
 * in that dialect's own table; a primitive with an `expansion` needs no spelling.
 */
export type ValueType = "number" | "condition";

export interface PrimitiveRow {
  readonly operands: readonly ValueType[];
  readonly result: ValueType;
  /** Whether definitions may call it by its name. */
  readonly callable: boolean;
  /** Whether it reduces an operand over the axis. */
  readonly reduces?: true;
  /** The partial derivative in each operand; absent where calculus treats the primitive itself, or has no rule. */
  readonly derivatives?: readonly string[];
  /** What an internal primitive is in the language, for texts. */
  readonly spelled?: string;
  /** An equal form over the reals in other primitives, fit to be computed with. */
  readonly expansion?: string;
  /** The binary64 value, for analysis by sampling; never for what is printed. */
  readonly sample: (a: number, b: number, c: number) => number;
  /** How mathematicians write it, `$a` and `$b` standing for the operands. */
  readonly latex: string;
}

const number1 = { operands: ["number"], result: "number" } as const;
const number2 = { operands: ["number", "number"], result: "number" } as const;
const comparison = { operands: ["number", "number"], result: "condition", callable: false } as const;
const sampled = (holds: boolean): number => (holds ? 1 : 0);

/** The asymptotic series of Mills' ratio, off by less than 2^-52 from 32 on. */
const millsSeries = "(1 - (1 - (3 - (15 - (105 - (945 - 10395 / a^2) / a^2) / a^2) / a^2) / a^2) / a^2) / a";

function farMills(a: number): number {
  const s = 1 / (a * a);
  return (1 - s * (1 - s * (3 - s * (15 - s * (105 - s * (945 - 10395 * s)))))) / a;
}

export const primitives = {
  // Arithmetic
  negate: { ...number1, callable: false, derivatives: ["-1"], sample: (a) => -a, latex: "-$a" },
  add: { ...number2, callable: false, derivatives: ["1", "1"], sample: (a, b) => a + b, latex: "$a + $b" },
  subtract: { ...number2, callable: false, derivatives: ["1", "-1"], sample: (a, b) => a - b, latex: "$a - $b" },
  multiply: { ...number2, callable: false, derivatives: ["b", "a"], sample: (a, b) => a * b, latex: "$a \\, $b" },
  divide: {
    ...number2,
    callable: false,
    derivatives: ["1 / b", "-(a / b) / b"],
    sample: (a, b) => a / b,
    latex: "\\frac{$a}{$b}",
  },
  pow: {
    ...number2,
    callable: true,
    // In the exponent: for a > 0, with its limit at 0.
    derivatives: ["b * pow(a, b - 1)", "where(a > 0, pow(a, b) * log(a), 0)"],
    sample: (a, b) => Math.pow(a, b),
    latex: "{$a}^{$b}",
  },

  // Constants that are no fractions
  pi: { operands: [], result: "number", callable: false, derivatives: [], sample: () => Math.PI, latex: "\\pi" },
  infinity: {
    operands: [],
    result: "number",
    callable: false,
    derivatives: [],
    sample: () => Infinity,
    latex: "\\infty",
  },

  // Conditions and selection
  less: { ...comparison, sample: (a, b) => sampled(a < b), latex: "$a < $b" },
  lessOrEqual: { ...comparison, sample: (a, b) => sampled(a <= b), latex: "$a \\le $b" },
  greater: { ...comparison, sample: (a, b) => sampled(a > b), latex: "$a > $b" },
  greaterOrEqual: { ...comparison, sample: (a, b) => sampled(a >= b), latex: "$a \\ge $b" },
  equal: { ...comparison, sample: (a, b) => sampled(a === b), latex: "$a = $b" },
  notEqual: { ...comparison, sample: (a, b) => sampled(a !== b), latex: "$a \\ne $b" },
  and: {
    operands: ["condition", "condition"],
    result: "condition",
    callable: false,
    sample: (a, b) => sampled(a !== 0 && b !== 0),
    latex: "$a \\land $b",
  },
  or: {
    operands: ["condition", "condition"],
    result: "condition",
    callable: false,
    sample: (a, b) => sampled(a !== 0 || b !== 0),
    latex: "$a \\lor $b",
  },
  not: {
    operands: ["condition"],
    result: "condition",
    callable: false,
    sample: (a) => sampled(a === 0),
    latex: "\\lnot $a",
  },
  /** Neither infinite nor NaN. */
  is_finite: {
    operands: ["number"],
    result: "condition",
    callable: false,
    sample: (a) => sampled(Number.isFinite(a)),
    latex: "\\left|$a\\right| < \\infty",
  },
  where: {
    operands: ["condition", "number", "number"],
    result: "number",
    callable: true,
    sample: (a, b, c) => (a !== 0 ? b : c),
    latex: "\\begin{cases} $b & $a \\\\ $c & \\text{otherwise} \\end{cases}",
  },
  abs: { ...number1, callable: true, derivatives: ["sign(a)"], sample: Math.abs, latex: "\\left|$a\\right|" },
  sign: { ...number1, callable: true, derivatives: ["0"], sample: Math.sign, latex: "\\operatorname{sgn}($a)" },

  // Exponential
  exp: { ...number1, callable: true, derivatives: ["exp(a)"], sample: Math.exp, latex: "e^{$a}" },
  expm1: {
    ...number1,
    callable: true,
    derivatives: ["exp(a)"],
    sample: Math.expm1,
    latex: "\\left(e^{$a} - 1\\right)",
  },
  log: { ...number1, callable: true, derivatives: ["1 / a"], sample: Math.log, latex: "\\ln($a)" },
  log1p: { ...number1, callable: true, derivatives: ["1 / (1 + a)"], sample: Math.log1p, latex: "\\ln(1 + $a)" },
  /** log(1 + a^2), without the square where that would overflow. */
  log1p_square: {
    ...number1,
    callable: false,
    spelled: "log(1 + a^2)",
    derivatives: ["2 * a / (1 + a^2)"],
    expansion: "where(abs(a) > 1073741824, 2 * log(abs(a)), log1p(a^2))",
    sample: (a) => (Math.abs(a) > 2 ** 30 ? 2 * Math.log(Math.abs(a)) : Math.log1p(a * a)),
    latex: "\\ln(1 + {$a}^2)",
  },
  sqrt: { ...number1, callable: true, derivatives: ["1 / (2 * sqrt(a))"], sample: Math.sqrt, latex: "\\sqrt{$a}" },
  rsqrt: {
    ...number1,
    callable: true,
    derivatives: ["-rsqrt(a) / (2 * a)"],
    expansion: "1 / sqrt(a)",
    sample: (a) => 1 / Math.sqrt(a),
    latex: "\\frac{1}{\\sqrt{$a}}",
  },
  cbrt: { ...number1, callable: true, derivatives: ["1 / (3 * cbrt(a)^2)"], sample: Math.cbrt, latex: "\\sqrt[3]{$a}" },
  logaddexp: {
    ...number2,
    callable: true,
    derivatives: ["sigmoid(a - b)", "sigmoid(b - a)"],
    sample: (a, b) => (a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))),
    latex: "\\ln\\left(e^{$a} + e^{$b}\\right)",
  },
  /** sqrt(a^2 + b^2) without overflow on the way. */
  hypot: {
    ...number2,
    callable: false,
    derivatives: ["a / hypot(a, b)", "b / hypot(a, b)"],
    sample: (a, b) => Math.hypot(a, b),
    latex: "\\sqrt{$a^2 + $b^2}",
  },

  logcosh: {
    ...number1,
    callable: false,
    spelled: "log(cosh(a))",
    derivatives: ["tanh(a)"],
    expansion: "where(abs(a) < 1, log1p(2 * sinh(a / 2) * sinh(a / 2)), abs(a) + log1p(exp(-2 * abs(a))) - log(2))",
    sample: (a) => Math.abs(a) + Math.log1p(Math.exp(-2 * Math.abs(a))) - Math.LN2,
    latex: "\\ln\\cosh($a)",
  },

  // Sigmoidal
  sigmoid: {
    ...number1,
    callable: true,
    derivatives: ["logistic(a)"],
    sample: (a) => 1 / (1 + Math.exp(-a)),
    latex: "\\sigma($a)",
  },
  /** The density sigmoid(a) * sigmoid(-a), the derivative of the sigmoid. */
  logistic: {
    ...number1,
    callable: false,
    spelled: "sigmoid(a) * (1 - sigmoid(a))",
    derivatives: ["-logistic(a) * tanh(a / 2)"],
    sample: (a) => {
      const e = Math.exp(-Math.abs(a));
      return e / ((1 + e) * (1 + e));
    },
    latex: "\\sigma'($a)",
  },
  /** a * logistic(a), which vanishes at both ends. */
  logistic_moment: {
    ...number1,
    callable: false,
    spelled: "a * sigmoid(a) * (1 - sigmoid(a))",
    derivatives: ["logistic(a) - a * logistic(a) * tanh(a / 2)"],
    expansion: "where(abs(a) > 800, 0, a * logistic(a))",
    sample: (a) => {
      const e = Math.exp(-Math.abs(a));
      return Math.abs(a) > 800 ? 0 : (a * e) / ((1 + e) * (1 + e));
    },
    latex: "$a \\, \\sigma'($a)",
  },
  log_sigmoid: {
    ...number1,
    callable: true,
    derivatives: ["sigmoid(-a)"],
    expansion: "-softplus(-a)",
    sample: (a) => Math.min(a, 0) - Math.log1p(Math.exp(-Math.abs(a))),
    latex: "\\ln\\sigma($a)",
  },
  softplus: {
    ...number1,
    callable: true,
    derivatives: ["sigmoid(a)"],
    sample: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
    latex: "\\operatorname{softplus}($a)",
  },
  tanh: { ...number1, callable: true, derivatives: ["4 * logistic(2 * a)"], sample: Math.tanh, latex: "\\tanh($a)" },
  erf: {
    ...number1,
    callable: true,
    derivatives: ["2 / sqrt(pi) * exp(-a^2)"],
    sample: erfSample,
    latex: "\\operatorname{erf}($a)",
  },
  erfc: {
    ...number1,
    callable: true,
    derivatives: ["-2 / sqrt(pi) * exp(-a^2)"],
    sample: erfcSample,
    latex: "\\operatorname{erfc}($a)",
  },
  normcdf: {
    ...number1,
    callable: true,
    derivatives: ["normpdf(a)"],
    sample: (a) => erfcSample(-a * Math.SQRT1_2) / 2,
    latex: "\\Phi($a)",
  },
  /** The density of the standard normal distribution. */
  normpdf: {
    ...number1,
    callable: false,
    spelled: "exp(-a^2 / 2) / sqrt(2 * pi)",
    derivatives: ["-a * normpdf(a)"],
    sample: (a) => Math.exp((-a * a) / 2) / Math.sqrt(2 * Math.PI),
    latex: "\\varphi($a)",
  },
  /** Mills' ratio (1 - Phi(a)) / phi(a) of the standard normal distribution; far out by its asymptotic series. */
  mills: {
    ...number1,
    callable: false,
    spelled: "normcdf(-a) / (exp(-a^2 / 2) / sqrt(2 * pi))",
    expansion: `where(a < 32, normcdf(-a) / normpdf(a), ${millsSeries})`,
    derivatives: ["a * mills(a) - 1"],
    sample: (a) =>
      a < 32 ? erfcSample(a * Math.SQRT1_2) * Math.sqrt(Math.PI / 2) * Math.exp((a * a) / 2) : farMills(a),
    latex: "\\operatorname{M}($a)",
  },
  log_normcdf: {
    ...number1,
    callable: false,
    spelled: "log(normcdf(a))",
    expansion: "where(a < -1, log(mills(-a) / sqrt(2 * pi)) - a^2 / 2, log1p(-normcdf(-a)))",
    derivatives: ["1 / mills(-a)"],
    sample: (a) =>
      a < -32
        ? Math.log(farMills(-a) / Math.sqrt(2 * Math.PI)) - (a * a) / 2
        : a < -1
          ? Math.log(erfcSample(-a * Math.SQRT1_2) / 2)
          : Math.log1p(-erfcSample(a * Math.SQRT1_2) / 2),
    latex: "\\ln\\Phi($a)",
  },

  // Trigonometric, hyperbolic
  sin: { ...number1, callable: true, derivatives: ["cos(a)"], sample: Math.sin, latex: "\\sin($a)" },
  cos: { ...number1, callable: true, derivatives: ["-sin(a)"], sample: Math.cos, latex: "\\cos($a)" },
  tan: { ...number1, callable: true, derivatives: ["1 + tan(a)^2"], sample: Math.tan, latex: "\\tan($a)" },
  atan: { ...number1, callable: true, derivatives: ["1 / (1 + a^2)"], sample: Math.atan, latex: "\\arctan($a)" },
  asin: {
    ...number1,
    callable: true,
    derivatives: ["1 / sqrt((1 - a) * (1 + a))"],
    sample: Math.asin,
    latex: "\\arcsin($a)",
  },
  acos: {
    ...number1,
    callable: true,
    derivatives: ["-1 / sqrt((1 - a) * (1 + a))"],
    sample: Math.acos,
    latex: "\\arccos($a)",
  },
  sinh: { ...number1, callable: true, derivatives: ["cosh(a)"], sample: Math.sinh, latex: "\\sinh($a)" },
  cosh: { ...number1, callable: true, derivatives: ["sinh(a)"], sample: Math.cosh, latex: "\\cosh($a)" },
  asinh: {
    ...number1,
    callable: true,
    derivatives: ["1 / hypot(1, a)"],
    sample: Math.asinh,
    latex: "\\operatorname{arsinh}($a)",
  },
  acosh: {
    ...number1,
    callable: true,
    derivatives: ["1 / sqrt((a - 1) * (a + 1))"],
    sample: Math.acosh,
    latex: "\\operatorname{arcosh}($a)",
  },
  atanh: {
    ...number1,
    callable: true,
    derivatives: ["1 / ((1 - a) * (1 + a))"],
    sample: Math.atanh,
    latex: "\\operatorname{artanh}($a)",
  },

  // Steps
  floor: {
    ...number1,
    callable: true,
    derivatives: ["0"],
    sample: Math.floor,
    latex: "\\left\\lfloor $a \\right\\rfloor",
  },
  ceil: { ...number1, callable: true, derivatives: ["0"], sample: Math.ceil, latex: "\\left\\lceil $a \\right\\rceil" },
  round: { ...number1, callable: true, derivatives: ["0"], sample: roundEven, latex: "\\operatorname{round}($a)" },

  // Reductions over the axis
  sum: { ...number1, callable: true, reduces: true, sample: (a) => a, latex: "\\sum_d $a" },
  mean: { ...number1, callable: true, reduces: true, sample: (a) => a, latex: "\\operatorname{mean}_d $a" },
  maximum: { ...number1, callable: false, reduces: true, sample: (a) => a, latex: "\\max_d $a" },
  minimum: { ...number1, callable: false, reduces: true, sample: (a) => a, latex: "\\min_d $a" },

  /** The place of the first element that attains the maximum or the minimum. */
  first_maximum: { ...number1, callable: false, reduces: true, sample: () => 0, latex: "\\arg\\max_d $a" },
  first_minimum: { ...number1, callable: false, reduces: true, sample: () => 0, latex: "\\arg\\min_d $a" },
  /** a - b, and 0 where both are the same infinity: how far an element is above the largest one of its row. */
  excess: {
    ...number2,
    callable: false,
    derivatives: ["1", "-1"],
    spelled: "a - b",
    sample: (a, b) => (a === b ? 0 : a - b),
    latex: "$a - $b",
  },

  // Float semantics, brought in when lowering; over the reals they change nothing
  /** a, unless b is NaN: then NaN. */
  guard: { ...number2, callable: false, sample: (a, b) => (Number.isNaN(b) ? b : a), latex: "$a" },
  /** The larger of both; NaN where a is NaN. */
  at_least: { ...number2, callable: false, sample: (a, b) => (a < b ? b : a), latex: "\\max($a, $b)" },
  /** The smaller of both; NaN where a is NaN. */
  at_most: { ...number2, callable: false, sample: (a, b) => (a > b ? b : a), latex: "\\min($a, $b)" },

  /** The smaller, or larger, of both; NaN where either is NaN. */
  smaller: { ...number2, callable: false, sample: (a, b) => Math.min(a, b), latex: "\\min($a, $b)" },
  larger: { ...number2, callable: false, sample: (a, b) => Math.max(a, b), latex: "\\max($a, $b)" },

  // Brought in when lowering to float64, where they are computed by functions of the library
  /** The second operand if the condition holds, else the third: both are computed, so that there is no branch. */
  choose: {
    operands: ["condition", "number", "number"],
    result: "number",
    callable: false,
    expansion: "where(a, b, c)",
    sample: (a, b, c) => (a !== 0 ? b : c),
    latex: "\\begin{cases} $b & $a \\\\ $c & \\text{otherwise} \\end{cases}",
  },
  /** As `choose`, between values that are the same for all elements: they are put down before the loop. */
  pick: {
    operands: ["condition", "number", "number"],
    result: "number",
    callable: false,
    expansion: "where(a, b, c)",
    sample: (a, b, c) => (a !== 0 ? b : c),
    latex: "\\begin{cases} $b & $a \\\\ $c & \\text{otherwise} \\end{cases}",
  },
  /** 1 if the condition holds, else 0. */
  indicator: {
    operands: ["condition"],
    result: "number",
    callable: false,
    expansion: "where(a, 1, 0)",
    sample: (a) => (a !== 0 ? 1 : 0),
    latex: "\\mathbb{1}[$a]",
  },
  /** e^a for -746 <= a <= 709.79, where it is 0 and infinity. */
  bounded_exp: { ...number1, callable: false, expansion: "exp(a)", sample: Math.exp, latex: "e^{$a}" },
  /** e^a - 1 for -746 <= a <= 709.78. */
  bounded_expm1: {
    ...number1,
    callable: false,
    expansion: "expm1(a)",
    sample: Math.expm1,
    latex: "\\left(e^{$a} - 1\\right)",
  },
  /** e^a - 1 for a <= 0, however large it is. */
  falling_expm1: {
    ...number1,
    callable: false,
    expansion: "expm1(a)",
    sample: Math.expm1,
    latex: "\\left(e^{$a} - 1\\right)",
  },
  /** e^a for a <= 0, however large it is. */
  falling_exp: { ...number1, callable: false, expansion: "exp(a)", sample: Math.exp, latex: "e^{$a}" },
  /** Products with what vanishes, which are ordinary numbers where that is not: a times the function of b. */
  times_falling_exp: {
    ...number2,
    callable: false,
    expansion: "a * exp(b)",
    sample: (a, b) => a * Math.exp(b),
    latex: "$a e^{$b}",
  },
  times_sigmoid: {
    ...number2,
    callable: false,
    expansion: "a * sigmoid(b)",
    sample: (a, b) => a / (1 + Math.exp(-b)),
    latex: "$a \\, \\sigma($b)",
  },
  times_logistic: {
    ...number2,
    callable: false,
    expansion: "a * logistic(b)",
    sample: (a, b) => a * (Math.exp(-Math.abs(b)) / (1 + Math.exp(-Math.abs(b))) ** 2),
    latex: "$a \\, \\sigma'($b)",
  },
  times_mish_gate: {
    ...number2,
    callable: false,
    expansion: "a * tanh(softplus(b))",
    sample: (a, b) => a * Math.tanh(Math.max(b, 0) + Math.log1p(Math.exp(-Math.abs(b)))),
    latex: "$a \\, \\tau($b)",
  },
  times_normcdf: {
    ...number2,
    callable: false,
    expansion: "a * normcdf(b)",
    sample: (a, b) => a * (erfcSample(-b * Math.SQRT1_2) / 2),
    latex: "$a \\, \\Phi($b)",
  },
  /** e^a 2^60 for a <= 40, in pairs of float32: it fades away later than e^a. */
  raised_exp: {
    ...number1,
    callable: false,
    expansion: "exp(a) * 2^60",
    sample: (a) => Math.exp(a) * 2 ** 60,
    latex: "2^{60} e^{$a}",
  },
  /** normcdf(a) 2^60. */
  raised_normcdf: {
    ...number1,
    callable: false,
    expansion: "normcdf(a) * 2^60",
    sample: (a) => (erfcSample(-a * Math.SQRT1_2) / 2) * 2 ** 60,
    latex: "2^{60} \\Phi($a)",
  },
  /** e^a, held at the arguments between which e^a / (1 + e^a) changes. */
  held_exp: {
    ...number1,
    callable: false,
    expansion: "bounded_exp(at_least(at_most(a, 709), -746))",
    sample: (a) => Math.exp(Math.max(Math.min(a, 709), -746)),
    latex: "e^{$a}",
  },
  /** The smaller of a and 0, but not below -746, where exponentials are 0. */
  negative_part: {
    ...number1,
    callable: false,
    expansion: "0.5 * (at_most(at_least(a, -746), 746) - abs(at_most(at_least(a, -746), 746)))",
    sample: (a) => Math.max(Math.min(a, 0), -746),
    latex: "\\min($a, 0)",
  },
  /** ln(1 + e^-a) for a >= 0. */
  softplus_tail: {
    ...number1,
    callable: false,
    expansion: "log1p(exp(-a))",
    sample: (a) => Math.log1p(Math.exp(-a)),
    latex: "\\ln(1 + e^{-$a})",
  },
  /** softplus(b a) / b for b > 0. */
  scaled_softplus: {
    ...number2,
    callable: false,
    expansion: "softplus(b * a) / b",
    sample: (a, b) => (Math.max(b * a, 0) + Math.log1p(Math.exp(-Math.abs(b * a)))) / b,
    latex: "\\operatorname{softplus}($b \\, $a) / $b",
  },
  /** The derivative of a * normcdf(a). */
  gelu_slope: {
    ...number1,
    callable: false,
    expansion: "normcdf(a) + a * normpdf(a)",
    sample: (a) =>
      erfcSample(-a * Math.SQRT1_2) / 2 +
      (Math.abs(a) > 39 ? 0 : (a * Math.exp((-a * a) / 2)) / Math.sqrt(2 * Math.PI)),
    latex: "\\Phi($a) + $a \\, \\varphi($a)",
  },
  /** What a product with the gate sigmoid(a) has for a derivative, if b is the other factor times the derivative of a. */
  gate_slope: {
    ...number2,
    callable: false,
    expansion: "sigmoid(a) + b * logistic(a)",
    sample: (a, b) => {
      const e = Math.exp(-Math.abs(a));
      return (a < 0 ? e : 1) / (1 + e) + b * (e / ((1 + e) * (1 + e)));
    },
    latex: "\\sigma($a) + $b \\, \\sigma'($a)",
  },
  /** The gate of mish. */
  mish_gate: {
    ...number1,
    callable: false,
    expansion: "tanh(softplus(a))",
    sample: (a) => Math.tanh(Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)))),
    latex: "\\tanh(\\operatorname{softplus}($a))",
  },
  /** As gate_slope, for the gate of mish. */
  mish_gate_slope: {
    ...number2,
    callable: false,
    expansion: "tanh(softplus(a)) + 4 * b * sigmoid(a) * logistic(2 * softplus(a))",
    sample: (a, b) => {
      const t = Math.tanh(Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))));
      return t + (b * (1 - t) * (1 + t)) / (1 + Math.exp(-a));
    },
    latex: "\\tau($a) + $b \\, \\tau'($a)",
  },

  // Gradient control
  stop_gradient: { ...number1, callable: true, derivatives: ["0"], sample: (a) => a, latex: "\\operatorname{sg}($a)" },
  /** A called definition with `grad` clauses: expanded once calculus has seen it. */
  custom: { ...number1, callable: false, sample: () => Number.NaN, latex: "" },
} satisfies Record<string, PrimitiveRow>;

export type PrimitiveName = keyof typeof primitives;

/** The row of a primitive, by the general type. */
export const primitive = (name: PrimitiveName): PrimitiveRow => primitives[name];

const names = new Map<string, PrimitiveName>((Object.keys(primitives) as PrimitiveName[]).map((name) => [name, name]));

/** The primitive of that name, internal ones included. */
export const primitiveNamed = (name: string): PrimitiveName | undefined => names.get(name);

function roundEven(a: number): number {
  const nearest = Math.round(a);
  return Math.abs(a % 1) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

/** erfc to about 1e-15 relative: a series near 0, a continued fraction (Lentz) in the tail. */
function erfcSample(a: number): number {
  if (!(a > 0)) return a < 0 ? 2 - erfcSample(-a) : a === 0 ? 1 : a;
  if (a < 1.5) return 1 - erfSample(a);
  let f = 0;
  for (let k = 120; k > 0; k--) f = k / 2 / (a + f);
  return Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + f));
}

function erfSample(a: number): number {
  if (!(Math.abs(a) < 1.5)) return a > 0 ? 1 - erfcSample(a) : a < 0 ? erfcSample(-a) - 1 : a;
  let term = a;
  let total = a;
  for (let k = 1; k < 40; k++) {
    term *= (-a * a) / k;
    total += term / (2 * k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}
