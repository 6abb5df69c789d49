/** Straight-line code over vectors as WebAssembly text. */
import { formats, type Lanes, nodesOf, operandsOf, type VectorConstant, type VectorNode } from "./graph.js";

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

/** The text of a constant. */
export function constantText(lanes: Lanes, bits: bigint): string {
  const { integers } = formats[lanes];
  const text = `0x${bits.toString(16)}`;
  return `(v128.const ${integers} ${Array.from({ length: integers === "i32x4" ? 4 : 2 }, () => text).join(" ")})`;
}

/** The name that a copy's local has. */
export const copyName = (name: string, copy: number): string => `$${name}_${copy}`;

/** The constants of the code, each with the name of a local. */
export const constantsOf = (
  roots: readonly VectorNode[],
): readonly { readonly name: string; readonly bits: bigint }[] =>
  nodesOf(roots).flatMap((node) => (node.kind === "constant" ? [{ name: constantName(node), bits: node.bits }] : []));

export const constantName = ({ bits }: VectorConstant): string => `$c_${bits.toString(16)}`;

/** Each copy of the code; what is used more than once gets a local, and copies take turns. */
export function vectorCode(roots: readonly VectorNode[], { lanes, fused, copies, shared }: CodeOptions): VectorCode {
  const nodes = nodesOf(roots);
  const uses = new Map<VectorNode, number>();
  const count = (node: VectorNode): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  nodes.flatMap(operandsOf).forEach(count);
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
  const text = (node: VectorNode, copy: number, itself = false): string => {
    const once = itself ? undefined : constants.get(node);
    if (once !== undefined) return `(local.get ${once})`;
    const name = itself ? undefined : names.get(node);
    if (name !== undefined) return `(local.get ${copyName(name, copy)})`;
    switch (node.kind) {
      case "local":
        return `(local.get ${shared.has(node.name) ? `$${node.name}` : copyName(node.name, copy)})`;
      case "constant":
        return `(local.get ${constantName(node)})`;
      case "shift":
        return `(${node.operation} ${text(node.operand, copy)} (i32.const ${node.by}))`;
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
        return written(node.operation, node.operands);
      }
    }
  };
  const preparation: string[] = [];
  const statements: string[] = [];
  const locals: string[] = [];
  const isOnce = (node: VectorNode): boolean => invariant.has(node) && operandsOf(node).length > 0;
  for (const node of nodes.filter(isOnce)) {
    const name = `$once${constants.size}`;
    preparation.push(`(local.set ${name} ${text(node, 0, true)})`);
    locals.push(name);
    constants.set(node, name);
  }
  let number = 0;
  for (const node of nodes) {
    if (node.kind === "local" || node.kind === "constant" || isOnce(node) || (uses.get(node) ?? 0) < 2) continue;
    const name = `t${number++}`;
    for (let copy = 0; copy < copies; copy++) {
      statements.push(`(local.set ${copyName(name, copy)} ${text(node, copy, true)})`);
      locals.push(copyName(name, copy));
    }
    names.set(node, name);
  }
  const results = Array.from({ length: copies }, (_, copy) => roots.map((root) => text(root, copy)));
  return { preparation, statements, results, locals };
}
