/** One result against what is expected of it. */
import type { Expectation } from "./corpus.js";

export type TargetName = "TypeScript" | "WGSL";

/** A result of one element. */
export interface Result {
  readonly target: TargetName;
  readonly column: number;
  readonly actual: number;
  readonly expected: Expectation;
  /** Inputs and parameters of the element. */
  readonly numbers: readonly number[];
  /** The inputs alone. */
  readonly inputs: readonly number[];
  /** Whether the value is a product with a vanishing exponential there. */
  readonly vanishing: boolean;
}

export type Verdict =
  | { readonly kind: "right"; readonly error: number }
  /** A subnormal result, or one of a subnormal input, that the device takes for 0. */
  | { readonly kind: "flushed" }
  | { readonly kind: Fault; readonly error: number };

/**
 * `inaccurate`: finite and off. `broken`: NaN or infinite where the value is not, or the reverse. `limit`: not the limit
 * at an infinite input. `lost`: a NaN of an input or parameter that did not come through. `invented`: a number outside of
 * the domain.
 */
export type Fault = "inaccurate" | "broken" | "limit" | "lost" | "invented";
export const faults: readonly Fault[] = ["inaccurate", "broken", "limit", "lost", "invented"];

const largest = 3.4028234663852886e38;
const overflow = 2 ** 128;
/** What rounds to infinity: from the middle between the largest number and 2^128 on. The table has 11 digits. */
const overflowing = (overflow - 2 ** 103) * (1 - 1e-11);
const smallest = 2 ** -126;
const exponentBits = new DataView(new ArrayBuffer(8));

const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < smallest;

/** Whether a device that takes an input for 0 stands on a pole there, which the value is so near to. */
const isPole = (actual: number, expected: number): boolean =>
  !Number.isFinite(actual) && Math.abs(expected) > 2 ** 100 && expected > 0 === actual > 0;

/** The distance of float32 numbers of this size. */
export function ulp(value: number): number {
  exponentBits.setFloat64(0, Math.min(Math.abs(value), largest));
  const exponent = ((exponentBits.getUint32(0) >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.max(exponent, -126) - 23);
}

/** The error allowed, in ulp of the expected value. */
export function boundOf({
  target,
  column,
  expected,
  vanishing,
}: Omit<Result, "actual" | "numbers" | "inputs">): number {
  if (target === "TypeScript") return expected.besideZero ? 1 : 0.51;
  const bound = column === 0 ? (vanishing ? 5 : 4) : vanishing ? 8 : 6;
  return column === 0 ? bound : bound + expected.slack / ulp(expected.value ?? 1);
}

/** The error in ulp; infinities count as 2^128. */
export function errorOf(actual: number, expected: number): number {
  const a = Math.max(-overflow, Math.min(overflow, actual));
  const e = Math.max(-overflow, Math.min(overflow, expected));
  return Math.abs(a - e) / ulp(e);
}

export function judge(result: Result): Verdict | undefined {
  const { actual, target, numbers, inputs } = result;
  const { value: expected } = result.expected;
  if (expected === null) return undefined;
  if (Number.isNaN(expected)) {
    if (Number.isNaN(actual)) return { kind: "right", error: 0 };
    return { kind: numbers.some(Number.isNaN) ? "lost" : "invented", error: Infinity };
  }
  const infinite = inputs.some((x) => Math.abs(x) === Infinity);
  if (Number.isNaN(actual)) {
    // 0 * inf may be NaN.
    if (infinite && numbers.includes(0)) return undefined;
    return { kind: infinite ? "limit" : "broken", error: Infinity };
  }
  const error = errorOf(actual, expected);
  // However close it is: an infinity is no rounding of a number that is finite.
  const invented = !Number.isFinite(actual) && Math.abs(expected) < overflowing;
  if (error <= boundOf(result) && !invented) return { kind: "right", error };
  if (target === "WGSL" && actual === 0 && Math.abs(expected) < smallest) return { kind: "flushed" };
  if (target === "WGSL" && inputs.some(isSubnormal) && isPole(actual, expected)) return { kind: "flushed" };
  if (infinite) return { kind: "limit", error };
  const broken = invented || (Number.isFinite(actual) && Math.abs(expected) >= overflow - 2 ** 103);
  return { kind: broken ? "broken" : "inaccurate", error };
}
