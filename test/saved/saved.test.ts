/** What backward keeps instead of the input: derived from the derivative, and the same gradients to the bit. */
import { Linear, noGrad, type Tensor, tensor } from "activation-compiler/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { savePlan } from "../../compiler/calculus/save.js";
import { normalise } from "../../compiler/algebra/normalise.js";
import { activationOf, compile, readDefinitions } from "../../compiler/compile.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";
import { formulaText } from "../../compiler/printing/definition-text.js";
import { hardTanh } from "../../generated/hard_tanh.module.js";
import { identity } from "../../generated/identity.module.js";
import { leakyRelu } from "../../generated/leaky_relu.module.js";
import { relu } from "../../generated/relu.module.js";
import * as leaky from "../../generated/leaky_relu.js";
import { deviceNamed, deviceNames } from "../runtime/devices.js";

/** The plan of a definition as text: what is kept, and the derivative in terms of the output y. */
function planOf(definition: string): readonly [string, string] {
  const [checked] = readDefinitions([{ file: "a.def", text: definition }]).definitions;
  return inFreshGraph(() => {
    const { activation } = activationOf(checked!);
    if (!activation) throw new Error("the definition has errors");
    const { exact, output } = savePlan(activation, normalise(activation.body));
    const kept = exact.kind === "bit" ? `bit ${formulaText(exact.condition)}` : exact.kind;
    if (!output) return [kept, "refused"];
    const requires = output.requires.map((each) => ` if ${formulaText(each)} > 0`).join("");
    return [kept, formulaText(output.derivative) + requires];
  });
}

describe("what backward needs", () => {
  it.each([
    ["a(x) = 3 * x + 1", "nothing", "refused"],
    ["a(x) = where(x > 0, x, 0)", "bit x > 0", "where(y > 0, 1, 0)"],
    ["a(x) = max(x, 0)", "bit x > 0", "where(y > 0, 1, 0)"],
    ["a(x; s = 0.1 in (0, 1)) = where(x > 0, x, s * x)", "bit x > 0", "where(y > 0, 1, s)"],
    // Only while the slope is positive does the output say on which side its input was.
    ["a(x; s = 0.1) = where(x > 0, x, s * x)", "bit x <= 0", "where(y > 0, 1, s) if s > 0"],
    ["a(x) = where(x > 0, x, -x / 2)", "bit x > 0", "refused"],
    ["a(x) = clamp(x, -1, 1)", "bit x > -1 and x < 1", "where(y > -1, where(y >= 1, 0, 1), 0)"],
    ["a(x) = abs(x)", "inputs", "refused"],
    ["a(x) = sigmoid(x)", "inputs", "y * (1 - y)"],
    ["a(x) = tanh(2 * x)", "inputs", "2 * (1 - y) * (y + 1)"],
    ["a(x) = log(1 + exp(x))", "inputs", "-expm1(-y)"],
    ["a(x) = where(x > 0, x, exp(x) - 1)", "inputs", "where(y > 0, 1, y + 1)"],
    // A jump, a function that falls and rises, one whose inverse is not known.
    ["a(x) = where(x > 0, x + 1, x)", "nothing", "refused"],
    ["a(x) = x * sigmoid(x)", "inputs", "refused"],
    ["a(x) = 0.5 * x * (1 + erf(x / sqrt(2)))", "inputs", "refused"],
    ["a(x, z) = where(x > 0, z, 0)", "inputs", "refused"],
    ["a(x; learn w = 1) = where(x > 0, x, w * x)", "inputs", "where(y > 0, 1, w) if w > 0"],
    ["a(x; learn w = 1 in (0, inf)) = where(x > 0, x, w * x)", "inputs", "where(y > 0, 1, w)"],
    ["a(x; learn b = 1 in (0, inf)) = log(1 + exp(b * x)) / b", "inputs", "refused"],
    ["a(x) = log_sigmoid(x)", "inputs", "-expm1(y)"],
    ["a(x; alpha = 1 in (0, inf)) = where(x > 0, x, alpha * (exp(x) - 1))", "inputs", "where(y > 0, 1, alpha + y)"],
    ["a(x; beta = 1 in (0, inf)) = log(1 + exp(beta * x)) / beta", "inputs", "-expm1(-(beta * y))"],
    ["a(x) = 2 - x", "nothing", "refused"],
    ["a(x) = 2 - tanh(x)", "inputs", "refused"],
    // All outputs of a level side are equal, but 0.7 + 0 rounded is not 0.7.
    ["a(x; b = 0.7) = max(x, 0) + b", "bit x > 0", "refused"],
    ["a(x; delta = 0.7) = max(x, -delta)", "bit x > -delta", "where(y > -delta, 1, 0)"],
    [
      "a(x) = clamp(x, -1/4, 0.7)",
      "bit x > -0.25 and x < 0.7",
      "where(y > -0.25, where(y >= 0.699999988079, 0, 1), 0)",
    ],
    ["a(x) = where(x > 0, 1, 0)\n  grad x = where(abs(x) < 1, 1/2, 0)", "bit abs(x) < 1", "refused"],
  ])("%s: %s, %s", (definition, kept, output) => {
    expect(planOf(`${definition}\n`)).toEqual([kept, output]);
  });

  it("has kernels that nobody has to write", async () => {
    const text = "a(x) = where(x > 0, x, 0)\n";
    const names = async (kernels?: readonly ("forward" | "backward")[]) => {
      const { files } = await compile([{ file: "a.def", text }], { targets: ["ts"], ...(kernels ? { kernels } : {}) });
      return files.find(({ path }) => path === "a.ts")?.text ?? "";
    };
    expect(await names()).toContain("aBackwardSaved");
    expect(await names(["forward", "backward"])).not.toContain("Saved");
  });
});

describe("the bits", () => {
  it("give the gradients that the inputs give, whatever the length; forward may overwrite its input", () => {
    for (const size of [1, 31, 32, 33, 100]) {
      const x = Float32Array.from({ length: size }, (_, i) => Math.sin(3 * i + 1));
      const dy = Float32Array.from({ length: size }, (_, i) => Math.cos(i));
      const [y, dx, expected] = [x.slice(), new Float32Array(size), new Float32Array(size)];
      const mask = new Uint32Array(Math.ceil(size / 32));
      leaky.leakyReluBackward(dy, x, 0.1, expected);
      leaky.leakyReluForwardSaved(y, 0.1, y, mask);
      leaky.leakyReluBackwardSaved(dy, mask, 0.1, dx);
      expect([...dx]).toEqual([...expected]);
      expect(y[0]).toBe(x[0]);
    }
  });
});

describe.each(deviceNames)("the tape on %s", (name) => {
  let device: Awaited<ReturnType<typeof deviceNamed>>;
  beforeAll(async () => {
    device = await deviceNamed(name);
  });
  const numbers = Array.from({ length: 70 }, (_, i) => ((i * 37) % 23) / 5 - 2.25);

  it.each<readonly [string, (x: Tensor) => Tensor, (x: number) => number]>([
    ["relu", (x) => relu(x), (x) => Number(x > 0)],
    ["leaky_relu", (x) => leakyRelu(x, { negativeSlope: -0.5 }), (x) => (x > 0 ? 1 : -0.5)],
    ["hard_tanh", (x) => hardTanh(x), (x) => Number(x > -1 && x < 1)],
    ["identity", (x) => identity(x), () => 1],
  ])("%s does without its input", async (_, apply, slope) => {
    const weight = tensor(numbers, { device, requiresGrad: true });
    const x = weight.mul(1);
    const y = apply(x);
    // The memory is free before backward asks for anything.
    x.dispose();
    y.mul(
      tensor(
        numbers.map((n) => n + 1),
        { device },
      ),
    )
      .sum()
      .backward();
    const expected = numbers.map((n) => Math.fround(Math.fround(n + 1) * slope(Math.fround(n))));
    expect([...(await weight.grad!.read())]).toEqual(expected.map((each) => expect.closeTo(each, 6)));
  });

  it("records nothing where there is no way back, and trains a network", async () => {
    expect(noGrad(() => relu(tensor([1, -1], { device, requiresGrad: true }))).requiresGrad).toBe(false);
    const layer = new Linear(2, 2);
    expect(relu(layer.forward(tensor([[1, -1]]))).requiresGrad).toBe(true);
  });
});
