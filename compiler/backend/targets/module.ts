/** The module: an `Activation` record for the runtime, a function and a class. */
import { rangeText } from "../../frontend/elaborate.js";
import { className, exportedName, parameterName, typescriptReserved } from "../../names.js";
import type { Kink } from "../../calculus/kinks.js";
import { normalise } from "../../algebra/normalise.js";
import { withNamedValues } from "../../ir/random.js";
import { apply, type Bounds, constant, type Expr } from "../../ir/expr.js";
import { formOf, printExpression, spellingOf } from "../../printing/print.js";
import { typescript } from "../dialects/typescript.js";
import { lower } from "../lower.js";
import { cotangentGradientName, type KernelPlan } from "../kernels.js";
import type { Kept } from "../kept.js";
import type { TypeScriptKernel, WgslKernel, WgslPassDescription } from "../manifest.js";
import { NameScope } from "../naming.js";
import { differentiate } from "../../calculus/differentiate.js";
import { StructureKind, type StatementStructures } from "../source-file.js";
import { formulaText } from "../../printing/definition-text.js";
import { docText, toIdentifierText } from "./text.js";

export const runtimePackage = "activation-compiler/runtime";

export interface ModuleInput {
  readonly plan: KernelPlan;
  readonly kept: Kept | null;
  readonly kinks: readonly Kink[];
  readonly stem: string;
  readonly ts: Directions<TypeScriptKernel> | null;
  /** What serves on the CPU in the place of the first two kernels in TypeScript. */
  readonly wasm: Pick<Directions<TypeScriptKernel>, "forward" | "backward"> | null;
  readonly wgsl: (Directions<WgslKernel> & { readonly exportName: string }) | null;
}

/** The kernels that the runtime calls. */
interface Directions<Kernel> {
  readonly forward: Kernel;
  readonly backward: Kernel;
  readonly doubleBackward: Kernel | null;
  readonly saved: { readonly forward: Kernel; readonly backward: Kernel } | null;
}

export interface ModuleParts {
  /** The statements of the module's file, with one that stands where the record goes. */
  readonly statements: readonly (StatementStructures | string)[];
  /** The doc comment of the function, as it stands in the statements. */
  readonly documentation: string;
  /** The names that are the activation's own. */
  readonly names: readonly string[];
  /** The text of the record, laid out. */
  readonly record: string;
}

/** Stands for the record while the file is formatted. */
export const recordPlaceholder = "recordOfTheActivation;\n";

export function moduleParts(input: ModuleInput): ModuleParts {
  const writer = new ModuleWriter(input);
  const record = writer.record();
  return { statements: writer.statements(), documentation: writer.documentation, names: writer.names(), record };
}

class ModuleWriter {
  private readonly scope: NameScope;
  private readonly imports: { name: string; alias?: string }[] = [];
  private readonly types: { name: string; alias?: string }[] = [];
  readonly documentation: string;
  private readonly functionName: string;
  private readonly className: string;
  private readonly optionsName: string;
  private readonly recordName: string;
  private readonly hyperparameters: readonly {
    readonly name: string;
    readonly key: string;
    readonly default: number;
    readonly range: string | null;
    readonly check: string | null;
  }[];
  private readonly learned: readonly {
    readonly name: string;
    readonly key: string;
    readonly shape: "scalar" | "channel" | "axis";
    /** The range that optimisers keep it in, as an argument, if there is one. */
    readonly range: readonly string[];
    readonly default: number;
    readonly check: string | null;
  }[];
  private readonly inputs: readonly string[];
  /** Runtime names that the activation's own names leave to an alias. */
  private readonly runtimeNames = new Map<string, string>();

  constructor(private readonly input: ModuleInput) {
    const { activation } = input.plan;
    this.functionName = exportedName(activation.name);
    this.className = className(activation);
    this.scope = new NameScope([this.functionName, this.className], [typescriptReserved]);
    this.optionsName = this.scope.claim(`${this.className}Options`);
    this.recordName = this.scope.claim(`${this.functionName}Activation`);
    const locals = new NameScope(
      [
        ...[this.functionName, this.className, this.recordName, "options", "forward", "training"],
        ...(activation.axis?.name ? ["axis"] : []),
        ...(activation.learned.some(({ shape }) => shape === "channel") ? ["numParameters"] : []),
        ...(activation.learned.some(({ shape }) => shape === "axis") ? ["axisLength"] : []),
        ...(activation.random ? ["seed"] : []),
      ],
      [typescriptReserved],
    );
    this.documentation = docText(this.documentationLines());
    this.inputs = activation.inputs.map(({ name }) => locals.claim(parameterName(name)));
    const checkOf = (name: string, key: string, range: Bounds | null): string | null =>
      range
        ? `checkRange(${JSON.stringify(name)}, ${key}, ${range.low}, ${range.high}, ${range.lowClosed}, ${range.highClosed});`
        : null;
    this.learned = activation.learned.map(({ variable, shape, default: value, range }) => {
      const key = locals.claim(parameterName(variable.name));
      return {
        name: variable.name,
        key,
        shape,
        range: range
          ? [
              `{ low: ${range.low}, high: ${range.high}, lowClosed: ${range.lowClosed}, highClosed: ${range.highClosed} }`,
            ]
          : [],
        default: value,
        check: checkOf(variable.name, key, range),
      };
    });
    this.hyperparameters = activation.hyperparameters.map(({ variable, default: value, range }) => {
      const key = locals.claim(parameterName(variable.name));
      return {
        name: variable.name,
        key,
        default: value,
        range: range ? rangeText(range) : null,
        check: checkOf(variable.name, key, range),
      };
    });
  }

  /** A name of the runtime, imported; under an alias where the activation has that name itself. */
  private runtime(name: string, type = false): string {
    const known = this.runtimeNames.get(name);
    if (known) return known;
    const local =
      name === this.className || name === this.functionName
        ? this.scope.claim(`Runtime${name}`)
        : this.scope.claim(name);
    this.runtimeNames.set(name, local);
    (type ? this.types : this.imports).push(local === name ? { name } : { name, alias: local });
    return local;
  }

  statements(): (StatementStructures | string)[] {
    const { stem, wasm, wgsl } = this.input;
    const body = [recordPlaceholder, this.functional(), ...this.options(), this.module()];
    const specifiers = [
      ...[...this.imports].map((specifier) => ({ ...specifier, isTypeOnly: false })),
      ...[...this.types].map((specifier) => ({ ...specifier, isTypeOnly: true })),
    ].sort((a, b) => (a.name < b.name ? -1 : 1));
    const imports: StatementStructures[] = [
      { kind: StructureKind.ImportDeclaration, moduleSpecifier: runtimePackage, namedImports: specifiers },
    ];
    const from = (moduleSpecifier: string, namedImports: string[]): StatementStructures => ({
      kind: StructureKind.ImportDeclaration,
      moduleSpecifier,
      namedImports,
    });
    const called = exportsOnCpu(this.input);
    const own = new Set(wasm ? exportsOf({ ...noKernels, ...wasm }).filter((name) => called.includes(name)) : []);
    const plain = called.filter((name) => !own.has(name));
    if (plain.length > 0) imports.push(from(`./${stem}.js`, plain.sort()));
    if (own.size > 0) imports.push(from(`./${stem}.wasm.js`, [...own].sort()));
    if (wgsl) imports.push(from(`./${stem}.wgsl.js`, [wgsl.exportName]));
    return [...imports, ...body];
  }

  /**
   * The record is laid out here, the way prettier does it, and put in after formatting: the larger part of the file,
   * always of one shape, and formatting is the largest cost of a compile.
   */
  record(): string {
    const { plan, kept, ts, wgsl } = this.input;
    const { activation } = plan;
    const names = (list: readonly { readonly name: string }[]): string =>
      layOutArray(
        list.map(({ name }) => JSON.stringify(name)),
        2,
      );
    const learned = activation.learned.map(
      ({ variable, shape }) => `{ name: ${JSON.stringify(variable.name)}, shape: "${shape}" }`,
    );
    return [
      `const ${this.recordName}: ${this.runtime("Activation", true)} = {`,
      `  name: ${JSON.stringify(activation.name)},`,
      `  inputs: ${names(activation.inputs)},`,
      `  hyperparameters: ${names(activation.hyperparameters.map(({ variable }) => variable))},`,
      `  learned: ${layOutArray(learned, 2, learned.length > 1)},`,
      `  axis: ${plan.reduces},`,
      ...(plan.yieldsRows ? ["  yieldsRows: true,"] : []),
      ...(activation.random ? ["  random: true,"] : []),
      ...(kept && (ts ?? wgsl) ? [`  saves: "${kept.kind}",`] : []),
      ...(ts ? layOutCpu(onCpu(this.input) ?? ts) : []),
      ...(wgsl
        ? [
            "  webgpu: {",
            `    code: ${wgsl.exportName},`,
            ...layOutPasses("forward", wgsl.forward, plan),
            ...layOutPasses("backward", wgsl.backward, plan),
            ...(wgsl.doubleBackward ? layOutPasses("doubleBackward", wgsl.doubleBackward, plan) : []),
            ...(wgsl.saved && isOwn(wgsl) ? layOutPasses("forwardSaved", wgsl.saved.forward, plan) : []),
            ...(wgsl.saved ? layOutPasses("backwardSaved", wgsl.saved.backward, plan) : []),
            "  },",
          ]
        : []),
      "};",
    ].join("\n");
  }

  names(): string[] {
    const { stem, wgsl } = this.input;
    const kernels = [...exportsOnCpu(this.input), ...(wgsl ? [wgsl.exportName] : [])];
    return [this.functionName, this.className, this.optionsName, this.recordName, stem, ...kernels];
  }

  private documentationLines(): string[] {
    const { plan, kinks } = this.input;
    const { activation } = plan;
    const lines = [...activation.documentation];
    if (lines.length > 0) lines.push("");
    lines.push("```", ...activation.formula, "```");
    if (!plan.reduces) {
      const shown = withNamedValues(activation);
      const value = activation.random ? normalise(shown.body) : plan.value;
      lines.push("", "Derivatives:", "```");
      for (const of of [...activation.inputs, ...activation.learned.map(({ variable }) => variable)]) {
        const derivative = shown.gradients.get(of) ?? differentiate(value, of);
        lines.push(`d/d${of.name} = ${formulaText(derivative)}`);
      }
      lines.push("```");
    }
    for (const kink of kinks) {
      const what = kink.continuous ? "Kink" : "Jump";
      lines.push(
        "",
        `${what} at ${kink.at ?? kink.condition}: derivative ${kink.left} before, ${kink.right} after, ${kink.chosen} there.`,
      );
    }
    return lines;
  }

  private learns(shape: "channel" | "axis"): boolean {
    return this.learned.some((parameter) => parameter.shape === shape);
  }

  private functional(): StatementStructures {
    const apply = this.runtime("applyActivation");
    const tensor = this.runtime("Tensor", true);
    const parameters = [...this.inputs, ...this.learned.map(({ key }) => key)].map((name) => ({
      name,
      type: tensor,
      initializer: "",
    }));
    const optional = [
      ...this.hyperparameters.map(({ key, default: value }) => ({ key, default: value })),
      ...this.axis(),
    ];
    const { random } = this.input.plan.activation;
    const lines: string[] = [];
    if (optional.length > 0 || random) {
      parameters.push({ name: "options", type: this.optionsType(), initializer: "{}" });
      const names = [
        ...optional.map(({ key, default: value }) => `${key} = ${value}`),
        ...(random ? ["seed", "training"] : []),
      ];
      lines.push(`const { ${names.join(", ")} } = options;`);
    }
    for (const { check } of this.hyperparameters) {
      if (check) lines.push(check.replace("checkRange", this.runtime("checkRange")));
    }
    const { axis } = this.input.plan.activation;
    const call = [
      `inputs: [${this.inputs.join(", ")}]`,
      ...(this.learned.length > 0 ? [`learned: [${this.learned.map(({ key }) => key).join(", ")}]`] : []),
      ...(this.hyperparameters.length > 0
        ? [`hyperparameters: [${this.hyperparameters.map(({ key }) => key).join(", ")}]`]
        : []),
      ...(this.input.plan.reduces ? [axis?.name ? "axis" : `axis: ${axis?.default ?? -1}`] : []),
      ...(random ? ["seed", "training"] : []),
      ...this.outputCondition(),
    ];
    return {
      kind: StructureKind.Function,
      name: this.functionName,
      isExported: true,
      docs: [this.documentation],
      parameters: parameters.map(({ initializer, ...parameter }) =>
        initializer ? { ...parameter, initializer } : parameter,
      ),
      returnType: tensor,
      statements: [...lines, `return ${apply}(${this.recordName}, { ${call.join(", ")} });`],
    };
  }

  /** Whether the output does, where that depends on the hyperparameters. */
  private outputCondition(): string[] {
    const { kept, ts, wgsl } = this.input;
    if (!(ts ?? wgsl) || kept?.kind !== "output" || kept.requires.length === 0) return [];
    const print = (root: Expr): string => {
      const lowered = lower(root, {
        spells: (primitive) => spellingOf(typescript, primitive) !== undefined,
        formOf: (primitive) => formOf(typescript, primitive),
        nanFrom: new Set(),
        narrow: false,
      });
      return printExpression(lowered, {
        dialect: typescript,
        nameOf: (node) => this.hyperparameters.find(({ name }) => node.kind === "variable" && node.name === name)?.key,
        library: (name) => name,
      });
    };
    return [`keepsOutput: ${kept.requires.map((each) => print(apply("greater", [each, constant(0)]))).join(" && ")}`];
  }

  private axis(): { key: string; default: number }[] {
    const { axis } = this.input.plan.activation;
    return axis?.name ? [{ key: "axis", default: axis.default }] : [];
  }

  /** Options of the functional form: what is not learned, and what is asked of chance. */
  private optionsType(): string {
    const keys = [...this.hyperparameters.map(({ key }) => key), ...this.axis().map(({ key }) => key)];
    const own =
      this.learned.length === 0
        ? this.optionsName
        : `Pick<${this.optionsName}, ${keys.map((key) => JSON.stringify(key)).join(" | ")}>`;
    if (!this.input.plan.activation.random) return own;
    const draws = this.runtime("DrawOptions", true);
    return keys.length === 0 ? draws : `${own} & ${draws}`;
  }

  private hasOptions(): boolean {
    return this.hyperparameters.length > 0 || this.learned.length > 0 || this.axis().length > 0;
  }

  private options(): StatementStructures[] {
    if (!this.hasOptions()) return [];
    const property = (name: string, documentation: string) => ({
      name,
      type: "number",
      isReadonly: true,
      hasQuestionToken: true,
      docs: [docText([documentation])],
    });
    const properties = [
      ...this.hyperparameters.map(({ key, default: value, range }) =>
        property(key, `${value} unless given${range ? `; in ${range}` : ""}.`),
      ),
      ...this.learned.map(({ key, default: value }) =>
        property(key, `What training starts from: ${value} unless given.`),
      ),
      ...(this.learns("channel")
        ? [property("numParameters", "Channels (axis 1) with a number of their own: 1, shared by all, unless given.")]
        : []),
      ...(this.learns("axis")
        ? [
            property(
              "axisLength",
              "Positions along the axis with a number of their own: 1, shared by all, unless given.",
            ),
          ]
        : []),
      ...this.axis().map(({ key, default: value }) =>
        property(key, `The axis that is reduced: ${value} unless given.`),
      ),
    ];
    return [
      {
        kind: StructureKind.Interface,
        name: this.optionsName,
        isExported: true,
        docs: [docText([`Options of {@link ${this.className}}.`])],
        properties,
      },
    ];
  }

  private module(): StatementStructures {
    const tensor = this.runtime("Tensor", true);
    const { activation } = this.input.plan;
    const properties: { name: string; type: string; isReadonly: true }[] = [];
    const statements: string[] = [];
    const defaults: string[] = [];
    const field = (name: string, type: string, initial: number, value: string): void => {
      properties.push({ name, type, isReadonly: true });
      defaults.push(`${name} = ${initial}`);
      statements.push(`this.${name} = ${value};`);
    };
    for (const { key, default: value, check } of this.hyperparameters) {
      if (check) statements.push(check.replace("checkRange", this.runtime("checkRange")));
      field(key, "number", value, key);
    }
    for (const learned of this.learned) {
      if (learned.check) statements.push(learned.check.replace("checkRange", this.runtime("checkRange")));
      const shape = { scalar: "[1]", channel: "[numParameters]", axis: "[axisLength]" }[learned.shape];
      const parameter = this.runtime("Parameter");
      field(
        learned.key,
        parameter,
        learned.default,
        `new ${parameter}(${[`${this.runtime("full")}(${shape}, ${learned.key})`, ...learned.range].join(", ")})`,
      );
    }
    if (this.learns("channel")) defaults.push("numParameters = 1");
    if (this.learns("axis")) defaults.push("axisLength = 1");
    for (const { key, default: value } of this.axis()) field(key, "number", value, key);
    const constructors = this.hasOptions()
      ? [
          {
            parameters: [{ name: `{ ${defaults.join(", ")} }`, type: this.optionsName, initializer: "{}" }],
            statements: ["super();", ...statements],
          },
        ]
      : [];
    const takesOptions = this.hyperparameters.length > 0 || this.axis().length > 0 || activation.random !== null;
    const options = takesOptions ? ["this"] : [];
    const learned = this.learned.map(({ key }) => `this.${key}`);
    const call = (inputs: readonly string[]): string =>
      `${this.functionName}(${[...inputs, ...learned, ...options].join(", ")})`;
    const split = activation.split;
    return {
      kind: StructureKind.Class,
      name: this.className,
      isExported: true,
      extends: this.runtime("Module"),
      docs: [
        docText([
          `{@link ${this.functionName}} as a module.`,
          ...(split === null
            ? []
            : [`Takes its inputs apart, or one tensor that holds them side by side along axis ${split}.`]),
        ]),
      ],
      properties,
      ctors: constructors,
      methods: [
        {
          name: "forward",
          hasOverrideKeyword: true,
          parameters: this.inputs.map((name, i) => ({ name, type: tensor, hasQuestionToken: split !== null && i > 0 })),
          returnType: tensor,
          statements: [...(split === null ? [] : this.splitStatements(split, call)), `return ${call(this.inputs)};`],
        },
      ],
    };
  }

  private splitStatements(split: number, call: (inputs: readonly string[]) => string): string[] {
    const [first, ...others] = this.inputs;
    const missing = others.map((name) => `${name} === undefined`).join(" || ");
    const parts = this.inputs.map((name) => `${name}Part`);
    return [
      `if (${missing}) {`,
      `const [${parts.join(", ")}] = ${this.runtime("splitInputs")}(${first ?? ""}, ${this.inputs.length}, ${split});`,
      `return ${call(parts.map((part) => `${part}!`))};`,
      "}",
    ];
  }
}

/** Whether forward has a kernel apart for what it keeps; an output it gives anyway. */
const isOwn = <K>({ forward, saved }: Directions<K>): boolean => saved !== null && saved.forward !== forward;

const exportsOf = (kernels: Directions<TypeScriptKernel>): string[] => {
  const { forward, backward, doubleBackward, saved } = kernels;
  const all = [backward, forward, ...(doubleBackward ? [doubleBackward] : [])];
  if (saved) all.push(saved.backward, ...(isOwn(kernels) ? [saved.forward] : []));
  return all.map((kernel) => kernel.export);
};

const noKernels = { doubleBackward: null, saved: null } as const;

/** Those in WebAssembly where there are any: they are faster than it is to keep less than the input, unless that is asked for. */
const onCpu = ({ ts, wasm, kept }: Pick<ModuleInput, "ts" | "wasm" | "kept">): Directions<TypeScriptKernel> | null =>
  ts && wasm && kept?.kind !== "output" ? { ...ts, forward: wasm.forward, backward: wasm.backward, saved: null } : ts;

function exportsOnCpu(input: ModuleInput): string[] {
  const kernels = onCpu(input);
  return kernels ? exportsOf(kernels) : [];
}

const lineWidth = 80;

function layOutCpu(kernels: Directions<TypeScriptKernel>): string[] {
  const { forward, backward, doubleBackward, saved } = kernels;
  const entries = [`forward: ${forward.export}`, `backward: ${backward.export}`];
  if (doubleBackward) entries.push(`doubleBackward: ${doubleBackward.export}`);
  if (saved && isOwn(kernels)) entries.push(`forwardSaved: ${saved.forward.export}`);
  if (saved) entries.push(`backwardSaved: ${saved.backward.export}`);
  const flat = `  cpu: { ${entries.join(", ")} },`;
  return entries.length === 2 || flat.length <= lineWidth
    ? [flat]
    : ["  cpu: {", ...entries.map((entry) => `    ${entry},`), "  },"];
}

/** An array on one line where it fits behind its key, else an element a line. */
function layOutArray(elements: readonly string[], indent: number, spread = false): string {
  const flat = `[${elements.join(", ")}]`;
  const margin = " ".repeat(indent);
  // The longest key is `hyperparameters: `; a comma follows.
  if (!spread && indent + "hyperparameters: ".length + flat.length + 1 <= lineWidth) return flat;
  return elements.length === 0
    ? "[]"
    : `[\n${elements.map((element) => `${margin}  ${element},\n`).join("")}${margin}]`;
}

/** The passes as the runtime wants them: what is bound where, by role. */
function layOutPasses(
  key: "forward" | "backward" | "doubleBackward" | "forwardSaved" | "backwardSaved",
  kernel: WgslKernel,
  plan: KernelPlan,
): string[] {
  const passes = kernel.passes.flatMap((pass) => layOutPass(pass, cotangentGradientName(plan)));
  return [`    ${key}: [`, ...passes.map((line) => `      ${line}`), "    ],"];
}

/** @param ofCotangent what the gradient in the result's cotangent is called */
function layOutPass({ entryPoint, dispatch, bindings }: WgslPassDescription, ofCotangent: string): string[] {
  const roles = bindings.map((binding) => {
    switch (binding.role) {
      case "input":
      case "learned":
        return `[${binding.binding}, ${JSON.stringify(`${binding.role} ${binding.name}`)}]`;
      case "gradient":
        if (binding.name === ofCotangent) return `[${binding.binding}, "gradient"]`;
        return `[${binding.binding}, ${JSON.stringify(`gradient ${binding.of ?? ""}`)}]`;
      case "cotangent":
        if (binding.of === undefined) return `[${binding.binding}, "cotangent"]`;
        // Of the gradient that is called `d` and then as what it is the gradient of.
        return `[${binding.binding}, ${JSON.stringify(`cotangent ${binding.of.slice(1)}`)}]`;
      case "scratch":
        return `[${binding.binding}, ${JSON.stringify(`scratch ${binding.length ?? ""}`)}]`;
      case "saved":
        return `[${binding.binding}, "${binding.of === undefined ? "saved" : "kept"}"]`;
      case "output":
      case "derivative":
      case "uniforms":
        return `[${binding.binding}, "${binding.role}"]`;
    }
  });
  const fields = bindings
    .flatMap(({ fields: list = [] }) => list)
    .map(({ name, role }) =>
      JSON.stringify(role === "extent" ? name : role === "hyperparameter" ? `hyperparameter ${name}` : role),
    );
  const flat = `uniforms: [${fields.join(", ")}],`;
  return [
    "{",
    `  entryPoint: "${toIdentifierText(entryPoint)}",`,
    `  over: "${dispatch.over}",`,
    `  perWorkgroup: ${dispatch.perWorkgroup},`,
    "  bindings: [",
    ...roles.map((role) => `    ${role},`),
    "  ],",
    ...(8 + flat.length <= lineWidth
      ? [`  ${flat}`]
      : ["  uniforms: [", ...fields.map((field) => `    ${field},`), "  ],"]),
    "},",
  ];
}
