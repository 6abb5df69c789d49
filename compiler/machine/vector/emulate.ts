/** What vectors of float32 compute, for many operands at a time: bit for bit, where products and sums are not fused. */
import { type DoubleNode, isDouble, nodesOf, operandsOf, type VectorNode } from "./graph.js";

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
  select: (a, b, c) => (a & c) | (b & ~c),
  "i32x4.add": (a, b) => a + b,
  "i32x4.sub": (a, b) => a - b,
};

const shifts: Readonly<Record<string, (a: number, by: number) => number>> = {
  "i32x4.shl": (a, by) => a << by,
  "i32x4.shr_u": (a, by) => a >>> by,
  "i32x4.shr_s": (a, by) => a >> by,
};

const doubleOf = (bits: bigint): number => new Float64Array(BigUint64Array.of(bits).buffer)[0]!;

/** A subnormal number of float32, or what rounds to one, as 0. */
const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? x * 0 : x);
const kept = (x: number): number => x;
/** What pairs of float32 make of float64 where subnormal numbers are flushed: small numbers have no second part. */
const asPairs = (x: number): number => (Math.abs(x) < 2 ** -100 ? flushed(Math.fround(x)) : x);

/**
 * @param locals the operands, by the names of locals; all equally many
 * @param flushes whether arithmetic takes subnormal numbers for 0, as operands and as results; float64 stands for pairs of float32 then
 */
export function emulateVectors(
  root: VectorNode,
  locals: ReadonlyMap<string, Float32Array>,
  flushes = false,
): Float32Array {
  const seen = flushes ? flushed : kept;
  const [first] = locals.values();
  // Of constants alone there is one result.
  const length = first?.length ?? 1;
  const known = new Map<VectorNode, Float32Array>();
  /** Of float64. */
  const doubles = new Map<VectorNode, Float64Array>();
  const bitsOf = ({ buffer, byteOffset }: Float32Array): Int32Array => new Int32Array(buffer, byteOffset, length);
  for (const node of nodesOf([root])) {
    if (isDouble(node)) {
      doubles.set(node, doublesOf(node));
      continue;
    }
    const operands = operandsOf(node).map((operand) => known.get(operand)!);
    known.set(node, valuesOf(node, operands));
  }
  return known.get(root)!;

  function doublesOf(node: DoubleNode): Float64Array {
    if (node.kind === "doubleConstant") return new Float64Array(length).fill(doubleOf(node.bits));
    const [first, second] = node.operands;
    const a = doubles.get(first!);
    // Of float32 a vector is made of float64.
    if (!a) return Float64Array.from(known.get(first!)!);
    const b = second ? doubles.get(second)! : a;
    const [one, two] = [unary[node.operation], binary[node.operation]];
    if (!one && !two) throw new Error(`f64x2.${node.operation} is not emulated`);
    const keeps = flushes ? asPairs : kept;
    return a.map((each, i) => keeps(one ? one(each) : two!(each, b[i]!)));
  }

  function valuesOf(node: Exclude<VectorNode, DoubleNode>, operands: readonly Float32Array[]): Float32Array {
    const values = new Float32Array(length);
    if (node.kind === "local") return locals.get(node.name)!;
    if (node.kind === "constant") {
      bitsOf(values).fill(Number(BigInt.asIntN(32, node.bits)));
      return values;
    }
    if (node.kind === "narrowed") {
      const given = doubles.get(node.operand)!;
      if (node.operation === "demote") values.set(given);
      else bitsOf(values).set(new Int32Array(given.buffer).filter((_, i) => i % 2 === 0));
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
    if (one) return a!.map((each) => one(seen(each)));
    if (two) return a!.map((each, i) => seen(Math.fround(two(seen(each), seen(b![i]!)))));
    if (!test) throw new Error(`${node.operation} is not emulated`);
    bitsOf(values).set(Int32Array.from(a!, (each, i) => -Number(test(each, b![i]!))));
    return values;
  }
}
