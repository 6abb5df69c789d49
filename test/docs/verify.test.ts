/** What docs/verify.md says of the certificates of acts.def. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

interface Column {
  readonly kernel: string;
  readonly defaults: { readonly label: "proved" | "measured" };
}
type Target = "ts" | "wgsl" | "wasm";
const languages: Readonly<Record<Target, string>> = { ts: "TypeScript", wgsl: "WGSL", wasm: "WebAssembly" };

test("counts the certificates", () => {
  const {
    activations,
  }: { activations: Record<string, Partial<Record<Target, Record<string, Record<string, Column>>>>> } = JSON.parse(
    read("acts.certificates.json"),
  );
  const counts = new Map<string, { columns: number; proved: number }>();
  for (const targets of Object.values(activations)) {
    for (const target of ["ts", "wgsl", "wasm"] as const) {
      for (const [executor, columns] of Object.entries(targets[target] ?? {})) {
        const key = `${languages[target]}, ${executor}`;
        const { columns: all, proved } = counts.get(key) ?? { columns: 0, proved: 0 };
        const found = Object.values(columns);
        counts.set(key, {
          columns: all + found.length,
          proved: proved + found.filter(({ defaults }) => defaults.label === "proved").length,
        });
      }
    }
  }
  const rows = read("docs/verify.md")
    .split("### Those of acts.def")[1]
    ?.split("\n")
    .filter((line) => /^\| \w+, /.test(line));
  expect(rows?.toSorted()).toEqual(
    [...counts].map(([key, { columns, proved }]) => `| ${key} | ${columns} | ${proved} |`).toSorted(),
  );
});
