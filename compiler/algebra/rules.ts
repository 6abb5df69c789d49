/**
 * The rewrite rules over the reals: what is written on the left is the same number as what stands on the right, and
 * the right side can be computed without overflow or cancellation where the left side cannot. One line each; single
 * letters stand for any expression. A sum on the left matches part of a sum at any scale, a product part of a product.
 */
/** `uniform`: the same for all elements of a tensor. `recognised`: a sum as it is written, no longer one in normal form. */
export type Requirement = "positive" | "nonnegative" | "uniform" | "recognised";

export interface Rule {
  readonly from: string;
  readonly to: string;
  /** What must be known of letters, or of formulas in them. */
  readonly requires?: Readonly<Record<string, Requirement>>;
}

const rule = (from: string, to: string, requires?: Rule["requires"]): Rule =>
  requires ? { from, to, requires } : { from, to };

/** Tried on every sum. */
export const sumRules: readonly Rule[] = [
  rule("exp(a) - 1", "expm1(a)"),
  rule("1 + expm1(a)", "exp(a)"),
  rule("b + (b + c) * expm1(a)", "b * exp(a) + c * expm1(a)"),
  rule("1 + erf(a)", "erfc(-a)"),
  rule("1 - erf(a)", "erfc(a)"),
  rule("1 - erfc(a)", "erf(a)"),
  rule("2 - erfc(a)", "erfc(-a)"),
  rule("1 - normcdf(a)", "normcdf(-a)"),
  rule("1 - sigmoid(a)", "sigmoid(-a)"),
  rule("1 - 2 * sigmoid(a)", "-tanh(a / 2)"),
  rule("sigmoid(a) - sigmoid(-a)", "tanh(a / 2)"),
  rule("sigmoid(a) - sigmoid(a)^2", "logistic(a)"),
  rule("1 + tanh(a)", "2 * sigmoid(2 * a)"),
  rule("1 - tanh(a)", "2 * sigmoid(-2 * a)"),
  rule("1 - tanh(a)^2", "4 * logistic(2 * a)"),
  rule("1 - 4 * logistic(a)", "tanh(a / 2)^2"),
  rule("exp(a) + exp(-a)", "2 * cosh(a)"),
  rule("exp(a) - exp(-a)", "2 * sinh(a)"),
  rule("expm1(a) - expm1(-a)", "2 * sinh(a)"),
  rule("softplus(a) - a", "softplus(-a)"),
  rule("softplus(a) - softplus(b)", "log1p(expm1(a - b) * sigmoid(b))", { "a - b": "positive" }),
  rule(
    "softplus(a) - softplus(b)",
    "where(a - b >= 0, 1, -1) * log1p(expm1(abs(a - b)) * sigmoid(where(a - b >= 0, b, a)))",
    { "a - b": "uniform" },
  ),
  rule("1 - a / (a + b)", "b / (a + b)"),
  rule("sin(a)^2 + cos(a)^2", "1"),
  rule("1 - cos(a)", "2 * sin(a / 2)^2"),
  rule("cos(a) - cos(b)", "2 * sin((a + b) / 2) * sin((b - a) / 2)"),
  rule("sin(a) - sin(b)", "2 * cos((a + b) / 2) * sin((a - b) / 2)", { "a - b": "uniform" }),
  rule("cosh(a) - 1", "2 * sinh(a / 2)^2"),
  rule("sigmoid(a) - sigmoid(b)", "tanh((a - b) / 2) * (sigmoid(a) * sigmoid(-b) + sigmoid(b) * sigmoid(-a))", {
    "a - b": "uniform",
  }),
  rule("tanh(a) - tanh(b)", "2 * (sigmoid(2 * a) - sigmoid(2 * b))", { "a - b": "uniform" }),
  rule("1 - sigmoid(a)^2", "sigmoid(-a) * (1 + sigmoid(a))"),
  rule("1 - tanh(a)^4", "4 * logistic(2 * a) * (1 + tanh(a)^2)"),
  rule("1 - tanh(a)^6", "4 * logistic(2 * a) * (1 + tanh(a)^2 + tanh(a)^4)"),
  rule("1 - erf(a)^2", "erfc(a) * erfc(-a)"),
  rule("1 - pow(a, b)", "-expm1(b * log(a))", { a: "positive" }),
  rule("sqrt(a) - sqrt(b)", "(a - b) / (sqrt(a) + sqrt(b))", { a: "positive", b: "positive" }),
];

/** Tried on every product and quotient. */
export const productRules: readonly Rule[] = [
  rule("1 / (1 + exp(a))", "sigmoid(-a)"),
  rule("1 / (2 + expm1(a))", "sigmoid(-a)"),
  rule("exp(a) * sigmoid(-a)", "sigmoid(a)"),
  rule("exp(a) * sigmoid(-a)^2", "logistic(a)"),
  rule("(1 + exp(a)) * sigmoid(a)", "exp(a)"),
  rule("(1 + exp(a)) * sigmoid(-a)", "1"),
  rule("exp(a) / (exp(a) + exp(b))", "sigmoid(a - b)"),
  rule("expm1(a) * sigmoid(-a)", "tanh(a / 2)"),
  rule("sigmoid(a) * sigmoid(-a)", "logistic(a)"),
  rule("sinh(a) / cosh(a)", "tanh(a)"),
  rule("tanh(a) * cosh(a)", "sinh(a)"),
  rule("1 / cosh(a)^2", "4 * logistic(2 * a)"),
  rule("1 / cosh(a)", "2 * sigmoid(2 * abs(a)) * exp(-abs(a))"),
  rule("logistic(a) * a", "logistic_moment(a)"),
  rule("normpdf(a) / normcdf(a)", "1 / mills(-a)"),
  rule("normpdf(a) / normcdf(-a)", "1 / mills(a)"),
  rule("normcdf(a) / normpdf(a)", "mills(-a)"),
  rule("normcdf(-a) / normpdf(a)", "mills(a)"),
  rule("exp(-a^2 / 2) / normcdf(a)", "sqrt(2 * pi) / mills(-a)"),
  rule("exp(-a^2 / 2) / normcdf(-a)", "sqrt(2 * pi) / mills(a)"),
  rule("exp(-a^2) / erfc(a)", "sqrt(pi / 2) / mills(sqrt(2) * a)"),
  rule("exp(-a^2) / erfc(-a)", "sqrt(pi / 2) / mills(-(sqrt(2) * a))"),
  rule("exp(a^2) * erfc(-a)", "sqrt(2 / pi) * mills(-(sqrt(2) * a))"),
  rule("exp(a^2) * erfc(a)", "sqrt(2 / pi) * mills(sqrt(2) * a)"),
  rule("exp(a^2 / 2) * normcdf(-a)", "mills(a) / sqrt(2 * pi)"),
  rule("exp(a^2 / 2) * normcdf(a)", "mills(-a) / sqrt(2 * pi)"),
  rule("sign(a) * a", "abs(a)"),
  rule("sin(a) / cos(a)", "tan(a)"),
  rule("(tanh(a) + tanh(b)) / (1 + tanh(a) * tanh(b))", "tanh(a + b)"),
  rule("(tanh(a) - tanh(b)) / (1 - tanh(a) * tanh(b))", "tanh(a - b)"),
  rule("(1 - a) * (1 + a)", "1 - a^2", { "1 - a^2": "recognised" }),
  rule("1 / ((1 - a) * (1 + a))", "1 / (1 - a^2)", { "1 - a^2": "recognised" }),
  rule("(a - 1) * (a + 1)", "a^2 - 1", { "a^2 - 1": "recognised" }),
];

/** Tried on every application of another primitive. */
export const functionRules: readonly Rule[] = [
  rule("log(exp(a))", "a"),
  rule("exp(log(a))", "a", { a: "positive" }),
  rule("log(1 + a)", "log1p(a)"),
  rule("log1p(exp(a))", "softplus(a)"),
  rule("log1p(a^2)", "log1p_square(a)"),
  rule("log1p(expm1(a))", "a"),
  rule("expm1(log1p(a))", "a"),
  rule("log(exp(a) + exp(b))", "logaddexp(a, b)"),
  rule("log(exp(a) + b)", "logaddexp(a, log(b))", { b: "nonnegative" }),
  rule("log(sigmoid(a))", "-softplus(-a)"),
  rule("log1p(-sigmoid(a))", "-softplus(a)"),
  rule("log(cosh(a))", "logcosh(a)"),
  rule("log(normcdf(a))", "log_normcdf(a)"),
  rule("log(erfc(a))", "where(a > 1, log(2) + log_normcdf(-(sqrt(2) * a)), log1p(-erf(a)))"),
  rule("log(expm1(a))", "a + log(-expm1(-a))", { a: "positive" }),
  rule("log(pow(a, b))", "b * log(a)", { a: "positive" }),
  rule("log(sinh(a))", "a + log(-expm1(-2 * a)) - log(2)", { a: "positive" }),
  rule("log(a * sigmoid(b))", "log(a) - softplus(-b)", { a: "positive" }),
  rule("log(a * exp(b))", "log(a) + b", { a: "positive" }),
  rule("log(a / b)", "log(a) - log(b)", { a: "positive", b: "positive" }),
  rule("exp(a + log(b))", "b * exp(a)", { b: "positive" }),
  rule("exp(log(b) - a)", "b * exp(-a)", { b: "positive" }),
  rule("exp(softplus(a))", "1 + exp(a)"),
  rule("exp(-softplus(a))", "sigmoid(-a)"),
  rule("expm1(softplus(a))", "exp(a)"),
  rule("expm1(-softplus(a))", "-sigmoid(a)"),
  rule("sqrt(a^2)", "where(a >= 0, a, -a)"),
  rule("sqrt(b + c * a^2)", "hypot(sqrt(b), sqrt(c) * a)", { b: "nonnegative", c: "nonnegative" }),
  rule("sqrt(b + a^2)", "hypot(sqrt(b), a)", { b: "nonnegative" }),
  rule("erfc(a / sqrt(2))", "2 * normcdf(-a)"),
  rule("logaddexp(0, a)", "softplus(a)"),
  rule("logaddexp(a, 0)", "softplus(a)"),
  rule("tan(atan(a))", "a"),
  rule("sin(asin(a))", "a"),
  rule("tanh(atanh(a))", "a"),
  rule("atanh(tanh(a))", "a"),
  rule("atanh(a)", "(log(1 + a) - log(1 - a)) / 2", { "1 - a": "recognised" }),
  rule("atanh(a)", "(log(1 + a) - log(1 - a)) / 2", { "1 + a": "recognised" }),
  rule("asinh(sinh(a))", "a"),
  rule("acosh(cosh(a))", "abs(a)"),
  rule("hypot(a, 0)", "abs(a)"),
  rule("log(logistic(a))", "-softplus(a) - softplus(-a)"),
  rule("log(a * logistic(b))", "log(a) - softplus(b) - softplus(-b)", { a: "positive" }),
  rule("sinh(asinh(a))", "a"),
];
