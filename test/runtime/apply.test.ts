import {
  applyActivation,
  checkRange,
  type Device,
  full,
  ones,
  randn,
  splitInputs,
  tensor,
  type Tensor,
} from "activation-compiler/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { deviceNamed, deviceNames, hasSoftwareGpu, sharedWebGpu } from "./devices.js";
import { gateActivation, prelu, preluActivation, relu } from "./stand-ins.js";

const list = async (x: Tensor | null): Promise<number[]> => [...(await x!.read())];

describe.each(deviceNames)("a compiled activation on %s", (name) => {
  let device: Device;
  beforeAll(async () => {
    device = await deviceNamed(name);
  });

  it("has a value and a gradient", async () => {
    const x = tensor(
      [
        [-1, 2, -3],
        [4, -5, 6],
      ],
      { device, requiresGrad: true },
    );
    const y = relu(x);
    y.mul(tensor([1, 2, 3], { device }))
      .sum()
      .backward();
    expect(await list(y)).toEqual([0, 2, 0, 4, 0, 6]);
    expect(await list(x.grad)).toEqual([0, 2, 0, 1, 0, 3]);
  });

  it.each([
    { shape: [2, 3, 2], weights: [2, 3, 4], channelOf: (i: number) => Math.floor(i / 2) % 3 },
    { shape: [4, 3], weights: [2, 3, 4], channelOf: (i: number) => i % 3 },
    { shape: [2, 3, 2], weights: [0.5], channelOf: () => 0 },
    { shape: [5], weights: [0.5], channelOf: () => 0 },
    { shape: [], weights: [0.5], channelOf: () => 0 },
  ])(
    "has the gradient of one number per channel, or for all: $shape, $weights",
    async ({ shape, weights, channelOf }) => {
      const x = tensor(randn(shape, { seed: 3 }).data(), { shape, device, requiresGrad: true });
      const weight = tensor(weights, { device, requiresGrad: true });
      const y = prelu(x, weight, 3);
      y.sum().backward();
      const values = await list(x);
      const slope = (value: number, i: number): number => 3 * (value > 0 ? 1 : weights[channelOf(i)]!);
      const sums = weights.map((_, c) =>
        values.reduce((sum, value, i) => (value > 0 || channelOf(i) !== c ? sum : sum + 3 * value), 0),
      );
      expect(await list(y)).toEqual(values.map((value, i) => expect.closeTo(value * slope(value, i), 5)));
      expect(await list(x.grad)).toEqual(values.map((value, i) => slope(value, i)));
      expect(await list(weight.grad)).toEqual(sums.map((sum) => expect.closeTo(sum, 5)));
    },
  );

  it("is empty for an empty tensor", async () => {
    const x = tensor([], { shape: [0, 2], device, requiresGrad: true });
    const weight = ones([2], { device, requiresGrad: true });
    const y = prelu(x, weight);
    expect(y.shape).toEqual([0, 2]);
    y.sum().backward();
    expect(await list(weight.grad)).toEqual([0, 0]);
  });

  it("splits its inputs off one tensor, with gradients", async () => {
    const x = tensor(
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
      { device, requiresGrad: true },
    );
    const [left, right] = splitInputs(x, 2, -1);
    expect(await list(right!)).toEqual([3, 4, 7, 8]);
    left!.mul(right!).sum().backward();
    expect(await list(x.grad)).toEqual([3, 4, 1, 2, 7, 8, 5, 6]);
    expect(() => splitInputs(x, 3, 1)).toThrow(
      "axis 1 of [2, 4] has 4 positions, which do not divide into 3 equal parts",
    );
  });
});

describe("an activation with several inputs and an axis", () => {
  const gate = (x: Tensor, z: Tensor, scale: Tensor, offset: Tensor, axis?: number): Tensor =>
    applyActivation(gateActivation, {
      inputs: [x, z],
      learned: [scale, offset],
      ...(axis === undefined ? {} : { axis }),
    });
  const leaf = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { requiresGrad: true });

  it("broadcasts its inputs and sums their gradients back", () => {
    const [x, z, scale, offset] = [leaf([[1], [2]]), leaf([3, 4, 5]), leaf([1, 10, 100]), leaf(7)];
    const y = gate(x, z, scale, offset);
    expect(y.toArray()).toEqual([
      [10, 47, 507],
      [13, 87, 1007],
    ]);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([[543], [543]]);
    expect(z.grad!.toArray()).toEqual([3, 30, 300]);
    expect(scale.grad!.toArray()).toEqual([9, 12, 15]);
    expect(offset.grad!.item()).toBe(6);
  });

  it("takes the axis it is given", () => {
    const y = gate(
      leaf([
        [1, 2],
        [3, 4],
      ]),
      leaf([
        [1, 1],
        [1, 1],
      ]),
      leaf([1, 10]),
      leaf([0]),
      0,
    );
    expect(y.toArray()).toEqual([
      [1, 2],
      [30, 40],
    ]);
  });
});

describe("wrong use", () => {
  const x = ones([2, 3]);
  const { cpu: _, ...withoutCpu } = preluActivation;
  it.each([
    [
      () => prelu(x, ones([4])),
      "prelu: 'weight' holds 4 numbers, but an input of shape [2, 3] has 3 channels (axis 1)",
    ],
    [
      () => prelu(ones([6]), ones([6])),
      "prelu: 'weight' holds 6 numbers, but an input of shape [6] has 1 channel (channels are axis 1)",
    ],
    [() => applyActivation(preluActivation, { inputs: [x] }), "prelu takes 1 learned parameters, not 0"],
    [
      () => applyActivation(gateActivation, { inputs: [x, ones([2])], learned: [ones([3]), ones([1])] }),
      "gate: shapes [2, 3] and [2] do not broadcast: 3 and 2 differ",
    ],
    [
      () => applyActivation(gateActivation, { inputs: [x, x], learned: [ones([2]), ones([1])] }),
      "gate: 'scale' holds 2 numbers, but an input of shape [2, 3] has 3 positions along the axis",
    ],
    [
      () => applyActivation(gateActivation, { inputs: [x, x], learned: [ones([3]), ones([1])], axis: 2 }),
      "gate: there is no axis 2: it must be from -2 to 1",
    ],
    [
      () => applyActivation(withoutCpu, { inputs: [x], learned: [ones([1])], hyperparameters: [1] }),
      "prelu has no kernels for the device 'cpu': compile its definition with --target ts,wgsl,module (this needs ts)",
    ],
    [() => checkRange("beta", -1, 0, Infinity, false, false), "beta is -1, but must lie in (0, inf)"],
    [() => checkRange("rate", NaN, -Infinity, 1, false, true), "rate is NaN, but must lie in (-inf, 1]"],
  ])("%s", (action, message) => {
    expect(action).toThrow(message);
  });

  it("lets pass what lies in a range", () => {
    checkRange("a", 0, 0, 1, true, false);
    checkRange("a", 1, 0, 1, true, true);
    expect(() => checkRange("a", 1, 0, 1, true, false)).toThrow(RangeError);
    expect(() => checkRange("a", 0, 0, 1, false, true)).toThrow(RangeError);
  });

  it.skipIf(!hasSoftwareGpu)("never falls back to another device", async () => {
    const device = await sharedWebGpu();
    const onGpu = ones([2, 3], { device });
    expect(() =>
      applyActivation(gateActivation, {
        inputs: [onGpu, onGpu],
        learned: [ones([3], { device }), ones([1], { device })],
      }),
    ).toThrow(
      "gate has no kernels for the device 'webgpu': compile its definition with --target ts,wgsl,module (this needs wgsl)",
    );
    expect(() => prelu(onGpu, full([1], 2))).toThrow("prelu: the tensors are on the devices 'webgpu' and 'cpu'");
    expect(() => onGpu.add(x)).toThrow("add: the tensors are on the devices 'webgpu' and 'cpu': move them to one");
    expect(() => onGpu.data()).toThrow(/need a tensor on the CPU: await read\(\)/);
  });
});
