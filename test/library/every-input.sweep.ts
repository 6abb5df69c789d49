import { describe, expect, test } from "vitest";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { errorAt } from "./binary32.js";
import { runWgsl } from "./compile.js";
import { unaryBounds } from "./unary-bounds.js";

/**
 * By hand: `LIBRARY_STRIDE=61 npx vitest run test/library/every-input.sweep.ts` takes every 61st of all float32
 * numbers, with 1 all of them (hours), and prints the largest error of each function with its input.
 */
const stride = Number(process.env["LIBRARY_STRIDE"] ?? 1);
const chunk = 2 ** 21;

describe("WGSL functions on float32 numbers at even distances", () => {
  test.each(Object.keys(unaryBounds))("%s", { timeout: 24 * 3600 * 1000 }, async (name) => {
    const [oracle, bound] = unaryBounds[name]!;
    const device = await requestSoftwareDevice();
    let worst = { input: 0, error: 0 };
    for (let first = 0; first < 2 ** 32; first += chunk * stride) {
      const length = Math.min(chunk, Math.ceil((2 ** 32 - first) / stride));
      const patterns = Uint32Array.from({ length }, (_, i) => first + i * stride);
      const inputs = new Float32Array(patterns.buffer);
      const results = await runWgsl(device, name, [inputs]);
      for (let i = 0; i < length; i++) {
        const error = errorAt(results[i]!, oracle, inputs[i]!);
        if (error > worst.error) worst = { input: inputs[i]!, error };
      }
    }
    device.destroy();
    console.log(`${name}: ${worst.error.toFixed(3)} ulp at ${worst.input}`);
    expect(worst.error, `at ${worst.input}`).toBeLessThanOrEqual(bound);
  });
});
