/** What the passes of a kernel over rows have in common: what they compute, where numbers of rows lie, how variables are read. */
import { type Expr, Space, type Variable, variablesOf } from "../../ir/expr.js";
import { wgslReserved } from "../../names.js";
import { cotangentGradientName, type KernelPlan } from "../kernels.js";
import type { WgslPassDescription } from "../manifest.js";
import { NameScope } from "../naming.js";
import { type RowForm, rowForm, type RowFunction, rowFunction, type RowLevel, scaleFunction } from "../row-form.js";
import type { ReductionKind, RowOutput } from "../rows.js";
import { resultLength } from "../spaces.js";
import { walkedIn } from "../walks.js";
import { type Buffer, elementAt, storedAt, type WgslBindings } from "./wgsl-bindings.js";
import { drawing, drawnName, trainingNumber } from "./wgsl-draws.js";
import { chunkLength, type RowNumbers, slotsOf, workgroupSize } from "./wgsl-row-functions.js";
import type { WgslContext } from "./wgsl.js";

/** Rows up to here are computed by one workgroup, all at once. */
export const shortRow = 4096;

/** WebGPU grants every shader stage this many storage buffers. */
export const maximumBuffers = 8;

export interface RowKernel {
  /** Follows the prefix in the names of functions and entry points. */
  readonly name: string;
  /** Whether a NaN among inputs and parameters makes the results of its row NaN. */
  readonly passesNaN: boolean;
  readonly outputs: readonly RowOutput[];
  /** The variable for what forward gives, where that is read. */
  readonly kept?: Variable;
  /** Of the gradients that backward writes: what each is a cotangent of the gradient in. */
  readonly cotangents?: ReadonlyMap<Variable, Variable>;
}

export type RowContext = Pick<WgslContext, "plan" | "storage" | "prefix" | "machine" | "library">;

/** What the kernels of a file share. */
export interface RowsOfFile {
  readonly context: RowContext;
  readonly numbers: RowNumbers;
  readonly bindings: WgslBindings;
  /** Entry points, and what stands with them. */
  readonly entries: string[];
  /** Reductions within workgroups that are called. */
  readonly combined: Set<ReductionKind>;
}

/** An output, and what its elements are in the names of row values. */
export type RowResult = RowOutput & { readonly root: Expr };

/** Names of numbers that a pass has at hand. */
interface Locals {
  readonly scope?: NameScope;
  readonly known?: ReadonlyMap<Variable, string>;
}

/** One kernel: its passes are written from here (`wgsl-short-rows.ts`, `wgsl-long-rows.ts`, `wgsl-learned-sums.ts`). */
export class RowScene {
  readonly form: RowForm;
  /** Where a number of a row lies among those of its row. */
  readonly slots = new Map<Variable, number>();
  readonly slotCount: number;
  readonly nanSlot: number | null;
  readonly pair: string;

  readonly context: RowContext;
  readonly bindings: WgslBindings;
  readonly combined: Set<ReductionKind>;
  readonly entries: string[];
  readonly numbers: RowNumbers;

  constructor(
    { context, bindings, combined, entries, numbers }: RowsOfFile,
    readonly kernel: RowKernel,
  ) {
    this.context = context;
    this.bindings = bindings;
    this.combined = combined;
    this.entries = entries;
    this.numbers = numbers;
    this.pair = context.library(numbers.type);
    this.form = rowForm(context.plan, kernel.outputs, numbers.type);
    let count = 0;
    for (const { values, carried, picked, expressions } of this.form.levels) {
      for (const { name, kind } of values) {
        this.slots.set(name, count);
        count += slotsOf(kind);
      }
      for (const { name } of [...carried, ...picked, ...expressions]) this.slots.set(name, count++);
    }
    this.nanSlot = kernel.passesNaN && this.form.levels.length > 0 ? count++ : null;
    this.slotCount = count;
  }

  /** Whether a workgroup computes all of a short row. */
  get hasWhole(): boolean {
    const { outputs } = this.kernel;
    const learned = outputs.some(({ of }) => of?.role === "learned") ? 1 : 0;
    const written = outputs.filter(({ of }) => of?.role !== "learned").length + learned;
    return this.form.levels.length > 0 && readBy(this.expressions()) + written <= maximumBuffers;
  }

  /** All that is computed. */
  private expressions(): Expr[] {
    const { levels, roots } = this.form;
    const ofLevels = levels.flatMap((level) => [...walkedIn(level), ...readAfter(level)]);
    return [...ofLevels, ...roots];
  }

  /** In passes for long rows alone. */
  get unlessShort(): readonly string[] {
    return this.hasWhole ? [`if (${this.extent("axisLength")} <= ${shortRow}u) {`, "  return;", "}"] : [];
  }

  get plan(): KernelPlan {
    return this.context.plan;
  }

  name(part: string): string {
    return `${this.context.prefix}_${this.kernel.name}_${part}`;
  }

  extent(name: string): string {
    return this.bindings.uniform(name, "extent");
  }

  /** Room for the numbers of rows, and of their chunks. */
  rowBuffer(): Buffer {
    const length = `axisOuter * axisInner * ceil(axisLength / ${chunkLength}) * ${this.numbers.parts * this.slotCount}`;
    return this.bindings.scratch(`${this.kernel.name}_rows`, length);
  }

  termBuffer(count: number): Buffer {
    return this.bindings.scratch(`${this.kernel.name}_terms`, count === 1 ? "size" : `size * ${count}`);
  }

  /** Where the terms of a learned parameter's gradient lie, one parameter's behind the other's. */
  termAt(place: number, index: string): string {
    const size = this.extent("size");
    return place === 0 ? index : `${place === 1 ? size : `${place}u * ${size}`} + ${index}`;
  }

  /** Where the numbers of a row, or of one of its chunks, begin. */
  at(chunk: string): string {
    return `${this.name("slots")}(row, ${chunk})`;
  }

  slotsFunction(): string {
    const { prefix } = this.context;
    return `fn ${this.name("slots")}(row: u32, chunk: u32) -> u32 {
  return (row * ${prefix}_chunks() + chunk) * ${this.numbers.parts * this.slotCount}u;
}`;
  }

  load(name: string, slots: string, slot: number): string {
    const { variable } = this.rowBuffer();
    const { parts, read } = this.numbers;
    const at = Array.from({ length: parts }, (_, part) => `${variable}[${slots} + ${parts * slot + part}u]`);
    return `let ${name} = ${this.pair}(${read(at)});`;
  }

  store(value: string, slots: string, slot: number): string[] {
    const { variable } = this.rowBuffer();
    const { parts, written } = this.numbers;
    return written(value).map((text, part) => `${variable}[${slots} + ${parts * slot + part}u] = ${text};`);
  }

  readonly declared = new Map<string, RowFunction>();

  /** The function is put into the file. */
  declare(part: string, roots: readonly Expr[], finished: boolean): RowFunction {
    const known = this.declared.get(part);
    if (known) return known;
    return this.put(part, rowFunction(this.name(part), roots, finished, this.numbers.type));
  }

  /** What a walk computes for each element: what is reduced, then what exponentials of carried sums are multiplied by. */
  terms(l: number): RowFunction {
    return this.declare(`terms${l}`, walkedIn(this.form.levels[l]!), false);
  }

  /** Where the element is that stands at a place, which is a number of the row. */
  elementOf(place: string, base: string): string[] {
    const number = this.context.library(this.numbers.type === "pair" ? "pair_to_f32" : "ranged_to_limit");
    return [
      `let k = min(u32(${number}(${place})), ${this.extent("axisLength")} - 1u);`,
      `let i = ${base} + k * ${this.extent("axisInner")};`,
    ];
  }

  private put(part: string, fn: RowFunction): RowFunction {
    for (const { name, text } of fn.declared) {
      this.context.machine.names.push(name);
      this.context.machine.texts.push(text);
    }
    this.declared.set(part, fn);
    return fn;
  }

  /** exp(a - b) */
  scale(a: string, b: string): string {
    const { name } =
      this.declared.get("scale") ?? this.put("scale", scaleFunction(this.name("scale"), this.numbers.type));
    return `${name}(${a}, ${b})`;
  }

  readonly locals = new NameScope(
    [
      "workgroup",
      "workgroups",
      "lane",
      "lanes",
      "chunks",
      "chunk",
      "row",
      "rows",
      "first",
      "base",
      "span",
      "end",
      "k",
      "i",
      "c",
      "slots",
      "others",
      "partial",
      "head",
      "missing",
      "result",
      ...["carried", "scale", "less", "largest", "first"].flatMap((name) =>
        Array.from({ length: 16 }, (_, i) => `${name}${i}`),
      ),
    ],
    [wgslReserved],
  );

  /**
   * How a pass reads the variables of its functions: what is the same for all elements of a row, and what is not.
   */
  reads(
    variables: readonly Variable[],
    asGiven = false,
    { scope = this.locals.inner(), known = new Map() }: Locals = {},
  ): {
    readonly ofRow: readonly string[];
    readonly ofElement: readonly string[];
    readonly argument: (variable: Variable) => string;
    readonly buffers: readonly Buffer[];
    /** Numbers whose NaN counts. */
    readonly given: readonly string[];
  } {
    const ofRow: string[] = [];
    const ofElement: string[] = [];
    const names = new Map<Variable, string>();
    const buffers: Buffer[] = [];
    const given: string[] = [];
    const slots = `let slots = ${this.at("0u")};`;
    const { random } = this.plan.activation;
    const value = (variable: Variable, buffer: Buffer, index: string, list: string[]): void => {
      const name = scope.claim(localText(variable));
      if (asGiven) given.push(name);
      list.push(`let ${name} = ${elementAt(buffer, index)};`);
      names.set(variable, name);
      buffers.push(buffer);
    };
    /** One of what several elements share. */
    const shared = (variable: Variable, buffer: Buffer): void => {
      const [index, list] =
        variable.space & Space.channel
          ? ["c", ofElement]
          : variable.space & Space.axis
            ? ["k", ofElement]
            : ["0", ofRow];
      value(variable, buffer, index, list);
    };
    for (const variable of variables) {
      const local = known.get(variable);
      if (local !== undefined) {
        names.set(variable, local);
        continue;
      }
      const slot = this.slots.get(variable);
      if (slot !== undefined) {
        const name = scope.claim(localText(variable));
        if (!ofRow.includes(slots)) ofRow.push(slots);
        ofRow.push(this.load(name, "slots", slot));
        names.set(variable, name);
        continue;
      }
      switch (variable.role) {
        case "input":
          value(variable, this.inputBuffer(variable), "i", ofElement);
          break;
        case "cotangent": {
          const gradient = this.kernel.cotangents?.get(variable);
          if (gradient && !(variable.space & Space.element)) {
            shared(variable, this.bindings.cotangentOf(gradient, variable.name));
            break;
          }
          const buffer = gradient
            ? this.bindings.cotangentOf(gradient, variable.name)
            : this.bindings.cotangent(resultLength(this.plan));
          if (variable.space === Space.row) value(variable, buffer, "row", ofRow);
          else value(variable, buffer, "i", ofElement);
          break;
        }
        case "learned":
          shared(variable, this.bindings.learned(variable));
          break;
        case "hyperparameter":
          names.set(variable, this.bindings.uniform(variable.name, "hyperparameter"));
          break;
        case "axisLength": {
          const name = scope.claim("length");
          ofRow.push(
            `let ${name} = ${this.context.library(`${this.numbers.type}_from_u32`)}(${this.extent("axisLength")});`,
          );
          names.set(variable, name);
          break;
        }
        case "position":
          names.set(variable, "f32(k)");
          break;
        case "random":
          names.set(variable, drawnName(random!, variable));
          break;
        case "training":
          names.set(variable, trainingNumber(random!, this.bindings));
          break;
        case "formal":
          throw new Error(`rows do not know what ${variable.name} is`);
      }
    }
    const needsChannel = variables.some(({ space, role }) => role !== "formal" && space & Space.channel);
    if (needsChannel) ofElement.unshift(this.channelLine());
    ofElement.push(...this.drawing(variables));
    const isStored = (variable: Variable): boolean => this.slots.has(variable) && !known.has(variable);
    const rowBuffers = variables.some(isStored) ? [this.rowBuffer()] : [];
    return {
      ofRow,
      ofElement,
      argument: (variable) => names.get(variable)!,
      buffers: [...buffers, ...rowBuffers],
      given,
    };
  }

  inputBuffer(variable: Variable): Buffer {
    return variable === this.kernel.kept ? this.bindings.keptOutput(variable) : this.bindings.input(variable);
  }

  drawing(variables: readonly Variable[]): string[] {
    const { random } = this.plan.activation;
    const read = variables.filter(({ role }) => role === "random");
    if (read.length === 0) return [];
    return drawing(random, new Set(variables), read, "i", this.bindings, this.context.library);
  }

  channelLine(): string {
    return `let c = (i / ${this.extent("channelInner")}) % ${this.extent("channels")};`;
  }

  call({ name, parameters }: RowFunction, argument: (variable: Variable) => string): string {
    return `${name}(${parameters.map(argument).join(", ")})`;
  }

  entry(
    name: string,
    body: readonly string[],
    dispatch: WgslPassDescription["dispatch"],
    buffers: readonly Buffer[],
  ): WgslPassDescription {
    const text = [
      `@compute @workgroup_size(${workgroupSize})`,
      `fn ${name}(`,
      "  @builtin(workgroup_id) workgroup: vec3<u32>,",
      "  @builtin(num_workgroups) workgroups: vec3<u32>,",
      "  @builtin(local_invocation_index) lane: u32,",
      ") {",
      ...indented(body),
      "}",
    ].join("\n");
    this.entries.push(text);
    // Helpers read the extents, too.
    const withUniforms = { name, text: `${text}\n${this.context.prefix}_uniforms.` };
    return this.bindings.pass(withUniforms, dispatch, workgroupSize, [...new Set(buffers)]);
  }

  readonly group = "let group = workgroup.y * workgroups.x + workgroup.x;";

  /** What the function of the first pass over elements is called. */
  elementsFunction = "";

  /** Results of elements go to their places, terms of gradients that are sums to those of terms. */
  elementStores(
    outputs: readonly RowOutput[],
    fn: RowFunction,
    passed: (value: string, of: Variable | null) => string,
  ): { readonly lines: readonly string[]; readonly buffers: readonly Buffer[] } {
    const learned = this.kernel.outputs.flatMap(({ of }) => (of?.role === "learned" ? [of] : []));
    const buffers: Buffer[] = [];
    const lines = outputs.map(({ of }, o) => {
      const value = `result${fn.member(o)}`;
      const buffer = of?.role === "learned" ? this.termBuffer(learned.length) : this.resultBuffer({ of });
      buffers.push(buffer);
      return of?.role === "learned"
        ? `${buffer.variable}[${this.termAt(learned.indexOf(of), "i")}] = ${value};`
        : storedAt(buffer, "i", passed(value, of));
    });
    return { lines, buffers };
  }

  /** What may be NaN: inputs and learned parameters that the results depend on. */
  givenVariables(): Variable[] {
    const met = new Set(this.expressions().flatMap((expr) => [...variablesOf(expr)]));
    return [...met].filter(({ role }) => role === "input" || role === "learned");
  }

  declareNaN(): void {
    const { prefix, library } = this.context;
    this.entries.push(
      `var<workgroup> ${prefix}_lane_nan: array<f32, ${workgroupSize}>;

fn ${prefix}_workgroup_nan(value: f32, lane: u32, lanes: u32) {
  ${prefix}_lane_nan[lane] = value;
  workgroupBarrier();
  for (var stride = lanes / 2u; stride > 0u; stride /= 2u) {
    if (lane % lanes < stride) {
      let other = ${prefix}_lane_nan[lane + stride];
      ${prefix}_lane_nan[lane] = select(${prefix}_lane_nan[lane], other, ${library("is_nan")}(other));
    }
    workgroupBarrier();
  }
}`,
    );
  }

  unlessNaN(value: string, given: string): string {
    return `select(${value}, ${given}, ${this.context.library("is_nan")}(${given}))`;
  }

  /** NaN where the row has one. */
  orNaN(value: string): string {
    if (this.nanSlot === null) return value;
    const { variable } = this.rowBuffer();
    const missing = `${variable}[${this.at("0u")} + ${this.numbers.parts * this.nanSlot}u]`;
    return this.unlessNaN(value, missing);
  }

  resultBuffer({ of }: Pick<RowOutput, "of">): Buffer {
    if (of === null) return this.bindings.output(resultLength(this.plan));
    return of === this.plan.cotangent
      ? this.bindings.gradient(of, cotangentGradientName(this.plan))
      : this.bindings.gradient(of);
  }
}

/** What is computed once for a row when a walk is over. */
export const readAfter = ({ picked, expressions }: RowLevel): Expr[] => [
  ...picked.map(({ operand }) => operand),
  ...expressions.map(({ value }) => value),
];

/** How many buffers are read for expressions. */
export const readBy = (exprs: readonly Expr[]): number =>
  new Set(exprs.flatMap((expr) => [...variablesOf(expr)]).filter(isBuffer)).size;

const isBuffer = (variable: Variable): boolean =>
  variable.role === "input" || variable.role === "learned" || variable.role === "cotangent";

export const localText = ({ name }: Variable): string => name.replace(/^_+/, "").replace(/\W+/g, "_") || "v";

export const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
