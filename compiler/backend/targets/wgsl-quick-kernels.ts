/** What entry points do whose elements are computed quickly, but for a few. */
import type { Buffer } from "./wgsl-bindings.js";
import type { Operand } from "./wgsl-element-kernels.js";
import type { quickNames } from "./wgsl.js";

export const quickWorkgroup = 64;
/** Vectors that each thread computes: as many as a word has bits for. */
const vectors = 8;
/** Elements that a workgroup computes. */
export const quickElements = 4 * vectors * quickWorkgroup;

export interface QuickPass {
  readonly names: ReturnType<typeof quickNames>;
  /** What the quick function and the careful one take before the scalars. */
  readonly tensors: readonly Operand[];
  /** What is asked whether it is ordinary. */
  readonly asked: readonly Operand[];
  readonly scalars: readonly string[];
  readonly targets: readonly Buffer[];
  /** Members of the function's result, one for each target, or the result itself. */
  readonly members: readonly string[];
  /** The number of elements. */
  readonly size: string;
}

/**
 * All elements by the quick function; then those that are not ordinary, one after the other, by the careful one. Compilers that go
 * through all branches go once through a loop that nobody enters: so a thread has more elements than one vector.
 */
export function quickBody({ names, tensors, asked, scalars, targets, members, size }: QuickPass): readonly string[] {
  const call = (of: string, operands: readonly string[]): string => `${of}(${[...operands, ...scalars].join(", ")})`;
  const components = ["x", "y", "z", "w"];
  const locals = (of: readonly Operand[], component: string): string[] =>
    of.map(({ local }) => `${local}.${component}`);
  const isOne = members[0] === "";
  const quick = components.map((component) => call(names.quick, locals(tensors, component)));
  const results = isOne ? quick : components.map((_, c) => `g${c}`);
  const careful = call(
    names.careful,
    tensors.map(({ buffer }) => `${buffer.variable}[i][k % 4u]`),
  );
  return [
    `let first = (workgroup.y * workgroups.x + workgroup.x) * ${vectors * quickWorkgroup}u + lane;`,
    `let count = (${size} + 3u) / 4u;`,
    "// A bit for each element that is not ordinary.",
    "var left = 0u;",
    `for (var j = 0u; j < ${vectors}u; j++) {`,
    `  let i = first + ${quickWorkgroup}u * j;`,
    "  if (i < count) {",
    ...tensors.map(({ buffer, local }) => `    let ${local} = ${buffer.variable}[i];`),
    ...(isOne ? [] : quick.map((text, c) => `    let g${c} = ${text};`)),
    ...targets.flatMap((target, t) => [
      `    ${target.variable}[i] = vec4<f32>(`,
      ...results.map((result) => `      ${result}${members[t] ?? ""},`),
      "    );",
    ]),
    "    let is_ordinary = vec4<bool>(",
    ...components.map((component) => `      ${call(names.ordinary, locals(asked, component))},`),
    "    );",
    "    left |= dot(select(vec4<u32>(1u, 2u, 4u, 8u), vec4<u32>(), is_ordinary), vec4<u32>(1u)) << (4u * j);",
    "  }",
    "}",
    "while (left != 0u) {",
    "  let k = firstTrailingBit(left);",
    `  let i = first + ${quickWorkgroup}u * (k / 4u);`,
    ...(isOne
      ? targets.map((target) => `  ${target.variable}[i][k % 4u] = ${careful};`)
      : [
          `  let g = ${careful};`,
          ...targets.map((target, t) => `  ${target.variable}[i][k % 4u] = g${members[t] ?? ""};`),
        ]),
    "  left &= left - 1u;",
    "}",
  ];
}
