/** What is measured of kernels, and when no more of it. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { nothingMeasured, type Measurement } from "../../compiler/verification/measurement.js";
import type { Outcome, Task } from "../../compiler/verification/measurer.js";
import { accuracies, glance, quickPlan, type QuickPlan, type Subject, subjectsIn } from "../../compiler/verify.js";

const sources = [{ file: "glance.def", text: "f(x; a = 1 in (0, inf)) = tanh(a * x)\n" }];
const { files } = await compile(sources, { targets: ["ts"] });
const [compiled] = await subjectsIn(sources, files, { targets: ["ts"] });
const further = Array.from({ length: 30 }, (_, i) => [2 ** (i + 1)]);
const subject: Subject = { ...compiled!, furtherSettings: { ts: further, wgsl: further, wasm: further } };

const broken: Measurement = { ...nothingMeasured, notFinite: { ulp: Infinity, at: [1], actual: NaN, expected: 1 } };

/** The settings that special inputs are tried at, if this comes of what is measured before the so-manieth setting. */
async function furtherSettings(plan: QuickPlan, from = Infinity): Promise<readonly (number | undefined)[]> {
  const tried: (number | undefined)[] = [];
  const measure = async ({ column, others = [], parameters: [a], work }: Task): Promise<Outcome> => {
    if (work.kind === "points" && work.density === "specials" && column.of === null) tried.push(a);
    const measurement = tried.length > from ? broken : nothingMeasured;
    return { kind: "measured", measurement, others: others.map(() => measurement), margin: null };
  };
  await accuracies([subject], new Map(), measure, plan);
  return tried;
}

test("a glance tries special inputs at the defaults and at the first of the further settings", async () => {
  expect(await furtherSettings(glance)).toEqual([1, ...further.flat().slice(0, glance.further.most)]);
});

/** At how many settings a column is measured, the defaults included, if each takes so many milliseconds. */
async function settingsWhere(milliseconds: number): Promise<number> {
  const values = Array.from({ length: 30 }, (_, i) => [i + 2]);
  const settings = { ts: values, wgsl: values, wasm: values };
  let tried = 0;
  const measure = async ({ column, others = [], work }: Task): Promise<Outcome> => {
    if (work.kind === "points" && work.density !== "specials" && column.of === null) tried += 1;
    const all = others.map(() => nothingMeasured);
    return { kind: "measured", measurement: nothingMeasured, others: all, margin: null, milliseconds };
  };
  await accuracies([{ ...subject, settings }], new Map(), measure, quickPlan);
  return tried;
}

test("a check tries adversarial settings as long as there is time", async () => {
  expect(await settingsWhere(1)).toBe(31);
  expect(await settingsWhere(quickPlan.adversarial.milliseconds / 4)).toBe(1 + 8);
  expect(await settingsWhere(quickPlan.adversarial.milliseconds)).toBe(1);
});

test("a check tries them at as many as there are", async () => {
  expect(await furtherSettings(quickPlan)).toEqual([1, ...further.flat()]);
});

test("a glance ends with the settings among which a bound is broken, a check does not", async () => {
  expect(await furtherSettings(glance, -1)).toEqual([]);
  expect(await furtherSettings(glance, 2)).toHaveLength(8);
  expect(await furtherSettings(quickPlan, 2)).toHaveLength(31);
});
