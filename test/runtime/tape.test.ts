import { keep, noGrad, ones, SGD, Parameter, tensor, tidy, type Tensor } from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";

const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });

describe("backward", () => {
  it("adds to gradients that are there", () => {
    const x = leaf(1, 2);
    x.mul(3).sum().backward();
    x.mul(x).sum().backward();
    expect(x.grad!.toArray()).toEqual([5, 7]);
  });

  it("adds up all paths", () => {
    const x = leaf(3);
    const y = x.mul(x);
    y.mul(y).add(y).sum().backward();
    // d(x⁴ + x²) = 4x³ + 2x
    expect(x.grad!.toArray()).toEqual([114]);
  });

  it("leaves alone what needs no gradient", () => {
    const [x, fixed] = [leaf(1), tensor([2])];
    x.mul(fixed).sum().backward();
    expect(fixed.grad).toBeNull();
    expect(fixed.mul(2).requiresGrad).toBe(false);
    expect(x.detach().requiresGrad).toBe(false);
  });

  it("goes through a tape deeper than the stack", () => {
    const x = leaf(1);
    let y = x;
    for (let i = 0; i < 20_000; i++) y = y.add(x);
    y.sum().backward();
    expect(x.grad!.item()).toBe(20_001);
  });

  it("is linear in a tape that branches again and again", () => {
    const x = leaf(1);
    let y = x;
    for (let i = 0; i < 60; i++) y = y.add(y);
    y.sum().backward();
    expect(x.grad!.item()).toBe(2 ** 60);
  });

  it("refuses a second time", () => {
    const y = leaf(2).mul(2);
    const loss = y.sum();
    loss.backward();
    expect(() => loss.backward()).toThrow(/went through this 'sum' before.*compute the loss again/);
    expect(() => y.mul(2).sum().backward()).toThrow(/went through this 'mul' before/);
  });

  it("wants a single number, or the gradient", () => {
    const x = leaf(1, 2);
    expect(() => x.mul(2).backward()).toThrow(/shape \[2\] needs the gradient/);
    expect(() => x.mul(2).backward(ones([3]))).toThrow(/has shape \[3\], the tensor \[2\]/);
    expect(() => tensor(1).backward()).toThrow(/nothing here requires a gradient/);
  });

  it("notices what an optimiser changed in between", () => {
    const p = new Parameter(tensor([1]));
    const optimiser = new SGD([p], { lr: 1 });
    const loss = p.mul(p).sum();
    p.sum().backward();
    optimiser.step();
    expect(() => loss.backward()).toThrow(/'mul': its input 0 was changed/);
  });
});

describe("noGrad", () => {
  it("records nothing, and ends with its function, whatever happens", () => {
    const x = leaf(1);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(() =>
      noGrad(() => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(x.mul(2).requiresGrad).toBe(true);
    expect(() => noGrad(async () => undefined)).toThrow(/not async/);
  });
});

describe("tidy", () => {
  it("frees all but the result, kept tensors, parameters and gradients", () => {
    const p = leaf(1, 2);
    let [lost, kept, made]: (Tensor | undefined)[] = [];
    const result = tidy(() => {
      lost = p.mul(2);
      kept = keep(p.mul(3));
      made = new Parameter(ones([1]));
      lost.sum().backward();
      return { sum: kept.sum() };
    });
    expect(() => lost!.data()).toThrow(/was disposed of/);
    expect([result.sum.item(), kept!.toArray(), made!.toArray(), p.grad!.toArray()]).toEqual([9, [3, 6], [1], [2, 2]]);
  });

  it("hands results to the tidy around it, and frees after an error", () => {
    let [inner, lost]: (Tensor | undefined)[] = [];
    tidy(() => {
      inner = tidy(() => ones([1]));
      expect(inner.item()).toBe(1);
    });
    expect(() => inner!.data()).toThrow(/disposed/);
    expect(() =>
      tidy(() => {
        lost = ones([1]);
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(() => lost!.data()).toThrow(/disposed/);
    expect(() => tidy(async () => undefined)).toThrow(/not async/);
  });

  it("keeps numbers that another tensor shares", () => {
    const x = ones([2, 2]);
    const view = x.reshape([4]);
    x.dispose();
    x.dispose();
    expect(view.toArray()).toEqual([1, 1, 1, 1]);
    expect(() => x.add(1)).toThrow(/shape \[2, 2\] was disposed of/);
  });

  it("frees a gradient that was forgotten inside, not one outside", () => {
    const p = new Parameter(ones([1]));
    const optimiser = new SGD([p]);
    p.sum().backward();
    const first = p.grad!;
    optimiser.zeroGrad();
    expect(first.item()).toBe(1);
    p.sum().backward();
    const second = p.grad!;
    tidy(() => optimiser.zeroGrad());
    expect(() => second.item()).toThrow(/disposed/);
  });
});
