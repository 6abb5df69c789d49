/** This thread and others at one share of work, with scripts that stand in for measuring elsewhere. */
import { afterEach, expect, test } from "vitest";
import type { Crew } from "../../compiler/cli/crew.js";
import { helpedCrew } from "../../compiler/cli/helped-crew.js";
import { compile } from "../../compiler/compile.js";
import { nothingMeasured } from "../../compiler/verification/measurement.js";
import type { Outcome, Task } from "../../compiler/verification/measurer.js";
import { subjectsIn } from "../../compiler/verify.js";

const sources = [{ file: "a.def", text: "f(x; a = 2) = a * x" }];
const { files } = await compile(sources, { targets: ["ts"], kernels: ["forward", "backward"] });
const [{ columns }] = (await subjectsIn(sources, files, {})) as [Awaited<ReturnType<typeof subjectsIn>>[number]];
const tasks = Array.from({ length: 60 }, (_, i): Task => ({
  ...{ activation: "f", column: columns[i % 2]!, parameters: [1 + (i % 15)], emulated: true },
  work: { kind: "points", stratified: 200, byReference: 0, density: "sparsest" },
}));

/** Takes from the end as the real one does; what it gives says so, by the margin. */
const script = (answer: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from "node:worker_threads";
      const measurement = ${JSON.stringify(nothingMeasured)};
      parentPort.on("message", ({ id, tasks, counters }) => {
        const numbers = new Int32Array(counters);
        while (Atomics.sub(numbers, 0, 1) > 0) {
          const place = tasks.length - 1 - Atomics.add(numbers, 1, 1);
          ${answer}
        }
      });
    `)}`,
  );
const helpful = script(`
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3);
  const outcome = { kind: "measured", measurement, others: [], margin: tasks[place].parameters[0] };
  parentPort.postMessage({ kind: "shared", id, place, outcome });
`);

let crew: Crew | undefined;
afterEach(() => crew?.close());

const marginOf = (outcome: Outcome): number | null => (outcome.kind === "measured" ? outcome.margin : null);

test("each task is done once, here or there, and the outcome is its own", async () => {
  crew = await helpedCrew(sources, helpful, 2);
  const own = crew;
  for (let round = 0; round < 3; round++) {
    const outcomes = await Promise.all(tasks.map((task) => own.measure(task)));
    const margins = outcomes.map(marginOf);
    margins.forEach((margin, i) => expect([null, tasks[i]!.parameters[0]]).toContain(margin));
    for (const outcome of outcomes.filter((each) => marginOf(each) === null))
      expect(outcome).toMatchObject({ kind: "measured", measurement: { worst: { ulp: expect.any(Number) } } });
    if (margins.some((margin) => margin !== null)) return;
  }
  expect.fail("no helper ever did anything");
});

test("what is asked for while something is under way is done as well", async () => {
  crew = await helpedCrew(sources, helpful, 2);
  const own = crew;
  const later = async (ticks: number): Promise<readonly Outcome[]> => {
    for (let i = 0; i < ticks; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    return Promise.all(tasks.map((task) => own.measure(task)));
  };
  const rounds = await Promise.all(Array.from({ length: 20 }, (_, ticks) => later(ticks)));
  for (const outcomes of rounds)
    outcomes.map(marginOf).forEach((margin, i) => expect([null, tasks[i]!.parameters[0]]).toContain(margin));
});

test("nothing waits for a helper that is not ready", async () => {
  crew = await helpedCrew(sources, new URL("data:text/javascript,while (true);"), 1);
  const own = crew;
  const outcomes = await Promise.all(tasks.map((task) => own.measure(task)));
  expect(outcomes.every((outcome) => outcome.kind === "measured" && outcome.measurement.count > 0)).toBe(true);
});

test("a fault of a helper is the caller's, and so is a helper that ends", async () => {
  const all = async (answer: string): Promise<unknown> => {
    crew = await helpedCrew(sources, script(answer), 1);
    const own = crew;
    for (let round = 0; round < 50; round++) await Promise.all(tasks.map((task) => own.measure(task)));
    return undefined;
  };
  await expect(all(`parentPort.postMessage({ kind: "fault", error: new Error("no " + place) });`)).rejects.toThrow(
    "no ",
  );
  await crew?.close();
  await expect(all(`process.exit(0);`)).rejects.toThrow("before its work was done");
});

test("without threads all is done here", async () => {
  for (const [given, helpers] of [
    [undefined, 3],
    [helpful, 0],
  ] as const) {
    crew = await helpedCrew(sources, given, helpers);
    expect(crew.size).toBe(1);
    expect(marginOf(await crew.measure(tasks[0]!))).toBeNull();
  }
});
