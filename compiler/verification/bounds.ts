/** How far off a kernel may be. */
import { type Certificate, type Evidence, type Finding, type FindingKind, findingKinds } from "./certificate.js";
import type { MeasuredTarget } from "./emitted.js";

/** In units in the last place of float32. */
export interface Bound {
  readonly worst: number;
  /** At the float32 neighbours of a zero of the column. */
  readonly nearZero: number;
  /** Where the value is a product with a vanishing exponential. */
  readonly vanishing: number;
}

/**
 * What the project promises. WGSL and WebAssembly compute in float32: what is measured there around a zero of a derivative f′ is
 * the error beyond ½ulp(x)·|f″(x)|.
 */
export function promisedBound(target: MeasuredTarget, column: string): Bound {
  if (target === "ts") return { worst: 0.51, nearZero: 1, vanishing: 0.51 };
  return column === "forward" ? { worst: 4, nearZero: 4, vanishing: 5 } : { worst: 6, nearZero: 6, vanishing: 8 };
}

/** `--max-ulp N`: nowhere more, but what is promised next to zeros and where values vanish. */
export function askedBound(ulp: number, target: MeasuredTarget, column: string): Bound {
  const { nearZero, vanishing } = promisedBound(target, column);
  return { worst: ulp, nearZero: Math.max(ulp, nearZero), vanishing: Math.max(ulp, vanishing) };
}

export interface Breach {
  readonly kind: FindingKind;
  readonly finding: Finding;
}

/** The bound on an error of this kind; a NaN, an infinity or a wrong limit breaks any. */
export const boundOn = (kind: FindingKind, bound: Bound): number =>
  kind === "worst" || kind === "nearZero" || kind === "vanishing" ? bound[kind] : -Infinity;

export const breaks = (kind: FindingKind, { ulp }: Finding, bound: Bound): boolean => ulp > boundOn(kind, bound);

/** What of the evidence breaks the bound. */
export function breachesOf(evidence: Evidence, bound: Bound): readonly Breach[] {
  return findingKinds.flatMap((kind) => {
    const finding = evidence[kind];
    return finding !== null && breaks(kind, finding, bound) ? [{ kind, finding }] : [];
  });
}

/** What breaks it at the defaults, and at other parameters. */
export const breachesIn = ({ defaults, parameters }: Certificate, bound: Bound): readonly Breach[] => [
  ...breachesOf(defaults, bound),
  ...(parameters === null ? [] : breachesOf(parameters, bound)),
];
