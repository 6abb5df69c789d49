/**
 * Definitions that nobody prepared for, in textbook form: their kernels on every target against values and derivatives
 * computed by mpmath. What is beyond its bound stands in gaps.json, which may only shrink.
 *
 * A part of the definitions is tried here; `npm run unprepared` tries all, says which are worst, and with `--update`
 * writes gaps.json.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { readCorpus, readExpected } from "./corpus.js";
import { departures, readGaps } from "./gaps.js";
import { type Compiled, compileEach, emulatedRunner, measure, type Refused, typescriptRunner } from "./measure.js";
import { disagreements } from "./oracle.js";

const corpus = readCorpus();
const everywhere = process.env["CI"] !== undefined;
/** A part of the definitions: outside of CI a smaller one. */
const tried = corpus.filter((_, i) => i % (everywhere ? 4 : 24) === 0);
/** Shaders take longer, to compile and to run: outside of CI, of every other one. */
const shaded = tried.filter((_, i) => everywhere || i % 2 === 0);
const expected = readExpected();
const gaps = readGaps();
let compiled: readonly Compiled[];
let shaders: readonly Compiled[];
let refused: readonly Refused[];

beforeAll(async () => {
  const both = await compileEach(shaded, ["ts", "wgsl"]);
  const others = await compileEach(
    tried.filter((each) => !shaded.includes(each)),
    ["ts"],
  );
  shaders = both.compiled;
  compiled = [...both.compiled, ...others.compiled];
  refused = [...both.refused, ...others.refused];
}, 400_000);

describe("definitions nobody prepared for", () => {
  it("are many, and the table knows each", () => {
    expect(corpus.length).toBeGreaterThan(150);
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
    expect([...expected.keys()].sort()).toEqual(corpus.map(({ name }) => name).sort());
  });

  it("compile", () => {
    const known = tried.flatMap(({ name }) => (name in gaps.refused ? [name] : []));
    expect(refused.map(({ definition }) => definition.name).sort()).toEqual(known.sort());
  });

  it("TypeScript keeps its bound, or the gap is known and no smaller", async () => {
    const run = await typescriptRunner(compiled);
    const columns = await Promise.all(compiled.map((each) => measure(each, "TypeScript", run, expected)));
    expect(columns.flat().flatMap((column) => departures(column, gaps))).toEqual([]);
  });

  it("WGSL, emulated, keeps its bound, or the gap is known and no smaller", async () => {
    const run = emulatedRunner(shaders);
    const columns = await Promise.all(shaders.map((each) => measure(each, "WGSL", run, expected)));
    expect(columns.flat().flatMap((column) => departures(column, gaps))).toEqual([]);
  });

  it("the oracle agrees with mpmath where it decides", () => {
    const found = compiled.flatMap(({ definition }, i) => disagreements(definition, expected, 61, i));
    expect(found.filter(({ undecided }) => !undecided).map(({ text }) => text)).toEqual([]);
  });
});
