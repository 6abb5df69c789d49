/** The catalogue's tables against acts.def. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("docs/catalogue.md");
const defined = new Set([...read("acts.def").matchAll(/^(\w+)\(/gm)].map(([, name = ""]) => name));

/** The cells of the rows under a heading. */
function rows(heading: string): string[][] {
  const [, rest = ""] = page.split(`\n## ${heading}\n`);
  const [section = ""] = rest.split("\n## ");
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(1).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What is set as code and looks like the name of a definition. */
const names = (cell: string | undefined): string[] =>
  [...(cell ?? "").matchAll(/`([a-z]\w*)`/g)].map(([, name = ""]) => name);

test("says how many there are", () => {
  expect(page).toContain(`defines ${defined.size}:`);
});

test("sends every other name to a definition", () => {
  const table = rows("Other names");
  expect(table.length).toBeGreaterThan(50);
  for (const [, here] of table.filter(([elsewhere]) => elsewhere !== "SpikingJelly's other classes")) {
    const known = names(here).filter((name) => defined.has(name));
    expect(known.length, here).toBeGreaterThan(0);
  }
});

test("names what is in acts.def, and does not say of it that it cannot be", () => {
  const partly = new Set(["squarewave_fourier_surrogate", "gumbel_softmax"]);
  const impossible = rows("What the language does not express").flatMap(([name]) => names(name));
  expect(impossible.filter((name) => defined.has(name) && !partly.has(name))).toEqual([]);
  const differing = rows("Where frameworks differ").flatMap(([name]) => names(name));
  expect(differing.filter((name) => !defined.has(name))).toEqual([]);
});
