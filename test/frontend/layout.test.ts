import { describe, expect, test } from "vitest";
import { printDefinition } from "../../grammar/print.js";
import { diagnose } from "./diagnose.js";

/** The definitions as they were understood, one after the other. */
const understood = (text: string): string => {
  const { definitions, text: messages } = diagnose(text);
  return messages + definitions.map(({ definition }) => printDefinition(definition)).join("");
};

test.each([
  ["nothing", "", ""],
  ["blank lines and comments alone", "\n# comment\n\n   # indented\n\t\n", ""],
  ["a byte order mark alone", "\uFEFF", ""],
  ["a byte order mark before a definition", "\uFEFFf(x) = x\n", "f(x) = x\n"],
  ["no line end at the end", "f(x) = x", "f(x) = x\n"],
  ["CRLF", "f(x) =\r\n  x\r\n\r\n## Doc.\r\ng(x) = x\r\n", "f(x) = x\n## Doc.\ng(x) = x\n"],
  ["tabs", "f(x) =\n\tx\t+ 1\n\tclass\tF\n", "f(x) = x + 1\n  class F\n"],
  ["a body on the next line", "f(x) =\n  x\n", "f(x) = x\n"],
  [
    "blank lines and comments within",
    "f(x) = x\n\n# comment\n  + 1 # more\n\n  class F # name\n",
    "f(x) = x + 1\n  class F\n",
  ],
  [
    "closing brackets in column 1",
    "f(\n  x;\n  a = 1 in (0,\n    2\n]\n) =\n  max(\n    x, a\n)\n",
    "f(x; a = 1 in (0, 2]) = max(x, a)\n",
  ],
  ["a body behind a closing bracket in column 1", "f(\n  x\n) = x\n", "f(x) = x\n"],
  ["any depth of indentation", "f(x) = y\n      let z = x\n let y = z\n", "f(x) = y\n  let z = x\n  let y = z\n"],
  ["no spaces at all", "f(x;a=1)=a*x", "f(x; a = 1) = a * x\n"],
  [
    "words of a place as names",
    "learn(train; eval = 1) = eval * train\n  class in\n",
    "learn(train; eval = 1) = eval * train\n  class in\n",
  ],
])("%s", (_, text, expected) => {
  expect(understood(text)).toBe(expected);
});

describe("doc comments", () => {
  test.each([
    ["right above", "## One.\n##Two.\n##   Three.  \n##\nf(x) = x\n", ["One.", "Two.", "  Three.", ""]],
    ["a blank line between", "## One.\n\nf(x) = x\n", []],
    ["a comment between", "## One.\n# two\nf(x) = x\n", []],
    ["the last lines count", "## One.\n\n## Two.\nf(x) = x\n", ["Two."]],
    ["below the definition before", "g(x) = x\n## One.\nf(x) = x\n", ["One."]],
    ["three signs are no doc comment", "### One.\nf(x) = x\n", []],
    ["within a definition", "f(x) =\n## One.\n  x\n", []],
  ])("%s", (_, text, expected) => {
    expect(diagnose(text).definitions.at(-1)?.definition.documentation).toEqual(expected);
  });
});

test("an error in one definition hides nothing of the others", () => {
  const { definitions, diagnostics } = diagnose("a(x) = (x\nb(x) = x\nc(x) = 2x\nd(x) = y\ne(x) = x\n");
  expect(definitions.map(({ definition }) => definition.name.text)).toEqual(["b", "e"]);
  expect(diagnostics.map(({ code }) => code)).toEqual(["unclosed-bracket", "implicit-multiplication", "unknown-name"]);
});

test("lines and columns are those of editors", () => {
  const text = "\uFEFFf(x) = y\r\n\tg(x)\rh(x) = z\n";
  expect(diagnose(text).text).toBe(
    [
      "acts.def:2:2: error: 'g' begins no clause, and an operator is missing if it continues the line above [unknown-clause]",
      "  2 |     g(x)",
      "    |     ^",
      "  expected: a clause: 'let', 'grad', 'random', 'class' or 'split'",
      "acts.def:3:8: error: unknown name 'z' [unknown-name]",
      "  3 | h(x) = z",
      "    |        ^",
      "  expected: x",
      "",
    ].join("\n"),
  );
});
