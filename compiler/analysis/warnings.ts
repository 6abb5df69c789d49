/** The warnings that need arithmetic, worded; what they rest on is found elsewhere. */
import { findKinks, type Kink } from "../calculus/kinks.js";
import type { Finding } from "../diagnostics.js";
import type { CheckedDefinition } from "../frontend/check.js";
import type { Activation } from "../ir/activation.js";
import { constant, type Expr, isApplication, occurs, reachable } from "../ir/expr.js";
import { inEvaluation, inTrainingWith } from "../ir/random.js";
import { rational } from "../ir/rational.js";
import type { Span } from "../source.js";
import { domainFaults, type DomainFault } from "./domain.js";
import { flatVariables, steppingJumps } from "./flat.js";
import { expandedAsWritten } from "../calculus/as-written.js";
import { writtenParts, type WrittenPart } from "./spans.js";
import { formulaText } from "../printing/definition-text.js";

/** Finds nodes in the definition's text, once something is to be said about one. */
class Writing {
  private parts: ((node: Expr) => WrittenPart | undefined) | null = null;

  constructor(
    readonly checked: CheckedDefinition,
    private readonly root: Expr,
    private readonly axis: string,
  ) {}

  of(node: Expr): WrittenPart | undefined {
    this.parts ??= writtenParts(this.checked);
    return this.parts(node);
  }

  wholeText(node: Expr): string {
    return this.of(node)?.text ?? formulaText(node, this.axis);
  }

  text(node: Expr): string {
    const text = this.wholeText(node);
    return text.length > 60 ? `${text.slice(0, 59)}…` : text;
  }

  /** The text of the node, else of the selection that it decides, else the definition's name. */
  span(node: Expr | null): Span {
    const part = node ? (this.of(node) ?? this.decidedBy(node) ?? this.around(node)) : undefined;
    return part?.syntax.span ?? this.checked.definition.name.span;
  }

  /** The smallest part of the text whose value the node goes into. */
  private around(node: Expr): WrittenPart | undefined {
    for (const outer of reachable([this.root])) {
      const part = this.of(outer);
      if (part && occurs(node, outer)) return part;
    }
    return undefined;
  }

  /** A call of `max`, `min` or `clamp` holds comparisons that stand nowhere in the text. */
  decidedBy(condition: Expr): WrittenPart | undefined {
    const selection = reachable([this.root]).find(
      (node) => isApplication(node, "where") && node.operands[0] === condition && this.of(node) !== undefined,
    );
    return selection ? this.of(selection) : undefined;
  }
}

/** What is random is looked at in evaluation; what is drawn, where that is not what is learned from or is faulty itself. */
export function warningsOf(whole: Activation, checked: CheckedDefinition): Finding[] {
  const activation = inEvaluation(whole);
  const training = inTrainingWith(whole, constant(rational(5, 16)));
  const written = expandedAsWritten(activation.body);
  const writing = new Writing(checked, written, activation.axis?.name ?? "d");
  const kinks = findKinks(activation);
  return [
    ...kinkFindings(kinks, writing),
    ...steppingJumps(activation, written).map(({ node, input, at, before, after }) => ({
      code: "value-jumps",
      span: writing.span(node),
      message: `the value jumps where '${writing.text(node)}' does, for instance at ${input} = ${at}: from ${before} to ${after}`,
    })),
    ...flatVariables(training).map(({ name, role }) => ({
      code: "zero-derivative",
      span: spanOfName(checked, name),
      message: `the derivative in '${name}' is 0 everywhere: ${role === "input" ? "nothing is learned through it" : "it is never learned"}`,
      hint: `declare a gradient in its place: grad ${name} = …`,
    })),
    ...[...domainFaults(activation, written), ...faultsOfDraws(whole, training)].map((fault) =>
      domainFinding(fault, writing),
    ),
  ];
}

/** In what only training computes, but not in what is made of the numbers that are drawn. */
function faultsOfDraws(whole: Activation, training: Activation): DomainFault[] {
  if (!whole.random) return [];
  const parts = new Set(reachable([expandedAsWritten(whole.body)]));
  const evaluated = new Set(reachable([expandedAsWritten(inEvaluation(whole).body)]));
  return domainFaults(training, expandedAsWritten(training.body)).filter(
    ({ node }) => parts.has(node) && !evaluated.has(node),
  );
}

function spanOfName({ definition }: CheckedDefinition, name: string): Span {
  const names = [...definition.inputs, ...definition.parameters.map((parameter) => parameter.name)];
  return names.find(({ text }) => text === name)?.span ?? definition.name.span;
}

/** One for each comparison. */
function kinkFindings(kinks: readonly Kink[], writing: Writing): Finding[] {
  const findings = new Map<string, Finding>();
  const jumpsFirst = [...kinks].sort((a, b) => Number(a.continuous) - Number(b.continuous));
  for (const kink of jumpsFirst) {
    const key = kink.node ? `${kink.node.id}` : kink.condition;
    if (findings.has(key)) continue;
    const finding =
      kink.continuous && !kink.jumpsElsewhere ? spellingFinding(kink, writing) : jumpFinding(kink, writing);
    if (finding) findings.set(key, finding);
  }
  return [...findings.values()];
}

const placeOf = ({ at, input }: Kink): string => (at.includes("=") ? at : `${input.name} = ${at}`);

function jumpFinding(kink: Kink, writing: Writing): Finding | undefined {
  const { before, after, value } = kink;
  // Where other inputs are such that there is no value at all, which is said apart.
  if (before === after && String(value) === before && !kink.jumpsElsewhere) return undefined;
  const message =
    before === after
      ? `the value jumps at ${placeOf(kink)}: it is ${value} there, but comes to ${before} from both sides`
      : `the value jumps at ${placeOf(kink)}: from ${before} on the left to ${after} on the right`;
  const aside = kink.jumpsElsewhere ? " (at the parameters' defaults both are equal)" : "";
  return { code: "value-jumps", span: writing.span(kink.node), message: message + aside };
}

function spellingFinding(kink: Kink, writing: Writing): Finding | undefined {
  const { node, left, right, chosen, chosenIsOneSided } = kink;
  const span = writing.span(node);
  const sides = left === right ? `${left} on both sides` : `${left} on the left, ${right} on the right`;
  if (!node) {
    const message = `the derivative at ${placeOf(kink)} is ${chosen} (${sides}), though no comparison in the text decides it`;
    return { code: "kink-spelling", span, message, hint: "write the choice out, with abs or where" };
  }
  const respelled = kink.respelled();
  const derivative = `the derivative at ${placeOf(kink)} is ${chosen}`;
  if (!respelled) {
    if (chosenIsOneSided || chosen === "undefined") return undefined;
    return { code: "kink-spelling", span, message: `${derivative}, but ${sides}` };
  }
  const other = spellingText(node, respelled.node, writing);
  const aside = chosenIsOneSided ? "" : ` (${sides})`;
  const message = `${derivative}${aside}; spelled with '${other}' it would be ${respelled.chosen}`;
  return { code: "kink-spelling", span, message };
}

/** `max(0, x)` for `max(x, 0)`, `x >= 0` for `x > 0`, a selection for `abs` and `sign`. */
function spellingText(node: Expr, other: Expr, writing: Writing): string {
  const part = writing.of(node) ? undefined : writing.decidedBy(node);
  const call = part?.syntax.kind === "call" ? part.syntax : undefined;
  const extremum = call?.callee.text === "max" || call?.callee.text === "min" ? call : undefined;
  if (extremum && extremum.positional.length === 2) {
    const { source } = writing.checked;
    const [a, b] = extremum.positional.map(({ span }) => source.text.slice(span.start, span.end));
    return `${extremum.callee.text}(${b}, ${a})`;
  }
  return formulaText(other);
}

function domainFinding({ node, at, kind }: DomainFault, writing: Writing): Finding {
  const text = writing.text(node);
  const span = writing.span(node);
  const place = at.map(({ name, value }) => `${name} = ${value}`).join(", ");
  const where = place === "" ? "" : ` at ${place}`;
  switch (kind.name) {
    case "domain":
      return {
        code: "outside-domain",
        span,
        message: `'${text}' is outside of its domain${where}`,
        hint: "where(…) keeps such inputs away from it; a branch that is not taken does not count",
      };
    case "pole":
      return { code: "outside-domain", span, message: `'${text}' divides by zero${where}` };
    case "undetermined":
      return { code: "outside-domain", span, message: `'${text}' is 0/0${where}, and has no limit there` };
    case "removable": {
      const point = at.find(({ name }) => name === kind.input.name)?.value ?? "0";
      return {
        code: "removable-singularity",
        span,
        message: `'${text}' is 0/0${where}`,
        hint: `where(${kind.input.name} == ${point}, ${formulaText(kind.limit)}, ${writing.wholeText(node)})`,
      };
    }
  }
}
