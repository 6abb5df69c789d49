/**
 * TypeScript kernels that keep a bit per element for backward where the derivative has two values, or nothing where it has
 * one: the inputs may be forgotten, or overwritten.
 */
import { isConstant } from "../../algebra/forms.js";
import { apply, type Expr, type Variable, variablesOf } from "../../ir/expr.js";
import { exportedName, parameterName, typescriptReserved } from "../../names.js";
import { formOf, printExpression, spellingOf } from "../../printing/print.js";
import { typescript } from "../dialects/typescript.js";
import type { KernelPlan } from "../kernels.js";
import type { KeptExactly } from "../kept.js";
import { libraryNames } from "../library/kernel-text.js";
import { lower } from "../lower.js";
import type { KernelArgument, TypeScriptKernel } from "../manifest.js";
import { NameScope } from "../naming.js";
import type { FunctionText } from "./typescript.js";

export interface SavedKernels {
  readonly functions: readonly FunctionText[];
  readonly forward: TypeScriptKernel;
  readonly backward: TypeScriptKernel;
}

/** The bits of 32 elements in a number. */
const maskLength = "ceil(size / 32)";

/** @param forward the kernel that gives the value */
export function typescriptSavedKernels(
  plan: KernelPlan,
  save: KeptExactly,
  forward: TypeScriptKernel,
  library: Set<string>,
): SavedKernels {
  const { activation, cotangent } = plan;
  const scope = new NameScope(["size", "i", "end", "bits", "word", ...libraryNames], [typescriptReserved]);
  const base = exportedName(activation.name);
  const names = { forward: scope.claim(`${base}ForwardSaved`), backward: scope.claim(`${base}BackwardSaved`) };
  const [input] = activation.inputs;
  if (!input) throw new Error("an activation has an input");
  const local = new Map<Variable, string>();
  for (const variable of [input, ...activation.hyperparameters.map(({ variable: each }) => each)]) {
    local.set(variable, scope.claim(parameterName(variable.name)));
  }
  const x = local.get(input)!;
  const [y, dy, dx, mask] = [scope.claim("y"), scope.claim("dy"), scope.claim(`d${x}`), scope.claim("mask")];
  const element = scope.claim(x.length <= 2 ? `${x}i` : `${x}I`);
  const call = (name: string): string => {
    library.add(name);
    return name;
  };
  const print = (expr: Expr): string =>
    printExpression(
      lower(expr, {
        spells: (primitive) => spellingOf(typescript, primitive) !== undefined,
        formOf: (primitive) => formOf(typescript, primitive),
        nanFrom: new Set(),
        narrow: false,
      }),
      {
        dialect: typescript,
        nameOf: (node) => {
          if (node === input) return element;
          if (node === cotangent) return `${dy}[i]!`;
          return node.kind === "variable" ? local.get(node) : undefined;
        },
        library: call,
      },
    );
  const numbers = (roots: readonly Expr[]): { parameters: FunctionText["parameters"]; arguments: KernelArgument[] } => {
    const read = new Set(roots.flatMap((root) => [...variablesOf(root)]));
    return {
      parameters: activation.hyperparameters.map(({ variable }) => {
        const own = local.get(variable)!;
        return { name: read.has(variable) ? own : `_${own}`, type: "number" };
      }),
      arguments: activation.hyperparameters.map(({ variable, default: value }) => ({
        name: variable.name,
        role: "hyperparameter",
        default: value,
      })),
    };
  };
  const array = (name: string, role: KernelArgument["role"], more: Partial<KernelArgument> = {}): KernelArgument => ({
    name,
    role,
    element: "f32",
    length: "size",
    ...more,
  });
  const float = (name: string): FunctionText["parameters"][number] => ({ name, type: "Float32Array" });
  const bits = (name: string): FunctionText["parameters"][number] => ({ name, type: "Uint32Array" });
  const kept = save.kind === "bit" ? [mask] : [];
  library.add("requireLength");
  const checkMask = kept.map((name) => `requireLength("${name}", ${name}, Math.ceil(size / 32));`);

  const given = numbers(save.kind === "bit" ? [plan.value, save.condition] : [plan.value]);
  const whole = forward.arguments.map(({ role }, i) =>
    role === "output" ? y : role === "input" ? x : (given.parameters[i - 1]?.name ?? ""),
  );
  const forwardText: FunctionText = {
    name: names.forward,
    documentation:
      save.kind === "bit"
        ? `As {@link ${forward.export}}; keeps for backward, in one bit per element, where the derivative is ${print(save.yes)}.`
        : `As {@link ${forward.export}}: backward needs nothing else.`,
    parameters: [
      float(x),
      ...given.parameters.map(({ name, type }) => ({ name: name.replace(/^_/, ""), type })),
      float(y),
      ...kept.map(bits),
    ],
    statements: [
      ...(save.kind === "bit"
        ? [
            `const size = ${x}.length;`,
            ...checkMask,
            "for (let i = 0, word = 0; i < size; word++) {",
            "const end = Math.min(i + 32, size);",
            "let bits = 0;",
            "for (let bit = 1; i < end; i++, bit *= 2) {",
            `const ${element} = ${x}[i]!;`,
            `if (${print(save.condition)}) bits += bit;`,
            "}",
            `${mask}[word] = bits;`,
            "}",
          ]
        : []),
      `${forward.export}(${whole.map((name) => name.replace(/^_/, "")).join(", ")});`,
    ],
  };
  const slopes = save.kind === "bit" ? [save.yes, save.no] : [save.derivative];
  const back = numbers(slopes);
  // Nothing is left of an infinite cotangent where the derivative is 0.
  const factor = (slope: Expr): string =>
    print(isConstant(slope, 0) ? slope : isConstant(slope, 1) ? cotangent : apply("multiply", [cotangent, slope]));
  const value =
    save.kind === "bit"
      ? `(${mask}[i >> 5]! >>> (i & 31)) & 1 ? ${factor(save.yes)} : ${factor(save.no)}`
      : factor(save.derivative);
  const backwardText: FunctionText = {
    name: names.backward,
    documentation: `As the backward kernel, from what {@link ${names.forward}} kept.`,
    parameters: [float(dy), ...kept.map(bits), ...back.parameters, float(dx)],
    statements: [
      `const size = ${dy}.length;`,
      ...checkMask,
      `requireLength("${dx}", ${dx}, size);`,
      "for (let i = 0; i < size; i++) {",
      `${dx}[i] = ${value};`,
      "}",
    ],
  };
  const saved = (of: boolean): KernelArgument[] =>
    kept.map((name) => ({ name, role: "saved", ...(of ? { of: name } : {}), element: "u32", length: maskLength }));
  return {
    functions: [forwardText, backwardText],
    forward: {
      export: names.forward,
      arguments: [array(input.name, "input"), ...given.arguments, array(y, "output"), ...saved(false)],
    },
    backward: {
      export: names.backward,
      arguments: [
        array(cotangent.name, "cotangent"),
        ...saved(true),
        ...back.arguments,
        array(dx, "gradient", { of: input.name }),
      ],
    },
  };
}
