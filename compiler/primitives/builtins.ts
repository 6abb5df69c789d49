/** What a caller may write after a built-in function's name. */
export interface BuiltinSignature {
  readonly name: string;
  /** Number of operands without an axis; `null`: only the form with an axis exists. */
  readonly operands: { readonly minimum: number; readonly maximum: number } | null;
  /** Whether `name[d](e)`, a reduction of one operand over an axis, exists. */
  readonly reduces: boolean;
  /** Whether the first operand is a condition (`where`); all others are numbers. */
  readonly condition: boolean;
}

const between = (minimum: number, maximum: number) => ({ minimum, maximum });
const plain = (name: string, count: number): BuiltinSignature => ({
  name,
  operands: between(count, count),
  reduces: false,
  condition: false,
});

const signatures: readonly BuiltinSignature[] = [
  { name: "where", operands: between(3, 3), reduces: false, condition: true },
  { name: "max", operands: between(2, Infinity), reduces: true, condition: false },
  { name: "min", operands: between(2, Infinity), reduces: true, condition: false },
  { name: "sum", operands: null, reduces: true, condition: false },
  { name: "mean", operands: null, reduces: true, condition: false },
  ...["abs", "sign", "exp", "log", "expm1", "log1p", "sqrt", "rsqrt", "cbrt"].map((name) => plain(name, 1)),
  ...["sigmoid", "log_sigmoid", "softplus", "tanh", "erf", "erfc", "normcdf"].map((name) => plain(name, 1)),
  ...["sin", "cos", "tan", "atan", "asin", "acos", "sinh", "cosh", "asinh", "acosh", "atanh"].map((name) =>
    plain(name, 1),
  ),
  ...["floor", "ceil", "round", "stop_gradient"].map((name) => plain(name, 1)),
  plain("pow", 2),
  plain("logaddexp", 2),
  plain("clamp", 3),
];

const byName = new Map(signatures.map((signature) => [signature.name, signature]));

export function builtinSignature(name: string): BuiltinSignature | undefined {
  return byName.get(name);
}

export function builtinNames(): readonly string[] {
  return [...byName.keys()];
}
