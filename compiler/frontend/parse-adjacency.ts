/** Two operands side by side: a product without its sign, a missing comma, a line that is no clause, a broken number. */
import { clauseKeywords } from "../../grammar/syntax.js";
import type { Token } from "../../grammar/lexer.js";
import { quote, type Finding } from "../diagnostics.js";
import { inSignature, type Place } from "./parse-place.js";
import { suggestion } from "../suggestion.js";

const isOperand = ({ type }: Token): boolean => type === "number" || type === "name" || type === "constant";

export function adjacencyMistake(place: Place): Omit<Finding, "span"> | Finding | null {
  const { token, previous } = place;
  if (!token || !previous) return null;
  const comma = decimalComma(place);
  if (comma) return comma;
  if (!(isOperand(previous) || previous.value === ")") || !(isOperand(token) || token.value === "(")) return null;
  return (
    brokenNumber(previous, token) ??
    strayLine(place, token) ??
    missingComma(place, previous, token) ??
    missingOperator(place, previous, token)
  );
}

const touches = (left: Token | undefined, right: Token): boolean => left?.end === right.start;

/** `0,5`: digits, a comma and digits without a space, where no list goes on. */
function decimalComma({ tokens, index }: Place): Finding | null {
  const at = tokens[index]?.value === "," ? index : index - 1;
  const [whole, comma, fraction] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (whole?.type !== "number" || comma?.value !== "," || fraction?.type !== "number") return null;
  if (!touches(whole, comma) || !touches(comma, fraction)) return null;
  return {
    code: "decimal-comma",
    span: { start: whole.start, end: fraction.end },
    message: "a decimal number is written with a point",
    hint: `write ${quote(`${whole.value}.${fraction.value}`)}`,
  };
}

function brokenNumber(previous: Token, token: Token): Finding | null {
  if (previous.type !== "number" || !touches(previous, token)) return null;
  const span = { start: previous.start, end: token.end };
  const whole = quote(previous.value + token.value);
  const code = "malformed-number";
  if (token.type === "number") return { code, span, message: `${whole} is no number` };
  if (/^[eE]$/.test(token.value)) return { code, span, message: `the exponent of ${whole} has no digits` };
  if (previous.value === "0" && /^(?:[xX][0-9a-fA-F]+|[bB][01]+|[oO][0-7]+)$/.test(token.value)) {
    return { code, span, message: `${whole} is no number`, expected: "a decimal number" };
  }
  if (!/^_[0-9_]+$/.test(token.value)) return null;
  const digits = (previous.value + token.value).replaceAll("_", "");
  return { code, span, message: `${whole} is no number`, hint: `write ${quote(digits)}` };
}

/** A line that begins with a name where the definition could end: a misspelt clause, or the next definition. */
function strayLine({ tokens, index, complete, open }: Place, token: Token): Omit<Finding, "span"> | null {
  if (!token.opensLine || token.type !== "name" || !complete || open.length > 0) return null;
  if (looksLikeDefinition(tokens, index)) {
    return {
      code: "indented-definition",
      message: `the definition of ${quote(token.value)} must begin in column 1`,
      hint: "remove the indentation",
    };
  }
  const meant = suggestion(token.value, clauseKeywords);
  return {
    code: "unknown-clause",
    message: `${quote(token.value)} begins no clause, and an operator is missing if it continues the line above`,
    expected: "a clause: 'let', 'grad', 'random', 'class' or 'split'",
    ...(meant === undefined ? {} : { hint: `did you mean '${meant}'?` }),
  };
}

/** `name(…) =` with nothing nested in the parentheses. */
function looksLikeDefinition(tokens: readonly Token[], index: number): boolean {
  if (tokens[index + 1]?.value !== "(") return false;
  const close = tokens.findIndex(({ value }, i) => i > index + 1 && value === ")");
  return close > 0 && tokens[close + 1]?.value === "=";
}

function missingComma(place: Place, previous: Token, token: Token): Omit<Finding, "span"> | null {
  if (!inSignature(place) || place.open.length > 1 || !place.expected.has(",")) return null;
  const tokens = place.tokens.slice(0, place.index);
  const amongInputs = !tokens.some(({ value }) => value === ";");
  if (amongInputs && (previous.value === "learn" || previous.value === "axis")) return null;
  const between = `between ${quote(previous.value)} and ${quote(token.value)}`;
  return {
    code: "missing-comma",
    message: `a ',' is missing ${between}`,
    ...(amongInputs ? { hint: "inputs are separated by ','; parameters follow after a ';'" } : {}),
  };
}

function missingOperator(place: Place, previous: Token, token: Token): Finding | null {
  if (!place.expected.has("*")) return null;
  const span = { start: previous.start, end: token.end };
  const [left, right] = [previous.value, token.value].map((text) => (text.length > 20 ? "…" : text));
  const product = previous.value === ")" || token.value === "(" ? "'*' between them" : `'${left} * ${right}'`;
  if (place.open.length > 0 && !touches(previous, token) && token.value !== "(") {
    return {
      code: "missing-operator",
      span,
      message: `nothing stands between ${quote(previous.value)} and ${quote(token.value)}`,
      expected: "an operator or ','",
      hint: `there is no implicit multiplication: write ${product} for a product`,
    };
  }
  return {
    code: "implicit-multiplication",
    span,
    message: "there is no implicit multiplication",
    hint: `write ${product} for a product`,
  };
}
