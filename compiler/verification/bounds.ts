/** How far off a kernel may be. */
import { type Evidence, type Finding, type FindingKind, findingKinds } from "./certificate.js";
import type { MeasuredTarget } from "./emitted.js";

/** In units in the last place of float32. */
export interface Bound {
  readonly worst: number;
  /** At the float32 neighbours of a zero of the column. */
  readonly nearZero: number;
}

/**
 * What the project promises. WGSL computes in float32: next to a zero no error relative to the result can be bound, and
 * products with a vanishing exponential get a unit or two more than others (4 and 6).
 */
export function promisedBound(target: MeasuredTarget, column: string): Bound {
  if (target === "ts") return { worst: 0.51, nearZero: 1 };
  return { worst: column === "forward" ? 5 : 8, nearZero: Infinity };
}

/** `--max-ulp N`: nowhere more, but next to zeros what is promised there. */
export const askedBound = (ulp: number, target: MeasuredTarget, column: string): Bound => ({
  worst: ulp,
  nearZero: Math.max(ulp, promisedBound(target, column).nearZero),
});

export interface Breach {
  readonly kind: FindingKind;
  readonly finding: Finding;
}

/** A NaN, an infinity or a wrong limit breaks any bound. */
export function breaks(kind: FindingKind, { ulp }: Finding, bound: Bound): boolean {
  return kind === "worst" || kind === "nearZero" ? ulp > bound[kind] : true;
}

/** What of the evidence breaks the bound. */
export function breachesOf(evidence: Evidence, bound: Bound): readonly Breach[] {
  return findingKinds.flatMap((kind) => {
    const finding = evidence[kind];
    return finding !== null && breaks(kind, finding, bound) ? [{ kind, finding }] : [];
  });
}
