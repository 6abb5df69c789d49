/** How kernels in WebAssembly are called: wherever arrays lie, however long they are, and without such an engine. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { cpu, randn, tensor, type Tensor, tidy } from "activation-compiler/runtime";
import type { Memory } from "../../runtime/cpu/memory.js";
import { WasmPool } from "../../runtime/cpu/pool.js";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type CompiledWasm, compiledToWasm } from "./compiled.js";

// A memory of their own, whatever else this process has done: it belongs to the first runtime that puts a tensor there.
vi.hoisted(() => {
  vi.resetModules();
  for (const name of ["memory", "shared-memory"])
    Reflect.deleteProperty(globalThis, Symbol.for(`activation-compiler.${name}`));
});

let subject: CompiledWasm;
beforeAll(async () => {
  subject = await compiledToWasm(
    `
silu(x) = x / (1 + exp(-x))
glu(gate, up) = up / (1 + exp(-gate))
`,
    ["ts", "module", "wasm"],
  );
}, 60_000);

/** Numbers of which the first lies outside of where vectors are accurate. */
const numbers = (size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => 9 * Math.sin(i) - 95 * Number(i % 1000 === 7));
const silu = (x: Float32Array, y: Float32Array = new Float32Array(x.length)): Float32Array =>
  subject.call("silu", "wasm", "forward", { arrays: { x, y } })["y"]!;

/** What the memory of the kernels holds. */
function inMemory(values: Float32Array): Float32Array {
  silu(Float32Array.of(1));
  const array = tensor(values, { shape: [values.length] }).data();
  const [shared, plain] = ["shared-memory", "memory"].map((name): Memory | undefined =>
    Reflect.get(globalThis, Symbol.for(`activation-compiler.${name}`)),
  );
  const { buffer } = (shared ?? plain)!;
  // By identity: where they differ nobody wants to see hundreds of megabytes.
  expect(array.buffer === buffer).toBe(true);
  return array;
}

describe("a result does not depend on", () => {
  const whole = numbers(20_000);
  test.each([0, 1, 31, 32, 33, 63, 4095, 4096, 4097, 9999])("how many there are: %i", (size) => {
    expect(silu(whole.slice(0, size))).toEqual(silu(whole).slice(0, size));
  });

  test("where it is written", () => {
    const [x, y] = [inMemory(whole.subarray(3)), inMemory(whole.subarray(3))];
    const expected = silu(whole.slice(3));
    expect(silu(x, y)).toEqual(expected);
    // Over its input, in the memory and elsewhere.
    expect(silu(x, x)).toEqual(expected);
    const own = whole.slice(3);
    expect(silu(own, own)).toEqual(expected);
    // One of both kinds.
    expect(
      silu(
        y.map((_, i) => whole[i + 3]!),
        y,
      ),
    ).toEqual(expected);
  });

  test("how many of an array in the memory there are, and nothing behind them is written", () => {
    const [x, y] = [inMemory(whole.slice(0, 4096)), inMemory(new Float32Array(4096))];
    const expected = silu(whole.slice(0, 4096));
    for (const size of [1, 31, 32, 33, 100, 1023, 4095]) {
      y.fill(-7);
      silu(x.subarray(0, size), y.subarray(0, size));
      expect(y.subarray(0, size)).toEqual(expected.subarray(0, size));
      expect(y.subarray(size).every((value) => value === -7)).toBe(true);
    }
  });

  test("in which slice of an array in the memory an element lies", () => {
    const many = numbers(3 * 262_144 + 1100);
    const y = inMemory(new Float32Array(many.length));
    silu(inMemory(many), y);
    // By way of blocks, whole groups of elements.
    for (const start of [0, 262_144 - 4096, 2 * 262_144 - 4096, 3 * 262_144 - 4096])
      expect(y.slice(start, start + 4192)).toEqual(silu(many.slice(start, start + 4192)));
  });

  test("which is the first of two inputs", () => {
    const [gate, up] = [whole, whole.map((x) => x / 3)];
    const { y } = subject.call("glu", "wasm", "forward", { arrays: { gate, up } });
    const exact = subject.call("glu", "ts", "forward", { arrays: { gate, up } })["y"]!;
    y!.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(3e-7 * Math.abs(exact[i]!)));
  });
});

test("arrays of different lengths are complained about as ever", () => {
  expect(() => silu(numbers(4), new Float32Array(3))).toThrow("y has 3 elements instead of 4");
  // In the memory too, where a kernel would write over what follows.
  const [x, room] = [inMemory(numbers(4096)), inMemory(new Float32Array(4096).fill(7))];
  silu(x, room);
  room.fill(7);
  for (const size of [0, 64, 4095]) expect(() => silu(x, room.subarray(0, size))).toThrow(RangeError);
  expect(() => silu(x.subarray(0, 64), room)).toThrow(RangeError);
  expect(room.every((value) => value === 7)).toBe(true);
});

test("tensors live in the memory, and survive what comes after them", () => {
  const { buffer } = inMemory(numbers(1024));
  const apply = subject.module["silu"];
  if (typeof apply !== "function") throw new Error("there is no function silu");
  const x = randn([64, 64], { seed: 1 });
  const before = x.toArray();
  const y: Tensor = apply(x);
  expect([x.data().buffer === buffer, y.data().buffer === buffer]).toEqual([true, true]);
  const addresses = new Set<number>();
  for (let i = 0; i < 50; i++) {
    tidy(() => {
      const z: Tensor = apply(randn([64, 64], { seed: i }));
      addresses.add(z.data().byteOffset);
    });
  }
  // What is disposed of makes room.
  expect(addresses.size).toBeLessThanOrEqual(4);
  // What is too large finds room elsewhere, and so does what another copy of the runtime makes.
  const large = cpu.allocate(2 ** 26);
  expect(cpu.values(large)?.buffer === buffer).toBe(false);
  expect(new WasmPool().take(4096)).toBeNull();
  expect(x.toArray()).toEqual(before);
  expect(y.data()).toEqual(silu(x.data()));
});

test("without an engine the kernels in TypeScript serve", () => {
  expect(runs("delete globalThis.WebAssembly;", [])).toEqual(runs("", [], "Forward"));
});

test("with relaxed SIMD results are as good", () => {
  const [relaxed, exact] = [runs("", ["--experimental-wasm-relaxed-simd"]), runs("", [], "Forward")];
  relaxed.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(3e-7 * Math.abs(exact[i]!)));
});

/** Results of a process of its own. */
function runs(before: string, options: readonly string[], kernel: "ForwardWasm" | "Forward" = "ForwardWasm"): number[] {
  const folder = mkdtempSync(join(tmpdir(), "wasm-"));
  try {
    for (const name of ["silu", "silu.wasm"]) {
      const { code } = transformSync(subject.files.get(`${name}.ts`)!, { loader: "ts", format: "esm" });
      writeFileSync(join(folder, `${name}.js`), code);
    }
    const file = kernel === "Forward" ? "silu" : "silu.wasm";
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(
      join(folder, "main.js"),
      `${before}
const { silu${kernel} } = await import("./${file}.js");
const x = Float32Array.from({ length: 1000 }, (_, i) => 9 * Math.sin(i));
const y = new Float32Array(1000);
silu${kernel}(x, y);
console.log(JSON.stringify([...y]));`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, [...options, join(folder, "main.js")], { encoding: "utf8" });
    if (stdout === "") throw new Error(stderr);
    const results: number[] = JSON.parse(stdout);
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
