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
  midpoint,
  multiply,
  subtract,
} from "../../compiler/numerics/ball.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import { toBinary64, ulpError } from "../../compiler/numerics/rounding.js";
import { randomNumbers } from "./binary32.js";
import { typescriptFunctionOf, typescriptText } from "./compile.js";

const precision = 256;
const { exp, expm1, log, log1p, erf, erfc, normcdf } = realFunctions;

interface Claim {
  readonly real: (x: Ball, precision: number) => Ball;
  /** Arguments that the function is meant for. */
  readonly takes?: (x: number) => boolean;
}

/** The real function of each of the library's; how far they may be off is what the library says of them, and a tenth of that. */
const claims: Readonly<Record<string, Claim>> = {
  boundedExp: { real: exp, takes: (x) => x >= -746 && x <= 709.78 },
  boundedExpm1: { real: expm1, takes: (x) => x >= -746 && x <= 709.78 },
  expm1: { real: expm1 },
  log: { real: log, takes: (x) => x > 0 },
  log1p: { real: log1p, takes: (x) => x > -1 },
  unitLog1p: { real: log1p, takes: (x) => x >= 0 && x <= 1 },
  erf: { real: erf },
  erfc: { real: erfc },
  normcdf: { real: normcdf },
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
  test.each(Object.entries(claims))("%s", (name, { real, takes = () => true }) => {
    const f = typescriptFunctionOf(name);
    const claimed = Number(typescriptFunction(name)?.error);
    for (const x of inputs.filter(takes)) {
      const exact = real(fromNumber(x), precision);
      const size = Math.abs(toBinary64(midpoint(exact)) ?? NaN);
      if (!(size >= 2 ** -1022 && size < Infinity)) continue;
      const difference = absolute(subtract(fromNumber(f(x)), exact, precision));
      const bound = multiply(absolute(exact), dyadic(BigInt(Math.ceil(1100 * claimed)), -53n), precision);
      const allowed = divide(bound, dyadic(1000n), precision);
      expect(compare(difference, allowed, precision), `${name}(${x})`).not.toBe(1);
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

  test.each([
    ["erf", 1, -1],
    ["erfc", 0, 2],
    ["normcdf", 1, 0],
    ["expm1", Infinity, -1],
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
    const names = typescriptFunctions.map(({ name }) => name);
    const closure = typescriptClosure(names);
    expect(new Set(closure).size).toBe(closure.length);
    closure.forEach(({ name, calls }, i) => {
      const before = new Set(closure.slice(0, i).map((each) => each.name));
      expect(
        calls.filter((called) => !before.has(called)),
        name,
      ).toEqual([]);
    });
    expect(typescriptFunction("gamma")).toBeUndefined();
  });
});
