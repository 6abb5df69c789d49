/** What `actc check` says of the errors of one activation's kernels: a certificate where one holds, else what it measures itself. */
import { boundOn, type Breach, promisedBound } from "./bounds.js";
import {
  type Certificate,
  certificateAt,
  type CertificateKey,
  type Certificates,
  type Evidence,
  type Finding,
  type FindingKind,
  findingKinds,
  holds,
} from "./certificate.js";
import { certificateJson, findingJson } from "./certificate-file.js";
import { bitsText, decimalText } from "./number-text.js";

/** What is known of one column. */
export interface ColumnAccuracy {
  readonly key: CertificateKey;
  /** What a certificate must have been given for. */
  readonly current: { readonly definition: string; readonly kernel: string };
  /** The certificate where it holds, else what was measured just now. */
  readonly certificate: Certificate;
  /**
   * `certified`: a certificate holds. `stale`: the kernel or its meaning has changed since, and so has a label "proved"
   * become "measured". `new`: there was none.
   */
  readonly standing: "certified" | "stale" | "new";
  /** What was measured just now and is worse than a proof allows. */
  readonly contradiction: Finding | null;
  /** The parameters' defaults, which need no mention. */
  readonly defaults: Readonly<Record<string, number>>;
}

/** Entries of the analysis. */
type Line = readonly [label: string, text: string];

/** What is known of the kernels of one activation. */
export interface Accuracy {
  readonly lines: readonly Line[];
  /** Where errors stand out, if they do. */
  readonly weakSpot: string | null;
  readonly json: unknown;
  readonly columns: readonly ColumnAccuracy[];
}

/** Weighs what was measured just now against a certificate; without a measurement, only a certificate that holds counts. */
export function columnAccuracy(
  certificates: Certificates,
  key: CertificateKey,
  current: ColumnAccuracy["current"],
  measured: Certificate | undefined,
  defaults: ColumnAccuracy["defaults"],
): ColumnAccuracy | undefined {
  const known = certificateAt(certificates, key);
  if (known !== undefined && holds(certificates, key, current)) {
    const found = measured?.defaults.worst ?? null;
    const contradicts =
      known.defaults.label === "proved" && found !== null && found.ulp > (known.defaults.worst?.ulp ?? 0);
    const contradiction = contradicts ? found : null;
    return { key, current, certificate: known, standing: "certified", contradiction, defaults };
  }
  if (measured === undefined) return undefined;
  const standing = known === undefined ? "new" : "stale";
  return { key, current, certificate: measured, standing, contradiction: null, defaults };
}

export function accuracyOf(columns: readonly ColumnAccuracy[]): Accuracy {
  const groups = new Map<string, ColumnAccuracy[]>();
  for (const column of columns) {
    const { target, executor } = column.key;
    const label = target === "ts" ? target : `${target}, ${executor}`;
    groups.set(label, [...(groups.get(label) ?? []), column]);
  }
  const lines = [...groups].map(([label, group]) => targetLine(label, group));
  return { lines, weakSpot: weakSpot(columns), json: columns.map(columnJson), columns };
}

/** Errors of all columns on one target, at the defaults. */
function targetLine(label: string, group: readonly ColumnAccuracy[]): Line {
  const labels = new Set(group.map(standingText));
  const parts = group.map((column, i) => {
    const error = errorText(column.certificate.defaults, column.defaults, { unit: i === 0, bits: false });
    return `${column.key.column} ${error}${labels.size > 1 ? ` (${standingText(column)})` : ""}`;
  });
  const [common] = labels;
  const [target = label, executor] = label.split(", ");
  const on = executor === undefined ? "" : ` on ${executor}`;
  return [target, `${parts.join(", ")}${labels.size > 1 ? on : `; ${common ?? ""}${on}`}`];
}

function standingText({ certificate, standing, contradiction }: ColumnAccuracy): string {
  if (contradiction !== null) return `${certificate.defaults.label}, but found ${contradiction.ulp} ulp just now`;
  const { label } = certificate.defaults;
  return standing === "stale" ? `${label}; its certificate is stale` : label;
}

const faults: Readonly<Partial<Record<FindingKind, string>>> = {
  notFinite: "not finite",
  wrongLimit: "a wrong limit",
  lostNaN: "no NaN",
};

interface TextOptions {
  /** Whether errors are called `ulp`, which goes without saying in a list. */
  readonly unit?: boolean;
  /** Whether inputs are given by their bits, too. */
  readonly bits?: boolean;
}

/** `0.5003 ulp at x = -3.92 (0xc07ae148)`, and whatever is worse than an error. */
export function errorText(
  evidence: Evidence,
  defaults: ColumnAccuracy["defaults"],
  { unit = true, bits = true }: TextOptions = {},
): string {
  const at = (finding: Finding): string => placeText(finding, defaults, bits);
  const broken = (["notFinite", "wrongLimit", "lostNaN"] as const).flatMap((kind) => {
    const finding = evidence[kind];
    return finding === null ? [] : [`${faults[kind] ?? kind} at ${at(finding)}`];
  });
  const { worst, nearZero, vanishing } = evidence;
  const name = unit ? " ulp" : "";
  const error = worst === null ? `0${name}` : `${ulpText(worst.ulp)}${name} at ${at(worst)}`;
  const apart = (finding: Finding | null, where: string): string[] =>
    finding !== null && finding.ulp > (worst?.ulp ?? 0) ? [`${where} ${ulpText(finding.ulp)} at ${at(finding)}`] : [];
  return [error, ...apart(nearZero, "next to a zero"), ...apart(vanishing, "where it vanishes"), ...broken].join(", ");
}

const ulpText = (ulp: number): string => (ulp < 1e5 ? String(ulp) : ulp.toPrecision(3));

/** The inputs, and the parameters that are not at their defaults. */
export function placeText(
  { inputs, row, parameters }: Finding,
  defaults: ColumnAccuracy["defaults"],
  bits = true,
): string {
  const moved = Object.entries(parameters).filter(([name, value]) => !Object.is(value, defaults[name]));
  const where = row === undefined ? "" : ` in a row (${row})`;
  return `${[
    ...Object.entries(inputs).map(
      ([name, value]) => `${name} = ${decimalText(value)}${bits ? ` (${bitsText(value)})` : ""}`,
    ),
    ...moved.map(([name, value]) => `${name} = ${Object.is(value, -0) ? "-0" : value}`),
  ].join(", ")}${where}`;
}

interface Spot {
  readonly column: ColumnAccuracy;
  readonly kind: FindingKind;
  readonly finding: Finding;
  /** How many times its bound the error is. */
  readonly weight: number;
}

/** Hardly more than what rounding the true value itself costs. */
const unremarkable = 0.51;

/** The worst of all, parameters included, measured by what is promised. None where nothing stands out. */
function weakSpot(columns: readonly ColumnAccuracy[]): string | null {
  let worst: Spot | undefined;
  for (const column of columns) {
    const bound = promisedBound(column.key.target, column.key.column);
    for (const { kind, finding } of findingsOf(column)) {
      const weight = kind in faults ? Infinity : finding.ulp / boundOn(kind, bound);
      if ((kind in faults || finding.ulp > unremarkable) && (worst === undefined || weight > worst.weight))
        worst = { column, kind, finding, weight };
    }
  }
  return worst === undefined ? null : spotText(worst);
}

function spotText({ column: { key, defaults }, kind, finding }: Spot): string {
  const what = faults[kind] ?? `${ulpText(finding.ulp)} ulp`;
  const place = kind === "nearZero" ? "next to a zero, " : kind === "vanishing" ? "where it vanishes, " : "";
  const where = `${place}at ${placeText(finding, defaults)}`;
  return `${key.target} ${key.column}: ${what} ${where}: ${decimalText(finding.actual)} instead of ${expectedText(finding)}`;
}

const findingsOf = ({ certificate, contradiction }: ColumnAccuracy): readonly Breach[] => [
  ...[certificate.defaults, ...(certificate.parameters === null ? [] : [certificate.parameters])].flatMap((evidence) =>
    findingKinds.flatMap((kind) => {
      const finding = evidence[kind];
      return finding === null ? [] : [{ kind, finding }];
    }),
  ),
  ...(contradiction === null ? [] : [{ kind: "worst" as const, finding: contradiction }]),
];

/** The true value, in as many digits as tell it from what the kernel gave. */
export const expectedText = ({ expected }: Finding): string => String(Number(expected.toPrecision(10)));

function columnJson({ key: { activation: _, ...key }, certificate, standing, contradiction }: ColumnAccuracy): unknown {
  const contradicted = contradiction === null ? {} : { contradiction: findingJson(contradiction) };
  return { ...key, standing, label: certificate.defaults.label, ...certificateJson(certificate), ...contradicted };
}
