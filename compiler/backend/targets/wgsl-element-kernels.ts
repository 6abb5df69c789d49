/** Entry points of element-wise activations. */
import { type Expr, reachable, type Variable } from "../../ir/expr.js";
import { wgslNatBits } from "../../machine/index.js";
import type { PrimitiveName } from "../../primitives/table.js";
import type { WgslKernel, WgslNumber, WgslPassDescription } from "../manifest.js";
import { cotangentGradientName } from "../kernels.js";
import { isPerChannel } from "../spaces.js";
import { type Buffer, requiredBy, WgslBindings } from "./wgsl-bindings.js";
import type { KeptOutput } from "../kept.js";
import type { WgslForm } from "../pair-form.js";
import { chanceFields, drawing, drawnName, trainingNumber } from "./wgsl-draws.js";
import { quickBody, quickElements, quickWorkgroup } from "./wgsl-quick-kernels.js";
import { savedKernels, type SavedWgslKernels } from "./wgsl-saved-kernels.js";
import { fusedFields, secondFields } from "./wgsl-later-functions.js";
import { gradientFields, hasRest, quickNames, savedFunction, type WgslContext } from "./wgsl.js";

const workgroupSize = 256;
/** Workgroups that share the sum of one channel's gradient. */
const chunks = 64;
/** WebGPU grants every shader stage this many storage buffers. */
const maximumBuffers = 8;

export interface WgslKernels {
  readonly text: string;
  readonly forward: WgslKernel;
  readonly backward: WgslKernel;
  readonly fused?: WgslKernel | null;
  readonly doubleBackward?: WgslKernel | null;
  readonly saved?: SavedWgslKernels | null;
}

/** What a pass reads, one number of it for each element. */
export interface Operand {
  readonly buffer: Buffer;
  readonly local: string;
  /** Where the tensor begins, if the buffer holds several, in elements of the buffer. */
  readonly start?: string;
}

/** What passes that call one scalar function have in common. */
interface Direction {
  /** Begins the names of its entry points; the name of the scalar function. */
  readonly name: string;
  /** What the scalar function computes with. */
  readonly number: WgslNumber;
  /** What the function takes before the parameters. */
  readonly tensors: readonly Operand[];
  /** What it takes after them: texts, and the buffers these are read from. */
  readonly more?: { readonly texts: readonly string[]; readonly buffers: readonly Buffer[] };
  /** Whether the elements of a vector are computed in turn. */
  readonly loops: boolean;
  /** Members of the function's result, or the result itself. */
  readonly fields: readonly string[];
  /** What decides which numbers are drawn, of an activation that is random. */
  readonly draws: readonly Expr[];
  /** Whether there is a quick function for ordinary elements. */
  readonly isQuick?: boolean;
}

export function elementKernels(context: WgslContext): WgslKernels {
  return new ElementKernels(context).build();
}

class ElementKernels {
  private readonly bindings: WgslBindings;
  private readonly learned: readonly Variable[];
  private readonly inputs: readonly Variable[];
  private readonly perChannel: boolean;
  /** Whether a thread handles one element, not a vector of four. */
  private readonly isAlone: boolean;
  /** Learned parameters are gathered into one buffer where there are too many for a binding each. */
  private gathered: boolean;
  private readonly entries: string[] = [];

  constructor(private readonly context: WgslContext) {
    const { plan, prefix } = context;
    const { activation } = plan;
    this.inputs = activation.inputs;
    this.learned = activation.learned.map(({ variable }) => variable);
    this.perChannel = plan.perChannel;
    this.gathered = this.inputs.length * 2 + 1 + this.learned.length > maximumBuffers;
    this.isAlone = plan.perChannel || (turnsManyLoops(context) && !usesVectors(context));
    this.bindings = new WgslBindings(prefix, this.isAlone ? context.storage : `vec4<${context.storage}>`, [
      { name: "size", role: "extent" },
      ...(this.perChannel
        ? (["channelOuter", "channels", "channelInner"] as const).map((name) => ({ name, role: "extent" }) as const)
        : []),
      ...activation.hyperparameters.map(
        ({ variable, default: value }) => ({ name: variable.name, role: "hyperparameter", default: value }) as const,
      ),
      ...chanceFields(activation.random),
    ]);
  }

  build(): WgslKernels {
    const gather = this.gathered ? this.gatherPasses() : [];
    const requires = requiredBy(this.context.storage);
    const forward: WgslKernel = { requires, passes: [...gather, this.forward()] };
    const backward: WgslKernel = {
      requires,
      passes: [...gather, ...this.inputGradients(), ...this.learnedGradients(this.backwardDirection())],
    };
    const fused: WgslKernel | null = this.context.isFused ? { requires, passes: [...gather, ...this.fused()] } : null;
    const { second } = this.context;
    const doubleBackward: WgslKernel | null = second && { requires, passes: this.doubleBackward(second, gather) };
    const { kept } = this.context;
    const saved =
      kept?.kind === "output"
        ? { forward, backward: this.backwardFromOutput(kept, gather) }
        : kept &&
          savedKernels(this.context, kept, this.bindings, forward.passes, (name, body) => this.entry(name, body));
    const text = [this.bindings.text(), ...this.entries].join("\n\n");
    return { text: `${text}\n`, forward, backward, fused, doubleBackward, saved };
  }

  private entry(name: string, body: readonly string[], size = workgroupSize): { name: string; text: string } {
    const text = [
      `@compute @workgroup_size(${size})`,
      `fn ${name}(`,
      "  @builtin(workgroup_id) workgroup: vec3<u32>,",
      "  @builtin(num_workgroups) workgroups: vec3<u32>,",
      "  @builtin(local_invocation_index) lane: u32,",
      ") {",
      ...body.map((line) => `  ${line}`),
      "}",
    ].join("\n");
    this.entries.push(text);
    return { name, text };
  }

  private get size(): string {
    return this.bindings.uniform("size", "extent");
  }

  private extent(name: string): string {
    return this.bindings.uniform(name, "extent");
  }

  private learnedBuffers(): Buffer[] {
    return this.gathered ? [this.parameters()] : this.learned.map((variable) => this.bindings.learned(variable));
  }

  private parameters(): Buffer {
    const channels = this.perChannel ? " * channels" : "";
    return this.bindings.scratch("parameters", `${this.learned.length}${channels}`);
  }

  /** How a pass reads a learned parameter at the channel `c`. */
  private learnedValue(variable: Variable): string {
    if (!this.gathered) return `${this.bindings.learned(variable).variable}[${isPerChannel(variable) ? "c" : "0"}]`;
    const index = this.learned.indexOf(variable);
    return `${this.parameters().variable}[${this.perChannel ? `${index}u * ${this.extent("channels")} + c` : index}]`;
  }

  /** What the scalar functions take after the inputs. */
  private scalarArguments(): string[] {
    const { hyperparameters, random } = this.context.plan.activation;
    return [
      ...this.learned.map((variable) => this.learnedValue(variable)),
      ...hyperparameters.map(({ variable }) => this.bindings.uniform(variable.name, "hyperparameter")),
      ...(random
        ? [trainingNumber(random, this.bindings), ...random.draws.map((each) => drawnName(random, each))]
        : []),
    ];
  }

  private drawing(results: readonly Expr[], element: string): string[] {
    const { library, plan } = this.context;
    const { random } = plan.activation;
    return drawing(random, new Set(reachable(results)), random?.draws ?? [], element, this.bindings, library);
  }

  /** Copies the learned parameters into one buffer. */
  private gatherPasses(): WgslPassDescription[] {
    const numbers = this.learned.map((variable) => ({ variable, buffer: this.bindings.learned(variable) }));
    return this.gather(`${this.context.prefix}_gather`, numbers, this.parameters());
  }

  /** Copies numbers of learned parameters into one buffer, as many buffers at a time as can be bound. */
  private gather(
    stem: string,
    sources: readonly { readonly variable: Variable; readonly buffer: Buffer }[],
    target: Buffer,
  ): WgslPassDescription[] {
    const passes: WgslPassDescription[] = [];
    const atOnce = maximumBuffers - 1;
    for (let first = 0; first < sources.length; first += atOnce) {
      const group = sources.slice(first, first + atOnce);
      const name = `${stem}_${passes.length}`;
      const channels = this.perChannel ? this.extent("channels") : "1u";
      const entry = this.entry(name, [
        `let c = (workgroup.y * workgroups.x + workgroup.x) * ${workgroupSize}u + lane;`,
        `if (c >= ${channels}) {`,
        "  return;",
        "}",
        ...group.map(({ variable, buffer }, i) => {
          const index = this.perChannel ? `${first + i}u * ${channels} + c` : `${first + i}`;
          return `${target.variable}[${index}] = ${buffer.variable}[${isPerChannel(variable) ? "c" : "0"}];`;
        }),
      ]);
      const over = this.perChannel ? "channels" : "1";
      passes.push(
        this.bindings.pass(entry, { over, perWorkgroup: workgroupSize }, workgroupSize, [
          ...group.map(({ buffer }) => buffer),
          target,
        ]),
      );
    }
    return passes;
  }

  /** Runs `line` for each of the (up to four) elements that a thread handles. */
  private elementwise(body: (element: (buffer: Buffer, start?: string) => string) => string[]): string[] {
    const index = `let i = (workgroup.y * workgroups.x + workgroup.x) * ${workgroupSize}u + lane;`;
    const limit = this.isAlone ? this.size : `(${this.size} + 3u) / 4u`;
    return [
      index,
      `if (i >= ${limit}) {`,
      "  return;",
      "}",
      ...(this.perChannel ? [`let c = (i / ${this.extent("channelInner")}) % ${this.extent("channels")};`] : []),
      ...body((buffer, start) => `${buffer.variable}[${start === undefined ? "i" : `${start} + i`}]`),
    ];
  }

  /** The call of a scalar function on all elements of a thread: one, or the four of a vector. */
  private calls(name: string, tensors: readonly Operand[], more: readonly string[] = []): string[] {
    const rest = [...this.scalarArguments(), ...more];
    const components = this.isAlone ? [""] : [".x", ".y", ".z", ".w"];
    return components.map(
      (component) => `${name}(${[...tensors.map(({ local }) => local + component), ...rest].join(", ")})`,
    );
  }

  /**
   * Whether the elements of a vector are computed one after the other, by one call in a loop: compilers of shaders inline
   * every call, and four times a long function takes them far more than four times as long.
   */
  private loops(forms: readonly WgslForm[]): boolean {
    const isLong = this.context.plan.activation.random !== null || forms.some(({ kind }) => kind === "pairs");
    return !this.isAlone && isLong;
  }

  /** A number of a tensor, or four, as what a function computes with; and the other way round. */
  private converted(text: string, from: WgslNumber, to: WgslNumber): string {
    if (from === to) return text;
    return this.isAlone ? `${to}(${text})` : `vec4<${to}>(${text})`;
  }

  private loaded(text: string, number: WgslNumber): string {
    return this.converted(text, this.context.storage, number);
  }

  private stored(text: string, number: WgslNumber): string {
    return this.converted(text, number, this.context.storage);
  }

  private call(name: string, tensors: readonly Operand[], more: readonly string[] = []): string {
    return `${name}(${[...tensors.map(({ local }) => `${local}[k]`), ...this.scalarArguments(), ...more].join(", ")})`;
  }

  private inTurn(
    drawing: readonly string[],
    results: readonly string[],
    call: string,
    members: readonly string[],
    targets: readonly string[],
    number: WgslNumber,
  ): string[] {
    const [only] = results;
    const stores =
      results.length === 1 && members[0] === ""
        ? [`  ${only ?? ""}[k] = ${call};`]
        : [`  let g = ${call};`, ...results.map((result, i) => `  ${result}[k] = g${members[i] ?? ""};`)];
    return [
      ...results.map((result) => `var ${result} = vec4<${number}>();`),
      "for (var k = 0u; k < 4u; k++) {",
      ...drawing.map((line) => `  ${line}`),
      ...stores,
      "}",
      ...targets.map((target, i) => `${target} = ${this.stored(results[i] ?? "", number)};`),
    ];
  }

  private get elementsPerWorkgroup(): number {
    return this.isAlone ? workgroupSize : 4 * workgroupSize;
  }

  private forward(): WgslPassDescription {
    const name = `${this.context.prefix}_forward`;
    const number = this.context.numbers.value;
    const inputs = this.inputs.map((variable, i) => ({ buffer: this.bindings.input(variable), local: `x${i}` }));
    const output = this.bindings.output();
    const { quick, careful } = this.context.value;
    if (quick && hasRest(quick) && !this.isAlone)
      return this.quickPass(name, this.context.prefix, inputs, [], [output], [""]);
    const entry = this.entry(
      name,
      this.elementwise((element) => [
        ...inputs.map(({ buffer, local }) => `let ${local} = ${this.loaded(element(buffer), number)};`),
        ...(!quick && this.loops(careful)
          ? this.inTurn(
              this.drawing([this.context.plan.value], "4u * i + k"),
              ["result"],
              this.call(this.context.prefix, inputs),
              [""],
              [element(output)],
              number,
            )
          : [
              ...this.drawing([this.context.plan.value], "i"),
              ...this.store(element(output), this.calls(this.context.prefix, inputs), number),
            ]),
      ]),
    );
    return this.bindings.pass(entry, { over: "size", perWorkgroup: this.elementsPerWorkgroup }, workgroupSize, [
      ...inputs.map(({ buffer }) => buffer),
      ...this.learnedBuffers(),
      output,
    ]);
  }

  private store(target: string, values: readonly string[], number: WgslNumber): string[] {
    const { storage } = this.context;
    if (values.length === 1) return [`${target} = ${this.stored(values[0] ?? "", number)};`];
    if (number === storage) return [`${target} = vec4<${number}>(`, ...values.map((value) => `  ${value},`), ");"];
    return [
      `let result = vec4<${number}>(`,
      ...values.map((value) => `  ${value},`),
      ");",
      `${target} = ${this.stored("result", number)};`,
    ];
  }

  private inputsOfPass(): Operand[] {
    return this.inputs.map((variable, i) => ({ buffer: this.bindings.input(variable), local: `x${i}` }));
  }

  private backwardDirection(): Direction {
    const { prefix, plan, gradients, numbers } = this.context;
    const { quick, careful } = gradients;
    return {
      name: `${prefix}_backward`,
      number: numbers.gradients,
      tensors: [{ buffer: this.bindings.cotangent(), local: "dy" }, ...this.inputsOfPass()],
      loops: !quick && this.loops(careful),
      fields: plan.gradients.length === 1 ? [""] : gradientFields(plan).map((field) => `.${field}`),
      draws: plan.gradients.map(({ value }) => value),
      isQuick: quick !== null && hasRest(quick) && !this.isAlone,
    };
  }

  private backwardFromOutput({ plan }: KeptOutput, gather: readonly WgslPassDescription[]): WgslKernel {
    const direction: Direction = {
      ...this.backwardDirection(),
      name: savedFunction(this.context.prefix),
      tensors: [
        { buffer: this.bindings.cotangent(), local: "dy" },
        { buffer: this.bindings.keptOutput(plan.activation.inputs[0]!), local: "y" },
      ],
      loops: this.loops(this.context.fromOutput),
      isQuick: false,
    };
    const targets = this.inputs.map((variable) => this.bindings.gradient(variable));
    const passes = this.tensorPasses(`${direction.name}_inputs`, direction, targets);
    return { requires: [], passes: [...gather, ...passes, ...this.learnedGradients(direction)] };
  }

  private inputGradients(): WgslPassDescription[] {
    const direction = this.backwardDirection();
    const targets = this.inputs.map((variable) => this.bindings.gradient(variable));
    return this.tensorPasses(`${direction.name}_inputs`, direction, targets);
  }

  /** Writes what the function gives for each element, as many results in a pass as there are buffers for. */
  private tensorPasses(stem: string, direction: Direction, targets: readonly Buffer[]): WgslPassDescription[] {
    const passes: WgslPassDescription[] = [];
    const atOnce = Math.max(1, maximumBuffers - this.buffersRead(direction).length);
    for (let first = 0; first < targets.length; first += atOnce) {
      const name = `${stem}${first === 0 ? "" : `_${passes.length}`}`;
      const part = <T>(list: readonly T[]): readonly T[] => list.slice(first, first + atOnce);
      passes.push(this.tensorPass(name, direction, part(targets), part(direction.fields)));
    }
    return passes;
  }

  private buffersRead({ tensors, more }: Direction): Buffer[] {
    return [...new Set(tensors.map(({ buffer }) => buffer)), ...this.learnedBuffers(), ...(more?.buffers ?? [])];
  }

  /** Writes members of what the function gives for each element. */
  private tensorPass(
    name: string,
    direction: Direction,
    targets: readonly Buffer[],
    members: readonly string[],
  ): WgslPassDescription {
    const { name: fn, number, tensors, more, loops, draws, isQuick } = direction;
    if (isQuick) return this.quickPass(name, fn, tensors, more?.buffers ?? [], targets, members);
    const entry = this.entry(
      name,
      this.elementwise((element) => {
        const loads = tensors.map(
          ({ buffer, local, start }) => `let ${local} = ${this.loaded(element(buffer, start), number)};`,
        );
        const stored = targets.map((target) => element(target));
        if (loops) {
          const results = targets.map((_, i) => (targets.length === 1 ? "result" : `result${i}`));
          const drawing = this.drawing(draws, "4u * i + k");
          const call = this.call(fn, tensors, more?.texts);
          return [...loads, ...this.inTurn(drawing, results, call, members, stored, number)];
        }
        loads.push(...this.drawing(draws, "i"));
        const calls = this.calls(fn, tensors, more?.texts);
        if (members[0] === "") return [...loads, ...this.store(stored[0]!, calls, number)];
        const locals = calls.map((call, i) => ({ local: `g${i}`, call }));
        return [
          ...loads,
          ...locals.map(({ local, call }) => `let ${local} = ${call};`),
          ...stored.flatMap((target, i) => {
            const values = locals.map(({ local }) => `${local}${members[i] ?? ""}`);
            const value = values.length === 1 ? values[0]! : `vec4<${number}>(${values.join(", ")})`;
            return [`${target} = ${this.stored(value, number)};`];
          }),
        ];
      }),
    );
    return this.bindings.pass(entry, { over: "size", perWorkgroup: this.elementsPerWorkgroup }, workgroupSize, [
      ...this.buffersRead(direction),
      ...targets,
    ]);
  }

  /** All elements by the quick function; then those that are not ordinary by the careful one. */
  private quickPass(
    name: string,
    fn: string,
    tensors: readonly Operand[],
    more: readonly Buffer[],
    targets: readonly Buffer[],
    members: readonly string[],
  ): WgslPassDescription {
    const body = quickBody({
      names: quickNames(fn),
      tensors,
      asked: this.inputsOfPass(),
      scalars: this.scalarArguments(),
      targets,
      members,
      size: this.size,
    });
    const entry = this.entry(name, body, quickWorkgroup);
    return this.bindings.pass(entry, { over: "size", perWorkgroup: quickElements }, quickWorkgroup, [
      ...new Set(tensors.map(({ buffer }) => buffer)),
      ...this.learnedBuffers(),
      ...more,
      ...targets,
    ]);
  }

  /** One sum per learned parameter, channel and chunk of its elements. */
  private partialSums(direction: Direction): WgslPassDescription {
    const { name: fn, tensors, more, fields: all, draws } = direction;
    const { prefix } = this.context;
    const name = `${fn}_partial_sums`;
    const partials = this.partials();
    const lanes = `${prefix}_lanes`;
    const total = `${prefix}_workgroup_sum`;
    const declarations = [`var<workgroup> ${lanes}: array<f32, ${workgroupSize}>;`, workgroupSum(total, lanes)];
    this.entries.push(...declarations.filter((text) => !this.entries.includes(text)));
    const fields = all.slice(-this.learned.length);
    const channels = this.perChannel ? this.extent("channels") : "1u";
    const count = this.perChannel ? `${this.extent("channelOuter")} * ${this.extent("channelInner")}` : this.size;
    const local = ({ buffer, start }: Operand): string => {
      const place = (index: string): string => (start === undefined ? index : `${start} + ${index}`);
      const text = `${buffer.variable}${this.isAlone ? `[${place("i")}]` : `[${place("i / 4u")}][i % 4u]`}`;
      // Terms of a sum are computed in float32.
      return this.context.storage === "f32" ? text : `f32(${text})`;
    };
    const operands = [...tensors.map(local), ...this.scalarArguments(), ...(more?.texts ?? [])];
    const entry = this.entry(name, [
      "let w = workgroup.y * workgroups.x + workgroup.x;",
      `if (w >= ${channels} * ${chunks}u) {`,
      "  return;",
      "}",
      ...(this.perChannel ? [`let c = w / ${chunks}u;`] : []),
      ...fields.map((_, k) => `var sum${k} = 0.0;`),
      `for (var j = (w % ${chunks}u) * ${workgroupSize}u + lane; j < ${count}; j += ${chunks * workgroupSize}u) {`,
      ...(this.perChannel
        ? [
            `  let inner = ${this.extent("channelInner")};`,
            `  let i = ((j / inner) * ${channels} + c) * inner + j % inner;`,
          ]
        : ["  let i = j;"]),
      ...this.drawing(draws, "i").map((line) => `  ${line}`),
      `  let g = ${fn}(${operands.join(", ")});`,
      ...fields.map((field, k) => `  sum${k} += g${field};`),
      "}",
      ...fields.map((_, k) => `let total${k} = ${total}(sum${k}, lane);`),
      "if (lane == 0u) {",
      ...fields.map((_, k) => `  ${partials.variable}[${k}u * ${channels} * ${chunks}u + w] = total${k};`),
      "}",
    ]);
    const over = this.perChannel ? `channels * ${chunks}` : String(chunks);
    return this.bindings.pass(entry, { over, perWorkgroup: 1 }, workgroupSize, [
      ...this.buffersRead(direction),
      partials,
    ]);
  }

  private fused(): WgslPassDescription[] {
    const { prefix, plan, value, gradients, numbers } = this.context;
    const { value: field, inputs } = fusedFields(this.context);
    const direction: Direction = {
      name: `${prefix}_fused`,
      number: numbers.fused,
      tensors: this.inputsOfPass(),
      loops: this.loops([...value.careful, ...gradients.careful]),
      fields: [field, ...inputs].map((each) => `.${each}`),
      draws: [plan.value, ...plan.gradients.map((gradient) => gradient.value)],
    };
    const targets = [this.bindings.output(), ...this.inputs.map((variable) => this.bindings.derivative(variable))];
    return this.tensorPasses(`${prefix}_fused_inputs`, direction, targets);
  }

  /**
   * What does not fit into the buffers of a pass is gathered in one before, or written by a pass of its own. The last kernel:
   * the gathered parameters are read by its passes alone, where the others do without.
   */
  private doubleBackward(
    { cotangents, forms }: NonNullable<WgslContext["second"]>,
    gather: readonly WgslPassDescription[],
  ): WgslPassDescription[] {
    const { prefix, plan, gradients } = this.context;
    const { cotangent: cotangentField, others } = secondFields(this.context);
    const passes = [...gather];
    const name = `${prefix}_double_backward`;
    const given = plan.gradients.map(({ of }, i) => ({
      variable: of,
      buffer: this.bindings.cotangentOf(of, cotangents[i]!.name),
    }));
    const [ofInputs, ofLearned] = [given.slice(0, this.inputs.length), given.slice(this.inputs.length)];
    const isTooMany = (count: number): boolean => count + 1 > maximumBuffers;
    const tensorsRead = 1 + 2 * this.inputs.length;
    const isLearnedGathered = isTooMany(tensorsRead + this.learnedBuffers().length + ofLearned.length);
    let learnedBuffers = ofLearned.map(({ buffer }) => buffer);
    if (isLearnedGathered && ofLearned.length > 0) {
      if (!this.gathered) {
        this.gathered = true;
        passes.push(...this.gatherPasses());
      }
      const channels = this.perChannel ? " * channels" : "";
      const target = this.bindings.scratch("cotangents_of_learned", `${ofLearned.length}${channels}`);
      passes.push(...this.gather(`${name}_gather`, ofLearned, target));
      learnedBuffers = [target];
    }
    const texts = ofLearned.map(({ variable, buffer }, i) => {
      const place = isPerChannel(variable) ? "c" : "0";
      if (!isLearnedGathered) return `${buffer.variable}[${place}]`;
      const start = this.perChannel ? `${i}u * ${this.extent("channels")} + c` : `${i}`;
      return `${learnedBuffers[0]!.variable}[${start}]`;
    });
    const gathered = (what: string, operands: readonly Operand[]): readonly Operand[] => {
      const { passes: before, operands: together } = this.gatherTensors(name, what, operands);
      passes.push(...before);
      return together;
    };
    let tensors: readonly Operand[] = ofInputs.map(({ buffer }, i) => ({ buffer, local: `dd${i}` }));
    let inputs: readonly Operand[] = this.inputsOfPass();
    const learnedRead = this.learnedBuffers().length + learnedBuffers.length;
    if (isTooMany(tensorsRead + learnedRead)) tensors = gathered("cotangents", tensors);
    if (isTooMany(2 + inputs.length + learnedRead)) inputs = gathered("inputs", inputs);
    const direction: Direction = {
      name,
      number: "f32",
      tensors: [{ buffer: this.bindings.cotangent(), local: "dy" }, ...tensors, ...inputs],
      more: { texts, buffers: learnedBuffers },
      loops: this.loops([...forms, ...gradients.careful]),
      fields: [cotangentField, ...others].map((field) => `.${field}`),
      draws: plan.activation.random?.draws ?? [],
    };
    const targets = [
      this.bindings.gradient(plan.cotangent, cotangentGradientName(plan)),
      ...this.inputs.map((variable) => this.bindings.gradient(variable)),
    ];
    return [...passes, ...this.tensorPasses(`${name}_inputs`, direction, targets), ...this.learnedGradients(direction)];
  }

  /** Copies tensors into one buffer, one behind the other. */
  private gatherTensors(
    stem: string,
    what: string,
    sources: readonly Operand[],
  ): { readonly passes: readonly WgslPassDescription[]; readonly operands: readonly Operand[] } {
    const [length, element, stride] = this.isAlone
      ? ([`${sources.length} * size`, "f32", this.size] as const)
      : ([`${4 * sources.length} * ceil(size / 4)`, "vec4<f32>", `((${this.size} + 3u) / 4u)`] as const);
    const target = this.bindings.scratch(what, length, element);
    const passes: WgslPassDescription[] = [];
    const operands = sources.map(({ local }, i) => ({ buffer: target, local, start: `${i}u * ${stride}` }));
    const atOnce = maximumBuffers - 1;
    for (let first = 0; first < sources.length; first += atOnce) {
      const group = sources.slice(first, first + atOnce);
      const entry = this.entry(
        `${stem}_gather_${what}${first === 0 ? "" : `_${passes.length}`}`,
        this.elementwise((at) =>
          group.map(({ buffer }, i) => `${at(target, operands[first + i]!.start)} = ${at(buffer)};`),
        ),
      );
      const dispatch = { over: "size", perWorkgroup: this.elementsPerWorkgroup };
      passes.push(this.bindings.pass(entry, dispatch, workgroupSize, [...group.map(({ buffer }) => buffer), target]));
    }
    return { passes, operands };
  }

  private partials(): Buffer {
    const channels = this.perChannel ? " * channels" : "";
    return this.bindings.scratch("partials", `${this.learned.length * chunks}${channels}`);
  }

  private learnedGradients(direction: Direction): WgslPassDescription[] {
    return this.learned.length > 0 ? [this.partialSums(direction), ...this.sums(direction.name)] : [];
  }

  /** Adds the partial sums up, always in the same order. */
  private sums(stem: string): WgslPassDescription[] {
    const passes: WgslPassDescription[] = [];
    const partials = this.partials();
    const channels = this.perChannel ? this.extent("channels") : "1u";
    const atOnce = maximumBuffers - 1;
    for (let first = 0; first < this.learned.length; first += atOnce) {
      const group = this.learned.slice(first, first + atOnce);
      const name = `${stem}_sums${first === 0 ? "" : `_${passes.length}`}`;
      const targets = group.map((variable) => this.bindings.gradient(variable));
      const lines = group.flatMap((variable, i) => {
        const k = first + i;
        const start = `${k}u * ${channels} * ${chunks}u`;
        const whole = !isPerChannel(variable);
        const length = whole ? `${channels} * ${chunks}u` : `${chunks}u`;
        const offset = whole ? start : `${start} + c * ${chunks}u`;
        const loop = [
          `var sum${k} = 0.0;`,
          `for (var j = 0u; j < ${length}; j++) {`,
          `  sum${k} += ${partials.variable}[${offset} + j];`,
          "}",
          `${targets[i]!.variable}[${whole ? "0" : "c"}] = sum${k};`,
        ];
        return whole && this.perChannel ? ["if (c == 0u) {", ...loop.map((line) => `  ${line}`), "}"] : loop;
      });
      const entry = this.entry(name, [
        `let c = (workgroup.y * workgroups.x + workgroup.x) * ${workgroupSize}u + lane;`,
        `if (c >= ${channels}) {`,
        "  return;",
        "}",
        ...lines,
      ]);
      const over = this.perChannel ? "channels" : "1";
      passes.push(
        this.bindings.pass(entry, { over, perWorkgroup: workgroupSize }, workgroupSize, [partials, ...targets]),
      );
    }
    return passes;
  }
}

/**
 * Whether an element may take thousands of turns of loops: those of a thread run one after the other, and llvmpipe (Mesa 22.3) ends
 * every loop of a shader once all of a thread's loops together have turned 65,535 times.
 */
function turnsManyLoops({ value, gradients, machine }: WgslContext): boolean {
  const exact = [...value.careful, ...gradients.careful].flatMap((form) =>
    form.kind === "pairs" && form.exact ? [form.exact] : [],
  );
  const takesSeries = reachable(exact).some((node) => node.kind === "application" && gaussians.has(node.primitive));
  return exact.length > 0 && (machine.natBits > wgslNatBits || takesSeries);
}

/** Each takes a dozen long divisions. */
const gaussians: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["erf", "erfc", "normcdf", "log_normcdf"]);

/** Whether there are passes that read four elements at once. */
const usesVectors = ({ kept }: WgslContext): boolean => kept !== null && kept.kind !== "output";

/** Adds up one number of each thread; all threads get the sum. */
function workgroupSum(name: string, lanes: string): string {
  return workgroupReduction(name, lanes, (a, b) => `${a} + ${b}`);
}

export function workgroupReduction(name: string, lanes: string, combine: (a: string, b: string) => string): string {
  return `fn ${name}(value: f32, lane: u32) -> f32 {
  ${lanes}[lane] = value;
  workgroupBarrier();
  for (var stride = ${workgroupSize / 2}u; stride > 0u; stride /= 2u) {
    if (lane < stride) {
      ${lanes}[lane] = ${combine(`${lanes}[lane]`, `${lanes}[lane + stride]`)};
    }
    workgroupBarrier();
  }
  let result = ${lanes}[0];
  workgroupBarrier();
  return result;
}`;
}
