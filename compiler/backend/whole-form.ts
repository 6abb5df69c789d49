/**
 * Forms in single float32 numbers for shaders that hold for all operands, so that nothing is left to a careful function: of functions that take operands
 * of all sizes, with what vanishes kept in two factors until the last. Whether a form is right is tried out, as its text is emulated.
 */
import { isPlace } from "../decisions.js";
import { apply, constant, type Expr, reachable, rebuild, substitute, type Variable, variablesOf } from "../ir/expr.js";
import { rational } from "../ir/rational.js";
import { emulateBatch, readLibrary } from "../machine/index.js";
import { type PrimitiveName, primitives } from "../primitives/table.js";
import { quickSpells } from "./library/wgsl/quick.js";
import type { KernelPlan } from "./kernels.js";
import { lower } from "./lower.js";
import { libraries, ownName } from "./machine-functions.js";
import { quickText } from "./quick-form.js";
import { searched } from "./searches.js";
import { areDecided } from "./simd/decided.js";
import { isInstruction, isPrecise, type Precision } from "./simd/expression.js";
import { withFalling } from "./simd/holds.js";
import { firstRightEverywhere, functionsTried, overshoot, stages, type Granted, type Runs } from "./simd/trial.js";
import { formulas, quotients, type VectorForm } from "./simd/vector-form.js";

export interface WholeQuestion {
  /** What is meant, in normal form. */
  readonly root: Expr;
  /** With its gates recognised. */
  readonly recognised: Expr;
  readonly factor: Variable | null;
  readonly isDerivative: boolean;
  readonly granted: Granted;
}

/** Null where there is none. Only forms of one input and nothing else are tried out. */
export function wholeForm(
  plan: KernelPlan,
  { root, recognised, factor, isDerivative, granted }: WholeQuestion,
): VectorForm | null {
  const [input, ...others] = variablesOf(root);
  if (input?.role !== "input" || others.length > 0) return null;
  const spells = (primitive: PrimitiveName): boolean => isInstruction(primitive) || quickSpells(primitive);
  const lowered = withProducts(
    withFalling(
      withFalling(
        quotients(
          lower(recognised, {
            spells,
            formOf: (primitive) => formulas[primitive],
            nanFrom: new Set(),
            definition: plan.definition,
            narrow: false,
          }),
        ),
      ),
      "exp",
    ),
  );
  const nodes = reachable([lowered]);
  if (nodes.some((node) => node.kind === "application" && !spells(node.primitive))) return null;
  if (!areDecided(nodes)) return null;
  const ways = holds.flatMap((hold) =>
    precisions
      .filter((precise) => precise === null || nodes.some((node) => isPrecise(node, precise)))
      .map((precise) => ({ form: heldBetween(lowered, input, hold), precise })),
  );
  const place = plan.activation.inputs.indexOf(input);
  const forms = [...new Set(ways.map(({ form }) => form))];
  const numbered = ways.map(({ form, precise }) => ({ form: forms.indexOf(form), precise }));
  const found = searched(plan, [root, recognised, plan.value, ...forms], {
    name: "which form is quick for all operands",
    isAnswer: isPlace,
    details: [granted, isDerivative, numbered, stages, overshoot, functionsTried],
    find: ([meant = root, sampled = root, value = root, ...tried], { activation }) => {
      const variable = activation.inputs[place] ?? input;
      const runs = numbered.map(
        ({ form, precise }) =>
          () =>
            emulated(tried[form]!, precise, variable),
      );
      return firstRightEverywhere({ root: meant, sampled, value, granted, isDerivative }, variable, runs);
    },
  });
  const way = ways[found];
  if (!way) return null;
  return {
    lanes: "f32x4",
    value: way.form,
    guard: null,
    precise: way.precise,
    factor,
  };
}

const precisions: readonly Precision[] = [null, "exponents"];

/** Between what numbers the input is held: infinite ones make NaN of what vanishes, and squares overflow. */
const holds: readonly (readonly [low: number, high: number])[] = [
  [-Infinity, Infinity],
  [-1024, Infinity],
  [-1024, 1024],
  [-(2 ** 40), 2 ** 40],
];

function heldBetween(form: Expr, input: Variable, [low, high]: readonly [number, number]): Expr {
  const above = low > -Infinity ? apply("at_least", [input, constant(rational(low))]) : input;
  const held = high < Infinity ? apply("at_most", [above, constant(rational(high))]) : above;
  return held === input ? form : substitute(form, new Map<Expr, Expr>([[input, held]]));
}

/** Products with what vanishes, by functions that take the other factor. */
const withProducts = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive !== "multiply") return built;
    for (const [p, f] of [operands, operands.toReversed()]) {
      const name = f?.kind === "application" ? (`times_${f.primitive}` as PrimitiveName) : undefined;
      if (name && f?.kind === "application" && name in primitives && quickSpells(name))
        return apply(name, [p!, ...f.operands]);
    }
    return built;
  });

/** What a form gives as it is printed, once where subnormal numbers are taken for 0 and once where they are not. */
export function emulated(form: Expr, precise: Precision, input: Variable): Runs {
  const name = ownName("tried");
  const text = quickText({
    name,
    parameters: [{ variable: input, name: "x" }],
    forms: [{ lanes: "f32x4", value: form, guard: null, precise, factor: null }],
    struct: null,
    temporaryName: () => "t",
  });
  const library = readLibrary([text], libraries());
  return [true, false].map((flushes) => {
    const run = emulateBatch(library, name, 0, { flushSubnormals: flushes, flushOperands: flushes });
    return (points) => run([points]);
  });
}
