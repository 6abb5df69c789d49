/** The lock file: what the search found, so that compiling need not search again. Its text, and what of one is believed. */
import { isAnalysisFacts } from "./analysis/facts/form.js";
import { isRemedies } from "./backend/ends.js";
import { isEndLimits } from "./backend/extremes.js";
import { isBoolean, isPlace } from "./decisions.js";
import { version } from "./version.js";

/** Answers by question, by activation. */
export type Lock = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

const schema = 1;

/** What kernels do not keep: sentences, one for each column of an activation. */
export const breachSearch = "breaks a bound";

export const isBreaches = (answer: unknown): answer is readonly string[] =>
  Array.isArray(answer) && answer.every((message) => typeof message === "string" && message.length < 1000);

/** The form of the answers, by what is searched for. */
const forms: Readonly<Record<string, (answer: unknown) => boolean>> = {
  analysis: isAnalysisFacts,
  "at infinity": isRemedies,
  [breachSearch]: isBreaches,
  "cancels deeply": isBoolean,
  "cancels harmlessly": isBoolean,
  "cancels in a shader": isBoolean,
  "exponents are kept apart": isBoolean,
  "holds for all halves": isBoolean,
  "misses infinity": isBoolean,
  "real limits at the defaults": isEndLimits,
  "right far out": isBoolean,
  "vectors cancel harmlessly": isBoolean,
  "which form is quick for all operands": isPlace,
  "which single form is accurate": isPlace,
};

/** A search and the fingerprint of what it is about. */
const questionForm = /^([a-z]+(?: [a-z]+)*) [0-9a-f]{32}$/;

function isDecision([question, answer]: readonly [string, unknown]): boolean {
  const search = questionForm.exec(question)?.[1] ?? "";
  return Object.hasOwn(forms, search) && forms[search]?.(answer) === true;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `undefined` of a text that this version has not written. */
export function readLock(text: string): Lock | undefined {
  const data = parsed(text);
  if (!isRecord(data) || data["schema"] !== schema || data["version"] !== version) return undefined;
  const activations = data["activations"];
  if (!isRecord(activations)) return undefined;
  const lock = new Map<string, ReadonlyMap<string, unknown>>();
  for (const [name, answers] of Object.entries(activations)) {
    if (!isRecord(answers) || !Object.entries(answers).every(isDecision)) return undefined;
    lock.set(name, new Map(Object.entries(answers)));
  }
  return lock;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An answer a line, in a fixed order. */
export function lockText(lock: Lock): string {
  const activations = sorted(lock).map(([name, answers]) => {
    const lines = sorted(answers).map(([question, answer]) => `${JSON.stringify(question)}: ${JSON.stringify(answer)}`);
    return `    ${JSON.stringify(name)}: {\n      ${lines.join(",\n      ")}\n    }`;
  });
  const head = `  "schema": ${schema},\n  "version": ${JSON.stringify(version)},\n  "activations": {`;
  return `{\n${head}\n${activations.join(",\n")}\n  }\n}\n`;
}

const sorted = <T>(entries: ReadonlyMap<string, T>): (readonly [string, T])[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
