import type { Expr } from "../ir/expr.js";
import { Memo } from "../ir/memo.js";
import { toNumber } from "../ir/rational.js";
import { evaluate } from "./evaluate.js";
import { decide, toBinary64 } from "./rounding.js";

const known = new Memo<number | "unknown">();

/**
 * The correctly rounded binary64 of a constant expression: NaN where it has no real value, ±Infinity where it is beyond
 * the format, undefined where it is a condition, depends on more than constants, or cannot be told from a pole.
 */
export function constantValue(root: Expr): number | undefined {
  if (root.kind === "constant") return toNumber(root.value);
  if (root.kind === "variable" || root.type === "condition") return undefined;
  let value = known.get(root);
  if (value === undefined) known.set(root, (value = computed(root) ?? "unknown"));
  return value === "unknown" ? undefined : value;
}

const noBindings = new Map<never, never>();

/** Cancellation that 4096 bits do not resolve is an exact 0, as in sqrt(2)^2 - 2. */
function computed(root: Expr): number | undefined {
  let pole = false;
  const { value } = decide(
    (precision) => {
      const ball = evaluate(root, { bindings: noBindings, precision }).value;
      pole = ball.kind === "unknown";
      return ball;
    },
    toBinary64,
    { from: 96, to: 4096 },
  );
  return pole ? undefined : value;
}
