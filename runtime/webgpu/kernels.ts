/** WGSL of the operations that are not compiled from a definition. Binding 0 holds the uniforms, the rest follow. */
import type { Elementwise, MatrixProduct, UpdateRule } from "../device.js";
import type { Kernel } from "./commands.js";

/** Threads in a workgroup, each with one result. */
export const threads = 256;
/** Rows and columns of the result of a matrix product that a workgroup computes. */
export const tile = 32;
/** Steps of the inner dimension whose operands are in workgroup memory at a time. */
const tileDepth = 16;

type Access = "read" | "read_write";

interface Parts {
  readonly fields: readonly string[];
  readonly buffers: readonly (readonly [name: string, Access])[];
  /** Says for which `i` there is nothing to do. */
  readonly size: string;
  readonly body: readonly string[];
}

/** One thread per index `i` below `size`. */
function perIndex({ fields, buffers, size, body }: Parts): Kernel {
  const code = `${declarations(fields, buffers)}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (workgroup.y * workgroups.x + workgroup.x) * ${threads}u + lane;
  if (i >= ${size}) {
    return;
  }
  ${body.join("\n  ")}
}
`;
  return { code, entryPoint: "main", bindings: bindingsOf(buffers) };
}

function declarations(fields: readonly string[], buffers: Parts["buffers"]): string {
  return `struct Uniforms {
  ${fields.join(",\n  ")},
}
@group(0) @binding(0) var<uniform> u: Uniforms;
${buffers.map(([name, access], k) => `@group(0) @binding(${k + 1}) var<storage, ${access}> ${name}: array<f32>;`).join("\n")}
`;
}

const bindingsOf = (buffers: Parts["buffers"]): Kernel["bindings"] => [
  [0, "uniform"],
  ...buffers.map(([, access], k) => [k + 1, access === "read" ? "read-only-storage" : "storage"] as const),
];

const axes = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/** Splits the linear `index` into one per axis, the last running fastest. */
function indices(index: string, length: string, name: string, rank: number): string[] {
  const lines = [`var rest_${name} = ${index};`];
  for (const axis of axes(rank).reverse()) {
    lines.push(
      axis === 0
        ? `let ${name}0 = rest_${name};`
        : `let ${name}${axis} = rest_${name} % u.${length}${axis}; rest_${name} /= u.${length}${axis};`,
    );
  }
  return lines;
}

const dot = (name: string, stride: string, rank: number): string =>
  axes(rank)
    .map((axis) => `${name}${axis} * u.${stride}${axis}`)
    .join(" + ");

const expressions: Record<Elementwise["kind"], string> = {
  fill: "u.value",
  copy: "A",
  scale: "u.value * A",
  add: "A + B",
  sub: "A - B",
  mul: "A * B",
  div: "A / B",
};

/** Fields: size, value, lengths, then for the output and each operand its offset and strides. */
export function elementwiseKernel(kind: Elementwise["kind"], rank: number): Kernel {
  const operands = ["y", "a", "b"].slice(0, kind === "fill" ? 1 : kind === "copy" || kind === "scale" ? 2 : 3);
  const element = (name: string): string => `${name}[u.${name}_offset + ${dot("i", name, rank)}]`;
  return perIndex({
    fields: [
      "size: u32",
      "value: f32",
      ...axes(rank).map((axis) => `d${axis}: u32`),
      ...operands.flatMap((name) => [`${name}_offset: u32`, ...axes(rank).map((axis) => `${name}${axis}: u32`)]),
    ],
    buffers: operands.map((name) => [name, name === "y" ? "read_write" : "read"]),
    size: "u.size",
    body: [
      ...indices("i", "d", "i", rank),
      `${element("y")} = ${expressions[kind].replace("A", element("a")).replace("B", element("b"))};`,
    ],
  });
}

/**
 * Each of `outputs * parts` threads sums `length / parts` numbers, a thread apart from its neighbour, so that
 * neighbours read neighbours. Fields: outputs, parts, length, factor, then lengths and strides of the kept axes and of
 * the reduced ones.
 */
export function sumKernel(kept: number, reduced: number): Kernel {
  return perIndex({
    fields: [
      "outputs: u32",
      "parts: u32",
      "length: u32",
      "factor: f32",
      ...axes(kept).flatMap((axis) => [`k${axis}: u32`, `ks${axis}: u32`]),
      ...axes(reduced).flatMap((axis) => [`r${axis}: u32`, `rs${axis}: u32`]),
    ],
    buffers: [
      ["y", "read_write"],
      ["x", "read"],
    ],
    size: "u.outputs * u.parts",
    body: [
      ...indices("i / u.parts", "k", "o", kept),
      `let base = ${dot("o", "ks", kept)};`,
      "var total = 0.0;",
      "for (var t = i % u.parts; t < u.length; t += u.parts) {",
      ...indices("t", "r", "t", reduced).map((line) => `  ${line}`),
      `  total += x[base + ${dot("t", "rs", reduced)}];`,
      "}",
      "y[i] = total * u.factor;",
    ],
  });
}

/**
 * Tiles of both operands pass through workgroup memory; each of the 8×8 threads computes 4×4 elements of a tile of the
 * result. Either way a matrix is stored, neighbouring threads load neighbouring elements. Fields: batch, m, k, n.
 */
export function matmulKernel({ transposeA, transposeB }: MatrixProduct, bias: boolean): Kernel {
  const buffers: [string, Access][] = [
    ["y", "read_write"],
    ["a", "read"],
    ["b", "read"],
  ];
  if (bias) buffers.push(["bias", "read"]);
  const side = tile / 4;
  const rows = axes(4);
  const code = `${declarations(["batch: u32", "m: u32", "k: u32", "n: u32"], buffers)}
const depth = ${tileDepth}u;
const side = ${tile}u;
var<workgroup> tile_a: array<array<f32, depth>, side>;
var<workgroup> tile_b: array<array<f32, side>, depth>;

@compute @workgroup_size(${side}, ${side})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>,
  @builtin(local_invocation_index) lane_index: u32,
) {
  let across = (u.n + side - 1u) / side;
  let down = (u.m + side - 1u) / side;
  let index = workgroup.y * workgroups.x + workgroup.x;
  let item = index / (across * down);
  if (item >= u.batch) {
    return;
  }
  let top = (index / across) % down * side;
  let left = index % across * side;
  let row = 4u * lane.y;
  let column = 4u * lane.x;
  ${rows.map((r) => `var sums${r} = vec4<f32>();`).join("\n  ")}
  for (var start = 0u; start < u.k; start += depth) {
    for (var e = lane_index; e < depth * side; e += ${side * side}u) {
      let a_row = ${transposeA ? "e % side" : "e / depth"};
      let a_step = ${transposeA ? "e / side" : "e % depth"};
      var a_value = 0.0;
      if (top + a_row < u.m && start + a_step < u.k) {
        a_value = a[item * u.m * u.k + ${transposeA ? "(start + a_step) * u.m + top + a_row" : "(top + a_row) * u.k + start + a_step"}];
      }
      tile_a[a_row][a_step] = a_value;
      let b_column = ${transposeB ? "e / depth" : "e % side"};
      let b_step = ${transposeB ? "e % depth" : "e / side"};
      var b_value = 0.0;
      if (left + b_column < u.n && start + b_step < u.k) {
        b_value = b[item * u.k * u.n + ${transposeB ? "(left + b_column) * u.k + start + b_step" : "(start + b_step) * u.n + left + b_column"}];
      }
      tile_b[b_step][b_column] = b_value;
    }
    workgroupBarrier();
    for (var step = 0u; step < depth; step++) {
      let right = vec4<f32>(${rows.map((c) => `tile_b[step][column + ${c}u]`).join(", ")});
      ${rows.map((r) => `sums${r} += tile_a[row + ${r}u][step] * right;`).join("\n      ")}
    }
    workgroupBarrier();
  }
  let sums = array<vec4<f32>, 4>(${rows.map((r) => `sums${r}`).join(", ")});
  for (var r = 0u; r < 4u && top + row + r < u.m; r++) {
    for (var c = 0u; c < 4u && left + column + c < u.n; c++) {
      let j = left + column + c;
      y[(item * u.m + top + row + r) * u.n + j] = sums[r][c]${bias ? " + bias[j]" : ""};
    }
  }
}
`;
  return { code, entryPoint: "main", bindings: bindingsOf(buffers) };
}

const normaliser = [
  "let start = row * u.classes;",
  "var largest = x[start];",
  "for (var c = start + 1u; c < start + u.classes; c++) { largest = max(largest, x[c]); }",
  "var sum = 0.0;",
  "for (var c = start; c < start + u.classes; c++) { sum += exp(x[c] - largest); }",
];

/** Fields: rows, classes. */
export const crossEntropyKernel: Kernel = /* @__PURE__ */ perIndex({
  fields: ["rows: u32", "classes: u32"],
  buffers: [
    ["y", "read_write"],
    ["x", "read"],
    ["label", "read"],
  ],
  size: "u.rows",
  body: ["let row = i;", ...normaliser, "y[i] = largest - x[start + u32(label[row])] + log(sum);"],
});

/** Fields: rows, classes. */
export const crossEntropyGradientKernel: Kernel = /* @__PURE__ */ perIndex({
  fields: ["rows: u32", "classes: u32"],
  buffers: [
    ["y", "read_write"],
    ["x", "read"],
    ["label", "read"],
    ["dy", "read"],
  ],
  size: "u.rows",
  body: [
    "let row = i;",
    ...normaliser,
    "for (var c = 0u; c < u.classes; c++) {",
    "  let hit = select(0.0, 1.0, c == u32(label[row]));",
    "  y[start + c] = (exp(x[start + c] - largest) / sum - hit) * dy[row];",
    "}",
  ],
});

/** Fields: size, lr, momentum, 1 - dampening, weight decay. Without momentum there is no buffer for it. */
export function sgdKernel({ nesterov, first }: UpdateRule & { kind: "sgd" }, momentum: boolean): Kernel {
  const velocity = first ? "g" : "u.momentum * velocity[i] + u.share * g";
  return perIndex({
    fields: ["size: u32", "lr: f32", "momentum: f32", "share: f32", "decay: f32"],
    buffers: [
      ["parameter", "read_write"],
      ["gradient", "read"],
      ...(momentum ? [["velocity", "read_write"] as const] : []),
    ],
    size: "u.size",
    body: [
      "let g = gradient[i] + u.decay * parameter[i];",
      ...(momentum ? [`let v = ${velocity};`, "velocity[i] = v;"] : []),
      `parameter[i] -= u.lr * ${momentum ? (nesterov ? "(g + u.momentum * v)" : "v") : "g"};`,
    ],
  });
}

/** Fields: size, least, largest. */
export const clampKernel: Kernel = /* @__PURE__ */ perIndex({
  fields: ["size: u32", "least: f32", "largest: f32"],
  buffers: [["a", "read_write"]],
  size: "u.size",
  body: ["let x = a[i];", "a[i] = select(select(x, u.least, x < u.least), u.largest, x > u.largest);"],
});

/** Fields: size, step size, beta1, beta2, 1 - beta1, 1 - beta2, root of the second correction, eps, weight decay. */
export const adamKernel: Kernel = /* @__PURE__ */ perIndex({
  fields: [
    "size: u32",
    ...["step", "beta1", "beta2", "share1", "share2", "root", "eps", "decay"].map((name) => `${name}: f32`),
  ],
  buffers: [
    ["parameter", "read_write"],
    ["gradient", "read"],
    ["first", "read_write"],
    ["second", "read_write"],
  ],
  size: "u.size",
  body: [
    "let g = gradient[i] + u.decay * parameter[i];",
    "let m = u.beta1 * first[i] + u.share1 * g;",
    "let v = u.beta2 * second[i] + u.share2 * g * g;",
    "first[i] = m;",
    "second[i] = v;",
    "parameter[i] -= u.step * m / (sqrt(v) / u.root + u.eps);",
  ],
});
