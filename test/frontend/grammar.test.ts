import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseSource } from "../../compiler/frontend/parse.js";
import { parseExpression } from "../../grammar/parse-expression.js";
import { printDefinition, printExpression } from "../../grammar/print.js";
import { RandomDefinitions, randomNumbers } from "./random-definitions.js";

/** The tree without its spans. */
const bare = (tree: unknown): unknown =>
  JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === "span" ? undefined : value)));

test("the generated parser is up to date", () => {
  const script = fileURLToPath(new URL("../../grammar/generate.mjs", import.meta.url));
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});

describe("random trees", () => {
  // A second reading of a text would make the parser throw.
  test("expressions, printed and parsed, are the same", () => {
    const random = new RandomDefinitions(randomNumbers(1));
    for (let i = 0; i < 600; i++) {
      const tree = random.expression();
      const text = printExpression(tree);
      expect(bare(parseExpression(text)), text).toEqual(bare(tree));
    }
  });

  test("definitions, printed and parsed, are the same", () => {
    const random = new RandomDefinitions(randomNumbers(2));
    for (let i = 0; i < 300; i++) {
      const tree = random.definition();
      const text = printDefinition(tree);
      const { definitions, diagnostics } = parseSource({ file: "acts.def", text });
      expect(diagnostics, text).toEqual([]);
      expect(definitions.map(bare), text).toEqual([bare(tree)]);
    }
  });

  test("parentheses in any number change nothing", () => {
    const next = randomNumbers(3);
    const random = new RandomDefinitions(next);
    for (let i = 0; i < 200; i++) {
      const text = printExpression(random.expression());
      const wrapped = text.replace(/(?<![\w.\[])(?:x|y|beta)(?![\w.(\[\]]| =)/g, (name) =>
        next() < 0.5 ? `((${name}))` : name,
      );
      expect(bare(parseExpression(wrapped)), wrapped).toEqual(bare(parseExpression(text)));
    }
  });
});

/** The same text with a pair of parentheses around everything that is not a single symbol. */
function grouped(text: string): string {
  const tree = parseExpression(text);
  const visit = (node: typeof tree): string => {
    switch (node.kind) {
      case "number":
        return node.text;
      case "name":
        return node.name;
      case "negate":
        return `(-${visit(node.operand)})`;
      case "not":
        return `(not ${visit(node.operand)})`;
      case "binary":
        return `(${visit(node.left)} ${node.operator} ${visit(node.right)})`;
      case "and":
      case "or":
        return `(${visit(node.left)} ${node.kind} ${visit(node.right)})`;
      case "comparison":
        return `(${node.operands.map((operand, i) => `${i === 0 ? "" : ` ${node.operators[i - 1]} `}${visit(operand)}`).join("")})`;
      case "call":
        return `${node.callee.text}(${node.positional.map(visit).join(", ")})`;
    }
  };
  return visit(tree);
}

test.each([
  ["a + b * c", "(a + (b * c))"],
  ["a - b - c", "((a - b) - c)"],
  ["a / b * c", "((a / b) * c)"],
  ["-x^2", "(-(x ^ 2))"],
  ["2^-x", "(2 ^ (-x))"],
  ["2^-x^2", "(2 ^ (-(x ^ 2)))"],
  ["a^b^c", "(a ^ (b ^ c))"],
  ["-a * b", "((-a) * b)"],
  ["a * -b", "(a * (-b))"],
  ["a - -b", "(a - (-b))"],
  ["--a", "(-(-a))"],
  ["a < b + 1", "(a < (b + 1))"],
  ["a < x <= b", "(a < x <= b)"],
  ["not a < b and c > d or e == f", "(((not (a < b)) and (c > d)) or (e == f))"],
  ["not not a < b", "(not (not (a < b)))"],
  ["f(-x)^2", "(f((-x)) ^ 2)"],
])("%s reads as %s", (text, expected) => {
  expect(grouped(text)).toBe(expected);
});

test.each([
  ["(a + b) * c", "(a + b) * c"],
  ["(a * b) + c", "a * b + c"],
  ["a - (b - c)", "a - (b - c)"],
  ["a - (b * c)", "a - b * c"],
  ["(-x)^2", "(-x)^2"],
  ["-(x^2)", "-x^2"],
  ["2^(-x)", "2^-x"],
  ["(a^b)^c", "(a^b)^c"],
  ["a^(b^c)", "a^b^c"],
  ["x^(1/2)", "x^(1 / 2)"],
  ["(a and b) or (c and d)", "a and b or c and d"],
  ["(a or b) and c", "(a or b) and c"],
  ["not (a < b)", "not a < b"],
  ["(not a) and b", "not a and b"],
  ["max[d](x , y=2)", "max[d](x, y = 2)"],
])("%s prints as %s", (text, expected) => {
  expect(printExpression(parseExpression(text))).toBe(expected);
});

test("spans hold the parentheses that belong to an expression", () => {
  const source = { file: "acts.def", text: "f(x) = (x + 1) * 2\n  let y = (x)\n" };
  const [definition] = parseSource(source).definitions;
  const slice = ({ start, end }: { start: number; end: number }): string => source.text.slice(start, end);
  expect(definition && slice(definition.body.span)).toBe("(x + 1) * 2");
  expect(definition?.body.kind === "binary" && slice(definition.body.left.span)).toBe("(x + 1)");
  expect(definition && slice(definition.span)).toBe(source.text.trimEnd());
  expect(definition?.clauses.map(({ span }) => slice(span))).toEqual(["let y = (x)"]);
});

test("a formula of the project's own that is no expression is a fault", () => {
  expect(() => parseExpression("a +")).toThrow("no expression: 'a +' (at 'the end')");
});
