/** What another driver computed, beside the float64 kernels in TypeScript and, where it matters, the reference. */
import type { Activation } from "../../compiler/ir/activation.js";
import { referenceDerivative, referenceLimit, referenceValue } from "../../compiler/numerics/reference.js";
import { bindingsFor, type Compiled, numbersAt, truth, variableNamed } from "../activations/standard.js";
import { errorInUlp, ulpAt } from "../harness/errors.js";
import type { ActivationEntry, Call, Outcome, Tensor } from "../harness/manifest.js";

/** The value (null) of an activation, or a derivative. */
export type Of = string | null;

export interface Found {
  readonly of: Of;
  /** The largest error in ULP. */
  readonly error: number;
  /** The same less what half a unit in the inputs does to a derivative, and where that is largest. */
  readonly excess: number;
  readonly at: string;
  /** Results that are right once subnormal numbers are taken for 0. */
  readonly flushed: number;
  /** NaN or infinity where the truth is finite, or the other way round. */
  readonly wrong: readonly string[];
}

export interface Outcomes {
  readonly forward: Outcome;
  readonly backward: Outcome;
}

const leastNormal = 2 ** -126;
/** 0 where a subnormal number is right. */
const isFlushed = (result: number, exact: number): boolean => result === 0 && Math.abs(exact) < leastNormal;
const flush = (x: number): number => (Math.abs(x) < leastNormal ? 0 : x);

export const nameOf = (of: Of): string => (of === null ? "value" : `d/d${of}`);

export const describe = (numbers: Readonly<Record<string, number>>, entry: ActivationEntry): string =>
  entry.inputs.map((name) => `${name} = ${numbers[name]}`).join(", ");

export function resultOf(outcomes: Outcomes, of: Of): Tensor {
  const result = of === null ? outcomes.forward.output : outcomes.backward.gradients[of];
  if (!result) throw new Error(`nothing was written for ${of ?? "the value"}`);
  return result;
}

/** Results over the whole range, judged by the float64 kernels; the worst of them by the reference. */
export function comparedRange(
  { typescript }: Compiled,
  entry: ActivationEntry,
  activation: Activation,
  call: Call,
  outcomes: Outcomes,
): Found[] {
  const exactly = (f: (x: number) => number, which = entry.inputs): Outcomes => {
    const inputs = Object.fromEntries(
      Object.entries(call.inputs).map(([name, values]) => [
        name,
        which.includes(name) ? Array.from(values, f) : values,
      ]),
    );
    const each: Call = { ...call, inputs };
    return { forward: typescript.call(entry, "forward64", each), backward: typescript.call(entry, "backward64", each) };
  };
  const [exact, flushed] = [exactly((x) => x), exactly(flush)];
  const moved = entry.inputs.map((name) =>
    [-0.5, 0.5].map((half) => exactly((x) => (Math.abs(x) < ordinarySize ? x + half * ulpAt(x) : x), [name])),
  );
  return [null, ...entry.inputs].map((of) => {
    const expected = resultOf(exact, of);
    const scene: Scene = {
      entry,
      activation,
      of,
      call,
      actual: resultOf(outcomes, of),
      expected,
      flushed: resultOf(flushed, of),
      allowance: allowances(
        of,
        expected,
        moved.map((sides) => sides.map((side) => resultOf(side, of))),
      ),
    };
    return foundIn(scene);
  });
}

/** Below this size an input's rounding counts as a reason for an error next to a zero of a derivative. */
const ordinarySize = 64;

/** What half a unit in each input does to a derivative: next to its zeros float32 cannot do better. */
function allowances(of: Of, expected: Tensor, moved: readonly (readonly Tensor[])[]): Float64Array {
  if (of === null) return new Float64Array(expected.length);
  return Float64Array.from(expected, (value, i) => {
    const changes = moved.map((sides) => Math.max(...sides.map((side) => Math.abs((side[i] ?? NaN) - value))));
    const total = changes.reduce((a, b) => a + b, 0);
    return Number.isFinite(total) ? total : 0;
  });
}

/** One column: what is compared with what. */
interface Scene {
  readonly entry: ActivationEntry;
  readonly activation: Activation;
  readonly of: Of;
  readonly call: Call;
  readonly actual: Tensor;
  readonly expected: Tensor;
  /** What is expected where subnormal inputs are taken for 0. */
  readonly flushed: Tensor;
  readonly allowance: Float64Array;
}

/** NaN agrees with NaN; any other disagreement about what is finite is infinitely large. */
function errorOf(actual: number, exact: number): number {
  if (Number.isNaN(actual) || Number.isNaN(exact)) return Number.isNaN(actual) === Number.isNaN(exact) ? 0 : Infinity;
  if (!Number.isFinite(actual) && Number.isFinite(Math.fround(exact))) return Infinity;
  return errorInUlp(actual, exact);
}

/** How many inputs per column the reference is asked about, for the largest error and for the largest excess. */
const questions = 40;

function foundIn(scene: Scene): Found {
  const { entry, of, call, actual, expected } = scene;
  let flushed = 0;
  const errors = Float64Array.from(actual, (result, i) => {
    const exact = expected[i] ?? NaN;
    const error = errorOf(result, exact);
    if (error <= 1) return error;
    const other = isFlushed(result, exact) ? 0 : errorOf(result, scene.flushed[i] ?? NaN);
    if (other >= error / 2) return error;
    flushed += 1;
    return other;
  });
  const excesses = errors.map((error, i) => error - allowedAt(scene, i));
  const wrong: string[] = [];
  /** The largest of the numbers, each asked of the reference before it counts. */
  const largest = (numbers: Float64Array, allowed: (index: number) => number): readonly [number, string] => {
    const order = [...numbers.keys()].sort((i, j) => (numbers[j] ?? 0) - (numbers[i] ?? 0));
    let [most, at] = [0, ""];
    for (const i of order.slice(0, questions)) {
      if ((numbers[i] ?? 0) <= most) break;
      const point = numbersAt(call, i);
      const result = actual[i] ?? NaN;
      const error = Math.min(judge(scene, point, result), judge(scene, flushedNumbers(point), result));
      const place = `${nameOf(of)} at ${describe(point, entry)}: ${result} instead of ${expected[i]}`;
      if (error === Infinity) wrong.push(place);
      else if (error - allowed(i) > most) [most, at] = [error - allowed(i), place];
    }
    return [most, at];
  };
  const [error] = largest(errors, () => 0);
  wrong.length = 0;
  const [excess, at] = largest(excesses, (i) => allowedAt(scene, i));
  return { of, error, excess, at, flushed, wrong };
}

const allowedAt = ({ allowance, expected }: Scene, index: number): number =>
  (allowance[index] ?? 0) / ulpAt(expected[index] ?? 0);

const flushedNumbers = (numbers: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(numbers).map(([name, x]) => [name, flush(x)]));

/** The error by the reference; 0 where it has no answer. */
function judge({ activation, of }: Scene, numbers: Readonly<Record<string, number>>, actual: number): number {
  const { value, decided, ball } = truth(activation, of, numbers, "binary64");
  if (Number.isNaN(value) || (!decided && ball.kind !== "finite")) return 0;
  return errorOf(actual, value);
}

/** Limits at infinite inputs, and NaN that must come through: what is wrong. */
export function comparedSpecial(
  entry: ActivationEntry,
  activation: Activation,
  call: Call,
  outcomes: Outcomes,
): string[] {
  return [null, ...entry.inputs].flatMap((of) => {
    const actual = resultOf(outcomes, of);
    return Array.from(actual, (result, i) => {
      const numbers = numbersAt(call, i);
      const expected = specialValue(entry, activation, of, numbers);
      if (expected === undefined || agrees(result, expected)) return [];
      return [`${nameOf(of)} at ${describe(numbers, entry)}: ${result} instead of ${expected}`];
    }).flat();
  });
}

const agrees = (actual: number, expected: number): boolean =>
  Object.is(actual, expected) ||
  (Number.isFinite(expected)
    ? Math.abs(actual - expected) <= 1e-4 * Math.abs(expected)
    : actual === Math.fround(expected));

/** Undefined where nothing is specified. */
function specialValue(
  entry: ActivationEntry,
  activation: Activation,
  of: Of,
  numbers: Readonly<Record<string, number>>,
): number | undefined {
  const [name] = entry.inputs.filter((input) => !Number.isFinite(numbers[input]));
  const x = name === undefined ? undefined : numbers[name];
  if (name === undefined || x === undefined) return undefined;
  // A NaN that no chosen branch reads does not come through, and need not in a derivative.
  if (Number.isNaN(x))
    return of === null && Number.isNaN(truth(activation, of, numbers, "binary32").value) ? NaN : undefined;
  const variable = variableNamed(activation, name);
  return referenceLimit(
    (ball) => {
      const bindings = new Map([...bindingsFor(activation, numbers), [variable, ball] as const]);
      return of === null
        ? referenceValue(activation.body, bindings, "binary32")
        : referenceDerivative(activation, variableNamed(activation, of), bindings, "binary32");
    },
    x > 0 ? 1 : -1,
  );
}

/** Over an axis: the largest difference to the float64 kernel, in ULP of the largest cotangent of its row, 1 at least. */
export function comparedRows(
  { typescript }: Compiled,
  entry: ActivationEntry,
  call: Call,
  outcomes: Outcomes,
): Found[] {
  const exact = {
    forward: typescript.call(entry, "forward64", call),
    backward: typescript.call(entry, "backward64", call),
  };
  const rows = call.shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const cotangent = Array.from(call.cotangent ?? []);
  return [null, ...entry.inputs].map((of): Found => {
    const [actual, expected] = [resultOf(outcomes, of), resultOf(exact, of)];
    const wrong: string[] = [];
    let [error, at] = [0, ""];
    let flushed = 0;
    for (let i = 0; i < actual.length; i += 1) {
      const [a, e] = [actual[i] ?? NaN, expected[i] ?? NaN];
      if (isFlushed(a, e)) {
        if (e !== 0) flushed += 1;
        continue;
      }
      const row = Math.floor((i * rows) / actual.length) * (cotangent.length / rows);
      const cotangents = cotangent.slice(row, row + cotangent.length / rows).map(Math.abs);
      const scale = of === null ? e : Math.max(1, Math.abs(e), ...cotangents);
      const place = `${nameOf(of)}, element ${i}: ${a} instead of ${e}`;
      const off = errorOf(a, e) === Infinity ? Infinity : Math.abs(a - e) / ulpAt(scale);
      if (off === Infinity) wrong.push(place);
      else if (off > error) [error, at] = [off, place];
    }
    return { of, error, excess: error, at, flushed, wrong };
  });
}

/** Gradients that are sums: a difference to the float64 kernel beyond what adding up in float32 explains. */
export function comparedSums(
  { typescript }: Compiled,
  entry: ActivationEntry,
  call: Call,
  backward: Outcome,
): string[] {
  const exact = typescript.call(entry, "backward64", call).gradients;
  // Each element by itself, or each row.
  const length = entry.axis ? (call.shape.at(-1) ?? 1) : 1;
  const count = call.shape.reduce((a, b) => a * b, 1) / length;
  const part = (values: ArrayLike<number> | undefined, i: number): number[] =>
    Array.from({ length }, (_, k) => values?.[i * length + k] ?? NaN);
  const single = (i: number): Call => ({
    ...call,
    shape: entry.axis ? [1, length] : [1],
    inputs: Object.fromEntries(Object.entries(call.inputs).map(([name, values]) => [name, part(values, i)])),
    cotangent: part(call.cotangent, i),
  });
  const terms = Array.from({ length: count }, (_, i) => typescript.call(entry, "backward64", single(i)).gradients);
  return entry.learned.flatMap(({ name, shape }) =>
    Array.from(backward.gradients[name] ?? [NaN], (actual, i) => {
      const place = shape === "axis" ? i : 0;
      const total = terms.reduce((sum, term) => sum + Math.abs(term[name]?.[place] ?? NaN), 0);
      const expected = exact[name]?.[i] ?? NaN;
      return Math.abs(actual - expected) <= 2 ** -18 * total
        ? []
        : [`d/d${name}[${i}]: ${actual} instead of ${expected}`];
    }).flat(),
  );
}
