import {
  cpu,
  Linear,
  Module,
  Parameter,
  Sequential,
  StateDictError,
  ones,
  tensor,
  zeros,
  type Tensor,
} from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";
import { hasSoftwareGpu, sharedWebGpu } from "./devices.js";
import { PReLU, ReLU } from "./stand-ins.js";

const network = (): Sequential =>
  new Sequential(new Linear(3, 2, { seed: 1 }), new PReLU(), new Linear(2, 1, { seed: 2, bias: false }));
const names = ["0.weight", "0.bias", "1.weight", "2.weight"];

class Block extends Module {
  readonly gain = new Parameter(ones([1]));
  readonly branches = [new Linear(2, 2), new ReLU()];
  readonly inner = new Sequential(this.branches[0]!);
  readonly alpha = 0.5;

  override forward(x: Tensor, other: Tensor): Tensor {
    return this.inner.call(x).mul(this.gain).add(other);
  }
}

describe("a module", () => {
  it("names its parameters as PyTorch does, each once", () => {
    expect(Array.from(network().namedParameters(), ([name]) => name)).toEqual(names);
    const block = new Block();
    expect(Array.from(block.namedParameters(), ([name]) => name)).toEqual([
      "gain",
      "branches.0.weight",
      "branches.0.bias",
    ]);
    expect([...block.stateDict().keys()]).toContain("inner.0.weight");
    expect([...block.modules()]).toHaveLength(4);
    expect(block.call(ones([1, 2]), ones([1, 2])).shape).toEqual([1, 2]);
  });

  it("switches all of it between training and evaluation", () => {
    const model = network();
    model.eval();
    expect(Array.from(model.modules(), ({ training }) => training)).toEqual([false, false, false, false]);
    expect([...model.train().modules()].every(({ training }) => training)).toBe(true);
  });

  it("forgets its gradients", () => {
    const model = network();
    model
      .call(ones([4, 3]))
      .sum()
      .backward();
    expect(model.parameters().every(({ grad }) => grad !== null)).toBe(true);
    model.zeroGrad();
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  it("starts a Linear between plus and minus 1 / sqrt(in)", () => {
    const { weight, bias } = new Linear(16, 500, { seed: 1 });
    const values = [...weight.data(), ...bias!.data()];
    expect(Math.max(...values)).toBeLessThan(0.25);
    expect(Math.max(...values)).toBeGreaterThan(0.249);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.25);
  });
});

describe("a state", () => {
  it("is taken over by a module of the same structure", () => {
    const [from, to] = [network(), network()];
    from.parameters().forEach((parameter, i) => parameter.assign(zeros(parameter.shape).add(i)));
    to.loadStateDict(from.stateDict());
    expect(to.parameters().map((parameter) => parameter.data()[0])).toEqual([0, 1, 2, 3]);
    expect(to.stateDict().get("1.weight")!.item()).toBe(2);
    // A copy, not the same numbers.
    from.parameters()[0]!.data()[0] = 9;
    expect(to.parameters()[0]!.data()[0]).toBe(0);
  });

  it("shares its numbers with the module, a snapshot does not", async () => {
    const model = new PReLU();
    const [state, snapshot] = [model.stateDict(), await model.snapshot()];
    model.weight.data()[0] = 7;
    expect([state.get("weight")!.item(), snapshot.get("weight")!.item()]).toEqual([7, 0.25]);
  });

  it("that does not fit is refused as a whole, all faults at once", () => {
    const model = network();
    const state = model.stateDict();
    state.delete("0.bias");
    state.set("0.weight", zeros([2, 4]));
    state.set("3.weight", zeros([1]));
    state.set("1.weight", tensor([5]));
    expect(() => model.loadStateDict(state)).toThrow(StateDictError);
    expect(() => model.loadStateDict(state)).toThrow(
      "missing: 0.bias; unexpected: 3.weight; of another shape: 0.weight (given [2, 4], wanted [2, 3])",
    );
    expect(model.parameters()[2]!.item()).toBe(0.25);
  });

  it.skipIf(!hasSoftwareGpu)("moves to a GPU and back, in the same parameters", async () => {
    const device = await sharedWebGpu();
    const model = network();
    const parameters = model.parameters();
    const x = tensor([[1, -2, 3]]);
    const expected = model.call(x).item();
    const before = await model.snapshot();
    await model.to(device);
    expect(model.parameters()).toEqual(parameters);
    expect(parameters.every((parameter) => parameter.device === device)).toBe(true);
    const [onGpu] = await model.call(await x.to(device)).read();
    expect(onGpu).toBeCloseTo(expected, 6);
    const other = await network().to(device);
    other.parameters()[0]!.assign(zeros([2, 3]));
    other.loadStateDict(model.stateDict());
    other.parameters()[1]!.assign(zeros([2], { device }));
    await other.to(cpu);
    expect(other.parameters()[0]!.toArray()).toEqual(before.get("0.weight")!.toArray());
    expect(other.parameters()[1]!.toArray()).toEqual([0, 0]);
    expect([...(await model.snapshot())].map(([name, { shape }]) => [name, shape])).toEqual(
      [...before].map(([name, { shape }]) => [name, shape]),
    );
  });
});
