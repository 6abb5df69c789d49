/** Entry points that keep a bit per element for backward where the derivative has two values, or nothing where it has one. */
import { isConstant } from "../../algebra/forms.js";
import { apply, type Expr } from "../../ir/expr.js";
import { printExpression, spellingOf } from "../../printing/print.js";
import { wgsl } from "../dialects/wgsl.js";
import type { KeptExactly } from "../kept.js";
import { lower } from "../lower.js";
import type { WgslKernel, WgslPassDescription } from "../manifest.js";
import type { WgslBindings } from "./wgsl-bindings.js";
import type { WgslContext } from "./wgsl.js";

const workgroupSize = 256;

export interface SavedWgslKernels {
  readonly forward: WgslKernel;
  readonly backward: WgslKernel;
}

/**
 * @param forward the passes that give the value
 * @param entry adds an entry point to the file
 */
export function savedKernels(
  { plan, prefix, library }: Pick<WgslContext, "plan" | "prefix" | "library">,
  save: KeptExactly,
  bindings: WgslBindings,
  forward: readonly WgslPassDescription[],
  entry: (name: string, body: readonly string[]) => { readonly name: string; readonly text: string },
): SavedWgslKernels {
  const { activation } = plan;
  const input = activation.inputs[0]!;
  const size = bindings.uniform("size", "extent");
  const print = (expr: Expr): string =>
    printExpression(
      lower(expr, {
        spells: (primitive) => spellingOf(wgsl, primitive) !== undefined,
        nanFrom: new Set(),
        narrow: true,
      }),
      {
        dialect: wgsl,
        nameOf: (node) => {
          if (node === input) return "x";
          if (node === plan.cotangent) return "dy";
          return node.kind === "variable" ? bindings.uniform(node.name, "hyperparameter") : undefined;
        },
        library,
      },
    );
  // Nothing is left of an infinite cotangent where the derivative is 0.
  const times = (slope: Expr): string => {
    if (isConstant(slope, 0)) return "vec4<f32>()";
    return isConstant(slope, 1) ? "dy" : print(apply("multiply", [plan.cotangent, slope]));
  };
  const perWorkgroup = 4 * workgroupSize;
  const index = "(workgroup.y * workgroups.x + workgroup.x)";
  const backwardPass = (slope: readonly string[], more: readonly ReturnType<WgslBindings["mask"]>[]): WgslKernel => {
    const [cotangent, gradient] = [bindings.cotangent(), bindings.gradient(input)];
    const own = entry(`${prefix}_backward_saved`, [
      `let i = ${index} * ${workgroupSize}u + lane;`,
      `if (i >= (${size} + 3u) / 4u) {`,
      "  return;",
      "}",
      `let dy = ${cotangent.variable}[i];`,
      ...slope.slice(0, -1),
      `${gradient.variable}[i] = ${slope.at(-1) ?? ""};`,
    ]);
    const pass = bindings.pass(own, { over: "size", perWorkgroup }, workgroupSize, [cotangent, ...more, gradient]);
    return { requires: [], passes: [pass] };
  };
  if (save.kind === "nothing") {
    return { forward: { requires: [], passes: forward }, backward: backwardPass([times(save.derivative)], []) };
  }
  const [source, mask] = [bindings.input(input), bindings.mask("forward")];
  const bits = entry(`${prefix}_forward_bits`, [
    `let word = ${index} * ${workgroupSize}u + lane;`,
    `if (32u * word >= ${size}) {`,
    "  return;",
    "}",
    "var bits = 0u;",
    "for (var k = 0u; k < 32u; k++) {",
    "  let i = 32u * word + k;",
    `  if (i >= ${size}) {`,
    "    break;",
    "  }",
    `  let x = ${source.variable}[i / 4u][i % 4u];`,
    `  bits |= select(0u, 1u, ${print(save.condition)}) << k;`,
    "}",
    `${mask.variable}[word] = bits;`,
  ]);
  const maskPass = bindings.pass(bits, { over: "size", perWorkgroup: 32 * workgroupSize }, workgroupSize, [
    source,
    mask,
  ]);
  const kept = bindings.mask("backward");
  const backward = backwardPass(
    [
      `let bits = vec4<u32>(${kept.variable}[i / 8u] >> (4u * (i % 8u)));`,
      "let isSet = ((bits >> vec4<u32>(0u, 1u, 2u, 3u)) & vec4<u32>(1u)) == vec4<u32>(1u);",
      `select(${times(save.no)}, ${times(save.yes)}, isSet)`,
    ],
    [kept],
  );
  return { forward: { requires: [], passes: [...forward, maskPass] }, backward };
}
