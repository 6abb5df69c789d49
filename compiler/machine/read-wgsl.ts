/**
 * WGSL as {@link printWgsl} and the compiler of activations write it, read back into the machine language: functions of
 * scalars and structs. Tokens are respelled where the two languages differ; everything else they have in common.
 */
import { intrinsics } from "./intrinsics.js";
import { type Library, readLibrary } from "./library.js";

/** Functions of WGSL that the language does not have, in its own terms. */
const builtins: Readonly<Record<string, string>> = {
  sign: `fn sign(x: f32) -> f32 { return select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0); }`,
};
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
  "f32",
  "bitcast",
]);
const otherNames: Readonly<Record<string, string>> = { countLeadingZeros: "leading_zeros" };

/** What a name in a shader is called when it has been read: one that only the language has a meaning for may be the shader's. */
export const machineName = (name: string): string =>
  intrinsics.has(name) && !shared.has(name) ? `${name}_` : (otherNames[name] ?? name);

const token =
  /(?<space>\s+|\/\/[^\n]*|\/\*[^]*?\*\/)|(?<name>[A-Za-z_]\w*)|(?<number>0[xX][\da-fA-F]*\.?[\da-fA-F]*(?:[pP][+-]?\d+)?[ufih]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ufih]?)|(?<symbol>->|<<=?|>>=?|\+\+|--|&&|\|\||[-+*/%&|^=!<>]=|[^])/y;

/** Reads declarations of functions, structs, constants and private variables that nothing is assigned to. */
export function readWgsl(text: string): Library {
  const tokens = tokensOf(text);
  const used = Object.keys(builtins).filter((name) =>
    tokens.some((each, i) => each === name && tokens[i + 1] === "(" && tokens[i - 1] !== "fn"),
  );
  const known = readLibrary(used.map((name) => builtins[name] ?? "")).declarations;
  return readLibrary(
    withTables(tokens.map(machineName))
      .join(" ")
      .replaceAll(/[;{}] /g, "$&\n"),
    known,
  );
}

const isPrivate = (tokens: readonly string[], at: number): boolean =>
  tokens[at] === "var" && tokens.slice(at + 1, at + 4).join("") === "<private>";

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const groups = token.exec(text)?.groups;
    if (groups?.["number"] !== undefined) tokens.push(number(groups["number"]));
    else if (groups?.["space"] === undefined) tokens.push(groups?.["name"] ?? groups?.["symbol"] ?? "");
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

/** `var<private> t = array<f32, 3>(1.0, 2.0, 4.0);` as `const t: array<f32, 3> = [1.0, 2.0, 4.0];`, and other variables as constants. */
function withTables(tokens: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const isVariable = isPrivate(tokens, i);
    if (isVariable) i += 3;
    if (!isVariable && tokens[i] !== "const") {
      result.push(tokens[i] ?? "");
      continue;
    }
    const end = tokens.indexOf(";", i);
    const [, name = "", ...rest] = tokens.slice(i, end);
    const start = rest.indexOf("=") + 1;
    const [, , element = "", , size = ""] = rest.slice(start);
    if (rest[start] !== "array") result.push("const", name, ...rest, ";");
    else result.push("const", name, `: array<${element}, ${size}> = [`, ...rest.slice(start + 7, -1), "]", ";");
    i = end;
  }
  return result;
}
