import { expect, test } from "vitest";
import { compile, usualTargets } from "../../compiler/compile.js";
import { DecisionBook } from "../../compiler/decisions.js";
import { readLock } from "../../compiler/lock.js";
import { read, standardGenerated, standardText } from "./standard.js";

/**
 * The lock file saves time and changes no byte (`test/cli/lock.test.ts`). Of manifest.json the command knows more, from the
 * certificates.
 */
test("generated/ is what acts.def compiles to, and acts.lock.json knows all that this asks", async () => {
  const lock = readLock(read("acts.lock.json"));
  const decisions = new DecisionBook([...(lock?.values() ?? [])].flatMap((answers) => [...answers]));
  const known = new Set([...(lock?.values() ?? [])].flatMap((answers) => [...answers.keys()]));
  const { files } = await compile([{ file: "acts.def", text: standardText }], { targets: usualTargets, decisions });
  const asked = [...decisions.askedFor("acts.def").values()].flatMap((answers) => [...answers.keys()]);
  expect(asked.filter((question) => !known.has(question))).toEqual([]);
  const committed = standardGenerated().files;
  expect(files.map(({ path }) => path).sort()).toEqual([...committed.keys()].sort());
  expect(
    files.flatMap(({ path, text }) => (path === "manifest.json" || text === committed.get(path) ? [] : [path])),
  ).toEqual([]);
}, 120_000);
