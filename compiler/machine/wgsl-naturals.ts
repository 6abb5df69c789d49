/** How WGSL spells natural numbers: as vectors of four words, or as arrays where more digits are needed. */
import { atom, binary, call, type Code, unary } from "./code.js";
import type { Parts } from "./parts.js";
import { arrayParts, vectorParts } from "./wgsl-parts.js";

/** The bits of a natural number, as `vec4<u32>`. */
export const wgslNatBits = 128;
/** The bits of one where operands cancel deeply, as an array. */
export const wgslDeepNatBits = 384;

/** The name of a part at module scope, which is from then on used. */
type Part = (name: string) => string;

export interface NaturalSpelling {
  readonly bits: number;
  /** The functions behind intrinsics, those of naturals among them. */
  readonly parts: Parts;
  readonly type: (part: Part) => string;
  readonly literal: (natural: bigint, part: Part) => Code;
  readonly ofWord: (word: Code, part: Part) => Code;
  readonly equal: (a: Code, b: Code, part: Part) => Code;
  readonly notEqual: (a: Code, b: Code, part: Part) => Code;
  readonly isZero: (a: Code, part: Part) => Code;
  readonly select: (no: Code, yes: Code, condition: Code, part: Part) => Code;
}

/** The words of a number, the lowest first. */
function wordsOf(natural: bigint, bits: number): Code[] {
  if (natural >> BigInt(bits) !== 0n) throw new Error(`${natural} has more than ${bits} bits`);
  return Array.from({ length: bits / 32 }, (_, i) => {
    const word = BigInt.asUintN(32, natural >> BigInt(32 * i));
    return atom(word < 10n ? `${word}u` : `0x${word.toString(16).padStart(8, "0")}u`);
  });
}

const vector = "vec4<u32>";
const vectors: NaturalSpelling = {
  bits: wgslNatBits,
  parts: vectorParts,
  type: () => vector,
  literal: (natural) => call(vector, ...wordsOf(natural, wgslNatBits)),
  ofWord: (word) => call(vector, word, atom("0u"), atom("0u"), atom("0u")),
  equal: (a, b) => call("all", binary("==", a, b)),
  notEqual: (a, b) => call("any", binary("!=", a, b)),
  isZero: (a) => call("all", binary("==", a, call(vector))),
  select: (no, yes, condition) => call("select", no, yes, condition),
};

const arrays: NaturalSpelling = {
  bits: wgslDeepNatBits,
  parts: arrayParts,
  type: (part) => part("nat"),
  literal: (natural, part) => call(part("nat"), ...(natural === 0n ? [] : wordsOf(natural, wgslDeepNatBits).reverse())),
  ofWord: (word, part) => call(part("nat_of"), word),
  equal: (a, b, part) => call(part("nat_equal"), a, b),
  notEqual: (a, b, part) => unary("!", call(part("nat_equal"), a, b)),
  isZero: (a, part) => call(part("nat_is_zero"), a),
  select: (no, yes, condition, part) => call(part("nat_select"), no, yes, condition),
};

/** The spelling of naturals with so many bits. */
export function spellingOfNaturals(bits: number): NaturalSpelling {
  const found = [vectors, arrays].find((each) => each.bits === bits);
  if (!found) throw new Error(`WGSL has no naturals of ${bits} bits`);
  return found;
}

/** The bits of the naturals in a text as the spellings write it. */
export const natBitsOf = (text: string): number => (/ = array<u32, \d+>;/.test(text) ? wgslDeepNatBits : wgslNatBits);
