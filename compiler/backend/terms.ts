/** Results that are sums of forms, each for a cotangent of its own: of fused kernels, and of gradients of gradients. */
import { apply, constant, type Expr, substitute, type Variable } from "../ir/expr.js";
import { isConstant } from "../algebra/forms.js";
import { allOf } from "./accuracy/guard.js";
import { heldInOrder } from "./bounds.js";
import type { Form } from "./forms.js";
import type { PrimitiveName } from "../primitives/table.js";

/** A form that is linear in the cotangent of its kernel, or does not have it. */
export interface Term {
  readonly form: Form;
  /** Names the function that computes the exact form. */
  readonly name: string;
  /** What stands in for the cotangent. */
  readonly cotangent: Expr;
}

/** The sum of the terms; where one has to be exact, all are. */
export function sumOfTerms(terms: readonly Term[], cotangent: Variable): Form {
  const sumOf = (parts: readonly (Expr | null)[]): Expr | null =>
    parts.length === 0 ? constant(0) : parts.reduce((a, b) => a && b && apply("add", [a, b]));
  const all = <T>(pick: (form: Form) => T): T[] => terms.map(({ form }) => pick(form));
  const fast = sumOf(
    terms.map(({ form, cotangent: given }) => form.fast && withCotangent(form.fast, cotangent, given)),
  );
  const guards = terms.flatMap(({ form: { guard }, cotangent: given }) =>
    guard ? [withCotangent(guard, cotangent, given)] : [],
  );
  const exact = terms.map(({ form, cotangent: given }) => {
    const most = form.exact ?? form.fast;
    return most && withCotangent(most, cotangent, given);
  });
  const guard = fast && allOf(guards);
  return {
    fast: fast && heldInOrder(fast),
    guard: guard && heldInOrder(guard),
    exact: fast && !guard ? null : sumOf(exact),
    gaps: [...new Set(terms.flatMap(({ form }) => form.gaps))],
    relative: Math.max(0, ...all(({ relative }) => relative)),
    cancels: all(({ cancels }) => cancels).includes(true),
  };
}

/** The expression for another cotangent; where that is 1, without the products with it. */
export function withCotangent(root: Expr, cotangent: Variable, given: Expr): Expr {
  if (given === cotangent) return root;
  const build = (primitive: PrimitiveName, operands: readonly Expr[]): Expr => {
    const [a, b] = operands;
    if (primitive === "multiply" && isConstant(a!, 1)) return b!;
    if (primitive === "multiply" && isConstant(b!, 1)) return a!;
    return apply(primitive, operands);
  };
  return substitute(root, new Map([[cotangent, given]]), isConstant(given, 1) ? build : apply);
}
