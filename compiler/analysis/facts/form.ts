/** Whether data that was kept has the form of facts: what they say is not asked. */
import type { AnalysisFacts } from "./facts.js";

type Form = (value: unknown) => boolean;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const oneOf =
  (...values: readonly unknown[]): Form =>
  (value) =>
    values.includes(value);
const orNull =
  (form: Form): Form =>
  (value) =>
    value === null || form(value);
const optional =
  (form: Form): Form =>
  (value) =>
    value === undefined || form(value);
const either =
  (a: Form, b: Form): Form =>
  (value) =>
    a(value) || b(value);
const listOf =
  (form: Form): Form =>
  (value) =>
    Array.isArray(value) && value.every(form);
const pairOf =
  (form: Form): Form =>
  (value) =>
    Array.isArray(value) && value.length === 2 && value.every(form);
const byName =
  (form: Form): Form =>
  (value) =>
    isRecord(value) && Object.values(value).every(form);
const record =
  (fields: Readonly<Record<string, Form>>): Form =>
  (value) =>
    isRecord(value) &&
    Object.keys(value).every((name) => Object.hasOwn(fields, name)) &&
    Object.entries(fields).every(([name, form]) => form(value[name]));

const boolean = oneOf(true, false);
const finite: Form = (value) => Number.isFinite(value);
const number = either(finite, oneOf("inf", "-inf"));
const ends = { from: number, to: number, fromIncluded: boolean, toIncluded: boolean };
const span = record(ends);
const spans = listOf(span);
const extreme = record({ value: number, at: either(number, span), attained: boolean });
const breakName = oneOf("overflow", "undefined");
const finiteFact = record({
  verdict: oneOf("proved", "breaks", "undecided"),
  at: optional(byName(number)),
  how: optional(breakName),
  breaks: optional(listOf(record({ ...ends, how: breakName }))),
  restProved: optional(boolean),
});
const finiteFacts = record({ value: finiteFact, gradients: byName(finiteFact) });
const limits = pairOf(orNull(number));

const facts = record({
  finite: finiteFacts,
  finiteOverRanges: orNull(finiteFacts),
  limits: byName(record({ value: limits, gradient: limits })),
  domain: orNull(spans),
  range: orNull(record({ least: orNull(extreme), greatest: orNull(extreme) })),
  monotone: orNull(
    record({
      pieces: orNull(
        listOf(record({ direction: oneOf("rises", "falls", "constant", "unknown"), from: number, to: number })),
      ),
      turns: finite,
      within: number,
    }),
  ),
  steepest: byName(orNull(either(extreme, number))),
  dead: orNull(spans),
  vanishes: orNull(record({ float32: spans, float16: spans })),
  float16: orNull(spans),
  gain: orNull(
    record({
      mean: number,
      secondMoment: number,
      gradientSecondMoment: number,
      forward: orNull(number),
      backward: orNull(number),
    }),
  ),
} satisfies Readonly<Record<keyof AnalysisFacts, Form>>);

export const isAnalysisFacts = (value: unknown): value is AnalysisFacts | null => value === null || facts(value);
