/** What to say about symbols that belong to other notations: characters that no token begins with, and operators. */
import type { Finding } from "../diagnostics.js";

type Advice = Pick<Finding, "message" | "hint">;

/** Operators that the lexer knows only for this message. */
const foreignOperators: ReadonlyMap<string, string> = new Map([
  ["**", "a power is written '^': 'x^2'"],
  ["//", "a comment begins with '#'; 'floor(a / b)' is the rounded quotient"],
  ["&&", "write 'and'"],
  ["||", "write 'or'"],
  ["===", "write '=='"],
  ["!==", "write '!='"],
  ["<>", "write '!='"],
  ["=>", "write '>='"],
  ["=<", "write '<='"],
  ["->", "a definition is written 'name(inputs) = body'"],
  [":=", "write '='"],
  ["+=", "nothing is assigned twice: name the result by a 'let'"],
  ["-=", "nothing is assigned twice: name the result by a 'let'"],
  ["*=", "nothing is assigned twice: name the result by a 'let'"],
  ["/=", "nothing is assigned twice: name the result by a 'let'"],
]);

/** What to write in the place of one character. */
const replacements: ReadonlyMap<string, string> = new Map([
  ["!", "write 'not'"],
  ["&", "write 'and'"],
  ["|", "write 'or' between conditions, 'abs(x)' for an absolute value"],
  ["?", "a choice is written 'where(condition, a, b)'"],
  [":", "a choice is written 'where(condition, a, b)'"],
  ["%", "the remainder is 'x - y * floor(x / y)'"],
  ["{", "group by '(' and ')'"],
  ["}", "group by '(' and ')'"],
  [".", "a decimal point stands between digits, as in '0.5'"],
  ["'", "derivatives are taken by the compiler; a custom one is a 'grad' clause"],
  ["@", "sums over an axis are written 'sum[d](a * b)'"],
  ["−", "write '-'"],
  ["–", "write '-'"],
  ["—", "write '-'"],
  ["×", "write '*'"],
  ["·", "write '*'"],
  ["⋅", "write '*'"],
  ["∗", "write '*'"],
  ["÷", "write '/'"],
  ["∕", "write '/'"],
  ["⁄", "write '/'"],
  ["≤", "write '<='"],
  ["≥", "write '>='"],
  ["≠", "write '!='"],
  ["∧", "write 'and'"],
  ["∨", "write 'or'"],
  ["¬", "write 'not'"],
  ["∞", "write 'inf'"],
  ["√", "write 'sqrt(x)'"],
  ["∑", "write 'sum[d](x)'"],
  ["Σ", "write 'sum[d](x)'"],
  ["→", "a definition is written 'name(inputs) = body'"],
  ["½", "write '1/2'"],
  ["¼", "write '1/4'"],
  ["¾", "write '3/4'"],
  ["（", "write '('"],
  ["）", "write ')'"],
  ["，", "write ','"],
  ["；", "write ';'"],
  ["＝", "write '='"],
  ["＋", "write '+'"],
  ["＊", "write '*'"],
  ["“", "there are no strings in definitions"],
  ["”", "there are no strings in definitions"],
  ['"', "there are no strings in definitions"],
]);

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

const greek: ReadonlyMap<string, string> = new Map(
  Object.entries({
    α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", ζ: "zeta", η: "eta", θ: "theta", κ: "kappa",
    λ: "lambda", μ: "mu", ν: "nu", ξ: "xi", π: "pi", ρ: "rho", σ: "sigma", τ: "tau", φ: "phi", χ: "chi", ψ: "psi",
    ω: "omega", Φ: "normcdf", Δ: "delta", Ω: "omega",
  }),
); // prettier-ignore

export function foreignOperator(text: string): Advice {
  const hint = foreignOperators.get(text);
  return { message: `'${text}' is no operator of the definition language`, ...(hint === undefined ? {} : { hint }) };
}

export function unknownCharacter(character: string): Advice {
  const codePoint = character.codePointAt(0) ?? 0;
  const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
  if (codePoint === 0xfffd) {
    return { message: "there are bytes here that are no UTF-8", hint: "save the file as UTF-8" };
  }
  if (/[\p{Zs}\p{Cf}\p{Zl}\p{Zp}]/u.test(character)) {
    return { message: `the invisible character ${name} is not allowed here`, hint: "remove it, or write a space" };
  }
  if (/[\p{Cc}\p{Cs}\p{Co}\p{Cn}]/u.test(character)) {
    return { message: `the control character ${name} is not allowed here`, hint: "remove it" };
  }
  const quoted = character === "'" ? `"'"` : `'${character}'`;
  const message = `unknown character ${quoted}${codePoint < 0x7f ? "" : ` (${name})`}`;
  const exponent = superscripts.indexOf(character);
  if (exponent >= 0) return { message, hint: `write '^${exponent}'` };
  const replacement = replacements.get(character);
  if (replacement !== undefined) return { message, hint: replacement };
  const spelled = greek.get(character);
  if (spelled !== undefined) return { message, hint: `write '${spelled}'` };
  return /[\p{L}\p{M}\p{N}]/u.test(character)
    ? { message, hint: "names are made of the letters A to Z and a to z, digits and '_'" }
    : { message };
}
