/**
 * How many digits the exact forms of a kernel need. Most do with what wide numbers usually have; where sums cancel deeper,
 * as 1 - tanh(x) does for large x, it shows in trials at inputs of all sizes, in ball arithmetic.
 */
import { isSum } from "../algebra/forms.js";
import { isBoolean } from "../decisions.js";
import { type Expr, reachable, type Variable, variablesOf } from "../ir/expr.js";
import { triedParameters } from "../ir/random.js";
import {
  emulate,
  readLibrary,
  typescriptIntBits,
  typescriptNatBits,
  wgslDeepNatBits,
  wgslIntBits,
  wgslNatBits,
} from "../machine/index.js";
import { wideLibrary } from "../machine/library/wide/index.js";
import { type Ball, fromNumber, top } from "../numerics/ball.js";
import { evaluate } from "../numerics/evaluate.js";
import { magnitude } from "../numerics/integers.js";
import { ulpError } from "../numerics/rounding.js";
import { exactFunctionInSteps } from "./exact-form.js";
import { periodic } from "./extremes.js";
import type { KernelPlan } from "./kernels.js";
import { searched, type Subject } from "./searches.js";
import { trialsOf } from "./trials.js";

/** Room for the cancellation of sums with an exponential that binary64 has no number for, and of eighth powers. */
const deepNatBits = 1536;

/** Bits that rounding may cost. */
const spare = 32;

/** Where polynomials of inputs, exponentials and exponentials of squares cancel deeply, if anywhere. */
const sizes: readonly number[] = [
  1e-45,
  1e-34,
  1 - 2 ** -24,
  1 + 2 ** -23,
  5,
  9,
  13,
  20,
  45,
  60,
  87,
  140,
  180,
  355,
  720,
  1000,
  1e25,
  3e38,
];

/**
 * Where shaders look at other numbers instead, which may be too far off. Of each group as many rows are tried as of all other
 * sizes: where a large number is a divisor, where powers of 10 and of 2 and where squares are at the ends of float32, where
 * waves are farthest out, and where Taylor polynomials that are taken from a function leave nothing.
 */
const sizesForShaders: readonly (readonly number[])[] = [
  [1e9, 1e6],
  [30, 36, 118],
  [1.8e19],
  [3e38],
  [8.5e-5, 1.9e-6, 2.1e-8],
  [3.3e-10, 5.1e-12],
  [4.4e-17, 2.78e-17, 1.1e-24],
];

/** Not every parameter is tried: the numbers of inputs are what counts. */
const mostSettings = 4;

/** The bits of mantissas that a target usually has, and where operands cancel deeply. */
interface Widths {
  readonly usual: number;
  readonly deep: number;
  /** Exponents are below 2^exponentBits: arguments of exponentials that matter are, too. */
  readonly exponentBits: number;
}

const typescript: Widths = { usual: typescriptNatBits, deep: deepNatBits, exponentBits: typescriptIntBits };
const wgsl: Widths = { usual: wgslNatBits, deep: wgslDeepNatBits, exponentBits: wgslIntBits };

/** The bits of mantissas in wide arithmetic in TypeScript. */
export function natBitsFor(exactForms: readonly Expr[], plan: KernelPlan): number {
  const isDeep = searched(plan, exactForms, {
    name: "cancels deeply",
    isAnswer: isBoolean,
    find: (forms, subject) =>
      forms.some((form) => {
        const { settings, rowsOf } = trialsOf(subject);
        const rowsWith: RowsWith = (index, x) => rowsOf(index, x, settings.slice(0, mostSettings));
        return !deepRows(form, subject, rowsWith, sizes, typescript).next().done;
      }),
  });
  return isDeep ? typescript.deep : typescript.usual;
}

/**
 * The bits of mantissas in wide arithmetic in WGSL, where numbers with many digits take their time to compile: more than
 * usual only if the usual program fails, which looks beside an operand where the digits do not do.
 */
export function wgslNatBitsFor(exactForms: readonly Expr[], plan: KernelPlan): number {
  const isDeep =
    exactForms.length > 0 &&
    searched(plan, exactForms, {
      name: "cancels in a shader",
      isAnswer: isBoolean,
      find: (forms, subject) => forms.some((form) => isBeyondPrograms(form, subject)),
    });
  return isDeep ? wgsl.deep : wgsl.usual;
}

function isBeyondPrograms(form: Expr, subject: Subject): boolean {
  const { settings, rowsOf, alike } = trialsOf(subject);
  const [defaults = []] = settings;
  const tried = [...settings, ...withZeros(subject, defaults)];
  let program: ReturnType<typeof usualProgramOf> | undefined;
  const isBeyond = (rowsWith: RowsWith, among: readonly number[]): boolean => {
    let rows = 0;
    for (const { of, value } of deepRows(form, subject, rowsWith, among, wgsl)) {
      program ??= usualProgramOf(form);
      if (ulpError(program(of), value, "binary32") > 1) return true;
      if (++rows === mostRows) return false;
    }
    return false;
  };
  return (
    isBeyond((index, x) => rowsOf(index, x, tried), sizes) ||
    isBeyond((index, x) => (index === 0 ? alike(x) : []), sizes) ||
    sizesForShaders.some((group) => isBeyond((index, x) => rowsOf(index, x, tried), group))
  );
}

/** The usual program in WGSL of a form, given the numbers of its variables. */
export function usualProgramOf(form: Expr): (of: (variable: Variable) => number) => number {
  const { name, text, variables } = exactFunctionInSteps("trial", [form], [], wgsl.usual);
  const run = emulate(readLibrary(text, wideLibrary().declarations), name);
  return (of) => run(...variables.map((variable) => Math.fround(of(variable))));
}

/** Rows of variables with one input given. */
type RowsWith = (index: number, x: number) => readonly (readonly number[])[];

/** Values at which a form cancels deeply: they are not known with the usual digits, but with more. */
function* deepRows(
  form: Expr,
  subject: Subject,
  rowsWith: RowsWith,
  among: readonly number[],
  { usual, deep, exponentBits }: Widths,
): Generator<{ readonly of: (variable: Variable) => number; readonly value: Ball }> {
  if (!reachable([form]).some(mayCancel)) return;
  const { variables } = trialsOf(subject);
  const hasExponential = reachable([form]).some(isExponential);
  const hasWave = reachable([form]).some((node) => node.kind === "application" && periodic.has(node.primitive));
  const valueAt = (row: readonly number[], precision: number): Ball => {
    const bindings = variables.map(
      (variable, i) => [variable, { value: fromNumber(Math.fround(row[i] ?? 0)), tangent: null }] as const,
    );
    return evaluate(form, { bindings: new Map(bindings), precision }).value;
  };
  // What is not known with more digits either costs time.
  let attempts = 0;
  for (const index of subject.activation.inputs.keys()) {
    for (const size of among) {
      // An error of an exponential's argument, which may be a square, is one relative to its value.
      const spent = hasExponential ? Math.max(0, Math.ceil(2 * Math.log2(size))) : 0;
      // An exponential beyond what numbers hold says nothing; a sine beside it, or instead of it, does.
      if (spent > exponentBits && !hasWave) continue;
      const lost = spent > exponentBits ? 0 : spent;
      for (const row of [size, -size].flatMap((x) => rowsWith(index, Math.fround(x)))) {
        if (isKnown(valueAt(row, usual - spare - lost))) continue;
        const value = valueAt(row, deep - spare);
        if (isKnown(value)) yield { of: (variable) => row[variables.indexOf(variable)] ?? NaN, value };
        else if (++attempts === mostAttempts) return;
      }
    }
  }
}

/** The defaults with each parameter once 0, where its range holds 0. */
const withZeros = ({ activation }: Subject, defaults: readonly number[]): number[][] =>
  triedParameters(activation).flatMap(({ range }, i) =>
    range && !(range.low <= 0 && range.high >= 0 && (range.low < 0 || range.lowClosed))
      ? []
      : [defaults.map((value, k) => (k === i ? 0 : value))],
  );

/**
 * Sums, also those that a function adds itself; periodic functions of large numbers that are not given, and inverse functions
 * next to the ends of their domain.
 */
const mayCancel = (node: Expr): boolean =>
  isSum(node) ||
  (node.kind === "application" && sensitive.has(node.primitive) && node.operands[0]?.kind === "application");

const sensitive: ReadonlySet<string> = new Set([...periodic, "log1p", "asin", "acos", "atanh", "acosh"]);

/** An exponential of what varies. */
const isExponential = (node: Expr): boolean =>
  node.kind === "application" &&
  exponentials.has(node.primitive) &&
  [...variablesOf(node)].some(({ role }) => role === "input");

const exponentials: ReadonlySet<string> = new Set(["exp", "expm1", "sinh", "cosh", "erfc", "normcdf", "normpdf"]);

const mostAttempts = 12;

/** So many are tried in a program. */
const mostRows = 40;

/** Whether a number is known as well as a kernel has to. */
function isKnown(ball: Ball): boolean {
  if (ball.kind !== "finite") return ball.kind !== "unknown";
  const error = top({ ...ball, mid: ball.radius, radius: 0n });
  return ball.radius === 0n || error < -200n || magnitude(ball.mid) >> 40n > ball.radius;
}
