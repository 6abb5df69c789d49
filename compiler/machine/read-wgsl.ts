/**
 * WGSL as {@link printWgsl} and the compiler of activations write it, read back into the machine language: functions of
 * scalars and structs. Tokens are respelled where the two languages differ; everything else they have in common.
 */
import { intrinsics } from "./intrinsics.js";
import { type Library, readLibrary } from "./library.js";
import type { Declaration } from "./syntax.js";

/** Functions of WGSL that the language does not have, in its own terms. */
const builtins: Readonly<Record<string, string>> = {
  sign: `fn sign(x: f32) -> f32 { return select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0); }`,
};
/** What the functions for natural numbers do, which shaders have for operators of the language. */
const ofNaturals: Readonly<Record<string, string>> = {
  nat_add: "fn nat_add(a: nat, b: nat) -> nat { return a + b; }",
  nat_subtract: "fn nat_subtract(a: nat, b: nat) -> nat { return a - b; }",
  nat_multiply: "fn nat_multiply(a: nat, b: nat) -> nat { return multiply_low(a, b); }",
  nat_multiply_high: "fn nat_multiply_high(a: nat, b: nat) -> nat { return multiply_high(a, b); }",
  nat_shift_left: "fn nat_shift_left(a: nat, n: i32) -> nat { return a << n; }",
  nat_shift_right: "fn nat_shift_right(a: nat, n: i32) -> nat { return a >> n; }",
  nat_less: "fn nat_less(a: nat, b: nat) -> bool { return a < b; }",
  nat_divide_short: "fn nat_divide_short(a: nat, n: u32) -> nat { return divide_short(a, n); }",
  nat_divide_high: "fn nat_divide_high(a: nat, b: nat) -> nat { return divide_high(a, b); }",
  nat_bit_length: "fn nat_bit_length(a: nat) -> i32 { return bit_length(a); }",
  nat_low_word: "fn nat_low_word(a: nat) -> u32 { return low_u32(a); }",
  nat_of: "fn nat_of(a: u32) -> nat { return nat(a); }",
  nat_select: "fn nat_select(a: nat, b: nat, c: bool) -> nat { return select(a, b, c); }",
  nat_equal: "fn nat_equal(a: nat, b: nat) -> bool { return a == b; }",
  nat_is_zero: "fn nat_is_zero(a: nat) -> bool { return is_zero(a); }",
  nat_high_words: "",
  // Comparisons of vectors are comparisons of the numbers.
  all: "fn all(a: bool) -> bool { return a; }",
  any: "fn any(a: bool) -> bool { return a; }",
};

/** The function for natural numbers that a name in a shader stands for, whatever it begins with. */
function functionOfNaturals(name: string): string | undefined {
  if (name === "all" || name === "any") return name;
  // Most names are others: this is asked of every token.
  if (!name.includes("nat_")) return undefined;
  const own = /(?:^|_)(nat_[a-z_]+)$/.exec(name)?.[1];
  return own !== undefined && own in ofNaturals ? own : undefined;
}

/** Intrinsics of the language that WGSL has, by the same name or by another one. */
const shared: ReadonlySet<string> = new Set([
  "select",
  "abs",
  "min",
  "max",
  "clamp",
  "floor",
  "ceil",
  "round",
  "trunc",
  "sqrt",
  "i32",
  "u32",
  "f16",
  "f32",
  "bitcast",
]);
const otherNames: Readonly<Record<string, string>> = { countLeadingZeros: "leading_zeros" };

/** What a name in a shader is called when it has been read: one that only the language has a meaning for may be the shader's. */
export const machineName = (name: string): string =>
  intrinsics.has(name) && !shared.has(name) ? `${name}_` : (otherNames[name] ?? name);

/** Space and comments, or one of three groups: a name, a number, a symbol. */
const token =
  /\s+|\/\/[^\n]*|\/\*[^]*?\*\/|([A-Za-z_]\w*)|(0[xX][\da-fA-F]*\.?[\da-fA-F]*(?:[pP][+-]?\d+)?[ufih]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ufih]?)|(->|<<=?|>>=?|\+\+|--|&&|\|\||[-+*/%&|^=!<>]=|[^])/y;

/**
 * Reads declarations of functions, structs, constants and private variables that nothing is assigned to. They may use what
 * has been read of the same shader before; of that, an alias has to be here again where it is used.
 */
export function readWgsl(text: string, before: readonly Declaration[] = []): Library {
  const tokens = withNaturals(tokensOf(text));
  const called = new Set(tokens.filter((_, i) => tokens[i + 1] === "(" && tokens[i - 1] !== "fn"));
  const own = Object.entries({ ...builtins, ...ofNaturals }).filter(([name]) => called.has(name));
  const known = knownDeclarations(own.map(([, declaration]) => declaration));
  const names = new Set(before.map(({ name }) => name));
  return readLibrary(
    withTables(tokens)
      .join(" ")
      .replaceAll(/[;{}] /g, "$&\n"),
    before.length === 0 ? known : [...before, ...known.filter(({ name }) => !names.has(name))],
  );
}

const read = new Map<string, readonly Declaration[]>();

/** Shaders have few sets of functions in common: each is read once. */
function knownDeclarations(texts: readonly string[]): readonly Declaration[] {
  const key = texts.join("\n");
  const declarations = read.get(key) ?? readLibrary(texts).declarations;
  read.set(key, declarations);
  return declarations;
}

const isPrivate = (tokens: readonly string[], at: number): boolean =>
  tokens[at] === "var" && tokens.slice(at + 1, at + 4).join("") === "<private>";

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const [, name, numeral, symbol] = token.exec(text) ?? [];
    if (name !== undefined) tokens.push(machineName(name));
    else if (numeral !== undefined) tokens.push(number(numeral));
    else if (symbol !== undefined) tokens.push(symbol);
  }
  return tokens;
}

/** Fractions in decimal, without suffix. */
function number(text: string): string {
  const hexadecimal = /^0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)/.exec(text);
  if (hexadecimal) {
    const [, whole = "", fraction = "", exponent = "0"] = hexadecimal;
    const value = Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
    return withPoint(String(value));
  }
  if (/^0[xX]/.test(text)) return text.replace(/[iI]$/, "");
  if (/^\d+[iu]?$/.test(text)) return text.replace("i", "");
  return withPoint(String(Number(text.replace(/[fh]$/, ""))));
}

const withPoint = (text: string): string => (/[.e]/.test(text) ? text : `${text}.0`);

const isVector = (tokens: readonly string[], at: number): boolean =>
  tokens[at] === "vec4" && tokens.slice(at + 1, at + 4).join("") === "<u32>";

/** Vectors and arrays of words as natural numbers, without the functions that compute with words. */
function withNaturals(tokens: readonly string[]): string[] {
  const alias = tokens.indexOf("alias");
  const arrays = alias < 0 ? undefined : tokens[alias + 1];
  const result: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? "";
    const typeEnd = isVector(tokens, i) ? i + 3 : token === arrays ? i : undefined;
    if (token === "fn" && functionOfNaturals(tokens[i + 1] ?? "") !== undefined) {
      i = closing(tokens, tokens.indexOf("{", i));
    } else if (token === "alias" || (isPrivate(tokens, i) && tokens[i + 4]?.endsWith("nat_words"))) {
      i = tokens.indexOf(";", i);
    } else if (typeEnd !== undefined && tokens[typeEnd + 1] === "(") {
      const end = closing(tokens, typeEnd + 1);
      result.push(...naturalOf(tokens.slice(typeEnd + 2, end), token === arrays));
      i = end;
    } else if (typeEnd !== undefined) {
      result.push("nat");
      i = typeEnd;
    } else result.push(functionOfNaturals(token) ?? token);
  }
  return result;
}

/** Where the bracket at a place is closed. */
function closing(tokens: readonly string[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if ("({[".includes(tokens[i] ?? "")) depth++;
    if (")}]".includes(tokens[i] ?? "") && --depth === 0) return i;
  }
  throw new Error("a bracket of the shader is not closed");
}

/** A number of words: none for 0, all known, or of a vector only the lowest one not 0. */
function naturalOf(words: readonly string[], highestFirst: boolean): string[] {
  const literals = words.filter((token) => token !== ",");
  const digits = literals.map((token) => (/^\d|^0x/.test(token) ? Number.parseInt(token) : NaN));
  if (!digits.some(Number.isNaN) && digits.length !== 1) {
    const text = (highestFirst ? digits : digits.toReversed())
      .map((word) => word.toString(16).padStart(8, "0"))
      .join("")
      .replace(/0+$/, "");
    return [text === "" ? "0n" : `0x0.${text}n`];
  }
  return ["nat", "(", ...withNaturals(words.slice(0, -6)), ")"];
}

/** Integers in place of sums and powers of two of integers: constants of the language are literals. */
function folded(text: string): string {
  const once = text
    .replace(/(\d+) << (\d+)u?/g, (_, a: string, b: string) => String(Number(a) << Number(b)))
    .replace(/(?<![\w] )\( (-? ?\d+) \)/g, "$1")
    .replace(/(\d+) ([-+]) (\d+)/g, (_, a: string, sign: string, b: string) =>
      String(sign === "+" ? Number(a) + Number(b) : Number(a) - Number(b)),
    );
  return once === text ? text : folded(once);
}

/** `var<private> t = array<f32, 3>(1.0, 2.0, 4.0);` as `const t: array<f32, 3> = [1.0, 2.0, 4.0];`, and other variables as constants. */
function withTables(tokens: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const isVariable = isPrivate(tokens, i);
    if (isVariable) i += 3;
    const isArray = tokens[i] === "var" && tokens[i + 2] === "=" && tokens[i + 3] === "array";
    if (!isVariable && !isArray && tokens[i] !== "const") {
      result.push(tokens[i] ?? "");
      continue;
    }
    const end = tokens.indexOf(";", i);
    const [, name = "", ...rest] = tokens.slice(i, end);
    const start = rest.indexOf("=") + 1;
    const [, , element = "", , size = ""] = rest.slice(start);
    if (rest[start] !== "array") result.push("const", name, folded(rest.join(" ")), ";");
    else
      result.push(
        isArray ? "var" : "const",
        name,
        `: array<${element}, ${size}> = [`,
        ...rest.slice(start + 7, -1),
        "]",
        ";",
      );
    i = end;
  }
  return result;
}
