import { globals } from "webgpu";
import { type Library, printWgsl, type Type, type Value, wgslNatBits } from "../../compiler/machine/index.js";

Object.assign(globalThis, globals);

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

const bitsOf = (x: number): number => {
  floats[0] = x;
  return bits[0] ?? 0;
};
const floatOf = (pattern: number): number => {
  bits[0] = pattern;
  return floats[0] ?? 0;
};

const prefixed = (name: string): string => `test_${name}`;

/** How a type is spelled, kept in words of 32 bits, read from them and written to them. */
interface Layout {
  readonly words: number;
  readonly encode: (value: Value) => number[];
  readonly decode: (words: readonly number[]) => Value;
  /** WGSL for the value in the words `input[at + ...]`. */
  readonly read: (at: string) => string;
  /** WGSL for the words of a value. */
  readonly write: (value: string) => string[];
}

function scalar(
  encode: (value: Value) => number,
  decode: (word: number) => Value,
  read: (word: string) => string,
  write: (value: string) => string,
): Layout {
  return {
    words: 1,
    encode: (value) => [encode(value)],
    decode: ([word]) => decode(word ?? 0),
    read: (at) => read(`input[${at}]`),
    write: (value) => [write(value)],
  };
}

function naturalLayout(natBits: number): Layout {
  // Vectors have the lowest word first, arrays the highest.
  const places = Array.from({ length: natBits / 32 }, (_, i) => i);
  const [constructed, significance] =
    natBits === wgslNatBits ? ["vec4<u32>", places] : [prefixed("nat"), places.toReversed()];
  const shifts = significance.map((place) => BigInt(32 * place));
  return {
    words: places.length,
    encode: (value) =>
      typeof value === "bigint" ? shifts.map((shift) => Number(BigInt.asUintN(32, value >> shift))) : [],
    decode: (words) => words.reduce((sum, word, i) => sum + (BigInt(word) << (shifts[i] ?? 0n)), 0n),
    read: (at) => `${constructed}(${places.map((i) => `input[${at} + ${i}u]`).join(", ")})`,
    write: (value) => places.map((i) => `${value}[${i}]`),
  };
}

function layoutOf(type: Type, natBits: number): Layout {
  switch (type) {
    case "bool":
      return scalar(
        Number,
        (word) => word !== 0,
        (word) => `(${word} != 0u)`,
        (value) => `select(0u, 1u, ${value})`,
      );
    case "i32":
    case "int":
      return scalar(
        (value) => Number(value) >>> 0,
        (word) => word | 0,
        (word) => `bitcast<i32>(${word})`,
        (value) => `bitcast<u32>(${value})`,
      );
    case "u32":
      return scalar(
        Number,
        (word) => word,
        (word) => word,
        (value) => value,
      );
    case "f32":
      return scalar(
        (value) => bitsOf(Number(value)),
        floatOf,
        (word) => `bitcast<f32>(${word})`,
        (value) => `bitcast<u32>(${value})`,
      );
    case "f16":
      throw new Error("the driver has no f16");
    case "f64":
      throw new Error("WGSL has no f64");
    case "nat":
      return naturalLayout(natBits);
    default: {
      const fields = type.fields.map((field) => ({ name: field.name, layout: layoutOf(field.type, natBits) }));
      const starts = fields.map((_, i) => fields.slice(0, i).reduce((sum, { layout }) => sum + layout.words, 0));
      return {
        words: fields.reduce((sum, { layout }) => sum + layout.words, 0),
        encode: (value) =>
          typeof value === "object" ? fields.flatMap(({ name, layout }) => layout.encode(value[name] ?? 0)) : [],
        decode: (words) =>
          Object.fromEntries(
            fields.map(({ name, layout }, i) => [
              name,
              layout.decode(words.slice(starts[i] ?? 0, (starts[i] ?? 0) + layout.words)),
            ]),
          ),
        read: (at) =>
          `${prefixed(type.name)}(${fields.map(({ layout }, i) => layout.read(`${at} + ${starts[i] ?? 0}u`)).join(", ")})`,
        write: (value) => fields.flatMap(({ name, layout }) => layout.write(`${value}.${name}`)),
      };
    }
  }
}

/** Runs a function of a library on a device, once for each list of operands. */
export async function runOnDevice(
  device: GPUDevice,
  library: Library,
  name: string,
  calls: readonly (readonly Value[])[],
  natBits: number = wgslNatBits,
): Promise<Value[]> {
  const { parameters, result } = library.fn(name);
  const layouts = parameters.map(({ type }) => layoutOf(type, natBits));
  const resultLayout = layoutOf(result, natBits);
  const stride = layouts.reduce((sum, { words }) => sum + words, 0);
  const starts = layouts.map((_, i) => layouts.slice(0, i).reduce((sum, { words }) => sum + words, 0));
  const operands = layouts.map(({ read }, i) => read(`id.x * ${stride}u + ${starts[i] ?? 0}u`));
  const writes = resultLayout
    .write("result")
    .map((word, i) => `    output[id.x * ${resultLayout.words}u + ${i}u] = ${word};`);
  const code = `@group(0) @binding(0) var<storage, read_write> output: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<u32>;

${printWgsl(library.closure([name]), prefixed, natBits)}

@compute @workgroup_size(64)
fn run(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < ${calls.length}u) {
    let result = ${prefixed(name)}(${operands.join(", ")});
${writes.join("\n")}
  }
}
`;
  const inputs = Uint32Array.from(calls.flatMap((call) => call.flatMap((value, i) => layouts[i]?.encode(value) ?? [])));
  const words = await dispatch(device, code, inputs, calls.length * resultLayout.words, calls.length);
  return calls.map((_, i) =>
    resultLayout.decode([...words.subarray(i * resultLayout.words, (i + 1) * resultLayout.words)]),
  );
}

async function dispatch(
  device: GPUDevice,
  code: string,
  inputs: Uint32Array,
  outputWords: number,
  count: number,
): Promise<Uint32Array> {
  const module = device.createShaderModule({ code });
  const messages = (await module.getCompilationInfo()).messages.filter(({ type }) => type === "error");
  if (messages.length > 0) {
    throw new Error(messages.map(({ message, lineNum }) => `${message}: ${code.split("\n")[lineNum - 1]}`).join("\n"));
  }
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "run" } });
  const size = outputWords * 4;
  const output = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const input = device.createBuffer({
    size: Math.max(4, inputs.byteLength),
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(input, 0, new Uint32Array(inputs));
  const entries = [output, input].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.ceil(count / 64));
  pass.end();
  encoder.copyBufferToBuffer(output, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const words = new Uint32Array(staging.getMappedRange().slice(0));
  for (const buffer of [output, staging, input]) buffer.destroy();
  return words;
}
