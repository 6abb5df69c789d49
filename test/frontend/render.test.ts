import { describe, expect, test } from "vitest";
import { collate, type Diagnostic } from "../../compiler/diagnostics.js";
import { positionOf, renderDiagnostic } from "../../compiler/render-diagnostics.js";

const found = (start: number, end: number, more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: "some-code",
  severity: "error",
  file: "acts.def",
  span: { start, end },
  message: "something is wrong",
  ...more,
});

const render = (text: string, diagnostic: Diagnostic, color = false): string =>
  renderDiagnostic(diagnostic, { file: "acts.def", text }, { color });

/** What was marked, as text. */
function markedIn(rendered: string): string {
  const [, line = "", marks = ""] = rendered.split("\n");
  return line.slice(marks.indexOf("^"), marks.lastIndexOf("^") + 1);
}

test("all parts", () => {
  expect(render("f(x) = y", found(7, 8, { expected: "x", hint: "try it" }))).toBe(
    "acts.def:1:8: error: something is wrong [some-code]\n  1 | f(x) = y\n    |        ^\n  expected: x\n  hint: try it\n",
  );
});

test("a warning in colour", () => {
  expect(render("f(x) = y", found(7, 8, { severity: "warning" }), true)).toBe(
    "\u001b[1macts.def:1:8\u001b[0m: \u001b[33mwarning\u001b[0m: \u001b[1msomething is wrong\u001b[0m \u001b[2m[some-code]\u001b[0m\n" +
      "\u001b[2m  1 |\u001b[0m f(x) = y\n\u001b[2m    |\u001b[0m \u001b[33m       ^\u001b[0m\n",
  );
});

describe("the frame", () => {
  test("marks the end of a line and of the text", () => {
    expect(render("ab\ncd", found(2, 3))).toContain("  1 | ab\n    |   ^\n");
    expect(render("ab", found(9, 12))).toContain("acts.def:1:3: error");
    expect(render("", found(0, 0))).toContain("acts.def:1:1: error");
  });

  test("expands tabs", () => {
    expect(render("\ta\tb", found(3, 4))).toContain("  1 |     a   b\n    |         ^\n");
  });

  test("shows what cannot be seen, and takes no orders", () => {
    const text = "a\u0000\u001b[31m\u202Eb";
    expect(render(text, found(text.length - 1, text.length))).toContain("  1 | a␀␛[31m\uFFFDb\n    |         ^\n");
    expect(render("x", found(0, 1, { file: "a\u001b[2J.def", message: "line\nbreak" }))).toContain(
      "a␛[2J.def:1:1: error: line␊break",
    );
  });

  test("puts carets under wide characters and letters with marks", () => {
    expect(render("日本 x", found(3, 4))).toContain("    |      ^\n");
    expect(render("e\u0301 x", found(3, 4))).toContain("    |   ^\n");
  });

  test("shows a few lines of a span over many", () => {
    expect(render("f(x) = (\n  1\n  2\n  3\n)", found(7, 22))).toBe(
      "acts.def:1:8: error: something is wrong [some-code]\n" +
        "  1 | f(x) = (\n    |        ^\n  2 |   1\n    | ^^^\n  3 |   2\n    | ^^^\n  … |\n",
    );
  });

  test("shows the stretch of a long line around the place", () => {
    const text = `${"abcdefghij".repeat(100_000)}X${"abcdefghij".repeat(100_000)}`;
    const rendered = render(text, found(1_000_000, 1_000_001));
    expect(rendered.length).toBeLessThan(500);
    expect(rendered).toContain("acts.def:1:1000001:");
    expect(markedIn(rendered)).toBe("X");
    expect(rendered.split("\n")[1]).toMatch(/^ {2}1 \| ….{110,122}…$/);
  });

  test("shows a long span from its beginning", () => {
    const rendered = render(`ab ${"x".repeat(1000)}`, found(3, 1003));
    expect(rendered.split("\n")[1]).toMatch(/^ {2}1 \| ab x+…$/);
    expect(markedIn(rendered)).toMatch(/^x+$/);
  });
});

test("positions", () => {
  const text = "\uFEFFab\r\nc\rd\n";
  expect([0, 1, 2, 5, 6, 7, 8, 9, 99].map((offset) => Object.values(positionOf(text, offset)).join(":"))).toEqual([
    "1:1",
    "1:1",
    "1:2",
    "2:1",
    "2:2",
    "3:1",
    "3:2",
    "4:1",
    "4:1",
  ]);
});

test("positions in a long text are found quickly, again and again", () => {
  const text = "some line\n".repeat(200_000);
  const start = performance.now();
  for (let i = 0; i < 100_000; i++) positionOf(text, (i * 7919) % text.length);
  expect(performance.now() - start).toBeLessThan(2_000);
});

describe("diagnostics together", () => {
  test("come in the order of the text, none twice", () => {
    const shown = collate([found(5, 6), found(1, 9), found(5, 6), found(1, 2), found(0, 1, { file: "b.def" })]);
    expect(shown.map(({ file, span }) => `${file} ${span.start}-${span.end}`)).toEqual([
      "acts.def 1-2",
      "acts.def 1-9",
      "acts.def 5-6",
      "b.def 0-1",
    ]);
  });

  test("are bounded", () => {
    const [shown] = collate([found(0, 1, { message: "m".repeat(10_000), hint: "h".repeat(10_000) })]);
    expect(shown?.message).toHaveLength(500);
    expect(shown?.hint).toHaveLength(500);
  });
});
