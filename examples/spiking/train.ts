/**
 * Trains a network of spiking neurons:
 *
 *     npm run example:spiking -- --device cpu --steps 200 --seed 0
 *
 * `--device webgpu` takes the machine's GPU; with `--software`, a driver that needs none.
 */
import { parseArgs } from "node:util";
import { deviceNamed } from "../digits/device.js";
import { train } from "./training.js";

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "cpu" },
    software: { type: "boolean", default: false },
    steps: { type: "string", default: "200" },
    seed: { type: "string", default: "0" },
  },
});

try {
  const [steps, seed] = [Number(values.steps), Number(values.seed)];
  if (!Number.isSafeInteger(steps) || steps < 1) throw new RangeError(`--steps is a whole number from 1`);
  const { device, description } = await deviceNamed(values.device, values.software);
  console.log(`One of two inputs, not both, by neurons that spike, on ${description}, seed ${seed}`);
  const { accuracy } = await train({ device, seed, steps, log: console.log });
  console.log(`test accuracy ${(100 * accuracy).toFixed(1)} % after ${steps} steps`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
// A WebGPU implementation may keep the process alive.
process.exit(0);
