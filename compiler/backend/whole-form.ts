/**
 * Forms in single float32 numbers for shaders that hold for all operands, so that nothing is left to a careful function: of functions that take operands
 * of all sizes, with what vanishes kept in two factors until the last. Whether a form is right is tried out, as its text is emulated.
 */
import { isPlace } from "../decisions.js";
import { apply, type Expr, isApplication, occurs, reachable, rebuild, type Variable, variablesOf } from "../ir/expr.js";
import { signOf } from "../algebra/sign.js";
import type { Asker } from "../ir/question.js";
import type { Parameter } from "../ir/random.js";
import { emulateBatch, readLibrary } from "../machine/index.js";
import { type PrimitiveName, primitives } from "../primitives/table.js";
import { quickSpells } from "./library/wgsl/quick.js";
import type { KernelPlan } from "./kernels.js";
import { lower, variablesMet } from "./lower.js";
import { libraries, ownName } from "./machine-functions.js";
import { quickText } from "./quick-form.js";
import { searched } from "./searches.js";
import { areDecided } from "./simd/decided.js";
import { isInstruction, isPrecise, type Precision, withShortExponents } from "./simd/expression.js";
import { withFalling } from "./simd/holds.js";
import {
  firstRightEverywhere,
  functionsTried,
  overshoot,
  stages,
  thinning,
  triedNumbers,
  type Granted,
  type Runs,
} from "./simd/trial.js";
import { formulas, type Hold, quotients, type VectorForm } from "./simd/vector-form.js";

export interface WholeQuestion {
  /** What is meant, in normal form. */
  readonly root: Expr;
  /** With its gates recognised. */
  readonly recognised: Expr;
  readonly factor: Variable | null;
  readonly isDerivative: boolean;
  readonly granted: Granted;
}

/** Null where there is none. Only forms of one input and of parameters are tried out. */
export function wholeForm(
  plan: KernelPlan,
  { root, recognised, factor, isDerivative, granted }: WholeQuestion,
): VectorForm | null {
  const variables = [...variablesOf(root)];
  const [input, ...more] = variables.filter(({ role }) => role === "input");
  const parameters = variables.filter((variable) => variable !== input);
  if (!input || more.length > 0 || !parameters.every(isParameter)) return null;
  const spells = (primitive: PrimitiveName): boolean => isInstruction(primitive) || quickSpells(primitive);
  const lowered = withShortExponents(
    withProducts(
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
    ),
  );
  const nodes = reachable([lowered]);
  if (nodes.some((node) => node.kind === "application" && !spells(node.primitive))) return null;
  if (!areDecided(nodes)) return null;
  // Functions may drop a NaN, also where the definition would not have met it.
  const given = isDerivative ? [] : parameters.filter((parameter) => isGivenToFunction(nodes, parameter));
  if (given.length > 0) {
    const met = variablesMet(plan.definition);
    if (given.some((parameter) => !met.has(parameter))) return null;
  }
  const ways = holds.flatMap(([low, high]) =>
    precisions
      .filter((precise) => precise === null || nodes.some((node) => isPrecise(node, precise)))
      .map((precise) => ({ hold: low > -Infinity || high < Infinity ? { low, high } : null, precise })),
  );
  const place = plan.activation.inputs.indexOf(input);
  const places = parameters.map((parameter) =>
    parametersOf(plan.activation).findIndex(({ variable }) => variable === parameter),
  );
  const found = searched(plan, [root, recognised, plan.value, lowered], {
    name: "which form is quick for all operands",
    isAnswer: isPlace,
    details: [granted, isDerivative, ways, stages, overshoot, functionsTried, triedNumbers, thinning],
    find: ([meant = root, sampled = root, value = root, tried = lowered], { activation }) => {
      const variable = activation.inputs[place] ?? input;
      const all = parametersOf(activation);
      const kept = places.flatMap((each) => all[each] ?? []);
      const runs = ways.map(
        ({ hold, precise }) =>
          () =>
            emulation(
              tried,
              precise,
              [variable, ...kept.map((each) => each.variable)],
              hold && { input: variable, ...hold },
            ),
      );
      return firstRightEverywhere({ root: meant, sampled, value, granted, isDerivative }, variable, kept, runs);
    },
  });
  const way = ways[found];
  if (!way) return null;
  return {
    lanes: "f32x4",
    value: lowered,
    guard: null,
    precise: way.precise,
    hold: way.hold && { input, ...way.hold },
    factor,
    passes: given,
  };
}

const isGivenToFunction = (nodes: readonly Expr[], parameter: Variable): boolean =>
  nodes.some((node) => node.kind === "application" && !isInstruction(node.primitive) && occurs(parameter, node));

const precisions: readonly Precision[] = [null, "exponents"];

/** Between what numbers the input is held: infinite ones make NaN of what vanishes, and squares overflow. */
const holds: readonly (readonly [low: number, high: number])[] = [
  [-Infinity, Infinity],
  [-1024, Infinity],
  [-1024, 1024],
  [-(2 ** 40), 2 ** 40],
];

const isParameter = ({ role }: Variable): boolean => role === "hyperparameter" || role === "learned";

const parametersOf = ({ hyperparameters, learned }: Asker): readonly Parameter[] => [...hyperparameters, ...learned];

/** Products with what vanishes, and softplus(b x)/b, by functions that take the other factor or divisor. */
const withProducts = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive === "divide") return scaledSoftplus(operands[0]!, operands[1]!) ?? built;
    if (node.primitive !== "multiply") return built;
    for (const [p, f] of [operands, operands.toReversed()]) {
      const name = f?.kind === "application" ? (`times_${f.primitive}` as PrimitiveName) : undefined;
      if (name && f?.kind === "application" && name in primitives && quickSpells(name))
        return apply(name, [p!, ...f.operands]);
    }
    return built;
  });

function scaledSoftplus(softplus: Expr, scale: Expr): Expr | undefined {
  const [product] = isApplication(softplus, "softplus") ? softplus.operands : [];
  if (!product || !isApplication(product, "multiply") || !isPositive(scale)) return undefined;
  const others = product.operands.filter((factor) => factor !== scale);
  return others.length === 1 ? apply("scaled_softplus", [others[0]!, scale]) : undefined;
}

function isPositive(node: Expr): boolean {
  const { nonnegative, nonzero } = signOf(node);
  return nonnegative && nonzero;
}

/**
 * What a form gives as it is printed, once where subnormal numbers are taken for 0 and once where they are not, for numbers that all variables
 * but the first are.
 */
export function emulation(
  form: Expr,
  precise: Precision,
  variables: readonly Variable[],
  hold: Hold | null = null,
): (numbers: readonly number[]) => Runs {
  const name = ownName("tried");
  const text = quickText({
    name,
    parameters: variables.map((variable, i) => ({ variable, name: `x${i}` })),
    forms: [{ lanes: "f32x4", value: form, guard: null, precise, hold, factor: null }],
    struct: null,
    temporaryName: () => "t",
  });
  const library = readLibrary([text], libraries());
  const runs = [true, false].map((flushes) =>
    emulateBatch(library, name, 0, { flushSubnormals: flushes, flushOperands: flushes }),
  );
  return (numbers) =>
    runs.map(
      (run) => (points) => run([points, ...numbers.map((number) => new Float32Array(points.length).fill(number))]),
    );
}

/** The same of a form of one variable. */
export const emulated = (form: Expr, precise: Precision, input: Variable): Runs =>
  emulation(form, precise, [input])([]);
