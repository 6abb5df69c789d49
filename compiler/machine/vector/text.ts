/** Straight-line code over vectors as WebAssembly text. */
import {
  type DoubleNode,
  formats,
  isDouble,
  type Lanes,
  nodesOf,
  operandsOf,
  type VectorConstant,
  type VectorNode,
} from "./graph.js";

export interface VectorCode {
  /** `(local.set ...)` of what is the same for all copies and whenever the code is run: to be done once. */
  readonly preparation: readonly string[];
  /** `(local.set ...)`, in order. */
  readonly statements: readonly string[];
  /** The text of each root, for each copy. */
  readonly results: readonly (readonly string[])[];
  /** The locals that the statements set: all vectors. */
  readonly locals: readonly string[];
}

export interface CodeOptions {
  readonly lanes: Lanes;
  /** Whether a product and a sum are rounded once, where the engine can. */
  readonly fused: boolean;
  /** How often the code stands side by side, each time with locals of its own. */
  readonly copies: number;
  /** Names of locals that all copies share: what does not change from one to the next. */
  readonly shared: ReadonlySet<string>;
}

function constantText(lanes: Lanes, bits: bigint): string {
  const { integers } = formats[lanes];
  const text = `0x${bits.toString(16)}`;
  return `(v128.const ${integers} ${Array.from({ length: integers === "i32x4" ? 4 : 2 }, () => text).join(" ")})`;
}

/** The name that a copy's local has. */
export const copyName = (name: string, copy: number): string => `$${name}_${copy}`;

/** The constants of the code, each with the name of a local. */
export const constantsOf = (
  roots: readonly VectorNode[],
  lanes: Lanes,
): readonly { readonly name: string; readonly text: string }[] =>
  nodesOf(roots).flatMap((node) => {
    if (node.kind === "constant") return [{ name: constantName(node), text: constantText(lanes, node.bits) }];
    if (node.kind === "doubleConstant")
      return [{ name: doubleName(node.bits), text: constantText("f64x2", node.bits) }];
    return [];
  });

export const constantName = ({ bits }: VectorConstant): string => `$c_${bits.toString(16)}`;
const doubleName = (bits: bigint): string => `$d_${bits.toString(16)}`;

/** What of four numbers of float64 a vector holds. */
type Half = 0 | 1;
const halves: readonly Half[] = [0, 1];

const halfName = (half: Half): string => (half === 0 ? "_low" : "_high");

/** Bytes of two vectors, in order: from the first 0 to 15, from the second 16 to 31. */
const shuffle = (starts: readonly number[], length: number, first: string, second: string): string => {
  const bytes = starts.flatMap((start) => Array.from({ length }, (_, i) => start + i));
  return `(i8x16.shuffle ${bytes.join(" ")} ${first} ${second})`;
};

/** Each copy of the code; what is used more than once gets a local, and copies take turns. */
export function vectorCode(roots: readonly VectorNode[], { lanes, fused, copies, shared }: CodeOptions): VectorCode {
  const nodes = nodesOf(roots);
  const uses = new Map<VectorNode, number>();
  const count = (node: VectorNode): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  nodes.flatMap(operandsOf).forEach(count);
  // Float64 are made of float32 in halves.
  nodes
    .filter((node) => node.kind === "double")
    .flatMap(operandsOf)
    .forEach(count);
  roots.forEach(count);
  const invariant = new Set<VectorNode>();
  for (const node of nodes) {
    const isInvariant =
      node.kind === "local" ? shared.has(node.name) : operandsOf(node).every((each) => invariant.has(each));
    if (isInvariant) invariant.add(node);
  }
  const names = new Map<VectorNode, string>();
  /** Of what is computed once. */
  const constants = new Map<VectorNode, string>();
  const isSingle = (node: VectorNode): boolean => (uses.get(node) ?? 0) === 1 && !names.has(node);
  const text = (node: VectorNode, copy: number, itself = false, half: Half = 0): string => {
    const once = itself ? undefined : constants.get(node);
    if (once !== undefined) return `(local.get ${once})`;
    const name = itself ? undefined : names.get(node);
    if (name !== undefined) return `(local.get ${copyName(name, copy)}${isDouble(node) ? halfName(half) : ""})`;
    switch (node.kind) {
      case "local":
        return `(local.get ${shared.has(node.name) ? `$${node.name}` : copyName(node.name, copy)})`;
      case "constant":
        return `(local.get ${constantName(node)})`;
      case "shift":
        return `(${node.operation} ${text(node.operand, copy)} (i32.const ${node.by}))`;
      case "doubleConstant":
        return `(local.get ${doubleName(node.bits)})`;
      case "double": {
        const [first] = node.operands;
        if (!isDouble(first!)) {
          const whole = text(first!, copy);
          return `(f64x2.${node.operation} ${half === 0 ? whole : shuffle([8, 8], 8, whole, whole)})`;
        }
        const written = (operation: string, operands: readonly VectorNode[]): string =>
          `(f64x2.${operation} ${operands.map((operand) => text(operand, copy, false, half)).join(" ")})`;
        const [, second] = node.operands;
        const isProduct = (of: VectorNode | undefined): of is DoubleNode & { readonly kind: "double" } =>
          of?.kind === "double" && of.operation === "mul" && !names.has(of);
        if (fused && node.operation === "add") {
          if (isProduct(first)) return written("relaxed_madd", [...first.operands, second!]);
          if (isProduct(second)) return written("relaxed_madd", [...second.operands, first!]);
        }
        if (fused && node.operation === "sub" && isProduct(second))
          return written("relaxed_nmadd", [...second.operands, first!]);
        return written(node.operation, node.operands);
      }
      case "narrowed": {
        const [first = "", second = ""] = halves.map((each) => text(node.operand, copy, false, each));
        if (node.operation === "words") return shuffle([0, 8, 16, 24], 4, first, second);
        return shuffle([0, 16], 8, `(f32x4.demote_f64x2_zero ${first})`, `(f32x4.demote_f64x2_zero ${second})`);
      }
      case "operation": {
        const [a, b] = node.operands;
        const product = (of: VectorNode | undefined): readonly VectorNode[] | undefined =>
          of?.kind === "operation" && of.operation === `${lanes}.mul` && isSingle(of) && !constants.has(of)
            ? of.operands
            : undefined;
        const written = (operation: string, operands: readonly VectorNode[]): string =>
          `(${operation} ${operands.map((operand) => text(operand, copy)).join(" ")})`;
        if (fused && node.operation === `${lanes}.add`) {
          const [first, second] = [product(a), product(b)];
          if (first) return written(`${lanes}.relaxed_madd`, [...first, b!]);
          if (second) return written(`${lanes}.relaxed_madd`, [...second, a!]);
        }
        if (fused && node.operation === `${lanes}.sub`) {
          const second = product(b);
          if (second) return written(`${lanes}.relaxed_nmadd`, [...second, a!]);
        }
        if (node.operation === "select") {
          // Of conditions, which are whole lanes.
          return written(fused ? `${formats[lanes].integers}.relaxed_laneselect` : "v128.bitselect", node.operands);
        }
        return written(node.operation, node.operands);
      }
    }
  };
  const preparation: string[] = [];
  const statements: string[] = [];
  const locals: string[] = [];
  const isOnce = (node: VectorNode): boolean => invariant.has(node) && operandsOf(node).length > 0 && !isDouble(node);
  for (const node of nodes.filter(isOnce)) {
    const name = `$once${constants.size}`;
    preparation.push(`(local.set ${name} ${text(node, 0, true)})`);
    locals.push(name);
    constants.set(node, name);
  }
  let number = 0;
  for (const node of nodes) {
    const isLeaf = operandsOf(node).length === 0;
    if (isLeaf || isOnce(node) || (uses.get(node) ?? 0) < (node.kind === "double" ? 3 : 2)) continue;
    const name = `t${number++}`;
    for (let copy = 0; copy < copies; copy++) {
      for (const half of isDouble(node) ? halves : [null]) {
        const local = `${copyName(name, copy)}${half === null ? "" : halfName(half)}`;
        statements.push(`(local.set ${local} ${text(node, copy, true, half ?? 0)})`);
        locals.push(local);
      }
    }
    names.set(node, name);
  }
  const results = Array.from({ length: copies }, (_, copy) => roots.map((root) => text(root, copy)));
  return { preparation, statements, results, locals };
}
