/** Gradients of gradients, on each device. */
import {
  type Activation,
  applyActivation,
  crossEntropyLoss,
  type Device,
  grad,
  linear,
  mseLoss,
  noGrad,
  ones,
  tensor,
  type Tensor,
  tidy,
} from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";
import { bilinearGlu, prelu, PReLU, softplus, swiglu, tanh } from "../../generated/index.js";
import { words } from "../activations/points.js";
import { deviceNamed, deviceNames } from "./devices.js";
import { reluActivation } from "./stand-ins.js";

const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });

describe("grad", () => {
  it("gives gradients, and leaves those of the tensors alone", () => {
    const [x, z] = [leaf(1, 2), leaf(3, 4)];
    const [dx, dz] = grad(x.mul(x).mul(z).sum(), [x, z]);
    expect([dx!.toArray(), dz!.toArray()]).toEqual([
      [6, 16],
      [1, 4],
    ]);
    expect([x.grad, z.grad, dx!.requiresGrad]).toEqual([null, null, false]);
  });

  it("differentiates as often as one likes where operations allow it", () => {
    const x = leaf(2);
    let y = x.mul(x).mul(x).mul(x);
    const derivatives = [32, 48, 48, 24].map((expected) => {
      [y] = [grad(y.sum(), [x], { createGraph: true })[0]!];
      return [y.toArray(), [expected]];
    });
    for (const [actual, expected] of derivatives) expect(actual).toEqual(expected);
  });

  it("takes several outputs, with the gradients that arrive at them", () => {
    const x = leaf(1, 2);
    const [dx] = grad([x.mul(3), x.mul(x).sum()], [x], { gradOutputs: [tensor([1, 10]), tensor(1)] });
    expect(dx!.toArray()).toEqual([5, 34]);
    expect(() => grad(x.mul(3), [x])).toThrow(/shape \[2\] needs the gradient/);
    expect(() => grad(x.mul(3), [x], { gradOutputs: [ones([3])] })).toThrow(/has shape \[3\], the tensor \[2\]/);
    expect(() => grad(x.sum(), [x], { gradOutputs: [] })).toThrow(/0 gradOutputs for 1 outputs/);
  });

  it("goes to intermediate results as well, and no further", () => {
    const x = leaf(3);
    const y = x.mul(2);
    const [dy, dx] = grad(y.mul(y).sum(), [y, x]);
    expect([dy!.item(), dx!.item()]).toEqual([12, 24]);
  });

  it("says which input is of no use", () => {
    const [x, z] = [leaf(1), leaf(2)];
    expect(() => grad(x.sum(), [x, z])).toThrow(/do not depend on the input 1/);
    expect(grad(x.sum(), [x, z], { allowUnused: true }).map((each) => each.item())).toEqual([1, 0]);
    expect(() => grad(x.sum(), [tensor([1])])).toThrow(/input 0 does not require a gradient/);
  });

  it("releases what was recorded unless it is kept", () => {
    const x = leaf(1);
    const y = x.mul(x).sum();
    grad(y, [x], { retainGraph: true });
    grad(y, [x]);
    expect(() => grad(y, [x])).toThrow(/went through this 'sum' before/);
  });

  it("records the way back even within noGrad, if it is to be differentiated", () => {
    const x = leaf(3);
    const y = x.mul(x).sum();
    const [dx] = noGrad(() => grad(y, [x], { createGraph: true }));
    expect(dx!.requiresGrad).toBe(true);
  });

  it("lets go of what it needed, within tidy", () => {
    const x = leaf(1, 2);
    const penalty = tidy(() => {
      const [dx] = grad(x.mul(x).mul(x).sum(), [x], { createGraph: true });
      const loss = dx!.mul(dx!).sum();
      loss.backward();
      return loss.detach();
    });
    // d(9 x^4) = 36 x^3
    expect([penalty.item(), x.grad!.toArray()]).toEqual([153, [36, 288]]);
  });
});

describe("backward", () => {
  it("can be gone through twice, if it is kept, and differentiated", () => {
    const x = leaf(2);
    const y = x.mul(x).mul(x).sum();
    y.backward(undefined, { createGraph: true });
    const slope = x.grad!;
    expect([slope.item(), slope.requiresGrad]).toEqual([12, true]);
    expect(grad(slope.sum(), [x], { retainGraph: true })[0]!.item()).toBe(12);
    y.backward();
    expect(x.grad!.item()).toBe(24);
  });
});

/** Functions of leaves, with shapes of these. */
const functions: readonly [name: string, shapes: readonly (readonly number[])[], run: (...x: Tensor[]) => Tensor][] = [
  ["add", [[2, 3], [3]], (a, b) => cubed(a!.add(b!))],
  ["sub", [[2, 1], [3]], (a, b) => cubed(a!.sub(b!))],
  ["mul", [[2, 3], [1]], (a, b) => a!.mul(b!).mul(a!)],
  ["div", [[2, 3], [3]], (a, b) => a!.div(b!.mul(b!).add(1))],
  ["neg", [[3]], (a) => cubed(a!.neg())],
  [
    "matmul",
    [
      [2, 3],
      [3, 2],
    ],
    (a, b) => a!.matmul(b!),
  ],
  ["matmul of vectors", [[3], [3]], (a, b) => a!.matmul(b!)],
  [
    "matmul in batches",
    [
      [2, 2, 3],
      [1, 3, 2],
    ],
    (a, b) => cubed(a!.matmul(b!)),
  ],
  [
    "matmul of transposed",
    [
      [3, 2],
      [2, 3],
    ],
    (a, b) => cubed(a!.transpose().matmul(b!.transpose())),
  ],
  ["linear", [[2, 3], [2, 3], [2]], (x, w, b) => cubed(linear(x!, w!, b!))],
  [
    "linear without bias",
    [
      [2, 2, 3],
      [2, 3],
    ],
    (x, w) => linear(x!, w!),
  ],
  ["sum", [[2, 3]], (a) => cubed(a!.sum(1))],
  ["mean", [[2, 3]], (a) => cubed(a!.mean(0, true))],
  ["reshape, broadcastTo", [[3, 1]], (a) => cubed(a!.broadcastTo([2, 3, 2]).reshape([6, 2]))],
  ["narrow", [[2, 4]], (a) => cubed(a!.narrow(1, 1, 2))],
  [
    "mseLoss",
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => mseLoss(cubed(a!), b!),
  ],
  ["crossEntropyLoss", [[2, 3]], (a) => crossEntropyLoss(a!, [2, 0])],
  ["tanh", [[2, 3]], (a) => tanh(a!)],
  ["softplus", [[2, 3]], (a) => softplus(a!, { beta: 1.5 })],
  ["swiglu", [[2, 3], [3]], (a, b) => swiglu(a!, b!)],
  ["bilinear_glu", [[2, 3], [3]], (a, b) => bilinearGlu(a!, b!)],
  ["prelu", [[2, 3], [3]], (x, w) => cubed(prelu(x!, w!))],
  ["prelu with one weight", [[2, 3], [1]], (x, w) => prelu(x!, w!)],
];

const cubed = (x: Tensor): Tensor => x.mul(x).mul(x);

/** The sum of the squares of all gradients of a function, weighted so that no two elements count alike. */
function penalty(run: (...x: Tensor[]) => Tensor, leaves: readonly Tensor[], createGraph: boolean): Tensor {
  const y = run(...leaves);
  const weights = tensor(
    Float32Array.from({ length: y.size }, (_, i) => 0.5 + 0.3 * i),
    { shape: y.shape, device: y.device },
  );
  const gradients = grad(y.mul(weights).sum(), leaves, { createGraph });
  return gradients.map((gradient) => gradient.mul(gradient).sum()).reduce((a, b) => a.add(b));
}

async function leavesOn(device: Device, values: readonly Float32Array[], shapes: readonly (readonly number[])[]) {
  return Promise.all(values.map((each, i) => tensor(each, { shape: shapes[i]!, device, requiresGrad: true })));
}

describe.each(deviceNames)("a gradient penalty, on %s,", (deviceName) => {
  // The shaders of these take the software driver seconds to compile.
  const long = deviceName === "cpu" ? [] : ["softplus", "swiglu"];

  it.each(functions.filter(([name]) => !long.includes(name)))("through %s", async (_, shapes, run) => {
    const device = await deviceNamed(deviceName);
    const word = words(7);
    const values = shapes.map((shape) =>
      // Away from kinks.
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
        const magnitude = 0.2 + (0.9 * word()) / 2 ** 32;
        return word() % 2 === 0 ? magnitude : -magnitude;
      }),
    );
    const leaves = await leavesOn(device, values, shapes);
    penalty(run, leaves, true).backward();
    const actual = await Promise.all(leaves.map((each) => each.grad!.read()));
    const at = async (moved: readonly Float32Array[]): Promise<number> =>
      (await penalty(run, await leavesOn((await deviceNamed("cpu"))!, moved, shapes), false).read())[0]!;
    const h = 2 ** -6;
    for (const [k, own] of values.entries()) {
      for (let i = 0; i < own.length; i++) {
        const moved = (by: number): Float32Array[] =>
          values.map((each, j) => each.map((value, place) => (j === k && place === i ? value + by : value)));
        const [f1, f2, f3, f4] = [
          await at(moved(h)),
          await at(moved(-h)),
          await at(moved(2 * h)),
          await at(moved(-2 * h)),
        ];
        const expected = (8 * (f1! - f2!) - (f3! - f4!)) / (12 * h);
        expect(Math.abs(actual[k]![i]! - expected)).toBeLessThan(2e-3 * (1 + Math.abs(expected)));
      }
    }
  });
});

describe("an activation", () => {
  it("without the kernel says how to get it", () => {
    const { cpu } = reluActivation;
    const narrow: Activation = { ...reluActivation, ...(cpu ? { cpu } : {}) };
    const x = leaf(1, -1);
    const [dx] = grad(applyActivation(narrow, { inputs: [x] }).sum(), [x], { createGraph: true });
    expect(dx!.toArray()).toEqual([1, 0]);
    expect(() => dx!.sum().backward()).toThrow(
      /relu has no kernel for gradients of gradients.*--kernels forward,backward,doubleBackward/,
    );
  });

  it("ends with gradients of gradients, and says so", () => {
    const x = leaf(0.5);
    const [first] = grad(tanh(x).sum(), [x], { createGraph: true });
    const [second] = grad(first!.sum(), [x], { createGraph: true });
    const t = Math.tanh(0.5);
    expect(second!.item()).toBeCloseTo(-2 * t * (1 - t * t), 6);
    expect(() => second!.sum().backward()).toThrow(/tanh has no third derivatives/);
  });

  it("gives learned parameters their part", () => {
    // f = w x for x < 0: the square of df/dx is w^2, whose derivative in w is 2 w.
    const layer = new PReLU();
    const x = tensor([-1, -2, 3], { requiresGrad: true });
    const [dx] = grad(layer.call(x).sum(), [x], { createGraph: true });
    dx!.mul(dx!).sum().backward();
    expect(layer.weight.grad!.toArray()).toEqual([2 * 2 * 0.25]);
    expect(x.grad!.toArray()).toEqual([0, 0, 0]);
  });
});
