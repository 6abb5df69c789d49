/** Kernels over vectors as WebAssembly text: a loop over groups of elements that leaves those alone whose guard fails. */
import { type Expr, reachable, type Variable, variablesOf } from "../../ir/expr.js";
import {
  constantName,
  constantsOf,
  copyName,
  formats,
  type Lanes,
  VectorGraph,
  vectorCode,
  type VectorNode,
} from "../../machine/vector/index.js";
import { conjuncts } from "../accuracy/guard.js";
import { inputLimit } from "./limits.js";
import { isInstruction, vectorOf } from "./expression.js";
import type { VectorForm } from "./vector-form.js";

export interface VectorKernel {
  /** The name of the export. */
  readonly name: string;
  /** Arrays that are read, in order. */
  readonly inputs: readonly Variable[];
  /** Numbers that are the same for all elements, in order. */
  readonly scalars: readonly Variable[];
  /** In the order of the arrays that they go to; all in the same numbers. */
  readonly outputs: readonly VectorForm[];
}

/** How many vectors are computed side by side: more where the loop itself takes a good part of the time. */
const copiesOf = ({ outputs }: VectorKernel): number => {
  const nodes = reachable(outputs.map(({ value }) => value));
  const isShort =
    nodes.length <= 10 && nodes.every((node) => node.kind !== "application" || isInstruction(node.primitive));
  return isShort && outputs.every(({ guard }) => !guard) ? 8 : 4;
};

/** Vectors of four or two elements. */
const elementsOf = (lanes: Lanes): number => (lanes === "f32x4" ? 4 : 2);

/** Elements that a turn of a kernel's loop computes, or leaves alone. */
export const groupOf = (kernel: VectorKernel): number => copiesOf(kernel) * elementsOf(kernel.outputs[0]!.lanes);

/**
 * The kernel takes the addresses of its arrays, how many elements they have (a multiple of 32), where it may note groups of elements
 * that it leaves alone (by the place of the first), and the scalars; it returns how many it has noted.
 */
function kernelText(kernel: VectorKernel, fused: boolean): Part {
  const usual = turnOf(kernel, fused, true);
  const all = usual.slight.length > 0 ? turnOf(kernel, fused, false) : usual;
  const turns = all === usual ? [usual] : [usual, all];
  const { pointers, scalars, copies } = all;
  const unique = (names: readonly string[]): string[] => [...new Set(names)];
  const each = <T>(list: readonly T[], text: (item: T) => string): string => list.map(text).join(" ");
  const constants = [...new Map(turns.flatMap((turn) => turn.constants.map((each) => [each.name, each]))).values()];
  const vectors = unique([...constants.map(({ name }) => name), ...turns.flatMap(({ locals }) => locals)]);
  const { lanes } = kernel.outputs[0]!;
  const advanced = (name: string, by: number): string =>
    `(local.set ${name} (i32.add (local.get ${name}) (i32.const ${by})))`;
  const loopOf = ({ preparation, statements }: Turn, label: string): string =>
    [
      ...preparation,
      `(loop ${label}`,
      ...statements,
      ...pointers.map((name) => advanced(name, copies * bytesOf(lanes))),
      advanced("$place", copies * elementsOf(lanes)),
      `(br_if ${label} (i32.lt_u (local.get $place) (local.get $size))))`,
    ].join("\n");
  const loops = turns.map((turn, i) => loopOf(turn, `$turn${i}`));
  const text = [
    `(func (export "${kernel.name}") ${each(pointers, (name) => `(param ${name} i32)`)} (param $size i32) (param $list i32)`,
    `${each(scalars, (local) => `(param $number_${local} f64)`)} (result i32)`,
    `(local $place i32) (local $first i32) (local $fits i32) ${each(vectors, (name) => `(local ${name} v128)`)}`,
    "(local.set $first (local.get $list))",
    ...constants.map(({ name }) => `(local.set ${name} (global.get ${name}))`),
    ...scalars.map((local) => {
      const number = `(local.get $number_${local})`;
      const splat = lanes === "f32x4" ? `(f32x4.splat (f32.demote_f64 ${number}))` : `(f64x2.splat ${number})`;
      return `(local.set $${local} ${splat})`;
    }),
    `(if (local.get $size) (then ${loops.length === 1 ? loops[0]! : `(if ${areSlight(usual.slight)} (then ${loops[0]!}) (else ${loops[1]!}))`}))`,
    "(i32.shr_u (i32.sub (local.get $list) (local.get $first)) (i32.const 2)))",
  ].join("\n");
  return { text, constants };
}

/** Whether numbers are at most 1, and not 0. */
const areSlight = (scalars: readonly string[]): string =>
  scalars
    .flatMap((local) => [
      `(f64.le (local.get $number_${local}) (f64.const 1))`,
      `(f64.ne (local.get $number_${local}) (f64.const 0))`,
    ])
    .reduce((a, b) => `(i32.and ${a} ${b})`);

interface Part {
  readonly text: string;
  readonly constants: ReturnType<typeof constantsOf>;
}

/** What a kernel's loop does in a turn. */
interface Turn {
  readonly pointers: readonly string[];
  readonly scalars: readonly string[];
  /** Scalars that are taken to be at most 1, and not 0. */
  readonly slight: readonly string[];
  readonly copies: number;
  readonly constants: ReturnType<typeof constantsOf>;
  readonly locals: readonly string[];
  /** To be done once. */
  readonly preparation: readonly string[];
  readonly statements: readonly string[];
}

const bytesOf = (lanes: Lanes): number => 4 * elementsOf(lanes);

/** @param assumesSlight whether scalars are taken to be at most 1, and not 0, where that makes a turn shorter */
function turnOf(kernel: VectorKernel, fused: boolean, assumesSlight: boolean): Turn {
  const { lanes } = kernel.outputs[0]!;
  const copies = copiesOf(kernel);
  const shared = new Set(kernel.scalars.map((_, i) => `s${i}`));
  const graph = new VectorGraph(lanes, { shared, areSlight: assumesSlight, selects: fused });
  const inputs = kernel.inputs.map((variable, i) => ({ variable, local: `x${i}`, node: graph.local(`x${i}`) }));
  const scalars = kernel.scalars.map((variable, i) => ({ variable, local: `s${i}`, node: graph.local(`s${i}`) }));
  const variables = new Map<Variable, VectorNode>(
    [...inputs, ...scalars].map(({ variable, node }) => [variable, node]),
  );
  const conditions = new Set(kernel.outputs.flatMap(({ guard }) => (guard ? conjuncts(guard) : [])));
  const limits = [...conditions].flatMap((condition) => inputLimit(condition) ?? []);
  const guards = [...conditions].filter((condition) => !inputLimit(condition));
  /** Of the scalars alone: asked once. */
  const isScalar = (condition: Expr): boolean =>
    [...variablesOf(condition)].every((each) => kernel.scalars.includes(each));
  const values = kernel.outputs.map(({ value, precise }) => vectorOf(graph, [value], variables, precise)[0]!);
  const [tests, scalarTests] = [guards.filter((condition) => !isScalar(condition)), guards.filter(isScalar)].map(
    (roots) => vectorOf(graph, roots, variables),
  );
  const results = kernel.outputs.map(({ factor }, i) =>
    factor ? graph.float("mul", variables.get(factor)!, values[i]!) : values[i]!,
  );
  const allOf = (conditions: readonly VectorNode[]): VectorNode[] =>
    conditions.length > 0 ? [conditions.reduce((a, b) => graph.bitwise("and", a, b))] : [];
  const [holds, fits] = [allOf(tests!), allOf(scalarTests!)];
  // Of sizes the largest is looked for; as integers, where NaN is larger than all numbers.
  const sizes = limits.map(({ input }) => graph.float("abs", variables.get(input)!));
  const roots = [...results, ...holds, ...sizes, ...fits];
  const code = vectorCode(roots, { lanes, fused, copies, shared });
  const bounds = limits.map(({ limit }) => graph.number(limit));
  const bytes = bytesOf(lanes);
  const pointers = [...inputs.map((_, i) => `$in${i}`), ...kernel.outputs.map((_, i) => `$out${i}`)];
  const loads = inputs.flatMap(({ local }, i) =>
    Array.from({ length: copies }, (_, copy) => {
      const address = `offset=${copy * bytes} align=4 (local.get $in${i})`;
      const vector =
        lanes === "f32x4" ? `(v128.load ${address})` : `(f64x2.promote_low_f32x4 (v128.load64_zero ${address}))`;
      return `(local.set ${copyName(local, copy)} ${vector})`;
    }),
  );
  const stores = code.results.flatMap((texts, copy) =>
    kernel.outputs.map((_, i) => {
      const address = `offset=${copy * bytes} align=4`;
      return lanes === "f32x4"
        ? `(v128.store ${address} (local.get $out${i}) ${texts[i]!})`
        : `(v128.store64_lane ${address} 0 (local.get $out${i}) (f32x4.demote_f64x2_zero ${texts[i]!}))`;
    }),
  );
  const note = [
    "(i32.store (local.get $list) (local.get $place))",
    "(local.set $list (i32.add (local.get $list) (i32.const 4)))",
  ];
  const { integers } = formats[lanes];
  const ofAll = (index: number, operation: string): string =>
    code.results.map((texts) => texts[results.length + index]!).reduce((a, b) => `(${operation} ${a} ${b})`);
  const failures = [
    ...fits.map(() => "(i32.eqz (local.get $fits))"),
    ...holds.map((_, i) => `(i32.eqz (${integers}.all_true ${ofAll(i, "v128.and")}))`),
    ...sizes.map((_, i) => {
      const largest =
        lanes === "f32x4" ? ofAll(holds.length + i, "i32x4.max_s") : ofAll(holds.length + i, "f64x2.pmax");
      const bound = `(local.get ${constantName(bounds[i]!)})`;
      return lanes === "f32x4"
        ? `(v128.any_true (i32x4.gt_s ${largest} ${bound}))`
        : `(v128.any_true (i64x2.gt_s ${largest} ${bound}))`;
    }),
  ];
  const ends =
    failures.length === 0
      ? stores
      : [
          `(if ${failures.reduce((a, b) => `(i32.or ${a} ${b})`)}`,
          `(then ${note.join(" ")})`,
          `(else ${stores.join("\n")}))`,
        ];
  return {
    pointers,
    scalars: scalars.map(({ local }) => local),
    slight: [...graph.slight],
    copies,
    constants: constantsOf([...roots, ...bounds], lanes),
    locals: [
      ...scalars.map(({ local }) => `$${local}`),
      ...inputs.flatMap(({ local }) => Array.from({ length: copies }, (_, copy) => copyName(local, copy))),
      ...code.locals,
    ],
    preparation: [
      ...code.preparation,
      ...fits.map((_, i) => {
        const test = code.results[0]![results.length + holds.length + sizes.length + i]!;
        return `(local.set $fits (${integers}.all_true ${test}))`;
      }),
    ],
    statements: [...loads, ...code.statements, ...ends],
  };
}

/**
 * A module with these kernels. The memory is declared with a maximum: so one byte makes a module for a memory that threads share.
 * Constants are globals that could change: V8 (Node 20) makes others anew in each turn of a loop, which takes a tenth of the time.
 */
export function moduleText(kernels: readonly VectorKernel[], fused: boolean): string {
  const parts = kernels.map((kernel) => kernelText(kernel, fused));
  const constants = new Map(parts.flatMap((part) => part.constants.map(({ name, text }) => [name, text] as const)));
  return [
    "(module",
    '(import "actc" "memory" (memory 1 65536))',
    ...[...constants].map(([name, text]) => `(global ${name} (mut v128) ${text})`),
    ...parts.map(({ text }) => text),
    ")",
  ].join("\n");
}
