/** Random syntax trees: every form of expression, parameter and clause. Not meant to make sense, only to be grammatical. */
import type {
  BinaryOperator,
  Clause,
  ComparisonOperator,
  Definition,
  Expression,
  Name,
  Parameter,
} from "../../grammar/syntax.js";

const span = { start: 0, end: 0 };

/** Words that mean something in their place are names everywhere else. */
const names = [
  "x",
  "y",
  "beta",
  "learn",
  "axis",
  "in",
  "train",
  "eval",
  "uniform",
  "channel",
  "e",
  "_",
  "__proto__",
  "vec4",
];
const numbers = ["0", "1", "2.5", ".5", "3.", "1e-9", "12E+3", "0.044715"];
const binaries: readonly BinaryOperator[] = ["+", "-", "*", "/", "^"];
const comparisons: readonly ComparisonOperator[] = ["<", "<=", ">", ">=", "==", "!="];

/** A generator of numbers in [0, 1): mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class RandomDefinitions {
  constructor(private readonly random: () => number) {}

  private below(n: number): number {
    return Math.floor(this.random() * n);
  }

  private pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  private many<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }

  private name(): Name {
    return { text: this.pick(names), span };
  }

  expression(depth = 4): Expression {
    if (depth === 0 || this.random() < 0.15) {
      return this.random() < 0.4
        ? { kind: "number", text: this.pick(numbers), span }
        : { kind: "name", name: this.pick([...names, "pi", "inf"]), span };
    }
    const operand = (): Expression => this.expression(depth - 1);
    const draw = this.random();
    if (draw < 0.5) return { kind: "binary", operator: this.pick(binaries), left: operand(), right: operand(), span };
    if (draw < 0.6) return { kind: "negate", operand: operand(), span };
    if (draw < 0.65) return { kind: "not", operand: operand(), span };
    if (draw < 0.75) return { kind: this.pick(["and", "or"]), left: operand(), right: operand(), span };
    if (draw < 0.85) {
      const operators = this.many(1, 3, () => this.pick(comparisons));
      return { kind: "comparison", operators, operands: [operand(), ...operators.map(operand)], span };
    }
    return this.call(operand);
  }

  private call(operand: () => Expression): Expression {
    const axis = this.pick([
      null,
      null,
      { kind: "name", name: this.pick(names), span } as const,
      { kind: "integer", value: this.below(5) - 2, span } as const,
    ]);
    return {
      kind: "call",
      callee: this.name(),
      axis,
      positional: this.many(0, 3, operand),
      named: this.many(0, 2, () => ({ name: this.name(), value: operand() })),
      span,
    };
  }

  private parameter(): Parameter {
    const name = this.name();
    if (this.random() < 0.2) return { kind: "axis", name, default: this.below(7) - 3, span };
    const range =
      this.random() < 0.5
        ? null
        : {
            low: { value: this.expression(2), closed: this.random() < 0.5 },
            high: { value: this.expression(2), closed: this.random() < 0.5 },
            span,
          };
    const value = this.expression(2);
    if (this.random() < 0.5) return { kind: "hyperparameter", name, default: value, range, span };
    const along = this.random() < 0.5 ? null : this.name();
    return { kind: "learned", name, along, default: value, range, span };
  }

  private clause(): Clause {
    const name = this.name();
    switch (this.pick(["let", "grad", "random", "class", "split"] as const)) {
      case "let":
        return { kind: "let", name, value: this.expression(), span };
      case "grad":
        return { kind: "grad", name, value: this.expression(), span };
      case "random": {
        const list = this.many(0, 3, () => this.expression(2));
        return {
          kind: "random",
          name,
          distribution: this.name(),
          arguments: list,
          evaluation: this.expression(2),
          span,
        };
      }
      case "class":
        return { kind: "class", name, span };
      case "split":
        return { kind: "split", axis: this.below(5) - 2, span };
    }
  }

  definition(): Definition {
    return {
      name: this.name(),
      inputs: this.many(0, 3, () => this.name()),
      parameters: this.many(0, 3, () => this.parameter()),
      body: this.expression(),
      clauses: this.many(0, 4, () => this.clause()),
      documentation: this.many(0, 2, () => this.pick(["", "A line.", "  # more, and 'quotes'"])),
      span,
    };
  }
}
