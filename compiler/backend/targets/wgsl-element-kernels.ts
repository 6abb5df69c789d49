/** Entry points of element-wise activations. */
import { type Expr, reachable, type Variable } from "../../ir/expr.js";
import type { Randomness } from "../../ir/random.js";
import { uniformNames } from "../../machine/library/random.js";
import { drawnBlocks } from "../draws.js";
import type { WgslKernel, WgslPassDescription } from "../manifest.js";
import { isPerChannel } from "../spaces.js";
import { type Buffer, WgslBindings } from "./wgsl-bindings.js";
import type { WgslForm } from "../pair-form.js";
import { gradientFields, type WgslContext } from "./wgsl.js";

const workgroupSize = 256;
/** Workgroups that share the sum of one channel's gradient. */
const chunks = 64;
/** WebGPU grants every shader stage this many storage buffers. */
const maximumBuffers = 8;

export interface WgslKernels {
  readonly text: string;
  readonly forward: WgslKernel;
  readonly backward: WgslKernel;
}

export function elementKernels(context: WgslContext): WgslKernels {
  return new ElementKernels(context).build();
}

class ElementKernels {
  private readonly bindings: WgslBindings;
  private readonly learned: readonly Variable[];
  private readonly inputs: readonly Variable[];
  private readonly perChannel: boolean;
  /** Learned parameters are gathered into one buffer where there are too many for a binding each. */
  private readonly gathered: boolean;
  private readonly entries: string[] = [];

  constructor(private readonly context: WgslContext) {
    const { plan, prefix } = context;
    const { activation } = plan;
    this.inputs = activation.inputs;
    this.learned = activation.learned.map(({ variable }) => variable);
    this.perChannel = plan.perChannel;
    this.gathered = this.inputs.length * 2 + 1 + this.learned.length > maximumBuffers;
    this.bindings = new WgslBindings(prefix, this.perChannel ? "f32" : "vec4<f32>", [
      { name: "size", role: "extent" },
      ...(this.perChannel
        ? (["channelOuter", "channels", "channelInner"] as const).map((name) => ({ name, role: "extent" }) as const)
        : []),
      ...activation.hyperparameters.map(
        ({ variable, default: value }) => ({ name: variable.name, role: "hyperparameter", default: value }) as const,
      ),
      ...(activation.random
        ? [
            { name: activation.random.seed, role: "seed" } as const,
            { name: activation.random.training.name, role: "training" } as const,
          ]
        : []),
    ]);
  }

  build(): WgslKernels {
    const gather = this.gathered ? this.gatherPasses() : [];
    const forward: WgslKernel = { requires: [], passes: [...gather, this.forward()] };
    const backward: WgslKernel = {
      requires: [],
      passes: [
        ...gather,
        this.inputGradients(),
        ...(this.learned.length > 0 ? [this.partialSums(), ...this.sums()] : []),
      ],
    };
    const text = [this.bindings.text(), ...this.entries].join("\n\n");
    return { text: `${text}\n`, forward, backward };
  }

  private entry(name: string, body: readonly string[]): { name: string; text: string } {
    const text = [
      `@compute @workgroup_size(${workgroupSize})`,
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
      ...(random ? [`select(0.0, 1.0, ${this.isTraining(random)})`, ...random.draws.map((_, i) => `u${i}`)] : []),
    ];
  }

  private isTraining({ training }: Randomness): string {
    return `${this.bindings.uniform(training.name, "training")} != 0u`;
  }

  /**
   * Draws the numbers that the results depend on, for one element. In evaluation nothing depends on them, and any number in
   * (0, 1) does.
   */
  private drawing(results: readonly Expr[], element: string): string[] {
    const { library, plan } = this.context;
    const { random } = plan.activation;
    if (!random) return [];
    const blocks = drawnBlocks(random, new Set(reachable(results)));
    const seed = this.bindings.uniform(random.seed, "seed");
    const drawn = blocks.flatMap(({ block, words }) => [
      `  let words${block} = ${library("draw")}(${seed}, ${element}, ${block});`,
      ...words.map(
        ({ variable, word }) =>
          `  u${random.draws.indexOf(variable)} = ${library(uniformNames.f32)}(words${block}.${word});`,
      ),
    ]);
    return [
      ...random.draws.map((_, i) => `var u${i} = 0.5;`),
      ...(drawn.length > 0 ? [`if (${this.isTraining(random)}) {`, ...drawn, "}"] : []),
    ];
  }

  private get gradients(): readonly Expr[] {
    return this.context.plan.gradients.map(({ value }) => value);
  }

  /** Copies the learned parameters into one buffer, as many at a time as can be bound. */
  private gatherPasses(): WgslPassDescription[] {
    const passes: WgslPassDescription[] = [];
    const parameters = this.parameters();
    const atOnce = maximumBuffers - 1;
    for (let first = 0; first < this.learned.length; first += atOnce) {
      const group = this.learned.slice(first, first + atOnce);
      const name = `${this.context.prefix}_gather_${passes.length}`;
      const buffers = group.map((variable) => this.bindings.learned(variable));
      const channels = this.perChannel ? this.extent("channels") : "1u";
      const entry = this.entry(name, [
        `let c = (workgroup.y * workgroups.x + workgroup.x) * ${workgroupSize}u + lane;`,
        `if (c >= ${channels}) {`,
        "  return;",
        "}",
        ...group.map((variable, i) => {
          const index = this.perChannel ? `${first + i}u * ${channels} + c` : `${first + i}`;
          return `${parameters.variable}[${index}] = ${buffers[i]!.variable}[${isPerChannel(variable) ? "c" : "0"}];`;
        }),
      ]);
      const over = this.perChannel ? "channels" : "1";
      passes.push(
        this.bindings.pass(entry, { over, perWorkgroup: workgroupSize }, workgroupSize, [...buffers, parameters]),
      );
    }
    return passes;
  }

  /** Runs `line` for each of the (up to four) elements that a thread handles. */
  private elementwise(body: (element: (buffer: Buffer) => string) => string[]): string[] {
    const index = `let i = (workgroup.y * workgroups.x + workgroup.x) * ${workgroupSize}u + lane;`;
    const limit = this.perChannel ? this.size : `(${this.size} + 3u) / 4u`;
    return [
      index,
      `if (i >= ${limit}) {`,
      "  return;",
      "}",
      ...(this.perChannel ? [`let c = (i / ${this.extent("channelInner")}) % ${this.extent("channels")};`] : []),
      ...body((buffer) => `${buffer.variable}[i]`),
    ];
  }

  /** The call of a scalar function on all elements of a thread: one, or the four of a vector. */
  private calls(name: string, tensors: readonly { readonly buffer: Buffer; readonly local: string }[]): string[] {
    const rest = this.scalarArguments();
    const components = this.perChannel ? [""] : [".x", ".y", ".z", ".w"];
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
    return !this.perChannel && isLong;
  }

  private call(name: string, tensors: readonly { readonly local: string }[]): string {
    return `${name}(${[...tensors.map(({ local }) => `${local}[k]`), ...this.scalarArguments()].join(", ")})`;
  }

  private inTurn(
    drawing: readonly string[],
    results: readonly string[],
    call: string,
    members: readonly string[],
    targets: readonly string[],
  ): string[] {
    const [only] = results;
    const stores =
      results.length === 1 && members[0] === ""
        ? [`  ${only ?? ""}[k] = ${call};`]
        : [`  let g = ${call};`, ...results.map((result, i) => `  ${result}[k] = g${members[i] ?? ""};`)];
    return [
      ...results.map((result) => `var ${result} = vec4<f32>();`),
      "for (var k = 0u; k < 4u; k++) {",
      ...drawing.map((line) => `  ${line}`),
      ...stores,
      "}",
      ...targets.map((target, i) => `${target} = ${results[i] ?? ""};`),
    ];
  }

  private get elementsPerWorkgroup(): number {
    return this.perChannel ? workgroupSize : 4 * workgroupSize;
  }

  private forward(): WgslPassDescription {
    const name = `${this.context.prefix}_forward`;
    const inputs = this.inputs.map((variable, i) => ({ buffer: this.bindings.input(variable), local: `x${i}` }));
    const output = this.bindings.output();
    const entry = this.entry(
      name,
      this.elementwise((element) => [
        ...inputs.map(({ buffer, local }) => `let ${local} = ${element(buffer)};`),
        ...(this.loops([this.context.value])
          ? this.inTurn(
              this.drawing([this.context.plan.value], "4u * i + k"),
              ["result"],
              this.call(this.context.prefix, inputs),
              [""],
              [element(output)],
            )
          : [
              ...this.drawing([this.context.plan.value], "i"),
              ...this.store(element(output), this.calls(this.context.prefix, inputs)),
            ]),
      ]),
    );
    return this.bindings.pass(entry, { over: "size", perWorkgroup: this.elementsPerWorkgroup }, workgroupSize, [
      ...inputs.map(({ buffer }) => buffer),
      ...this.learnedBuffers(),
      output,
    ]);
  }

  private store(target: string, values: readonly string[]): string[] {
    if (values.length === 1) return [`${target} = ${values[0] ?? ""};`];
    return [`${target} = vec4<f32>(`, ...values.map((value) => `  ${value},`), ");"];
  }

  private tensorsOfBackward(): { buffer: Buffer; local: string }[] {
    return [
      { buffer: this.bindings.cotangent(), local: "dy" },
      ...this.inputs.map((variable, i) => ({ buffer: this.bindings.input(variable), local: `x${i}` })),
    ];
  }

  private inputGradients(): WgslPassDescription {
    const { prefix, plan } = this.context;
    const name = `${prefix}_backward_inputs`;
    const tensors = this.tensorsOfBackward();
    const targets = this.inputs.map((variable) => this.bindings.gradient(variable));
    const single = plan.gradients.length === 1;
    const fields = gradientFields(plan);
    const entry = this.entry(
      name,
      this.elementwise((element) => {
        const loads = tensors.map(({ buffer, local }) => `let ${local} = ${element(buffer)};`);
        if (this.loops(this.context.gradients.map(({ form }) => form))) {
          const members = single ? [""] : targets.map((_, i) => `.${fields[i] ?? ""}`);
          const results = targets.map((_, i) => (targets.length === 1 ? "result" : `result${i}`));
          return [
            ...loads,
            ...this.inTurn(
              this.drawing(this.gradients, "4u * i + k"),
              results,
              this.call(`${prefix}_backward`, tensors),
              members,
              targets.map(element),
            ),
          ];
        }
        loads.push(...this.drawing(this.gradients, "i"));
        const calls = this.calls(`${prefix}_backward`, tensors);
        if (single) return [...loads, ...this.store(element(targets[0]!), calls)];
        const locals = calls.map((call, i) => ({ local: `g${i}`, call }));
        return [
          ...loads,
          ...locals.map(({ local, call }) => `let ${local} = ${call};`),
          ...targets.flatMap((target, i) => {
            const values = locals.map(({ local }) => `${local}.${fields[i] ?? ""}`);
            const value = values.length === 1 ? values[0]! : `vec4<f32>(${values.join(", ")})`;
            return [`${element(target)} = ${value};`];
          }),
        ];
      }),
    );
    return this.bindings.pass(entry, { over: "size", perWorkgroup: this.elementsPerWorkgroup }, workgroupSize, [
      ...tensors.map(({ buffer }) => buffer),
      ...this.learnedBuffers(),
      ...targets,
    ]);
  }

  /** One sum per learned parameter, channel and chunk of its elements. */
  private partialSums(): WgslPassDescription {
    const { prefix, plan } = this.context;
    const name = `${prefix}_backward_partial_sums`;
    const tensors = this.tensorsOfBackward();
    const partials = this.partials();
    const lanes = `${prefix}_lanes`;
    this.entries.push(`var<workgroup> ${lanes}: array<f32, ${workgroupSize}>;`);
    const total = `${prefix}_workgroup_sum`;
    this.entries.push(workgroupSum(total, lanes));
    const single = plan.gradients.length === 1;
    const fields = gradientFields(plan).slice(this.inputs.length);
    const channels = this.perChannel ? this.extent("channels") : "1u";
    const count = this.perChannel ? `${this.extent("channelOuter")} * ${this.extent("channelInner")}` : this.size;
    const local = (buffer: Buffer): string =>
      this.perChannel ? `${buffer.variable}[i]` : `${buffer.variable}[i / 4u][i % 4u]`;
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
      ...this.drawing(this.gradients, "i").map((line) => `  ${line}`),
      `  let g = ${prefix}_backward(${[...tensors.map(({ buffer }) => local(buffer)), ...this.scalarArguments()].join(", ")});`,
      ...fields.map((field, k) => `  sum${k} += g${single ? "" : `.${field}`};`),
      "}",
      ...fields.map((_, k) => `let total${k} = ${total}(sum${k}, lane);`),
      "if (lane == 0u) {",
      ...fields.map((_, k) => `  ${partials.variable}[${k}u * ${channels} * ${chunks}u + w] = total${k};`),
      "}",
    ]);
    const over = this.perChannel ? `channels * ${chunks}` : String(chunks);
    return this.bindings.pass(entry, { over, perWorkgroup: 1 }, workgroupSize, [
      ...tensors.map(({ buffer }) => buffer),
      ...this.learnedBuffers(),
      partials,
    ]);
  }

  private partials(): Buffer {
    const channels = this.perChannel ? " * channels" : "";
    return this.bindings.scratch("partials", `${this.learned.length * chunks}${channels}`);
  }

  /** Adds the partial sums up, always in the same order. */
  private sums(): WgslPassDescription[] {
    const passes: WgslPassDescription[] = [];
    const partials = this.partials();
    const channels = this.perChannel ? this.extent("channels") : "1u";
    const atOnce = maximumBuffers - 1;
    for (let first = 0; first < this.learned.length; first += atOnce) {
      const group = this.learned.slice(first, first + atOnce);
      const name = `${this.context.prefix}_backward_sums${first === 0 ? "" : `_${passes.length}`}`;
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
