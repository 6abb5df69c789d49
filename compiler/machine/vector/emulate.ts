/** What vectors of float32 compute, for many operands at a time: bit for bit, where products and sums are not fused. */
import { nodesOf, operandsOf, type VectorNode } from "./graph.js";

const unary: Readonly<Record<string, (a: number) => number>> = {
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  nearest: (a) => {
    const whole = Math.floor(a);
    const rest = a - whole;
    return rest < 0.5 || (rest === 0.5 && whole % 2 === 0) ? whole : whole + 1;
  },
};

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pmin: (a, b) => (b < a ? b : a),
  pmax: (a, b) => (a < b ? b : a),
  min: Math.min,
  max: Math.max,
};

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

const onBits: Readonly<Record<string, (a: number, b: number, c: number) => number>> = {
  "v128.and": (a, b) => a & b,
  "v128.or": (a, b) => a | b,
  "v128.xor": (a, b) => a ^ b,
  "v128.not": (a) => ~a,
  "v128.andnot": (a, b) => a & ~b,
  "v128.bitselect": (a, b, c) => (a & c) | (b & ~c),
  "i32x4.add": (a, b) => a + b,
};

const shifts: Readonly<Record<string, (a: number, by: number) => number>> = {
  "i32x4.shl": (a, by) => a << by,
  "i32x4.shr_u": (a, by) => a >>> by,
  "i32x4.shr_s": (a, by) => a >> by,
};

/** @param locals the operands, by the names of locals; all equally many */
export function emulateVectors(root: VectorNode, locals: ReadonlyMap<string, Float32Array>): Float32Array {
  const length = Math.max(1, ...[...locals.values()].map((values) => values.length));
  const known = new Map<VectorNode, Float32Array>();
  const bitsOf = ({ buffer, byteOffset }: Float32Array): Int32Array => new Int32Array(buffer, byteOffset, length);
  for (const node of nodesOf([root])) {
    const operands = operandsOf(node).map((operand) => known.get(operand)!);
    known.set(node, valuesOf(node, operands));
  }
  return known.get(root)!;

  function valuesOf(node: VectorNode, operands: readonly Float32Array[]): Float32Array {
    const values = new Float32Array(length);
    if (node.kind === "local") return locals.get(node.name)!;
    if (node.kind === "constant") {
      bitsOf(values).fill(Number(BigInt.asIntN(32, node.bits)));
      return values;
    }
    const [a, b = a, c = a] = operands;
    if (node.kind === "shift") {
      const shift = shifts[node.operation];
      if (!shift) throw new Error(`${node.operation} is not emulated`);
      bitsOf(values).set(bitsOf(a!).map((bits) => shift(bits, node.by)));
      return values;
    }
    const [lanes = "", name = ""] = node.operation.split(".");
    const bits = onBits[node.operation];
    if (bits) {
      const [first, second, third] = [bitsOf(a!), bitsOf(b!), bitsOf(c!)];
      bitsOf(values).set(first.map((each, i) => bits(each, second[i]!, third[i]!)));
      return values;
    }
    const [one, two, test] = lanes === "f32x4" ? [unary[name], binary[name], comparisons[name]] : [];
    if (one) return a!.map(one);
    if (two) return a!.map((each, i) => two(each, b![i]!));
    if (!test) throw new Error(`${node.operation} is not emulated`);
    bitsOf(values).set(Int32Array.from(a!, (each, i) => -Number(test(each, b![i]!))));
    return values;
  }
}
