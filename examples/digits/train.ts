/**
 * Trains a network on handwritten digits, with any activation in `generated/`:
 *
 *     npm run example:digits -- --activation Mish --device cpu --epochs 6 --seed 0
 *
 * `--device webgpu` takes the machine's GPU; with `--software`, a driver that needs none.
 */
import { parseArgs } from "node:util";
import { activationNamed, featuresAfter } from "./activation.js";
import { deviceNamed } from "./device.js";
import { classes, loadDigits, pixels } from "./digits.js";
import { hidden, train } from "./training.js";

const { name, epochs, seed, activation, features, found } = await prepare().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return process.exit(2);
});
const { device, description } = found;
console.log(`Linear(${pixels}, ${hidden}), ${name}, Linear(${features}, ${classes}) on ${description}, seed ${seed}`);
const start = performance.now();
const { accuracy } = await train({ ...loadDigits(seed), activation, device, seed, epochs, log: console.log });
const seconds = ((performance.now() - start) / 1000).toFixed(1);
const percent = (100 * accuracy).toFixed(2);
console.log(`${name} on ${device.type}: test accuracy ${percent} % after ${counted(epochs, "epoch")}, ${seconds} s`);
// A WebGPU implementation may keep the process alive.
process.exit(0);

/** What the options name; throws what is wrong with them. */
async function prepare() {
  const { values } = parseArgs({
    options: {
      activation: { type: "string", default: "ReLU" },
      device: { type: "string", default: "cpu" },
      software: { type: "boolean", default: false },
      epochs: { type: "string", default: "6" },
      seed: { type: "string", default: "0" },
    },
  });
  const activation = activationNamed(values.activation);
  return {
    name: values.activation,
    epochs: wholeNumber("--epochs", values.epochs, 1),
    seed: wholeNumber("--seed", values.seed, 0),
    activation,
    features: featuresAfter(activation, hidden),
    found: await deviceNamed(values.device, values.software),
  };
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new RangeError(`${option} is a whole number from ${least}, not '${text}'`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
