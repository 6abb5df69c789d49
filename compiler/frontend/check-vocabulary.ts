/** What functions and values of other languages and libraries are called here. */

/** Other names of built-in functions. */
const functionNames: ReadonlyMap<string, string> = new Map([
  ["ln", "log"],
  ["arctan", "atan"],
  ["arcsin", "asin"],
  ["arccos", "acos"],
  ["arcsinh", "asinh"],
  ["arccosh", "acosh"],
  ["arctanh", "atanh"],
  ["arsinh", "asinh"],
  ["arcosh", "acosh"],
  ["artanh", "atanh"],
  ["power", "pow"],
  ["logistic", "sigmoid"],
  ["expit", "sigmoid"],
  ["sigm", "sigmoid"],
  ["logsigmoid", "log_sigmoid"],
  ["phi", "normcdf"],
  ["ncdf", "normcdf"],
  ["norm_cdf", "normcdf"],
  ["clip", "clamp"],
  ["maximum", "max"],
  ["minimum", "min"],
  ["fmax", "max"],
  ["fmin", "min"],
  ["amax", "max"],
  ["amin", "min"],
  ["fabs", "abs"],
  ["absolute", "abs"],
  ["sgn", "sign"],
  ["signum", "sign"],
  ["ceiling", "ceil"],
  ["rint", "round"],
  ["average", "mean"],
  ["avg", "mean"],
  ["if", "where"],
  ["iif", "where"],
  ["ifelse", "where"],
  ["cond", "where"],
  ["select", "where"],
  ["detach", "stop_gradient"],
  ["stopgrad", "stop_gradient"],
  ["stop_grad", "stop_gradient"],
]);

/** Functions that are written as formulas. */
const formulas: ReadonlyMap<string, string> = new Map([
  ["relu", "max(x, 0)"],
  ["relu6", "clamp(x, 0, 6)"],
  ["leaky_relu", "where(x > 0, x, 0.01 * x)"],
  ["elu", "where(x > 0, x, expm1(x))"],
  ["silu", "x * sigmoid(x)"],
  ["swish", "x * sigmoid(x)"],
  ["gelu", "x * normcdf(x)"],
  ["mish", "x * tanh(softplus(x))"],
  ["hardtanh", "clamp(x, -1, 1)"],
  ["softsign", "x / (1 + abs(x))"],
  ["softmax", "exp(x) / sum[d](exp(x))"],
  ["logsumexp", "log(sum[d](exp(x)))"],
  ["heaviside", "where(x > 0, 1, 0)"],
  ["step", "where(x > 0, 1, 0)"],
  ["log2", "log(x) / log(2)"],
  ["log10", "log(x) / log(10)"],
  ["exp2", "2^x"],
  ["square", "x^2"],
  ["cube", "x^3"],
  ["reciprocal", "1 / x"],
  ["trunc", "sign(x) * floor(abs(x))"],
  ["frac", "x - floor(x)"],
  ["mod", "x - y * floor(x / y)"],
  ["fmod", "x - y * floor(x / y)"],
  ["sinc", "where(x == 0, 1, sin(x) / x)"],
  ["sech", "1 / cosh(x)"],
  ["csch", "1 / sinh(x)"],
  ["coth", "1 / tanh(x)"],
  ["sec", "1 / cos(x)"],
  ["csc", "1 / sin(x)"],
  ["cot", "1 / tan(x)"],
  ["hypot", "sqrt(x^2 + y^2)"],
  ["neg", "-x"],
  ["std", "sqrt(mean[d]((x - mean[d](x))^2))"],
  ["var", "mean[d]((x - mean[d](x))^2)"],
]);

const values: ReadonlyMap<string, string> = new Map([
  ["PI", "pi"],
  ["Pi", "pi"],
  ["M_PI", "pi"],
  ["infinity", "inf"],
  ["Infinity", "inf"],
  ["INF", "inf"],
  ["Inf", "inf"],
  ["oo", "inf"],
  ["e", "exp(1)"],
  ["tau", "2 * pi"],
]);

/** What to write for a function that is not defined, if it is known from elsewhere. */
export function functionAdvice(name: string): string | undefined {
  const known = name.toLowerCase();
  const own = functionNames.get(known);
  if (own !== undefined) return `did you mean '${own}'?`;
  const formula = formulas.get(known);
  return formula === undefined ? undefined : `define it, or write '${formula}'`;
}

/** What to write for a value that is not declared, if it is a constant elsewhere. */
export function valueAdvice(name: string): string | undefined {
  const own = values.get(name);
  if (own !== undefined) return `write '${own}'`;
  return /^(?:true|false)$/i.test(name) ? "a condition is a comparison such as 'x > 0'" : undefined;
}
