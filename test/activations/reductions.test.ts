/**
 * Reductions against an oracle of their own: rows as functions of dual numbers, one forward pass for each variable, so that
 * nothing is transposed. Small rows, along every axis; long ones with closed forms.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type ActivationEntry, type Call, entryOf, type Outcome } from "../harness/manifest.js";
import type { WgslKernelSet } from "../harness/wgsl.js";
import { errorInUlp } from "../harness/errors.js";
import { words } from "./points.js";
import { type Compiled, compiled, shaders } from "./standard.js";

/** A number and its derivative in one variable. */
interface Dual {
  readonly v: number;
  readonly d: number;
}
const num = (v: number, d = 0): Dual => ({ v, d });
const add = (a: Dual, b: Dual): Dual => num(a.v + b.v, a.d + b.d);
const sub = (a: Dual, b: Dual): Dual => num(a.v - b.v, a.d - b.d);
const mul = (a: Dual, b: Dual): Dual => num(a.v * b.v, a.d * b.v + a.v * b.d);
const div = (a: Dual, b: Dual): Dual => num(a.v / b.v, (a.d - (a.v / b.v) * b.d) / b.v);
const exp = (a: Dual): Dual => num(Math.exp(a.v), Math.exp(a.v) * a.d);
const log = (a: Dual): Dual => num(Math.log(a.v), a.d / a.v);
const sqrt = (a: Dual): Dual => num(Math.sqrt(a.v), a.d / (2 * Math.sqrt(a.v)));
const sum = (row: readonly Dual[]): Dual => row.reduce(add, num(0));
const mean = (row: readonly Dual[]): Dual => div(sum(row), num(row.length));
const extreme = (row: readonly Dual[], beyond: (a: number, b: number) => boolean): Dual =>
  row.reduce((best, each) => (beyond(each.v, best.v) ? each : best));
const max = (row: readonly Dual[]): Dual => extreme(row, (a, b) => a > b);
const min = (row: readonly Dual[]): Dual => extreme(row, (a, b) => a < b);

/** What stands at each place of a row: inputs, and learned parameters as they are there. */
interface Row {
  readonly x: readonly Dual[];
  readonly z: readonly Dual[];
  readonly w: readonly Dual[];
  readonly b: readonly Dual[];
}

interface Case {
  readonly definition: string;
  /** The results of a row, or its one result. */
  readonly row: (row: Row) => readonly Dual[];
  /** The shape of w and b. */
  readonly learned?: "scalar" | "channel" | "axis";
  readonly yieldsRows?: true;
}

const each = (row: readonly Dual[], f: (a: Dual, i: number) => Dual): Dual[] => row.map(f);

const cases: Readonly<Record<string, Case>> = {
  softmax: {
    definition: "softmax(x; axis d = -1) = e / sum[d](e)\n  let e = exp(x - max[d](x))",
    row: ({ x }) => each(x, (a) => div(exp(a), sum(x.map(exp)))),
  },
  plain_softmax: {
    definition: "plain_softmax(x; axis d = -1) = exp(x) / sum[d](exp(x))",
    row: ({ x }) => each(x, (a) => div(exp(a), sum(x.map(exp)))),
  },
  log_softmax: {
    definition: "log_softmax(x; axis d = -1) = x - log(sum[d](exp(x)))",
    row: ({ x }) => each(x, (a) => sub(a, log(sum(x.map(exp))))),
  },
  rms_norm: {
    definition: "rms_norm(x; axis d = -1, learn w[d] = 1, eps = 1e-6) = x / sqrt(mean[d](x^2) + eps) * w",
    learned: "axis",
    row: ({ x, w }) => {
      const scale = sqrt(add(mean(x.map((a) => mul(a, a))), num(1e-6)));
      return each(x, (a, i) => mul(div(a, scale), w[i]!));
    },
  },
  layer_norm: {
    definition:
      "layer_norm(x; axis d = -1, learn w[d] = 1, learn b[d] = 0, eps = 1e-5) =\n  (x - m) / sqrt(mean[d]((x - m)^2) + eps) * w + b\n  let m = mean[d](x)",
    learned: "axis",
    row: ({ x, w, b }) => {
      const m = mean(x);
      const scale = sqrt(add(mean(x.map((a) => mul(sub(a, m), sub(a, m)))), num(1e-5)));
      return each(x, (a, i) => add(mul(div(sub(a, m), scale), w[i]!), b[i]!));
    },
  },
  spread: {
    definition: "spread(x; axis d = -1) = (x - min[d](x)) / (max[d](x) - min[d](x) + 1)",
    row: ({ x }) => each(x, (a) => div(sub(a, min(x)), add(sub(max(x), min(x)), num(1)))),
  },
  nested: {
    definition: "nested(x; axis d = -1) = x * max[d](x - mean[d](x^2)) + sum[d](x * max[d](x))",
    row: ({ x }) => {
      const square = mean(x.map((a) => mul(a, a)));
      const top = max(x.map((a) => sub(a, square)));
      const all = sum(x.map((a) => mul(a, max(x))));
      return each(x, (a) => add(mul(a, top), all));
    },
  },
  plain_rms: {
    definition: "plain_rms(x; axis d = -1, eps = 1e-6) = x / sqrt(mean[d](x^2) + eps)",
    row: ({ x }) => each(x, (a) => div(a, sqrt(add(mean(x.map((b) => mul(b, b))), num(1e-6))))),
  },
  scaled: {
    definition: "scaled(x; axis d = -1, learn w[d] = 1) = w * exp(x)",
    learned: "axis",
    row: ({ x, w }) => each(x, (a, i) => mul(w[i]!, exp(a))),
  },
  log_sum_exp: {
    definition: "log_sum_exp(x; axis d = -1) = log(sum[d](exp(x)))",
    yieldsRows: true,
    row: ({ x }) => [log(sum(x.map(exp)))],
  },
  weighted_mean: {
    definition: "weighted_mean(x, z; axis d = -1, learn w = 2) = w * sum[d](x * exp(z)) / sum[d](exp(z))",
    learned: "scalar",
    yieldsRows: true,
    row: ({ x, z, w }) => [div(mul(w[0]!, sum(x.map((a, i) => mul(a, exp(z[i]!))))), sum(z.map(exp)))],
  },
  gated_softmax: {
    definition:
      "gated_softmax(x, z; axis d = -1, learn w[channel] = 1, beta = 0.5) = z * exp(beta * w * x) / sum[d](exp(beta * w * x))",
    learned: "channel",
    row: ({ x, z, w }) => {
      const e = x.map((a, i) => exp(mul(num(0.5), mul(w[i]!, a))));
      return each(z, (a, i) => div(mul(a, e[i]!), sum(e)));
    },
  },
  masked: {
    definition: "masked(x, z; axis d = -1) = exp(s) / sum[d](exp(s))\n  let s = where(z > -1.5, x, -inf)",
    row: ({ x, z }) => {
      const e = x.map((a, i) => (z[i]!.v > -1.5 ? exp(a) : num(0)));
      const total = sum(e);
      // Where all are masked, all are alike.
      return each(e, (a) => (total.v === 0 ? num(1 / e.length) : div(a, total)));
    },
  },
  count: {
    definition: "count(x; axis d = -1) = x * sum[d](1) + max[d](2) + mean[d](where(x > 0, 1, 0))",
    row: ({ x }) =>
      each(x, (a) => add(add(mul(a, num(x.length)), num(2)), mean(x.map((other) => num(other.v > 0 ? 1 : 0))))),
  },
};

/**
 * Each kind of reduction, of learned parameter and of result; CI has the device execute all. A norm with a learned weight:
 * `values.test.ts`.
 */
const executed = new Set(["softmax", "log_softmax", "plain_rms", "gated_softmax", "spread", "scaled", "count"]);

let all: Compiled;
let gpu: WgslKernelSet | null;

beforeAll(async () => {
  all = await compiled(
    Object.values(cases)
      .map(({ definition }) => definition)
      .join("\n\n"),
  );
  gpu = await shaders(all, ({ name }) => process.env["CI"] !== undefined || executed.has(name));
}, 120_000);

type Run = (entry: ActivationEntry, kernel: "forward" | "backward", call: Call) => Promise<Outcome | null>;

const targets: readonly (readonly [name: string, run: Run, tolerance: number])[] = [
  ["TypeScript", (entry, kernel, call) => Promise.resolve(all.typescript.call(entry, kernel, call)), 2 ** -23],
  ["float64", (entry, kernel, call) => Promise.resolve(all.typescript.call(entry, `${kernel}64`, call)), 2 ** -38],
  ["WGSL", (entry, kernel, call) => gpu?.callIfLoaded(entry, kernel, call) ?? Promise.resolve(null), 2 ** -22],
];

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function randoms(count: number, seed: number, scale = 4): number[] {
  const word = words(seed);
  return Array.from({ length: count }, () => Math.fround(((word() / 2 ** 32) * 2 - 1) * scale));
}

/** Everything that a definition gives and passes back, by dual numbers. */
function oracle(
  { row, learned, yieldsRows }: Case,
  shape: readonly number[],
  axis: number,
  given: {
    readonly x: number[];
    readonly z: number[];
    readonly w: number[];
    readonly b: number[];
    readonly dy: number[];
  },
): {
  readonly output: number[];
  readonly dx: number[];
  readonly dz: number[];
  readonly dw: number[];
  readonly db: number[];
} {
  const length = shape[axis] ?? 1;
  const inner = product(shape.slice(axis + 1));
  const size = product(shape);
  const channels = shape.length > 1 ? (shape[1] ?? 1) : 1;
  const channelInner = shape.length > 1 ? product(shape.slice(2)) : size;
  const output = new Array<number>(yieldsRows ? size / length : size).fill(0);
  const [dx, dz] = [new Array<number>(size).fill(0), new Array<number>(size).fill(0)];
  const [dw, db] = [given.w.map(() => 0), given.b.map(() => 0)];
  for (let r = 0; r < size / length; r++) {
    const places = Array.from({ length }, (_, k) => (Math.floor(r / inner) * length + k) * inner + (r % inner));
    const learnedAt = (k: number): number =>
      learned === "axis" ? k : learned === "channel" ? Math.floor(places[k]! / channelInner) % channels : 0;
    const run = (of: "x" | "z" | "w" | "b" | null, at: number): readonly Dual[] => {
      const marked = (name: "x" | "z" | "w" | "b", index: number): Dual =>
        num(given[name][index] ?? 0, name === of && index === at ? 1 : 0);
      return row({
        x: places.map((i) => marked("x", i)),
        z: places.map((i) => marked("z", i)),
        w: places.map((_, k) => marked("w", learnedAt(k))),
        b: places.map((_, k) => marked("b", learnedAt(k))),
      });
    };
    const to = (i: number): number => (yieldsRows ? r : places[i]!);
    run(null, 0).forEach(({ v }, i) => (output[to(i)] = v));
    const back = (of: "x" | "z" | "w" | "b", at: number): number =>
      run(of, at).reduce((total, { d }, i) => total + d * (given.dy[to(i)] ?? 0), 0);
    for (const i of places) {
      dx[i] = back("x", i);
      dz[i] = back("z", i);
    }
    if (learned) {
      given.w.forEach((_, i) => (dw[i]! += back("w", i)));
      given.b.forEach((_, i) => (db[i]! += back("b", i)));
    }
  }
  return { output, dx, dz, dw, db };
}

const layouts: readonly (readonly [shape: readonly number[], axis: number])[] = [
  [[1], -1],
  [[7], 0],
  [[3, 5], -1],
  [[3, 5], 0],
  [[2, 3, 4], 1],
  [[2, 4, 3], 0],
  [[2, 2, 9], -1],
];

/** Compared with the largest of their kind: where terms cancel, their size is what counts. */
function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  const size = Math.max(1e-3, ...expected.map(Math.abs));
  expect(actual.length, what).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((actual[i] ?? NaN) - value) / size, `${what}[${i}]: ${actual[i]} instead of ${value}`).toBeLessThan(
      tolerance,
    );
  });
}

describe.each(targets)("%s", (_, run, tolerance) => {
  describe.each(Object.entries(cases))("%s", (name, each) => {
    it.each(layouts)("%j along %i", async (shape, axis) => {
      const entry = entryOf(all.generated, name);
      const position = axis < 0 ? axis + shape.length : axis;
      const size = product(shape);
      const learnedCount = { scalar: 1, channel: shape.length > 1 ? shape[1]! : 1, axis: shape[position]! }[
        each.learned ?? "scalar"
      ];
      const given = {
        x: randoms(size, 1),
        z: randoms(size, 2, 2),
        w: randoms(learnedCount, 3, 2),
        b: randoms(learnedCount, 4, 2),
        dy: randoms(each.yieldsRows ? size / shape[position]! : size, 5, 2),
      };
      const truth = oracle(each, shape, position, given);
      const inputs = Object.fromEntries(entry.inputs.map((input) => [input, input === "x" ? given.x : given.z]));
      const parameters = Object.fromEntries(entry.learned.map((l) => [l.name, l.name === "w" ? given.w : given.b]));
      const call: Call = { shape, axis, inputs, cotangent: given.dy, parameters };
      const forward = await run(entry, "forward", call);
      const backward = await run(entry, "backward", call);
      if (!forward || !backward) return;
      expectClose(forward.output, truth.output, tolerance, "y");
      for (const [of, gradient] of Object.entries(backward.gradients)) {
        const expected = { x: truth.dx, z: truth.dz, w: truth.dw, b: truth.db }[of] ?? [];
        expectClose(gradient, expected, 4 * tolerance, `d${of}`);
      }
    });
  });
});

/** Results of a long row in closed form. */
const closedForms: Readonly<
  Record<string, (x: readonly number[], dy: readonly number[]) => { readonly y: number[]; readonly dx: number[] }>
> = {
  softmax: (x, dy) => {
    const { e, total, top } = exponentials(x);
    // d - mean(d), with what belongs to the largest element taken away from all.
    const above = dy.map((d) => d - dy[top]!);
    const mean = e.reduce((s, a, i) => s + a * above[i]!, 0) / total;
    return { y: e.map((a) => a / total), dx: e.map((a, i) => (a / total) * (above[i]! - mean)) };
  },
  log_softmax: (x, dy) => {
    const { e, total, others, top } = exponentials(x);
    const all = dy.reduce((a, b) => a + b, 0);
    const log = Math.log1p(others);
    return { y: x.map((a) => a - x[top]! - log), dx: e.map((a, i) => dy[i]! - (a / total) * all) };
  },
  plain_rms: (x, dy) => {
    const square = x.reduce((s, a) => s + a * a, 0) / x.length + 1e-6;
    const scale = Math.sqrt(square);
    const along = x.reduce((s, a, i) => s + a * dy[i]!, 0) / x.length;
    return { y: x.map((a) => a / scale), dx: x.map((a, i) => (dy[i]! - (a * along) / square) / scale) };
  },
};

function exponentials(x: readonly number[]) {
  const top = x.reduce((best, a, i) => (a > x[best]! ? i : best), 0);
  const e = x.map((a) => Math.exp(a - x[top]!));
  const others = e.reduce((s, a, i) => (i === top ? s : s + a), 0);
  return { e, total: 1 + others, others, top };
}

/** Errors in units in the last place of the result, or of the largest that it is computed from times 2^-20. */
function largestError(actual: ArrayLike<number>, expected: readonly number[], floor: number): string {
  let [worst, where] = [0, -1];
  expected.forEach((value, i) => {
    if (actual[i] === value) return;
    const error = Math.min(errorInUlp(actual[i] ?? NaN, value), Math.abs((actual[i] ?? NaN) - value) / floor);
    if (!(error <= worst)) [worst, where] = [error, i];
  });
  return worst <= 4 ? "within 4 ulp" : `${worst} ulp at ${where}: ${actual[where]} instead of ${expected[where]}`;
}

describe.each(targets.filter(([name]) => name !== "float64"))("%s: long rows", (_, run) => {
  const names = Object.keys(closedForms);
  const lengths = [1, 7, 1000, 65_537, ...(process.env["CI"] === undefined ? [] : [4_000_000])];
  it.each(names.flatMap((name) => lengths.map((length) => [name, length] as const)))(
    "%s of %i",
    async (name, length) => {
      const entry = entryOf(all.generated, name);
      const rows = length > 10_000 ? 1 : 3;
      const x = randoms(rows * length, 11, 1e4);
      const dy = randoms(rows * length, 12);
      // Neighbours of the largest, so that not all the rest vanishes; and what attention masks.
      if (name !== "plain_rms") {
        for (let i = 1; i < x.length; i += 3) x[i] = i % 2 === 0 ? -Infinity : Math.fround(9990 + (i % 10));
      }
      const call: Call = { shape: [rows, length], axis: -1, inputs: { x }, cotangent: dy };
      const [forward, backward] = [await run(entry, "forward", call), await run(entry, "backward", call)];
      if (!forward || !backward) return;
      for (let r = 0; r < rows; r++) {
        const part = <T extends { slice(from: number, to: number): T }>(list: T): T =>
          list.slice(r * length, (r + 1) * length);
        const truth = closedForms[name]!(part(x), part(dy));
        expect(largestError(part(forward.output), truth.y, 2 ** -126)).toBe("within 4 ulp");
        const size = truth.dx.reduce((most, d) => Math.max(most, Math.abs(d)), 2 ** -100);
        expect(
          largestError(
            part(backward.gradients["x"]!),
            truth.dx,
            length === 1 ? Math.abs(dy[r]! / x[r]!) : size * 2 ** -44,
          ),
        ).toBe("within 4 ulp");
      }
    },
    60_000,
  );
});

describe.each(targets)("%s: infinities and NaN in a row", (_, run) => {
  const forward = async (name: string, x: readonly number[]): Promise<ArrayLike<number> | null> => {
    const call: Call = { shape: [x.length], axis: -1, inputs: { x } };
    return (await run(entryOf(all.generated, name), "forward", call))?.output ?? null;
  };
  const inf = Infinity;
  it.each([
    ["softmax", [-inf, 0, 0], [0, 0.5, 0.5]],
    // As equal inputs do.
    ["softmax", [-inf, -inf, -inf, -inf], [0.25, 0.25, 0.25, 0.25]],
    ["softmax", [0, inf, 3], [0, 1, 0]],
    ["softmax", [0, NaN, 3], [NaN, NaN, NaN]],
    ["plain_softmax", [1e30, -1e30], [1, 0]],
    ["log_softmax", [-inf, 0], [-inf, 0]],
    ["log_softmax", [5, 5], [-Math.LN2, -Math.LN2]],
    // The largest number is not infinite.
    ["log_softmax", [-3.4028234663852886e38, 0], [-3.4028234663852886e38, 0]],
    ["log_sum_exp", [3.4028234663852886e38, 0], [3.4028234663852886e38]],
    ["log_sum_exp", [-inf, -inf], [-inf]],
    ["log_sum_exp", [inf, 1], [inf]],
    ["log_sum_exp", [NaN, 1], [NaN]],
    ["spread", [1, NaN], [NaN, NaN]],
    ["scaled", [0, NaN, -inf, inf], [1, NaN, 0, inf]],
  ] as const)("%s of %j", async (name, x, expected) => {
    const actual = await forward(name, x);
    if (!actual) return;
    expect([...new Float32Array(actual)]).toEqual(
      [...expected].map((each) =>
        expect.toSatisfy((a: number) => Object.is(a, each) || a === each || Math.abs(a - each) < 1e-7),
      ),
    );
  });
});

describe("a random reduction", () => {
  const definition = `gumbel(x; axis d = -1, t = 0.5 in (0, inf)) = exp(z) / sum[d](exp(z))
  random u = train uniform(0, 1) eval exp(-1)
  let z = (x - log(-log(u))) / t
`;
  it("draws the same numbers in every walk, on every target", async () => {
    const own = await compiled(definition);
    const device = await shaders(own);
    const entry = entryOf(own.generated, "gumbel");
    const shape = [3, 40];
    const [x, dy] = [randoms(120, 21), randoms(120, 22)];
    const call = (more: Partial<Call>): Call => ({ shape, axis: -1, inputs: { x }, cotangent: dy, seed: 7, ...more });
    const wide = (given: Call, kernel: "forward64" | "backward64") => own.typescript.call(entry, kernel, given);
    const drawn = wide(call({ training: true }), "forward64").output;
    expect([...drawn]).not.toEqual([...wide(call({ training: true, seed: 8 }), "forward64").output]);
    // Without noise it is the softmax.
    const still = wide(call({ training: false }), "forward64").output;
    const e = x.slice(0, 40).map((a) => Math.exp(a / 0.5));
    const total = e.reduce((a, b) => a + b);
    e.forEach((a, i) => expect(still[i]).toBeCloseTo(a / total, 12));
    // Backward differentiates what forward drew.
    const dx = wide(call({ training: true }), "backward64").gradients["x"]!;
    for (const i of [0, 39, 57, 119]) {
      const moved = (by: number): number => {
        const inputs = { x: x.map((a, j) => (i === j ? a + by : a)) };
        const { output } = wide(call({ training: true, inputs }), "forward64");
        return dy.reduce((total, d, j) => total + d * (output[j] ?? NaN), 0);
      };
      expect(dx[i]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 7);
    }
    const shader = await device?.call(entry, "forward", call({ training: true }));
    if (shader) expectClose(shader.output, [...drawn], 2 ** -22, "y");
    const back = await device?.call(entry, "backward", call({ training: true }));
    if (back) expectClose(back.gradients["x"]!, [...dx], 2 ** -20, "dx");
  });
});
