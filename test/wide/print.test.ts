import { transformSync } from "esbuild";
import { format } from "prettier";
import { expect, test } from "vitest";
import { printTypescript } from "../../compiler/machine/index.js";
import { randomNumbers } from "../library/binary32.js";
import { library, targets, wideNumbers } from "./numbers.js";

test("printed TypeScript computes the same, and prettier leaves it as it is", async () => {
  const printed = `${printTypescript(library.closure(library.functions.map(({ name }) => name)))}\n`;
  expect(await format(printed, { parser: "babel-ts" })).toBe(printed);
  const names = { wideExp: "wide_exp", wideLog1p: "wide_log1p", wideTan: "wide_tan", wideErfc: "wide_erfc" };
  const { code } = transformSync(printed, { loader: "ts" });
  const compiled: unknown = new Function(`${code}\nreturn [${Object.keys(names).join(", ")}];`)();
  const functions: readonly unknown[] = Array.isArray(compiled) ? compiled : [];
  const target = targets.find(({ name }) => name === "TypeScript");
  if (target === undefined) throw new Error("no target");
  Object.values(names).forEach((name, i) => {
    const printedFunction = functions[i];
    const wide = target.compile(library, name);
    for (const x of wideNumbers(randomNumbers(1812433253), target.bits, [-20, 5], 20)) {
      const result: unknown = typeof printedFunction === "function" ? printedFunction(x) : undefined;
      expect(result, name).toEqual(wide({ ...x }));
    }
  });
});
