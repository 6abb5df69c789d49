/**
 * Solves a differential equation with a network, with any smooth activation in `generated/`:
 *
 *     npm run example:oscillator -- --activation Tanh --device cpu --steps 400
 *
 * `--device webgpu` takes the machine's GPU; with `--software`, a driver that needs none.
 */
import { parseArgs } from "node:util";
import { activationNamed } from "../digits/activation.js";
import { deviceNamed } from "../digits/device.js";
import { solve } from "./training.js";

const { values } = parseArgs({
  options: {
    activation: { type: "string", default: "Tanh" },
    device: { type: "string", default: "cpu" },
    software: { type: "boolean", default: false },
    steps: { type: "string", default: "400" },
    seed: { type: "string", default: "0" },
  },
});

try {
  const activation = (): ReturnType<typeof activationNamed> => activationNamed(values.activation);
  activation();
  const [steps, seed] = [Number(values.steps), Number(values.seed)];
  if (!Number.isSafeInteger(steps) || steps < 1) throw new RangeError(`--steps is a whole number from 1`);
  const { device, description } = await deviceNamed(values.device, values.software);
  console.log(`u'' + u'/2 + u = 0 by two layers of ${values.activation} on ${description}, seed ${seed}`);
  const start = performance.now();
  const { error } = await solve({ activation, device, seed, steps, log: console.log });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`largest error of u: ${error.toExponential(1)} after ${steps} steps, ${seconds} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
// A WebGPU implementation may keep the process alive.
process.exit(0);
