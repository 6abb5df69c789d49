/** What a single definition may ask of the compiler, checked on tokens before anything recurses over them. */
import { spanOf, type Token } from "../../grammar/lexer.js";
import { quote, type Finding } from "../diagnostics.js";

/** More than any activation needs; a longer one would only exhaust the memory. */
export const maximumTokens = 100_000;

/** How deep parentheses, calls, `^`, signs, `not` and chains of comparisons may nest; passes recurse this deep. */
export const maximumNesting = 500;

/** Names become file names, which file systems limit to 255 bytes. */
export const maximumNameLength = 200;

/** Literals are kept exact: this many digits, and powers of ten down to its negative, still cost nothing. */
const maximumDigits = 1000;

export function beyondLimits(tokens: readonly Token[]): Finding | null {
  const last = tokens[maximumTokens];
  if (last) {
    return {
      code: "definition-too-long",
      span: spanOf(last),
      message: `the definition has more than ${maximumTokens} symbols`,
      hint: "split it into definitions that call each other",
    };
  }
  return tooDeep(tokens) ?? unusableToken(tokens);
}

function tooDeep(tokens: readonly Token[]): Finding | null {
  /** Per open bracket: what nests to the right within one operand, and within one condition. */
  let level = { operand: 0, condition: 0 };
  const outer: (typeof level)[] = [];
  let depth = 0;
  let previous: Token | undefined;
  for (const token of tokens) {
    switch (token.value) {
      case "(":
      case "[":
        outer.push(level);
        level = { operand: 0, condition: 0 };
        depth++;
        break;
      case ")":
      case "]":
        depth -= level.operand + level.condition + 1;
        level = outer.pop() ?? { operand: 0, condition: 0 };
        break;
      case "not":
        level.condition++;
        depth++;
        break;
      case "-":
        if (endsOperand(previous)) {
          depth -= level.operand;
          level.operand = 0;
        } else {
          level.operand++;
          depth++;
        }
        break;
      case "^":
        level.operand++;
        depth++;
        break;
      default:
        if (token.type === "number" || token.type === "name" || token.type === "constant") break;
        depth -= level.operand;
        level.operand = 0;
        if (token.type === "relation") {
          level.condition++;
          depth++;
        } else if (token.value !== "+" && token.value !== "*" && token.value !== "/") {
          depth -= level.condition;
          level.condition = 0;
        }
    }
    if (depth > maximumNesting) {
      return {
        code: "nested-too-deep",
        span: spanOf(token),
        message: `the definition nests deeper than ${maximumNesting} levels here`,
        hint: "name a part of it by a 'let'",
      };
    }
    previous = token;
  }
  return null;
}

const endsOperand = (token: Token | undefined): boolean =>
  token !== undefined &&
  (token.type === "number" || token.type === "name" || token.type === "constant" || token.value === ")");

function unusableToken(tokens: readonly Token[]): Finding | null {
  for (const token of tokens) {
    if (token.type === "name" && token.value.length > maximumNameLength) {
      return {
        code: "name-too-long",
        span: spanOf(token),
        message: `the name ${quote(token.value)} is longer than ${maximumNameLength} characters`,
      };
    }
    const finding = token.type === "number" ? unusableNumber(token) : null;
    if (finding) return finding;
  }
  return null;
}

function unusableNumber(token: Token): Finding | null {
  const [digits = "", exponent = "0"] = token.value.split(/[eE]/);
  if (digits.length > maximumDigits) {
    return {
      code: "number-too-long",
      span: spanOf(token),
      message: `the number ${quote(token.value)} has more than ${maximumDigits} digits`,
    };
  }
  if (!Number.isFinite(Number(token.value)) || Math.abs(Number(exponent)) > 2 * maximumDigits) {
    return {
      code: "number-out-of-range",
      span: spanOf(token),
      message: `the number ${quote(token.value)} is too ${Number(exponent) < 0 ? "small" : "large"}`,
      expected: "a number that binary64 can hold, at most about 1.8e308",
    };
  }
  return null;
}
