/** What kernels of an activation keep for backward in the place of its inputs. */
import { normalise } from "../algebra/normalise.js";
import { isDecidable, type Save, type SaveFromOutput, savePlan } from "../calculus/save.js";
import { rowGradientFromOutput } from "../calculus/save-rows.js";
import type { Gradient } from "../calculus/gradients.js";
import { apply, type Expr, reachable, type Variable, variablesOf } from "../ir/expr.js";
import type { KernelPlan } from "./kernels.js";
import type { KernelFamily, SaveChoice } from "./output.js";

export type KeptExactly = Exclude<Save, { readonly kind: "inputs" }>;

export interface KeptOutput {
  readonly kind: "output";
  /** Its only input is the output, and its gradients are those of backward. */
  readonly plan: KernelPlan;
  /** Of hyperparameters: what has to be positive, else the output does not do. */
  readonly requires: readonly Expr[];
  /** Hyperparameters that the output is compared with: as the output itself, they have to be rounded to float32. */
  readonly compared: ReadonlySet<Variable>;
}

export type Kept = KeptExactly | KeptOutput;

/** Null: nothing less than the inputs. */
export function keptFor(plan: KernelPlan, families: ReadonlySet<KernelFamily>, choice: SaveChoice): Kept | null {
  if (!families.has("saved")) return null;
  if (plan.reduces) return choice === "output" ? keptOutputOfRows(plan) : null;
  const { exact, output } = savePlan(plan.activation, plan.value);
  if (choice === "output" && output?.requires.every(isDecidable)) {
    const ofOutput = planFromOutput(plan, output);
    return { kind: "output", plan: ofOutput, requires: output.requires, compared: comparedIn(ofOutput) };
  }
  return exact.kind === "inputs" ? null : exact;
}

function keptOutputOfRows(plan: KernelPlan): KeptOutput | null {
  const found = rowGradientFromOutput(plan.activation, plan.cotangent);
  if (!found) return null;
  const gradients = [{ of: plan.activation.inputs[0]!, value: found.gradient }];
  return { kind: "output", plan: inTermsOf(found.output, plan, gradients), requires: [], compared: new Set() };
}

function comparedIn({ gradients }: KernelPlan): ReadonlySet<Variable> {
  const conditions = reachable(gradients.map(({ value }) => value)).filter(({ type }) => type === "condition");
  return new Set(conditions.flatMap((each) => [...variablesOf(each)]).filter(({ role }) => role === "hyperparameter"));
}

/** The kernels' plan with the output as its only input: what is proved of forms of inputs holds of forms of the output. */
function planFromOutput(plan: KernelPlan, { output, derivative, learned }: SaveFromOutput): KernelPlan {
  const derivatives = [[plan.activation.inputs[0]!, derivative] as const, ...learned];
  const times = (each: Expr): Expr => normalise(apply("multiply", [plan.cotangent, each]));
  return inTermsOf(
    output,
    plan,
    derivatives.map(([of, each]) => ({ of, value: times(each) })),
  );
}

const inTermsOf = (output: Variable, plan: KernelPlan, gradients: readonly Gradient[]): KernelPlan => ({
  ...plan,
  activation: { ...plan.activation, inputs: [output], gradients: new Map() },
  definition: output,
  value: output,
  gradients,
  formulas: gradients,
});
