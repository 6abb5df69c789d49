/** Threads that emit definitions, with scripts that stand in for the compiler. */
import { expect, test } from "vitest";
import { emissionCrew } from "../../compiler/cli/emission-crew.js";
import { readDefinitions } from "../../compiler/compile.js";
import { DecisionBook } from "../../compiler/decisions.js";

const how = { targets: ["ts"], kernels: ["forward"], save: "exact", shaders: "quick" } as const;
const count = 100;
const { definitions } = readDefinitions([
  { file: "a.def", text: Array.from({ length: count }, (_, i) => `act_${i}(x) = x + ${i}`).join("\n") },
]);
const script = (answer: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort, threadId, workerData } from "node:worker_threads";
      parentPort.on("message", (definitions) => { ${answer} });
    `)}`,
  );
const echo = script(`
  const emitted = definitions.map(({ definition }) => ({ files: [], entry: {}, diagnostics: [], decisions: [[definition.name.text, workerData.answers]] }));
  setTimeout(() => parentPort.postMessage({ kind: "emitted", emitted }), 20 * (threadId % 3));
`);

test("results come in the order of the definitions, each once, made with what is known", async () => {
  const results = await emissionCrew(echo, false, 3)(definitions, how, new DecisionBook([["asked", 7]]));
  expect(results.map(({ decisions }) => decisions)).toEqual(
    definitions.map(({ definition }) => [[definition.name.text, [["asked", 7]]]]),
  );
});

test("few definitions, and those of a machine with one core, are left to the caller", async () => {
  expect(await emissionCrew(echo, false, 3)(definitions.slice(0, 5), how, new DecisionBook())).toEqual([]);
  const known = new DecisionBook([["asked", 7]]);
  expect(await emissionCrew(echo, false, 3)(definitions.slice(0, 39), how, known)).toEqual([]);
  expect(await emissionCrew(echo, false, 3)(definitions.slice(0, 6), how, new DecisionBook())).toHaveLength(6);
  expect(await emissionCrew(echo, false, 3)(definitions.slice(0, 40), how, known)).toHaveLength(40);
  expect(await emissionCrew(echo, false, 1)(definitions, how, new DecisionBook())).toEqual([]);
});

test("a fault in a thread is the caller's, and so is a thread that ends", async () => {
  const faulty = script(
    `parentPort.postMessage({ kind: "fault", error: new Error("no " + definitions[0].definition.name.text) });`,
  );
  await expect(emissionCrew(faulty, false, 2)(definitions, how, new DecisionBook())).rejects.toThrow(/^no act_\d+$/);
  const thrown = script(`throw new Error("thrown");`);
  await expect(emissionCrew(thrown, false, 2)(definitions, how, new DecisionBook())).rejects.toThrow("thrown");
  const gone = script(`process.exit(0);`);
  await expect(emissionCrew(gone, false, 2)(definitions, how, new DecisionBook())).rejects.toThrow(
    "before its work was done",
  );
});
