/** Lowered expressions as straight-line code over vectors. */
import {
  type Application,
  apply,
  type Expr,
  fold,
  isApplication,
  reachable,
  rebuild,
  type Variable,
} from "../../ir/expr.js";
import { toNumber } from "../../ir/rational.js";
import { expandCall, VectorGraph, type VectorNode } from "../../machine/vector/index.js";
import type { PrimitiveName } from "../../primitives/table.js";
import { fractionBits, saturation } from "../library/simd/fixed.js";
import { simdLibrary, simdSpells } from "../library/simd.js";
import { type Holds, holdsOf, inHornersForm, polynomialInDouble, polynomialOf } from "./polynomial.js";

/** Primitives that are instructions, or a few of them. */
const spelled: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  ...(["negate", "add", "subtract", "multiply", "divide", "abs", "sqrt", "floor", "ceil", "round", "sign"] as const),
  ...(["less", "lessOrEqual", "greater", "greaterOrEqual", "equal", "notEqual", "and", "or", "not"] as const),
  ...([
    "at_least",
    "at_most",
    "smaller",
    "larger",
    "where",
    "choose",
    "pick",
    "indicator",
    "guard",
    "is_finite",
  ] as const),
  ...(["pi", "infinity"] as const),
]);

export const isInstruction = (primitive: PrimitiveName): boolean => spelled.has(primitive);

/** Whether a lowered expression can be written with vectors of these numbers. */
export const canSpell = (lanes: VectorGraph["lanes"], primitive: PrimitiveName): boolean =>
  isInstruction(primitive) || simdSpells(lanes, primitive);

/** Functions that make much of a small error of their operand where that is large. */
const exponential: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["exp", "sigmoid", "logistic"]);
/** Functions of which shaders have one that takes more digits, and of which operands. */
const ofSplits: Readonly<Partial<Record<PrimitiveName, readonly number[]>>> = {
  exp: [0],
  sigmoid: [0],
  logistic: [0],
  softplus: [0],
  times_sigmoid: [1],
  gate_slope: [0, 1],
};

export const splitFunctions = Object.keys(ofSplits) as readonly PrimitiveName[];

/** Which operands a function is given with more digits by shaders, if it can be. */
export const splitPlaces = (primitive: PrimitiveName): readonly number[] => ofSplits[primitive] ?? [];

interface OfFixed {
  /** Which operand is the exponent. */
  readonly place: 0 | 1;
  /** What it is multiplied by. */
  readonly sign: 1 | -1;
  /** Whether the function has come to a limit, or to a multiple of another operand, where the exponent is large. */
  readonly saturates: boolean;
}

/** Functions that take an exponent in fixed point. */
const ofFixed: Readonly<Partial<Record<PrimitiveName, OfFixed>>> = {
  exp: { place: 0, sign: 1, saturates: false },
  sigmoid: { place: 0, sign: -1, saturates: true },
  times_sigmoid: { place: 1, sign: -1, saturates: true },
  gate_slope: { place: 0, sign: 1, saturates: true },
};

const polynomial: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  ...(["negate", "abs", "add", "subtract", "multiply"] as const),
]);

/**
 * What is computed with more digits than float32 has: polynomials, in float64, with what goes into exponentials in fixed point (`fixed`) or not,
 * or what goes into exponentials alone.
 */
export type Precision = "fixed" | "polynomials" | "exponents" | null;

/** Whether it can be computed in two parts. */
export const isOfSplits = (node: Expr): boolean =>
  reachable([node]).every((each) => each.kind !== "application" || polynomial.has(each.primitive));

/** Whether it is a variable between borders, which nothing is rounded for. */
const isHeld = (node: Expr): boolean =>
  (isApplication(node, "at_least") || isApplication(node, "at_most")) &&
  node.operands.every((operand) => operand.kind !== "application" || isHeld(operand));

/** Whether it is a polynomial of more than one operation, whose errors float64 would spare: of variables, which may be held. */
function isPolynomial(node: Expr): boolean {
  const applications = reachable([node]).filter(
    (each) => each.kind === "application" && !isHeld(each),
  ) as Application[];
  return (
    applications.every(({ primitive }) => polynomial.has(primitive)) &&
    applications.filter(({ primitive }) => primitive !== "negate" && primitive !== "abs").length > 1
  );
}

/** Whether a function is given its operand with more digits. */
export function takesMoreDigits(node: Expr, precise: Precision): boolean {
  if (precise === null || node.kind !== "application") return false;
  if (precise === "fixed") {
    const taken = ofFixed[node.primitive];
    return taken !== undefined && isRounded(node.operands[taken.place]!);
  }
  if (precise === "exponents") return splitPlaces(node.primitive).some((place) => isRounded(node.operands[place]!));
  return exponential.has(node.primitive) && isPolynomial(node.operands[0]!);
}

/** Whether vectors have a function only for such exponents in fixed point. */
export const isOfFixedAlone = (primitive: PrimitiveName): boolean =>
  ofFixed[primitive] !== undefined && !simdSpells("f32x4", primitive);

/** Whether it is computed with more digits, or from what is. */
export const isPrecise = (node: Expr, precise: Precision): boolean =>
  takesMoreDigits(node, precise) || (precise !== null && precise !== "exponents" && isPolynomial(node));

/** With exponents by Horner's rule, which is the shortest where every operation takes many. */
export const withShortExponents = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const places = takesMoreDigits(node, "exponents") ? splitPlaces(node.primitive) : [];
    return apply(
      node.primitive,
      operands.map((operand, i) => (places.includes(i) ? inHornersForm(operand) : operand)),
      node.rule,
    );
  });

/** Whether it is a polynomial that is more than a number times a power of two. */
function isRounded(root: Expr): boolean {
  const applications = reachable([root]).filter((each) => each.kind === "application");
  return (
    applications.every(({ primitive }) => polynomial.has(primitive)) &&
    applications.some(
      ({ primitive, operands }) => primitive !== "negate" && primitive !== "abs" && !operands.some(isPowerOfTwo),
    )
  );
}

const isPowerOfTwo = (node: Expr): boolean =>
  node.kind === "constant" && Number.isInteger(Math.log2(Math.abs(toNumber(node.value))));

/**
 * @param variables the nodes that stand for variables
 * @param precise what in vectors of float32 has more digits
 */
export function vectorOf(
  graph: VectorGraph,
  roots: readonly Expr[],
  variables: ReadonlyMap<Variable, VectorNode>,
  precise: Precision = null,
): VectorNode[] {
  const known = new Map<Expr, VectorNode>();
  return roots.map((root) =>
    fold<VectorNode>(root, (node, operands) => {
      const value = known.get(node) ?? valueOf(node, operands);
      known.set(node, value);
      return value;
    }),
  );

  function valueOf(node: Expr, operands: readonly VectorNode[]): VectorNode {
    if (precise === "fixed") {
      if (takesMoreDigits(node, precise)) return codeOfFixed(graph, node as Application, operands, variables);
      return isPolynomial(node)
        ? graph.demoted(multipleInDouble(graph, node, variables))
        : codeOf(graph, node, operands, variables);
    }
    if (precise === "polynomials" && isPolynomial(node)) return graph.demoted(inDouble(graph, node, variables));
    // Rounded, but for functions that take float64.
    const given =
      takesMoreDigits(node, precise) && exponential.has((node as Application).primitive)
        ? operands.map((_, i) => inDouble(graph, (node as Application).operands[i]!, variables))
        : operands;
    return codeOf(graph, node, given, variables);
  }
}

/** A function of an exponent in fixed point. */
function codeOfFixed(
  graph: VectorGraph,
  { primitive, operands }: Application,
  rounded: readonly VectorNode[],
  variables: ReadonlyMap<Variable, VectorNode>,
): VectorNode {
  const { place, sign } = ofFixed[primitive]!;
  const held = new Map(variables);
  for (const [variable, { low, high }] of heldIn(primitive, operands)) {
    const above =
      low === undefined ? variables.get(variable)! : graph.float("pmax", variables.get(variable)!, graph.number(low));
    held.set(variable, high === undefined ? above : graph.float("pmin", above, graph.number(high)));
  }
  const exponent = multipleInDouble(graph, operands[place]!, held, { scale: sign * Math.LOG2E });
  const given = [...rounded];
  given[place] = graph.fixed(exponent, fractionBits, 0.5);
  if (primitive === "gate_slope") {
    given[1] = isPolynomial(operands[1]!)
      ? graph.demoted(multipleInDouble(graph, operands[1]!, held, { plus: 1 }))
      : graph.float("add", graph.number(1), rounded[1]!);
  }
  return expandCall(graph, simdLibrary(graph.lanes), `${primitive}_of_fixed`, given);
}

/** The variable of an exponent in fixed point, and where it is held because the function has come to its limit. */
function heldIn(primitive: PrimitiveName, operands: readonly Expr[]): ReadonlyMap<Variable, Holds> {
  const { place, saturates } = ofFixed[primitive]!;
  const found = saturates ? polynomialOf(operands[place]!) : undefined;
  return new Map(found && [[found.variable, holdsOf(found, saturation)]]);
}

/** On which sides of 0 all functions of exponents in fixed point hold a variable. */
export function sidesHeld(root: Expr, variable: Variable): readonly (keyof Holds)[] {
  const functions = reachable([root]).filter((node) => takesMoreDigits(node, "fixed")) as readonly Application[];
  const holds = functions.map(({ primitive, operands }) => heldIn(primitive, operands).get(variable));
  return (["low", "high"] as const).filter((side) => holds.every((each) => each?.[side] !== undefined));
}

/** A multiple of an expression, something added to it. */
function multipleInDouble(
  graph: VectorGraph,
  root: Expr,
  variables: ReadonlyMap<Variable, VectorNode>,
  multiple: { readonly scale?: number; readonly plus?: number } = {},
): VectorNode {
  const found = polynomialOf(root);
  if (found) return polynomialInDouble(graph, found, codeOf(graph, found.variable, [], variables), multiple);
  const { scale = 1, plus = 0 } = multiple;
  const value = graph.promoted(inDouble(graph, root, variables));
  const scaled = scale === 1 ? value : graph.float("mul", value, graph.double(scale));
  return plus === 0 ? scaled : graph.float("add", scaled, graph.double(plus));
}

const inDouble = (graph: VectorGraph, root: Expr, variables: ReadonlyMap<Variable, VectorNode>): VectorNode =>
  fold<VectorNode>(root, (node, operands) =>
    node.kind === "constant"
      ? graph.double(toNumber(node.value))
      : graph.promoted(isHeld(node) ? heldCode(graph, node, variables) : codeOf(graph, node, operands, variables)),
  );

/** In float32 even where what is done with it takes more digits. */
const heldCode = (graph: VectorGraph, held: Expr, variables: ReadonlyMap<Variable, VectorNode>): VectorNode =>
  fold<VectorNode>(held, (node, operands) => codeOf(graph, node, operands, variables));

function codeOf(
  graph: VectorGraph,
  node: Expr,
  operands: readonly VectorNode[],
  variables: ReadonlyMap<Variable, VectorNode>,
): VectorNode {
  if (node.kind === "constant") return graph.number(toNumber(node.value));
  if (node.kind === "variable") {
    const value = variables.get(node);
    if (!value) throw new Error(`the variable ${node.name} has no vector here`);
    return value;
  }
  return applicationCode(graph, node, operands);
}

const comparisons: Readonly<Partial<Record<PrimitiveName, string>>> = {
  less: "lt",
  lessOrEqual: "le",
  greater: "gt",
  greaterOrEqual: "ge",
  equal: "eq",
  notEqual: "ne",
};

const arithmetic: Readonly<Partial<Record<PrimitiveName, string>>> = {
  negate: "neg",
  add: "add",
  subtract: "sub",
  multiply: "mul",
  divide: "div",
  abs: "abs",
  sqrt: "sqrt",
  floor: "floor",
  ceil: "ceil",
  round: "nearest",
  // The first operand's NaN gets through.
  at_least: "pmax",
  at_most: "pmin",
  // Both operands' NaN do.
  smaller: "min",
  larger: "max",
  ...comparisons,
};

function applicationCode(graph: VectorGraph, { primitive }: Application, operands: readonly VectorNode[]): VectorNode {
  const [a, b, c] = operands;
  const operation = arithmetic[primitive];
  if (operation) return graph.float(operation, ...operands);
  switch (primitive) {
    case "and":
    case "or":
    case "not":
      return graph.bitwise(primitive, ...operands);
    case "where":
    case "choose":
    case "pick":
      return graph.select(c!, b!, a!);
    case "indicator":
      return graph.select(graph.number(0), graph.number(1), a!);
    case "guard":
      return graph.select(a!, b!, graph.float("ne", b!, b!));
    case "sign": {
      const zero = graph.number(0);
      const one = graph.bitwise("or", graph.number(1), graph.bitwise("and", a!, graph.number(-0)));
      // Zeros and NaN are their own signs.
      const isOther = graph.bitwise("or", graph.float("lt", a!, zero), graph.float("gt", a!, zero));
      return graph.select(a!, one, isOther);
    }
    case "is_finite":
      return graph.float("lt", graph.float("abs", a!), graph.number(Infinity));
    case "pi":
      return graph.number(Math.PI);
    case "infinity":
      return graph.number(Infinity);
    default:
      return expandCall(graph, simdLibrary(graph.lanes), primitive, operands);
  }
}
