import { cpu, type Device } from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";
import { classes, type Digits, loadDigits, pixels, select } from "../../examples/digits/digits.js";
import { train } from "../../examples/digits/training.js";
import { hasSoftwareGpu, sharedWebGpu } from "./devices.js";
import { ReLU } from "./stand-ins.js";

const { training, test } = loadDigits(0);
const first = (digits: Digits, count: number): Digits =>
  select(
    digits,
    Uint32Array.from({ length: count }, (_, i) => i),
  );

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

  it("are recognised after one epoch", async () => {
    const lines: string[] = [];
    const result = await train({
      training,
      test,
      activation: new ReLU(),
      device: cpu,
      seed: 0,
      epochs: 1,
      log: (line) => lines.push(line),
    });
    expect(lines[0]).toMatch(/^epoch 1: loss 0\.\d{4}, test accuracy \d\d\.\d\d %, \d+\.\d s$/);
    expect(result.accuracy).toBeGreaterThan(0.88);
  });

  it.skipIf(!hasSoftwareGpu)("are learned in the same way on the CPU and on WebGPU", async () => {
    const short = async (device: Device): Promise<readonly number[]> => {
      const options = {
        training: first(training, 320),
        test: first(test, 100),
        activation: new ReLU(),
        device,
        seed: 3,
        epochs: 3,
      };
      const { losses } = await train({ ...options, batchSize: 32 });
      return losses;
    };
    const [onCpu, again, onGpu] = [await short(cpu), await short(cpu), await short(await sharedWebGpu())];
    expect(again).toEqual(onCpu);
    expect(onGpu).toEqual(onCpu.map((loss) => expect.closeTo(loss, 4)));
    expect(onCpu[2]!).toBeLessThan(onCpu[0]! / 2);
  });
});
