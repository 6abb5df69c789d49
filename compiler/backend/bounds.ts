/**
 * Bounds of lowered expressions, by which an input that is held already need not be held again where it enters an
 * exponential.
 */
import { apply, constant, type Expr, fold, isApplication, reachable, rebuild, type Variable } from "../ir/expr.js";
import { fromNumber, toNumber } from "../ir/rational.js";
import { sampler } from "../numerics/sample.js";

/** What a number that is not NaN lies between. */
interface Interval {
  readonly low: number;
  readonly high: number;
}

const everything: Interval = { low: -Infinity, high: Infinity };

const spanned = (values: readonly number[]): Interval =>
  values.some(Number.isNaN) ? everything : { low: Math.min(...values), high: Math.max(...values) };

function boundsOf(node: Expr, operands: readonly Interval[]): Interval {
  if (node.kind === "constant") return spanned([toNumber(node.value)]);
  if (node.kind === "variable") return everything;
  const [a = everything, b = everything, c = everything] = operands;
  switch (node.primitive) {
    case "negate":
      return { low: -a.high, high: -a.low };
    case "abs":
      return a.low >= 0 ? a : a.high <= 0 ? { low: -a.high, high: -a.low } : { low: 0, high: Math.max(-a.low, a.high) };
    case "multiply": {
      const products = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
      const { low, high } = spanned(products);
      return node.operands[0] === node.operands[1] ? { low: Math.max(low, 0), high } : { low, high };
    }
    case "add":
      return spanned([a.low + b.low, a.high + b.high]);
    case "at_least":
    case "larger":
      return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) };
    case "at_most":
    case "smaller":
      return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) };
    case "where":
    case "choose":
      return { low: Math.min(b.low, c.low), high: Math.max(b.high, c.high) };
    default:
      return everything;
  }
}

/** Drops what holds a number between limits that it keeps by itself. */
export function withoutIdleHolds(root: Expr): Expr {
  const bounds = new Map<Expr, Interval>();
  const boundsAt = (node: Expr): Interval => bounds.get(node) ?? everything;
  return fold<Expr>(root, (node, operands) => {
    const built = node.kind === "application" ? apply(node.primitive, operands, node.rule) : node;
    const [a, b] = operands;
    const { low, high } = a ? boundsAt(a) : everything;
    const idle =
      (isApplication(built, "at_least") && low >= boundsAt(b!).high) ||
      (isApplication(built, "at_most") && high <= boundsAt(b!).low);
    if (idle && a) return a;
    bounds.set(built, boundsOf(built, operands.map(boundsAt)));
    return built;
  });
}

/** Numbers that are held several times, as held once, from above first: so that equal ones are the same. */
export function heldInOrder(root: Expr): Expr {
  const limits = new Map<Expr, Interval & { readonly base: Expr }>();
  return rebuild(root, (node, operands) => {
    const [held, bound] = operands;
    const isUpper = node.primitive === "at_most";
    if (!(isUpper || node.primitive === "at_least") || !held || bound?.kind !== "constant") {
      return apply(node.primitive, operands, node.rule);
    }
    const { base, low, high } = limits.get(held) ?? { base: held, ...everything };
    const by = (limit: number): number => (isUpper ? Math.min : Math.max)(limit, toNumber(bound.value));
    const [least, most] = [by(low), by(high)];
    const limited = (inner: Expr, primitive: "at_least" | "at_most", limit: number): Expr =>
      Number.isFinite(limit) ? apply(primitive, [inner, constant(fromNumber(limit))]) : inner;
    const built = limited(limited(base, "at_most", most), "at_least", least);
    limits.set(built, { base, low: least, high: most });
    return built;
  });
}

/** Sizes of an input beyond which an exponential of it is 0 or as good as infinite. */
const trials: readonly number[] = [746, 800, 1e3, 1e5, 1e8, 1e12, 1e20, 1e30, 3.4028234663852886e38, Infinity];

/**
 * Where an input is held at a size that only keeps infinity out, and again, closer, where it enters an exponential: one
 * hold serves both if no result is another for it.
 */
export function mergeHolds(
  roots: readonly Expr[],
  inputs: readonly Variable[],
  variables: readonly Variable[],
): Expr[] {
  let merged = roots.map(withoutIdleHolds);
  for (const input of inputs) {
    for (const primitive of ["at_least", "at_most"] as const) {
      const sign = primitive === "at_least" ? -1 : 1;
      const limits = reachable(merged).flatMap((node) =>
        isApplication(node, primitive) && isHeld(node.operands[0]!, input) ? limitOf(node) : [],
      );
      const [outer, inner] = [...new Set(limits)].sort((a, b) => Math.abs(b) - Math.abs(a));
      if (outer === undefined || inner === undefined || inner * sign <= 0) continue;
      const closer = merged.map((root) => withoutIdleHolds(withLimit(root, primitive, input, outer, inner)));
      if (merged.every((root, i) => alike(root, closer[i]!, input, sign, variables))) merged = closer;
    }
  }
  return merged;
}

/** Whether the node is the input itself, held or not. */
function isHeld(node: Expr, input: Variable): boolean {
  let inner: Expr = node;
  while (isApplication(inner, "at_least") || isApplication(inner, "at_most")) inner = inner.operands[0]!;
  return inner === input;
}

function limitOf(node: Expr): number[] {
  const bound = node.kind === "application" ? node.operands[1] : undefined;
  return bound?.kind === "constant" ? [toNumber(bound.value)] : [];
}

function withLimit(root: Expr, primitive: "at_least" | "at_most", input: Variable, from: number, to: number): Expr {
  return rebuild(root, (node, operands) =>
    node.primitive === primitive && isHeld(node.operands[0]!, input) && limitOf(node)[0] === from
      ? apply(primitive, [operands[0]!, constant(fromNumber(to))])
      : apply(node.primitive, operands, node.rule),
  );
}

/** Whether two forms give the same to the last bits for large inputs of this sign. */
function alike(a: Expr, b: Expr, input: Variable, sign: number, variables: readonly Variable[]): boolean {
  const [before, after] = [sampler(a, variables, "binary64"), sampler(b, variables, "binary64")];
  return [0.7, -1.3, 3e38].every((others) =>
    trials.every((size) => {
      const values = variables.map((name) => (name === input ? sign * size : others));
      const [x, y] = [before(values), after(values)];
      return (
        Object.is(x, y) || Math.abs(x - y) <= 1e-15 * Math.abs(x) || (Math.abs(x) < 1e-300 && Math.abs(y) < 1e-300)
      );
    }),
  );
}
