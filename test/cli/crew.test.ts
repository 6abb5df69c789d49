/** Threads that measure, with a script that stands in for measuring. */
import { afterEach, expect, test } from "vitest";
import { type Crew, threadCrew } from "../../compiler/cli/crew.js";
import type { EmittedColumn } from "../../compiler/verification/emitted.js";
import { nothingMeasured } from "../../compiler/verification/measurement.js";
import type { Task } from "../../compiler/verification/measurer.js";

/** Says which thread it was, by the margin, and takes as long as the setting says. */
const script = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from "node:worker_threads";
    const measurement = ${JSON.stringify(nothingMeasured)};
    parentPort.on("message", ({ parameters: [wait] }) => {
      const outcome = { kind: "measured", measurement, others: [], margin: threadId };
      setTimeout(() => parentPort.postMessage({ kind: "outcome", outcome }), wait);
    });
  `)}`,
);

const column = (name: string): EmittedColumn => ({
  ...{ target: "ts", of: null, name, digest: name, inputs: ["x"], draws: [], parameters: [], batching: "elements" },
  ...{ code: "", kernel: { export: "f", arguments: [] } },
});
const task = (name: string, wait: number): Task => ({
  ...{ activation: "f", column: column(name), parameters: [wait], emulated: true },
  work: { kind: "points", stratified: 0, byReference: 0 },
});

let crew: Crew | undefined;
afterEach(() => crew?.close());

const threadOf = async (crew: Crew, each: Task): Promise<number> => {
  const outcome = await crew.measure(each);
  return outcome.kind === "measured" ? (outcome.margin ?? NaN) : NaN;
};

test("one thread does the columns of a setting, and none is idle while something waits", async () => {
  crew = threadCrew([], 2, script, undefined);
  const settings = [2, 3, 4, 5];
  const asked = ["forward", "d/dx", "d/da"].flatMap((name) => settings.map((wait) => ({ name, wait })));
  const own = crew;
  const threads = await Promise.all(asked.map(({ name, wait }) => threadOf(own, task(name, wait))));
  const bySetting = settings.map((wait) => new Set(threads.filter((_, i) => asked[i]!.wait === wait)));
  // The last setting is shared with whoever has nothing else to do.
  expect(bySetting.filter(({ size }) => size === 1).length).toBeGreaterThanOrEqual(settings.length - 1);
  expect(new Set(threads).size).toBe(2);
});
