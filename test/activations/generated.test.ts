import { expect, test } from "vitest";
import { compile, usualTargets } from "../../compiler/compile.js";
import { DecisionBook } from "../../compiler/decisions.js";
import { readLock } from "../../compiler/lock.js";
import { read, standardGenerated, standardText } from "./standard.js";

/** In CI all definitions; else every third, with what these call. */
const step = process.env["CI"] === undefined ? 3 : 1;

function chosenText(): string {
  const blocks = standardText.split(/\n{2,}/).map((text) => ({ text, name: /^(\w+)\(/m.exec(text)?.[1] }));
  const calls = (text: string, name: string): boolean => new RegExp(`\\b${name}\\(`).test(text);
  const chosen = new Set(blocks.filter((_, i) => i % step === 0));
  // A set's loop comes to what is added on the way, too.
  for (const { text } of chosen) {
    for (const block of blocks) if (block.name !== undefined && calls(text, block.name)) chosen.add(block);
  }
  return blocks.flatMap((block) => (chosen.has(block) ? [block.text] : [])).join("\n\n");
}

/**
 * The lock file saves time and changes no byte (`test/cli/lock.test.ts`). Of manifest.json the command knows more, from the
 * certificates.
 */
test("generated/ is what acts.def compiles to, and acts.lock.json knows all that this asks", async () => {
  const lock = readLock(read("acts.lock.json"));
  const decisions = new DecisionBook([...(lock?.values() ?? [])].flatMap((answers) => [...answers]));
  const known = new Set([...(lock?.values() ?? [])].flatMap((answers) => [...answers.keys()]));
  const { files } = await compile([{ file: "acts.def", text: chosenText() }], { targets: usualTargets, decisions });
  const asked = [...decisions.askedFor("acts.def").values()].flatMap((answers) => [...answers.keys()]);
  expect(asked.filter((question) => !known.has(question))).toEqual([]);
  const committed = standardGenerated().files;
  const ofAll = new Set(["manifest.json", ...(step > 1 ? ["index.ts"] : [])]);
  if (step === 1) expect(files.map(({ path }) => path).sort()).toEqual([...committed.keys()].sort());
  else expect(files.length).toBeGreaterThan(committed.size / step);
  expect(files.flatMap(({ path, text }) => (ofAll.has(path) || text === committed.get(path) ? [] : [path]))).toEqual(
    [],
  );
}, 120_000);
