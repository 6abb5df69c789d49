import {
  createProgram,
  createCompilerHost,
  createSourceFile,
  flattenDiagnosticMessageText,
  ModuleKind,
  ScriptTarget,
} from "typescript";
import { describe, expect, test } from "vitest";
import {
  typescriptClosure,
  typescriptFunction,
  typescriptFunctions,
} from "../../compiler/backend/library/typescript.js";
import {
  absolute,
  type Ball,
  compare,
  divide,
  dyadic,
  fromNumber,
  half,
  multiply,
  negate,
  one,
  subtract,
  two,
} from "../../compiler/numerics/ball.js";
import { exp } from "../../compiler/numerics/elementary.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import { rsqrt } from "../../compiler/numerics/powers.js";
import { ulpError } from "../../compiler/numerics/rounding.js";
import { logaddexp } from "../../compiler/numerics/special.js";
import { pi } from "../../compiler/numerics/trigonometric.js";
import { randomNumbers } from "./binary32.js";
import { typescriptFunctionOf, typescriptText } from "./compile.js";

const precision = 256;
const { sigmoid, softplus, log_sigmoid, erf, erfc, normcdf } = realFunctions;

const normpdf = (x: Ball): Ball => {
  const density = exp(negate(multiply(half, multiply(x, x, 4 * precision), 4 * precision)), precision);
  return multiply(density, rsqrt(multiply(two, pi(precision), precision), precision), precision);
};
const logistic = (x: Ball): Ball => multiply(sigmoid(x, precision), sigmoid(negate(x), precision), precision);
const hypot1 = (x: Ball): Ball => {
  const square = multiply(x, x, 4 * precision);
  return divide(one, rsqrt(subtract(square, dyadic(-1n), 4 * precision), precision), precision);
};

/** The real function, and the bound in ULP of float64: what was measured on 600,000 inputs, and a little. */
const unary: Readonly<Record<string, readonly [real: (x: Ball, precision: number) => Ball, bound: number]>> = {
  sigmoid: [sigmoid, 2.3],
  logistic: [logistic, 2.9],
  softplus: [softplus, 1.7],
  logSigmoid: [log_sigmoid, 1.7],
  erf: [erf, 2.3],
  erfc: [erfc, 3.8],
  normcdf: [normcdf, 4.5],
  normpdf: [normpdf, 3.7],
  rsqrt: [rsqrt, 1.6],
  hypot1: [hypot1, 1.2],
};

/** Of JavaScript's own functions, those that generated code calls. */
const own = ["exp", "expm1", "log", "log1p", "tanh", "sin", "cos", "tan", "atan", "asin", "acos"] as const;
const ownToo = ["sinh", "cosh", "asinh", "acosh", "atanh", "cbrt"] as const;

const random = randomNumbers(521288629);
const inputs = [0.46875, 0.66291, 0.5, 1, 2, 6, 26.5, 26.6, 27.2, 27.3, 37.5, 38.4, 38.6, 700, 709.7, 745.1, 746]
  .flatMap((x) => [x, -x])
  .concat([1e-310, 1e-200, 1e-20, 1e-8, 1e-4, 1e9, 1e20, 1e200, -1e-310, -1e-20, -1e-8, -1e9, -1e200])
  .concat([1, 4, 80, 1500].flatMap((width) => Array.from({ length: 40 }, () => (random() - 0.5) * width)));

function worstOf(
  f: (x: number) => number,
  real: (x: Ball, precision: number) => Ball,
): { error: number; input: number } {
  let worst = { error: 0, input: 0 };
  for (const input of inputs) {
    const error = ulpError(f(input), real(fromNumber(input), precision), "binary64");
    if (error > worst.error) worst = { error, input };
  }
  return worst;
}

describe("TypeScript functions, against ball arithmetic", () => {
  test.each(Object.keys(unary))("%s", (name) => {
    const [real, bound] = unary[name]!;
    const worst = worstOf(typescriptFunctionOf(name), real);
    expect(worst.error, `at ${worst.input}`).toBeLessThanOrEqual(bound);
  });

  test("logaddexp, to the larger of its result and its operands", () => {
    const f = typescriptFunctionOf("logaddexp");
    for (let i = 0; i < 200; i++) {
      const [a, b] = [(random() - 0.5) * 60, (random() - 0.5) * 60];
      const exact = logaddexp(fromNumber(a), fromNumber(b), precision);
      const unit = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(f(a, b)), Math.abs(Math.max(a, b))))) - 52);
      const difference = absolute(subtract(fromNumber(f(a, b)), exact, precision));
      expect(compare(difference, fromNumber(3 * unit), precision), `logaddexp(${a}, ${b})`).toBe(-1);
    }
    expect(f(Infinity, -Infinity)).toBe(Infinity);
    expect(f(-Infinity, -Infinity)).toBe(-Infinity);
    expect(f(Infinity, Infinity)).toBe(Infinity);
    expect(f(NaN, 1)).toBeNaN();
    expect(f(1, NaN)).toBeNaN();
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

  test.each([
    ["sigmoid", 1, 0],
    ["logistic", 0, 0],
    ["softplus", Infinity, 0],
    ["logSigmoid", 0, -Infinity],
    ["erf", 1, -1],
    ["erfc", 0, 2],
    ["normcdf", 1, 0],
    ["normpdf", 0, 0],
    ["hypot1", Infinity, Infinity],
  ])("%s of infinity, -infinity and NaN", (name, above, below) => {
    const f = typescriptFunctionOf(name);
    expect(f(Infinity) + 0).toBe(above);
    expect(f(-Infinity)).toBe(below);
    expect(f(NaN)).toBeNaN();
  });
});

test.each([...own.map((name) => [name, 1] as const), ...ownToo.map((name) => [name, 2.2] as const)])(
  "Math.%s is as accurate as generated code takes it to be",
  (name, bound) => {
    const worst = worstOf(Math[name], realFunctions[name]);
    expect(worst.error, `at ${worst.input}`).toBeLessThanOrEqual(name === "tanh" ? 2.2 : bound);
  },
);

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
    const names = typescriptClosure(["normcdf", "erfc"]).map(({ name }) => name);
    expect(names).toEqual(["expSquare", "erfcx", "erf", "normcdf", "erfc"]);
    expect(typescriptFunction("normcdf")?.calls).toEqual(["erf", "erfcx", "expSquare"]);
    expect(typescriptFunction("gamma")).toBeUndefined();
  });
});
