import { beforeAll, describe, expect, test } from "vitest";
import { exactFunction, exactFunctionInSteps } from "../../compiler/backend/exact-form.js";
import { planKernels } from "../../compiler/backend/kernels.js";
import type { MachineFunction } from "../../compiler/backend/machine-functions.js";
import { expandCalls } from "../../compiler/calculus/differentiate.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import {
  emulate,
  emulateValues,
  type Library,
  readLibrary,
  run,
  type Value,
  wgslNatBits,
} from "../../compiler/machine/index.js";
import { inSteps } from "../../compiler/machine/library/wide/steps.js";
import { fromBits, randomNumbers } from "../library/binary32.js";
import { runOnDevice } from "../machine/device.js";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { library, targets, wideNumbers } from "./numbers.js";

const target = targets[0]!;

/** The first 32 digits of a value and its exponent: what programs give. */
interface Rounded {
  readonly negative: boolean;
  readonly digits: number;
  readonly exponent: number;
}

function roundedOf(value: Value): Rounded {
  if (typeof value !== "object") throw new Error("not a struct");
  const { negative, digits, exponent } = value;
  if (typeof negative !== "boolean" || typeof digits !== "number" || typeof exponent !== "number")
    throw new Error("not a rounded number");
  return { negative, digits, exponent };
}

/** In units of the last of 32 digits; infinite where they are not of a kind. */
function distance(a: Rounded, b: Rounded): number {
  // An exponential that would be less than every number is the least one in a program, and 0 in the library.
  if (Math.max(a.exponent, b.exponent) < -(2 ** 27)) return 0;
  if (a.digits === 0 || b.digits === 0) return a.digits === b.digits && a.exponent === b.exponent ? 0 : Infinity;
  if (a.negative !== b.negative || Math.abs(a.exponent - b.exponent) > 1) return Infinity;
  return Math.abs(a.digits * 2 ** (a.exponent - b.exponent) - b.digits);
}

const wideCall = emulateValues(library, "wide_leading_of");

/** Functions that are composed of others, or in whose place programs have others; exponents of their arguments. */
const functions: Readonly<Record<string, readonly [number, number]>> = {
  exp: [-150, 30],
  expm1: [-150, 30],
  log: [-150, 150],
  log1p: [-150, 150],
  tanh: [-150, 30],
  sinh: [-150, 10],
  asinh: [-100, 100],
  acosh: [-3, 100],
  atanh: [-100, 1],
  softplus: [-100, 30],
  sigmoid: [-100, 30],
  logistic_moment: [-100, 30],
  logcosh: [-60, 30],
  erf: [-100, 6],
  erfc: [-100, 6],
  normcdf: [-100, 6],
  tan: [-100, 100],
  atan: [-100, 100],
  asin: [-100, 1],
  acos: [-100, 1],
  cbrt: [-100, 100],
  floor: [-3, 40],
  ceil: [-3, 40],
  sign: [-3, 3],
};
const functions2: Readonly<Record<string, readonly [number, number]>> = {
  pow: [-8, 12],
  logaddexp: [-20, 20],
  min: [-2, 2],
  max: [-2, 2],
  hypot: [-100, 100],
};

const special = ["WIDE_ZERO", "WIDE_ONE", "WIDE_INFINITY", "WIDE_NAN", "WIDE_HALF"].flatMap((name) => {
  const constant = readLibrary(`fn value() -> wide { return ${name}; }`, library.declarations);
  const negative = readLibrary(`fn value() -> wide { return wide_negate(${name}); }`, library.declarations);
  return [emulateValues(constant, "value")(), emulateValues(negative, "value")()];
});

describe("a program computes what the function does", () => {
  const random = randomNumbers(362436069);
  const numbers = (range: readonly [number, number], count: number): Value[] => [
    ...special,
    ...[...wideNumbers(random, target.bits, range, count)].map((x) => ({ ...x, exponent: Number(x.exponent) })),
  ];

  function check(name: string, parameters: readonly string[], operands: readonly (readonly Value[])[]): void {
    const signature = parameters.map((parameter) => `${parameter}: wide`).join(", ");
    const text = inSteps(
      `fn f(${signature}) -> wide { return wide_${name}(${parameters.join(", ")}); }`,
      "f",
      wgslNatBits,
      false,
    );
    const program = emulateValues(readLibrary(text, library.declarations), "f");
    const straight = emulateValues(library, `wide_${name}`);
    for (const row of operands) {
      const outcome = program(...row);
      if (typeof outcome !== "object" || outcome.value === undefined) throw new Error("no outcome");
      const [actual, expected] = [roundedOf(outcome.value), roundedOf(wideCall(straight(...row)))];
      expect(distance(actual, expected), JSON.stringify([actual, expected], bigintText)).toBeLessThanOrEqual(1);
    }
  }

  const bigintText = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

  test.each(Object.entries(functions))("%s", (name, range) => {
    check(
      name,
      ["x"],
      numbers(range, 40).map((x) => [x]),
    );
  });

  test.each(Object.entries(functions2))("%s", (name, range) => {
    const [xs, ys] = [numbers(range, 60), numbers(range, 60)];
    check(
      name,
      ["x", "y"],
      xs.map((x, i) => [x, ys[(7 * i + 3) % ys.length]!]),
    );
  });

  test("with known exponents, numbers of either sign and their powers", () => {
    for (const power of ["wide_power(x, 5)", "wide_power(x, -3)", "wide_pow(x, wide_divide(WIDE_ONE, WIDE_TWO))"]) {
      const text = `fn g(x: wide) -> wide { return ${power}; }`;
      const straight = emulateValues(readLibrary(text, library.declarations), "g");
      const program = emulateValues(readLibrary(inSteps(text, "g", wgslNatBits, false), library.declarations), "g");
      for (const x of numbers([-20, 20], 40)) {
        const outcome = program(x);
        if (typeof outcome !== "object" || outcome.value === undefined) throw new Error("no outcome");
        expect(distance(roundedOf(outcome.value), roundedOf(wideCall(straight(x)))), power).toBeLessThanOrEqual(1);
      }
    }
  });
});

/** Sums that cancel, factors that overflow, quotients that degenerate. */
const definitions = `
cancelling(x) = exp(x) - 1 - x
mish_(x) = x * tanh(softplus(x))
gelu_(x) = x * normcdf(x)
quotient(x) = log(1 + exp(x)) / x
degenerate(x; learn a = 1) = (exp(a * x) - 1) / a
periodic(x) = sin(x) / x
piecewise(x; learn b = 2) = where(x > b, log(x - b), x^3 - b * x)
overflowing(x) = x * (exp(x) - 2) / (exp(x) + 1)
decaying(x) = sqrt(x + 1) - sqrt(x)
powers(x; learn p = 1.5) = (1 + x^2)^p - 1
`;

/** The exact functions of values and derivatives, and what TypeScript computes in 384 bits. */
function exactFunctions(): Map<string, { readonly fn: MachineFunction; readonly truth: (...x: number[]) => number }> {
  const found = readDefinitions([{ file: "steps.def", text: definitions }]);
  expect(found.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return new Map(
    found.definitions.flatMap((definition) => {
      const { activation } = activationOf(definition);
      if (!activation) throw new Error("the definition has errors");
      const plan = planKernels(activation);
      return [{ of: null, value: plan.value }, ...plan.gradients].map(({ of, value }) => {
        const name = `${activation.name}_${of?.name ?? "value"}`;
        const root = expandCalls(value);
        const long = exactFunction(name, root, []);
        const truth = run(readLibrary(long.text, library.declarations), name);
        return [name, { fn: exactFunctionInSteps(name, [root], [], wgslNatBits), truth }] as const;
      });
    }),
  );
}

const exact = exactFunctions();
const libraryOf = ({ text }: MachineFunction): Library => readLibrary(text, library.declarations);

const random = randomNumbers(88675123);

/** Cotangents are 1; all else is of the size where a function does something, or of any size, or special. */
function points({ variables }: MachineFunction, count: number): number[][] {
  const specials = [0, Infinity, -Infinity, 2 ** -149, -(2 ** -126), 2 ** 127, -(2 ** -60), NaN];
  return Array.from({ length: count }, (_, i) =>
    variables.map(({ role }, k) => {
      if (role === "cotangent") return 1;
      if (role === "input" && i < specials.length) return specials[i] ?? 0;
      return (i + k) % 3 === 0 ? fromBits(Math.floor(random() * 2 ** 32)) : Math.fround(random() * 8 - 4);
    }),
  ).filter((row) => row.every((x, k) => variables[k]?.role === "input" || Number.isFinite(x)));
}

/** In units of the last place of float32 numbers; zeros are alike. */
function units(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const size = Math.max(Math.abs(a), Math.abs(b), 2 ** -126);
  return Math.abs(a - b) / 2 ** (Math.floor(Math.log2(size)) - 23);
}

describe("128 bits and a search for what they do not say give what 384 bits give", () => {
  test.each([...exact.keys()])("%s", (name) => {
    const { fn, truth } = exact.get(name)!;
    const emulated = emulate(libraryOf(fn), name);
    for (const row of points(fn, 60)) {
      const expected = Math.fround(truth(...row));
      const actual = emulated(...row);
      expect(units(actual, expected), `${row.join(", ")}: ${actual} for ${expected}`).toBeLessThanOrEqual(1.01);
    }
  });
});

test("each operation stands in a program once", () => {
  const text = exact.get("mish__x")!.fn.text;
  const calls = [...text.matchAll(/value = (?:wide\()?(\w+)\(/g)].map((match) => match[1]);
  expect(calls).toEqual([...new Set(calls)]);
  expect(calls).toContain("wide_exponential_loose");
  expect(text.split("mish__x_wide(")).toHaveLength(3);
});

describe("a device computes the same bits as emulation", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await requestSoftwareDevice();
  });

  test.each(["cancelling_value", "degenerate_a", "periodic_x"])("%s", async (name) => {
    const { fn } = exact.get(name)!;
    const emulated = emulate(libraryOf(fn), name);
    const rows = points(fn, 150);
    const results = await runOnDevice(device, libraryOf(fn), name, rows);
    results.forEach((result, i) => expect(result, `${rows[i]?.join(", ")}`).toEqual(emulated(...(rows[i] ?? []))));
  });
});
