/** Certificates as a file: the same bytes for the same findings, one line for the evidence of each. */
import {
  type ActivationCertificates,
  type Certificate,
  type Certificates,
  type ColumnCertificates,
  type Evidence,
  type Finding,
  findingKinds,
  type TruthUsed,
} from "./certificate.js";
import { measuredTargets } from "./emitted.js";
import { bitsText, decimalText, fromBits } from "./number-text.js";

const schema = 1;

/** With sorted keys; a number of float32 as its bits and a decimal, any other as a decimal. */
export function certificatesText(certificates: Certificates): string {
  const activations = mapped(Object.fromEntries(certificates), ({ definition, targets }) => ({
    definition,
    ...mapped(targets, (executors) =>
      mapped(executors ?? {}, (columns) =>
        mapped(columns, (certificate) => {
          const { kernel, ...evidence } = certificateJson(certificate);
          return { kernel, ...mapped(evidence, (each) => new Line(each)) };
        }),
      ),
    ),
  }));
  return `${laidOut({ schema, activations }, "")}\n`;
}

/** As JSON holds it: numbers of float32 as bits and decimal, what JSON has no number for as text. */
export function certificateJson({ kernel, defaults, parameters }: Certificate): CertificateJson {
  const others = parameters === null ? {} : { parameters: evidenceJson(parameters) };
  return { kernel, defaults: evidenceJson(defaults), ...others };
}

export interface CertificateJson {
  readonly kernel: string;
  readonly defaults: object;
  readonly parameters?: object;
}

/** A value that stays on one line. */
class Line {
  constructor(readonly value: unknown) {}
}

function laidOut(value: unknown, indent: string): string {
  if (value instanceof Line) return JSON.stringify(sorted(value.value));
  if (!isObject(value)) return JSON.stringify(value);
  const entries = sortedEntries(value);
  if (entries.length === 0) return "{}";
  const inner = `${indent}  `;
  const lines = entries.map(([key, each]) => `${inner}${JSON.stringify(key)}: ${laidOut(each, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

const sortedEntries = (value: object): [string, unknown][] =>
  Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

function sorted(value: unknown): unknown {
  return isObject(value) ? Object.fromEntries(sortedEntries(value).map(([key, each]) => [key, sorted(each)])) : value;
}

const mapped = <T, U>(values: Readonly<Record<string, T>>, f: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, f(value)]));

function evidenceJson({ label, inputs, settings, flushed, undecided, truth, ...findings }: Evidence): object {
  const found = findingKinds.flatMap((kind) => {
    const finding = findings[kind];
    return finding === null ? [] : [[kind, findingJson(finding)] as const];
  });
  return { label, inputs, settings, flushed, undecided, truth, ...Object.fromEntries(found) };
}

/** JSON knows no infinity. */
export const findingJson = ({ ulp, inputs, row, parameters, actual, expected }: Finding): object => ({
  ulp: Number.isFinite(ulp) ? ulp : String(ulp),
  at: mapped(inputs, singleText),
  ...(row === undefined ? {} : { row }),
  with: mapped(parameters, doubleText),
  actual: singleText(actual),
  expected: doubleText(expected),
});

const singleText = (x: number): string => `${bitsText(x)} ${decimalText(x)}`;
const doubleText = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));

/** Undefined where the text is not such a file. */
export function readCertificates(text: string): Certificates | undefined {
  try {
    const file: unknown = JSON.parse(text);
    if (!isObject(file) || file["schema"] !== schema) return undefined;
    return new Map(Object.entries(record(file["activations"], readActivation)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw new Unreadable("an object is missing");
  return value;
}

const record = <T>(value: unknown, read: (value: unknown) => T): Record<string, T> => mapped(object(value), read);

function text(value: unknown): string {
  if (typeof value !== "string") throw new Unreadable("a text is missing");
  return value;
}

/** A number, or one that JSON cannot hold as text. */
function number(value: unknown): number {
  if (typeof value !== "number" && typeof value !== "string") throw new Unreadable("a number is missing");
  return Number(value);
}

const single = (value: unknown): number => fromBits(Number(text(value).split(" ")[0]));

function readActivation(value: unknown): ActivationCertificates {
  const { definition, ...targets } = object(value);
  const executors = (each: unknown): Record<string, ColumnCertificates> =>
    record(each, (columns) => record(columns, readCertificate));
  return {
    definition: text(definition),
    targets: Object.fromEntries(
      measuredTargets.flatMap((target) =>
        targets[target] === undefined ? [] : [[target, executors(targets[target])] as const],
      ),
    ),
  };
}

function readCertificate(value: unknown): Certificate {
  const { kernel, defaults, parameters } = object(value);
  return {
    kernel: text(kernel),
    defaults: readEvidence(defaults),
    parameters: parameters === undefined ? null : readEvidence(parameters),
  };
}

function readEvidence(value: unknown): Evidence {
  const { label, inputs, settings, flushed, undecided, truth, ...findings } = object(value);
  const finding = (kind: string): Finding | null => (findings[kind] === undefined ? null : readFinding(findings[kind]));
  return {
    label: text(label) === "proved" ? "proved" : "measured",
    inputs: number(inputs),
    settings: number(settings),
    worst: finding("worst"),
    nearZero: finding("nearZero"),
    vanishing: finding("vanishing"),
    notFinite: finding("notFinite"),
    wrongLimit: finding("wrongLimit"),
    lostNaN: finding("lostNaN"),
    flushed: number(flushed),
    undecided: number(undecided),
    truth: readTruth(truth),
  };
}

function readTruth(value: unknown): TruthUsed {
  const { form, margin, byReference } = object(value);
  return {
    form: text(form) === "interpolant" ? "interpolant" : "double-double",
    margin: margin === null ? null : number(margin),
    byReference: number(byReference),
  };
}

function readFinding(value: unknown): Finding {
  const { ulp, at, row, with: parameters, actual, expected } = object(value);
  return {
    ulp: number(ulp),
    inputs: record(at, single),
    ...(row === undefined ? {} : { row: text(row) }),
    parameters: record(parameters, (each) => Number(text(each))),
    actual: single(actual),
    expected: Number(text(expected)),
  };
}
