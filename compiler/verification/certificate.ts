/** What is known of a kernel's errors, how it came to be known, and whether it still holds. */
import type { Activation } from "../ir/activation.js";
import { type Bounds, type Expr, reachable } from "../ir/expr.js";
import { type MeasuredTarget, measuredTargets } from "./emitted.js";
import type { Measurement, Worst } from "./measurement.js";
import { shortDigest } from "./program.js";

/** One result of a kernel that is off. */
export interface Finding {
  /** In units in the last place of float32 at the true value; rounded up to four decimals. */
  readonly ulp: number;
  readonly inputs: Readonly<Record<string, number>>;
  /** Over an axis: what row the element is in. */
  readonly row?: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly actual: number;
  /** The true value, rounded to binary64. */
  readonly expected: number;
}

/** `proved`: every input was executed. `measured`: adversarial inputs and some of each exponent. */
export type Label = "proved" | "measured";

/** How the truth was had that results were compared with. */
export interface TruthUsed {
  /** Piecewise polynomials for one variable, or double-double arithmetic; the reference where these do not decide. */
  readonly form: "interpolant" | "double-double";
  /** The fast form's relative error, where it is one number. */
  readonly margin: number | null;
  /** How many inputs went to the reference: those that the fast form did not decide, and those that it was tied to it by. */
  readonly byReference: number;
}

/** What was found at some parameters. */
export interface Evidence extends Readonly<Record<FindingKind, Finding | null>> {
  readonly label: Label;
  /** Inputs compared. */
  readonly inputs: number;
  /** Parameter settings at which they were compared. */
  readonly settings: number;
  /** Zeros for subnormal results. */
  readonly flushed: number;
  /** Comparisons that even the reference did not decide. */
  readonly undecided: number;
  readonly truth: TruthUsed;
}

/** What findings are about, the worst first. */
export const findingKinds = ["notFinite", "wrongLimit", "lostNaN", "worst", "nearZero", "vanishing"] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface Certificate {
  /** The digest of what the kernel runs. */
  readonly kernel: string;
  /** At the parameters' defaults. */
  readonly defaults: Evidence;
  /** At adversarial values of each parameter. */
  readonly parameters: Evidence | null;
}

/** By column: `forward`, `d/dx`. */
export type ColumnCertificates = Readonly<Record<string, Certificate>>;

export interface ActivationCertificates {
  /** The digest of what the definition means. */
  readonly definition: string;
  /** By target, then by the engine or device that ran the kernels. */
  readonly targets: Readonly<Partial<Record<MeasuredTarget, Readonly<Record<string, ColumnCertificates>>>>>;
}

/** By activation. */
export type Certificates = ReadonlyMap<string, ActivationCertificates>;

/** What a certificate is about. */
export interface CertificateKey {
  readonly activation: string;
  readonly target: MeasuredTarget;
  readonly executor: string;
  readonly column: string;
}

export const certificateAt = (certificates: Certificates, key: CertificateKey): Certificate | undefined =>
  certificates.get(key.activation)?.targets[key.target]?.[key.executor]?.[key.column];

/** With one certificate set; those of the activation that another definition was the reason for are dropped. */
export function withCertificate(
  certificates: Certificates,
  key: CertificateKey,
  definition: string,
  certificate: Certificate,
): Certificates {
  const known = certificates.get(key.activation);
  const targets = known?.definition === definition ? known.targets : {};
  const executors = targets[key.target] ?? {};
  const columns = { ...executors[key.executor], [key.column]: certificate };
  const changed = { ...targets, [key.target]: { ...executors, [key.executor]: columns } };
  return new Map([...certificates, [key.activation, { definition, targets: changed }]]);
}

/** Whether a label still says what is true: the kernel and the meaning are those it was given for. */
export function holds(
  certificates: Certificates,
  key: CertificateKey,
  current: { readonly definition: string; readonly kernel: string },
): boolean {
  return (
    certificates.get(key.activation)?.definition === current.definition &&
    certificateAt(certificates, key)?.kernel === current.kernel
  );
}

/** Those that pass. */
export function pruned(certificates: Certificates, passes: (key: CertificateKey) => boolean): Certificates {
  let kept: Certificates = new Map();
  for (const key of certificateKeys(certificates)) {
    const [known, certificate] = [certificates.get(key.activation), certificateAt(certificates, key)];
    if (known && certificate && passes(key)) kept = withCertificate(kept, key, known.definition, certificate);
  }
  return kept;
}

/** What certificates are about, in a fixed order. */
export function certificateKeys(certificates: Certificates): readonly CertificateKey[] {
  return [...certificates].flatMap(([activation, { targets }]) =>
    measuredTargets.flatMap((target) =>
      Object.entries(targets[target] ?? {}).flatMap(([executor, columns]) =>
        Object.keys(columns).map((column) => ({ activation, target, executor, column })),
      ),
    ),
  );
}

/** A digest of the real functions that a definition means: value, declared gradients, defaults and ranges. */
export function definitionDigest(activation: Activation): Promise<string> {
  const { inputs, hyperparameters, learned, body, gradients } = activation;
  const range = (bounds: Bounds | null): unknown =>
    bounds && [String(bounds.low), String(bounds.high), bounds.lowClosed, bounds.highClosed];
  return shortDigest(
    JSON.stringify([
      inputs.map(({ name }) => name),
      [...hyperparameters, ...learned].map((each) => [each.variable.name, String(each.default), range(each.range)]),
      [...gradients.keys()].map(({ name }) => name),
      graphText([body, ...gradients.values()]),
    ]),
  );
}

/** Nodes by their places in the order of construction, operands before results. */
function graphText(roots: readonly Expr[]): unknown {
  const nodes = reachable(roots);
  const places = new Map<Expr, number>(nodes.map((node, i) => [node, i]));
  const lines = nodes.map((node): unknown => {
    switch (node.kind) {
      case "constant":
        return `${node.value.numerator}/${node.value.denominator}`;
      case "variable":
        // The name of a formal tells where its definition stands.
        return node.role === "formal" ? node.role : [node.role, node.name];
      case "application": {
        const operands = node.operands.map((operand) => places.get(operand));
        if (node.rule === null) return [node.primitive, ...operands];
        const { formals, body, gradients } = node.rule;
        const declared = [...gradients.keys()].map((formal) => formals.indexOf(formal));
        return [node.primitive, ...operands, declared, graphText([...formals, body, ...gradients.values()])];
      }
    }
  });
  return [lines, roots.map((root) => places.get(root))];
}

/** A measurement together with what it was made at. */
export interface Run {
  readonly measurement: Measurement;
  readonly parameters: readonly number[];
}

/** Sums runs up; of equal errors, the first run's stays. */
export function evidenceOf(
  label: Label,
  runs: readonly Run[],
  names: { readonly inputs: readonly string[]; readonly parameters: readonly string[] },
  truth: TruthUsed,
): Evidence {
  const findings = Object.fromEntries(findingKinds.map((kind) => [kind, largest(kind, runs, names)]));
  const { worst = null, vanishing = null } = findings;
  const total = (count: (measurement: Measurement) => number): number =>
    runs.reduce((sum, { measurement }) => sum + count(measurement), 0);
  return {
    label,
    inputs: total(({ count }) => count),
    settings: runs.length,
    worst,
    nearZero: findings["nearZero"] ?? null,
    // What is no worse than elsewhere is nothing apart.
    vanishing: vanishing !== null && vanishing.ulp > (worst?.ulp ?? 0) ? vanishing : null,
    notFinite: findings["notFinite"] ?? null,
    wrongLimit: findings["wrongLimit"] ?? null,
    lostNaN: findings["lostNaN"] ?? null,
    flushed: total(({ flushed }) => flushed),
    undecided: total(({ undecided }) => undecided),
    truth: { ...truth, byReference: truth.byReference + total(({ asked }) => asked) },
  };
}

function largest(
  kind: FindingKind,
  runs: readonly Run[],
  names: { readonly inputs: readonly string[]; readonly parameters: readonly string[] },
): Finding | null {
  let found: { readonly worst: Worst; readonly parameters: readonly number[] } | undefined;
  for (const { measurement, parameters } of runs) {
    const worst = measurement[kind];
    // An error of 0 has no place.
    if (worst !== null && worst.ulp > 0 && !(found !== undefined && found.worst.ulp >= worst.ulp))
      found = { worst, parameters };
  }
  if (found === undefined) return null;
  const { worst, parameters } = found;
  const named = (keys: readonly string[], values: readonly number[]): Record<string, number> =>
    Object.fromEntries(keys.slice(0, values.length).map((key, i) => [key, values[i] ?? NaN]));
  return {
    ulp: Math.ceil(worst.ulp * 1e4) / 1e4,
    inputs: named(names.inputs, worst.at),
    ...(worst.row === undefined ? {} : { row: worst.row }),
    parameters: named(names.parameters, parameters),
    actual: worst.actual,
    expected: worst.expected,
  };
}
