/** TypeScript kernels of activations that reduce over an axis: row by row, a walk over the axis for each level. */
import {
  type Application,
  axisLength,
  type Expr,
  isApplication,
  position,
  reachable,
  Space,
  type Variable,
  variablesOf,
  variesAlongAxis,
} from "../../ir/expr.js";
import { parameterName, typescriptReserved } from "../../names.js";
import { formOf, printExpression, spellingOf } from "../../printing/print.js";
import { typescript } from "../dialects/typescript.js";
import { recogniseGates } from "../gates.js";
import { cotangentGradientName, type KernelPlan } from "../kernels.js";
import { libraryNames } from "../library/kernel-text.js";
import { lower } from "../lower.js";
import type { KernelArgument, TypeScriptKernel } from "../manifest.js";
import { NameScope } from "../naming.js";
import { carriesWithin, leavesRange, rowRanges } from "../row-trials.js";
import { isAlong, isPlace, planRows, type RowOutput, type RowValue } from "../rows.js";
import { schedule } from "../schedule.js";
import { learnedLength, resultLength } from "../spaces.js";
import { type CarriedSum, fewestWalks, mapWalks, type PickedValue, type Walk, type WalkPlan } from "../walks.js";
import {
  type CarriedPrinter,
  type CarriedText,
  type Growth,
  grown,
  growthsIn,
  scaled,
} from "./typescript-carried-sums.js";
import { commentOn, temporaryName } from "./temporary-names.js";
import { isChannel, type LearnedSum, learnedSum } from "./typescript-learned-sums.js";
import { exactRow, whereInRange } from "./typescript-row-exactly.js";
import type { RowCotangent, RowKernel } from "./typescript-row-signatures.js";
import { type Chance, chanceOf, drawing } from "./typescript-draws.js";
import type { FunctionText } from "./typescript.js";

/** What kernels of a file have in common. */
export interface RowFile {
  /** Names of library functions that are called. */
  readonly library: Set<string>;
  readonly machine: { readonly names: string[]; readonly texts: string[] };
}

/** One kernel; what it calls is added to the file. */
export function typescriptRowKernel(
  plan: KernelPlan,
  kernel: RowKernel,
  file: RowFile,
): { readonly text: FunctionText; readonly kernel: TypeScriptKernel } {
  return new RowKernelWriter(plan, kernel, file).write();
}

const loopNames = [
  ...["size", "i", "k", "n", "o", "c", "start", "row"],
  ...["channelOuter", "channels", "channelInner", "axisOuter", "axisLength", "axisInner"],
];

const accumulators: Readonly<Record<RowValue["kind"], { readonly name: string; readonly start: string }>> = {
  sum: { name: "sum", start: "0" },
  maximum: { name: "largest", start: "-Infinity" },
  minimum: { name: "smallest", start: "Infinity" },
  first_maximum: { name: "largestAt", start: "0" },
  first_minimum: { name: "smallestAt", start: "0" },
};

class RowKernelWriter {
  private scope = new NameScope([...libraryNames, ...loopNames], [typescriptReserved]);
  private readonly arrays = new Map<Variable, string>();
  private readonly names = new Map<Expr, string>();
  private readonly arguments: KernelArgument[] = [];
  private readonly parameters: { name: string; type: string }[] = [];
  private readonly rows: WalkPlan;
  /** How sums that are carried along come about, by the row value for the largest exponent. */
  private readonly growths: ReadonlyMap<Variable, Growth>;
  private readonly library: Set<string>;
  /** Of what is random. */
  private chance: Chance | null = null;

  constructor(
    private readonly plan: KernelPlan,
    private readonly kernel: RowKernel,
    private readonly file: RowFile,
  ) {
    this.library = file.library;
    const variables = new Set(plan.activation.inputs);
    const lowered = (expr: Expr): Expr =>
      lower(recogniseGates([expr])[0]!, {
        spells: (primitive) => spellingOf(typescript, primitive) !== undefined,
        formOf: (primitive) => formOf(typescript, primitive),
        nanFrom: kernel.cotangents.length === 0 ? new Set([...variables, ...rowNames(expr)]) : new Set(),
        narrow: false,
      });
    const rows = planRows(kernel.outputs.map(({ value }) => value));
    const walks = fewestWalks(rows, carriesWithin(plan, kernel.outputs, rowRanges.float64));
    this.rows = mapWalks(walks, lowered);
    this.growths = new Map(walks.levels.flatMap((walk) => growthsIn(walk, lowered)));
  }

  write(): { readonly text: FunctionText; readonly kernel: TypeScriptKernel } {
    const { activation, perChannel } = this.plan;
    const { name, documentation, cotangents, outputs } = this.kernel;
    this.scope.claim(name);
    const read = new Set(this.expressions().flatMap((expr) => [...variablesOf(expr)]));
    const declared = [
      ...activation.inputs,
      ...activation.learned.map(({ variable }) => variable),
      ...activation.hyperparameters.map(({ variable }) => variable),
    ];
    const wanted = new Map(declared.map((each) => [each, this.scope.claim(parameterName(each.name))]));
    const cotangent = ({ variable: each, of }: RowCotangent): void => {
      const length = of === undefined ? resultLength(this.plan) : lengthOf(each);
      const more = of === undefined ? {} : { of };
      this.array(each, this.scope.claim(parameterName(each.name)), { role: "cotangent", ...more, length });
    };
    cotangents.filter(({ of }) => of === undefined).forEach(cotangent);
    for (const input of activation.inputs) this.array(input, wanted.get(input)!, { role: "input", length: "size" });
    for (const { variable, default: value } of activation.learned) {
      this.array(variable, wanted.get(variable)!, { role: "learned", length: learnedLength(variable), default: value });
    }
    for (const { variable, default: value } of activation.hyperparameters) {
      const own = wanted.get(variable)!;
      const text = read.has(variable) ? own : this.scope.claim(`_${own}`);
      this.names.set(variable, text);
      this.parameters.push({ name: text, type: "number" });
      this.arguments.push({ name: variable.name, role: "hyperparameter", default: value });
    }
    this.takeChance(read);
    cotangents.filter(({ of }) => of !== undefined).forEach(cotangent);
    const targets = outputs.map(({ of }) => {
      const array = this.scope.claim(of ? `d${parameterName(of.name)}` : "y");
      const length = of && of.role !== "cotangent" ? lengthOf(of) : resultLength(this.plan);
      this.parameters.push({ name: array, type: "Float32Array" });
      const role = of ? "gradient" : "output";
      const name = of && of === this.plan.cotangent ? cotangentGradientName(this.plan) : array;
      this.arguments.push({ name, role, ...(of ? { of: of.name } : {}), element: "f32", length });
      return array;
    });
    const extents = [
      ...(perChannel ? (["channelOuter", "channels", "channelInner"] as const) : []),
      ...(["axisOuter", "axisLength", "axisInner"] as const),
    ];
    for (const extent of extents) {
      this.parameters.push({ name: extent, type: "number" });
      this.arguments.push({ name: extent, role: "extent" });
    }
    const statements = [...this.lengthChecks(), ...this.body(targets)];
    return {
      text: { name, documentation, parameters: this.parameters, statements },
      kernel: { export: name, arguments: this.arguments },
    };
  }

  /** What is random takes the seed, and whether this is training. */
  private takeChance(read: ReadonlySet<Variable>): void {
    const { random } = this.plan.activation;
    if (!random) return;
    this.chance = chanceOf(
      random,
      (variable) => read.has(variable),
      (name) => this.scope.claim(name),
    );
    this.parameters.push(...this.chance.parameters);
    this.arguments.push(...this.chance.arguments);
    this.names.set(random.training, this.chance.training);
  }

  private drawing(needed: ReadonlySet<Expr>): readonly string[] {
    const { random } = this.plan.activation;
    if (!random || !this.chance) return [];
    const claim = (name: string): string => this.scope.claim(name);
    const { lines, names } = drawing(random, this.chance, needed, "i", claim, this.library);
    for (const [variable, name] of names) this.names.set(variable, name);
    return lines;
  }

  private array(variable: Variable, name: string, argument: Omit<KernelArgument, "name" | "element">): void {
    this.arrays.set(variable, name);
    this.parameters.push({ name, type: "Float32Array" });
    this.arguments.push({ name: variable.name, ...argument, element: "f32" });
  }

  /** All that is computed for elements, and at places. */
  private expressions(): Expr[] {
    const { levels, roots } = this.rows;
    const ofLevels = levels.flatMap(({ values, carried, picked }) => [
      ...values.map(({ operand }) => operand),
      ...carried.map((sum) => this.termOf(sum)),
      ...picked.map(({ operand }) => operand),
    ]);
    return [...ofLevels, ...roots];
  }

  /** Places that are looked at: those by which a sum is without its largest element are known by the way. */
  private placesRead(): ReadonlySet<Variable> {
    const places = this.rows.levels.flatMap(({ picked }) => picked.map(({ place }) => place));
    return new Set([...places, ...this.expressions().flatMap((expr) => [...variablesOf(expr)])]);
  }

  private lengthChecks(): string[] {
    this.library.add("requireLength");
    const whole = [...this.kernel.cotangents.map(({ variable }) => variable), ...this.plan.activation.inputs].find(
      variesAlongAxis,
    );
    const leading = whole ? this.arrays.get(whole)! : "";
    const lines: string[] = [];
    for (const [i, { length }] of this.arguments.entries()) {
      const { name } = this.parameters[i]!;
      if (length !== undefined && name !== leading) lines.push(`requireLength("${name}", ${name}, ${length});`);
    }
    if (lines.some((line) => line.endsWith(", size);"))) lines.unshift(`const size = ${leading}.length;`);
    if (this.plan.perChannel)
      lines.push(`requireLength("${leading}", ${leading}, channelOuter * channels * channelInner);`);
    lines.push(`requireLength("${leading}", ${leading}, axisOuter * axisLength * axisInner);`);
    return lines;
  }

  private body(targets: readonly string[]): string[] {
    const { levels, roots } = this.rows;
    const all = this.expressions();
    const { bound } = schedule(all, {
      hoisted: (node) =>
        node.type === "number" && node.primitive !== "negate" && node.space !== 0 && !variesAlongAxis(node),
    });
    this.names.set(axisLength(), "axisLength");
    this.names.set(position(), "k");
    const uniform: string[] = [];
    const read = new Set(reachable(all));
    for (const [variable, array] of this.arrays) {
      if (variable.space !== Space.uniform || !read.has(variable)) continue;
      const text = this.scope.claim(`${array}Value`);
      this.names.set(variable, text);
      uniform.push(`const ${text} = ${array}[0]!;`);
    }
    for (const node of bound) if (node.space <= Space.uniform) uniform.push(...this.bind(node));
    const lines: string[] = [];
    const known = new Set<Expr>(this.names.keys());
    for (const [variable, array] of this.arrays) {
      if (variable.space !== Space.row || !read.has(variable)) continue;
      const text = this.scope.claim(`${array}Row`);
      this.names.set(variable, text);
      known.add(variable);
      lines.push(`const ${text} = ${array}[row]!;`);
    }
    const ofRows = bound.filter((node) => node.space > Space.uniform && !variesAlongAxis(node));
    const bindRows = (): void => {
      for (const node of ofRows) {
        if (!this.names.has(node) && [...variablesOf(node)].every((each) => known.has(each))) {
          lines.push(...this.bind(node));
        }
      }
    };
    bindRows();
    for (const level of levels) {
      lines.push(...this.level(level, bound, known));
      for (const value of level.picked) lines.push(...this.picked(value, bound, known));
      bindRows();
    }
    const rowNumbers = [
      ...levels.flatMap(({ values, carried, picked }) =>
        [...values.filter(({ kind }) => kind === "sum"), ...carried, ...picked].map(({ name }) => name),
      ),
      ...ofRows.filter(({ type }) => type === "number"),
    ].map((node) => this.names.get(node)!);
    const isGuarded = levels.length > 0 && leavesRange(this.plan, this.kernel.outputs, rowRanges.float64);
    const sums = this.kernel.outputs.map(({ of }, i) => learnedSum(of, targets[i]!, (name) => this.scope.claim(name)));
    const stores = (index: string, along: boolean): string[] =>
      this.kernel.outputs.flatMap(({ of }, i) => {
        if (isAlong({ of }, this.plan.yieldsRows) !== along) return [];
        const value = this.print(roots[i]!);
        const sum = sums[i];
        return [sum ? `${sum.each} += ${value};` : `${targets[i]!}[${index}] = ${value};`];
      });
    if (isGuarded) {
      const divisors = reachable(all).flatMap((node) =>
        isApplication(node, "divide") ? (this.names.get(node.operands[1]!) ?? []) : [],
      );
      lines.push(...whereInRange(rowNumbers, new Set(divisors), this.scope.claim("outside")));
    }
    const walksLast = (output: RowOutput): boolean => isAlong(output, this.plan.yieldsRows);
    if (this.kernel.outputs.some(walksLast)) {
      const walked = roots.filter((_, i) => walksLast(this.kernel.outputs[i]!));
      const needsChannel = this.kernel.outputs.some(({ of }) => of && of.role === "learned" && isChannel(of));
      lines.push(...this.walk(walked, bound, () => stores("i", true), needsChannel));
    }
    lines.push(...stores("row", false));
    if (isGuarded)
      lines.push("} else {", "// Numbers that need larger exponents.", ...this.exactly(targets, sums), "}");
    const loops = [
      "for (let o = 0; o < axisOuter; o++) {",
      "for (let n = 0; n < axisInner; n++) {",
      "const start = o * axisLength * axisInner + n;",
      ...(lines.some((line) => /\brow\b/.test(line)) ? ["const row = o * axisInner + n;"] : []),
      ...lines,
      "}",
      "}",
    ];
    return [
      ...uniform,
      ...sums.flatMap((sum) => sum?.before ?? []),
      ...loops,
      ...sums.flatMap((sum) => sum?.after ?? []),
    ];
  }

  /** The row once more, in wide arithmetic. */
  private exactly(targets: readonly string[], sums: readonly (LearnedSum | null)[]): readonly string[] {
    const { activation, yieldsRows } = this.plan;
    const walksLast = (root: number): boolean => isAlong(this.kernel.outputs[root]!, yieldsRows);
    const drawn = new Map<Variable, string>();
    const { lines, functions, library } = exactRow({
      name: this.kernel.exactName,
      rows: planRows(this.kernel.outputs.map(({ value }) => value)),
      claim: (name) => this.scope.claim(name),
      numberOf: (variable) => {
        const array = this.arrays.get(variable);
        const known = drawn.get(variable) ?? this.names.get(variable);
        if (known !== undefined || array === undefined) return known ?? "";
        return `${array}[${indexOf(variable)}]!`;
      },
      before: (needed, stores) => {
        const learned = stores ? this.kernel.outputs.map(({ of }) => of) : [];
        const perChannel = [...needed, ...learned].some((each) => each && isChannel(each));
        const drawing = this.drawing(needed);
        for (const { draws } of activation.random ? [activation.random] : [])
          for (const draw of draws) if (this.names.has(draw)) drawn.set(draw, this.names.get(draw)!);
        return [...(perChannel ? ["const c = Math.floor(i / channelInner) % channels;"] : []), ...drawing];
      },
      store: (root, text) => {
        const sum = sums[root];
        return sum ? `${sum.each} += ${text};` : `${targets[root]!}[${walksLast(root) ? "i" : "row"}] = ${text};`;
      },
      isAlong: walksLast,
    });
    this.file.machine.names.push(...functions.flatMap(({ own }) => own), ...library);
    this.file.machine.texts.push(...functions.map(({ text }) => text));
    return lines;
  }

  private level(level: Walk, bound: readonly Application[], known: Set<Expr>): string[] {
    const { carried } = level;
    const isCarrying = (name: Variable): boolean => carried.some(({ maximum }) => maximum === name);
    const wanted = level.values.filter(({ name, kind }) => !isPlace(kind) || this.placesRead().has(name));
    const owns = new Map(wanted.map((value) => [value, this.scope.claim(accumulators[value.kind].name)]));
    const values = wanted.map((value) => {
      const { name, kind, operand } = value;
      const own = owns.get(value)!;
      const starts = [`let ${own} = ${accumulators[kind].start};`];
      if (!isPlace(kind)) return { name, own, starts, place: null, kind, operand };
      // The extreme itself is most often wanted too, and kept then.
      const extreme = kind === "first_maximum" ? "maximum" : "minimum";
      const beside = wanted.find((other) => other.kind === extreme && other.operand === operand);
      const kept = beside ? owns.get(beside)! : this.scope.claim(accumulators[extreme].name);
      if (!beside) starts.unshift(`let ${kept} = ${accumulators[extreme].start};`);
      const place = { kept, beside: beside?.name ?? null, sign: kind === "first_maximum" ? ">" : "<" };
      return { name, own, starts, place, kind, operand };
    });
    const sums = new Map(carried.map(({ name }) => [name, this.scope.claim(accumulators.sum.name)]));
    const sumsOf = (maximum: Variable): CarriedText[] =>
      carried
        .filter((sum) => sum.maximum === maximum)
        .map((sum) => ({ name: sums.get(sum.name)!, besideTerm: sum.beside ? this.termOf(sum) : null }));
    const print: CarriedPrinter = { text: (expr) => this.print(expr), claim: (name) => this.scope.claim(name) };
    const growing = values.filter(({ name }) => isCarrying(name));
    const starts = [
      ...values.flatMap((value) => value.starts),
      ...growing.map(({ name }) => {
        const shift = this.scope.claim("shift");
        this.names.set(this.growths.get(name)!.shift, shift);
        return `let ${shift} = -Infinity;`;
      }),
      // Before there is an element, there is none to be left out.
      ...carried.map(({ name, beside }) => `let ${sums.get(name)!} = ${beside ? "-1" : "0"};`),
    ];
    const update = ({ name, kind, operand, own, place }: (typeof values)[number]): string[] => {
      const value = this.print(operand);
      if (isCarrying(name)) {
        const places = values.filter((other) => other.place?.beside === name).map((other) => `${other.own} = k;`);
        return grown(this.growths.get(name)!, { largest: own, exponent: value, places, sums: sumsOf(name), print });
      }
      if (!place) {
        if (kind === "sum") return [`${own} += ${value};`];
        return [`${own} = Math.${kind === "maximum" ? "max" : "min"}(${own}, ${value});`];
      }
      const { kept, beside, sign } = place;
      if (beside && isCarrying(beside)) return [];
      return beside
        ? [`if (${value} ${sign} ${kept}) ${own} = k;`]
        : [`if (${value} ${sign} ${kept}) {`, `${kept} = ${value};`, `${own} = k;`, "}"];
    };
    // Places come first: they look at the extreme before it changes.
    const inOrder = [...values.filter(({ place }) => place), ...values.filter(({ place }) => !place)];
    for (const { name, own } of growing) this.names.set(name, own);
    const whole = carried.filter(({ beside }) => !beside);
    const terms = whole.map((sum) => this.termOf(sum));
    const given = terms.flatMap((term) => [...variablesOf(term)]);
    const walk = this.walk([...wanted.map(({ operand }) => operand), ...given], bound, () => [
      ...inOrder.flatMap(update),
      // Relative to the shift as it is now.
      ...this.bindings(terms, bound),
      ...whole.map((sum, i) => `${sums.get(sum.name)!} += ${this.print(terms[i]!)};`),
    ]);
    const named = [...values.map(({ name, own }) => [name, own] as const), ...sums];
    for (const [name, own] of named) {
      this.names.set(name, own);
      known.add(name);
    }
    const settled = growing.flatMap(({ name }) => scaled(sumsOf(name), this.growths.get(name)!.settled, print));
    return [...starts, ...walk, ...settled];
  }

  /** What is added to a sum that is carried along, relative to the shift. */
  private termOf({ maximum, name }: CarriedSum): Expr {
    return this.growths.get(maximum)!.terms.get(name)!;
  }

  /** What stands at a place. */
  private picked(value: PickedValue, bound: readonly Application[], known: Set<Expr>): string[] {
    const { name, operand } = value;
    const at = this.names.get(value.place)!;
    const array = operand.kind === "variable" && operand.space & Space.element ? this.arrays.get(operand) : undefined;
    const own = this.scope.claim(array === undefined ? "picked" : `${array}At`);
    if (array !== undefined) {
      this.names.set(name, own);
      known.add(name);
      return [`const ${own} = ${array}[start + ${at} * axisInner]!;`];
    }
    const lines = this.inside([operand], bound, () => [`${own} = ${this.print(operand)};`]);
    this.names.set(name, own);
    known.add(name);
    return [`let ${own} = 0;`, "{", `const k = ${at};`, "const i = start + k * axisInner;", ...lines, "}"];
  }

  /** One walk over the axis. */
  private walk(
    roots: readonly Expr[],
    bound: readonly Application[],
    finish: () => string[],
    needsChannel = false,
  ): string[] {
    const body = this.inside(roots, bound, finish, needsChannel);
    return ["for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {", ...body, "}"];
  }

  /** What is computed at an element. */
  private inside(
    roots: readonly Expr[],
    bound: readonly Application[],
    finish: () => string[],
    needsChannel = false,
  ): string[] {
    const needed = new Set(this.unnamed(roots));
    const outer = new Map(this.names);
    const outerScope = this.scope;
    this.scope = outerScope.inner();
    const body: string[] = [];
    if (needsChannel || [...this.arrays.keys()].some((each) => needed.has(each) && isChannel(each))) {
      body.push("const c = Math.floor(i / channelInner) % channels;");
    }
    for (const [variable, array] of this.arrays) {
      if (!needed.has(variable)) continue;
      const name = this.scope.claim(array.length <= 2 ? `${array}i` : `${array}I`);
      this.names.set(variable, name);
      body.push(`const ${name} = ${array}[${indexOf(variable)}]!;`);
    }
    body.push(...this.drawing(needed));
    body.push(...this.bindings(roots, bound), ...finish());
    for (const node of [...this.names.keys()]) if (!outer.has(node)) this.names.delete(node);
    this.scope = outerScope;
    return body;
  }

  /** What the roots are made of, as far as it has no name yet. */
  private unnamed(roots: readonly Expr[]): Expr[] {
    const seen = new Set<Expr>();
    const stack = [...roots];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (seen.has(node) || this.names.has(node)) continue;
      seen.add(node);
      if (node.kind === "application") stack.push(...node.operands);
    }
    return [...seen];
  }

  /** Names for what the roots are made of. */
  private bindings(roots: readonly Expr[], bound: readonly Application[]): string[] {
    const needed = new Set(this.unnamed(roots));
    return bound.flatMap((node) => (needed.has(node) ? this.bind(node) : []));
  }

  private bind(node: Application): string[] {
    const text = this.print(node, true);
    const name = this.scope.claim(temporaryName(node, this.plan));
    this.names.set(node, name);
    return [...commentOn(node), `const ${name} = ${text};`];
  }

  private print(node: Expr, itself = false): string {
    const library = (name: string): string => {
      this.library.add(name);
      return name;
    };
    return printExpression(node, { dialect: typescript, nameOf: (inner) => this.names.get(inner), library }, itself);
  }
}

const lengthOf = (variable: Variable): string => (variable.space & Space.element ? "size" : learnedLength(variable));

const indexOf = (variable: Variable): string =>
  variable.space & Space.element ? "i" : isChannel(variable) ? "c" : variable.space & Space.axis ? "k" : "row";

/** Row values that may be NaN: places are not. */
const rowNames = (expr: Expr): Variable[] =>
  [...variablesOf(expr)].filter(({ role, name }) => role === "formal" && !name.startsWith("first_"));
