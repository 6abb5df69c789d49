/** Random definitions in the language's text form: well-typed, with parameters, lets, selections and calls. */
import { words } from "../activations/points.js";

interface Scope {
  readonly numbers: readonly string[];
  /** Definitions that may be called: their number of inputs, and hyperparameters. */
  readonly callees: readonly Callee[];
}

interface Callee {
  readonly name: string;
  readonly inputs: number;
  readonly hyperparameters: readonly string[];
}

/** Functions that are smooth, finite and of moderate size at arguments of moderate size. */
export const functions = [
  "tanh",
  "sigmoid",
  "softplus",
  "erf",
  "sin",
  "cos",
  "atan",
  "asinh",
  "normcdf",
  "log_sigmoid",
  "abs",
  "sign",
  "erfc",
  "cbrt",
  "stop_gradient",
];
const constants = ["0.5", "2", "1/3", "0.25", "3", "pi", "1.7159", "1e-3", "sqrt(2 / pi)", "log(2)", "7"];
const comparisons = ["<", "<=", ">", ">="];

export class DefinitionGenerator {
  private readonly word: () => number;

  constructor(seed: number) {
    this.word = words(seed);
  }

  /** A file of definitions, each of which may call earlier ones. */
  file(count: number, prefix = "f"): string {
    const callees: Callee[] = [];
    const texts: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const name = `${prefix}${i}`;
      const inputs = this.chance(4) ? ["x", "t"] : ["x"];
      const hyperparameters = ["beta", "k"].slice(0, this.below(3));
      const learned = this.chance(3) ? [this.chance(2) ? "w" : "w[channel]"] : [];
      const scope = { numbers: [...inputs, ...inputs, ...hyperparameters, ...learned.map(() => "w")], callees };
      const lets: string[] = [];
      for (let k = this.below(3); k > 0; k -= 1) {
        lets.push(
          `  let u${lets.length} = ${this.number({ ...scope, numbers: [...scope.numbers, ...lets.map((_, j) => `u${j}`)] }, 2)}`,
        );
      }
      const all = { ...scope, numbers: [...scope.numbers, ...lets.flatMap((_, j) => [`u${j}`, `u${j}`])] };
      const parameters = [
        ...hyperparameters.map((h) => `${h} = ${this.of(["0.75", "1", "2", "1/3"])}`),
        ...learned.map((w) => `learn ${w} = ${this.of(["0.25", "1", "-0.5"])}`),
      ];
      const signature = `${inputs.join(", ")}${parameters.length > 0 ? `; ${parameters.join(", ")}` : ""}`;
      texts.push([`${name}(${signature}) = ${this.number(all, 4)}`, ...lets].join("\n"));
      if (learned.length === 0) callees.push({ name, inputs: inputs.length, hyperparameters });
    }
    return `${texts.join("\n\n")}\n`;
  }

  private below(limit: number): number {
    return this.word() % limit;
  }

  private chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  private of<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError("nothing to choose from");
    return choice;
  }

  private number(scope: Scope, depth: number): string {
    if (depth === 0 || this.chance(8)) return this.chance(4) ? this.of(constants) : this.of(scope.numbers);
    const inner = (): string => this.number(scope, depth - 1);
    switch (this.below(16)) {
      case 0:
      case 1:
        return `(${inner()} + ${inner()})`;
      case 2:
        return `(${inner()} - ${inner()})`;
      case 3:
      case 4:
        return `(${inner()} * ${inner()})`;
      case 5:
        return `${inner()} / (1 + (${inner()})^2)`;
      case 6:
        return `-${this.atom(scope, depth)}^${this.of([2, 3])}`;
      case 7:
        return `sqrt(1 + (${inner()})^2)`;
      case 8:
        return `exp(-abs(${inner()}))`;
      case 9:
        return `where(${this.condition(scope, depth - 1)}, ${inner()}, ${inner()})`;
      case 10:
        return `${this.of(["max", "min"])}(${inner()}, ${inner()})`;
      case 11:
        return `clamp(${inner()}, -2, ${this.of(["1", "3", "2.5"])})`;
      case 12:
        return this.call(scope, depth) ?? inner();
      default:
        return `${this.of(functions)}(${inner()})`;
    }
  }

  private atom(scope: Scope, depth: number): string {
    return this.chance(2) ? this.of(scope.numbers) : `(${this.number(scope, depth - 1)})`;
  }

  private condition(scope: Scope, depth: number): string {
    const inner = (): string => this.number(scope, Math.max(0, depth - 1));
    switch (this.below(depth > 1 ? 6 : 3)) {
      case 3:
        return `(${this.condition(scope, depth - 1)} ${this.of(["and", "or"])} ${this.condition(scope, depth - 1)})`;
      case 4:
        return `not (${this.condition(scope, depth - 1)})`;
      case 5:
        return `-1.5 < ${inner()} < 1.25`;
      default:
        return `${inner()} ${this.of(comparisons)} ${inner()}`;
    }
  }

  private call({ callees, ...scope }: Scope, depth: number): string | undefined {
    if (callees.length === 0) return undefined;
    const { name, inputs, hyperparameters } = this.of(callees);
    const positional = Array.from({ length: inputs }, () => this.number({ ...scope, callees: [] }, depth - 1));
    const named = hyperparameters.filter(() => this.chance(2)).map((h) => `${h} = ${this.of(["2", "0.5", "1/3"])}`);
    return `${name}(${[...positional, ...named].join(", ")})`;
  }
}
