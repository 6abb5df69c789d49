import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cpu } from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";
import { activationNamed } from "../../examples/digits/activation.js";
import { solution, solve } from "../../examples/oscillator/training.js";
import { train } from "../../examples/spiking/training.js";
import { hasSoftwareGpu, sharedWebGpu } from "../runtime/devices.js";

/** On a slow device, where there is time for all. */
const isThorough = process.env["CI"] === "true";

const largestDifference = (some: readonly number[], others: readonly number[]): number =>
  Math.max(...some.map((value, i) => Math.abs(value - others[i]!)));

describe("the oscillator", () => {
  it("has the solution that it is compared with", () => {
    const h = 1e-4;
    for (const t of [0.3, 1, 2.5]) {
      const [before, here, after] = [solution(t - h), solution(t), solution(t + h)];
      expect(((after - 2 * here + before) / h + (0.5 * (after - before)) / 2) / h + here).toBeCloseTo(0, 5);
    }
    expect(solution(0)).toBe(1);
  });

  // After 250 steps 0.0075, with 3.7e-4 lost after 200.
  it.each(isThorough ? ["Tanh", "SiLU"] : ["SiLU"])("is solved by a network of %s", async (name) => {
    const activation = () => activationNamed(name);
    const { losses, error } = await solve({ activation, device: cpu, seed: 0, steps: 250 });
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 100);
    expect(error).toBeLessThan(0.03);
  });

  it.skipIf(!hasSoftwareGpu)("is solved alike on WebGPU", async () => {
    const steps = isThorough ? 250 : 25;
    const options = { activation: () => activationNamed("Tanh"), seed: 0, steps };
    const onGpu = await solve({ ...options, device: await sharedWebGpu() });
    const onCpu = await solve({ ...options, device: cpu });
    expect(largestDifference(onGpu.losses.slice(0, 25), onCpu.losses.slice(0, 25))).toBeLessThan(1e-3);
    if (isThorough) expect(onGpu.error).toBeLessThan(0.03);
    else expect(onGpu.losses[24]!).toBeLessThan(onGpu.losses[0]! / 3);
  });
});

describe("neurons that spike", () => {
  it("learn which of two inputs fire", async () => {
    const { accuracy, losses } = await train({ device: cpu, seed: 0, steps: 60 });
    expect(losses[0]!).toBeGreaterThan(0.5);
    // 0.994.
    expect(accuracy).toBeGreaterThan(0.95);
  });

  it.skipIf(!hasSoftwareGpu)("learn it alike on WebGPU", async () => {
    const steps = isThorough ? 60 : 15;
    const onGpu = await train({ device: await sharedWebGpu(), seed: 0, steps });
    const onCpu = await train({ device: cpu, seed: 0, steps });
    expect(largestDifference(onGpu.losses.slice(0, 15), onCpu.losses.slice(0, 15))).toBeLessThan(1e-2);
    if (isThorough) expect(onGpu.accuracy).toBeGreaterThan(0.95);
  });
});

describe("the commands", () => {
  const example = (...words: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL("../../examples/run.mjs", import.meta.url)), ...words], {
      encoding: "utf8",
      timeout: 50_000,
    });

  it("print what came out", () => {
    const oscillator = example("oscillator", "--activation", "Tanh", "--device", "cpu", "--steps", "100");
    expect(oscillator.stderr).toBe("");
    expect(oscillator.stdout).toMatch(/\nstep 100: loss .*\nlargest error of u: .* after 100 steps/);
    const spiking = example("spiking", "--steps", "50");
    expect(spiking.stderr).toBe("");
    expect(spiking.stdout).toMatch(/\nstep 50: loss .*\ntest accuracy \d+\.\d % after 50 steps/);
  });

  it("refuse what they do not know", () => {
    const { status, stderr } = example("oscillator", "--activation", "mihs");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^there is no activation 'mihs'/);
  });
});
