/**
 * Expressions compiled to a list of double-double operations, as they are written: calls expanded, nothing simplified.
 * Derivatives come along by forward-mode differentiation with the textbooks' tangents: neither the compiler's own
 * formulas nor its rewriting are in it. All branches are computed, and the chosen one is taken.
 */
import { fromRational, type Ball } from "./ball.js";
import {
  absolute,
  add,
  copy,
  divide,
  isExactZero,
  isNotANumber,
  type Memory,
  multiply,
  negate,
  put,
  scale,
  setHuge,
  setNotANumber,
  setUnknown,
  setZero,
  signOf,
  squareRoot,
  subtract,
  valueOf,
  width,
} from "./double-double.js";
import { erf, erfc, normcdf } from "./double-double-error.js";
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  cos,
  cosh,
  cubeRoot,
  exp,
  expm1,
  floor,
  log,
  log1p,
  logaddexp,
  logSigmoid,
  newMemory,
  one,
  pi,
  place,
  power,
  reciprocalSquareRoot,
  round,
  sigmoid,
  sin,
  sinh,
  softplus,
  tan,
  tanh,
} from "./double-double-functions.js";
import { partsOf } from "./double-double-parts.js";
import { type Application, type Expr, reachable, type Variable } from "../ir/expr.js";
import type { Rational } from "../ir/rational.js";
import { primitive as primitiveRow, type PrimitiveName } from "../primitives/table.js";

/** Reads the places a, b, c and writes the place d. */
type Operation = (m: Memory, d: number, a: number, b: number, c: number) => void;

/** What a condition comes to, in the first place of its number. */
const Outcome = { false: 0, true: 1, notANumber: 2, unknown: 3 } as const;

const outcomes = {
  less: [-1],
  lessOrEqual: [-1, 0],
  greater: [1],
  greaterOrEqual: [0, 1],
  equal: [0],
  notEqual: [-1, 1],
};
type Comparison = keyof typeof outcomes;
const isComparison = (name: string): name is Comparison => name in outcomes;

const difference = place(26);

function selectInto(m: Memory, d: number, condition: number, a: number, b: number): void {
  switch (m[condition]) {
    case Outcome.true:
      return copy(m, d, a);
    case Outcome.false:
      return copy(m, d, b);
    case Outcome.notANumber:
      return setNotANumber(m, d);
    default:
      return a === b ? copy(m, d, a) : setUnknown(m, d);
  }
}

/** What absorbs the other operand decides, but NaN in either is NaN. */
const combined =
  (absorbing: number): Operation =>
  (m, d, a, b) => {
    const [p, q] = [m[a], m[b]];
    const either = (outcome: number): boolean => p === outcome || q === outcome;
    m[d] = either(Outcome.notANumber)
      ? Outcome.notANumber
      : either(absorbing)
        ? absorbing
        : either(Outcome.unknown)
          ? Outcome.unknown
          : 1 - absorbing;
  };

function signInto(m: Memory, d: number, a: number): void {
  const s = signOf(m, a);
  if (isNotANumber(m, a)) setNotANumber(m, d);
  else if (Number.isNaN(s)) setUnknown(m, d);
  else if (s === 0) setZero(m, d);
  else put(m, d, s, 0, 0, 0);
}

/**
 * A tangent that is no number but absent: it is 0, even beside an infinity. A zero with an exponent, which no operation
 * makes.
 */
const isAbsent = (m: Memory, a: number): boolean => m[a] === 0 && m[a + 2] === 1 && m[a + 3] === 0;
function setAbsent(m: Memory, d: number): void {
  setZero(m, d);
  m[d + 2] = 1;
}

/** An operation whose operand b is a tangent, and whose result is absent if that is. */
const unlessAbsent =
  (operation: Operation): Operation =>
  (m, d, a, b, c) =>
    isAbsent(m, b) ? setAbsent(m, d) : operation(m, d, a, b, c);

/** The sum of two tangents, or their difference. */
function addTangents(m: Memory, d: number, a: number, b: number): void {
  if (isAbsent(m, a)) copy(m, d, b);
  else if (isAbsent(m, b)) copy(m, d, a);
  else add(m, d, a, b);
}
function subtractTangents(m: Memory, d: number, a: number, b: number): void {
  if (isAbsent(m, b)) copy(m, d, a);
  else if (isAbsent(m, a)) negate(m, d, b);
  else subtract(m, d, a, b);
}

/** b·a^(b − 1), and a^b·log a for a > 0 with its limit at 0: the derivatives of a power. */
const [lessOne, factor] = [place(27), place(28)];
function powerInBase(m: Memory, d: number, a: number, b: number): void {
  if (isExactZero(m, b)) return setZero(m, d);
  subtract(m, lessOne, b, one);
  power(m, factor, a, lessOne);
  multiply(m, d, b, factor);
}
function powerInExponent(m: Memory, d: number, a: number, b: number, value: number): void {
  if (isExactZero(m, a)) return signOf(m, b) === 1 ? setZero(m, d) : setNotANumber(m, d);
  log(m, factor, a);
  multiply(m, d, value, factor);
}

/** Every operation, by the name under which equal ones are recognised. */
const operations = {
  add,
  subtract,
  multiply,
  divide,
  negate,
  abs: absolute,
  sqrt: squareRoot,
  exp,
  expm1,
  log,
  log1p,
  rsqrt: reciprocalSquareRoot,
  cbrt: cubeRoot,
  pow: power,
  logaddexp,
  sigmoid,
  softplus,
  log_sigmoid: logSigmoid,
  tanh,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  erf,
  erfc,
  normcdf,
  floor,
  ceil,
  round,
  pi,
  sign: signInto,
  infinity: (m, d) => setHuge(m, d, 1, 2 ** 201, 0, Infinity),
  unknown: (m, d) => setUnknown(m, d),
  where: selectInto,
  and: combined(Outcome.false),
  or: combined(Outcome.true),
  not: (m, d, a) => {
    m[d] = m[a] === Outcome.true ? Outcome.false : m[a] === Outcome.false ? Outcome.true : m[a]!;
  },
  halved: (m, d, a) => scale(m, d, a, -1),
  doubled: (m, d, a) => scale(m, d, a, 1),
  powerInBase,
  powerInExponent,
  absent: setAbsent,
  timesTangent: unlessAbsent(multiply),
  tangentOver: unlessAbsent((m, d, a, b) => divide(m, d, b, a)),
  negateTangent: unlessAbsent((m, d, _, b) => negate(m, d, b)),
  addTangents,
  subtractTangents,
} as const satisfies Readonly<Record<string, Operation>>;

type OperationName = keyof typeof operations;
const isOperation = (name: PrimitiveName): name is PrimitiveName & OperationName => name in operations;

/** Places of a value and of its tangent; null is a tangent that is surely absent. */
interface Dual {
  readonly value: number;
  readonly tangent: number | null;
}

type Derivative = (emit: Emitter, a: number, value: number) => number;

const square = (e: Emitter, a: number): number => e.emit("multiply", a, a);
const reciprocal = (e: Emitter, a: number): number => e.emit("divide", one, a);
const plusOne = (e: Emitter, a: number): number => e.emit("add", one, a);
const minus = (e: Emitter, a: number): number => e.emit("negate", a);
/** 1 / (1 + exp(a)) */
const falling = (e: Emitter, a: number): number => reciprocal(e, plusOne(e, e.emit("exp", a)));
/** 1 − a² */
const complement = (e: Emitter, a: number): number => e.emit("subtract", one, square(e, a));
/** 2/√π · exp(−a²) */
const gaussian = (e: Emitter, a: number): number =>
  e.emit("divide", e.emit("doubled", e.emit("exp", minus(e, square(e, a)))), e.emit("sqrt", e.emit("pi")));

/** exp(−|a|) / (1 + exp(−|a|))² */
const logistic = (e: Emitter, a: number): number => {
  const decay = e.emit("exp", minus(e, e.emit("abs", a)));
  return e.emit("divide", decay, square(e, plusOne(e, decay)));
};
/** exp(−a²/2) / √(2π) */
const density = (e: Emitter, a: number): number =>
  e.emit(
    "divide",
    e.emit("exp", minus(e, e.emit("halved", square(e, a)))),
    e.emit("sqrt", e.emit("doubled", e.emit("pi"))),
  );

/** f′ of the functions of one operand. */
const derivatives: Partial<Record<PrimitiveName, Derivative>> = {
  negate: (e) => minus(e, one),
  abs: (e, a) => e.emit("sign", a),
  exp: (_, __, value) => value,
  expm1: (e, a) => e.emit("exp", a),
  log: (e, a) => reciprocal(e, a),
  log1p: (e, a) => reciprocal(e, plusOne(e, a)),
  sqrt: (e, _, value) => reciprocal(e, e.emit("doubled", value)),
  rsqrt: (e, a, value) => minus(e, e.emit("halved", e.emit("divide", value, a))),
  cbrt: (e, _, value) => reciprocal(e, e.emit("multiply", e.number(3), square(e, value))),
  sigmoid: (e, a) => logistic(e, a),
  softplus: (e, a) => falling(e, minus(e, a)),
  log_sigmoid: (e, a) => falling(e, a),
  tanh: (e, a) => reciprocal(e, square(e, e.emit("cosh", a))),
  erf: gaussian,
  erfc: (e, a) => minus(e, gaussian(e, a)),
  normcdf: (e, a) => density(e, a),
  sin: (e, a) => e.emit("cos", a),
  cos: (e, a) => minus(e, e.emit("sin", a)),
  tan: (e, a) => reciprocal(e, square(e, e.emit("cos", a))),
  atan: (e, a) => reciprocal(e, plusOne(e, square(e, a))),
  asin: (e, a) => reciprocal(e, e.emit("sqrt", complement(e, a))),
  acos: (e, a) => minus(e, reciprocal(e, e.emit("sqrt", complement(e, a)))),
  sinh: (e, a) => e.emit("cosh", a),
  cosh: (e, a) => e.emit("sinh", a),
  asinh: (e, a) => reciprocal(e, e.emit("sqrt", plusOne(e, square(e, a)))),
  acosh: (e, a) => reciprocal(e, e.emit("sqrt", e.emit("subtract", square(e, a), one))),
  atanh: (e, a) => reciprocal(e, complement(e, a)),
};

/** What occurs in derivatives only, by the compiler's own calculus. */
const compositions: Partial<Record<PrimitiveName, (e: Emitter, a: number, b: number) => number>> = {
  logistic: (e, a) => logistic(e, a),
  logistic_moment: (e, a) => e.emit("multiply", a, logistic(e, a)),
  normpdf: (e, a) => density(e, a),
  logcosh: (e, a) => e.emit("log1p", e.emit("doubled", square(e, e.emit("sinh", e.emit("halved", a))))),
  log1p_square: (e, a) => e.emit("log1p", square(e, a)),
  hypot: (e, a, b) => e.emit("sqrt", e.emit("add", square(e, a), square(e, b))),
};

/** Those whose derivative is 0 wherever it exists, and those that stop it. */
const flat: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["sign", "floor", "ceil", "round", "stop_gradient"]);

interface Instruction {
  readonly operation: Operation;
  readonly d: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Operands of functions with a kink or a jump at 0, and of those that jump at multiples of 1/2. */
type PivotKind = "sign" | "step";

class Emitter {
  readonly instructions: Instruction[] = [];
  readonly constants: { readonly at: number; readonly h: number; readonly l: number; readonly r: number }[] = [];
  /** Conditions, and operands of functions with kinks and jumps. */
  readonly conditions = new Set<number>();
  readonly pivots = new Map<number, PivotKind>();
  /** What was compared: left minus right, in the order in which comparisons were met. */
  readonly differences: number[] = [];
  private readonly known = new Map<string, number>();
  private next = newMemory(0).first;

  /** @param tolerance how close to each other compared numbers get the other outcome: relative to their size, and in any case */
  constructor(private readonly tolerance: Float64Array) {}

  get size(): number {
    return this.next;
  }

  reserve(): number {
    const at = this.next;
    this.next += width;
    return at;
  }

  emit(name: OperationName, a = 0, b = 0, c = 0): number {
    return this.place(`${name} ${a} ${b} ${c}`, operations[name], a, b, c);
  }

  private place(key: string, operation: Operation, a: number, b: number, c: number): number {
    let d = this.known.get(key);
    if (d === undefined) {
      d = this.reserve();
      this.known.set(key, d);
      this.instructions.push({ operation, d, a, b, c });
    }
    return d;
  }

  /** Conditions that compare what the kernel has rounded may be turned round where the tolerance says so. */
  compare(name: Comparison, a: number, b: number, rounded: boolean): number {
    const holds: readonly number[] = outcomes[name];
    const same = a === b;
    const { tolerance, differences } = this;
    const met = differences.length;
    const d = this.place(
      `${name} ${a} ${b}`,
      (m, to) => {
        if (isNotANumber(m, a) || isNotANumber(m, b)) {
          m[to] = Outcome.notANumber;
          return;
        }
        subtract(m, difference, a, b);
        differences[met] = valueOf(m, difference);
        // A number equals itself, however little is known about it.
        const order = same ? 0 : signOf(m, difference);
        m[to] = Number.isNaN(order) ? Outcome.unknown : holds.includes(order) ? Outcome.true : Outcome.false;
        const [width, least] = [tolerance[0]!, tolerance[1]!];
        if (width === 0 || !rounded || same || m[to]! > 1) return;
        const size = Math.abs(m[a]!) + Math.abs(m[b]!);
        const ordinary = m[difference + 2] === 0 && m[a + 2] === 0 && m[b + 2] === 0;
        if (ordinary && Math.abs(m[difference]!) <= Math.max(width * size, least)) m[to] = 1 - m[to]!;
      },
      a,
      b,
      0,
    );
    if (!this.conditions.has(d)) differences.push(NaN);
    this.conditions.add(d);
    return d;
  }

  number(value: number): number {
    return this.constant({ numerator: BigInt(value), denominator: 1n });
  }

  constant({ numerator, denominator }: Rational): number {
    const key = `${numerator}/${denominator}`;
    let at = this.known.get(key);
    if (at === undefined) {
      at = this.reserve();
      this.known.set(key, at);
      const ball = fromRational(numerator, denominator, 300);
      const [h = NaN, l = NaN, rest = NaN] = partsOf(ball, 3);
      this.constants.push({ at, h, l, r: isExactBall(ball) && rest === 0 ? 0 : Math.abs(h) * 2 ** -105 });
    }
    return at;
  }
}

const isExactBall = (ball: Ball): boolean => ball.kind === "finite" && ball.radius === 0n;

/** The places of an expression's value and tangent, for the variables' places. */
function compileExpression(root: Expr, variables: ReadonlyMap<Variable, Dual>, e: Emitter): Dual {
  const duals = new Map<Expr, Dual>();
  const dual = (node: Expr | undefined): Dual => {
    const found = node && duals.get(node);
    if (!found) throw new TypeError("an operand has no place yet");
    return found;
  };
  for (const node of reachable([root])) {
    if (node.kind === "constant") duals.set(node, { value: e.constant(node.value), tangent: null });
    else if (node.kind === "variable") {
      duals.set(node, variables.get(node) ?? { value: e.emit("unknown"), tangent: null });
    } else duals.set(node, compileApplication(node, node.operands.map(dual), e));
  }
  return dual(root);
}

function compileApplication(node: Application, operands: readonly Dual[], e: Emitter): Dual {
  const { primitive } = node;
  const [a = none, b = none, c = none] = operands;
  if (isComparison(primitive)) {
    const rounded = node.operands.some((operand) => operand.kind === "application");
    return { value: e.compare(primitive, a.value, b.value, rounded), tangent: null };
  }
  switch (primitive) {
    case "where":
      return compileSelection(node, a.value, b, c, e);
    case "custom":
      return compileCustom(node, operands, e);
    case "stop_gradient":
    case "mean":
    case "maximum":
    case "minimum":
      // Over a row, these are their operand where that is a constant; nothing else is asked here.
      return { value: a.value, tangent: primitive === "stop_gradient" ? null : a.tangent };
    case "abs":
    case "sign":
      e.pivots.set(a.value, "sign");
      break;
    case "floor":
    case "ceil":
    case "round":
      e.pivots.set(a.value, "step");
  }
  const composition = compositions[primitive];
  if (composition) {
    const still = operands.every(({ tangent }) => tangent === null);
    return { value: composition(e, a.value, b.value), tangent: still ? null : e.emit("unknown") };
  }
  if (!isOperation(primitive)) return { value: e.emit("unknown"), tangent: null };
  const value = e.emit(primitive, a.value, b.value);
  const still = primitiveRow(primitive).result === "condition" || flat.has(primitive);
  return { value, tangent: still ? null : tangentOf(primitive, operands, value, e) };
}

const none: Dual = { value: 0, tangent: null };

function compileSelection({ operands }: Application, condition: number, a: Dual, b: Dual, e: Emitter): Dual {
  const value = e.emit("where", condition, a.value, b.value);
  if (a.tangent === null && b.tangent === null) return { value, tangent: null };
  const [test] = operands;
  // Where an equality chose, the derivative may be the limit of the other branch's: that is left to others.
  const chooses = (name: PrimitiveName): boolean => test?.kind === "application" && test.primitive === name;
  const absent = e.emit("absent");
  const left = chooses("equal") ? e.emit("unknown") : (a.tangent ?? absent);
  const right = chooses("notEqual") ? e.emit("unknown") : (b.tangent ?? absent);
  return { value, tangent: e.emit("where", condition, left, right) };
}

/** A call with declared gradients: they stand in for the derivatives of the body. */
function compileCustom({ rule }: Application, operands: readonly Dual[], e: Emitter): Dual {
  if (!rule) throw new TypeError("a call with declared gradients has none");
  const within = (root: Expr, seed: number | null): Dual => {
    const variables = rule.formals.map((formal, i): [Variable, Dual] => [
      formal,
      { value: operands[i]?.value ?? e.emit("unknown"), tangent: i === seed ? one : null },
    ]);
    return compileExpression(root, new Map(variables), e);
  };
  let tangent: number | null = null;
  rule.formals.forEach((formal, i) => {
    const passed = operands[i]?.tangent ?? null;
    if (passed === null) return;
    const declared = rule.gradients.get(formal);
    const partial = declared ? within(declared, null).value : within(rule.body, i).tangent;
    tangent = plus(e, tangent, partial === null ? null : times(e, partial, passed));
  });
  return { value: within(rule.body, null).value, tangent };
}

function tangentOf(primitive: PrimitiveName, operands: readonly Dual[], value: number, e: Emitter): number | null {
  if (operands.every(({ tangent }) => tangent === null)) return null;
  const [a, b] = operands;
  if (!a) return null;
  if (!b) {
    const derivative = derivatives[primitive];
    if (!derivative || a.tangent === null) return e.emit("unknown");
    return times(e, derivative(e, a.value, value), a.tangent);
  }
  switch (primitive) {
    case "add":
      return plus(e, a.tangent, b.tangent);
    case "subtract":
      return less(e, a.tangent, b.tangent);
    case "multiply":
      return plus(e, times(e, b.value, a.tangent), times(e, a.value, b.tangent));
    case "divide": {
      const above = less(e, times(e, b.value, a.tangent), times(e, a.value, b.tangent));
      return above === null ? null : e.emit("tangentOver", square(e, b.value), above);
    }
    case "pow":
      return plus(
        e,
        a.tangent === null ? null : times(e, e.emit("powerInBase", a.value, b.value), a.tangent),
        b.tangent === null ? null : times(e, e.emit("powerInExponent", a.value, b.value, value), b.tangent),
      );
    case "logaddexp":
      return plus(
        e,
        times(e, falling(e, e.emit("subtract", b.value, a.value)), a.tangent),
        times(e, falling(e, e.emit("subtract", a.value, b.value)), b.tangent),
      );
    default:
      return e.emit("unknown");
  }
}

function times(e: Emitter, factor: number, tangent: number | null): number | null {
  if (tangent === null || tangent === one) return tangent === null ? null : factor;
  return e.emit("timesTangent", factor, tangent);
}

function plus(e: Emitter, a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : e.emit("addTangents", a, b);
}

function less(e: Emitter, a: number | null, b: number | null): number | null {
  if (b === null) return a;
  return a === null ? e.emit("negateTangent", 0, b) : e.emit("subtractTangents", a, b);
}

/** What {@link compileProgram} makes. */
export class Program {
  private readonly inputs: readonly number[];
  private readonly instructions: readonly Instruction[];
  private readonly conditions: readonly number[];
  private readonly pivots: readonly number[];
  private readonly differences: readonly number[];
  /** Of each of `borders`, whether it matters at multiples of 1/2, and not at 0 alone. */
  readonly steps: readonly boolean[];
  private readonly tolerance = new Float64Array(2);
  readonly memory: Memory;
  /** Places of the results: the value, and the tangent if there is one. */
  readonly value: number;
  readonly tangent: number | null;

  constructor(root: Expr, variables: readonly Variable[], seed: Variable | null) {
    const e = new Emitter(this.tolerance);
    this.inputs = variables.map(() => e.reserve());
    const places = variables.map((variable, i): [Variable, Dual] => [
      variable,
      { value: this.inputs[i] ?? 0, tangent: variable === seed ? one : null },
    ]);
    const { value, tangent } = compileExpression(root, new Map(places), e);
    this.value = value;
    this.tangent = tangent;
    this.instructions = e.instructions;
    this.conditions = [...e.conditions];
    this.pivots = [...e.pivots.keys()];
    this.differences = e.differences;
    this.steps = [...e.differences.map(() => false), ...[...e.pivots.values()].map((kind) => kind === "step")];
    this.memory = newMemory((e.size - newMemory(0).first) / width).memory;
    for (const { at, h, l, r } of e.constants) put(this.memory, at, h, l, 0, r);
  }

  /** Computes for the variables' numbers. An infinite one is not a number yet: limits are left to others. */
  run(values: ArrayLike<number>): void {
    const { memory, inputs, instructions } = this;
    for (let i = 0; i < inputs.length; i++) {
      const x = values[i]!;
      const at = inputs[i]!;
      if (Math.abs(x) < Infinity) put(memory, at, x, 0, 0, 0);
      else if (Number.isNaN(x)) setNotANumber(memory, at);
      else setUnknown(memory, at);
    }
    for (let i = 0; i < instructions.length; i++) {
      const { operation, d, a, b, c } = instructions[i]!;
      operation(memory, d, a, b, c);
    }
  }

  /** As `run`, with each comparison of rounded numbers turned round that differ by less than so much of their size, or at all. */
  runTurned(values: ArrayLike<number>, tolerance: number, least: number): void {
    this.tolerance.set([tolerance, least]);
    this.run(values);
    this.tolerance.fill(0);
  }

  /** Numbers at whose zeros the formula has its kinks and jumps, in the last run: what is compared, and the like. */
  borders(): number[] {
    return [...this.differences, ...this.pivots.map((pivot) => valueOf(this.memory, pivot))];
  }

  /** Which branches were taken in the last run: equal numbers for equal ones. */
  branches(): number {
    const { memory, conditions, pivots } = this;
    let hash = 0;
    for (const condition of conditions) hash = Math.imul(hash, 31) + memory[condition]!;
    for (const pivot of pivots) hash = Math.imul(hash, 31) + (memory[pivot]! < 0 ? 1 : memory[pivot]! > 0 ? 2 : 3);
    return hash;
  }
}
