import { beforeAll, describe, expect, test } from "vitest";
import { wgslLibrary } from "../../compiler/backend/library/wgsl.js";
import { emulateValues, type Value } from "../../compiler/machine/index.js";
import { runOnDevice } from "../machine/device.js";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { fromBits, randomNumbers, sampleInputs } from "./binary32.js";

const random = randomNumbers(88675123);
const between = (low: number, high: number): number => Math.fround(low + (high - low) * random());
const anyFloat = (): number => fromBits(Math.floor(random() * 2 ** 32));
const positive = (): number => fromBits(1 + Math.floor(random() * (0x7f800000 - 1)));
const angle = (): Value => ({ h: between(-0.78, 0.78), l: between(-1e-5, 1e-5), q: Math.floor(between(-9, 9)) });

/** Operands of functions that do not take every float32. */
const operandsOf: Readonly<Record<string, () => Value[]>> = {
  split_exponent: () => [positive()],
  exp_scaled: () => [between(-200, 200), between(-0.1, 0.1), Math.floor(between(-2, 2))],
  log_scaled: () => [Math.floor(between(-149, 128)), between(-0.29, 0.41)],
  exp_square: () => [positive(), random() < 0.5 ? -1 : -0.5],
  erfcx: () => [between(0.46, 11)],
  power: () => [random() < 0.5 ? positive() : between(0.5, 2), random() < 0.5 ? anyFloat() : between(-200, 200)],
  reduce_large_angle: () => [(random() < 0.5 ? -1 : 1) * fromBits(0x44480000 + Math.floor(random() * 0x3b380000))],
  reduce_angle: () => [(random() < 0.5 ? -1 : 1) * positive()],
  sin_reduced: () => [angle()],
  cos_reduced: () => [angle()],
  asin_correction: () => [between(0, 0.25)],
};

/** -0 and 0 apart, all NaN alike. */
function spelled(value: Value | undefined): string {
  if (typeof value !== "object") return Object.is(value, -0) ? "-0" : String(value);
  return Object.entries(value)
    .map(([name, field]) => `${name} ${spelled(field)}`)
    .join(", ");
}

const samples = sampleInputs();
let device: GPUDevice;
beforeAll(async () => {
  device = await requestSoftwareDevice();
});

describe("emulation and the software driver give the same bits", () => {
  test.each(wgslLibrary.functions)("$name", async ({ name, parameters }) => {
    const own = operandsOf[name];
    const calls: Value[][] =
      own === undefined
        ? Array.from({ length: 4000 }, (_, i) =>
            parameters.map((_parameter, j) =>
              random() < 0.5 ? anyFloat() : (samples[(5 * i + 7919 * j) % samples.length] ?? NaN),
            ),
          )
        : Array.from({ length: 2000 }, own);
    const emulated = emulateValues(wgslLibrary, name, { flushSubnormals: true, flushOperands: true });
    const results = await runOnDevice(device, wgslLibrary, name, calls);
    const differing = calls.flatMap((call, i) => {
      const [actual, expected] = [results[i], emulated(...call)].map(spelled);
      return actual === expected ? [] : [`${name}(${call.map(spelled).join("; ")}): ${actual}, emulated ${expected}`];
    });
    expect(differing.slice(0, 5), `${differing.length} of ${calls.length}`).toEqual([]);
  });
});
