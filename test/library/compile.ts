import { transformSync } from "esbuild";
import { globals } from "webgpu";
import { renamed } from "../../compiler/backend/library/function.js";
import { typescriptClosure } from "../../compiler/backend/library/typescript.js";
import { libraryClosure } from "./wgsl-text.js";

Object.assign(globalThis, globals);

const withPrefix =
  (prefix: string) =>
  (name: string): string =>
    prefix + name;

/** The WGSL text of these functions and of what they call, names prefixed. */
export const wgslText = (names: readonly string[], prefix: string): string =>
  libraryClosure(names)
    .map(({ text }) => renamed(text, withPrefix(prefix)))
    .join("\n\n");

/** The TypeScript text of these functions and of what they call. */
export const typescriptText = (names: readonly string[]): string =>
  typescriptClosure(names)
    .map(({ text }) => renamed(text, (name) => name))
    .join("\n\n");

/** A function of the TypeScript library, compiled. */
export function typescriptFunctionOf(name: string): (...operands: number[]) => number {
  const { code } = transformSync(typescriptText([name]), { loader: "ts" });
  const compiled: unknown = new Function(`${code}\nreturn ${name};`)();
  if (typeof compiled !== "function") throw new Error(`${name} is not a function`);
  return (...operands) => Number(compiled(...operands));
}

/** Runs a WGSL function of the library on arrays of operands. */
export async function runWgsl(
  device: GPUDevice,
  name: string,
  operands: readonly Float32Array[],
  text = wgslText([name], "test_"),
): Promise<Float32Array> {
  const length = operands[0]?.length ?? 0;
  const bindings = operands.map((_, i) => `@group(0) @binding(${i + 1}) var<storage, read> operand${i}: array<f32>;`);
  const code = `@group(0) @binding(0) var<storage, read_write> result: array<f32>;
${bindings.join("\n")}

${text}

@compute @workgroup_size(64)
fn run(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < arrayLength(&result)) {
    result[id.x] = test_${name}(${operands.map((_, i) => `operand${i}[id.x]`).join(", ")});
  }
}
`;
  const module = device.createShaderModule({ code });
  const messages = (await module.getCompilationInfo()).messages.filter(({ type }) => type === "error");
  if (messages.length > 0) throw new Error(messages.map(({ message }) => message).join("\n"));
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "run" } });
  const size = length * 4;
  const result = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const inputs = operands.map((operand) => {
    const buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, new Float32Array(operand));
    return buffer;
  });
  const entries = [result, ...inputs].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.ceil(length / 64));
  pass.end();
  encoder.copyBufferToBuffer(result, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  for (const buffer of [result, staging, ...inputs]) buffer.destroy();
  return values;
}
