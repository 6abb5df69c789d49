/**
 * Expressions over the reals: constants, variables and applications of primitives, interned, so that `===` is
 * structural equality and a common subexpression is one node. Ids grow from operands to results: sorting by id is a
 * topological order, and every pass is a loop over it (no recursion, so that no definition is too deep).
 */
import { primitive as primitiveRow, type PrimitiveName, type ValueType } from "../primitives/table.js";
import { type Known, Memo } from "./memo.js";
import { type Rational, rational } from "./rational.js";

/** On what a value depends, a set of bits; 0 is a constant. `axis`: on the position along the axis that is reduced. */
export const Space = { constant: 0, uniform: 1, channel: 2, row: 4, element: 8, axis: 16 } as const;

/** Whether a value changes along the axis: the channels may lie along it. */
export const variesAlongAxis = ({ space }: Pick<Expr, "space">): boolean =>
  (space & (Space.element | Space.axis | Space.channel)) !== 0;

export interface Constant {
  readonly kind: "constant";
  readonly value: Rational;
  readonly id: number;
  readonly type: "number";
  readonly space: number;
  readonly known: Known;
}

export type VariableRole =
  | "input"
  | "hyperparameter"
  | "learned"
  | "cotangent"
  | "random"
  | "training"
  | "formal"
  /** How long the axis is. */
  | "axisLength"
  /** An element's place along the axis, from 0. */
  | "position";

export interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

/** Whether a number is between bounds, and is none of them; without bounds every number is. */
export const isInside = (bounds: Bounds | null, x: number): boolean => !bounds || (x > bounds.low && x < bounds.high);

export interface Variable {
  readonly kind: "variable";
  readonly name: string;
  readonly role: VariableRole;
  /** The range that was declared for it. */
  readonly bounds: Bounds | null;
  readonly id: number;
  readonly type: "number";
  readonly space: number;
  readonly known: Known;
}

export interface Application {
  readonly kind: "application";
  readonly primitive: PrimitiveName;
  readonly operands: readonly Expr[];
  /** What a call with declared gradients carries; part of the node's identity. */
  readonly rule: CustomGradient | null;
  readonly id: number;
  readonly type: ValueType;
  readonly space: number;
  readonly known: Known;
}

export type Expr = Constant | Variable | Application;

/**
 * A definition with `grad` clauses, called: the operands of the application are the actual arguments, in the order of
 * `formals`; `gradients` replaces the derivative in some of them, the others keep that of `body`.
 */
export interface CustomGradient {
  readonly name: string;
  readonly formals: readonly Variable[];
  readonly body: Expr;
  readonly gradients: ReadonlyMap<Variable, Expr>;
}

interface Graph {
  readonly leaves: Map<string, Constant | Variable>;
  /** By primitive, then by the operands' ids. */
  readonly applications: Map<PrimitiveName, Map<string | number, Application>>;
  readonly rules: Map<CustomGradient, number>;
  /** What {@link GraphTable}s hold. */
  readonly tables: Map<unknown, Map<string, Expr>>;
  next: number;
}

const newGraph = (): Graph => ({
  leaves: new Map(),
  applications: new Map(),
  rules: new Map(),
  tables: new Map(),
  next: 0,
});
let graph = newGraph();

/**
 * What a function has made of nodes of the current graph, by their ids. Making it again would find every node interned and add
 * none, so whether it is remembered changes nothing, the ids of later nodes included.
 */
export class GraphTable {
  remembered(key: string, make: () => Expr): Expr {
    let table = graph.tables.get(this);
    if (!table) graph.tables.set(this, (table = new Map()));
    let made = table.get(key);
    if (!made) table.set(key, (made = make()));
    return made;
  }
}

/** Runs `build` with an empty table of nodes; nodes of different graphs must not meet. */
export function inFreshGraph<T>(build: () => T): T {
  const outer = graph;
  graph = newGraph();
  try {
    return build();
  } finally {
    graph = outer;
  }
}

function intern<T extends Constant | Variable>(key: string, make: (id: number) => T): T {
  const known = graph.leaves.get(key);
  // The key determines the node's kind: the one cast of the house.
  if (known) return known as T;
  const node = make(graph.next++);
  graph.leaves.set(key, node);
  return node;
}

export function constant(value: Rational | number | bigint): Constant {
  const exact = typeof value === "object" ? value : rational(value);
  return intern(`${exact.numerator}/${exact.denominator}`, (id) => ({
    kind: "constant",
    value: exact,
    id,
    type: "number",
    space: Space.constant,
    known: [],
  }));
}

export function variable(name: string, role: VariableRole, space: number, bounds: Bounds | null = null): Variable {
  return intern(`${role} ${name}`, (id) => ({
    kind: "variable",
    name,
    role,
    bounds,
    id,
    type: "number",
    space,
    known: [],
  }));
}

export const axisLength = (): Variable =>
  variable("axisLength", "axisLength", Space.uniform, { low: 1, high: Infinity, lowClosed: true, highClosed: false });
export const position = (): Variable => variable("position", "position", Space.axis);

/** Applies a primitive as it stands: nothing is simplified. */
export function apply(
  primitive: PrimitiveName,
  operands: readonly Expr[],
  rule: CustomGradient | null = null,
): Application {
  let known = graph.applications.get(primitive);
  if (!known) graph.applications.set(primitive, (known = new Map()));
  const key = keyOf(operands, rule);
  let node = known.get(key);
  if (!node) {
    const row = primitiveRow(primitive);
    let space = operands.reduce((bits, operand) => bits | operand.space, 0);
    if (row.reduces && space > Space.uniform) space = (space & Space.uniform) | Space.row;
    node = { kind: "application", primitive, operands, rule, id: graph.next++, type: row.result, space, known: [] };
    known.set(key, node);
  }
  return node;
}

/** What tells applications of one primitive apart: one or two ids in a number, else a text. */
function keyOf(operands: readonly Expr[], rule: CustomGradient | null): string | number {
  const [a, b] = operands;
  if (rule === null && a && operands.length <= 2) return a.id + (b ? b.id + 1 : 0) * 2 ** 26;
  const ids = operands.map((operand) => operand.id).join();
  if (rule === null) return ids;
  let number = graph.rules.get(rule);
  if (number === undefined) graph.rules.set(rule, (number = graph.rules.size));
  return `#${number} ${ids}`;
}

export const isApplication = <P extends PrimitiveName>(
  node: Expr,
  primitive: P,
): node is Application & { readonly primitive: P } => node.kind === "application" && node.primitive === primitive;

/** Nodes that roots are made of, operands before results, and where in the list the operands of each stand, one after the other. */
interface Beneath {
  readonly nodes: readonly Expr[];
  readonly places: readonly number[];
}

const beneath = new Memo<Beneath>();

/** All nodes that the roots are made of, operands before results. */
export function reachable(roots: Iterable<Expr>): readonly Expr[] {
  const [root, ...others] = roots;
  if (!root) return [];
  return others.length > 0 ? collected([root, ...others]) : nodesBeneath(root).nodes;
}

function nodesBeneath(root: Expr): Beneath {
  let known = beneath.get(root);
  if (!known) {
    const nodes = collected([root]);
    const placeOf = new Map<Expr, number>(nodes.map((node, i) => [node, i]));
    const places: number[] = [];
    for (const node of nodes) {
      if (node.kind === "application") for (const operand of node.operands) places.push(placeOf.get(operand) ?? -1);
    }
    known = { nodes, places };
    beneath.set(root, known);
  }
  return known;
}

function collected(roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === "application") for (const operand of node.operands) if (!seen.has(operand)) stack.push(operand);
  }
  // Found from the results on: turned round, they are nearly in order.
  return [...seen].reverse().sort((a, b) => a.id - b.id);
}

/** Computes a value for each node from the values of its operands; returns that of the root. */
export function fold<T>(root: Expr, visit: (node: Expr, operands: readonly T[]) => T): T {
  const { nodes, places } = nodesBeneath(root);
  const values: T[] = [];
  let next = 0;
  for (const node of nodes) {
    // Operands come before what they belong to, so they have values.
    const operands: T[] = [];
    const count = node.kind === "application" ? node.operands.length : 0;
    while (operands.length < count) operands.push(values[places[next++]!]!);
    values.push(visit(node, operands));
  }
  return values[values.length - 1]!;
}

/** Rebuilds an expression bottom-up; `visit` gets each node with its operands already rebuilt. */
export function rebuild(
  root: Expr,
  visit: (node: Application, operands: readonly Expr[]) => Expr,
  leaf: (node: Constant | Variable) => Expr = (node) => node,
): Expr {
  return fold<Expr>(root, (node, operands) => (node.kind === "application" ? visit(node, operands) : leaf(node)));
}

/** Replaces variables, with `build` making the applications above them (by default as they stand). */
export function substitute(
  root: Expr,
  replacements: ReadonlyMap<Expr, Expr>,
  build: (primitive: PrimitiveName, operands: readonly Expr[], rule: CustomGradient | null) => Expr = apply,
): Expr {
  return fold<Expr>(root, (node, operands) => {
    const replacement = replacements.get(node);
    if (replacement) return replacement;
    if (node.kind !== "application") return node;
    return operands.every((operand, i) => operand === node.operands[i])
      ? node
      : build(node.primitive, operands, node.rule);
  });
}

type Variables = ReadonlySet<Variable>;

const variables = new Memo<Variables>();
const noVariables: Variables = new Set();

/** The variables that occur, in the order of their ids. */
export function variablesOf(root: Expr): Variables {
  const known = variables.get(root);
  if (known) return known;
  const stack = [root];
  for (let node = stack.at(-1); node; node = stack.at(-1)) {
    const missing = node.kind === "application" ? node.operands.filter((each) => !variables.get(each)) : [];
    if (missing.length > 0) stack.push(...missing);
    else {
      if (!variables.get(node)) variables.set(node, ownVariables(node));
      stack.pop();
    }
  }
  return variables.get(root) ?? noVariables;
}

/** Of a node whose operands' variables are known. */
function ownVariables(node: Expr): Variables {
  if (node.kind === "variable") return new Set([node]);
  if (node.kind === "constant") return noVariables;
  const sets = node.operands.map((operand) => variables.get(operand) ?? noVariables);
  const most = sets.reduce((a, b) => (b.size > a.size ? b : a), noVariables);
  if (sets.every((set) => set === most || [...set].every((each) => most.has(each)))) return most;
  return new Set([...new Set(sets.flatMap((set) => [...set]))].sort((a, b) => a.id - b.id));
}

export function occurs(needle: Expr, haystack: Expr): boolean {
  if (needle.kind === "variable") return variablesOf(haystack).has(needle);
  return haystack === needle || reachable([haystack]).includes(needle);
}
