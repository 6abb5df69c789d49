/**
 * How fast WGSL kernels are, beside the same formula in built-in functions and beside a copy, in turns, on the device at hand or on the driver in
 * software.
 *
 *   npm run build && npm run bench:wgsl -- --software          prints the table
 *   … -- --write                                               and writes wgsl-results.md
 *   … -- --only silu,gelu --rounds 31 --elements 16777216      some activations, more rounds, more elements
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { requestSoftwareDevice } from "../../test/webgpu/driver.js";
import type { ActivationEntry, WgslPass } from "../../test/harness/manifest.js";
import { compile } from "../../compiler/compile.js";
import { activationNames } from "../accuracy/activations.js";
import { median, normal } from "../measuring.js";
import { builtIns, plainShader } from "./built-ins.js";

Object.assign(globalThis, globals);

const { values: flags } = parseArgs({
  options: {
    write: { type: "boolean" },
    software: { type: "boolean" },
    only: { type: "string" },
    rounds: { type: "string", default: "15" },
    elements: { type: "string", default: String(2 ** 20) },
  },
});
const rounds = Math.max(15, Number(flags.rounds));
const length = Number(flags.elements);
const bench = process.cwd().endsWith("bench") ? process.cwd() : join(process.cwd(), "bench");
const generated = join(bench, "..", "generated");
const { activations }: { activations: readonly ActivationEntry[] } = JSON.parse(
  readFileSync(join(generated, "manifest.json"), "utf8"),
);

/** The same activations compiled to be careful. */
const definitions = readFileSync(join(bench, "..", "acts.def"), "utf8").split(/\n{2,}/);
const careful = await compile(
  [
    {
      file: "acts.def",
      text: activationNames
        .map((name) => definitions.find((text) => text.match(/^(\w+)\(/m)?.[1] === name)!)
        .join("\n\n"),
    },
  ],
  { targets: ["wgsl"], kernels: ["forward", "backward"], shaders: "careful" },
);
const textOf = (path: string): string => careful.files.find((file) => file.path === path)!.text;
const { activations: carefulActivations }: { activations: readonly ActivationEntry[] } = JSON.parse(
  textOf("manifest.json"),
);

const names = activationNames.slice(0, 12).filter((name) => !flags.only || flags.only.split(",").includes(name));

async function openDevice(): Promise<GPUDevice> {
  const limits = { maxStorageBufferBindingSize: 4 * length, maxBufferSize: 4 * length };
  const requiredLimits = 4 * length > 2 ** 27 ? limits : {};
  if (flags.software) return requestSoftwareDevice({ requiredLimits });
  const adapter = await create([]).requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("there is no GPU: give --software");
  return adapter.requestDevice({ requiredLimits });
}

const device = await openDevice();
const adapterName = flags.software ? "SwiftShader (a driver in software)" : device.adapterInfo.description;
const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
const bufferOf = (values: Float32Array | Uint32Array, usage = storage): GPUBuffer => {
  const buffer = device.createBuffer({ size: values.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
};

const buffers = {
  x: bufferOf(normal(length, 3)),
  dy: bufferOf(new Float32Array(length).fill(1)),
  result: bufferOf(new Float32Array(length)),
};

interface Run {
  /** How many elements are computed so many times. */
  readonly size: number;
  readonly times: (count: number) => Promise<void>;
}

function runner(
  code: string,
  entryPoint: string,
  bindings: readonly (readonly [number, GPUBuffer])[],
  perWorkgroup = 1024,
  size = length,
): Run {
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: bindings.map(([binding, buffer]) => ({ binding, resource: { buffer } })),
  });
  const groups = Math.ceil(size / perWorkgroup);
  const x = Math.min(groups, 65535);
  const times = async (count: number): Promise<void> => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < count; i++) pass.dispatchWorkgroups(x, Math.ceil(groups / x));
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  return { size, times };
}

const plain = (formula: string, inputs: readonly ("dy" | "x")[]): Run =>
  runner(plainShader(formula, inputs), "main", [
    ...inputs.map((input, k) => [k, buffers[input]] as const),
    [inputs.length, buffers.result],
  ]);

/** The number of elements, and hyperparameters at their defaults. */
function uniformsOf(
  bytes: number,
  fields: NonNullable<WgslPass["bindings"][number]["fields"]>,
  size: number,
): GPUBuffer {
  const view = new DataView(new ArrayBuffer(bytes));
  for (const { role, offset, default: value } of fields) {
    if (role === "extent") view.setUint32(offset, size, true);
    else if (role === "hyperparameter" && value !== undefined) view.setFloat32(offset, value, true);
    else throw new Error(`what is a uniform of the role '${role}'?`);
  }
  return bufferOf(new Uint32Array(view.buffer), GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
}

function own(
  entry: ActivationEntry,
  kernel: "forward" | "backward",
  read: (path: string) => string,
  length: number,
): Run {
  const found = entry.kernels.wgsl;
  const passes = found?.[kernel]?.passes;
  if (!found || passes?.length !== 1) throw new Error(`${entry.name} has no ${kernel} in one pass`);
  const [pass] = passes as [WgslPass];
  return runner(
    read(found.file),
    pass.entryPoint,
    pass.bindings.map(({ binding, role, size = 0, fields = [] }) => {
      if (role === "uniforms") return [binding, uniformsOf(size, fields, length)] as const;
      return [binding, { input: buffers.x, cotangent: buffers.dy }[role as string] ?? buffers.result] as const;
    }),
    pass.dispatch.perWorkgroup,
    length,
  );
}

async function timed(run: Run, count: number): Promise<number> {
  const processor = process.cpuUsage();
  const start = performance.now();
  await run.times(count);
  const wall = performance.now() - start;
  // In software the processor is the device: what other programs take of it is not counted.
  const { user, system } = process.cpuUsage(processor);
  return flags.software ? (user + system) / 1000 : wall;
}

/** Nanoseconds per element: medians of rounds in which the candidates take turns. */
async function measured(candidates: readonly Run[]): Promise<readonly number[]> {
  const counts: number[] = [];
  for (const run of candidates) {
    await timed(run, 1);
    const once = (await timed(run, 2)) / 2;
    counts.push(Math.max(1, Math.min(100, Math.round(20 / Math.max(once, 0.05)))));
  }
  const times = candidates.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const i = (round + turn) % candidates.length;
      times[i]!.push(((await timed(candidates[i]!, counts[i]!)) * 1e6) / (counts[i]! * candidates[i]!.size));
    }
  }
  return times.map(median);
}

const number = (x: number): string => x.toPrecision(3);
const sections: string[] = [];
for (const kernel of ["forward", "backward"] as const) {
  const inputs = kernel === "forward" ? (["x"] as const) : (["dy", "x"] as const);
  const lines: string[] = [];
  for (const name of names) {
    const entryIn = (entries: readonly ActivationEntry[]): ActivationEntry =>
      entries.find((each) => each.name === name)!;
    const [carefully, quickly, bare, copy] = (await measured([
      own(entryIn(carefulActivations), kernel, textOf, Math.min(length, 2 ** 16)),
      own(entryIn(activations), kernel, (path) => readFileSync(join(generated, path), "utf8"), length),
      plain(builtIns[name]![kernel], inputs),
      // A copy of as much: what is read is used.
      plain(kernel === "forward" ? "x" : "dy + x", inputs),
    ])) as [number, number, number, number];
    const ratio = (a: number, b: number): string => `**${(a / b).toFixed(2)}**`;
    lines.push(
      `| ${name} | ${[carefully, quickly, bare, copy].map(number).join(" | ")} | ${[ratio(carefully, bare), ratio(quickly, bare), ratio(quickly, copy)].join(" | ")} |`,
    );
    console.error(lines.at(-1));
  }
  sections.push(
    [
      `## ${kernel === "forward" ? "Forward" : "Backward"}`,
      "",
      "| | careful, ns | quick, ns | built-ins, ns | copy, ns | careful / built-ins | quick / built-ins | quick / copy |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
      ...lines,
    ].join("\n"),
  );
}

const report = `# Speed of the WGSL kernels

Nanoseconds per element, ${length} elements from a normal distribution of variance 9: medians of ${rounds} rounds in which the candidates
take turns${flags.software ? ", of the processor's time" : ""}. On ${adapterName}; ${cpus()[0]?.model.trim()}, Node ${process.versions.node}.

"Quick" are the kernels of generated/, "careful" those of \`actc compile --shaders careful\`, which are the same where these are in single numbers
already or quick ones would not be accurate enough. "Built-ins" is the formula in WGSL's own functions (for gelu with the five terms of Abramowitz and Stegun), which leaves out what the
kernels are for: exactness, limits, NaN. Careful kernels, some of which take minutes, are given 65536 elements at most. "Copy" is a kernel that reads as much and writes as much, and computes nothing
or one sum.

To repeat: \`npm ci\`, \`npm run bench:wgsl -- --software${length === 2 ** 20 ? "" : ` --elements ${length}`} --write\`.

${sections.join("\n\n")}
`;
if (flags.write) writeFileSync(join(bench, "wgsl-results.md"), report);
else console.log(report);
process.exit(0);
