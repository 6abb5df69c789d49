/**
 * What shaders' exact forms do at huge and infinite inputs, tried out: whether the exponents of their sums are kept apart, and
 * whether limits have to be told to them.
 */
import { isBoolean } from "../decisions.js";
import { type Expr, isInside, reachable, type Variable } from "../ir/expr.js";
import { triedParameters } from "../ir/random.js";
import { type Ball, fromNumber } from "../numerics/ball.js";
import { referenceLimit, referenceValue } from "../numerics/reference.js";
import { ulpError } from "../numerics/rounding.js";
import { usualProgramOf } from "./digits.js";
import { limitsAtEnds } from "./extremes.js";
import type { KernelPlan } from "./kernels.js";
import { withScaledSums } from "./scaled-sums.js";
import { searched, type Subject } from "./searches.js";
import { trialsOf } from "./trials.js";

/**
 * What shaders compute in wide arithmetic: with exponents kept apart if that is right more often where inputs are huge.
 * @param exact in wide arithmetic everywhere else
 */
export function exactInShaders(exact: Expr, plan: KernelPlan): Expr {
  const scaled = withScaledSums(exact);
  if (scaled === exact) return exact;
  const isBetter = searched(plan, [exact, scaled], {
    name: "exponents are kept apart",
    isAnswer: isBoolean,
    find: ([given = exact, apart = scaled], subject) => {
      const rows = rowsOf(given, subject);
      const wrong = wrongAmong(given, rows);
      return wrong > 0 && wrongAmong(apart, rows) < wrong;
    },
  });
  return isBetter ? scaled : exact;
}

/** Whether the usual program takes a logarithm that grows without bound for one that comes to an end, at the defaults. */
export function missesInfinity(root: Expr, plan: KernelPlan): boolean {
  if (!reachable([root]).some((node) => node.kind === "application" && logarithmic.has(node.primitive))) return false;
  const limits = limitsAtEnds(root, plan).map((limit) =>
    limit === "inf" ? Infinity : limit === "-inf" ? -Infinity : 0,
  );
  if (limits.every((limit) => limit === 0)) return false;
  return searched(plan, [root], {
    name: "misses infinity",
    isAnswer: isBoolean,
    find: ([form = root], subject) => {
      const { variables, settings, rowsOf: rowsAt } = trialsOf(subject);
      const program = usualProgramOf(form);
      return limits.some((limit, i) => {
        const [row = []] = rowsAt(0, i === 0 ? -Infinity : Infinity, settings.slice(0, 1));
        return limit !== 0 && program((variable) => row[variables.indexOf(variable)] ?? NaN) !== limit;
      });
    },
  });
}

const logarithmic: ReadonlySet<string> = new Set(["log", "log1p", "asinh", "acosh", "softplus", "logaddexp"]);

/** Numbers for variables, and what comes of them. */
interface TriedRow {
  readonly of: (variable: Variable) => number;
  readonly value: Ball;
}

/** From where exponentials are beyond what wide numbers hold, by a parameter or by themselves. */
const sizes: readonly number[] = [104, 6e4, 1e9, 4e9, 1e13, 1.85e19, 1e30, 3.4e38].map(Math.fround);
/** What exponents may be divided or multiplied by, and next to what else they cancel. */
const triedNumbers: readonly number[] = [2 ** -20, 2 ** -12, 1, 1 + 2 ** -20];
/** All parameters at once: a square and a product of them are then beyond what exponents hold. */
const largeNumber = 2 ** 14;

function rowsOf(form: Expr, { activation, cotangent }: Subject): readonly TriedRow[] {
  const parameters = triedParameters(activation);
  const settingOf = (value: (parameter: (typeof parameters)[number]) => number): Map<Variable, number> =>
    new Map(parameters.map((parameter) => [parameter.variable, value(parameter)]));
  const settings = [
    settingOf((each) => each.default),
    settingOf((each) => (isInside(each.range, largeNumber) ? largeNumber : each.default)),
    ...parameters.flatMap((each) =>
      triedNumbers
        .filter((number) => isInside(each.range, number))
        .map((number) => settingOf((other) => (other === each ? number : other.default))),
    ),
  ];
  const points = sizes.flatMap((x) => [x, -x]);
  const inputs = points.flatMap((x) =>
    activation.inputs.length === 1
      ? [[x]]
      : activation.inputs.flatMap((_, i) => [
          activation.inputs.map(() => x),
          activation.inputs.map((_, k) => (k === i ? x : Math.fround(0.99 * x))),
          activation.inputs.map((_, k) => (k === i ? x : Math.fround(0.7))),
        ]),
  );
  const [only, ...others] = activation.inputs;
  return settings.flatMap((setting) => {
    const fixed = new Map<Variable, number>([...setting, [cotangent, 1]]);
    const finite = inputs.flatMap((row) => {
      const known = new Map(fixed);
      activation.inputs.forEach((input, i) => known.set(input, row[i]!));
      const { ball, decided } = referenceValue(form, known, "binary32");
      return decided ? [{ of: numberIn(known), value: ball }] : [];
    });
    if (!only || others.length > 0) return finite;
    const infinite = ([-1, 1] as const).flatMap((sign) => {
      const limit = referenceLimit(
        (x) => referenceValue(form, new Map<Variable, number | Ball>([...fixed, [only, x]]), "binary32"),
        sign,
      );
      return limit === undefined
        ? []
        : [{ of: numberIn(new Map(fixed).set(only, sign * Infinity)), value: fromNumber(limit) }];
    });
    return [...finite, ...infinite];
  });
}

const numberIn =
  (numbers: ReadonlyMap<Variable, number>) =>
  (variable: Variable): number =>
    numbers.get(variable) ?? NaN;

function wrongAmong(form: Expr, rows: readonly TriedRow[]): number {
  const program = usualProgramOf(form);
  return rows.filter(({ of, value }) => !(ulpError(program(of), value, "binary32") <= 1)).length;
}
