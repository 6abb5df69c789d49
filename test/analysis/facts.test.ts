import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { analysisFacts, type AnalysisFacts, type ExtremeFact } from "../../compiler/analysis/facts/facts.js";
import type { Figure, SpanFact } from "../../compiler/analysis/facts/figure.js";
import { activationOf, compile } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";
import { inEvaluation } from "../../compiler/ir/random.js";
import { sign as signOfBall } from "../../compiler/numerics/ball.js";
import { referenceDerivative, referenceValue } from "../../compiler/numerics/reference.js";
import { checked, withActivation } from "./activation.js";

const factsOf = (text: string): AnalysisFacts => {
  const facts = withActivation(text, analysisFacts);
  if (!facts) throw new Error("no facts");
  return facts;
};

/** `[0, inf)`; what is only approached is outside. */
const rangeOf = ({ range }: AnalysisFacts): string =>
  range?.least && range.greatest
    ? `${range.least.attained ? "[" : "("}${range.least.value}, ${range.greatest.value}${range.greatest.attained ? "]" : ")"}`
    : "unknown";

const placeOf = (extreme: ExtremeFact | Figure | null | undefined): string => {
  if (extreme === null || extreme === undefined || typeof extreme !== "object") return String(extreme);
  const at = typeof extreme.at === "object" ? spanText(extreme.at) : `${extreme.at}`;
  return `${extreme.value} ${extreme.attained ? "at" : "towards"} ${at}`;
};

const spanText = ({ from, to, fromIncluded, toIncluded }: SpanFact): string =>
  `${fromIncluded ? "[" : "("}${from}, ${to}${toIncluded ? "]" : ")"}`;
const spansText = (spans: readonly SpanFact[] | null): string => (spans ?? []).map(spanText).join(" ");

const piecesOf = ({ monotone }: AnalysisFacts): string =>
  (monotone?.pieces ?? []).map(({ direction, from, to }) => `${direction} ${from}..${to}`).join(", ");

const relu = "where(x > 0, x, 0)";
const selu = "1.0507009873554804934193349852946 * where(x > 0, x, 1.6732632423543772848170429916717 * (exp(x) - 1))";

describe("what is known of the best known", () => {
  // -W(1/e) = -0.27846454… and -(1 + W(1/e)) for silu; the normal distribution's tables for gelu.
  test.each<[string, string, string, string, string]>([
    [relu, "[0, inf)", "constant -inf..0, rises 0..inf", "1 at (0, inf)", "0 inf | 0 1"],
    ["where(x > 0, x, 0.01 * x)", "(-inf, inf)", "rises -inf..inf", "1 at (0, inf)", "-inf inf | 0.01 1"],
    ["1 / (1 + exp(-x))", "(0, 1)", "rises -inf..inf", "0.25 at 0", "0 1 | 0 0"],
    ["tanh(x)", "(-1, 1)", "rises -inf..inf", "1 at 0", "-1 1 | 0 0"],
    [
      "x * sigmoid(x)",
      "[-0.278465, inf)",
      "falls -inf..-1.27846, rises -1.27846..inf",
      "1.09984 at 2.39936",
      "0 inf | 0 1",
    ],
    [
      "0.5 * x * (1 + erf(x / sqrt(2)))",
      "[-0.169971, inf)",
      "falls -inf..-0.751792, rises -0.751792..inf",
      "1.1289 at 1.41421",
      "0 inf | 0 1",
    ],
    [
      "x * tanh(softplus(x))",
      "[-0.308843, inf)",
      "falls -inf..-1.19243, rises -1.19243..inf",
      "1.0885 at 1.49057",
      "0 inf | 0 1",
    ],
    ["log(1 + exp(x))", "(0, inf)", "rises -inf..inf", "1 towards inf", "0 inf | 0 1"],
    ["where(x > 0, x, exp(x) - 1)", "(-1, inf)", "rises -inf..inf", "1 at [0, inf)", "-1 inf | 0 1"],
    [selu, "(-1.7581, inf)", "rises -inf..inf", "1.7581 at 0", "-1.7581 inf | 0 1.0507"],
    [
      "x * clamp(x + 3, 0, 6) / 6",
      "[-0.375, inf)",
      "constant -inf..-3, falls -3..-1.5, rises -1.5..inf",
      "1.5 towards 3",
      "0 inf | 0 1",
    ],
    ["clamp(x, -1, 1)", "[-1, 1]", "constant -inf..-1, rises -1..1, constant 1..inf", "1 at (-1, 1)", "-1 1 | 0 0"],
    ["x / (1 + abs(x))", "(-1, 1)", "rises -inf..inf", "1 at 0", "-1 1 | 0 0"],
    ["exp(-x^2)", "(0, 1]", "rises -inf..0, falls 0..inf", "0.857764 at 0.707107", "0 0 | 0 0"],
    ["atan(x)", "(-1.5708, 1.5708)", "rises -inf..inf", "1 at 0", "-1.5708 1.5708 | 0 0"],
    ["x^3", "(-inf, inf)", "rises -inf..inf", "inf towards inf", "-inf inf | inf inf"],
    ["x + sin(x)^2", "(-inf, inf)", "rises -inf..inf", "2 at 0.785398", "-inf inf | null null"],
    // Jumps, ends, holes and poles.
    ["where(x > 1, x, 0)", "[0, inf)", "constant -inf..1, rises 1..inf", "1 at (1, inf)", "0 inf | 0 1"],
    ["where(x > 0, 1, 0)", "[0, 1]", "constant -inf..0, constant 0..inf", "0 at (-inf, inf)", "0 1 | 0 0"],
    [
      "where(x > 0 and x < 2, x, 0)",
      "[0, 2)",
      "constant -inf..0, rises 0..2, constant 2..inf",
      "1 at (0, 2)",
      "0 0 | 0 0",
    ],
    ["sqrt(1 - x^2)", "[0, 1]", "rises -1..0, falls 0..1", "inf towards 1", "null null | null null"],
    ["x^2 * log(1 + x)", "(-inf, inf)", "rises -1..inf", "inf towards -1", "null inf | null inf"],
    [
      "x * log(abs(x))",
      "(-inf, inf)",
      "rises -inf..-0.367879, falls -0.367879..0.367879, rises 0.367879..inf",
      "inf towards 0",
      "-inf inf | inf inf",
    ],
    [
      "1 / (x^2 - 2)",
      "(-inf, inf)",
      "rises -inf..-1.41421, rises -1.41421..0, falls 0..1.41421, falls 1.41421..inf",
      "inf towards 1.41421",
      "0 0 | 0 0",
    ],
    ["1 / (x - 0.3)^2", "(0, inf)", "rises -inf..0.3, falls 0.3..inf", "inf towards 0.3", "0 0 | 0 0"],
    ["cbrt(x)", "(-inf, inf)", "rises -inf..inf", "inf towards 0", "-inf inf | 0 0"],
    // Swinging: limits are not read off from a few numbers.
    ["x * cos(x)", "(-inf, inf)", "", "inf towards inf", "null null | null null"],
    ["sin(3 * x)", "[-1, 1]", "", "3 at 0", "null null | null null"],
    ["x - floor(x)", "unknown", "", "1 at (-inf, inf)", "null null | 1 1"],
    ["log(log(x))", "(-inf, inf)", "rises 1..inf", "inf towards 1", "null inf | null 0"],
  ])("%s", (body, range, pieces, steepest, limits) => {
    const facts = factsOf(`f(x) = ${body}`);
    const { value, gradient } = facts.limits["x"] ?? { value: [], gradient: [] };
    expect([
      rangeOf(facts),
      piecesOf(facts),
      placeOf(facts.steepest["x"]),
      `${value.join(" ")} | ${gradient.join(" ")}`.replaceAll(/(?<=^| )(?= |$)/g, "null"),
    ]).toEqual([range, pieces, steepest, limits]);
  });

  test("where a least value is", () => {
    expect(factsOf("f(x) = x * sigmoid(x)").range?.least).toEqual({ value: -0.278465, at: -1.27846, attained: true });
    expect(factsOf("f(x) = 0.5 * x * (1 + erf(x / sqrt(2)))").range?.least?.at).toBe(-0.751792);
  });
});

describe("domains", () => {
  test.each<[string, string]>([
    ["log(x)", "(0, inf)"],
    ["sqrt(x + 0.5)", "[-0.5, inf)"],
    ["asin(x / 3)", "[-3, 3]"],
    ["log(x^2 - 4)", "(-inf, -2) (2, inf)"],
    ["exp(-1 / x^2)", "(-inf, 0) (0, inf)"],
    ["exp(exp(x))", "(-inf, inf)"],
  ])("%s", (body, domain) => expect(spansText(factsOf(`f(x) = ${body}`).domain)).toBe(domain));
});

describe("where learning ends", () => {
  // 25 log 2 = 17.3287 is where sigmoid's derivative is 2^-25; numbers of float16 lie 1/64 apart there.
  test.each<[string, string, string, string, string]>([
    [relu, "(-inf, 0]", "", "", "(0, 65504]"],
    ["max(x, 0) - max(x - 1, 0)", "(-inf, 0] (1, inf)", "", "", "(0, 1]"],
    ["sigmoid(x)", "", "(-inf, -103.972] [103.972, inf)", "[-65504, -17.3438] [17.3438, 65504]", "[-17.3281, 17.3281]"],
    ["x * clamp(x + 3, 0, 6) / 6", "(-inf, -3]", "", "", "(-3, 65504]"],
    ["x^2", "", "", "", "[-255.875, 255.875]"],
    ["exp(x)", "", "(-inf, -103.972]", "[-65504, -17.3438]", "[-17.3281, 11.0859]"],
    ["2 * x", "", "", "", "[-32752, 32752]"],
    [
      "x - tanh(x)",
      "",
      "[-2.64698e-23, 2.64698e-23]",
      "[-0.000172615, 0.000172615]",
      "[-65504, -0.000172734] [0.000172734, 65504]",
    ],
  ])("%s", (body, dead, inFloat32, inFloat16, works) => {
    const { dead: found, vanishes, float16 } = factsOf(`f(x) = ${body}`);
    expect([found, vanishes?.float32 ?? null, vanishes?.float16 ?? null, float16].map(spansText)).toEqual([
      dead,
      inFloat32,
      inFloat16,
      works,
    ]);
  });
});

describe("gain for initialisation", () => {
  // In closed form, but for tanh (5/3 by habit), and for silu and gelu, whose moments are known to many digits.
  test.each<[string, number, number]>([
    [relu, Math.SQRT2, Math.SQRT2],
    ["where(x > 0, x, 0.25 * x)", 1 / Math.sqrt(0.53125), 1 / Math.sqrt(0.53125)],
    ["x^2", 1 / Math.sqrt(3), 1 / 2],
    ["x^3", 1 / Math.sqrt(15), 1 / Math.sqrt(27)],
    ["exp(-x^2)", 5 ** 0.25, 1 / Math.sqrt(4 / 5 ** 1.5)],
    ["sin(x)", 1 / Math.sqrt((1 - Math.exp(-2)) / 2), 1 / Math.sqrt((1 + Math.exp(-2)) / 2)],
    ["exp(x)", Math.exp(-1), Math.exp(-1)],
    ["abs(x - 0.3)", 1 / Math.sqrt(1.09), 1],
    ["tanh(x)", 1.59254, 1.46741],
    ["x * sigmoid(x)", 1.67653, 1.62332],
    ["0.5 * x * (1 + erf(x / sqrt(2)))", 1.53353, 1.48111],
    [selu, 1, 0.966026],
    ["where(x > 0, 1, 0)", Math.SQRT2, NaN],
  ])("%s", (body, forward, backward) => {
    const { gain } = factsOf(`f(x) = ${body}`);
    const rounded = (value: number): number | null => (Number.isNaN(value) ? null : Number(value.toPrecision(6)));
    expect([gain?.forward, gain?.backward]).toEqual([rounded(forward), rounded(backward)]);
  });

  test("selu keeps mean and spread", () => {
    expect(factsOf(`f(x) = ${selu}`).gain).toMatchObject({ mean: 0, secondMoment: 1 });
  });

  test.each(["exp(x^2 / 4)", "log(x)", "1 / x"])("%s has none", (body) =>
    expect(factsOf(`f(x) = ${body}`).gain).toBeNull(),
  );
});

describe("finite everywhere", () => {
  const told = (text: string): string => {
    const { finite } = factsOf(text);
    const of = ({ verdict, breaks, restProved }: AnalysisFacts["finite"]["value"]): string =>
      [
        verdict,
        ...(breaks ?? []).map((span) => `${span.how} ${spanText(span)}`),
        ...(restProved ? ["rest proved"] : []),
      ].join(" ");
    return [of(finite.value), ...Object.values(finite.gradients).map(of)].join("; ");
  };
  test.each<[string, string]>([
    ["f(x) = x * tanh(log(1 + exp(x)))", "proved; proved"],
    ["f(x; learn w[channel] = 0.25) = where(x > 0, x, w * x)", "proved; proved; proved"],
    ["f(x) = where(x > 0, log(x), 0)", "proved; breaks overflow (0, 2.93874e-39] rest proved"],
    [
      "f(x) = x^2",
      "breaks overflow (-inf, -18446700000000000000] overflow [18446700000000000000, inf) rest proved; breaks overflow (-inf, -1.70141e+38] overflow [1.70141e+38, inf) rest proved",
    ],
    [
      "f(x) = sinh(x)",
      "breaks overflow (-inf, -89.416] overflow [89.416, inf) rest proved; breaks overflow (-inf, -89.416] overflow [89.416, inf) rest proved",
    ],
    ["f(x) = log(1 + x)", "breaks undefined (-inf, -1] rest proved; breaks undefined [-1, -1] rest proved"],
    ["f(x) = atan(1 / x)", "breaks undefined [0, 0] rest proved; breaks undefined [0, 0] rest proved"],
    ["f(x) = tan(x)", "undecided; undecided"],
    ["f(a, b) = a * sigmoid(b)", "proved; proved; proved"],
  ])("%s", (text, expected) => expect(told(text)).toBe(expected));

  test("with several inputs, an example breaks it", () => {
    const { finite, steepest, limits } = factsOf("f(a, b) = a * b");
    expect(finite.value).toEqual({
      verdict: "breaks",
      how: "overflow",
      at: { a: 18446700000000000000, b: 18446700000000000000 },
    });
    expect(steepest).toEqual({ a: "inf", b: "inf" });
    expect(limits["b"]).toEqual({ value: ["-inf", "inf"], gradient: [1, 1] });
    expect(factsOf("f(a, b) = tanh(a) * sigmoid(b)").steepest).toEqual({ a: 1, b: 0.25 });
  });

  test("for parameters in their ranges", () => {
    const verdicts = (text: string): unknown => {
      const { finiteOverRanges } = factsOf(text);
      return (
        finiteOverRanges &&
        [finiteOverRanges.value, ...Object.values(finiteOverRanges.gradients)].map(({ verdict }) => verdict)
      );
    };
    expect(verdicts("f(x) = x")).toBeNull();
    expect(verdicts("f(x; a = 1 in (0, inf)) = where(x > 0, x, a * (exp(x / a) - 1))")).toEqual(["proved", "proved"]);
    expect(verdicts("f(x; b = 1 in (0, inf)) = log(1 + exp(b * x)) / b")).toEqual(["breaks", "proved"]);
    expect(verdicts("f(x; a = 2 in [0, inf)) = 1 / (1 + exp(-a * x))")).toEqual(["proved", "proved"]);
  });
});

describe("every sixth standard activation", () => {
  const definitions = checked(readFileSync(new URL("../../acts.def", import.meta.url), "utf8"));
  const numberOf = (figure: Figure): number => (figure === "inf" ? Infinity : figure === "-inf" ? -Infinity : figure);
  const holds = ({ from, to, fromIncluded, toIncluded }: SpanFact, x: number): boolean =>
    (x > numberOf(from) || (fromIncluded && x === numberOf(from))) &&
    (x < numberOf(to) || (toIncluded && x === numberOf(to)));
  /** Away from borders, which are told to six digits. */
  const samples = Array.from({ length: 32 }, (_, i) => (i - 15.37) * 0.83);

  function contradictions(activation: Activation, facts: AnalysisFacts): string[] {
    const [input] = activation.inputs;
    const [parameters, found] = [[...activation.hyperparameters, ...activation.learned], new Array<string>()];
    if (!input || !facts.range) return [];
    const complain = (what: string, x: number): void => void found.push(`${what} at ${x}`);
    const steepest = facts.steepest[input.name];
    for (const x of samples) {
      const bindings = new Map([
        ...parameters.map((each) => [each.variable, each.default] as const),
        [input, x] as const,
      ]);
      const y = referenceValue(activation.body, bindings, "binary64").value;
      const { value: slope, ball } = referenceDerivative(activation, input, bindings, "binary64");
      const slopeSign = signOfBall(ball) ?? NaN;
      if (facts.domain?.some((span) => holds(span, x)) !== !Number.isNaN(y)) complain("domain", x);
      if (Number.isNaN(y)) continue;
      const { least, greatest } = facts.range;
      const slack = 1e-5 * Math.max(1, Math.abs(y));
      if (least && y < numberOf(least.value) - slack) complain("least", x);
      if (greatest && y > numberOf(greatest.value) + slack) complain("greatest", x);
      const piece = facts.monotone?.pieces?.find(({ from, to }) => x > numberOf(from) && x < numberOf(to));
      const sign = { rises: 1, falls: -1, constant: 0, unknown: NaN }[piece?.direction ?? "unknown"];
      // A declared gradient says nothing about where the value rises.
      if (piece && activation.gradients.size === 0 && !Number.isNaN(sign) && slopeSign !== sign)
        complain("direction", x);
      if (steepest && typeof steepest === "object" && Math.abs(slope) > numberOf(steepest.value) + slack)
        complain("slope", x);
      if (facts.dead?.some((span) => holds(span, x)) !== (slopeSign === 0)) complain("dead", x);
      // Numbers of float16 end the spans, and lie apart.
      const within = (spans: readonly SpanFact[] | null | undefined): boolean =>
        (spans ?? []).some((span) => holds(span, x));
      if (within(facts.float16) && Math.abs(slope) <= 2 ** -25) complain("float16", x);
      if (within(facts.vanishes?.float16) && Math.abs(slope) > 2 ** -25) complain("vanishes", x);
    }
    return found;
  }

  test.each(definitions.filter((_, i) => i % 6 === 0).map((each) => [each.definition.name.text, each] as const))(
    "%s",
    (_, definition) => {
      inFreshGraph(() => {
        const { activation: whole } = activationOf(definition);
        const activation = whole && inEvaluation(whole);
        const facts = activation && analysisFacts(activation);
        if (!activation || !facts) return;
        expect(contradictions(activation, facts)).toEqual([]);
        expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
      });
    },
  );
});

test("they stand in the manifest where they are asked for, and are remembered", async () => {
  const sources = [{ file: "test.def", text: "f(x) = tanh(x)\ng(x) = x\n" }];
  const facts = factsOf("f(x) = tanh(x)");
  let asked = 0;
  const cache = new Map<string, string>();
  const entries = async (): Promise<readonly Record<string, unknown>[]> => {
    const { files } = await compile(sources, {
      targets: ["ts"],
      cache,
      facts: ({ name }) => (asked++, name === "f" ? facts : null),
    });
    const manifest = files.find(({ path }) => path === "manifest.json");
    return (JSON.parse(manifest?.text ?? "{}") as { activations: Record<string, unknown>[] }).activations;
  };
  for (let i = 0; i < 2; i++) {
    const [f, g] = await entries();
    expect(f?.["analysis"]).toEqual(facts);
    expect(g).not.toHaveProperty("analysis");
  }
  expect(asked).toBe(2);
});
