/**
 * Straight-line code over vectors of numbers, as WebAssembly has them: a graph of operations whose equal nodes are one. The same
 * code serves vectors of float32 and of float64; which of these is said by the graph.
 */
export type Lanes = "f32x4" | "f64x2";

export type VectorNode =
  /** A local of the function that the code becomes part of. */
  | { readonly kind: "local"; readonly name: string }
  /** The same bits in each lane. */
  | VectorConstant
  | { readonly kind: "operation"; readonly operation: string; readonly operands: readonly VectorNode[] }
  /** All lanes moved left by the same number of bits. */
  | { readonly kind: "shift"; readonly operation: string; readonly operand: VectorNode; readonly by: number }
  | DoubleNode
  /** Four lanes again: numbers rounded to float32, or the last 32 bits of each. */
  | { readonly kind: "narrowed"; readonly operation: "demote" | "words"; readonly operand: VectorNode };

/** Float64 beside vectors of float32, where a few operations need more digits: two vectors for one. */
export type DoubleNode =
  | { readonly kind: "double"; readonly operation: string; readonly operands: readonly VectorNode[] }
  | { readonly kind: "doubleConstant"; readonly bits: bigint };

export const isDouble = (node: VectorNode): node is DoubleNode =>
  node.kind === "double" || node.kind === "doubleConstant";

export interface VectorConstant {
  readonly kind: "constant";
  readonly bits: bigint;
}

/** What depends on how wide the numbers are. */
interface Format {
  /** Lanes of integers that are as wide. */
  readonly integers: "i32x4" | "i64x2";
  readonly fractionBits: number;
  readonly bias: number;
  readonly bitsOf: (value: number) => bigint;
}

const view = new DataView(new ArrayBuffer(8));

export const formats: Readonly<Record<Lanes, Format>> = {
  f32x4: {
    integers: "i32x4",
    fractionBits: 23,
    bias: 127,
    bitsOf(value) {
      view.setFloat32(0, value);
      return BigInt(view.getUint32(0));
    },
  },
  f64x2: {
    integers: "i64x2",
    fractionBits: 52,
    bias: 1023,
    bitsOf(value) {
      view.setFloat64(0, value);
      return view.getBigUint64(0);
    },
  },
};

/** What code is made for. */
export interface Circumstances {
  /** Locals that are the same for all elements. */
  readonly shared: ReadonlySet<string>;
  /** Whether these are taken to be at most 1, and not 0, wherever that spares a selection. */
  readonly areSlight: boolean;
  /** Whether a selection is one instruction. */
  readonly selects: boolean;
}

export class VectorGraph {
  private readonly known = new Map<string, VectorNode>();
  private readonly numbers = new Map<VectorNode, number>();
  /** Locals that were taken to be at most 1, and not 0. */
  readonly slight = new Set<string>();

  constructor(
    readonly lanes: Lanes,
    private readonly circumstances: Circumstances = { shared: new Set(), areSlight: false, selects: true },
  ) {}

  private interned(key: string, node: VectorNode): VectorNode {
    const found = this.known.get(key);
    if (found) return found;
    this.known.set(key, node);
    this.numbers.set(node, this.numbers.size);
    return node;
  }

  private readonly constants = new Map<bigint, VectorConstant>();

  local(name: string): VectorNode {
    return this.interned(`local ${name}`, { kind: "local", name });
  }

  bits(bits: bigint): VectorConstant {
    const node = this.constants.get(bits) ?? { kind: "constant", bits };
    this.constants.set(bits, node);
    this.interned(`bits ${bits}`, node);
    return node;
  }

  number(value: number): VectorConstant {
    return this.bits(formats[this.lanes].bitsOf(value));
  }

  private apply(operation: string, operands: readonly VectorNode[]): VectorNode {
    const key = `${operation} ${operands.map((operand) => this.numbers.get(operand)).join()}`;
    return this.interned(key, { kind: "operation", operation, operands });
  }

  /** A number of float64, in a graph of float32. */
  double(value: number): VectorNode {
    const bits = formats.f64x2.bitsOf(value);
    return this.interned(`double ${bits}`, { kind: "doubleConstant", bits });
  }

  promoted(node: VectorNode): VectorNode {
    if (isDouble(node)) return node;
    if (node.kind === "constant") return this.double(numberOf(node));
    return this.interned(`promote ${this.numbers.get(node)}`, {
      kind: "double",
      operation: "promote_low_f32x4",
      operands: [node],
    });
  }

  /** As float32. */
  demoted = (node: VectorNode): VectorNode => (isDouble(node) ? this.narrowed("demote", node) : node);

  private narrowed(operation: "demote" | "words", operand: VectorNode): VectorNode {
    return this.interned(`${operation} ${this.numbers.get(operand)}`, { kind: "narrowed", operation, operand });
  }

  /** An operation on numbers: `add`, `lt`, `pmax` ... Of float64 where an operand is. */
  float(name: string, ...operands: readonly VectorNode[]): VectorNode {
    if (operands.some(isDouble)) {
      const all = operands.map((operand) => this.promoted(operand));
      const key = `double ${name} ${all.map((operand) => this.numbers.get(operand)).join()}`;
      return this.interned(key, { kind: "double", operation: name, operands: all });
    }
    const condition = name === "mul" && operands[1] && this.indicated(operands[1]);
    if (condition) return this.bitwise("and", operands[0]!, condition);
    return this.apply(`${this.lanes}.${name}`, operands);
  }

  /** An operation on the bits as integers. */
  integer(name: string, ...operands: readonly VectorNode[]): VectorNode {
    return this.apply(`${formats[this.lanes].integers}.${name}`, operands);
  }

  /** An operation on bits. */
  bitwise(name: "and" | "or" | "xor" | "not" | "andnot", ...operands: readonly VectorNode[]): VectorNode {
    return this.apply(`v128.${name}`, operands);
  }

  shift(name: "shl" | "shr_u" | "shr_s", operand: VectorNode, by: number): VectorNode {
    const operation = `${formats[this.lanes].integers}.${name}`;
    return this.interned(`${operation} ${this.numbers.get(operand)} ${by}`, { kind: "shift", operation, operand, by });
  }

  /** The condition of a number that is 1 where it holds and else 0. */
  private indicated(node: VectorNode): VectorNode | undefined {
    if (node.kind !== "operation" || node.operation !== "v128.and") return undefined;
    const [one, condition] = node.operands;
    return one === this.number(1) ? condition : undefined;
  }

  /** The smaller or the larger of two numbers, where a selection is that, but for the sign of a zero. */
  private extreme(whenFalse: VectorNode, whenTrue: VectorNode, condition: VectorNode): VectorNode | undefined {
    if (condition.kind !== "operation") return undefined;
    const [a, b] = condition.operands;
    const isLess = condition.operation === `${this.lanes}.lt` || condition.operation === `${this.lanes}.le`;
    const isMore = condition.operation === `${this.lanes}.gt` || condition.operation === `${this.lanes}.ge`;
    if (!isLess && !isMore) return undefined;
    // What stands first is what a NaN leads to.
    if (a === whenTrue && b === whenFalse) return this.float(isLess ? "pmin" : "pmax", b, a);
    if (a === whenFalse && b === whenTrue) return this.float(isLess ? "pmax" : "pmin", a, b);
    return undefined;
  }

  /**
   * x where it is positive and s x where it is not, for a shared s: the larger of both where s is at most 1. Of a NaN and of zeros it is
   * s x; at infinity that is no number for an s of 0.
   */
  private rectified(whenFalse: VectorNode, whenTrue: VectorNode, condition: VectorNode): VectorNode | undefined {
    if (!this.circumstances.areSlight || condition.kind !== "operation") return undefined;
    const [x, border] = condition.operands;
    const isAbove = ["gt", "ge"].some((name) => condition.operation === `${this.lanes}.${name}`);
    const isBelow = ["lt", "le"].some((name) => condition.operation === `${this.lanes}.${name}`);
    const [positive, other] = isAbove ? [whenTrue, whenFalse] : [whenFalse, whenTrue];
    if ((!isAbove && !isBelow) || !border || !isZero(border) || positive !== x) return undefined;
    if (other.kind !== "operation" || other.operation !== `${this.lanes}.mul`) return undefined;
    const [a, b] = other.operands;
    const slope = a === x ? b : b === x ? a : undefined;
    if (slope?.kind !== "local" || !this.circumstances.shared.has(slope.name)) return undefined;
    this.slight.add(slope.name);
    return this.float("pmax", other, x);
  }

  /** A number where a condition holds, another one where not; zeros come for nothing. */
  select(whenFalse: VectorNode, whenTrue: VectorNode, condition: VectorNode): VectorNode {
    if (whenFalse === whenTrue) return whenTrue;
    const extreme = this.extreme(whenFalse, whenTrue, condition) ?? this.rectified(whenFalse, whenTrue, condition);
    if (extreme) return extreme;
    if (isZero(whenFalse)) return this.bitwise("and", whenTrue, condition);
    if (isZero(whenTrue)) return this.bitwise("andnot", whenFalse, condition);
    if (this.circumstances.selects || !this.isShared(whenFalse) || !this.isShared(whenTrue))
      return this.apply("select", [whenTrue, whenFalse, condition]);
    // What both differ in is known once.
    const difference =
      whenFalse.kind === "constant" && whenTrue.kind === "constant"
        ? this.bits(whenFalse.bits ^ whenTrue.bits)
        : this.bitwise("xor", whenFalse, whenTrue);
    return this.bitwise("xor", whenFalse, this.bitwise("and", difference, condition));
  }

  private isShared(node: VectorNode): boolean {
    return node.kind === "constant" || (node.kind === "local" && this.circumstances.shared.has(node.name));
  }

  /** 2^k for a whole number k that gives a normal number: k is added to a number whose last bits are then those of the exponent. */
  powerOfTwo(k: VectorNode): VectorNode {
    const { fractionBits, bias } = formats[this.lanes];
    const shifted = this.float("add", k, this.number(1.5 * 2 ** fractionBits + bias));
    return this.shift("shl", shifted, fractionBits);
  }

  /** x + c for a c that leaves the last bits of the sum those of the whole number next to x. */
  roundedWithBits(x: VectorNode): VectorNode {
    return this.float("add", x, this.carrier(x));
  }

  wholeOfBits(rounded: VectorNode): VectorNode {
    return this.float("sub", rounded, this.carrier(rounded));
  }

  private carrier(x: VectorNode): VectorNode {
    return isDouble(x) ? this.double(1.5 * 2 ** 52) : this.number(1.5 * 2 ** formats[this.lanes].fractionBits);
  }

  /** y 2^k, or y 2^-k, for numbers that are normal, before and after: k is added to the exponent, or taken from it. */
  scaledByBits(y: VectorNode, rounded: VectorNode, operation: "add" | "sub" = "add"): VectorNode {
    const bits = isDouble(rounded) ? this.narrowed("words", rounded) : rounded;
    return this.integer(operation, y, this.shift("shl", bits, formats[this.lanes].fractionBits));
  }

  /** The last 32 bits of 2^bits (x + more), rounded to a whole number, for an x of float64. */
  fixed(x: VectorNode, bits: number, more = 0): VectorNode {
    return this.narrowed("words", this.float("add", x, this.double(1.5 * 2 ** (52 - bits) + more)));
  }

  /** The whole number k for which a positive normal x is 2^k m with sqrt(1/2) <= m < sqrt(2). */
  binaryExponent(x: VectorNode): VectorNode {
    const { fractionBits, bias, bitsOf } = formats[this.lanes];
    const offset = (BigInt(bias) << BigInt(fractionBits)) - bitsOf(Math.SQRT1_2);
    const exponent = this.shift("shr_u", this.integer("add", x, this.bits(offset)), fractionBits);
    const carrier = 2 ** fractionBits;
    return this.float("sub", this.bitwise("or", exponent, this.number(carrier)), this.number(carrier + bias));
  }
}

const numberOf = ({ bits }: VectorConstant): number => {
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
};

const isZero = (node: VectorNode): boolean => node.kind === "constant" && node.bits === 0n;

export const operandsOf = (node: VectorNode): readonly VectorNode[] =>
  node.kind === "operation" || node.kind === "double"
    ? node.operands
    : node.kind === "shift" || node.kind === "narrowed"
      ? [node.operand]
      : [];

/** All nodes that the roots are made of, operands first. */
export function nodesOf(roots: readonly VectorNode[]): VectorNode[] {
  const found = new Set<VectorNode>();
  const visit = (node: VectorNode): void => {
    if (found.has(node)) return;
    operandsOf(node).forEach(visit);
    found.add(node);
  };
  roots.forEach(visit);
  return [...found];
}
