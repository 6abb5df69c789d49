import { Adam, type Device, type Optimizer, Parameter, SGD, tensor } from "activation-compiler/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { deviceNamed, deviceNames } from "./devices.js";

const gradients = [
  [0.5, -2],
  [1, 0.25],
  [-0.125, 4],
];

/** Three steps from [1, -3], worked out in float64 by the formulas of PyTorch's documentation. */
const cases: readonly { name: string; make: (p: Parameter) => Optimizer; expected: readonly (readonly number[])[] }[] =
  [
    {
      name: "SGD",
      make: (p) => new SGD([p], { lr: 0.1 }),
      expected: [
        [0.95, -2.8],
        [0.85, -2.825],
        [0.8625, -3.225],
      ],
    },
    {
      name: "SGD with momentum",
      make: (p) => new SGD([p], { lr: 0.1, momentum: 0.9 }),
      expected: [
        [0.95, -2.8],
        [0.805, -2.645],
        [0.687, -2.9055],
      ],
    },
    {
      name: "SGD with Nesterov momentum and weight decay",
      make: (p) => new SGD([p], { lr: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true }),
      expected: [
        [0.9031, -2.6143],
        [0.67007411, -2.49240283],
        [0.573640458191, -3.117812681623],
      ],
    },
    {
      name: "SGD with dampening",
      make: (p) => new SGD([p], { lr: 0.1, momentum: 0.5, dampening: 0.25 }),
      expected: [
        [0.95, -2.8],
        [0.85, -2.71875],
        [0.809375, -2.978125],
      ],
    },
    {
      name: "Adam",
      make: (p) => new Adam([p], { lr: 0.1 }),
      expected: [
        [0.900000002, -2.9000000005],
        [0.8034818006385094, -2.8427465433289556],
        [0.7364376179829415, -2.879906619294568],
      ],
    },
    {
      name: "Adam with all options",
      make: (p) => new Adam([p], { lr: 0.01, betas: [0.8, 0.99], eps: 1e-3, weightDecay: 0.1 }),
      expected: [
        [0.9900166389351082, -2.9900043459365495],
        [0.9801333780731533, -2.983540759533817],
        [0.9731281509977523, -2.9870991057281433],
      ],
    },
  ];

describe.each(deviceNames)("on %s", (name) => {
  let device: Device;
  beforeAll(async () => {
    device = await deviceNamed(name);
  });

  it.each(cases)("$name", async ({ make, expected }) => {
    const parameter = new Parameter(tensor([1, -3], { device }));
    const optimiser = make(parameter);
    for (const [step, gradient] of gradients.entries()) {
      optimiser.zeroGrad();
      parameter.mul(tensor(gradient, { device })).sum().backward();
      optimiser.step();
      expect([...(await parameter.read())]).toEqual(expected[step]!.map((value) => expect.closeTo(value, 6)));
    }
  });
});

describe.each(deviceNames)("a parameter with a range, on %s", (name) => {
  const range = (low: number, high: number, closed: boolean) => ({ low, high, lowClosed: closed, highClosed: closed });
  const third = Math.fround(1 / 3);
  it.each([
    ["[-1, 1]", range(-1, 1, true), [-1, 1, 0.5, NaN]],
    ["(-1, 1)", range(-1, 1, false), [-0.9999999403953552, 0.9999999403953552, 0.5, NaN]],
    // The least positive number that is not subnormal.
    ["(0, inf)", range(0, Infinity, false), [1.1754943508222875e-38, 100, 0.5, NaN]],
    // 1/3 rounds up, 2/3 too: the number below it is the last inside.
    ["(1/3, 2/3)", range(1 / 3, 2 / 3, false), [third, 0.6666666269302368, 0.5, NaN]],
  ])("%s: optimisers leave it inside", async (_, given, expected) => {
    const device = await deviceNamed(name);
    const parameter = new Parameter(tensor([0.5, 0.5, 0.5, 0.5], { device }), given);
    parameter
      .mul(tensor([100.5, -99.5, 0, NaN], { device }))
      .sum()
      .backward();
    new SGD([parameter], { lr: 1 }).step();
    expect([...(await parameter.read())]).toEqual(expected);
  });
});

describe("an optimiser", () => {
  const parameter = (): Parameter => new Parameter(tensor([1]));

  it("skips parameters without a gradient, and takes each once", () => {
    const [used, unused] = [parameter(), parameter()];
    const optimiser = new SGD([used, unused, used], { lr: 1, momentum: 0.5 });
    used.sum().backward();
    optimiser.step();
    expect([used.item(), unused.item()]).toEqual([0, 1]);
  });

  it("follows a learning rate that changes", () => {
    const p = parameter();
    const optimiser = new SGD([p], { lr: 1 });
    p.sum().backward();
    optimiser.lr = 0.25;
    optimiser.step();
    expect(p.item()).toBe(0.75);
  });

  it.each([
    [() => new SGD([]), "an optimiser needs parameters"],
    [() => new SGD([parameter()], { lr: -1 }), "lr is -1, but must be at least 0 and below Infinity"],
    [() => new SGD([parameter()], { nesterov: true }), "nesterov needs a momentum, and no dampening"],
    [() => new Adam([parameter()], { betas: [0.9, 1] }), "betas[1] is 1, but must be at least 0 and below 1"],
    [() => new Adam([parameter()], { eps: NaN }), "eps is NaN"],
  ])("%s", (action, message) => {
    expect(action).toThrow(message);
  });
});
