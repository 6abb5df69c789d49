/** What shaders make of second derivatives and two cotangents, emulated on a device that takes subnormal numbers for 0. */
import { expect, test } from "vitest";
import { emulatedFunction } from "../../compiler/verification/emulation.js";
import { read } from "../activations/standard.js";

test.each([
  [1e30, 1e30, -300, 0],
  [1e30, 1e30, 9, Infinity],
  [1e-30, 3e38, 0.1, 149251874.9],
  [3e38, 1e-30, 0.1, 149251874.9],
])("cotangents of %d and %d at %d", (dy, ddx, x, expected) => {
  const gradient = emulatedFunction(read("generated/silu.wgsl"), "silu_double_backward", 1);
  const [actual = NaN] = gradient([dy, ddx, x].map((each) => Float32Array.of(each)));
  if (Number.isFinite(expected)) expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-6 * expected);
  else expect(Math.abs(actual)).toBe(expected);
});
