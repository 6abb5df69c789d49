/** What the CPU computes in WebAssembly, against the plain loops: products of matrices, and steps of Adam. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test, vi } from "vitest";
import type { Crew as CrewType } from "../../runtime/cpu/crew.js";
import { matmul } from "../../runtime/cpu/matmul.js";
import type { matmulInVectors as Matmul } from "../../runtime/cpu/matmul-vectors.js";
import type { kernelMemory as KernelMemory } from "../../runtime/cpu/memory.js";
import type { setThreads as SetThreads } from "../../runtime/cpu/threads.js";
import type { WasmPool } from "../../runtime/cpu/pool.js";
import type { update as Update } from "../../runtime/cpu/update.js";
import { cpu } from "../../runtime/index.js";
import type { MatrixProduct } from "../../runtime/device.js";
import { words } from "../activations/points.js";

const keys = ["memory", "shared-memory"].map((name) => Symbol.for(`activation-compiler.${name}`));
let matmulInVectors: typeof Matmul;
let update: typeof Update;
let setThreads: typeof SetThreads;
let kernelMemory: typeof KernelMemory;
let Crew: typeof CrewType;
let pool: WasmPool;

// A memory of their own, whatever else this process has done; and whoever comes next begins anew.
const beginAnew = (): void => {
  vi.resetModules();
  for (const key of keys) Reflect.deleteProperty(globalThis, key);
};
beforeAll(async () => {
  beginAnew();
  ({ matmulInVectors } = await import("../../runtime/cpu/matmul-vectors.js"));
  ({ setThreads } = await import("../../runtime/cpu/threads.js"));
  ({ Crew } = await import("../../runtime/cpu/crew.js"));
  ({ kernelMemory } = await import("../../runtime/cpu/memory.js"));
  setThreads(2);
  ({ update } = await import("../../runtime/cpu/update.js"));
  pool = new (await import("../../runtime/cpu/pool.js")).WasmPool();
});
afterAll(() => {
  setThreads(1);
  beginAnew();
});

function numbers(count: number, seed: number): Float32Array {
  const word = words(seed);
  return Float32Array.from({ length: count }, () => word() / 2 ** 31 - 1);
}

/** Both results, and the sum of the sizes of what is added up for each number. */
function both(product: MatrixProduct, a: Float32Array, b: Float32Array, bias: Float32Array | null) {
  const size = product.batch * product.m * product.n;
  const [vectors, plain, sizes] = [new Float32Array(size).fill(NaN), new Float32Array(size), new Float32Array(size)];
  const done = matmulInVectors(product, a, b, bias, vectors, pool);
  matmul(product, a, b, bias, plain);
  matmul(product, a.map(Math.abs), b.map(Math.abs), bias && bias.map(Math.abs), sizes);
  return { done, vectors, plain, sizes };
}

const shapes: readonly (readonly [batch: number, m: number, k: number, n: number])[] = [
  [1, 32, 784, 64],
  [1, 64, 32, 784],
  [1, 10, 32, 64],
  [1, 4, 64, 8],
  [1, 5, 65, 9],
  [1, 3, 129, 7],
  [1, 1, 1000, 1],
  [1, 1, 7, 99],
  [1, 99, 7, 1],
  [1, 600, 1, 2],
  [3, 6, 17, 11],
  [2, 4, 64, 8],
];

describe("products in vectors", () => {
  describe.each(shapes)("%i times [%i, %i] [.., %i]", (batch, m, k, n) => {
    it.each([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ])("transposed: %s, %s", (transposeA, transposeB) => {
      const bias = numbers(n, 3);
      const product = { batch, m, k, n, transposeA, transposeB };
      const { done, vectors, plain, sizes } = both(product, numbers(batch * m * k, 1), numbers(batch * k * n, 2), bias);
      expect(done).toBe(true);
      // Sums of 64 products at most are rounded to float32 on the way, each time by half a unit of 2^-23.
      const faults = [...vectors].filter((value, i) => !(Math.abs(value - plain[i]!) <= 2 ** -20 * sizes[i]!));
      expect(faults).toEqual([]);
    });
  });

  it("read and write where the numbers are, without a bias as with zeros", () => {
    const product = { batch: 1, m: 33, k: 40, n: 21, transposeA: false, transposeB: true };
    const [a, b, output] = [pool.borrow(33 * 40)!, pool.borrow(40 * 21)!, pool.borrow(33 * 21)!];
    a.set(numbers(a.length, 1));
    b.set(numbers(b.length, 2));
    const elsewhere = both(product, a.slice(), b.slice(), new Float32Array(21));
    expect(matmulInVectors(product, a, b, null, output, pool)).toBe(true);
    expect([...output]).toEqual([...elsewhere.vectors]);
    for (const values of [a, b, output]) pool.giveBack(values);
  });

  it.each([
    [64, 65, 40],
    [37, 9, 8],
    [203, 100, 99],
  ])("give the same bits in several threads: [%i, %i] [.., %i]", (m, k, n) => {
    const product = { batch: 2, m, k, n, transposeA: false, transposeB: false };
    const [a, b, bias] = [numbers(2 * m * k, 1), numbers(2 * k * n, 2), numbers(n, 3)];
    setThreads(3);
    // One that never rests.
    const crew = new Crew(kernelMemory()!, pool, 100, 0);
    const given = vi.spyOn(pool, "crew", "get").mockReturnValue(crew);
    const run = vi.spyOn(crew, "run");
    const [several, one] = [0, Infinity].map((least) => {
      const output = new Float32Array(2 * m * n);
      for (let i = 0; i < 5; i++) expect(matmulInVectors(product, a, b, bias, output, pool, least)).toBe(true);
      return output;
    });
    expect(several).toEqual(one);
    expect(run).toHaveBeenCalledTimes(10);
    expect(run.mock.results.every(({ value }) => value instanceof Int32Array)).toBe(true);
    // Each part has sums of its own.
    const sums = run.mock.calls[0]![2].map((call) => call[7]!);
    expect(sums.every((each, i) => i === 0 || each - sums[i - 1]! >= 384)).toBe(true);
    given.mockRestore();
    // An infinity in the last part is seen as well.
    a[2 * m * k - 1] = Infinity;
    expect(matmulInVectors(product, a, b, bias, new Float32Array(2 * m * n), pool, 0)).toBe(false);
  });

  it("leave what overflows on the way to the plain loops, and NaN and infinity", () => {
    const product = { batch: 1, m: 8, k: 8, n: 8, transposeA: false, transposeB: false };
    const [a, b] = [numbers(64, 1), numbers(64, 2)];
    const run = (change: () => void): boolean => {
      a.set(numbers(64, 1));
      change();
      return both(product, a, b, null).done;
    };
    expect(run(() => undefined)).toBe(true);
    expect(run(() => (a[63] = NaN))).toBe(false);
    expect(run(() => (a[0] = Infinity))).toBe(false);
    // 3e38 * 3 - 3e38 * 3, and what is left.
    b.fill(3);
    expect(run(() => a.set([3e38, -3e38, 1]))).toBe(false);
    const output = cpu.allocate(64);
    cpu.matmul(product, cpu.upload(a), cpu.upload(b), null, output);
    expect(cpu.values(output)?.[0]).toBeCloseTo(3 + 3 * a.subarray(3, 8).reduce((sum, x) => sum + x, 0), 5);
  });

  it("leave few to the plain loops", () => {
    const product = { batch: 1, m: 4, k: 4, n: 4, transposeA: false, transposeB: false };
    expect(both(product, numbers(16, 1), numbers(16, 2), null).done).toBe(false);
  });

  it("give back all room that they borrow", () => {
    const product = { batch: 1, m: 16, k: 16, n: 16, transposeA: false, transposeB: false };
    const run = (): void => void both(product, numbers(256, 1), numbers(256, 2), null);
    run();
    // Of sizes that nothing else has: the second lies behind the first, and nothing between them.
    const first = pool.borrow(5000)!;
    for (let i = 0; i < 5; i++) run();
    const second = pool.borrow(9000)!;
    expect(second.byteOffset - first.byteOffset).toBeLessThan(1.2 * first.byteLength);
  });
});

test.each([1, 2, 1023, 1024])("three steps of Adam for %i numbers are the same to the last bit", (count) => {
  const outside = [numbers(count, 1), numbers(count, 2), new Float32Array(count), new Float32Array(count)] as const;
  const inside = outside.map((values) => {
    const copy = pool.borrow(count)!;
    copy.set(values);
    return copy;
  }) as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (const [parameter, gradient, ...moments] of [outside, inside]) {
    // Gradients of all sizes, one of them 0.
    gradient.forEach((g, i) => (gradient[i] = i === 5 ? 0 : g * 2 ** ((i % 40) - 30)));
    for (const step of [1, 2, 3]) {
      const rule = { kind: "adam", lr: 1e-2, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.03, step } as const;
      update(rule, parameter, gradient, moments, pool);
    }
  }
  expect(outside[0]).not.toEqual(numbers(count, 1));
  outside.forEach((values, i) => expect(inside[i]!.slice()).toEqual(values));
  inside.forEach((values) => pool.giveBack(values));
});

test("the module is what its text is assembled to", () => {
  const script = fileURLToPath(new URL("../../scripts/runtime-wasm.mjs", import.meta.url));
  expect(() => execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" })).not.toThrow();
});
