/**
 * Trains a network on handwritten digits with any activation that was compiled into `generated/`:
 *
 *     node dist/examples/digits/train.js Mish --device webgpu --epochs 6 --seed 0
 */
import { parseArgs } from "node:util";
import { cpu, type Device, Module, webgpu } from "activation-compiler/runtime";
import { loadDigits } from "./digits.js";
import { train } from "./training.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: "string", default: "cpu" },
    epochs: { type: "string", default: "6" },
    seed: { type: "string", default: "0" },
  },
});

const name = positionals[0] ?? "ReLU";
const activation = await activationNamed(name);
const device = await deviceNamed(values.device);
const seed = wholeNumber("--seed", values.seed);
console.log(`Sequential(Linear(784, 64), ${name}, Linear(64, 10)) on the device '${device.type}', seed ${seed}`);
const { training, test } = loadDigits(seed);
await train({
  training,
  test,
  activation,
  device,
  seed,
  epochs: wholeNumber("--epochs", values.epochs),
  log: console.log,
});
// A WebGPU implementation may keep the process alive.
process.exit(0);

async function activationNamed(wanted: string): Promise<Module> {
  // Computed, so that the example can be built before anything was generated.
  const generated: Readonly<Record<string, unknown>> = await import(
    new URL("../../generated/index.js", import.meta.url).href
  );
  const Class = generated[wanted];
  const made: unknown = typeof Class === "function" ? Reflect.construct(Class, []) : undefined;
  if (made instanceof Module) return made;
  const names = Object.keys(generated).filter((key) => Object.getPrototypeOf(generated[key]) === Module);
  return fail(`there is no activation '${wanted}' in generated/; it has ${names.join(", ")}`);
}

async function deviceNamed(wanted: string): Promise<Device> {
  if (wanted === "cpu") return cpu;
  if (wanted !== "webgpu") return fail(`--device is cpu or webgpu, not '${wanted}'`);
  const navigator: { readonly gpu?: GPU } | undefined = Reflect.get(globalThis, "navigator");
  if (navigator?.gpu) return webgpu();
  const { create } = await import("webgpu");
  const gpu = create([]);
  // Collected while in use, it would end the process.
  Object.assign(globalThis, { gpuKeptAlive: gpu });
  const adapter = await gpu.requestAdapter();
  return adapter ? webgpu(await adapter.requestDevice()) : fail("WebGPU finds no adapter on this machine");
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 0 ? number : fail(`${option} is a whole number, not '${text}'`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
