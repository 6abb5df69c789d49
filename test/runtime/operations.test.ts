import {
  crossEntropyLoss,
  type Device,
  linear,
  mseLoss,
  randn,
  type Tensor,
  tensor,
} from "activation-compiler/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { deviceNamed, deviceNames } from "./devices.js";
import { type Array64, at, fill, numericalGradient, product, sumOver, volume, zip } from "./reference.js";

interface Case {
  readonly operation: string;
  readonly shapes: readonly (readonly number[])[];
  readonly run: (...operands: Tensor[]) => Tensor;
  readonly reference: (...operands: Array64[]) => Array64;
}

const reshaped = (x: Array64, shape: readonly number[]): Array64 => ({ ...x, shape });
const swap = (x: Array64, p: number, q: number): Array64 => {
  const exchange = (list: readonly number[]): number[] =>
    list.map((item, axis) => (axis === p ? list[q]! : axis === q ? list[p]! : item));
  return fill(exchange(x.shape), (index) => at(x, exchange(index)));
};
const crossEntropy64 = (x: Array64, labels: readonly number[]): Array64 => {
  const classes = x.shape.at(-1)!;
  const losses = labels.map((label, row) => {
    const logits = x.values.slice(row * classes, (row + 1) * classes);
    return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[label]!;
  });
  return { shape: [], values: [losses.reduce((a, b) => a + b) / losses.length] };
};

const binaries = (["add", "sub", "mul", "div"] as const).flatMap((operation) => {
  const f = {
    add: (a: number, b: number) => a + b,
    sub: (a: number, b: number) => a - b,
    mul: (a: number, b: number) => a * b,
    div: (a: number, b: number) => a / b,
  }[operation];
  const shapes = [
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3]],
    [[3], [2, 3]],
    [
      [2, 1, 4],
      [3, 1],
    ],
    [[], [2, 2]],
    [[1], [1, 1]],
    [
      [2, 3, 2, 2],
      [1, 3, 1, 1],
    ],
  ];
  return shapes.map((pair): Case => ({
    operation,
    shapes: pair,
    run: (a, b) => a![operation](b!),
    reference: (a, b) => zip(f, a!, b!),
  }));
});

const cases: readonly Case[] = [
  ...binaries,
  { operation: "mul by 3", shapes: [[2, 3]], run: (x) => x!.mul(3), reference: (x) => zip((a) => 3 * a, x!, x!) },
  { operation: "neg", shapes: [[2, 3]], run: (x) => x!.neg(), reference: (x) => zip((a) => -a, x!, x!) },
  { operation: "x * x", shapes: [[4]], run: (x) => x!.mul(x!), reference: (x) => zip((a, b) => a * b, x!, x!) },
  { operation: "sum", shapes: [[2, 3, 4]], run: (x) => x!.sum(), reference: (x) => sumOver(x!, [0, 1, 2]) },
  { operation: "sum of axis 1", shapes: [[2, 3, 4]], run: (x) => x!.sum(1), reference: (x) => sumOver(x!, [1]) },
  {
    operation: "sum of axes 0, 2",
    shapes: [[2, 3, 4]],
    run: (x) => x!.sum([0, -1]),
    reference: (x) => sumOver(x!, [0, 2]),
  },
  {
    operation: "sum, kept",
    shapes: [[2, 3]],
    run: (x) => x!.sum(0, true),
    reference: (x) => reshaped(sumOver(x!, [0]), [1, 3]),
  },
  { operation: "sum of a number", shapes: [[]], run: (x) => x!.sum(), reference: (x) => x! },
  {
    operation: "mean",
    shapes: [[2, 3]],
    run: (x) => x!.mean(),
    reference: (x) => zip((a) => a / 6, sumOver(x!, [0, 1]), { shape: [], values: [0] }),
  },
  {
    operation: "mean of axis -1",
    shapes: [[2, 3]],
    run: (x) => x!.mean(-1),
    reference: (x) => zip((a) => a / 3, sumOver(x!, [1]), { shape: [], values: [0] }),
  },
  { operation: "reshape", shapes: [[2, 6]], run: (x) => x!.reshape([3, -1]), reference: (x) => reshaped(x!, [3, 4]) },
  { operation: "transpose", shapes: [[2, 3]], run: (x) => x!.transpose(), reference: (x) => swap(x!, 0, 1) },
  {
    operation: "transpose of axes 0, 2",
    shapes: [[2, 3, 4]],
    run: (x) => x!.transpose(0, -1),
    reference: (x) => swap(x!, 0, 2),
  },
  {
    operation: "broadcastTo",
    shapes: [[2, 1]],
    run: (x) => x!.broadcastTo([3, 2, 4]),
    reference: (x) => fill([3, 2, 4], (i) => at(x!, i)),
  },
  {
    operation: "narrow",
    shapes: [[2, 5, 2]],
    run: (x) => x!.narrow(1, 1, 3),
    reference: (x) => fill([2, 3, 2], ([i, j, k]) => at(x!, [i!, j! + 1, k!])),
  },
  {
    operation: "matmul",
    shapes: [
      [3, 5],
      [5, 2],
    ],
    run: (a, b) => a!.matmul(b!),
    reference: (a, b) => product(a!, b!),
  },
  {
    operation: "matmul beyond a tile",
    shapes: [
      [17, 33],
      [33, 18],
    ],
    run: (a, b) => a!.matmul(b!),
    reference: (a, b) => product(a!, b!),
  },
  {
    operation: "matmul of a batch",
    shapes: [
      [2, 3, 4],
      [4, 2],
    ],
    run: (a, b) => a!.matmul(b!),
    reference: (a, b) => product(a!, b!),
  },
  {
    operation: "matmul of batches",
    shapes: [
      [2, 1, 2, 3],
      [3, 3, 2],
    ],
    run: (a, b) => a!.matmul(b!),
    reference: (a, b) => product(a!, b!),
  },
  {
    operation: "row times matrix",
    shapes: [[3], [3, 2]],
    run: (a, b) => a!.matmul(b!),
    reference: (a, b) => reshaped(product(reshaped(a!, [1, 3]), b!), [2]),
  },
  {
    operation: "matrix times column",
    shapes: [[2, 3], [3]],
    run: (a, b) => a!.matmul(b!),
    reference: (a, b) => reshaped(product(a!, reshaped(b!, [3, 1])), [2]),
  },
  {
    operation: "dot product",
    shapes: [[3], [3]],
    run: (a, b) => a!.matmul(b!),
    reference: (a, b) => reshaped(product(reshaped(a!, [1, 3]), reshaped(b!, [3, 1])), []),
  },
  {
    operation: "linear",
    shapes: [[2, 3, 4], [5, 4], [5]],
    run: (x, w, b) => linear(x!, w!, b!),
    reference: (x, w, b) => zip((p, q) => p + q, product(x!, swap(w!, 0, 1)), b!),
  },
  {
    operation: "linear beyond a tile",
    shapes: [
      [19, 21],
      [18, 21],
    ],
    run: (x, w) => linear(x!, w!),
    reference: (x, w) => product(x!, swap(w!, 0, 1)),
  },
  {
    operation: "mseLoss",
    shapes: [
      [2, 3],
      [2, 3],
    ],
    run: mseLoss,
    reference: (a, b) =>
      zip(
        (s) => s / 6,
        sumOver(
          zip((p, q) => (p - q) ** 2, a!, b!),
          [0, 1],
        ),
        { shape: [], values: [0] },
      ),
  },
  {
    operation: "crossEntropyLoss",
    shapes: [[3, 4]],
    run: (x) => crossEntropyLoss(x!, [3, 0, 2]),
    reference: (x) => crossEntropy64(x!, [3, 0, 2]),
  },
  {
    operation: "crossEntropyLoss of one row",
    shapes: [[4]],
    run: (x) => crossEntropyLoss(x!, Uint8Array.of(1)),
    reference: (x) => crossEntropy64(x!, [1]),
  },
];

function expectClose(actual: Float32Array, expected: ReadonlyMap<number, number>): void {
  const scale = Math.max(1, ...[...expected.values()].map(Math.abs));
  for (const [i, value] of expected) {
    expect(Math.abs(actual[i]! - value), `[${i}]: ${actual[i]} for ${value}`).toBeLessThan(1e-5 * scale);
  }
}

describe.each(deviceNames)("on %s", (name) => {
  let device: Device;
  beforeAll(async () => {
    device = await deviceNamed(name);
  });

  it.each(cases)("$operation of $shapes: value and gradients", async ({ shapes, run, reference }) => {
    // Away from 0, for the sake of quotients.
    const operands = shapes.map((shape, i) => {
      const values = Float32Array.from(randn(shape, { seed: i + 1 }).data(), (x) => x + Math.sign(x) / 2);
      return { tensor: tensor(values, { shape, device, requiresGrad: true }), array: { shape, values: [...values] } };
    });
    const arrays = operands.map(({ array }) => array);
    const expected = reference(...arrays);
    const result = run(...operands.map((operand) => operand.tensor));
    expect(result.shape).toEqual(expected.shape);
    expectClose(await result.read(), new Map(expected.values.entries()));

    const weights = randn([volume(expected.shape)], { seed: 99 });
    result.backward(tensor(weights.data(), { shape: expected.shape, device }));
    for (const [i, operand] of operands.entries()) {
      const gradient = numericalGradient((moved) => reference(...moved), arrays, i, [...weights.data()]);
      expect(operand.tensor.grad!.shape).toEqual(operand.tensor.shape);
      expectClose(await operand.tensor.grad!.read(), gradient);
    }
  });

  it("leaves empty tensors empty", async () => {
    const empty = tensor(new Float32Array(0), { shape: [0, 3], device, requiresGrad: true });
    const weight = tensor([[1, 2, 3]], { device, requiresGrad: true });
    const result = linear(empty, weight);
    expect(result.shape).toEqual([0, 1]);
    expect(empty.add(1).shape).toEqual([0, 3]);
    result.sum().backward();
    expect([...(await weight.grad!.read())]).toEqual([0, 0, 0]);
    expect([...(await empty.sum().read())]).toEqual([0]);
  });

  it("computes a cross-entropy without overflow", async () => {
    const logits = tensor([[1000, -1000, 0]], { device, requiresGrad: true });
    const loss = crossEntropyLoss(logits, [1]);
    loss.backward();
    expect([...(await loss.read())]).toEqual([2000]);
    expect([...(await logits.grad!.read())]).toEqual([1, -1, 0]);
  });
});

describe("errors say what is wrong", () => {
  const a = tensor([[1, 2, 3]]);
  it.each([
    [() => a.add(tensor([1, 2])), "add: shapes [1, 3] and [2] do not broadcast: 3 and 2 differ"],
    [() => a.matmul(tensor([[1, 2]])), "matmul: [1, 3] has 3 columns, [1, 2] has 1 rows"],
    [() => a.reshape([2, -1]), "reshape: [1, 3] holds 3 numbers, which do not fill [2, -1]"],
    [() => a.sum(2), "sum: there is no axis 2: it must be from -2 to 1"],
    [() => a.narrow(1, 2, 2), "narrow: positions 2 to 4 of axis 1, which has 3"],
    [() => a.item(), "item(): shape [1, 3] holds 3 numbers, not one"],
    [() => tensor([[1, 2], [3]]), "tensor(): the arrays are ragged: parts have the shapes [2] and [1]"],
    [() => tensor([1, 2, 3], { shape: [2] }), "tensor(): 3 numbers do not fill the shape [2]"],
    [() => tensor([], { shape: [-1] }), "[-1] is not a shape: lengths are whole numbers from 0"],
    [
      () => linear(a, tensor([[1, 2]])),
      "linear: the last axis of [1, 3] must have the length of the last of the weight [1, 2]",
    ],
    [() => mseLoss(a, tensor([1, 2, 3])), "mseLoss: the prediction has shape [1, 3], the target [3]"],
    [() => crossEntropyLoss(a, [3]), "crossEntropyLoss: label 3 in row 0 is not one of the 3 classes"],
    [() => crossEntropyLoss(a, [0, 1]), "crossEntropyLoss: 2 labels for 1 rows"],
    [() => a.broadcastTo([3]), "broadcastTo: [1, 3] does not stretch to [3]"],
  ])("%s", (action, message) => {
    expect(action).toThrow(message);
  });
});
