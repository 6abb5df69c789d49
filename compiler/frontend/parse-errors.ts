/** Why a definition could not be parsed, for people: the common mistakes first, what was expected for the rest. */
import { spanOf, type Token } from "../../grammar/lexer.js";
import type { Failure } from "../../grammar/parser.js";
import { alternatives, quote, type Finding } from "../diagnostics.js";
import { adjacencyMistake } from "./parse-adjacency.js";
import { foreignOperator, unknownCharacter } from "./parse-characters.js";
import { inSignature, type Place, type Rule, wantsOperand } from "./parse-place.js";

export function explainFailure(tokens: readonly Token[], failure: Failure, text: string): Finding {
  const token = tokens[failure.index];
  const previous = tokens[failure.index - 1];
  // What is missing at the end is missed behind the last character there is.
  const end = previous?.end ?? 0;
  const place: Place = {
    ...failure,
    tokens,
    token,
    previous,
    open: openBrackets(tokens, failure.index),
    span: token ? spanOf(token) : { start: Math.max(0, end - 1), end: Math.min(end, text.length) },
  };
  for (const rule of rules) {
    const found = rule(place);
    if (found) return { span: place.span, ...found };
  }
  return unexpected(place);
}

function openBrackets(tokens: readonly Token[], before: number): number[] {
  const open: number[] = [];
  for (const [i, { value }] of tokens.slice(0, before).entries()) {
    if (value === "(" || value === "[") open.push(i);
    else if (value === ")" || value === "]") open.pop();
  }
  return open;
}

const isClause = (token: Token): boolean => token.type.startsWith("clause_");
const isEnd = (token: Token | undefined): boolean => token === undefined || isClause(token);

const rules: readonly Rule[] = [
  function strangeSymbol({ token }) {
    if (token?.type === "unknown") return { code: "unknown-character", ...unknownCharacter(token.value) };
    return token?.type === "foreign" ? { code: "foreign-operator", ...foreignOperator(token.value) } : null;
  },

  function notIndented({ token, index }) {
    if (!token?.inColumn1 || index === 0) return null;
    if (token.type === "unindented") {
      return {
        code: "not-indented",
        message: "a line that continues a definition must be indented",
        hint: "put spaces in front of it",
      };
    }
    if (token.type !== "reserved") return null;
    return {
      code: "not-indented",
      message: `the clause '${token.value}' must be indented`,
      hint: "put spaces in front of it",
    };
  },

  function unclosedBracket({ token, tokens, open }) {
    const opening = tokens[open.at(-1) ?? -1];
    if (!opening) return null;
    const closing = opening.value === "(" ? ")" : "]";
    if (isEnd(token)) {
      return {
        code: "unclosed-bracket",
        span: spanOf(opening),
        message: `this '${opening.value}' is never closed`,
        expected: `'${closing}'${token ? ` before the clause '${token.value}'` : ""}`,
      };
    }
    if ((token?.value !== ")" && token?.value !== "]") || token.value === closing) return null;
    return {
      code: "mismatched-bracket",
      message: `'${token.value}' does not close the '${opening.value}' that is open here`,
      expected: `'${closing}'`,
    };
  },

  function unclosedSignature(place) {
    const opening = place.tokens[place.open.at(-1) ?? -1];
    const isBehindDefault = place.tokens.slice(0, place.index).some(({ value }) => value === ";");
    if (place.token?.value !== "=" || !opening || !inSignature(place) || !isBehindDefault) return null;
    if (place.expected.has("=")) return null;
    return {
      code: "unclosed-bracket",
      span: spanOf(opening),
      message: `this '${opening.value}' is not closed before the '='`,
      expected: opening.value === "(" ? "')'" : "']'",
    };
  },

  function unmatchedBracket({ token, open }) {
    if (open.length > 0 || (token?.value !== ")" && token?.value !== "]")) return null;
    return { code: "unmatched-bracket", message: `this '${token.value}' closes nothing`, hint: "remove it" };
  },

  function pythonic({ tokens, index }) {
    const first = tokens[0]?.value ?? "";
    if (!/^(?:def|fn|func|function|lambda|const|var|export|import|return)$/.test(first)) return null;
    if (index !== 1 || !tokens[0]) return null;
    return {
      code: "expected-definition",
      span: spanOf(tokens[0]),
      message: `'${first}' begins no definition`,
      expected: "a definition such as 'relu(x) = where(x > 0, x, 0)'",
    };
  },

  function reservedName({ token, index, expected, complete }) {
    if (!token || !/^(?:reserved|word|constant)$/.test(token.type)) return null;
    if (index === 0 || (expected.has("name") && (token.type !== "word" || !expected.has("number")))) {
      const message = `'${token.value}' is a reserved word and names nothing else`;
      return { code: "reserved-name", message, expected: "another name" };
    }
    if (token.type !== "reserved" || !complete) return null;
    return {
      code: "clause-in-line",
      message: `the clause '${token.value}' must begin a line of its own`,
      hint: "put it on the next line, indented",
    };
  },

  function conditionalWord({ token, previous }) {
    const word = [previous, token].find((each) => each && /^(?:if|then|else|elif|case|when)$/.test(each.value));
    if (!word || word.type !== "name") return null;
    return {
      code: "conditional-word",
      span: spanOf(word),
      message: `there is no '${word.value}' in definitions`,
      hint: "a choice is written 'where(condition, a, b)'",
    };
  },

  adjacencyMistake,

  function missingSemicolon(place) {
    const { token, previous, tokens, open } = place;
    if (!inSignature(place) || open.length > 1 || place.expected.has("=")) return null;
    if (tokens.slice(0, place.index).some(({ value }) => value === ";")) return null;
    const parameter = token?.value === "=" ? previous : token;
    const word = tokens[place.index - 1]?.value;
    if (token?.value !== "=" && !(token?.type === "name" && (word === "learn" || word === "axis"))) return null;
    return {
      code: "missing-semicolon",
      ...(parameter ? { span: spanOf(parameter) } : {}),
      message: `the parameter ${quote(parameter?.value ?? "")} stands among the inputs`,
      hint: "parameters follow the inputs after a ';', as in 'f(x; a = 1)'",
    };
  },

  function missingDefault(place) {
    if (!inSignature(place) || place.open.length > 1) return null;
    if (place.previous?.value === "=" && (place.token?.value === "," || place.token?.value === ")")) {
      return { code: "missing-default", message: "the parameter has no default", expected: "a number" };
    }
    if (!place.expected.has("=") || place.previous?.type !== "name") return null;
    return {
      code: "missing-default",
      span: spanOf(place.previous),
      message: `the parameter ${quote(place.previous.value)} has no default`,
      expected: "'=' and a number",
    };
  },

  function comparedByEquals({ token, previous, tokens, open, index }) {
    if (token?.value !== "=") return null;
    if (previous?.value === "<" || previous?.value === ">") {
      return {
        code: "foreign-operator",
        message: `there is no space within '${previous.value}='`,
        hint: `write '${previous.value}='`,
      };
    }
    if (!tokens.slice(0, index).some(({ value }) => value === "=") && open.length === 0) return null;
    return {
      code: "single-equals",
      message: "'=' does not compare",
      hint: "to compare two numbers, write '=='",
    };
  },

  function missingEquals({ token, previous, expected, open }) {
    if (open.length > 0 || previous?.value !== ")" || !expected.has("=")) return null;
    return {
      code: "missing-equals",
      message: token ? "the signature is not followed by '='" : "the definition ends after its signature",
      expected: "'=' and the body",
      ...(token ? { hint: "a line that continues the definition above it must be indented" } : {}),
    };
  },

  function noSignature({ token, index, tokens }) {
    if (index !== 1) return null;
    const name = tokens[0]?.value ?? "";
    return {
      code: "missing-signature",
      message: `${quote(name)} at the beginning of a line begins a definition, but no '(' follows`,
      expected: `the inputs, as in '${name.length > 30 ? "f" : name}(x) = …'`,
      hint:
        token?.value === "="
          ? "an activation has at least one input"
          : "a line that continues the definition above it must be indented",
    };
  },

  function missingBody(place) {
    const { previous, token, tokens, open, index } = place;
    if (previous?.value !== "=" || !isEnd(token) || open.length > 0) return null;
    const owner = tokens.slice(0, index).findLast(isClause);
    return {
      code: "missing-body",
      span: spanOf(previous),
      message: owner ? `the '${owner.value}' has no value` : "the definition has no body",
      expected: "an expression",
      ...(owner || token ? {} : { hint: "lines that continue a definition must be indented" }),
    };
  },

  function semicolonInCall(place) {
    if (place.token?.value !== ";" || place.open.length === 0) return null;
    if (inSignature(place) && place.open.length === 1) return null;
    return {
      code: "semicolon-in-call",
      message: "arguments are separated by ','",
      hint: "in a call, parameters follow by name: 'softplus(x, beta = 2)'",
    };
  },

  function missingArgument(place) {
    const { token, previous } = place;
    if (token?.value !== "," && token?.value !== ")") return null;
    if (previous?.value !== "," && previous?.value !== "(" && previous?.value !== ";") return null;
    if (previous.value === "(" && token.value === ")") return null;
    const listed = inSignature(place) && place.open.length === 1 ? "an input or parameter" : "an argument";
    return {
      code: "missing-argument",
      message: `${listed} is missing ${token.value === "," ? "before" : "after"} the ','`,
      hint: "remove the ',', or write what is missing",
    };
  },

  function indexing({ previous, expected }) {
    if (previous?.value !== "]" || !expected.has("(")) return null;
    return {
      code: "missing-operand",
      span: spanOf(previous),
      message: "brackets name the axis of a reduction, whose operand must follow",
      expected: "'(' and an expression, as in 'sum[d](x)'",
      hint: "the elements of a tensor cannot be picked one by one",
    };
  },

  function incompleteRandom({ expected, token }) {
    if (!expected.has("train") && !expected.has("eval")) return null;
    if (expected.has("*")) return null;
    return {
      code: "incomplete-random",
      message: token ? `unexpected ${quote(token.value)}` : "the 'random' ends too early",
      expected: expected.has("train") ? "'train' and a distribution" : "'eval' and the value in evaluation",
      hint: "write it as in 'random a = train uniform(0, 1) eval 0.5'",
    };
  },

  function unaryPlus(place) {
    if (place.token?.value !== "+" || !wantsOperand(place)) return null;
    return { code: "unary-plus", message: "'+' stands between two operands", hint: "remove it: numbers need no '+'" };
  },

  function notAsOperand(place) {
    if (place.token?.value !== "not" || !wantsOperand(place)) return null;
    return {
      code: "syntax",
      message: "'not' binds less tightly than the operator before it",
      hint: "put it in parentheses with what it negates: '(not x > 0)'",
    };
  },
];

function unexpected(place: Place): Finding {
  const { token, span } = place;
  const words = expectedWords(place);
  return {
    code: "syntax",
    span,
    message: token ? `unexpected ${quote(token.value)}` : "the definition ends too early",
    ...(words.length > 0 ? { expected: alternatives(words) } : {}),
    ...(inSignature(place) && place.expected.has(";") ? { hint: signatureHint } : {}),
  };
}

const signatureHint = "inputs are names; a line that continues the definition above it must be indented";

const operators = ["+", "-", "*", "/", "^", "relation", "and", "or"];

/** The expected tokens as people would list them. */
function expectedWords(place: Place): string[] {
  const rest = new Set(place.expected);
  const words: string[] = [];
  const take = (word: string, ...members: string[]): void => {
    words.push(word);
    for (const member of members) rest.delete(member);
  };
  if (wantsOperand(place)) take("an expression", "number", "name", "constant", "(", "-", "not");
  else if (rest.has("*")) take("an operator", ...operators, "(", "[");
  if (rest.has("learn")) take("a parameter", "learn", "axis", "name");
  if (rest.has("name")) take("a name", "name");
  if (rest.has("number")) take("an integer", "number", "-");
  const clauses = [...rest].filter((word) => word.startsWith("clause_"));
  if (clauses.length > 0) take("a clause", ...clauses);
  words.push(...[...rest].map((word) => `'${word}'`));
  if (place.complete) words.push("the end of the definition");
  return words;
}
