/**
 * Entry points of activations that reduce over an axis. For each level of reductions, threads walk over parts of the
 * rows and leave partial results, then one thread for each row puts these together and computes what depends on the row
 * alone. Short rows share a workgroup, long ones are cut into chunks. In the end each element is computed by itself. Numbers
 * are pairs of float32 all the way, so the error of a sum does not grow with its length.
 */
import { type Expr, Space, type Variable, variablesOf } from "../../ir/expr.js";
import { cotangentGradientName, type KernelPlan, planRowSecondOrder } from "../kernels.js";
import type { Kept, KeptOutput } from "../kept.js";
import type { WgslKernel, WgslPassDescription } from "../manifest.js";
import { NameScope } from "../naming.js";
import { rowArithmeticOf, type RowForm, rowForm, type RowFunction, rowFunction } from "../row-form.js";
import type { KernelFamily } from "../output.js";
import { isAlong, type ReductionKind, type RowOutput } from "../rows.js";
import { learnedLength, resultLength } from "../spaces.js";
import { wgslReserved } from "../../names.js";
import { type Buffer, elementAt, requiredBy, storedAt, WgslBindings } from "./wgsl-bindings.js";
import type { WgslKernels } from "./wgsl-element-kernels.js";
import type { WgslContext } from "./wgsl.js";
import { chanceFields, drawing, drawnName, trainingNumber } from "./wgsl-draws.js";
import {
  chunkLength,
  combination,
  isPlace,
  type RowNumbers,
  rowNumbers,
  sharedFunctions,
  slotsOf,
  workgroupSize,
} from "./wgsl-row-functions.js";

/** Rows up to here are computed by one workgroup, all at once. */
const shortRow = 4096;

/** WebGPU grants every shader stage this many storage buffers. */
const maximumBuffers = 8;

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

export function rowKernels(context: RowContext, families: ReadonlySet<KernelFamily>, kept: Kept | null): WgslKernels {
  const { plan } = context;
  const results: RowOutput[][] = [
    [{ of: null, value: plan.value }],
    plan.gradients.map(({ of, value }) => ({ of, value })),
  ];
  const file = new RowFile(context, rowNumbers[rowArithmeticOf(plan, results)]);
  const [value = [], gradients = []] = results;
  const forward = file.written({ name: "forward", passesNaN: true, outputs: value });
  const backward = file.written({ name: "backward", passesNaN: false, outputs: gradients });
  const fromOutput = ({ plan: { activation, gradients } }: KeptOutput): WgslKernel =>
    file.written({
      name: "backward_saved",
      passesNaN: false,
      outputs: gradients.map(({ of, value }) => ({ of, value })),
      kept: activation.inputs[0]!,
    });
  const saved = kept?.kind === "output" ? { forward, backward: fromOutput(kept) } : null;
  const doubleBackward = families.has("doubleBackward") ? secondOrder(file, plan) : null;
  return { text: file.text(), forward, backward, saved, doubleBackward };
}

/** Null where a pass would read more than there is room for. */
function secondOrder(file: RowFile, plan: KernelPlan): WgslKernel | null {
  const { cotangents, gradients } = planRowSecondOrder(plan);
  return file.kernel({
    name: "double_backward",
    passesNaN: false,
    outputs: gradients,
    cotangents: new Map(cotangents.map((each, i) => [each, plan.gradients[i]!.of])),
  });
}

/** What several kernels of a file share: bindings, and functions of workgroups. */
class RowFile {
  readonly bindings: WgslBindings;
  readonly entries: string[] = [];
  readonly combined = new Set<ReductionKind>();

  constructor(
    readonly context: RowContext,
    readonly numbers: RowNumbers,
  ) {
    const { plan, prefix, storage } = context;
    const extents = [
      "size",
      ...(plan.perChannel ? ["channelOuter", "channels", "channelInner"] : []),
      ...["axisOuter", "axisLength", "axisInner"],
    ];
    this.bindings = new WgslBindings(prefix, storage, [
      ...extents.map((name) => ({ name, role: "extent" }) as const),
      ...plan.activation.hyperparameters.map(
        ({ variable, default: value }) => ({ name: variable.name, role: "hyperparameter", default: value }) as const,
      ),
      ...chanceFields(plan.activation.random),
    ]);
  }

  /** The kernel, whatever it reads. */
  written(kernel: RowKernel): WgslKernel {
    return this.by(new RowKernelWriter(this, kernel));
  }

  /** Null where a pass would need more buffers than WebGPU grants. */
  kernel(kernel: RowKernel): WgslKernel | null {
    const writer = new RowKernelWriter(this, kernel);
    return writer.fits() ? this.by(writer) : null;
  }

  private by(writer: RowKernelWriter): WgslKernel {
    return { requires: requiredBy(this.context.storage), passes: writer.passes() };
  }

  text(): string {
    const shared =
      this.combined.size === 0
        ? []
        : sharedFunctions(this.context.prefix, this.context.library, this.bindings, this.combined, this.numbers);
    return `${[this.bindings.text(), ...shared, ...this.entries].join("\n\n")}\n`;
  }
}

/** Names of numbers that a pass has at hand. */
interface Locals {
  readonly scope?: NameScope;
  readonly known?: ReadonlyMap<Variable, string>;
}

class RowKernelWriter {
  private readonly form: RowForm;
  /** Where a number of a row lies among those of its row. */
  private readonly slots = new Map<Variable, number>();
  private readonly slotCount: number;
  private readonly nanSlot: number | null;
  private readonly pair: string;

  private readonly context: RowContext;
  private readonly bindings: WgslBindings;
  private readonly combined: Set<ReductionKind>;
  private readonly entries: string[];
  private readonly numbers: RowNumbers;

  constructor(
    { context, bindings, combined, entries, numbers }: RowFile,
    private readonly kernel: RowKernel,
  ) {
    this.context = context;
    this.bindings = bindings;
    this.combined = combined;
    this.entries = entries;
    this.numbers = numbers;
    this.pair = context.library(numbers.type);
    this.form = rowForm(
      kernel.outputs.map(({ value }) => value),
      numbers.type,
    );
    let count = 0;
    for (const { values, expressions } of this.form.levels) {
      for (const { name, kind } of values) {
        this.slots.set(name, count);
        count += slotsOf(kind);
      }
      for (const { name } of expressions) this.slots.set(name, count++);
    }
    this.nanSlot = kernel.passesNaN && this.form.levels.length > 0 ? count++ : null;
    this.slotCount = count;
  }

  passes(): WgslPassDescription[] {
    const { levels, roots } = this.form;
    const { outputs } = this.kernel;
    if (levels.length > 0) this.entries.push(this.slotsFunction());
    const passes = levels.flatMap((_, l) => [this.walk(l), this.rows(l)]);
    const results = outputs.map((output, i) => ({ ...output, root: roots[i]! }));
    const { yieldsRows } = this.plan;
    const along = results.filter((output) => isAlong(output, yieldsRows));
    passes.push(...results.filter((output) => !isAlong(output, yieldsRows)).map((output) => this.rowResults(output)));
    const groups = this.groups(along);
    for (const group of groups) passes.push(this.elements(group, passes.length));
    if (this.hasWhole) passes.unshift(this.whole(results, along, groups.length > 1));
    const learned = outputs.flatMap(({ of }) => (of?.role === "learned" ? [of] : []));
    passes.push(...learned.map((of, i) => this.termSum(of, i, learned.length)));
    return passes;
  }

  /** Whether a workgroup computes all of a short row. */
  private get hasWhole(): boolean {
    const { levels, roots } = this.form;
    const operands = levels.flatMap(({ values, expressions }) => [
      ...values.map(({ operand }) => operand),
      ...expressions.map(({ value }) => value),
    ]);
    const { outputs } = this.kernel;
    const learned = outputs.some(({ of }) => of?.role === "learned") ? 1 : 0;
    const written = outputs.filter(({ of }) => of?.role !== "learned").length + learned;
    return levels.length > 0 && readBy([...operands, ...roots]) + written <= maximumBuffers;
  }

  /** In passes for long rows alone. */
  private get unlessShort(): readonly string[] {
    return this.hasWhole ? [`if (${this.extent("axisLength")} <= ${shortRow}u) {`, "  return;", "}"] : [];
  }

  private get plan(): KernelPlan {
    return this.context.plan;
  }

  /** Elements' outputs, as many in a pass as there is room for buffers. */
  private groups<T extends RowOutput & { readonly root: Expr }>(outputs: readonly T[]): T[][] {
    if (outputs.length === 0) return [];
    return this.buffersOf(outputs) <= maximumBuffers ? [[...outputs]] : outputs.map((output) => [output]);
  }

  /** How many buffers a pass binds that writes these. */
  private buffersOf(outputs: readonly (RowOutput & { readonly root: Expr })[]): number {
    const learned = outputs.some(({ of }) => of?.role === "learned") ? 1 : 0;
    const written = outputs.filter(({ of }) => of?.role !== "learned").length + learned;
    return readBy(outputs.map(({ root }) => root)) + written + 1;
  }

  /** Whether each pass has room for its buffers. */
  fits(): boolean {
    const { levels, roots } = this.form;
    const walks = levels.map(({ values }) => readBy(values.map(({ operand }) => operand)) + 1);
    const last = this.kernel.outputs.map((output, i) => this.buffersOf([{ ...output, root: roots[i]! }]));
    return [...walks, ...last].every((count) => count <= maximumBuffers);
  }

  private name(part: string): string {
    return `${this.context.prefix}_${this.kernel.name}_${part}`;
  }

  private extent(name: string): string {
    return this.bindings.uniform(name, "extent");
  }

  /** Room for the numbers of rows, and of their chunks. */
  private rowBuffer(): Buffer {
    const length = `axisOuter * axisInner * ceil(axisLength / ${chunkLength}) * ${this.numbers.parts * this.slotCount}`;
    return this.bindings.scratch(`${this.kernel.name}_rows`, length);
  }

  private termBuffer(count: number): Buffer {
    return this.bindings.scratch(`${this.kernel.name}_terms`, count === 1 ? "size" : `size * ${count}`);
  }

  /** Where the terms of a learned parameter's gradient lie, one parameter's behind the other's. */
  private termAt(place: number, index: string): string {
    const size = this.extent("size");
    return place === 0 ? index : `${place === 1 ? size : `${place}u * ${size}`} + ${index}`;
  }

  /** Where the numbers of a row, or of one of its chunks, begin. */
  private at(chunk: string): string {
    return `${this.name("slots")}(row, ${chunk})`;
  }

  private slotsFunction(): string {
    const { prefix } = this.context;
    return `fn ${this.name("slots")}(row: u32, chunk: u32) -> u32 {
  return (row * ${prefix}_chunks() + chunk) * ${this.numbers.parts * this.slotCount}u;
}`;
  }

  private load(name: string, slots: string, slot: number): string {
    const { variable } = this.rowBuffer();
    const { parts, read } = this.numbers;
    const at = Array.from({ length: parts }, (_, part) => `${variable}[${slots} + ${parts * slot + part}u]`);
    return `let ${name} = ${this.pair}(${read(at)});`;
  }

  private store(value: string, slots: string, slot: number): string[] {
    const { variable } = this.rowBuffer();
    const { parts, written } = this.numbers;
    return written(value).map((text, part) => `${variable}[${slots} + ${parts * slot + part}u] = ${text};`);
  }

  private readonly declared = new Map<string, RowFunction>();

  /** The function is put into the file. */
  private declare(part: string, roots: readonly Expr[], finished: boolean): RowFunction {
    const known = this.declared.get(part);
    if (known) return known;
    const fn = rowFunction(this.name(part), roots, finished, this.numbers.type);
    for (const { name, text } of fn.declared) {
      this.context.machine.names.push(name);
      this.context.machine.texts.push(text);
    }
    this.declared.set(part, fn);
    return fn;
  }

  private readonly locals = new NameScope(
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
    ],
    [wgslReserved],
  );

  /**
   * How a pass reads the variables of its functions: what is the same for all elements of a row, and what is not.
   */
  private reads(
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

  private inputBuffer(variable: Variable): Buffer {
    return variable === this.kernel.kept ? this.bindings.keptOutput(variable) : this.bindings.input(variable);
  }

  private drawing(variables: readonly Variable[]): string[] {
    const { random } = this.plan.activation;
    const read = variables.filter(({ role }) => role === "random");
    if (read.length === 0) return [];
    return drawing(random, new Set(variables), read, "i", this.bindings, this.context.library);
  }

  private channelLine(): string {
    return `let c = (i / ${this.extent("channelInner")}) % ${this.extent("channels")};`;
  }

  private call({ name, parameters }: RowFunction, argument: (variable: Variable) => string): string {
    return `${name}(${parameters.map(argument).join(", ")})`;
  }

  private entry(
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

  private readonly group = "let group = workgroup.y * workgroups.x + workgroup.x;";

  /** Partial results of one level. */
  private walk(l: number): WgslPassDescription {
    const { values } = this.form.levels[l]!;
    const terms = this.declare(
      `terms${l}`,
      values.map(({ operand }) => operand),
      false,
    );
    const isFirst = l === 0 && this.nanSlot !== null;
    // All that is given counts, whatever level it is read at.
    const variables = isFirst ? [...new Set([...terms.parameters, ...this.givenVariables()])] : terms.parameters;
    const { ofRow, ofElement, argument, buffers, given } = this.reads(variables, isFirst);
    const { prefix, library } = this.context;
    const partials = values.flatMap(({ kind }, v) => [
      `var partial${v} = ${this.pair}(${this.numbers.start[kind]});`,
      ...(isPlace(kind) ? [`var place${v} = 0xffffffffu;`] : []),
    ]);
    const updates = values.flatMap(({ kind }, v) => {
      const term = `term${terms.member(v)}`;
      if (!isPlace(kind)) return [`partial${v} = ${combination(kind, this.numbers, library)(`partial${v}`, term)};`];
      return [
        `if (${prefix}_comes_first_${kind}(partial${v}, place${v}, ${term}, k)) {`,
        `  partial${v} = ${term};`,
        `  place${v} = k;`,
        "}",
      ];
    });
    const hyperparameters = isFirst
      ? this.plan.activation.hyperparameters.map(({ variable }) =>
          this.bindings.uniform(variable.name, "hyperparameter"),
        )
      : [];
    const keeps = (each: string): string => `missing = select(missing, ${each}, ${library("is_nan")}(${each}));`;
    const totals = values.flatMap(({ kind }, v) => {
      this.combined.add(kind);
      const place = isPlace(kind);
      const index = this.slots.get(values[v]!.name)!;
      const own = `${prefix}_lane_values[lane]`;
      return [
        `${prefix}_workgroup_${kind}(partial${v}, ${place ? `place${v}, ` : ""}lane, lanes);`,
        "if (row < rows && lane % lanes == 0u) {",
        ...indented(
          place
            ? [
                `let place = ${library(`${this.numbers.type}_from_u32`)}(${prefix}_lane_places[lane]);`,
                ...this.store("place", "partial", index),
                ...this.store(own, "partial", index + 1),
              ]
            : this.store(own, "partial", index),
        ),
        "}",
        "workgroupBarrier();",
      ];
    });
    const missing = isFirst
      ? [
          // A sum of numbers and NaN: nothing else is left of it but whether there was one.
          `${prefix}_workgroup_nan(missing, lane, lanes);`,
          "if (row < rows && lane % lanes == 0u) {",
          `  ${this.rowBuffer().variable}[partial + ${this.numbers.parts * (this.nanSlot ?? 0)}u] = ${prefix}_lane_nan[lane];`,
          "}",
        ]
      : [];
    if (isFirst) this.declareNaN();
    return this.entry(
      this.name(`walk${l}`),
      [
        ...this.unlessShort,
        this.group,
        `let chunks = ${prefix}_chunks();`,
        `let lanes = ${prefix}_lanes();`,
        `let rows = ${this.extent("axisOuter")} * ${this.extent("axisInner")};`,
        `let first = group / chunks * (${workgroupSize}u / lanes);`,
        "if (first >= rows) {",
        "  return;",
        "}",
        "let row = first + lane / lanes;",
        "let chunk = group % chunks;",
        ...partials,
        ...(isFirst ? ["var missing = 0.0;"] : []),
        "if (row < rows) {",
        ...indented([
          `let span = (${this.extent("axisLength")} + chunks - 1u) / chunks;`,
          `let base = row / ${this.extent("axisInner")} * ${this.extent("axisLength")} * ${this.extent("axisInner")} + row % ${this.extent("axisInner")};`,
          `let end = min(${this.extent("axisLength")}, (chunk + 1u) * span);`,
          ...ofRow,
          "for (var k = chunk * span + lane % lanes; k < end; k += lanes) {",
          ...indented([
            `let i = base + k * ${this.extent("axisInner")};`,
            ...ofElement,
            ...given.map(keeps),
            `let term = ${this.call(terms, argument)};`,
            ...updates,
          ]),
          "}",
          ...hyperparameters.map(keeps),
        ]),
        "}",
        `let partial = ${this.at("chunk")};`,
        ...totals,
        ...missing,
      ],
      // Enough for the chunks of long rows, and few where there are none: a workgroup that does nothing takes its time, too.
      this.hasWhole
        ? { over: "size", perWorkgroup: shortRow }
        : { over: `axisOuter * axisInner * ceil(axisLength / ${chunkLength})`, perWorkgroup: 1 },
      [...buffers, this.rowBuffer()],
    );
  }

  /**
   * All of a row at once, where a workgroup's threads have some elements each: they read them once, and find them in the cache
   * from then on.
   * @param group the results that each element has
   * @param isSplit whether other passes compute these one by one
   */
  private whole(
    results: readonly (RowOutput & { readonly root: Expr })[],
    group: readonly (RowOutput & { readonly root: Expr })[],
    isSplit: boolean,
  ): WgslPassDescription {
    const { prefix, library } = this.context;
    const { levels } = this.form;
    const scope = this.locals.inner();
    const known = new Map<Variable, string>();
    const buffers: Buffer[] = [];
    const lines: string[] = [];
    const inner = this.extent("axisInner");
    const walk = (own: ReturnType<typeof this.reads>, body: readonly string[]): string[] => [
      ...own.ofRow,
      "for (var k = lane % lanes; k < end; k += lanes) {",
      ...indented([`let i = base + k * ${inner};`, ...own.ofElement, ...body]),
      "}",
    ];
    const block = (body: readonly string[]): string[] => ["{", ...indented(body), "}"];
    const keeps = (each: string): string => `missing = select(missing, ${each}, ${library("is_nan")}(${each}));`;
    const findsNaN = this.nanSlot !== null;
    if (findsNaN) lines.push("var missing = 0.0;");
    levels.forEach(({ values, expressions }, l) => {
      const terms = this.declare(
        `terms${l}`,
        values.map(({ operand }) => operand),
        false,
      );
      const isFirst = l === 0 && findsNaN;
      const variables = isFirst ? [...new Set([...terms.parameters, ...this.givenVariables()])] : terms.parameters;
      const own = this.reads(variables, isFirst, { scope: scope.inner(), known });
      buffers.push(...own.buffers);
      const partial = values.map((_, v) => scope.claim(`partial${v}`));
      const place = values.map(({ kind }, v) => (isPlace(kind) ? scope.claim(`place${v}`) : ""));
      values.forEach(({ kind }, v) => {
        lines.push(`var ${partial[v]!} = ${this.pair}(${this.numbers.start[kind]});`);
        if (isPlace(kind)) lines.push(`var ${place[v]!} = 0xffffffffu;`);
      });
      const updates = values.flatMap(({ kind }, v) => {
        const term = `term${terms.member(v)}`;
        if (!isPlace(kind)) return [`${partial[v]!} = ${combination(kind, this.numbers, library)(partial[v]!, term)};`];
        return [
          `if (${prefix}_comes_first_${kind}(${partial[v]!}, ${place[v]!}, ${term}, k)) {`,
          `  ${partial[v]!} = ${term};`,
          `  ${place[v]!} = k;`,
          "}",
        ];
      });
      const given = isFirst
        ? this.plan.activation.hyperparameters.map(({ variable }) =>
            keeps(this.bindings.uniform(variable.name, "hyperparameter")),
          )
        : [];
      lines.push(
        ...block([
          ...walk(own, [...own.given.map(keeps), `let term = ${this.call(terms, own.argument)};`, ...updates]),
          ...given,
        ]),
      );
      values.forEach(({ name, kind }, v) => {
        const total = scope.claim(localText(name));
        const of = isPlace(kind)
          ? `${library(`${this.numbers.type}_from_u32`)}(${prefix}_lane_places[head])`
          : `${prefix}_lane_values[head]`;
        lines.push(
          `${prefix}_workgroup_${kind}(${partial[v]!}, ${isPlace(kind) ? `${place[v]!}, ` : ""}lane, lanes);`,
          `let ${total} = ${of};`,
          "workgroupBarrier();",
        );
        known.set(name, total);
      });
      if (expressions.length === 0) return;
      const fn = this.declare(
        `row${l}`,
        expressions.map(({ value }) => value),
        false,
      );
      const ofRow = this.reads(fn.parameters, false, { scope, known });
      buffers.push(...ofRow.buffers);
      const value = scope.claim(`value${l}`);
      lines.push(...ofRow.ofRow, `let ${value} = ${this.call(fn, ofRow.argument)};`);
      expressions.forEach(({ name }, e) => known.set(name, `${value}${fn.member(e)}`));
    });
    if (findsNaN) lines.push(`${prefix}_workgroup_nan(missing, lane, lanes);`, `missing = ${prefix}_lane_nan[head];`);
    const passed = (value: string, of: Variable | null): string =>
      findsNaN && of === null ? this.unlessNaN(value, "missing") : value;
    for (const result of results.filter((each) => !isAlong(each, this.plan.yieldsRows))) {
      const fn = this.declare("result", [result.root], true);
      const own = this.reads(fn.parameters, false, { scope: scope.inner(), known });
      const output = this.resultBuffer(result);
      buffers.push(...own.buffers, output);
      const store = storedAt(output, "row", passed(this.call(fn, own.argument), result.of));
      lines.push("if (row < rows && lane == head) {", ...indented([...own.ofRow, store]), "}");
    }
    if (group.length > 0) {
      const fn = this.declare(
        isSplit ? "whole_result" : this.elementsFunction,
        group.map(({ root }) => root),
        true,
      );
      const own = this.reads(fn.parameters, false, { scope: scope.inner(), known });
      const stores = this.elementStores(group, fn, passed);
      buffers.push(...own.buffers, ...stores.buffers);
      lines.push(...block(walk(own, [`let result = ${this.call(fn, own.argument)};`, ...stores.lines])));
    }
    const length = this.extent("axisLength");
    return this.entry(
      this.name("whole"),
      [
        `if (${length} > ${shortRow}u) {`,
        "  return;",
        "}",
        this.group,
        `let lanes = ${prefix}_lanes();`,
        `let rows = ${this.extent("axisOuter")} * ${inner};`,
        `let first = group * (${workgroupSize}u / lanes);`,
        "if (first >= rows) {",
        "  return;",
        "}",
        "let row = first + lane / lanes;",
        "let head = lane - lane % lanes;",
        `let base = row / ${inner} * ${length} * ${inner} + row % ${inner};`,
        `let end = select(0u, ${length}, row < rows);`,
        ...lines,
      ],
      { over: "axisOuter * axisInner", perWorkgroup: 1 },
      buffers,
    );
  }

  /** What the function of the first pass over elements is called. */
  private elementsFunction = "";

  /** Results of elements go to their places, terms of gradients that are sums to those of terms. */
  private elementStores(
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
  private givenVariables(): Variable[] {
    const { levels, roots } = this.form;
    const all = [
      ...levels.flatMap(({ values, expressions }) => [
        ...values.map(({ operand }) => operand),
        ...expressions.map(({ value }) => value),
      ]),
      ...roots,
    ];
    const met = new Set(all.flatMap((expr) => [...variablesOf(expr)]));
    return [...met].filter(({ role }) => role === "input" || role === "learned");
  }

  private declareNaN(): void {
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

  /** Puts the chunks of each row together, and computes what depends on the row alone. */
  private rows(l: number): WgslPassDescription {
    const { values, expressions } = this.form.levels[l]!;
    const { prefix, library } = this.context;
    const isFirst = l === 0 && this.nanSlot !== null;
    const { variable } = this.rowBuffer();
    const lines: string[] = [];
    const stores: string[] = [];
    for (const { name, kind } of values) {
      const index = this.slots.get(name)!;
      const total = `total${index}`;
      if (isPlace(kind)) {
        const [at, place] = [`at${index}`, `place${index}`];
        const sign = kind === "first_maximum" ? ">" : "<";
        lines.push(
          this.load(at, "slots", index).replace("let", "var"),
          this.load(total, "slots", index + 1).replace("let", "var"),
          "for (var chunk = 1u; chunk < chunks; chunk++) {",
          ...indented([
            `let others = ${this.at("chunk")};`,
            this.load(place, "others", index),
            this.load("other", "others", index + 1),
            `if (${this.numbers.isBeyond(sign, "other", total, library)}) {`,
            `  ${total} = other;`,
            `  ${at} = ${place};`,
            "}",
          ]),
          "}",
        );
        stores.push(...this.store(at, "slots", index));
        continue;
      }
      lines.push(
        this.load(total, "slots", index).replace("let", "var"),
        "for (var chunk = 1u; chunk < chunks; chunk++) {",
        ...indented([
          `let others = ${this.at("chunk")};`,
          this.load("other", "others", index),
          `${total} = ${combination(kind, this.numbers, library)(total, "other")};`,
        ]),
        "}",
      );
      stores.push(...this.store(total, "slots", index));
    }
    if (isFirst) {
      const at = (slots: string): string => `${variable}[${slots} + ${this.numbers.parts * (this.nanSlot ?? 0)}u]`;
      lines.push(
        `var missing = ${at("slots")};`,
        "for (var chunk = 1u; chunk < chunks; chunk++) {",
        ...indented([
          `let other = ${at(this.at("chunk"))};`,
          `missing = select(missing, other, ${library("is_nan")}(other));`,
        ]),
        "}",
      );
      stores.push(`${at("slots")} = missing;`);
    }
    const after: string[] = [];
    const buffers: Buffer[] = [];
    if (expressions.length > 0) {
      const fn = this.declare(
        `row${l}`,
        expressions.map(({ value }) => value),
        false,
      );
      const own = this.reads(fn.parameters);
      buffers.push(...own.buffers);
      after.push(
        ...own.ofRow.filter((line) => !line.startsWith("let slots ")),
        `let value = ${this.call(fn, own.argument)};`,
        ...expressions.flatMap(({ name }, e) => this.store(`value${fn.member(e)}`, "slots", this.slots.get(name)!)),
      );
    }
    return this.entry(
      this.name(`rows${l}`),
      [
        ...this.unlessShort,
        this.group,
        `let row = group * ${workgroupSize}u + lane;`,
        `if (row >= ${this.extent("axisOuter")} * ${this.extent("axisInner")}) {`,
        "  return;",
        "}",
        `let chunks = ${prefix}_chunks();`,
        `let slots = ${this.at("0u")};`,
        ...lines,
        ...stores,
        ...after,
      ],
      { over: "axisOuter * axisInner", perWorkgroup: workgroupSize },
      [...buffers, this.rowBuffer()],
    );
  }

  private unlessNaN(value: string, given: string): string {
    return `select(${value}, ${given}, ${this.context.library("is_nan")}(${given}))`;
  }

  /** NaN where the row has one. */
  private orNaN(value: string): string {
    if (this.nanSlot === null) return value;
    const { variable } = this.rowBuffer();
    const missing = `${variable}[${this.at("0u")} + ${this.numbers.parts * this.nanSlot}u]`;
    return this.unlessNaN(value, missing);
  }

  /** One result for each row. */
  private rowResults(result: RowOutput & { readonly root: Expr }): WgslPassDescription {
    const fn = this.declare("result", [result.root], true);
    const { ofRow, argument, buffers } = this.reads(fn.parameters);
    const output = this.resultBuffer(result);
    return this.entry(
      this.name("results"),
      [
        ...this.unlessShort,
        this.group,
        `let row = group * ${workgroupSize}u + lane;`,
        `if (row >= ${this.extent("axisOuter")} * ${this.extent("axisInner")}) {`,
        "  return;",
        "}",
        ...ofRow,
        storedAt(output, "row", this.orNaN(this.call(fn, argument))),
      ],
      { over: "axisOuter * axisInner", perWorkgroup: workgroupSize },
      [...buffers, this.rowBuffer(), output],
    );
  }

  private resultBuffer({ of }: Pick<RowOutput, "of">): Buffer {
    if (of === null) return this.bindings.output(resultLength(this.plan));
    return of === this.plan.cotangent
      ? this.bindings.gradient(of, cotangentGradientName(this.plan))
      : this.bindings.gradient(of);
  }

  /** Results of the elements, and the terms of gradients that are sums. */
  private elements(outputs: readonly (RowOutput & { readonly root: Expr })[], place: number): WgslPassDescription {
    const part =
      this.kernel.outputs.length > outputs.length ? `${outputs[0]?.of?.name ?? "elements"}_${place}` : "elements";
    this.elementsFunction ||= `${part}_result`;
    const roots = outputs.map(({ root }) => root);
    const fn = this.declare(`${part}_result`, roots, true);
    const asGiven = this.kernel.passesNaN && this.nanSlot === null;
    const { ofRow, ofElement, argument, buffers, given } = this.reads(fn.parameters, asGiven);
    const passed = (value: string, of: Variable | null): string => {
      if (of !== null) return value;
      return asGiven ? given.reduce((all, each) => this.unlessNaN(all, each), value) : this.orNaN(value);
    };
    const { lines: stores, buffers: used } = this.elementStores(outputs, fn, passed);
    const inner = this.extent("axisInner");
    const length = this.extent("axisLength");
    const needsRow = ofRow.some((line) => /\brow\b/.test(line)) || stores.some((line) => /\brow\b/.test(line));
    const needsPlace = [...ofElement, this.call(fn, argument)].some((line) => /\bk\b/.test(line));
    return this.entry(
      this.name(part),
      [
        ...this.unlessShort,
        this.group,
        `let i = group * ${workgroupSize}u + lane;`,
        `if (i >= ${this.extent("size")}) {`,
        "  return;",
        "}",
        ...(needsRow ? [`let row = i / (${length} * ${inner}) * ${inner} + i % ${inner};`] : []),
        ...(needsPlace ? [`let k = i / ${inner} % ${length};`] : []),
        ...ofRow,
        ...ofElement,
        `let result = ${this.call(fn, argument)};`,
        ...stores,
      ],
      { over: "size", perWorkgroup: workgroupSize },
      [
        ...buffers,
        ...(stores.some((line) => line.includes(this.rowBuffer().variable)) ? [this.rowBuffer()] : []),
        ...used,
      ],
    );
  }

  /** The gradient of a learned parameter: the sum of the terms of those elements that share a number of it. */
  private termSum(of: Variable, p: number, count: number): WgslPassDescription {
    const { prefix, library } = this.context;
    const terms = this.termBuffer(count);
    const target = this.bindings.gradient(of);
    const { type, start: starts } = this.numbers;
    const add = library(`${type}_add`);
    const from = library(`${type}_from_f32`);
    const to = library(type === "pair" ? "pair_to_f32" : "ranged_to_limit");
    const at = (index: string): string => `${terms.variable}[${this.termAt(p, index)}]`;
    const start = `var sum = ${this.pair}(${starts.sum});`;
    const length = learnedLength(of);
    const name = this.name(`${of.name.replace(/^_+/, "")}_sum`);
    if (length === "axisLength") {
      return this.entry(
        name,
        [
          this.group,
          `let k = group * ${workgroupSize}u + lane;`,
          `if (k >= ${this.extent("axisLength")}) {`,
          "  return;",
          "}",
          start,
          `for (var row = 0u; row < ${this.extent("axisOuter")} * ${this.extent("axisInner")}; row++) {`,
          `  let i = (row / ${this.extent("axisInner")} * ${this.extent("axisLength")} + k) * ${this.extent("axisInner")} + row % ${this.extent("axisInner")};`,
          `  sum = ${add}(sum, ${from}(${at("i")}));`,
          "}",
          `${target.variable}[k] = ${to}(sum);`,
        ],
        { over: "axisLength", perWorkgroup: workgroupSize },
        [terms, target],
      );
    }
    this.combined.add("sum");
    const isChannel = length === "channels";
    return this.entry(
      name,
      [
        this.group,
        `if (group >= ${isChannel ? this.extent("channels") : "1u"}) {`,
        "  return;",
        "}",
        start,
        ...(isChannel
          ? [
              `let inner = ${this.extent("channelInner")};`,
              `for (var j = lane; j < ${this.extent("channelOuter")} * inner; j += ${workgroupSize}u) {`,
              `  let i = (j / inner * ${this.extent("channels")} + group) * inner + j % inner;`,
            ]
          : [`for (var i = lane; i < ${this.extent("size")}; i += ${workgroupSize}u) {`]),
        `  sum = ${add}(sum, ${from}(${at("i")}));`,
        "}",
        `${prefix}_workgroup_sum(sum, lane, ${workgroupSize}u);`,
        "if (lane == 0u) {",
        `  ${target.variable}[group] = ${to}(${prefix}_lane_values[0]);`,
        "}",
      ],
      { over: isChannel ? "channels" : "1", perWorkgroup: 1 },
      [terms, target],
    );
  }
}

/** How many buffers are read for expressions. */
const readBy = (exprs: readonly Expr[]): number =>
  new Set(exprs.flatMap((expr) => [...variablesOf(expr)]).filter(isBuffer)).size;

const isBuffer = (variable: Variable): boolean =>
  variable.role === "input" || variable.role === "learned" || variable.role === "cotangent";

const localText = ({ name }: Variable): string => name.replace(/^_+/, "").replace(/\W+/g, "_") || "v";

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
