import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { diagnose, diagnoseFiles } from "./diagnose.js";

const namesOf = (text: string): string[] => diagnose(text).definitions.map(({ definition }) => definition.name.text);

test("the standard activations are accepted without a word", () => {
  const text = readFileSync(new URL("../../acts.def", import.meta.url), "utf8");
  const { definitions, text: messages } = diagnose(text);
  expect(messages).toBe("");
  expect(definitions.length).toBeGreaterThan(100);
});

test("each construct of the language is accepted without a word", () => {
  const { definitions, text } = diagnose(`
# A comment. A doc comment starts with two signs and goes into every artifact:

## Rectified linear unit.
relu(x) = where(x > 0, x, 0)

## Maas et al. 2013.
leaky_relu(x; negative_slope = 0.01) = where(x > 0, x, negative_slope * x)
  class LeakyReLU

## He et al. 2015. One weight per channel.
prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)
  class PReLU

gelu(x) = 0.5 * x * (1 + erf(x / sqrt(2)))
softplus(x; beta = 1 in (0, inf)) = log(1 + exp(beta * x)) / beta
mish(x) = x * tanh(softplus(x))
silu(x) = x * sigmoid(x)

## A gate.
swiglu(gate, up) = silu(gate) * up
  split -1

softmax(x; axis d = -1) = e / sum[d](e)
  let e = exp(x - max[d](x))

snake(x; learn alpha[channel] = 1 in (0, inf)) = x + sin(alpha * x)^2 / alpha

spike(x; slope = 25) = where(x > 0, 1, 0)
  grad x = 1 / (1 + slope * abs(x))^2

rrelu(x; lower = 1/8, upper = 1/3) = where(x >= 0, x, a * x)
  random a = train uniform(lower, upper) eval (lower + upper) / 2

hard_swish(x) = x * clamp(x + 3, 0, 6) / 6

scaled(x; learn weight[d] = 1, axis d = -1) = weight * x
attention(x, mask; axis d = -1) = softmax(x + log(mask), d = d) + softmax(x, d = 0) + softmax(x)
along_channels(x; learn alpha = 1) = snake(x, alpha = alpha) + snake(x, alpha = 2) + prelu(x, weight = alpha * x)
inside(x; a = sqrt(2 / pi), b = exp(1)) = where(-a < x <= a and not (x == 0 or x != x) or b > x >= 0, x, inner)
  let inner = -x^2 + 2^-x^2
noisy(x; rate = 0.5) = where(rising, keep * x, stop_gradient(x))
  let rising = x > shift
  random keep = train bernoulli(1 - rate) eval 1 - rate
  random shift = train normal(0, 1) eval 0
`);
  expect(text).toBe("");
  expect(definitions).toHaveLength(18);
});

describe("names", () => {
  test("a definition's own name means the built-in within it, the definition elsewhere", () => {
    const { definitions, text } = diagnose(
      "silu(x) = x * sigmoid(x)\nsigmoid(x) = 1 / (1 + exp(-x)) + 0 * sigmoid(x)\n  grad x = sigmoid(x)\n",
    );
    expect(text).toBe("");
    expect(definitions.map(({ definition, callees }) => [definition.name.text, [...callees.keys()]])).toEqual([
      ["sigmoid", []],
      ["silu", ["sigmoid"]],
    ]);
  });

  test("functions and values are separate", () => {
    expect(
      diagnose("f(sum; exp = 1, axis max = -1) = exp(sum) * exp + sum[max](sum) + log\n  let log = log(sum)\n").text,
    ).toBe("");
  });

  test("a definition may call its input as itself is called", () => {
    expect(diagnose("threshold(x; threshold = 1) = where(x > threshold, x, 0)\n").text).toBe("");
  });

  test("calls stay within a file, names once exported do not", () => {
    const { definitions, text } = diagnoseFiles({
      "a.def": "relu(x) = max(x, 0)\nswish(x) = x * sigmoid(x)\n",
      "b.def": "f(x) = swish(x)\nRelu(x) = x\nrelu(x) = x\n",
    });
    expect(definitions.map(({ definition, source }) => `${source.file} ${definition.name.text}`)).toEqual([
      "a.def relu",
      "a.def swish",
    ]);
    expect(text).toBe(`b.def:1:8: error: unknown function 'swish' [unknown-function]
  1 | f(x) = swish(x)
    |        ^^^^^
  hint: calls reach the definitions of their own file only, and 'swish' is defined in a.def
b.def:2:1: error: 'Relu' and 'relu' (a.def:1) would share the file name 'Relu' [name-collision]
  2 | Relu(x) = x
    | ^^^^
  hint: rename one of them
b.def:3:1: error: 'relu' is defined already, in a.def:1 [duplicate-definition]
  3 | relu(x) = x
    | ^^^^
  expected: another name
`);
  });
});

describe("order", () => {
  test("callees come before callers, otherwise as written", () => {
    expect(namesOf("a(x) = c(x) + b(x)\nb(x) = c(x)\nc(x) = x\nd(x) = x\n")).toEqual(["c", "b", "a", "d"]);
  });

  test("lets and randoms come in an order in which each knows what it names", () => {
    const { definitions, text } = diagnose(`f(x) = c
  let a = 2 * x
  let b = s + a
  let c = b + r
  random r = train normal(s, a) eval 0
  random s = train uniform(0, 1) eval a
`);
    expect(text).toBe("");
    expect(definitions[0]?.bindings.map(({ name }) => name.text)).toEqual(["a", "s", "b", "r", "c"]);
  });
});

describe("one error has one message", () => {
  test.each([
    ["callers of what could not be read", "f(x) = (x\ng(x) = f(x)\nh(x) = g(x)\n", ["unclosed-bracket"]],
    ["callers of what is wrong", "f(x) = y\ng(x) = f(x)\n", ["unknown-name"]],
    ["callers of a cycle", "f(x) = g(x)\ng(x) = f(x)\nh(x) = g(x)\n", ["call-cycle"]],
    ["uses of a let that is wrong", "f(x) = a * a + b\n  let a = y\n  let b = a\n", ["unknown-name"]],
    ["an argument of what is unknown", "f(x; axis d = 1) = foo(x, d = d)\n", ["unknown-function"]],
    ["what is unused because of a slip", "f(x; beta = 1) = x * bate\n", ["unknown-name"]],
  ])("%s", (_, text, codes) => {
    const { diagnostics, definitions } = diagnose(text);
    expect(diagnostics.map(({ code }) => code)).toEqual(codes);
    expect(definitions).toEqual([]);
  });

  test("what does not call it compiles all the same", () => {
    expect(namesOf("f(x) = y\ng(x) = f(x)\nh(x) = x\n")).toEqual(["h"]);
  });
});

test.each([
  ["an input that only a gradient names", "f(x, y) = x\n  grad y = x\n"],
  ["a parameter that only a gradient names", "f(x; slope = 1) = x\n  grad x = slope\n"],
  ["a parameter that only a random names", "f(x; p = 1) = x * r\n  random r = train bernoulli(p) eval p\n"],
  ["an axis that a parameter is learned along", "f(x; learn w[d] = 1, axis d = -1) = w * x\n"],
  ["an axis that is passed on", "s(x; axis d = -1) = sum[d](x)\nf(x; axis e = 0) = s(x, d = e)\n"],
])("nothing is unused: %s", (_, text) => {
  expect(diagnose(text).text).toBe("");
});
