/** The analysis of each activation, for `actc check`. */
import { derivationsOf } from "./analysis/derivation.js";
import { analysisFacts, type AnalysisFacts } from "./analysis/facts/facts.js";
import { keepsFact, type KeepsFact, keepsText } from "./analysis/keeps.js";
import { parameterText, screenText, type Trust } from "./analysis/screen.js";
import { findKinks, type Kink } from "./calculus/kinks.js";
import { activationOf, readDefinitions } from "./compile.js";
import { collate, type Diagnostic } from "./diagnostics.js";
import type { CheckedDefinition } from "./frontend/check.js";
import { rangeText } from "./frontend/elaborate.js";
import type { Activation } from "./ir/activation.js";
import { inFreshGraph } from "./ir/expr.js";
import { inEvaluation, withNamedValues } from "./ir/random.js";
import { formulaText } from "./printing/definition-text.js";
import { positionOf } from "./render-diagnostics.js";
import { review } from "./review.js";
import type { Source } from "./source.js";

/** One activation's analysis, as `actc check --json` gives it. */
export interface Analysis {
  readonly name: string;
  readonly source: { readonly file: string; readonly line: number };
  readonly formula: string;
  /** By input and learned parameter; over an axis, the gradient for the cotangent `dy`. */
  readonly derivatives: Readonly<Record<string, string>>;
  /** Whether it draws numbers in training; kinks and facts are then about evaluation. */
  readonly random: boolean;
  readonly kinks: readonly Pick<Kink, "condition" | "at" | "value" | "continuous" | "left" | "right" | "chosen">[];
  readonly parameters: readonly {
    readonly name: string;
    readonly kind: string;
    readonly default: number;
    readonly range: string | null;
  }[];
  /** What backward keeps. */
  readonly keeps: KeepsFact;
  /** `null` for what reduces over an axis. */
  readonly facts: AnalysisFacts | null;
}

/** What is known already, or from elsewhere. Both are asked in the graph of nodes of the activation. */
export interface Knowledge {
  /** What was found for the same definition before; `undefined` where nothing was. */
  readonly facts?: (activation: Activation, definition: CheckedDefinition) => AnalysisFacts | null | undefined;
  /** What measurements say. */
  readonly trust?: (activation: Activation, definition: CheckedDefinition) => Trust | null;
  /** What the user is to be warned of besides. */
  readonly warnings?: readonly Diagnostic[];
}

/** With errors: what can be said of the definitions without. */
export function analyse(
  sources: readonly Source[],
  known: Knowledge = {},
): {
  text: string;
  json: unknown;
  diagnostics: readonly Diagnostic[];
} {
  const { definitions, diagnostics } = readDefinitions(sources);
  const found: Diagnostic[] = [...diagnostics];
  const blocks: string[] = [];
  const analyses: Analysis[] = [];
  for (const checked of definitions) {
    inFreshGraph(() => {
      const { activation, diagnostics: elaborated } = activationOf(checked);
      const own = activation ? [...elaborated, ...review(activation, checked)] : elaborated;
      found.push(...own);
      if (!activation || own.some(({ severity }) => severity === "error")) return;
      const { line } = positionOf(checked.source.text, checked.definition.name.span.start);
      const before = known.facts?.(activation, checked);
      const analysis = analysisOf(activation, line, before === undefined ? analysisFacts(activation) : before);
      analyses.push(analysis);
      blocks.push(blockOf(analysis, activation, known.trust?.(activation, checked) ?? null));
    });
  }
  const all = collate([...found, ...(known.warnings ?? [])]);
  const text = [...blocks, `${summary(analyses.length, all)}\n`].join("\n");
  return { text, json: analyses, diagnostics: all };
}

function analysisOf(activation: Activation, line: number, facts: AnalysisFacts | null): Analysis {
  const axis = activation.axis?.name ?? "d";
  const derivatives = derivationsOf(withNamedValues(activation)).map(
    ({ variable, result }) => [variable.name, formulaText(result, axis)] as const,
  );
  const ofKind = (kind: string) => (parameter: Activation["hyperparameters"][number]) => ({
    name: parameter.variable.name,
    kind,
    default: parameter.default,
    range: parameter.range ? rangeText(parameter.range) : null,
  });
  return {
    name: activation.name,
    source: { file: activation.file, line },
    formula: activation.formula.join("\n"),
    derivatives: Object.fromEntries(derivatives),
    random: activation.random !== null,
    kinks: findKinks(inEvaluation(activation)).map(({ condition, at, value, continuous, left, right, chosen }) => ({
      condition,
      at,
      value,
      continuous,
      left,
      right,
      chosen,
    })),
    parameters: [
      ...activation.hyperparameters.map(ofKind("hyperparameter")),
      ...activation.learned.map((parameter) =>
        ofKind(parameter.shape === "channel" ? "learned per channel" : "learned")(parameter),
      ),
    ],
    keeps: keepsFact(activation),
    facts,
  };
}

function blockOf(
  { source, derivatives, parameters, keeps, facts }: Analysis,
  activation: Activation,
  trust: Trust | null,
): string {
  const gradient = activation.axis === null ? "d/d" : "gradient ";
  const texts = (learned: boolean): string[] =>
    parameters
      .filter(({ kind }) => kind.startsWith("learned") === learned)
      .map(({ name, kind, default: value, range }) => parameterText(name, value, range, kind.endsWith("channel")));
  return screenText({
    formula: activation.formula,
    place: `${source.file}:${source.line}`,
    inputs: activation.inputs.map(({ name }) => name),
    derivatives: Object.entries(derivatives).map(([name, text]) => [`${gradient}${name}`, text]),
    isRandom: activation.random !== null,
    kinks: findKinks(inEvaluation(activation)),
    parameters: texts(false),
    learned: texts(true),
    ranged: parameters.flatMap(({ name, range }) => (range === null ? [] : [name])),
    facts,
    keeps: keepsText(keeps),
    trust,
  });
}

function summary(count: number, diagnostics: readonly Diagnostic[]): string {
  const counted = (number: number, word: string): string =>
    `${number === 0 ? "no" : number} ${word}${number === 1 ? "" : "s"}`;
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  return `${counted(count, "activation")}: ${counted(errors, "error")}, ${counted(diagnostics.length - errors, "warning")}`;
}
