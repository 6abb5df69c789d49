/**
 * Kernels where the fast form is wrong though it is a number, at the ends of the range: an infinity on the way that
 * a root or a small power brings back, poles that rounding hits, limits, derivatives that are 0 / 0, and cancellations of
 * more than the usual digits. Numbers are from mpmath.
 */
import { beforeAll, describe, expect, it, test } from "vitest";
import { chooseWithoutBranches } from "../../compiler/backend/selections.js";
import { compile } from "../../compiler/compile.js";
import { apply, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { instantiate } from "../../compiler/primitives/formula.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";
import { EmulatedKernelSet } from "../harness/emulated.js";
import { type ActivationEntry, entryOf, readGenerated } from "../harness/manifest.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";

type Numbers = Readonly<Record<string, number>>;
/** What, a definition of f, null or what the derivative is in, inputs and parameters, the result. */
type Row = readonly [what: string, text: string, of: string | null, numbers: Numbers, expected: number];

const rows: readonly Row[] = [
  ["a root of infinity", "f(x) = exp(x) / sqrt(1 + exp(2 * x))", null, { x: 355 }, 1],
  [
    "a power of a number too small",
    "f(x; p = 0.5 in (0, inf)) = 1 / cosh(x)^p",
    null,
    { x: 746, p: 2 ** -20 },
    0.99928947254,
  ],
  [
    "a power of 0 by underflow",
    "f(x; p = 0.5 in (0, 2]) = (1 - tanh(x)^2)^p",
    null,
    { x: 400, p: 2 ** -10 },
    0.458453597734,
  ],
  [
    "a logarithm of infinity in an exponential",
    "f(x) = exp(-log(1 + cosh(x)) / 10)",
    null,
    { x: 800 },
    1.93439182131e-35,
  ],
  [
    "a small power of infinity",
    "f(x; p = 1.5 in (0, inf)) = x * (1 + exp(-2 * x))^-p",
    null,
    { x: -500, p: 2 ** -12 },
    -391.68873203,
  ],
  [
    "a logarithm of infinity in a bounded function",
    "f(x; n = 1 in (0, inf)) = 1 - (1 + n * exp(x))^(-1 / n)",
    null,
    { x: 1000, n: 100 },
    0.9999566434,
  ],
  ["a logarithm of 0 by rounding", "f(x) = log(x + sqrt(x^2 + 1))", null, { x: -3e38 }, -89.2899930048],
  ["a pole by rounding", "f(x) = atanh(x / (1 + abs(x)))", null, { x: -3e38 }, -44.6449965024],
  ["a slow limit", "f(x; n = 2 in (0, inf)) = where(x > 0, x^n / (1 + x^n), 0)", null, { x: Infinity, n: 0.125 }, 1],
  ["a limit of 1^x", "f(x; a = 2 in (0, inf)) = a^x", null, { x: Infinity, a: 1 }, 1],
  ["a limit where polynomials overflow", "f(x) = x * (5 + x^6) / (3 + 28 * x^6)", null, { x: Infinity }, Infinity],
  ["a limit of a larger infinity", "f(x) = max(x^2, x)", "x", { x: Infinity }, Infinity],
  [
    "a limit where an exponential that is held leaves a trace",
    "f(x, b) = p * (log(p) - log(q)) + (1 - p) * (log(1 - p) - log(1 - q))\n  let p = 1 / (1 + exp(-x))\n  let q = 1 / (1 + exp(-b))",
    "x",
    { x: Infinity, b: 0.7 },
    0,
  ],
  ["a complement inside of an inverse function", "f(x) = atanh(1 - exp(-abs(x)))", null, { x: 3000 }, 1500.34657359],
  ["a limit behind a comparison", "f(x; b = 1) = max(x, x / (1 + exp(-b * x)))", "x", { x: Infinity, b: -0.01 }, 1],
  ["a limit where all digits cancel far away", "f(x) = log(normcdf(x))", "x", { x: -Infinity }, Infinity],
  ["a gate whose factor has underflowed", "f(a, b) = a / (1 + exp(-b))", null, { a: Infinity, b: -30000 }, Infinity],
  ["what grows until it vanishes", "f(x; alpha = 1) = x * sigmoid(alpha * x)", null, { x: -Infinity, alpha: 1e-30 }, 0],
  [
    "a gate that its lower end leaves",
    "f(x, g; low = 0.1) = x * max(sigmoid(g), low)",
    null,
    { x: Infinity, g: -33750, low: 0 },
    Infinity,
  ],
  ["a slope that is 0", "f(x; learn a = 1) = x * a * sigmoid(x * a)", "a", { x: -Infinity, a: 0 }, -Infinity],
  [
    "a comparison of a sum that cancels",
    "f(x; t = 0.5) = max(1 + (1 - t) * tanh(x), 0)",
    null,
    { x: -38, t: 0 },
    1.97083088985e-33,
  ],
  ["and its slope", "f(x; t = 0.5) = max(1 + (1 - t) * tanh(x), 0)", "x", { x: -38, t: 0 }, 3.9416617797e-33],
  [
    "a comparison of what has reached its limit but for rounding",
    "f(x; c = 1) = where(tanh(x) < c, x, 0)",
    null,
    { x: 30, c: 1 },
    30,
  ],
  ["a sum that is rounded down, next to a whole number", "f(x; c = 1) = floor(x + c)", null, { x: -1e-30, c: 1 }, 0],
  ["the sign of a sum that cancels", "f(x; c = 1) = sign(1 - tanh(x) - c)", null, { x: 30, c: 0 }, 1],
  ["a derivative that is 0 / 0", "f(x) = x * sqrt(1 - exp(-x^2))", "x", { x: 0 }, 0],
  ["one beside others", "f(x; learn a = 0.5 in (0, inf)) = acosh(1 + a * x^2) / a", "a", { x: 0 }, 0],
  [
    "cancellation of an exponential",
    "f(x; p = 2) = (exp(p * x) + 1)^(1 / p) - exp(x)",
    null,
    { x: 700, p: 1.00390625 },
    0.0646819148059,
  ],
  ["a power that is 1 of all but NaN", "f(x; p = 2) = abs(x)^p", null, { x: NaN, p: 0 }, NaN],
  ["cancellation of fourth powers", "f(x) = (x^2 + 1)^2 - x^4 - 2 * x^2", null, { x: 3e38 }, 1],
  [
    "cancellation at 0",
    "f(x) = where(x == 0, 0, (3 / x^3 - 1 / x) * sin(x) - 3 / x^2 * cos(x))",
    "x",
    { x: 1e-36 },
    1e-36 * (2 / 15),
  ],
];

/** The same of WGSL: what pairs and wide numbers make of conditions, of inputs far out, and of factors that vanish. */
const shaderRows: readonly Row[] = [
  [
    "what is left far out of a difference, with other parameters",
    "f(x; lo = -1, hi = 1, k = 10 in (0, inf)) = lo + log(1 + exp(k * (x - lo))) / k - log(1 + exp(k * (x - hi))) / k",
    null,
    { x: Infinity, lo: -2, hi: 3, k: 4 },
    3,
  ],
  [
    "what is left far out of a difference",
    "f(x; lo = -1, hi = 1, k = 10 in (0, inf)) = lo + log(1 + exp(k * (x - lo))) / k - log(1 + exp(k * (x - hi))) / k",
    null,
    { x: Infinity, lo: -1, hi: 1, k: 10 },
    1,
  ],
  ["what is left far out of powers", "f(x) = (x + 1)^3 - x^3 - 3 * x^2 - 3 * x", null, { x: Infinity }, 1],
  ["a slope that vanishes beside a pole", "f(x) = atanh(x / (1 + abs(x)))", "x", { x: Infinity }, 0],
  ["a slope that is 0", "f(x; learn beta = 1) = x * sigmoid(beta * x)", "beta", { x: 3e19, beta: 0 }, 2.25e38],
  [
    "a small power of a number too small",
    "f(x; a = 1) = (1 / (1 + exp(-x)))^a",
    null,
    { x: -(2 ** 63), a: 2 ** -60 },
    3.35462627903e-4,
  ],
  ["a ratio of vanishing numbers", "f(x) = exp(-x^2 / 2) / (sqrt(2 * pi) * normcdf(-x)) - x", null, { x: 1e13 }, 1e-13],
  ["a logarithm of what has vanished", "f(x) = log(normcdf(x))", null, { x: -(2 ** 50) }, -(2 ** 99)],
  ["what stands beside a sine", "f(x) = min(x, sin(x))", null, { x: -Infinity }, -Infinity],
  [
    "a sum that is rounded down, next to a whole number",
    "f(x) = x - floor(x + 0.5)",
    null,
    { x: 0.49999997 },
    0.49999997,
  ],
  [
    "a factor too small that is compared, and grows again",
    "f(g, u; limit = 7 in (0, inf)) = min(g * sigmoid(g), limit) * clamp(u, -limit, limit)",
    null,
    { g: -93.80000305175781, u: 7.942800045013428 },
    -1.203586041e-38,
  ],
  [
    "a comparison of what has reached its limit but for rounding",
    "f(x; c = 1) = where(tanh(x) < c, x, 0)",
    null,
    { x: 30, c: 1 },
    30,
  ],
  ["a root of what is no negative number", "f(x) = where(x >= 0, sqrt(x), -sqrt(-x))", "x", { x: -0 }, Infinity],
  [
    "a polynomial of pairs next to its zero",
    "f(x) = (x^4 - 6 * x^2 + 3) * exp(-x^2 / 2)",
    null,
    { x: -2.33441424369812 },
    3.8028258006e-8,
  ],
];

interface Compiled {
  readonly entry: ActivationEntry;
  readonly set: TypeScriptKernelSet | EmulatedKernelSet;
}

const compiled = (of: readonly Row[], target: "ts" | "wgsl"): Promise<readonly Compiled[]> =>
  Promise.all(
    of.map(async ([, text]) => {
      const { files } = await compile([{ file: "acts.def", text }], { targets: [target] });
      const generated = readGenerated(files);
      const set = target === "ts" ? await TypeScriptKernelSet.load(generated) : new EmulatedKernelSet(generated);
      return { entry: entryOf(generated, "f"), set };
    }),
  );

function resultOf({ entry, set }: Compiled, of: string | null, numbers: Numbers): number {
  const named = (isInput: boolean): Numbers =>
    Object.fromEntries(Object.entries(numbers).filter(([name]) => entry.inputs.includes(name) === isInput));
  const inputs = Object.fromEntries(Object.entries(named(true)).map(([name, value]) => [name, [value]]));
  const call = { shape: [1], inputs, cotangent: [1], parameters: named(false) };
  const results = set.call(entry, of === null ? "forward" : "backward", call);
  return (of === null ? results.output : results.gradients[of])?.[0] ?? NaN;
}

describe.each([
  ["TypeScript", rows, "ts", 1e-7],
  ["WGSL", shaderRows, "wgsl", 3e-7],
] as const)("%s", (_, table, target, tolerance) => {
  let kernels: readonly Compiled[];
  beforeAll(async () => {
    kernels = await compiled(table, target);
  }, 60_000);

  it.each(table.map((row, i) => [...row, i] as const))("%s", (_, text, of, numbers, expected, i) => {
    const kernel = kernels[i];
    if (!kernel) throw new Error(`${text} does not compile`);
    const actual = resultOf(kernel, of, numbers);
    if (Number.isFinite(expected))
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.abs(expected) * tolerance);
    else expect(actual).toBe(expected);
  });
});

test("a wave has died away at infinity, on devices that keep subnormal numbers too", async () => {
  const { files } = await compile([{ file: "acts.def", text: "f(x) = where(x == 0, 1, sin(x) / x)" }], {
    targets: ["wgsl"],
  });
  const shader = files.find(({ path }) => path === "f.wgsl")?.text ?? "";
  const run = emulatedFunction(shader, "f", 0, { flushes: false });
  expect([...run([Float32Array.of(-Infinity, Infinity)])]).toEqual([0, 0]);
});

describe("a selection without branches is the selection, at infinity too", () => {
  const conditions = [
    "x < k",
    "x <= k",
    "x > k",
    "x >= k",
    "x > k and x < 2",
    "x < k or x > 2",
    "not (x > k or x < -2)",
  ];
  const sides = ["x", "-x", "p * x", "x * y", "p * x^2", "1 / x", "y"];
  const inputs = [-Infinity, -3.4028234663852886e38, -2, -1.5, -0.5, 0, 0.5, 1, 3, 3.4028234663852886e38, Infinity];
  const bounds = [-1.5, 0, 1];

  it.each(conditions.flatMap((condition) => sides.map((side) => [condition, side] as const)))(
    "%s: %s",
    (condition, side) => {
      inFreshGraph(() => {
        const [x, y] = [variable("x", "input", Space.element), variable("y", "input", Space.element)];
        const [p, k] = [variable("p", "hyperparameter", Space.uniform), variable("k", "hyperparameter", Space.uniform)];
        const names = new Map([x, y, p, k].map((each) => [each.name, each]));
        for (const branches of [`${side}, 0`, `0, ${side}`, `${side}, 3 * ${side}`]) {
          const form = instantiate(`where(${condition}, ${branches})`, names, apply);
          const [selection, choice] = [form, chooseWithoutBranches(form)].map((each) =>
            sampler(each, [x, y, p, k], "binary64"),
          );
          for (const at of inputs.flatMap((input) => bounds.map((bound) => [input, 0.75, -2, bound]))) {
            expect(choice!(at) + 0, `where(${condition}, ${branches}) at ${at.join()}`).toBe(selection!(at) + 0);
          }
        }
      });
    },
  );
});
