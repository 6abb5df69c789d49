import { beforeAll, describe, expect, test } from "vitest";
import { globals } from "webgpu";
import { type Subject, subjectsOf } from "../../compiler/verify.js";
import { accuracyOf, columnAccuracy } from "../../compiler/verification/accuracy.js";
import { askedBound, breachesOf, promisedBound } from "../../compiler/verification/bounds.js";
import {
  type Certificate,
  type Certificates,
  type Evidence,
  evidenceOf,
  type Finding,
  holds,
  pruned,
  withCertificate,
} from "../../compiler/verification/certificate.js";
import { certificatesText, readCertificates } from "../../compiler/verification/certificate-file.js";
import { WebGpuRunner } from "../../compiler/verification/device.js";
import { amongItsLike, loadKernel } from "../../compiler/verification/kernels.js";
import { type BatchKernel, nothingMeasured } from "../../compiler/verification/measurement.js";
import { bitsText, decimalText } from "../../compiler/verification/number-text.js";
import { javascriptAddress, typescriptProgram, wasmProgram, wgslProgram } from "../../compiler/verification/program.js";
import { words } from "../activations/points.js";
import { findSoftwareGpu, requestSoftwareDevice } from "../webgpu/driver.js";

const finding = (ulp: number, x = 1, more: Partial<Finding> = {}): Finding => ({
  ulp,
  inputs: { x },
  parameters: {},
  actual: 2,
  expected: 2.5,
  ...more,
});

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  label: "measured",
  inputs: 100,
  settings: 1,
  worst: null,
  nearZero: null,
  vanishing: null,
  notFinite: null,
  wrongLimit: null,
  lostNaN: null,
  flushed: 0,
  undecided: 0,
  truth: { form: "double-double", margin: null, byReference: 4 },
  ...more,
});

const certificate = (more: Partial<Evidence> = {}, kernel = "k"): Certificate => ({
  kernel,
  defaults: evidence(more),
  parameters: null,
});

const key = { activation: "f", target: "ts", executor: "V8", column: "forward" } as const;

describe("the file of certificates", () => {
  const numbers = [NaN, Infinity, -Infinity, -0, 0, 2 ** -149, 0.1, 3.4028234663852886e38, -1.5];

  test("holds every number, and the same bytes whatever came first", () => {
    const all = numbers.map((x, i) => {
      const found = finding(i + 0.25, Math.fround(x), { parameters: { beta: x }, actual: Math.fround(x), expected: x });
      const one = {
        ...certificate({ worst: found, lostNaN: finding(Infinity) }),
        parameters: evidence({ nearZero: found }),
      };
      return [{ ...key, activation: i % 2 === 0 ? "f" : "__proto__", column: `d/d${i}` }, one] as const;
    });
    const put = (list: typeof all): Certificates =>
      list.reduce((known: Certificates, [at, each]) => withCertificate(known, at, "d", each), new Map());
    const text = certificatesText(put(all));
    expect(certificatesText(put(all.toReversed()))).toBe(text);
    const read = readCertificates(text);
    expect(read).toEqual(put(all));
    expect(certificatesText(read ?? new Map())).toBe(text);
  });

  test("says what a number is by its bits and in the shortest decimal", () => {
    expect(
      certificatesText(withCertificate(new Map(), key, "d", certificate({ worst: finding(1, Math.fround(0.1)) }))),
    ).toContain('"at":{"x":"0x3dcccccd 0.1"}');
    const word = words(7);
    for (let i = 0; i < 500; i++) {
      const x = new Float32Array(Uint32Array.of(word()).buffer)[0]!;
      expect(Math.fround(Number(decimalText(x)))).toBe(x);
      expect(bitsText(x)).toMatch(/^0x[0-9a-f]{8}$/);
    }
  });

  test.each(["", "[]", "{}", '{"schema":2,"activations":{}}', '{"schema":1,"activations":{"f":{}}}', '{"schema":1}'])(
    "is not understood: %s",
    (text) => expect(readCertificates(text)).toBeUndefined(),
  );

  test("forgets what was found of another meaning", () => {
    const known = withCertificate(new Map(), key, "before", certificate());
    const other = { ...key, column: "d/dx" };
    expect(withCertificate(known, other, "before", certificate()).get("f")?.targets.ts?.["V8"]).toHaveProperty(
      "forward",
    );
    expect(withCertificate(known, other, "after", certificate()).get("f")?.targets.ts?.["V8"]).not.toHaveProperty(
      "forward",
    );
    expect(pruned(known, () => false).size).toBe(0);
  });
});

describe("labels", () => {
  const proof = certificate({ label: "proved", worst: finding(0.5) });
  const known = withCertificate(new Map(), key, "d", proof);
  const weigh = (current: { definition: string; kernel: string }, found: Certificate | undefined) =>
    columnAccuracy(known, key, current, found, {});

  test("hold for the kernel and the meaning they were given for", () => {
    expect(holds(known, key, { definition: "d", kernel: "k" })).toBe(true);
    expect(holds(known, key, { definition: "d", kernel: "other" })).toBe(false);
    expect(holds(known, key, { definition: "other", kernel: "k" })).toBe(false);
    expect(holds(known, { ...key, activation: "constructor" }, { definition: "d", kernel: "k" })).toBe(false);
  });

  test("a changed kernel turns proved into measured", () => {
    const measured = certificate({ worst: finding(0.75) }, "other");
    expect(weigh({ definition: "d", kernel: "k" }, certificate({ worst: finding(0.5) }))).toMatchObject({
      standing: "certified",
      certificate: { defaults: { label: "proved" } },
      contradiction: null,
    });
    expect(weigh({ definition: "d", kernel: "other" }, measured)).toMatchObject({
      standing: "stale",
      certificate: { defaults: { label: "measured", worst: { ulp: 0.75 } } },
    });
    expect(weigh({ definition: "d", kernel: "other" }, undefined)).toBeUndefined();
  });

  test("a proof that something just measured contradicts is said to be so", () => {
    const found = weigh({ definition: "d", kernel: "k" }, certificate({ worst: finding(0.6) }));
    expect(found).toMatchObject({ standing: "certified", contradiction: { ulp: 0.6 } });
    expect(accuracyOf(found ? [found] : []).lines[0]?.[1]).toContain("proved, but found 0.6 ulp just now");
  });
});

describe("evidence", () => {
  const names = { inputs: ["x"], parameters: ["beta"] };
  const run = (ulp: number, beta: number) => ({
    measurement: { ...nothingMeasured, count: 10, flushed: 2, worst: { ulp, at: [beta], actual: 1, expected: 1 } },
    parameters: [beta],
  });

  test("names the worst of all runs with its parameters; of equals, the first", () => {
    const total = evidenceOf("measured", [run(0.5, 1), run(0.50001, 2), run(0.50001, 3)], names, evidence().truth);
    expect(total).toMatchObject({ inputs: 30, settings: 3, flushed: 6 });
    expect(total.worst).toMatchObject({ ulp: 0.5001, parameters: { beta: 2 } });
    expect(evidenceOf("measured", [run(0, 1)], names, evidence().truth).worst).toBeNull();
  });

  test("is judged by bounds, which a NaN, an infinity or a wrong limit always breaks", () => {
    const bound = promisedBound("ts", "forward");
    const kinds = (more: Partial<Evidence>, limit = bound) => breachesOf(evidence(more), limit).map(({ kind }) => kind);
    expect(kinds({ worst: finding(0.51), nearZero: finding(1) })).toEqual([]);
    expect(kinds({ worst: finding(0.5101), nearZero: finding(1.0001) })).toEqual(["worst", "nearZero"]);
    for (const kind of ["notFinite", "wrongLimit", "lostNaN"] as const) {
      expect(kinds({ [kind]: finding(0) }, askedBound(1e9, "wgsl", "d/dx"))).toEqual([kind]);
    }
    const shader = promisedBound("wgsl", "d/dx");
    expect(kinds({ worst: finding(6), nearZero: finding(6), vanishing: finding(8) }, shader)).toEqual([]);
    expect(kinds({ nearZero: finding(6.0001), vanishing: finding(8.0001) }, shader)).toEqual(["nearZero", "vanishing"]);
    expect(kinds({ worst: finding(0.505), nearZero: finding(0.9) }, askedBound(0.5, "ts", "d/dx"))).toEqual(["worst"]);
  });

  test("the weak spot is the one furthest beyond what is promised", () => {
    const column = (name: string, more: Partial<Evidence>) => {
      const current = { definition: "d", kernel: "k" };
      return columnAccuracy(new Map(), { ...key, column: name }, current, certificate(more), {})!;
    };
    const weakest = (columns: Parameters<typeof accuracyOf>[0]): string | null => accuracyOf(columns).weakSpot;
    const fine = column("forward", { worst: finding(0.5, 3) });
    expect(weakest([fine])).toBeNull();
    const off = column("d/dx", { worst: finding(0.6, 4), nearZero: finding(1.1, 5) });
    expect(weakest([fine, off])).toBe("ts d/dx: 0.6 ulp at x = 4 (0x40800000): 2 instead of 2.5");
    const broken = column("d/dx", { worst: finding(700, 4), notFinite: finding(Infinity, 6, { actual: NaN }) });
    expect(weakest([off, broken])).toContain("not finite at x = 6");
  });
});

describe("what a kernel runs", () => {
  const typescript = `
/** Twice. */
export function twiceForward(x: Float32Array, y: Float32Array): void { for (let i = 0; i < x.length; i++) y[i] = twice(x[i]!); }
export function twiceBackward(dy: Float32Array, dx: Float32Array): void { for (let i = 0; i < dy.length; i++) dx[i] = two * dy[i]!; }
const two = 2;
// a helper
function twice(x: number): number { return x + x; }
`;
  const wgsl = `
const k = array<f32, 2>(1.0, 2.0);
fn t_twice(x: f32) -> f32 { return x * k[1]; }
fn t_other(x: f32) -> f32 { return x; }
struct t_uniforms { size: u32, }
@group(0) @binding(0) var<uniform> u: t_uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn t_forward(@builtin(global_invocation_id) id: vec3<u32>) { if (id.x < u.size) { y[id.x] = t_twice(y[id.x]); } }
@compute @workgroup_size(64)
fn t_backward(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] = t_other(y[id.x]); }
`;
  const cases = [
    ["TypeScript", (text: string) => typescriptProgram(text, ["twiceForward"]), typescript],
    ["WGSL", (text: string) => wgslProgram(text, ["t_forward"]), wgsl],
  ] as const;

  test.each(cases)("%s: comments, layout and other kernels do not matter", async (_, program, text) => {
    const { digest } = await program(text);
    expect(digest).toMatch(/^[0-9a-f]{32}$/);
    const respaced = text
      .replace(/\n/g, "\n\n")
      .replace(/; /g, ";\n    ")
      .replace(/\/\*\* .* \*\/|\/\/.*/g, "/* other */");
    const others = text
      .replace("two * dy", "3 * dy")
      .replace("const two = 2", "const two = 4")
      .replace("return x;", "return -x;");
    for (const changed of [respaced, others]) {
      expect(changed).not.toBe(text);
      expect((await program(changed)).digest).toBe(digest);
    }
  });

  test.each(cases)("%s: what it calls and what it reads does", async (_, program, text) => {
    const { digest, text: own } = await program(text);
    expect(own).not.toMatch(/Backward|t_backward|t_other/);
    const edits = [
      ["x + x", "x * 2"],
      ["y[i] = twice", "y[i] = -twice"],
      ["x * k[1]", "x * k[0]"],
      ["(1.0, 2.0)", "(1.0, 2.5)"],
      ["size: u32", "size: u32, more: u32"],
      ["binding(1)", "binding(2)"],
      ["id.x < u.size", "id.x <= u.size"],
    ] as const;
    const hits = edits.filter(([from]) => text.includes(from));
    expect(hits.length).toBeGreaterThan(1);
    for (const [from, to] of hits) expect((await program(text.replace(from, to))).digest, from).not.toBe(digest);
  });
});

describe("what a kernel in WebAssembly runs", () => {
  const caller = `
import { twiceBackward, twiceForward } from "./twice.js";
export function twiceForwardWasm(x: Float32Array, y: Float32Array): void { call("forward", x, y, twiceForward); }
export function twiceBackwardWasm(x: Float32Array, y: Float32Array): void { call("backward", x, y, twiceBackward); }
const modules: readonly string[] = ["AGFzbQ=="];
function call(name: string, x: Float32Array, y: Float32Array, exactly: (x: Float32Array, y: Float32Array) => void): void {
  if (modules[0] === name) y.fill(1);
  else exactly(x, y);
}
`;
  const fallBack = `
export function twiceForward(x: Float32Array, y: Float32Array): void { y.set(x.map((each) => each * two)); }
export function twiceBackward(x: Float32Array, y: Float32Array): void { y.set(x.map((each) => each * 3)); }
const two = 2;
`;
  const program = (one = caller, other = fallBack) =>
    wasmProgram({ text: one, exported: "twiceForwardWasm" }, { text: other, exported: "twiceForward" });

  test("is its bytes, and the kernel that it falls back on", async () => {
    const { digest, text } = await program();
    const { twiceForwardWasm } = await import(/* @vite-ignore */ javascriptAddress(text));
    const y = new Float32Array(2);
    twiceForwardWasm(Float32Array.of(1, 3), y);
    expect([...y]).toEqual([2, 6]);
    expect((await program(caller.replace("AGFzbQ==", "AGFzbA=="))).digest).not.toBe(digest);
    expect((await program(caller, fallBack.replace("two = 2", "two = 4"))).digest).not.toBe(digest);
    expect((await program(caller, fallBack.replace("* 3", "* 5"))).digest).toBe(digest);
  });

  test("does not hide behind the kernel that it falls back on", async () => {
    // Thirty-two go together, and one that is large spoils them all.
    const grouped: BatchKernel = ([x = new Float32Array()]) =>
      x.map((_, i) => Number(x.slice(i - (i % 32), i - (i % 32) + 32).every((each) => Math.abs(each) < 10)));
    const mixed = Float32Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 1 : 100));
    expect(grouped([mixed], [])).not.toContain(1);
    expect([...amongItsLike(grouped)([mixed], [])]).toEqual([...mixed].map((x) => Number(x === 1)));
  });
});

const definitions = `
affine(x; scale = 2, learn shift = 3, learn slope[channel] = 0.5) = x * slope + scale * shift * x
gate(a, b; k = 4) = k * a / b
`;

describe("kernels by role", () => {
  let subjects: ReadonlyMap<string, Subject>;
  beforeAll(async () => {
    const { subjects: all } = await subjectsOf([{ file: "test.def", text: definitions }], {
      targets: ["ts", "wgsl", "wasm"],
    });
    subjects = new Map(all.map((subject) => [subject.name, subject]));
  });

  /** Exact in float32: multiples of 1/8. */
  const x = Float32Array.of(-2, -0.125, 0, 1, 3.5, 8);
  const b = Float32Array.of(1, 2, -4, 0.5, 8, -1);
  const [scale, shift, slope, k] = [3, 0.25, -1.5, 4];
  const each = (f: (x: number, b: number) => number): number[] => [...x].map((value, i) => f(value, b[i]!));
  /** One after the other by name: inputs, parameters, and what comes out. */
  const cases = [
    ["affine", "forward", [x], [scale, shift, slope], each((v) => v * slope + scale * shift * v)],
    ["affine", "d/dx", [x], [scale, shift, slope], each(() => slope + scale * shift)],
    ["affine", "d/dshift", [x], [scale, shift, slope], each((v) => scale * v)],
    ["affine", "d/dslope", [x], [scale, shift, slope], each((v) => v)],
    ["gate", "forward", [x, b], [k], each((v, w) => (k * v) / w)],
    ["gate", "d/da", [x, b], [k], each((_, w) => k / w)],
    ["gate", "d/db", [x, b], [k], each((v, w) => (-k * v) / w ** 2)],
  ] as const;
  const columnFor = (name: string, target: string, column: string) =>
    subjects.get(name)?.columns.find((one) => one.target === target && one.name === column);
  /** The sign of a zero is not specified. */
  const numbers = (values: ArrayLike<number>): number[] => Array.from(values, (value) => value + 0);

  test.each(cases)("TypeScript: %s, %s", async (name, column, inputs, parameters, expected) => {
    const emitted = columnFor(name, "ts", column);
    if (emitted?.target !== "ts") throw new Error("no such column");
    const kernel = await loadKernel(emitted);
    expect(numbers(kernel(inputs, parameters))).toEqual(numbers(expected));
    // Again, with fewer inputs: nothing is left over of the call before.
    const fewer = inputs.map((input) => input.subarray(1, 4));
    expect(numbers(kernel(fewer, parameters))).toEqual(numbers(expected.slice(1, 4)));
  });

  test("WebAssembly: what has kernels of its own", async () => {
    expect(subjects.get("affine")?.columns.filter(({ target }) => target === "wasm")).toEqual([]);
    for (const [name, column, inputs, parameters, expected] of cases.filter(([each]) => each === "gate")) {
      const emitted = columnFor(name, "wasm", column);
      if (emitted?.target !== "wasm") throw new Error("no such column");
      expect(emitted.code).toContain("AGFzbQ");
      const kernel = await loadKernel(emitted);
      expect(numbers(kernel(inputs, parameters)), column).toEqual(numbers(expected));
    }
  });

  test.skipIf(findSoftwareGpu().gpu === null)("WGSL, on a device", async () => {
    Object.assign(globalThis, globals);
    const runner = new WebGpuRunner(await requestSoftwareDevice(), "software");
    for (const [name, column, inputs, parameters, expected] of cases) {
      const emitted = columnFor(name, "wgsl", column);
      if (emitted?.target !== "wgsl") throw new Error("no such column");
      const kernel = await runner.load(emitted);
      expect(numbers(await kernel.run(inputs, parameters)), `${name}, ${column}`).toEqual(numbers(expected));
      const fewer = inputs.map((input) => input.subarray(1, 4));
      expect(numbers(await kernel.run(fewer, parameters))).toEqual(numbers(expected.slice(1, 4)));
      kernel.release();
    }
    const broken = columnFor("gate", "wgsl", "forward");
    if (broken?.target !== "wgsl") throw new Error("no such column");
    await expect(runner.load({ ...broken, code: broken.code.replace("f32", "f33") })).rejects.toThrow("f33");
    runner.close();
  });

  test("the meaning is what a definition is digested by", async () => {
    const digestOf = async (text: string): Promise<string | undefined> =>
      (await subjectsOf([{ file: "test.def", text }], { targets: ["ts"] })).subjects[0]?.definition;
    const digest = await digestOf("## One.\nf(x; k = 1 in (0, 2)) = k * x + g(x)\n\ng(x) = exp(x)\n  grad x = 1\n");
    expect(await digestOf("# Other.\nf(x; k = 1 in (0, 2)) =\n  k * x + g(x)\ng(x) = exp(x)\n  grad x = 1\n")).toBe(
      digest,
    );
    const others = [
      "f(x; k = 1.5 in (0, 2)) = k * x + g(x)\ng(x) = exp(x)\n  grad x = 1\n",
      "f(x; k = 1 in (0, 2]) = k * x + g(x)\ng(x) = exp(x)\n  grad x = 1\n",
      "f(x; k = 1 in (0, 2)) = k * x + g(x)\ng(x) = exp(x)\n  grad x = 2\n",
      "f(x; k = 1 in (0, 2)) = k * x + g(x)\ng(x) = exp(2 * x)\n  grad x = 1\n",
      "f(x; k = 1 in (0, 2)) = k * x + g(x)\n  grad x = 1\ng(x) = exp(x)\n  grad x = 1\n",
    ];
    for (const text of others) expect(await digestOf(text), text).not.toBe(digest);
  });
});
