/** A random activation in the runtime: training and evaluation, seeds, the tape, on both devices. */
import {
  type Device,
  Linear,
  manualSeed,
  mseLoss,
  randn,
  Sequential,
  SGD,
  tensor,
  type Tensor,
  zeros,
} from "activation-compiler/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { uniformAt } from "../../compiler/verification/draws.js";
import { RReLU, rrelu } from "../../generated/rrelu.module.js";
import { deviceNamed, deviceNames } from "../runtime/devices.js";

const list = async (x: Tensor | null): Promise<number[]> => [...(await x!.read())];

describe.each(deviceNames)("rrelu on %s", (name) => {
  let device: Device;
  let x: Tensor;
  beforeAll(async () => {
    device = await deviceNamed(name);
    x = tensor([-1, -2, 3, -4, 5], { device, requiresGrad: true });
  });

  it("takes the mean slope in evaluation, which is the functional form's default", async () => {
    const expected = [-11 / 48, -22 / 48, 3, -44 / 48, 5].map((y) => expect.closeTo(y, 6));
    expect(await list(rrelu(x))).toEqual(expected);
    expect(await list(rrelu(x, { training: false, seed: 5 }))).toEqual(expected);
    expect(await list(new RReLU().eval().call(x))).toEqual(expected);
  });

  it("draws from the seed in training", async () => {
    const slope = (i: number): number => 0.25 + 0.5 * uniformAt(123, i, 0);
    const y = rrelu(x, { lower: 0.25, upper: 0.75, training: true, seed: 123 });
    const expected = [-slope(0), -2 * slope(1), 3, -4 * slope(3), 5];
    expect(await list(y)).toEqual(expected.map((each) => expect.closeTo(each, 6)));
  });

  it("has the gradient of what it drew, whatever is drawn in between", async () => {
    const module = new RReLU();
    x.grad = null;
    const y = module.call(x);
    module.call(x);
    y.sum().backward();
    const [values, slopes] = [await list(y), await list(x.grad)];
    const numbers = await list(x);
    expect(slopes.map((slope, i) => slope * numbers[i]!)).toEqual(values.map((value) => expect.closeTo(value, 5)));
  });

  it("draws afresh each time, and the same again from the same seed", async () => {
    const module = new RReLU();
    manualSeed(1);
    const first = await list(module.call(x));
    const second = await list(module.call(x));
    manualSeed(1);
    expect(await list(module.call(x))).toEqual(first);
    expect(second).not.toEqual(first);
    manualSeed(1);
    expect(await list(new RReLU().call(x))).toEqual(first);
  });

  it("leaves the generator alone in evaluation", async () => {
    manualSeed(2);
    const first = await list(new RReLU().call(x));
    manualSeed(2);
    new RReLU().eval().call(x);
    expect(await list(new RReLU().call(x))).toEqual(first);
  });
});

it("refuses what is no seed", () => {
  for (const seed of [-1, 0.5, 2 ** 32, NaN]) {
    expect(() => rrelu(zeros([1]), { training: true, seed })).toThrow("rrelu: a seed is a whole number");
  }
});

it("trains reproducibly, the same on both devices, and evaluates without chance", async () => {
  const trained = async (device: Device): Promise<{ losses: number[]; outputs: number[][] }> => {
    manualSeed(11);
    const model = await new Sequential(new Linear(4, 16, { seed: 1 }), new RReLU(), new Linear(16, 1, { seed: 2 })).to(
      device,
    );
    const optimiser = new SGD(model.parameters(), { lr: 0.05 });
    const inputs = randn([32, 4], { seed: 3, device });
    const wanted = zeros([32, 1], { device });
    const losses: number[] = [];
    for (let step = 0; step < 10; step++) {
      const loss = mseLoss(model.call(inputs), wanted);
      optimiser.zeroGrad();
      loss.backward();
      optimiser.step();
      losses.push((await loss.read())[0]!);
    }
    model.eval();
    return { losses, outputs: [await list(model.call(inputs)), await list(model.call(inputs))] };
  };
  const devices = await Promise.all(deviceNames.map(deviceNamed));
  const [first, ...others] = [await trained(devices[0]!), await trained(devices[0]!)];
  expect(others[0]).toEqual(first);
  expect(first.losses.at(-1)!).toBeLessThan(first.losses[0]! / 2);
  expect(first.outputs[0]).toEqual(first.outputs[1]);
  for (const device of devices.slice(1)) {
    expect((await trained(device)).losses).toEqual(first.losses.map((loss) => expect.closeTo(loss, 4)));
  }
});
