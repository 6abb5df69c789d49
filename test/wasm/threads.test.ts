/** Kernels in several threads: the same bits as in one, and none the worse where threads fail. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync, transformSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { KernelInSlices } from "../../runtime/cpu/kernel-slices.js";
import type { Memory } from "../../runtime/cpu/memory.js";
import type { WasmPool } from "../../runtime/cpu/pool.js";
import { type CompiledWasm, compiledToWasm } from "./compiled.js";

const keys = ["memory", "shared-memory", "threads"].map((name) => Symbol.for(`activation-compiler.${name}`));
const [plainKey, sharedKey, threadsKey] = keys as [symbol, symbol, symbol];
// A memory of their own, whatever else this process has done; and whoever comes next begins anew.
const beginAnew = (): void => {
  vi.resetModules();
  for (const key of keys) Reflect.deleteProperty(globalThis, key);
};

let subject: CompiledWasm;
let pool: WasmPool;
let setThreads: (count: number) => void;
/** What the runtime offers, from 1000 elements on. */
let inSlices: KernelInSlices;
beforeAll(async () => {
  subject = await compiledToWasm(`
tanh(x) = tanh(x)
silu(x) = x / (1 + exp(-x))
gelu(x) = x / 2 * (1 + erf(x / sqrt(2)))
leaky(x; k = 1/3) = where(x > 0, x, k * x)
glu(gate, up) = up / (1 + exp(-gate))
`);
  beginAnew();
  ({ setThreads } = await import("../../runtime/cpu/threads.js"));
  setThreads(3);
  pool = new (await import("../../runtime/cpu/pool.js")).WasmPool();
  pool.borrow(1);
  const { kernelInSlices } = await import("../../runtime/cpu/kernel-slices.js");
  const { Crew } = await import("../../runtime/cpu/crew.js");
  inSlices = kernelInSlices(new Crew(Reflect.get(globalThis, sharedKey) as Memory, pool, 100, 0), pool, () => 1000);
}, 60_000);
afterAll(() => {
  setThreads(1);
  beginAnew();
});

/** Numbers some of which lie outside of where vectors are accurate, at both ends of groups and slices as well. */
const numbers = (size: number, seed: number): Float32Array => {
  const values = Float32Array.from({ length: size }, (_, i) => 9 * Math.sin(seed * i));
  for (let i = 0; i < size; i += 4093) values[i] = i % 2 === 0 ? -95 : NaN;
  for (const i of [8191, 8192, size - 33, size - 1]) if (i >= 0 && i < size) values[i] = -101;
  return values;
};

const inMemory = (values: Float32Array): Float32Array => {
  const copy = pool.borrow(values.length)!;
  copy.set(values);
  return copy;
};

/** Results of a kernel, in the memory, with these threads: how many elements are computed with them, how often here, and as bits. */
function results(name: string, direction: "forward" | "backward", size: number, threads: KernelInSlices | null) {
  let [done, here] = [0, 0];
  const counted: KernelInSlices = ({ bytes, exports }, kernel, ...all) => {
    const own = (...given: unknown[]): unknown => {
      here++;
      return Reflect.apply(Reflect.get(exports, kernel), null, given);
    };
    return (done = threads!({ bytes, exports: { ...exports, [kernel]: own } }, kernel, ...all));
  };
  if (threads) Reflect.set(globalThis, threadsKey, counted);
  else Reflect.deleteProperty(globalThis, threadsKey);
  const names = name === "glu" ? ["gate", "up"] : ["x"];
  const given = [...names, ...(direction === "backward" ? ["dy"] : [])];
  const written = direction === "forward" ? ["y"] : names.map((each) => `d${each}`);
  const arrays = Object.fromEntries([
    ...given.map((each, i) => [each, inMemory(numbers(size, i + 1))] as const),
    ...written.map((each) => [each, inMemory(new Float32Array(size).fill(-3))] as const),
  ]);
  subject.call(name, "wasm", direction, { arrays });
  const bits = written.map((each) => {
    const { buffer, byteOffset, length } = arrays[each]!;
    return new Uint32Array(buffer, byteOffset, length).slice();
  });
  Object.values(arrays).forEach((array) => pool.giveBack(array));
  return { done, here, bits };
}

test("other threads take part", async () => {
  // Before long: they start while this goes on. There are 4 slices for each.
  let here = 12;
  for (let i = 0; i < 1000 && here === 12; i++) {
    ({ here } = results("gelu", "forward", 200_007, inSlices));
    await new Promise((next) => setTimeout(next, 10));
  }
  expect(here).toBeLessThan(12);
});

describe.each(["forward", "backward"] as const)("%s gives the same bits", (direction) => {
  test.each(
    ["tanh", "silu", "gelu", "leaky", "glu"].flatMap((name) =>
      [1001, 8192, 32 * 1024 + 31, 200_007].map((size) => [name, size] as const),
    ),
  )("%s of %i", (name, size) => {
    const [one, several] = [results(name, direction, size, null), results(name, direction, size, inSlices)];
    // Several calls: the shortest slices have 8192 elements.
    expect(several.done).toBe(size > 8192 ? size - (size % 32) : 0);
    several.bits.forEach((bits, i) => expect(bits.every((each, k) => each === one.bits[i]![k])).toBe(true));
  });
});

test.each([0, -1, 1.5, 65, NaN, Infinity])("%d threads are refused", (count) => {
  expect(() => setThreads(count)).toThrow(RangeError);
});

test("elements that are too few, and results over what is read, are left to one thread", () => {
  const call = (input: number, output: number, size: number): number =>
    inSlices({ bytes: new Uint8Array(), exports: {} }, "forward", 32, [input], [output], size, [], () => undefined);
  expect([call(0, 10 ** 6, 999), call(0, 0, 2 ** 16), call(0, 2 ** 17, 2 ** 16)]).toEqual([0, 0, 0]);
});

/** What processes run: the runtime and a kernel, on 2^18 numbers, some of which the kernel in TypeScript computes. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "threads-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const name of ["silu", "silu.wasm"]) {
    const { code } = transformSync(subject.files.get(`${name}.ts`)!, { loader: "ts", format: "esm" });
    writeFileSync(join(folder, `${name}.js`), code);
  }
  const entry = fileURLToPath(new URL("../../runtime/index.ts", import.meta.url));
  buildSync({ entryPoints: [entry], outfile: join(folder, "runtime.js"), bundle: true, format: "esm" });
});
afterAll(() => rmSync(folder, { recursive: true }));

function runs(before: string, after = ""): { results: string; threads: number; isShared: boolean } {
  writeFileSync(
    join(folder, "main.js"),
    `import { createHash } from "node:crypto";
const threadsOf = process.getBuiltinModule("node:worker_threads");
const { setThreads, threads, tensor, zeros } = await import("./runtime.js");
const { siluForwardWasm } = await import("./silu.wasm.js");
${before}
const size = 2 ** 18 + 5;
const x = tensor(Float32Array.from({ length: size }, (_, i) => 9 * Math.sin(i) - 95 * (i % 1000 === 7)), { shape: [size] });
const hashes = new Set();
for (let i = 0; i < 15; i++) {
  const y = zeros([size]);
  siluForwardWasm(x.data(), y.data());
  hashes.add(createHash("sha256").update(y.data().slice()).digest("hex"));
  y.dispose();
  await new Promise((next) => setTimeout(next, 5));
}
${after}
const isShared = !(x.data().buffer instanceof ArrayBuffer);
console.log(JSON.stringify({ results: [...hashes].join(), threads: threads(), isShared }));`,
  );
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, "main.js")], {
    encoding: "utf8",
    timeout: 60_000,
  });
  if (status !== 0 || stderr !== "") throw new Error(`${status} ${stderr}`);
  return JSON.parse(stdout);
}

describe("a process ends by itself, whatever becomes of its threads:", () => {
  /** Puts another class in the place of Node's threads. */
  const instead = (body: string): string =>
    `setThreads(2); threadsOf.Worker = class extends threadsOf.Worker { ${body} };`;
  let expected: string;
  beforeAll(() => {
    const one = runs("setThreads(1);");
    expect([one.threads, one.isShared]).toEqual([1, false]);
    expected = one.results;
  });

  test.each([
    ["they work", "setThreads(3);", 3],
    ["they are ended", "setThreads(3);", 1, "setThreads(1);"],
    ["they are forbidden", instead(`constructor() { super("", { eval: true }); throw new Error("no") }`), 2],
    [
      "they never start",
      instead(
        `constructor() { super("for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", { eval: true }) }`,
      ),
      2,
    ],
    ["they end at once", instead(`constructor(text, options) { super("process.exit()", options) }`), 2],
    ["they fail at once", instead(`constructor(text, options) { super("throw new Error('no')", options) }`), 2],
    [
      "they cannot compile",
      instead(`constructor(text, options) { super(text.replace(".Module(bytes)", ".Module(0)"), options) }`),
      2,
    ],
    ["there is no shared memory", "delete globalThis.SharedArrayBuffer; setThreads(2);", 1],
  ])("%s", (_, before, threads, after = "") => {
    const found = runs(before, after);
    expect([found.results, found.threads]).toEqual([expected, threads]);
  });
});

describe("a call whose thread", () => {
  const bytes = (): Uint8Array => new Uint8Array(8);
  const crewWith = async (change: (script: string) => string, longestRest?: number) => {
    vi.resetModules();
    vi.doMock(import("../../runtime/cpu/thread-script.js"), async (original) => {
      const module = await original();
      return { ...module, threadScript: change(module.threadScript) };
    });
    const { Crew } = await import("../../runtime/cpu/crew.js");
    (await import("../../runtime/cpu/threads.js")).setThreads(2);
    vi.doUnmock("../../runtime/cpu/thread-script.js");
    return new Crew(Reflect.get(globalThis, sharedKey) as Memory, pool, 3, longestRest);
  };
  /** Until a thread has taken a call: it takes long enough here. */
  const run = (crew: Awaited<ReturnType<typeof crewWith>>): readonly number[] => {
    const slow = (x: number): number => {
      const end = performance.now() + 20;
      while (performance.now() < end);
      return 2 * x;
    };
    const program = { bytes: bytes(), exports: { slow } };
    let results: readonly number[] = [];
    for (let i = 0; i < 50 && crew.size > 1; i++) {
      const found = crew.run(
        program,
        "slow",
        Array.from({ length: 8 }, (_, call) => [call]),
      );
      results = [...found!];
    }
    return results;
  };

  test.each([
    ["fails is computed again", (script: string) => script],
    ["is lost is computed again", (script: string) => script.replace("let result", "return; let result")],
  ])("%s", async (_, change) => {
    const crew = await crewWith(change, 0);
    expect(run(crew)).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
    // No more threads, then.
    expect(crew.size).toBe(1);
  });

  /** For each job whether threads were asked, of milliseconds that are waited, where it takes one to compute. */
  const asked = async (waits: readonly number[]): Promise<string> => {
    const crew = await crewWith(() => "setInterval(() => undefined, 1000)");
    const program = { bytes: bytes(), exports: { double: (x: number): number => 2 * x } };
    const clock = vi.spyOn(performance, "now");
    const shared = waits.map((waited) => {
      clock.mockReset();
      [0, 1, 1 + waited].forEach((time) => clock.mockReturnValueOnce(time));
      return Number(crew.run(program, "double", [[1], [2]]) !== null);
    });
    clock.mockRestore();
    return shared.join("");
  };

  test("is late once is forgotten after a few jobs", async () => {
    // The next attempts are 8, 4, 2 and 1 jobs later.
    const rests = [8, 4, 2, 1].map((jobs) => "0".repeat(jobs)).join("1");
    expect(await asked([0, 0, 1, ...Array<number>(24).fill(0)])).toBe(`111${rests}${"1".repeat(6)}`);
    // However late it is.
    expect((await asked([9000, ...Array<number>(50).fill(0)])).endsWith("1111111")).toBe(true);
  });

  test("is late once changes nothing where others were a gain", async () => {
    // Less than nothing is waited: what others have done in the meantime.
    const gained = Array<number>(6).fill(-0.5);
    expect(await asked([...gained, 1, ...gained, 1, ...gained])).toBe("1".repeat(20));
  });

  test("is always late costs a small part of the time, and is asked again as soon as it no longer is", async () => {
    const late = await asked(Array<number>(2000).fill(1));
    const attempts = late.replaceAll("0", "").length;
    expect(attempts).toBeLessThan(2000 / 32 + 8);
    expect(attempts).toBeGreaterThan(2000 / 32 - 8);
    const after = await asked([...Array<number>(2000).fill(1), ...Array<number>(100).fill(0)]);
    expect(after.slice(2000)).toMatch(/1{30}$/);
  });
});

test("a memory that grows between calls changes no result, and neither does one that was there before", () => {
  const one = results("silu", "forward", 40_000, null);
  const arrays = { x: inMemory(numbers(40_000, 1)), y: inMemory(new Float32Array(40_000)) };
  const memory: Memory = Reflect.get(globalThis, sharedKey);
  memory.grow(1);
  Reflect.set(globalThis, threadsKey, inSlices);
  subject.call("silu", "wasm", "forward", { arrays });
  const { buffer, byteOffset, length } = arrays.y;
  expect(new Uint32Array(buffer, byteOffset, length).every((each, i) => each === one.bits[0]![i])).toBe(true);
  // Kernels that have found the memory of threads take a plain one where that is gone.
  Reflect.deleteProperty(globalThis, sharedKey);
  const { y } = subject.call("silu", "wasm", "forward", { arrays: { x: numbers(40_000, 1) } });
  expect(new Uint32Array(y!.buffer).every((each, i) => each === one.bits[0]![i])).toBe(true);
  expect(Reflect.has(globalThis, plainKey)).toBe(true);
});
