/** What the compiler says of random definitions: errors, warnings, analysis, and what it measures. */
import { describe, expect, it } from "vitest";
import { analyse } from "../../compiler/analyse.js";
import { compile } from "../../compiler/compile.js";
import { collate, type Diagnostic } from "../../compiler/diagnostics.js";
import { explain } from "../../compiler/explain.js";
import { inEvaluation } from "../../compiler/ir/random.js";
import { formulaText } from "../../compiler/printing/definition-text.js";
import { drawnPointsFor } from "../../compiler/verification/drawn-points.js";
import { drawnAt, uniformAt } from "../../compiler/verification/draws.js";
import { Measurer, type Outcome } from "../../compiler/verification/measurer.js";
import { activationsOf, type Subject, subjectsOf } from "../../compiler/verify.js";
import { withActivation } from "../analysis/activation.js";

const leaky = `leaky(x; lower = 1/8, upper = 1/3) = where(x >= 0, x, a * x)
  random a = train uniform(lower, upper) eval (lower + upper) / 2
`;

async function diagnosticsOf(text: string): Promise<readonly Diagnostic[]> {
  const { diagnostics } = await compile([{ file: "test.def", text }], { targets: ["ts"] });
  return collate(diagnostics);
}

describe("errors", () => {
  it.each([
    ["uniform(1, 0)", "'uniform' goes from 1 down to 0"],
    ["normal(0, -1/2)", "the standard deviation of 'normal' is -0.5, which is negative"],
    ["bernoulli(3/2)", "the probability of 'bernoulli' is 1.5, which is not in [0, 1]"],
    ["bernoulli(-1)", "the probability of 'bernoulli' is -1, which is not in [0, 1]"],
  ])("arguments that are out of place: %s", async (distribution, message) => {
    const text = `f(x) = a * x\n  random a = train ${distribution} eval 0\n`;
    const [error, ...others] = await diagnosticsOf(text);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ code: "distribution-argument", severity: "error", message });
    expect(text.slice(error?.span.start, error?.span.end)).toBe(distribution.slice(0, -1));
  });

  it.each(["uniform(0, 0)", "uniform(-1, 1)", "normal(-3, 0)", "bernoulli(0)", "bernoulli(1)"])(
    "%s is in place",
    async (distribution) => {
      expect(await diagnosticsOf(`f(x) = a * x\n  random a = train ${distribution} eval 1\n`)).toEqual([]);
    },
  );

  it("of arguments are the call's, where it gives them", async () => {
    const found = await diagnosticsOf(`${leaky}g(x) = leaky(x, lower = 1, upper = 0)\n`);
    expect(found.filter(({ severity }) => severity === "error")).toMatchObject([
      { code: "distribution-argument", message: "in 'leaky' 'uniform' goes from 1 down to 0" },
    ]);
  });

  it("constants are finite", async () => {
    expect(await diagnosticsOf("f(x) = a * x\n  random a = train uniform(0, inf) eval 0\n")).toMatchObject([
      { code: "constant-not-finite" },
    ]);
  });
});

describe("warnings", () => {
  it("a random that nothing uses leaves the activation what it was", async () => {
    const text = "f(x) = 2 * x\n  random a = train normal(0, 1) eval 0\n";
    expect((await diagnosticsOf(text)).map(({ code }) => code)).toEqual(["unused-random"]);
    expect(withActivation(text, ({ random }) => random)).toBeNull();
  });

  it("nothing is learned through what is 0 or 1 in training", async () => {
    const text = "f(x) = a\n  random a = train bernoulli(sigmoid(x)) eval sigmoid(x)\n";
    expect((await diagnosticsOf(text)).map(({ code }) => code)).toEqual(["zero-derivative"]);
  });

  it("what is drawn from has a domain, too", async () => {
    const text = "f(x) = x + a\n  random a = train normal(0, sqrt(x)) eval 0\n";
    const [warning, ...others] = await diagnosticsOf(text);
    expect(others).toEqual([]);
    expect(warning).toMatchObject({ code: "outside-domain", message: "'sqrt(x)' is outside of its domain at x = -1" });
  });
});

describe("analysis", () => {
  const text = "noisy(x; learn s = 0.5) = tanh(x + n)\n  random n = train normal(0, s) eval 0\n";

  it("is about evaluation, and says so", () => {
    const { text: screen } = analyse([{ file: "test.def", text: leaky }]);
    expect(screen).toContain("random      draws in training; what follows is about evaluation");
    expect(screen).toContain("d/dx        where(x >= 0, 1, a)");
    expect(screen).toContain("monotone    rises throughout");
  });

  it("evaluation is the formula without what is drawn", () => {
    expect(withActivation(text, (activation) => formulaText(inEvaluation(activation).body))).toBe("tanh(x + 0)");
    expect(
      withActivation(`${leaky}g(x) = leaky(x) * 2`, (activation) => formulaText(inEvaluation(activation).body)),
    ).toBe("where(x >= 0, x, (0.125 + 0.333333333333) / 2 * x) * 2");
  });

  it("a call with a declared gradient is handed what it draws", () => {
    const spikes = "spike(x) = s\n  random s = train bernoulli(x) eval x\n  grad x = s\n";
    withActivation(`${spikes}f(x) = spike(1/2) + x`, ({ random, body }) => {
      // The call alone draws, and differs from element to element though its argument does not.
      expect(random?.draws.length).toBe(1);
      expect(body.kind === "application" && body.operands[0]?.space).toBe(random!.draws[0]!.space | 1);
    });
  });

  it.each(["text", "latex", "plot"] as const)("explains it, as %s", (format) => {
    const source = { file: "test.def", text };
    const { text: told, diagnostics } = explain(source, "noisy", { format, width: 80 });
    expect(diagnostics).toEqual([]);
    expect(told).not.toContain("u0");
    if (format === "text") expect(told).toContain("z0");
  });
});

describe("measuring", () => {
  const kinds = `${leaky}
blurred(x; learn s[channel] = 0.5, learn m = 0.25) = x * sigmoid(x + n)
  random n = train normal(m, s) eval m
flipped(x; p = 0.25 in [0, 1]) = where(c > 0, -x, x)
  random c = train bernoulli(p) eval 0
`;
  const sources = [{ file: "test.def", text: kinds }];
  const noDevice = (): never => {
    throw new Error("no device");
  };

  async function measured(
    subject: Subject,
    training: number,
    change: (code: string) => string = (code) => code,
  ): Promise<Outcome[]> {
    const measurer = new Measurer(activationsOf(sources), noDevice);
    const place = subject.parameters.indexOf("training");
    return Promise.all(
      subject.columns.map((column) =>
        measurer.measure({
          activation: subject.name,
          column: { ...column, code: change(column.code), digest: `${column.digest} ${change("")}` },
          parameters: subject.defaults[column.target].toSpliced(place, 1, training),
          work: { kind: "points", stratified: 64, byReference: 8, density: "sparsest" },
          emulated: true,
        }),
      ),
    );
  }

  const worst = (outcomes: readonly Outcome[]): number =>
    Math.max(...outcomes.map((each) => (each.kind === "measured" ? (each.measurement.worst?.ulp ?? 0) : NaN)));

  it("kernels are as good in training as in evaluation, at the numbers that they draw", async () => {
    const { subjects } = await subjectsOf(sources, { targets: ["ts", "wgsl"] });
    expect(subjects.map(({ inputs }) => inputs)).toEqual([
      ["x", "u0"],
      ["x", "u0", "u1"],
      ["x", "u0"],
    ]);
    for (const subject of subjects) {
      for (const training of [0, 1]) expect(worst(await measured(subject, training)), subject.name).toBeLessThan(1);
    }
  });

  it("is done at each setting of the parameters in both modes", async () => {
    const { subjects } = await subjectsOf(sources, { targets: ["ts"], names: ["flipped"] });
    const settings = subjects.flatMap((subject) => subject.settings.ts);
    const defaults = subjects.map((subject) => subject.defaults.ts);
    expect(defaults).toEqual([[0.25, 0]]);
    const inMode = (mode: number): number[] =>
      settings.flatMap(([p = NaN, training]) => (training === mode ? [p] : []));
    expect(inMode(1)).toEqual([0.25, ...inMode(0)]);
    expect(inMode(0)).toContain(1);
  });

  it("a kernel that draws other numbers is found out", async () => {
    const { subjects } = await subjectsOf(sources, { targets: ["ts"] });
    const [subject] = subjects;
    const planted = (code: string): string =>
      code.replace("round_a += -1640531527", "").replace("1640531527", "1640531525");
    expect(worst(await measured(subject!, 1, planted))).toBeGreaterThan(1000);
    expect(worst(await measured(subject!, 0, planted))).toBeLessThan(1);
  });

  it("points come with what is drawn for them, those next to zeros marked", () => {
    withActivation("f(x) = x + n\n  random n = train uniform(-1, 1) eval 0\n", (activation) => {
      const { random, inputs, hyperparameters } = activation;
      const training = { variable: random!.training, default: 1, range: null };
      const column = {
        activation: {
          ...activation,
          inputs: [...inputs, ...random!.draws],
          hyperparameters: [...hyperparameters, training],
          random: null,
        },
        of: null,
      };
      const evaluated = { activation: { ...inEvaluation(activation), hyperparameters: [training] }, of: null };
      for (const batching of ["elements", "calls"] as const) {
        const points = drawnPointsFor(column, evaluated, batching, [1], 50, "sparse");
        const [x = [], u = []] = points.inputs.map((values) => [...values]);
        u.forEach((value, i) => {
          const [seed, element] = drawnAt(batching, i);
          expect(value).toBe(uniformAt(seed, element, 0));
        });
        const marked = x.filter((_, i) => points.isNearZero(i));
        expect(marked.length).toBeGreaterThan(0);
        x.forEach((value, i) => {
          if (points.isNearZero(i)) expect(Math.abs(value - 1 + 2 * u[i]!)).toBeLessThan(2 ** -23);
        });
      }
    });
  });
});
