/**
 * Second derivatives, for gradients of gradients. With a cotangent c_v of each gradient g_v = dy df/dv that backward
 * writes, S = sum over v of c_v g_v has the gradients sum_v c_v df/dv in dy, and dy sum_v c_v d2f/dv dw in each w.
 */
import { make, normalise } from "../algebra/normalise.js";
import { constant, type Expr, isApplication, reachable, type Variable } from "../ir/expr.js";
import { differentiate } from "./differentiate.js";

export interface SecondDerivatives {
  /** Those that differ and are not 0, each times the cotangent. */
  readonly partials: readonly Expr[];
  /** For each variable w, and each v by its place: where among the partials d2f/dv dw stands; null where it is 0. */
  readonly places: readonly (readonly (number | null)[])[];
}

/**
 * @param value what is differentiated, in normal form and without reductions
 * @param declared gradients that stand in for the derived ones, and are differentiated themselves
 */
export function secondDerivativesOf(
  value: Expr,
  variables: readonly Variable[],
  declared: ReadonlyMap<Variable, Expr>,
  cotangent: Variable,
): SecondDerivatives {
  const firsts = variables.map((v) => {
    const given = declared.get(v);
    return given ? normalise(given) : differentiate(value, v);
  });
  const partials: Expr[] = [];
  const placeOf = (second: Expr): number | null => {
    if (second === constant(0)) return null;
    const partial = normalise(make("multiply", [cotangent, second]));
    const known = partials.indexOf(partial);
    return known >= 0 ? known : partials.push(partial) - 1;
  };
  // The order of differentiation matters only to what is declared rather than derived.
  const isSymmetric = declared.size === 0 && !reachable([value]).some(isDeclared);
  const places: (number | null)[][] = [];
  for (const [i, w] of variables.entries()) {
    places.push(
      variables.map((_, j) => {
        const mirrored = isSymmetric && j < i ? places[j]?.[i] : undefined;
        return mirrored === undefined ? placeOf(differentiate(firsts[j]!, w)) : mirrored;
      }),
    );
  }
  return { partials, places };
}

const isDeclared = (node: Expr): boolean => isApplication(node, "custom") || isApplication(node, "stop_gradient");
