/** What a `random` clause draws: numbers made of uniform ones, each of a stream of its own. */
import { apply, constant, type Expr, Space, variable, type Variable } from "../ir/expr.js";
import { drawn, inTraining, type Randomness, trainingBounds } from "../ir/random.js";
import { rational } from "../ir/rational.js";
import { constantValue } from "../numerics/constant.js";

/** The streams of one activation, those of the definitions that it calls among them. */
export class Streams {
  private readonly draws: Variable[] = [];
  private readonly values = new Map<Expr, string>();
  private readonly normals = new Map<Expr, string>();
  private readonly training: Variable;
  private readonly seed: string;

  /** @param taken the names in the activation's definition: what is named here has others */
  constructor(private readonly taken: ReadonlySet<string>) {
    this.training = variable(this.free("training"), "training", Space.uniform, trainingBounds);
    this.seed = this.free("seed");
  }

  /** The name, or one like it that nothing has. */
  free(wanted: string): string {
    const { values, normals, draws } = this;
    const given = new Set([...values.values(), ...normals.values(), ...draws.map((draw) => draw.name)]);
    let name = wanted;
    while (this.taken.has(name) || given.has(name)) name = `${name}_`;
    return name;
  }

  private uniform(): Variable {
    const draw = variable(this.free(`u${this.draws.length}`), "random", Space.element, drawn);
    this.draws.push(draw);
    return draw;
  }

  /** Null where nothing was drawn. */
  get randomness(): Randomness | null {
    const { draws, training, seed, values, normals } = this;
    return draws.length === 0 ? null : { draws, training, seed, values, normals };
  }

  /** How many numbers were drawn so far. */
  get count(): number {
    return this.draws.length;
  }

  /** What was drawn since there were so many, and what tells whether it was: what a call depends on. */
  since(count: number): readonly Variable[] {
    return this.count === count ? [] : [...this.draws.slice(count), this.training];
  }

  /** @param name what it is called where formulas are shown */
  value(name: string, distribution: string, operands: readonly Expr[], evaluation: Expr): Expr {
    const value = inTraining(this.training, this.drawnFrom(distribution, operands), evaluation);
    this.values.set(value, name);
    return value;
  }

  private normal(): Expr {
    const node = normal(this.uniform(), this.uniform());
    this.normals.set(node, this.free(`z${this.normals.size}`));
    return node;
  }

  private drawnFrom(distribution: string, [a = constant(0), b = constant(1)]: readonly Expr[]): Expr {
    switch (distribution) {
      case "uniform":
        return apply("add", [a, apply("multiply", [apply("subtract", [b, a]), this.uniform()])]);
      case "normal":
        return apply("add", [a, apply("multiply", [b, this.normal()])]);
      default:
        return apply("where", [apply("less", [this.uniform(), a]), constant(1), constant(0)]);
    }
  }
}

/**
 * Box and Muller's sqrt(-2 log u) * cos(2 pi v). The cosine is spelled sin(2 pi (|v - 1/2| - 1/4)): what is in the brackets is
 * exact and at most 1/4, so that the sine is as accurate at its zeros as elsewhere.
 */
function normal(u: Expr, v: Expr): Expr {
  const turns = apply("subtract", [
    apply("abs", [apply("subtract", [v, constant(rational(1, 2))])]),
    constant(rational(1, 4)),
  ]);
  const angle = apply("multiply", [apply("multiply", [constant(2), apply("pi", [])]), turns]);
  const radius = apply("sqrt", [apply("multiply", [constant(-2), apply("log", [u])])]);
  return apply("multiply", [radius, apply("sin", [angle])]);
}

/** What is wrong with the arguments of a distribution, as far as they are constants; null where nothing is. */
export function misplaced(distribution: string, operands: readonly Expr[]): string | null {
  const [a = NaN, b = NaN] = operands.map((operand) =>
    operand.space === Space.constant ? (constantValue(operand) ?? NaN) : NaN,
  );
  switch (distribution) {
    case "uniform":
      return a > b ? `'uniform' goes from ${a} down to ${b}` : null;
    case "normal":
      return b < 0 ? `the standard deviation of 'normal' is ${b}, which is negative` : null;
    default:
      return a < 0 || a > 1 ? `the probability of 'bernoulli' is ${a}, which is not in [0, 1]` : null;
  }
}
