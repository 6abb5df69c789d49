/** TypeScript kernels: plain functions over typed arrays. */
import {
  apply,
  type Application,
  constant,
  type Expr,
  isApplication,
  occurs,
  reachable,
  Space,
  variable as variableOf,
  type Variable,
} from "../../ir/expr.js";
import { Precedence } from "../../printing/dialect.js";
import { float64 } from "../accuracy/arithmetic.js";
import { allOf, conjuncts } from "../accuracy/guard.js";
import { natBitsFor } from "../digits.js";
import { exactFunction } from "../exact-form.js";
import { type Form, formFor } from "../forms.js";
import { cotangentGradientName, gradientName, type KernelPlan, planSecondOrder } from "../kernels.js";
import type { MachineTexts } from "../machine-functions.js";
import { typescriptName } from "../../machine/index.js";
import { commentOn, temporaryName } from "./temporary-names.js";
import { lower } from "../lower.js";
import { heldInOrder, mergeHolds } from "../bounds.js";
import { recogniseGates } from "../gates.js";
import { costOf } from "../selections.js";
import { NameScope } from "../naming.js";
import { formOf, printExpression, spellingOf } from "../../printing/print.js";
import { schedule } from "../schedule.js";
import { typescript } from "../dialects/typescript.js";
import { formulaText } from "../../printing/definition-text.js";
import { exportedName, parameterName, typescriptReserved } from "../../names.js";
import { isPerChannel } from "../spaces.js";
import { libraryNames } from "../library/kernel-text.js";
import { type SavedKernels, typescriptSavedKernels } from "./typescript-saved-kernels.js";
import { type Chance, chanceOf, drawing } from "./typescript-draws.js";
import { typescriptRowKernel } from "./typescript-row-kernels.js";
import { rowKernels, savedRowKernel, secondOrderRowKernel } from "./typescript-row-signatures.js";
import type { Kept, KeptOutput } from "../kept.js";
import type { ExtentName, KernelArgument, TypeScriptKernel } from "../manifest.js";
import type { KernelFamily } from "../output.js";
import { sumOfTerms, type Term, withCotangent } from "../terms.js";

export interface FunctionText {
  readonly name: string;
  readonly documentation: string;
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
  /** Statements, one or several lines each, not yet formatted. */
  readonly statements: readonly string[];
}

export interface TypeScriptKernels {
  readonly functions: readonly FunctionText[];
  /** Names of library functions that the file carries. */
  readonly library: readonly string[];
  /** Functions in the machine language that the file carries. */
  readonly machine: MachineTexts;
  readonly forward: TypeScriptKernel;
  readonly backward: TypeScriptKernel;
  readonly fused: TypeScriptKernel | null;
  readonly doubleBackward: TypeScriptKernel | null;
  /** Kernels that keep less than the inputs for backward. */
  readonly saved: SavedKernels | null;
}

/** The same kernels over `Float64Array`s: what differs is the type of the arrays. */
export function inDouble({ export: name, arguments: list }: TypeScriptKernel): TypeScriptKernel {
  return {
    export: `${name}64`,
    arguments: list.map((argument) => (argument.element ? { ...argument, element: "f64" } : argument)),
  };
}

export const inDoubleText = (text: FunctionText): FunctionText => ({
  ...text,
  name: `${text.name}64`,
  parameters: text.parameters.map(({ name, type }) => ({
    name,
    type: type === "Float32Array" ? "Float64Array" : type,
  })),
});

interface Output {
  readonly form: Form;
  readonly role: "output" | "gradient" | "derivative";
  readonly of: Variable | null;
  /** What the form is the sum of, where it is made of several that have a name of their own. */
  readonly terms?: readonly Term[];
}

/** A cotangent besides that of the result: of the gradient that backward writes under a name. */
interface GradientCotangent {
  readonly variable: Variable;
  readonly of: string;
}

/** An output and the array that it goes to. */
interface Result {
  readonly output: Output;
  readonly array: string;
}

/** The kernels of an activation over `Float32Array`s; they compute in binary64. */
export function typescriptKernels(
  plan: KernelPlan,
  families: ReadonlySet<KernelFamily>,
  kept: Kept | null = null,
): TypeScriptKernels {
  return plan.reduces ? overRows(plan, families, kept) : overElements(plan, families, kept);
}

function overRows(plan: KernelPlan, families: ReadonlySet<KernelFamily>, kept: Kept | null): TypeScriptKernels {
  const library = new Set<string>();
  const machine = { names: [], texts: [] };
  const file = { library, machine };
  const [forward, backward] = rowKernels(plan).map((kernel) => typescriptRowKernel(plan, kernel, file));
  const fromOutput = ({ plan: of }: KeptOutput): SavedKernels => {
    const { text, kernel } = typescriptRowKernel(of, savedRowKernel(of), file);
    return { functions: [text], forward: forward!.kernel, backward: readingOutput(kernel, forward!.kernel) };
  };
  const double = families.has("doubleBackward") ? typescriptRowKernel(plan, secondOrderRowKernel(plan), file) : null;
  return {
    functions: [forward!.text, backward!.text, ...(double ? [double.text] : [])],
    library: [...library],
    machine: { ...machine, natBits: natBitsFor([], plan) },
    forward: forward!.kernel,
    backward: backward!.kernel,
    fused: null,
    doubleBackward: double?.kernel ?? null,
    saved: kept?.kind === "output" ? fromOutput(kept) : null,
  };
}

/** A kernel whose input is what forward gives. */
function readingOutput(kernel: TypeScriptKernel, forward: TypeScriptKernel): TypeScriptKernel {
  const of = forward.arguments.find(({ role }) => role === "output")?.name ?? "";
  const list = kernel.arguments.map((each) => (each.role === "input" ? { ...each, role: "saved" as const, of } : each));
  return { ...kernel, arguments: list };
}

function overElements(plan: KernelPlan, families: ReadonlySet<KernelFamily>, kept: Kept | null): TypeScriptKernels {
  const library = new Set<string>();
  const variables = [
    ...plan.activation.inputs,
    ...(kept?.kind === "output" ? kept.plan.activation.inputs : []),
    ...plan.activation.hyperparameters.map(({ variable }) => variable),
    ...plan.activation.learned.map(({ variable }) => variable),
  ];
  const { random } = plan.activation;
  const chance = random ? [...random.draws, random.training] : [];
  const exactForms: Expr[] = [];
  const form = (root: Expr, recognised: Expr, nanFrom: ReadonlySet<Variable>, of: KernelPlan = plan): Form => {
    const chosen = formFor(root, {
      plan: of,
      model: float64,
      allowance: 2 ** 21,
      negligible: 2 ** -157,
      intolerable: 2 ** 21,
      lower: () =>
        lower(recognised, {
          spells: (primitive) => spellingOf(typescript, primitive) !== undefined,
          formOf: (primitive) => formOf(typescript, primitive),
          nanFrom,
          definition: of.definition,
          narrow: false,
          branchless: true,
        }),
      tidy: (expr) => mergeHolds([expr], of.activation.inputs, [...variables, ...chance, plan.cotangent])[0]!,
    });
    if (chosen.exact) exactForms.push(chosen.exact);
    return chosen;
  };
  const machine = { names: [], texts: [] };
  const [value] = recogniseGates([plan.value]);
  const result: Output = { form: form(plan.value, value!, new Set(variables)), role: "output", of: null };
  const forward = new KernelWriter(plan, "forward", library, machine).write([result]);
  const gradients = recogniseGates(plan.gradients.map((gradient) => gradient.value));
  const slopes = plan.gradients.map(({ of, value: root }, i): Output => ({
    form: form(root, gradients[i]!, new Set()),
    role: "gradient",
    of,
  }));
  const backward = new KernelWriter(plan, "backward", library, machine).write(slopes);
  // Kernels of further families get along with the digits that these need.
  const natBits = natBitsFor(exactForms, plan);
  const gradientArrays = backward.kernel.arguments.flatMap(({ role }, i) =>
    role === "gradient" ? backward.text.parameters[i]!.name : [],
  );
  const slope = (i: number, cotangent: Expr): Term => ({
    form: slopes[i]!.form,
    name: gradientArrays[i]!,
    cotangent,
  });
  const sum = (role: Output["role"], of: Variable, terms: readonly Term[]): Output => ({
    form: sumOfTerms(terms, plan.cotangent),
    role,
    of,
    terms,
  });
  const writeFused = () => {
    const derivatives = plan.activation.inputs.map((of, i) => sum("derivative", of, [slope(i, constant(1))]));
    const { fast, guard } = result.form;
    const value = { ...result.form, fast: fast && heldInOrder(fast), guard: guard && heldInOrder(guard) };
    return new KernelWriter(plan, "fused", library, machine).write([{ ...result, form: value }, ...derivatives]);
  };
  const writeDoubleBackward = () => {
    const second = planSecondOrder(plan);
    const recognised = recogniseGates(second.partials);
    const partials = second.partials.map((root, i) => form(root, recognised[i]!, new Set()));
    const ofCotangent = second.cotangents.map((cotangent, i) => slope(i, cotangent));
    const names = new Map<number, string>();
    const curvatures = plan.gradients.map(({ of }, i) => {
      const terms = second.places[i]!.flatMap((place, j): Term[] => {
        if (place === null) return [];
        const name = names.get(place) ?? `${gradientArrays[i]!}_${gradientArrays[j]!}`;
        names.set(place, name);
        const cotangent = apply("multiply", [plan.cotangent, second.cotangents[j]!]);
        return [{ form: partials[place]!, name, cotangent }];
      });
      return sum("gradient", of, terms);
    });
    return new KernelWriter(plan, "doubleBackward", library, machine).write(
      [sum("gradient", plan.cotangent, ofCotangent), ...curvatures],
      second.cotangents.map((variable, i) => ({ variable, of: gradientName(plan.gradients[i]!.of) })),
    );
  };
  /** Backward as it would be of an activation whose input is the output. */
  const fromOutput = ({ plan: of, compared }: KeptOutput): SavedKernels => {
    const recognised = recogniseGates(of.gradients.map((gradient) => gradient.value));
    const outputs = of.gradients.map(({ of: variable, value: root }, i): Output => {
      return { form: form(root, recognised[i]!, new Set(), of), role: "gradient", of: variable };
    });
    const { text, kernel } = new KernelWriter(of, "backwardSaved", library, machine, compared).write(outputs);
    return { functions: [text], forward: forward.kernel, backward: readingOutput(kernel, forward.kernel) };
  };
  const saved =
    kept?.kind === "output" ? fromOutput(kept) : kept && typescriptSavedKernels(plan, kept, forward.kernel, library);
  const fused = families.has("fused") ? writeFused() : null;
  const doubleBackward = families.has("doubleBackward") ? writeDoubleBackward() : null;
  return {
    functions: [forward, backward, fused, doubleBackward].flatMap((written) => (written ? written.text : [])),
    library: [...library],
    machine: { ...machine, natBits },
    forward: forward.kernel,
    backward: backward.kernel,
    fused: fused?.kernel ?? null,
    doubleBackward: doubleBackward?.kernel ?? null,
    saved,
  };
}

/** Families that are computed by expressions of their own. */
type ComputedFamily = Exclude<KernelFamily, "saved"> | "backwardSaved";

const suffixes: Readonly<Record<ComputedFamily, string>> = {
  forward: "Forward",
  backward: "Backward",
  fused: "Fused",
  doubleBackward: "DoubleBackward",
  backwardSaved: "BackwardSaved",
};

/** The names of extents and loop counters, which nothing else in the kernel may have. */
const loopNames = ({ perChannel }: KernelPlan): readonly string[] => [
  "size",
  "i",
  ...(perChannel ? ["channelOuter", "channels", "channelInner", "c", "o", "start", "end"] : []),
];

/** Whether the loop itself takes a good part of the time. */
function isCheap(exprs: readonly Expr[]): boolean {
  const costs = reachable(exprs).map((node) => (node.kind === "application" ? costOf(node.primitive) : 0));
  return costs.every((cost) => cost < 12) && costs.reduce((sum, cost) => sum + cost, 0) <= 24;
}

/** How many pairs the library's `sides` has room for. */
const mostSides = 16;

/** How many numbers belong to a variable: one per element, or those of a learned parameter. */
const lengthOf = (variable: Variable): string =>
  variable.space & Space.element ? "size" : isPerChannel(variable) ? "channels" : "1";

/** The conditions under which a result's fast form does, one by one, since they recur. */
const guardsOf = ({ form: { guard } }: Output): Expr[] => (guard ? conjuncts(guard) : []);

const partsOf = ({ fast, guard, exact }: Form): Expr[] => [fast, guard, exact].filter((expr) => expr !== null);

class KernelWriter {
  private scope: NameScope;
  private readonly arrays = new Map<Variable, string>();
  private readonly scalars = new Map<Expr, string>();
  private outputs: Result[] = [];
  private readonly arguments: KernelArgument[] = [];
  private readonly parameters: { name: string; type: string }[] = [];
  /** Of what is random. */
  private chance: Chance | null = null;
  /** Where the two sides of a `pick` lie. */
  private readonly sides = new Map<Application, number>();

  constructor(
    private readonly plan: KernelPlan,
    private readonly family: ComputedFamily,
    private readonly library: Set<string>,
    private readonly machine: { readonly names: string[]; readonly texts: string[] },
    /** Hyperparameters that are rounded to float32. */
    private readonly rounded: ReadonlySet<Variable> = new Set(),
  ) {
    this.scope = new NameScope([...libraryNames, ...loopNames(plan)], [typescriptReserved]);
  }

  write(
    outputs: readonly Output[],
    cotangents: readonly GradientCotangent[] = [],
  ): { text: FunctionText; kernel: TypeScriptKernel } {
    const { activation, cotangent } = this.plan;
    const name = `${exportedName(activation.name)}${suffixes[this.family]}`;
    this.scope.claim(name);
    // Inputs and parameters have the first choice of names.
    const wanted = new Map<Variable, string>();
    const declared = [
      ...activation.inputs,
      ...activation.learned.map(({ variable }) => variable),
      ...activation.hyperparameters.map(({ variable }) => variable),
    ];
    for (const variable of declared) wanted.set(variable, this.scope.claim(parameterName(variable.name)));
    if (this.takesCotangent) this.argument(cotangent, this.scope.claim("dy"), "cotangent", "size");
    for (const input of activation.inputs) this.argument(input, wanted.get(input)!, "input", "size");
    for (const { variable, default: value } of activation.learned) {
      this.argument(variable, wanted.get(variable)!, "learned", lengthOf(variable), { default: value });
    }
    for (const { variable, default: value } of activation.hyperparameters) {
      // A number that this kernel has no use for keeps its place: all kernels of an activation take the same ones.
      const read = outputs.some(({ form }) => partsOf(form).some((expr) => occurs(variable, expr)));
      const text = read ? wanted.get(variable)! : this.scope.claim(`_${wanted.get(variable)!}`);
      this.scalars.set(variable, text);
      this.parameters.push({ name: text, type: "number" });
      this.arguments.push({ name: variable.name, role: "hyperparameter", default: value });
    }
    this.takeChance(outputs);
    for (const { variable, of } of cotangents) {
      this.argument(variable, this.scope.claim(parameterName(variable.name)), "cotangent", lengthOf(variable), { of });
    }
    for (const output of outputs) {
      const wantedName = output.of ? `d${parameterName(output.of.name)}` : "y";
      const array = this.scope.claim(wantedName);
      const length = output.of ? lengthOf(output.of) : "size";
      this.outputs.push({ output, array });
      this.parameters.push({ name: array, type: "Float32Array" });
      this.arguments.push({
        name: this.resultName(output) ?? array,
        role: output.role,
        ...(output.of ? { of: output.of.name } : {}),
        element: "f32",
        length,
      });
    }
    if (this.plan.perChannel)
      for (const extent of ["channelOuter", "channels", "channelInner"] as const) this.extent(extent);
    const statements = [...this.lengthChecks(), ...this.rounding(), ...this.body(outputs)];
    return {
      text: { name, documentation: this.documentation(), parameters: this.parameters, statements },
      kernel: { export: name, arguments: this.arguments },
    };
  }

  private rounding(): string[] {
    return [...this.rounded].map((variable, i) => {
      const given = this.scalars.get(variable)!;
      const name = this.scope.claim(`${given}Rounded`);
      this.scalars.set(variable, name);
      const comment =
        i === 0 ? "// The value was rounded to float32, and so are the borders that it is compared with.\n" : "";
      return `${comment}const ${name} = Math.fround(${given});`;
    });
  }

  /** What is random takes the seed, and whether this is training. */
  private takeChance(outputs: readonly Output[]): void {
    const { random } = this.plan.activation;
    if (!random) return;
    const reads = (variable: Variable): boolean =>
      outputs.some(({ form }) => partsOf(form).some((expr) => occurs(variable, expr)));
    this.chance = chanceOf(random, reads, (name) => this.scope.claim(name));
    this.parameters.push(...this.chance.parameters);
    this.arguments.push(...this.chance.arguments);
    this.scalars.set(random.training, this.chance.training);
  }

  private argument(
    variable: Variable,
    name: string,
    role: "cotangent" | "input" | "learned",
    length: string,
    more: Pick<KernelArgument, "of" | "default"> = {},
  ): void {
    this.arrays.set(variable, name);
    this.parameters.push({ name, type: "Float32Array" });
    const { of, default: value } = more;
    this.arguments.push({
      name: variable.name,
      role,
      ...(of === undefined ? {} : { of }),
      element: "f32",
      length,
      ...(value === undefined ? {} : { default: value }),
    });
  }

  /** What the manifest calls a result that belongs to a variable. */
  private resultName({ of }: Output): string | null {
    return of && (of === this.plan.cotangent ? cotangentGradientName(this.plan) : gradientName(of));
  }

  private get takesCotangent(): boolean {
    return this.family !== "forward" && this.family !== "fused";
  }

  private get isOfLaterFamily(): boolean {
    return this.family === "fused" || this.family === "doubleBackward";
  }

  private extent(name: ExtentName): void {
    this.parameters.push({ name, type: "number" });
    this.arguments.push({ name, role: "extent" });
  }

  private documentation(): string {
    const { activation, formulas } = this.plan;
    switch (this.family) {
      case "forward": {
        const { documentation, formula } = activation;
        return [...documentation, ...(documentation.length > 0 ? [""] : []), ...formula].join("\n");
      }
      case "backward":
      case "backwardSaved": {
        const from = this.family === "backward" ? [] : [`From the value ${activation.inputs[0]!.name}:`];
        const lines = formulas.map(
          ({ of, value }) =>
            `d${of.name} = ${of.role === "learned" ? `sum(${formulaText(value)})` : formulaText(value)}`,
        );
        return [...from, ...lines].join("\n");
      }
      case "fused":
        return `The value of ${activation.name}, and its derivative in each input.`;
      case "doubleBackward":
        return `The gradients of what ${activation.name}'s backward kernel computes, from a cotangent of each of its results.`;
    }
  }

  private lengthChecks(): string[] {
    const { perChannel } = this.plan;
    const first = this.arguments.find(({ length }) => length === "size");
    const leading = this.arrays.get(this.takesCotangent ? this.plan.cotangent : this.plan.activation.inputs[0]!)!;
    const lines: string[] = [];
    const size = "size";
    lines.push(`const ${size} = ${leading}.length;`);
    this.library.add("requireLength");
    for (const [i, argument] of this.arguments.entries()) {
      if (argument.length === undefined || argument === first) continue;
      const array = this.parameters[i]!.name;
      const expected = argument.length === "size" ? "size" : String(argument.length);
      lines.push(`requireLength("${array}", ${array}, ${expected});`);
    }
    if (perChannel) lines.push(`requireLength("${leading}", ${leading}, channelOuter * channels * channelInner);`);
    return lines;
  }

  /** The loops; what is 0 throughout is written after them, when nothing is read any more. */
  private body(all: readonly Output[]): string[] {
    const isZero = ({ form: { fast } }: Output): boolean => fast === constant(0) && this.isOfLaterFamily;
    const zeros = this.outputs.filter(({ output }) => isZero(output)).map(({ array }) => `${array}.fill(0);`);
    this.outputs = this.outputs.filter(({ output }) => !isZero(output));
    const outputs = all.filter((output) => !isZero(output));
    return outputs.length === 0 ? zeros : [...this.loops(outputs), ...zeros];
  }

  private loops(outputs: readonly Output[]): string[] {
    const exprs = outputs.flatMap((output) => [...(output.form.fast ? [output.form.fast] : []), ...guardsOf(output)]);
    const { bound } = schedule(exprs, {
      hoisted: (node) =>
        node.type === "number" && node.primitive !== "negate" && node.space !== 0 && !(node.space & Space.element),
    });
    const uniform: string[] = [];
    const channel: string[] = [];
    const whole = [...exprs, ...outputs.flatMap(({ form: { exact } }) => (exact ? [exact] : []))];
    const read = new Set(reachable(whole));
    for (const [variable, array] of this.arrays) {
      if (variable.space & Space.element || !read.has(variable)) continue;
      const [index, suffix, lines] = isPerChannel(variable)
        ? (["c", "C", channel] as const)
        : (["0", "Value", uniform] as const);
      const text = this.scope.claim(array + suffix);
      this.scalars.set(variable, text);
      lines.push(`const ${text} = ${array}[${index}]!;`);
    }
    const inner: Application[] = [];
    for (const node of bound) {
      if (node.space & Space.element) inner.push(node);
      else (node.space & Space.channel ? channel : uniform).push(...this.bind(node));
    }
    for (const node of read) {
      if (!isApplication(node, "pick") || this.sides.size === mostSides) continue;
      const [, yes, no] = node.operands;
      const place = 2 * this.sides.size;
      this.sides.set(node, place);
      this.library.add("pick");
      ((yes!.space | no!.space) & Space.channel ? channel : uniform).push(
        `sides[${place}] = ${this.print(no!)};`,
        `sides[${place + 1}] = ${this.print(yes!)};`,
      );
    }
    return [...uniform, ...this.elementLoops(whole, inner, channel)];
  }

  private elementLoops(whole: readonly Expr[], bound: readonly Application[], channel: readonly string[]): string[] {
    const isWhole = this.outputs.every(
      ({ output: { of, form } }) => of?.role !== "learned" && form.fast && !form.guard,
    );
    if (isWhole && !this.plan.perChannel && !this.plan.activation.random && isCheap(whole)) {
      return this.fourAtATime(this.outputs.flatMap(({ output }) => output.form.fast ?? []));
    }
    const sums = this.outputs.map(({ output, array }) =>
      output.of?.role === "learned" ? { name: this.scope.claim(`${array}Sum`), array, of: output.of } : null,
    );
    const index = "i";
    const store = ({ output, array }: Result, value: string): string => {
      const sum = sums[this.outputs.findIndex((each) => each.output === output)];
      return sum ? `${sum.name} += ${value};` : `${array}[${index}] = ${value};`;
    };
    const guarded = this.outputs.filter(({ output: { form } }) => form.fast && form.guard);
    const others = this.outputs.filter((each) => !guarded.includes(each));
    // Results may be written over the inputs: then nothing is read any more.
    const leaves = guarded.length > 0 && others.every(({ output }) => output.of?.role === "learned");
    const loads = this.loads(whole, index);
    const statements = [
      ...loads,
      ...bound.flatMap((node) => this.bind(node)),
      ...(leaves ? others : this.outputs).map((each) => store(each, this.result(each))),
    ];
    const conditions = allOf(guarded.flatMap(({ output }) => guardsOf(output)));
    const fast = guarded.map((each) => store(each, this.print(each.output.form.fast!)));
    // The names of the loop before mean nothing there.
    const exact = this.apart(bound, () => {
      const exactSums = guarded.map((each) => ({ each, sum: this.exactSum(each) }));
      const inner = schedule(exactSums.map(({ sum }) => sum)).bound.filter(
        (node) => node.space & Space.element && !this.scalars.has(node),
      );
      return [
        ...inner.flatMap((node) => this.bind(node)),
        ...exactSums.map(({ each, sum }) => store(each, this.print(sum))),
      ];
    });
    /** Elements from `from` to `to`: a loop that is left for those few that need more digits. */
    const loop = (from: string, to: string): string[] => {
      const [first, next] = [`let ${index} = ${from}; ${index} < ${to}; ${index}++`, `; ${index} < ${to}; ${index}++`];
      if (!leaves) return [`for (${first}) {`, ...statements, "}"];
      return [
        `for (${first}) {`,
        `for (${next}) {`,
        ...statements,
        `if (${this.print(apply("not", [conditions!]))}) break;`,
        ...fast,
        "}",
        `if (${index} < ${to}) {`,
        "// One that needs more digits.",
        ...loads,
        ...exact,
        "}",
        "}",
      ];
    };
    const learned = sums.filter((sum) => sum !== null);
    const starts = (of: "channel" | "scalar"): string[] =>
      learned.filter((sum) => isPerChannel(sum.of) === (of === "channel")).map((sum) => `let ${sum.name} = 0;`);
    const stores = (of: "channel" | "scalar"): string[] =>
      learned
        .filter((sum) => isPerChannel(sum.of) === (of === "channel"))
        .map((sum) => `${sum.array}[${of === "channel" ? "c" : "0"}] = ${sum.name};`);
    if (!this.plan.perChannel) {
      return [...starts("scalar"), ...loop("0", "size"), ...stores("scalar")];
    }
    const run = [
      `const start = (o * channels + c) * channelInner;`,
      `const end = start + channelInner;`,
      ...loop("start", "end"),
    ];
    return [
      ...starts("scalar"),
      "for (let c = 0; c < channels; c++) {",
      ...channel,
      ...starts("channel"),
      "for (let o = 0; o < channelOuter; o++) {",
      ...run,
      "}",
      ...stores("channel"),
      "}",
      ...stores("scalar"),
    ];
  }

  /** The text of a result: the fast form where its guard holds, wide arithmetic elsewhere. */
  private result(result: Result): string {
    const { fast, guard } = result.output.form;
    if (!fast) return this.exactly(result);
    return guard ? `${this.print(guard)} ? ${this.print(fast)} : ${this.exactly(result)}` : this.print(fast);
  }

  private exactly(result: Result): string {
    return this.print(this.exactSum(result));
  }

  /** The result with calls of the functions that compute the exact forms. */
  private exactSum({ output: { form, terms }, array }: Result): Expr {
    if (!terms) {
      const saved = this.family === "backwardSaved" ? "_saved" : "";
      const suffix = this.family === "forward" ? "" : `_${array}${saved}`;
      return this.exactCall(form, suffix, this.plan.cotangent);
    }
    const { cotangent } = this.plan;
    const summands = terms.map((term) =>
      term.form.exact
        ? this.exactCall(term.form, `_${term.name}`, term.cotangent)
        : withCotangent(term.form.fast!, cotangent, term.cotangent),
    );
    return summands.reduce((a, b) => apply("add", [a, b]));
  }

  private exactCall({ exact, gaps }: Form, suffix: string, cotangent: Expr): Expr {
    const fn = exactFunction(`${this.plan.activation.name}${suffix}_exactly`, exact!, gaps);
    if (!this.machine.texts.includes(fn.text)) {
      this.machine.names.push(...fn.own);
      this.machine.texts.push(fn.text);
    }
    const operands = fn.variables.map((variable) =>
      variable === this.plan.cotangent ? this.print(cotangent) : (this.scalars.get(variable) ?? ""),
    );
    const call = `${typescriptName(fn.name, "function")}(${operands.join(", ")})`;
    const stand = variableOf(call, "formal", Space.element);
    this.scalars.set(stand, call);
    return stand;
  }

  /** What `write` writes where other names than the loop's inputs do not hold. */
  private apart<T>(bound: readonly Application[], write: () => T): T {
    const [outer, outerScope] = [new Map(this.scalars), this.scope];
    this.scope = outerScope.inner();
    for (const node of bound) this.scalars.delete(node);
    const written = write();
    this.scope = outerScope;
    this.scalars.clear();
    for (const [node, name] of outer) this.scalars.set(node, name);
    return written;
  }

  /** A loop of four elements a turn, each result by a function of its own, and one for the elements that are left. */
  private fourAtATime(exprs: readonly Expr[]): string[] {
    const lines: string[] = [];
    const calls = this.outputs.map(({ output, array }, k) => {
      const expr = exprs[k]!;
      const [outer, outerScope] = [new Map(this.scalars), this.scope];
      this.scope = outerScope.inner();
      const uses = this.inputsOf([expr]);
      const parameters = uses.map(({ array: name, variable }) => {
        const parameter = this.elementName(name);
        this.scalars.set(variable, parameter);
        return `${parameter}: number`;
      });
      const { bound } = schedule([expr]);
      const statements = bound.filter((node) => !outer.has(node)).flatMap((node) => this.bind(node));
      const result = this.print(expr);
      for (const node of [...this.scalars.keys()]) if (!outer.has(node)) this.scalars.delete(node);
      this.scope = outerScope;
      const name = this.scope.claim(output.of ? "slope" : "value");
      const head = `const ${name} = (${parameters.join(", ")}): number =>`;
      if (statements.length === 0) lines.push(`${head} ${result};`);
      else lines.push(`${head} {`, ...statements, `return ${result};`, "};");
      return (index: string): string =>
        `${array}[${index}] = ${name}(${uses.map((use) => `${use.array}[${index}]!`).join(", ")});`;
    });
    const whole = this.scope.claim("whole");
    return [
      ...lines,
      "// Four elements a turn: the loop itself costs as much as one of them.",
      `const ${whole} = size - (size % 4);`,
      `for (let i = 0; i < ${whole}; i += 4) {`,
      ...["i", "i + 1", "i + 2", "i + 3"].flatMap((index) => calls.map((call) => call(index))),
      "}",
      `for (let i = ${whole}; i < size; i++) {`,
      ...calls.map((call) => call("i")),
      "}",
    ];
  }

  /** Reads the elements that the expressions use. */
  private loads(exprs: readonly Expr[], index: string): string[] {
    const loaded = this.inputsOf(exprs).map(({ variable, array }) => {
      const name = this.elementName(array);
      this.scalars.set(variable, name);
      return `const ${name} = ${array}[${index}]!;`;
    });
    return [...loaded, ...this.drawing(exprs, index)];
  }

  private drawing(exprs: readonly Expr[], index: string): readonly string[] {
    const { random } = this.plan.activation;
    if (!random || !this.chance) return [];
    const claim = (name: string): string => this.scope.claim(name);
    const { lines, names } = drawing(random, this.chance, new Set(reachable(exprs)), index, claim, this.library);
    for (const [variable, name] of names) this.scalars.set(variable, name);
    return lines;
  }

  private inputsOf(exprs: readonly Expr[]): { readonly variable: Variable; readonly array: string }[] {
    const read = new Set(reachable(exprs));
    return [...this.arrays]
      .filter(([variable]) => variable.space & Space.element && read.has(variable))
      .map(([variable, array]) => ({ variable, array }));
  }

  private elementName(array: string): string {
    return this.scope.claim(array.length <= 2 ? `${array}i` : `${array}I`);
  }

  private bind(node: Application): string[] {
    const text = this.print(node, true);
    const name = this.scope.claim(temporaryName(node, this.plan));
    this.scalars.set(node, name);
    return [...commentOn(node), `const ${name} = ${text};`];
  }

  private print(node: Expr, itself = false): string {
    return printExpression(
      node,
      {
        dialect: typescript,
        nameOf: (inner) => this.scalars.get(inner),
        library: (name) => {
          this.library.add(name);
          return name;
        },
        spellingHere: (inner) => {
          const place = this.sides.get(inner);
          if (place === undefined) return undefined;
          return ([condition], print) => ({
            text: `pick(${place}, ${print(condition!, Precedence.selection)})`,
            precedence: Precedence.primary,
          });
        },
      },
      itself,
    );
  }
}
