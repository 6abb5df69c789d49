/** The analysis of each activation, for `actc check`. */
import { behaviourOf, behaviourText, type Behaviour } from "./analysis/behaviour.js";
import { derivationsOf } from "./analysis/derivation.js";
import { formulaText, numberText } from "./printing/definition-text.js";
import { wrapped } from "./analysis/wrap.js";
import { findKinks, type Kink } from "./calculus/kinks.js";
import { activationOf, readDefinitions } from "./compile.js";
import type { Diagnostic } from "./diagnostics.js";
import { rangeText } from "./frontend/elaborate.js";
import type { Activation } from "./ir/activation.js";
import { inFreshGraph } from "./ir/expr.js";
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
  readonly kinks: readonly Pick<Kink, "condition" | "at" | "value" | "continuous" | "left" | "right" | "chosen">[];
  /** From samples at the parameters' defaults; numbers that JSON cannot hold as text. */
  readonly sampled: { readonly low: string; readonly high: string; readonly limits: readonly (string | null)[] } | null;
  readonly parameters: readonly {
    readonly name: string;
    readonly kind: string;
    readonly default: number;
    readonly range: string | null;
  }[];
}

const width = 80;

/** What is known from elsewhere. */
export interface Knowledge {
  /** What measurements say. */
  readonly trust?: (activation: Activation) => Trust | null;
}

export interface Trust {
  /** Lines of the analysis, each under a label of at most eleven characters. */
  readonly lines: readonly (readonly [label: string, text: string])[];
  /** Where the error is largest, if that is worth a word. */
  readonly weakSpot: string | null;
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
      const behaviour = behaviourOf(activation);
      const analysis = analysisOf(activation, behaviour, line);
      analyses.push(analysis);
      blocks.push(blockOf(analysis, activation, behaviour, known.trust?.(activation) ?? null));
    });
  }
  const text = [...blocks, `${summary(analyses.length, found)}\n`].join("\n");
  return { text, json: analyses, diagnostics: found };
}

function analysisOf(activation: Activation, behaviour: Behaviour | null, line: number): Analysis {
  const axis = activation.axis?.name ?? "d";
  const derivatives = derivationsOf(activation).map(
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
    kinks: findKinks(activation).map(({ condition, at, value, continuous, left, right, chosen }) => ({
      condition,
      at,
      value,
      continuous,
      left,
      right,
      chosen,
    })),
    sampled: behaviour && {
      low: numberText(behaviour.low, 6),
      high: numberText(behaviour.high, 6),
      limits: behaviour.limits.map((limit) => (limit === null ? null : numberText(limit, 6))),
    },
    parameters: [
      ...activation.hyperparameters.map(ofKind("hyperparameter")),
      ...activation.learned.map((parameter) =>
        ofKind(parameter.shape === "channel" ? "learned per channel" : "learned")(parameter),
      ),
    ],
  };
}

/** One compact block: what it is, its derivatives, where it bends, how far it reaches, what can be set. */
function blockOf(
  { source, derivatives, kinks, parameters }: Analysis,
  activation: Activation,
  behaviour: Behaviour | null,
  trust: Trust | null,
): string {
  const lines = activation.formula.flatMap((line) => wrapped(line, width, "", "      "));
  const entry = (label: string, text: string): void => {
    lines.push(...wrapped(text, width, `  ${label.padEnd(11)} `, " ".repeat(14)));
  };
  entry("at", `${source.file}:${source.line}`);
  const reduces = activation.axis !== null;
  for (const [name, derivative] of Object.entries(derivatives))
    entry(reduces ? `gradient ${name}` : `d/d${name}`, derivative);
  for (const { at, continuous, value, left, right, chosen } of kinks) {
    const place = at.includes("=") ? at : `${activation.inputs[0]?.name ?? "x"} = ${at}`;
    const slopes = left === right ? `${left} on both sides` : `${left} left, ${right} right`;
    entry(continuous ? "kink" : "jump", `${place}: value ${value}, derivative ${slopes}, chosen ${chosen}`);
  }
  if (behaviour) entry("values", behaviourText(behaviour));
  for (const { name, kind, default: value, range } of parameters) {
    entry(
      kind === "hyperparameter" ? "parameter" : "learned",
      `${name} = ${numberText(value)}${range === null ? "" : ` in ${range}`}${kind.endsWith("channel") ? ", per channel" : ""}`,
    );
  }
  for (const [label, text] of trust?.lines ?? []) entry(label, text);
  if (trust?.weakSpot != null) entry("weak spot", trust.weakSpot);
  return `${lines.join("\n")}\n`;
}

function summary(count: number, diagnostics: readonly Diagnostic[]): string {
  const counted = (number: number, word: string): string =>
    `${number === 0 ? "no" : number} ${word}${number === 1 ? "" : "s"}`;
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  return `${counted(count, "activation")}: ${counted(errors, "error")}, ${counted(diagnostics.length - errors, "warning")}`;
}
