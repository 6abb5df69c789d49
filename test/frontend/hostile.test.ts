/** Definitions nobody would write, and those that only a program would: an answer must come, and soon. */
import { describe, expect, test } from "vitest";
import { diagnose } from "./diagnose.js";

const repeated = (count: number, make: (i: number) => string, separator = ""): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(separator);

describe("accepted", () => {
  test.each<[title: string, text: string, count?: number]>([
    ["a sum of 3000 terms", `f(x) = ${repeated(3000, (i) => `${i} * x^${i}`, " + ")}`],
    ["a product of 3000 factors", `f(x) = ${repeated(3000, () => "x", " * ")}`],
    ["a disjunction of 3000 terms", `f(x) = where(${repeated(3000, (i) => `x == ${i}`, " or ")}, 1, 0)`],
    ["3000 operands", `f(x) = max(${repeated(3000, (i) => `x - ${i}`, ", ")})`],
    ["400 nested calls", `f(x) = ${"sin(".repeat(400)}x${")".repeat(400)}`],
    ["400 nested parentheses", `f(x) = ${"(".repeat(400)}x${")".repeat(400)}`],
    ["a tower of 400 powers", `f(x) = ${"x^".repeat(400)}x`],
    ["400 signs", `f(x) = ${"-".repeat(400)}x`],
    ["3000 lets", `f(x) = a2999\n${repeated(3000, (i) => `  let a${i} = x + ${i === 0 ? "1" : `a${i - 1}`}\n`)}`],
    ["a chain of 1000 calls", `f0(x) = x\n${repeated(1000, (i) => `f${i + 1}(x) = f${i}(x) + 1\n`)}`, 1001],
    ["a chain of calls, the last first", `${repeated(900, (i) => `f${i}(x) = f${i + 1}(x) + 1\n`)}f900(x) = x\n`, 901],
    [
      "names of every object",
      "__proto__(constructor; toString = 1) = constructor * toString * valueOf\n  let valueOf = 2\nconstructor(__proto__) = __proto__(__proto__)\nhasOwnProperty(x) = constructor(x)\n",
      3,
    ],
    ["a megabyte of spaces", `f(x) = ${" ".repeat(1e6)}x`],
    ["a megabyte of comment", `f(x) = x #${"x".repeat(1e6)}`],
  ])("%s", { timeout: 5_000 }, (_, text, count = 1) => {
    const { definitions, text: messages } = diagnose(text);
    expect(messages).toBe("");
    expect(definitions).toHaveLength(count);
  });
});

describe("refused", () => {
  test.each<[title: string, text: string, code: string]>([
    ["10 MB of a sum", `f(x) = ${"x + ".repeat(2_500_000)}x`, "definition-too-long"],
    ["10 MB of a name", `${"a".repeat(1e7)}(x) = x`, "name-too-long"],
    ["10 MB of digits", `f(x) = ${"1".repeat(1e7)}`, "number-too-long"],
    ["10 MB of a character that is none", `f(x) = ${"§".repeat(1e7)}`, "unknown-character"],
    ["a megabyte of NUL", "\0".repeat(1e6), "unknown-character"],
    ["bytes that are no UTF-8", "f(x) = x + \uFFFD\n", "unknown-character"],
    ["a lone surrogate", "f(x) = x + \uD800\n", "unknown-character"],
    ["3000 nested parentheses", `f(x) = ${"(".repeat(3000)}x${")".repeat(3000)}`, "nested-too-deep"],
    ["3000 nested calls", `f(x) = ${"sin(".repeat(3000)}x${")".repeat(3000)}`, "nested-too-deep"],
    ["3000 signs", `f(x) = ${"-".repeat(3000)}x`, "nested-too-deep"],
    ["3000 negations", `f(x) = where(${"not ".repeat(3000)}x > 0, 1, 0)`, "nested-too-deep"],
    ["a tower of 3000 powers", `f(x) = ${"x^".repeat(3000)}x`, "nested-too-deep"],
    ["a chain of 3000 comparisons", `f(x) = where(${"x < ".repeat(3000)}x, 1, 0)`, "nested-too-deep"],
    [
      "nesting by calls",
      `f0(x) = x\n${repeated(5, (i) => `f${i + 1}(x) = ${"sin(".repeat(300)}f${i}(x)${")".repeat(300)}\n`)}`,
      "expansion-too-large",
    ],
    [
      "2^40 nodes from 40 lines",
      `f0(x) = x\n${repeated(40, (i) => `f${i + 1}(x) = f${i}(x) * f${i}(x + 1)\n`)}`,
      "expansion-too-large",
    ],
    ["a cycle of 3000 calls", repeated(3000, (i) => `f${i}(x) = f${(i + 1) % 3000}(x)\n`), "call-cycle"],
  ])("%s", { timeout: 5_000 }, (_, text, code) => {
    const { diagnostics, text: messages } = diagnose(text);
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
    expect(messages.length).toBeLessThan(2_000);
  });

  test("thousands of errors", { timeout: 10_000 }, () => {
    const { diagnostics } = diagnose(repeated(2000, (i) => `function${i}(x) = functoin${i}y(x)\n`));
    expect(diagnostics).toHaveLength(2000);
  });
});

test("the expansion of definitions that double names the first call that is too much", () => {
  const { definitions, text } = diagnose(
    `f0(x) = x\n${repeated(40, (i) => `f${i + 1}(x) = f${i}(x) * f${i}(x + 1)\n`)}`,
  );
  expect(definitions).toHaveLength(14);
  expect(text)
    .toBe(`acts.def:15:10: error: with the call of 'f13' expanded, 'f14' exceeds 100000 nodes (this call alone brings 65529) [expansion-too-large]
  15 | f14(x) = f13(x) * f13(x + 1)
     |          ^^^^^^
  hint: name what is used several times by a 'let' and call it once
`);
});

test("a file of 4000 definitions takes about as long, each, as one of 400", { timeout: 60_000 }, () => {
  const definitions = (count: number): string =>
    repeated(
      count,
      (i) => `f${i}(x; learn alpha[channel] = 1 in (0, inf)) = x + sin(alpha * x)^2 / alpha\n  class F${i}\n`,
    );
  /** Milliseconds of this process, whatever else the machine does. */
  const timeFor = (count: number): number => {
    const text = definitions(count);
    const start = process.cpuUsage();
    expect(diagnose(text).definitions).toHaveLength(count);
    return process.cpuUsage(start).user / 1000;
  };
  const leastFor = (count: number): number => Math.min(timeFor(count), timeFor(count), timeFor(count));
  timeFor(400);
  const few = leastFor(400);
  // Ten times as many in linear time; a quadratic step would take a hundred times as long.
  expect(leastFor(4000)).toBeLessThan(40 * few + 500);
});
