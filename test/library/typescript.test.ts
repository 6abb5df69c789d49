import {
  createProgram,
  createCompilerHost,
  createSourceFile,
  flattenDiagnosticMessageText,
  ModuleKind,
  ScriptTarget,
} from "typescript";
import { describe, expect, test } from "vitest";
import { constants, polynomials, tables } from "../../compiler/backend/library/coefficients/float64.js";
import { float64 } from "../../compiler/backend/library/float64.js";
import { gaussian64 } from "../../compiler/backend/library/gaussian64.js";
import {
  typescriptClosure,
  typescriptFunction,
  typescriptFunctions,
} from "../../compiler/backend/library/typescript.js";
import {
  absolute,
  add,
  type Ball,
  compare,
  divide,
  fromNumber,
  midpoint,
  multiply,
  negate,
  scaled,
  subtract,
} from "../../compiler/numerics/ball.js";
import { exp, log1p } from "../../compiler/numerics/elementary.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import { rsqrt } from "../../compiler/numerics/powers.js";
import { toBinary64, ulpError } from "../../compiler/numerics/rounding.js";
import { logaddexp } from "../../compiler/numerics/special.js";
import { pi } from "../../compiler/numerics/trigonometric.js";
import type { PrimitiveName } from "../../compiler/primitives/table.js";
import { randomNumbers } from "./binary32.js";
import { primitiveFunctionOf } from "./compile-form.js";
import { typescriptFunctionOf, typescriptText } from "./compile.js";

const precision = 160;
const { expm1, log, sigmoid, softplus, tanh, erf, erfc, normcdf } = realFunctions;

type Real = (x: Ball, precision: number) => Ball;

const times = (a: Ball, b: Ball): Ball => multiply(a, b, 4 * precision);
const square = (x: Ball): Ball => times(x, x);
const normpdf: Real = (x) =>
  times(exp(scaled(negate(square(x)), -1n), precision), rsqrt(scaled(pi(precision), 1n), precision));
const logistic: Real = (x) => times(sigmoid(x, precision), sigmoid(negate(x), precision));
const softplusTail: Real = (x) => log1p(exp(negate(x), precision), precision);
const mishGate: Real = (x) => tanh(softplus(x, precision), precision);
const geluSlope: Real = (x) => add(normcdf(x, precision), times(x, normpdf(x, precision)), precision);

/** |actual - exact| in units of 2^-53 of a scale, by default the exact value. */
function relativeError(actual: number, exact: Ball, scale = exact): number {
  const ratio = divide(absolute(subtract(fromNumber(actual), exact, precision)), absolute(scale), precision);
  return (toBinary64(midpoint(ratio)) ?? NaN) * 2 ** 53;
}

/** Below, numbers have fewer digits. */
const smallestNormal = 2 ** -1022;

const random = randomNumbers(521288629);
const between = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count }, () => low + (high - low) * random());
const growing = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count }, () => Math.exp(Math.log(low) + Math.log(high / low) * random()));
const bothSigns = (values: readonly number[]): number[] => values.flatMap((x) => [x, -x]);

/** Over a domain: evenly, around a place where forms meet, and towards 0. */
const everywhere = (low: number, high: number): number[] =>
  [...between(low, high, 150), ...between(-1, 1, 100), ...between(-10, 10, 100), ...bothSigns(growing(1e-12, 1, 40))]
    .concat([low, high, 0.46875, 0.5, 1, 2, 6, 8, 20, -0.46875, -0.5, -1, -2, -6, -8, -20])
    .filter((x) => x >= low && x <= high);

interface Case {
  readonly real: Real;
  readonly inputs: readonly number[];
  /** What the error is relative to, where that is not the value. */
  readonly scale?: Real;
  /** Operands behind the first one. */
  readonly more?: readonly number[];
}

const functions: Readonly<Record<string, Case>> = {
  boundedExp: { real: exp, inputs: everywhere(-708, 709.7) },
  boundedExpm1: { real: expm1, inputs: everywhere(-745, 709.7) },
  expm1: { real: expm1, inputs: everywhere(-1000, 709.7) },
  expOfSum: {
    real: (x) => exp(add(x, fromNumber(1e-5), precision), precision),
    inputs: everywhere(-708, 709.7),
    more: [1e-5],
  },
  unitLog1p: { real: log1p, inputs: everywhere(0, 1) },
  softplusTail: { real: softplusTail, inputs: everywhere(0, 708) },
  log: { real: log, inputs: [...growing(1e-310, 1e308, 200), ...between(0.5, 2, 200), ...between(0.98, 1.02, 100)] },
  log1p: { real: log1p, inputs: [...everywhere(-0.999, 1e6), ...growing(1e-300, 1e308, 100)] },
  expSquare: { real: (x) => exp(negate(square(x)), precision), inputs: everywhere(-26.6, 26.6), more: [-1] },
  erfcx: { real: (x) => times(exp(square(x), precision), erfc(x, precision)), inputs: everywhere(0.46, 28) },
  smallErf: { real: erf, inputs: everywhere(-0.5, 0.5) },
  erf: { real: erf, inputs: everywhere(-7, 7) },
  erfc: { real: erfc, inputs: everywhere(-7, 26.5) },
  normcdfByTail: { real: normcdf, inputs: everywhere(-37.5, 9) },
  normcdf: { real: normcdf, inputs: [...everywhere(-37.5, 9), ...between(-8.2, -7.8, 30)] },
  geluSlope: {
    real: geluSlope,
    inputs: [...everywhere(-37.5, 9), ...between(-0.76, -0.74, 60), ...between(-8.2, -7.8, 30)],
    scale: (x) => add(normcdf(x, precision), absolute(times(x, normpdf(x, precision))), precision),
  },
};

/** What kernels put together from functions of the library, and the largest error in units of 2^-53 that was found. */
const forms: readonly (readonly [PrimitiveName, Case, number])[] = [
  ["exp", { real: exp, inputs: everywhere(-708, 709.7) }, 9],
  ["sigmoid", { real: sigmoid, inputs: everywhere(-708, 40) }, 11],
  ["logistic", { real: logistic, inputs: everywhere(-708, 708) }, 12],
  ["softplus", { real: softplus, inputs: everywhere(-708, 1000) }, 10],
  ["tanh", { real: tanh, inputs: everywhere(-25, 25) }, 7],
  ["mish_gate", { real: mishGate, inputs: everywhere(-708, 60) }, 12],
  // The rounding error of the square counts as much as 745 times: 5 units within 3, 510 at the ends.
  ["normpdf", { real: normpdf, inputs: everywhere(-3, 3) }, 14],
  ["normpdf", { real: normpdf, inputs: everywhere(-37.5, 37.5) }, 520],
];

function worstOf(f: (...operands: number[]) => number, { real, inputs, scale = real, more = [] }: Case) {
  let worst = { error: 0, input: 0 };
  for (const input of inputs) {
    const x = fromNumber(input);
    const exact = real(x, precision);
    if (Math.abs(toBinary64(midpoint(exact)) ?? 0) < smallestNormal && input !== 0) continue;
    const actual = f(input, ...more);
    const error = actual === toBinary64(midpoint(exact)) ? 0 : relativeError(actual, exact, scale(x, precision));
    if (!(error <= worst.error)) worst = { error, input };
  }
  return worst;
}

describe("functions are as accurate as their error says, against ball arithmetic", () => {
  test.each(Object.keys(functions))("%s", (name) => {
    const worst = worstOf(typescriptFunctionOf(name), functions[name]!);
    expect(worst.error, `at ${worst.input}`).toBeLessThanOrEqual(Number(typescriptFunction(name)?.error));
  });

  test("each that claims an error is measured", () => {
    const claiming = typescriptFunctions.filter(({ error }) => error !== "0").map(({ name }) => name);
    expect(claiming.filter((name) => name !== "logOfSum").sort()).toEqual(Object.keys(functions).sort());
  });
});

describe("what kernels put together from them", () => {
  test.each(forms)("%s", (name, of, bound) => {
    const worst = worstOf(primitiveFunctionOf(name), of);
    expect(worst.error, `at ${worst.input}`).toBeLessThanOrEqual(bound);
  });

  test("logaddexp, to the larger of its result and its operands", () => {
    const f = primitiveFunctionOf("logaddexp");
    for (let i = 0; i < 200; i++) {
      const [a = 0, b = 0] = between(-30, 30, 2);
      const exact = logaddexp(fromNumber(a), fromNumber(b), precision);
      const unit = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(f(a, b)), Math.abs(Math.max(a, b))))) - 52);
      const difference = absolute(subtract(fromNumber(f(a, b)), exact, precision));
      expect(compare(difference, fromNumber(4 * unit), precision), `logaddexp(${a}, ${b})`).toBe(-1);
    }
  });

  test.each<[PrimitiveName, number, number]>([
    ["exp", Infinity, 0],
    ["sigmoid", 1, 0],
    ["logistic", 0, 0],
    ["tanh", 1, -1],
    ["normpdf", 0, 0],
    ["mish_gate", 1, 0],
    ["gelu_slope", 1, 0],
  ])("%s of infinity, -infinity and NaN", (name, above, below) => {
    const f = primitiveFunctionOf(name);
    expect(f(Infinity) + 0).toBeCloseTo(above, 15);
    expect(f(-Infinity) + 0).toBeCloseTo(below, 15);
    expect(f(NaN)).toBeNaN();
  });
});

describe("at the ends of their domains", () => {
  test.each<[string, readonly (readonly [number, number])[]]>([
    [
      "boundedExp",
      [
        [-746, 0],
        [709.79, Infinity],
        [0, 1],
        [NaN, NaN],
      ],
    ],
    [
      "expm1",
      [
        [-Infinity, -1],
        [Infinity, Infinity],
        [0, 0],
        [NaN, NaN],
        [5e-324, 5e-324],
      ],
    ],
    [
      "log",
      [
        [0, -Infinity],
        [-1, NaN],
        [Infinity, Infinity],
        [NaN, NaN],
        [1, 0],
        [-Infinity, NaN],
      ],
    ],
    [
      "log1p",
      [
        [-1, -Infinity],
        [-2, NaN],
        [Infinity, Infinity],
        [NaN, NaN],
        [0, 0],
        [5e-324, 5e-324],
      ],
    ],
    [
      "softplusTail",
      [
        [Infinity, 0],
        [0, Math.LN2],
        [NaN, NaN],
      ],
    ],
    [
      "erf",
      [
        [Infinity, 1],
        [-Infinity, -1],
        [NaN, NaN],
        [0, 0],
      ],
    ],
    [
      "erfc",
      [
        [Infinity, 0],
        [-Infinity, 2],
        [NaN, NaN],
        [0, 1],
      ],
    ],
    [
      "normcdf",
      [
        [Infinity, 1],
        [-Infinity, 0],
        [NaN, NaN],
        [0, 0.5],
      ],
    ],
    [
      "geluSlope",
      [
        [Infinity, 1],
        [-Infinity, 0],
        [NaN, NaN],
        [0, 0.5],
      ],
    ],
  ])("%s", (name, values) => {
    const f = typescriptFunctionOf(name);
    for (const [x, expected] of values) {
      if (Number.isNaN(expected)) expect(f(x), String(x)).toBeNaN();
      else expect(Math.abs(f(x) - expected) <= 1e-15 || f(x) === expected, `${name}(${x}) is ${f(x)}`).toBe(true);
    }
  });

  test("roundEven", () => {
    const roundEven = typescriptFunctionOf("roundEven");
    const cases: [number, number][] = [
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-1.5, -2],
      [-2.5, -2],
      [0.49999999999999994, 0],
      [4503599627370495.5, 4503599627370496],
      [4503599627370494.5, 4503599627370494],
      [1e300, 1e300],
      [Infinity, Infinity],
      [-Infinity, -Infinity],
      [NaN, NaN],
    ];
    for (const [x, expected] of cases) expect(roundEven(x), String(x)).toBe(expected);
    expect(roundEven(-0.5)).toBeCloseTo(0, 20);
  });
});

/** Of JavaScript's own functions, those that generated code calls. */
const own = ["sin", "cos", "tan", "atan", "asin", "acos"] as const;
const ownToo = ["sinh", "cosh", "asinh", "acosh", "atanh", "cbrt"] as const;

test.each([...own.map((name) => [name, 1] as const), ...ownToo.map((name) => [name, 2.2] as const)])(
  "Math.%s is as accurate as generated code takes it to be",
  (name, bound) => {
    const real = realFunctions[name];
    let worst = { error: 0, input: 0 };
    for (const input of everywhere(-1500, 1500)) {
      const error = ulpError(Math[name](input), real(fromNumber(input), precision), "binary64");
      if (error > worst.error) worst = { error, input };
    }
    expect(worst.error, `at ${worst.input}`).toBeLessThanOrEqual(bound);
  },
);

describe("numbers in the texts", () => {
  const texts = [float64, ...gaussian64.map(({ text }) => text)].join("\n");
  const inTexts = new Set([...texts.matchAll(/(?<![\w.])\d+\.\d+(?:e-?\d+)?/g)].map(([text]) => Number(text)));

  test.each(Object.entries(tables()))("%s is what the generator computes", (name, values) => {
    const literal = new RegExp(`const ${name}: array<f64, ${values.length}> = \\[([^\\]]*)\\]`).exec(float64)?.[1];
    expect(
      literal
        ?.split(",")
        .filter((each) => each.trim() !== "")
        .map(Number),
    ).toEqual(values);
  });

  test.each(Object.entries(polynomials()))("the polynomial for %s", (_, { coefficients, error }) => {
    for (const coefficient of coefficients) expect(inTexts.has(Math.abs(coefficient)), String(coefficient)).toBe(true);
    expect(texts.includes(`(${error.toExponential(1)})`), error.toExponential(1)).toBe(true);
  });

  test.each(Object.entries(constants()))("%s", (_, value) => {
    expect(inTexts.has(value), String(value)).toBe(true);
  });

  test("no long number is another one", () => {
    const known = [...Object.values(tables()), ...Object.values(polynomials()).map((each) => each.coefficients)].flat();
    const exact = [1 / 6, 1 / 24, 1 / 120, smallestNormal];
    const all = new Set([...known, ...Object.values(constants()), ...exact].map(Math.abs));
    const long = [...float64.matchAll(/(?<![\w.])\d+\.\d{9,}(?:e[+-]?\d+)?/g)].map(([text]) => Number(text));
    expect(long.length).toBeGreaterThan(200);
    expect(long.filter((each) => !all.has(each))).toEqual([]);
  });

  test("the polynomial for erfcx, in exact arithmetic", () => {
    const text = gaussian64.map((each) => each.text).find((each) => each.includes("function $erfcx("));
    const body = text?.slice(text.indexOf("const p21")) ?? "";
    const numbers = [...body.matchAll(/-?\d\.\d{9,}(?:e-?\d+)?/g)].map(([each]) => fromNumber(Number(each)));
    const [last, ...threes] = numbers;
    const coefficients = [6, 5, 4, 3, 2, 1, 0].flatMap((i) => threes.slice(3 * i, 3 * i + 3)).concat(last ?? []);
    expect(coefficients).toHaveLength(22);
    for (const x of [0.46, 0.5, 0.7, 1, 1.5, 2, 2.9, 4, 6, 9, 14, 20, 25, 27, 28].map(fromNumber)) {
      const three = fromNumber(3);
      const v = divide(subtract(x, three, precision), add(x, three, precision), precision);
      const value = coefficients.reduceRight((sum, each) => add(times(sum, v), each, precision), fromNumber(0));
      const scale = add(fromNumber(1), scaled(x, 1n), precision);
      const exact = times(scale, times(exp(square(x), precision), erfc(x, precision)));
      expect(
        relativeError(1, divide(exact, add(fromNumber(1.25), value, precision), precision)) * 2 ** -53,
      ).toBeLessThan(1e-17);
    }
  });
});

describe("TypeScript text", () => {
  test("is strict TypeScript without dependencies", () => {
    const names = typescriptFunctions.map(({ name }) => name);
    const text = `${typescriptText(names)}\n\nexport { ${names.join(", ")} };\n`;
    expect(text).not.toContain("$");
    const options = {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noUnusedLocals: true,
      noImplicitReturns: true,
      noEmit: true,
      types: [],
      target: ScriptTarget.ES2022,
      module: ModuleKind.ESNext,
    };
    const host = createCompilerHost(options);
    const { getSourceFile } = host;
    host.getSourceFile = (file, target) =>
      file === "library.ts" ? createSourceFile(file, text, target) : getSourceFile.call(host, file, target);
    const program = createProgram(["library.ts"], options, host);
    const diagnostics = [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()];
    expect(diagnostics.map(({ messageText }) => flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  });

  test("a closure has callees first, each once", () => {
    const closure = typescriptClosure(["normcdf", "erfc"]);
    const names = closure.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    closure.forEach(({ name, calls }, i) => {
      for (const callee of calls) expect(names.slice(0, i), `${name} calls ${callee}`).toContain(callee);
    });
    expect(names).toContain("expOfSum");
    expect(typescriptFunction("normcdf")?.calls).toContain("normcdfByTail");
    expect(typescriptFunction("gamma")).toBeUndefined();
  });
});
