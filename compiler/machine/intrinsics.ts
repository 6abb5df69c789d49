/** The functions that the language itself has: their operands and results. */
import type { Intrinsic, Type } from "./syntax.js";

interface Types {
  /** What the type variable T stands for. */
  readonly own: Type | null;
  /** What stands in angle brackets. */
  readonly to: Type | null;
  readonly operands: readonly Type[];
}

export interface IntrinsicRow {
  readonly name: Intrinsic;
  /** "T" is one of the allowed types, the same in every place; "any" is looked at by `result`. */
  readonly parameters: readonly (Type | "T" | "any")[];
  readonly allowed: readonly Type[];
  /** The type of the result, or null where the operands do not fit. */
  readonly result: (types: Types) => Type | null;
  /** Whether it takes the float type of its surroundings, given which operands do so. */
  readonly isOpen: (operands: readonly boolean[]) => boolean;
}

const integers: readonly Type[] = ["i32", "u32"];
/** Float16 has what selects and compares; sums and products of it are operators. */
const wideFloats: readonly Type[] = ["f32", "f64"];
const floats: readonly Type[] = ["f16", ...wideFloats];
const numbers: readonly Type[] = [...integers, ...floats];

const row = (
  name: Intrinsic,
  parameters: IntrinsicRow["parameters"],
  allowed: readonly Type[],
  result: Type | "T",
): IntrinsicRow => {
  const returnsOwn = result === "T";
  return {
    name,
    parameters,
    allowed,
    result: ({ own }) => {
      if (!parameters.includes("T") && !returnsOwn) return result;
      if (own === null || !allowed.includes(own)) return null;
      return returnsOwn ? own : result;
    },
    isOpen: (operands) => returnsOwn && operands.every((open, i) => open || parameters[i] !== "T"),
  };
};

const conversion = (name: Intrinsic & Type, from: readonly Type[]): IntrinsicRow => ({
  name,
  parameters: ["any"],
  allowed: [],
  result: ({ operands: [operand] }) => (operand !== undefined && from.includes(operand) ? name : null),
  isOpen: () => false,
});

const casts: readonly (readonly [Type, Type])[] = [
  ["f32", "u32"],
  ["f32", "i32"],
  ["u32", "f32"],
  ["i32", "f32"],
  ["u32", "i32"],
  ["i32", "u32"],
];

const rows: readonly IntrinsicRow[] = [
  row("select", ["T", "T", "bool"], [...numbers, "int", "nat", "bool"], "T"),
  row("abs", ["T"], ["i32", "int", ...floats], "T"),
  row("min", ["T", "T"], [...numbers, "int"], "T"),
  row("max", ["T", "T"], [...numbers, "int"], "T"),
  row("clamp", ["T", "T", "T"], numbers, "T"),
  row("floor", ["T"], wideFloats, "T"),
  row("ceil", ["T"], wideFloats, "T"),
  row("round", ["T"], wideFloats, "T"),
  row("trunc", ["T"], wideFloats, "T"),
  row("sqrt", ["T"], wideFloats, "T"),
  conversion("i32", ["bool", ...numbers, "int"]),
  conversion("u32", ["bool", ...numbers]),
  conversion("f16", ["f16", "f32"]),
  conversion("f32", ["bool", ...numbers]),
  conversion("f64", ["bool", ...integers, ...wideFloats]),
  conversion("nat", ["u32", "int"]),
  conversion("int", ["bool", ...integers, "nat"]),
  {
    name: "bitcast",
    parameters: ["any"],
    allowed: [],
    result: ({ to, operands: [operand] }) =>
      casts.find(([from, target]) => from === operand && target === to)?.[1] ?? null,
    isOpen: () => false,
  },
  row("power_of_two", ["i32"], wideFloats, "T"),
  row("infinity", [], wideFloats, "T"),
  row("nan", [], wideFloats, "T"),
  row("is_nan", ["T"], floats, "bool"),
  row("high_word", ["f64"], [], "i32"),
  row("low_word", ["f64"], [], "i32"),
  row("from_words", ["i32", "i32"], [], "f64"),
  row("leading_zeros", ["u32"], [], "u32"),
  row("multiply_high", ["T", "T"], ["u32", "nat"], "T"),
  row("multiply_low", ["nat", "nat"], [], "nat"),
  row("divide_high", ["nat", "nat"], [], "nat"),
  row("divide_short", ["nat", "u32"], [], "nat"),
  row("bit_length", ["T"], ["nat", "int"], "i32"),
  row("low_u32", ["nat"], [], "u32"),
  row("is_zero", ["nat"], [], "bool"),
  row("nat_bits", [], [], "i32"),
  row("int_bits", [], [], "i32"),
];

export const intrinsics: ReadonlyMap<string, IntrinsicRow> = new Map(rows.map((each) => [each.name, each]));
