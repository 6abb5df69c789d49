import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cpu, type Device } from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";
import { activationNamed, featuresAfter } from "../../examples/digits/activation.js";
import { deviceNamed } from "../../examples/digits/device.js";
import { classes, type Digits, loadDigits, pixels, select } from "../../examples/digits/digits.js";
import { train, type TrainingResult } from "../../examples/digits/training.js";
import { hasSoftwareGpu, sharedWebGpu } from "../runtime/devices.js";
import { findSoftwareGpu } from "../webgpu/driver.js";

const activations = ["ReLU", "Mish", "GELU"];
const { training, test } = loadDigits(0);

const first = (digits: Digits, count: number): Digits =>
  select(
    digits,
    Uint32Array.from({ length: count }, (_, i) => i),
  );

const found = findSoftwareGpu();
if (found.gpu === null) console.warn(`Training on WebGPU not executed: ${found.reason}`);

describe("the digits", () => {
  it("are all there, each once, in the same order every time", () => {
    expect([training.labels.length, test.labels.length]).toEqual([8000, 2000]);
    expect(training.images.length).toBe(8000 * pixels);
    const counts = new Array<number>(classes).fill(0);
    for (const label of [...training.labels, ...test.labels]) counts[label]!++;
    expect(counts).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
    expect(loadDigits(0).test.labels).toEqual(test.labels);
    expect(loadDigits(1).test.labels).not.toEqual(test.labels);
  });

  // After three epochs Mish recognises 93.8 %, after one ReLU 89.7 % and GELU 90.2 %.
  it.each([
    ["Mish", 3, 0.92],
    ["ReLU", 1, 0.88],
    ["GELU", 1, 0.88],
  ])("are recognised by a network with %s", async (name, epochs, atLeast) => {
    const result = await train({ training, test, activation: activationNamed(name), device: cpu, seed: 0, epochs });
    expect(result.accuracy).toBeGreaterThanOrEqual(atLeast);
    expect(result.losses).toEqual([...result.losses].sort((a, b) => b - a));
  });

  // A whole run would take half a minute for each in software; outside of CI one of them stands for all.
  it.skipIf(!hasSoftwareGpu).each(process.env["CI"] === undefined ? ["Mish"] : activations)(
    "are learned alike on the CPU and on WebGPU with %s, in 50 steps",
    async (name) => {
      const short = (device: Device): Promise<TrainingResult> => {
        const some = first(training, 50 * 32);
        const activation = activationNamed(name);
        return train({
          training: some,
          test: first(test, 500),
          activation,
          device,
          seed: 0,
          epochs: 1,
          batchSize: 32,
          firstSteps: 50,
        });
      };
      const [onCpu, onGpu] = [await short(cpu), await short(await sharedWebGpu())];
      expect(onGpu.firstLosses).toHaveLength(50);
      expect(largestDifference(onGpu.firstLosses, onCpu.firstLosses)).toBeLessThan(1e-3);
      expect(largestDifference(onGpu.losses, onCpu.losses)).toBeLessThan(1e-3);
      expect(Math.abs(onGpu.accuracy - onCpu.accuracy)).toBeLessThan(0.01);
      expect(onGpu.firstLosses[49]!).toBeLessThan(onGpu.firstLosses[0]! / 2);
    },
  );

  it("are learned in the same way every time", async () => {
    const run = (): Promise<TrainingResult> =>
      train({
        training: first(training, 320),
        test: first(test, 100),
        activation: activationNamed("Mish"),
        device: cpu,
        seed: 3,
        epochs: 2,
        firstSteps: 5,
      });
    const [once, again] = [await run(), await run()];
    expect(again.losses).toEqual(once.losses);
    expect(again.firstLosses).toEqual(once.firstLosses);
    expect(once.firstLosses).toHaveLength(5);
  });
});

describe("an activation", () => {
  it("may halve the features between the layers", async () => {
    const activation = activationNamed("SwiGLU");
    const some = { training: first(training, 320), test: first(test, 100) };
    const { losses } = await train({ ...some, activation, device: cpu, seed: 0, epochs: 3 });
    expect(losses[2]!).toBeLessThan(losses[0]! / 2);
  });

  it("that needs a second input is refused", () => {
    expect(() => featuresAfter(activationNamed("FunnelReLU"), 64)).toThrow(/^FunnelReLU does not work on the output/);
  });

  it("is not a function, nor a name that every object has", () => {
    expect(() => activationNamed("mish")).toThrow("there is no activation 'mish'; did you mean Mish?");
    expect(() => activationNamed("toString")).toThrow("there is no activation 'toString'\n");
  });
});

describe("the device", () => {
  it("is the one that was asked for, or an error", async () => {
    expect(await deviceNamed("cpu", false)).toEqual({ device: cpu, description: "cpu" });
    await expect(deviceNamed("cpu", true)).rejects.toThrow("--software belongs to --device webgpu");
    await expect(deviceNamed("gpu", false)).rejects.toThrow("--device is cpu or webgpu, not 'gpu'");
  });

  it.skipIf(!hasSoftwareGpu)("says that it is software", async () => {
    const { device, description } = await deviceNamed("webgpu", true);
    expect(device.type).toBe("webgpu");
    expect(description).toBe("webgpu (SwiftShader: a driver in software, no GPU)");
  });
});

describe("the command", () => {
  const example = (...options: string[]) =>
    spawnSync(
      process.execPath,
      [fileURLToPath(new URL("../../examples/run.mjs", import.meta.url)), "digits", ...options],
      { encoding: "utf8", timeout: 50_000 },
    );

  it("prints its progress and what came out", () => {
    const { status, stdout, stderr } = example("--activation", "SiLU", "--device", "cpu", "--epochs", "1");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [network, epoch, result, ...rest] = stdout.split("\n");
    expect(network).toBe("Linear(784, 64), SiLU, Linear(64, 10) on cpu, seed 0");
    expect(epoch).toMatch(/^epoch 1: loss 0\.\d{4}, test accuracy \d\d\.\d\d %, \d+\.\d s$/);
    expect(result).toMatch(/^SiLU on cpu: test accuracy \d\d\.\d\d % after 1 epoch, \d+\.\d s$/);
    expect(Number(/(\d+\.\d+) %/.exec(result!)![1])).toBeGreaterThan(85);
    expect(rest).toEqual([""]);
  });

  it("refuses what it does not know before any training", () => {
    const { status, stdout, stderr } = example("--activation", "mihs");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^there is no activation 'mihs'; did you mean Mish\?\nThere are .*\bReLU\b/);
  });
});

function largestDifference(some: readonly number[], others: readonly number[]): number {
  return Math.max(...some.map((value, i) => Math.abs(value - others[i]!)));
}
