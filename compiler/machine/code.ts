/**
 * Code in a language with C's statements, laid out as prettier does it: what the printers of the targets make of the
 * machine's tree. Parentheses are set here, and where prettier likes them although precedence does not need them.
 */
import {
  align,
  blankLine,
  type Doc,
  group,
  hardLine,
  ifBroken,
  indent,
  isGroup,
  join,
  layOut,
  line,
  type Mark,
  softLine,
} from "./layout.js";

export type Code =
  /** A name, a literal. */
  | { readonly kind: "atom"; readonly text: string }
  | { readonly kind: "unary"; readonly operator: string; readonly operand: Code }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Code;
      readonly right: Code;
      /** Whether a strict style sets it in parentheses as an operand, needed or not. */
      readonly grouped: boolean;
    }
  | { readonly kind: "conditional"; readonly condition: Code; readonly yes: Code; readonly no: Code }
  | { readonly kind: "call"; readonly callee: string; readonly operands: readonly Code[] }
  | { readonly kind: "member"; readonly operand: Code; readonly name: string }
  | { readonly kind: "index"; readonly table: string; readonly index: Code; readonly asserted: boolean }
  | { readonly kind: "object"; readonly fields: readonly { readonly name: string; readonly value: Code }[] }
  /** In brackets, or as operands of a constructor. */
  | { readonly kind: "array"; readonly constructed: string | null; readonly elements: readonly Code[] };

export type CodeStatement =
  | { readonly kind: "declare"; readonly keyword: string; readonly name: string; readonly value: Code }
  | { readonly kind: "assign"; readonly target: string; readonly value: Code }
  | { readonly kind: "store"; readonly array: string; readonly index: Code; readonly value: Code }
  | { readonly kind: "increment"; readonly name: string }
  | { readonly kind: "return"; readonly value: Code }
  | { readonly kind: "break" }
  | { readonly kind: "while"; readonly condition: Code; readonly body: readonly CodeStatement[] }
  | {
      readonly kind: "for";
      readonly start: CodeStatement;
      readonly condition: Code;
      readonly step: CodeStatement;
      readonly body: readonly CodeStatement[];
    }
  | {
      readonly kind: "if";
      readonly condition: Code;
      readonly yes: readonly CodeStatement[];
      readonly no: readonly CodeStatement[];
    }
  | { readonly kind: "comment"; readonly text: string }
  | { readonly kind: "blank" };

/** What the languages differ in. */
export interface Style {
  readonly width: number;
  /** After the last operand on lines of their own. */
  readonly trailingComma: "" | ",";
  /**
   * Whether shifts and comparisons inside of a comparison take parentheses, and where the text groups a sum they stay:
   * else prettier's habits apply.
   */
  readonly strict: boolean;
}

export const atom = (text: string): Code => ({ kind: "atom", text });
export const call = (callee: string, ...operands: readonly Code[]): Code => ({ kind: "call", callee, operands });
export const unary = (operator: string, operand: Code): Code => ({ kind: "unary", operator, operand });
/** Logical operators associate: their chains lean to the left, as prettier has them. */
export const binary = (operator: string, left: Code, right: Code, grouped = false): Code =>
  isLogical(operator) && right.kind === "binary" && right.operator === operator
    ? binary(operator, binary(operator, left, right.left), right.right, grouped)
    : { kind: "binary", operator, left, right, grouped };

const precedence: ReadonlyMap<string, number> = new Map(
  [
    ["||"],
    ["&&"],
    ["|"],
    ["^"],
    ["&"],
    ["==", "!=", "===", "!=="],
    ["<", "<=", ">", ">="],
    ["<<", ">>", ">>>"],
    ["+", "-"],
    ["*", "/", "%"],
  ].flatMap((operators, level) => operators.map((operator): [string, number] => [operator, level])),
);

const precedenceOf = (operator: string): number => precedence.get(operator) ?? -1;
const among =
  (...operators: readonly string[]) =>
  (operator: string): boolean =>
    operators.includes(operator);
const isLogical = among("&&", "||");
const isEquality = among("==", "!=", "===", "!==");
const isComparison = among("==", "!=", "===", "!==", "<", "<=", ">", ">=");
const isMultiplicative = among("*", "/", "%");
const isShift = among("<<", ">>", ">>>");
const isBitwise = among("<<", ">>", ">>>", "&", "|", "^");

/** Whether a op b op c is shown as one chain. */
function flattens(outer: string, inner: string): boolean {
  if (precedenceOf(outer) !== precedenceOf(inner) || isEquality(outer) || isShift(outer)) return false;
  return !(isMultiplicative(outer) && outer !== inner) && outer !== "%";
}

/** A number, and one that is negative or hexadecimal. */
const numeral = /^-?(?:[\d.]+(?:e[+-]?\d+)?|0x[\da-f]+)u?$/;

type Binary = Code & { readonly kind: "binary" };
const typeOf = ({ operator }: Binary): "logical" | "binary" => (isLogical(operator) ? "logical" : "binary");

export function printerOf({ width, trailingComma, strict }: Style) {
  function needsParentheses(inner: Code, outer: string, isRight: boolean): boolean {
    if (inner.kind === "conditional") return true;
    if (inner.kind !== "binary") return false;
    const { operator } = inner;
    const [own, around] = [precedenceOf(operator), precedenceOf(outer)];
    if ((outer === "&" || outer === "|") && operator === outer && !isRight) return false;
    if (strict && inner.grouped && !isLogical(operator)) return true;
    if (strict && isComparison(outer) && (isComparison(operator) || isShift(operator))) return true;
    if (around > own || (around === own && (isRight || !flattens(outer, operator)))) return true;
    if (operator === "%" && (outer === "+" || outer === "-")) return true;
    return isBitwise(outer) || (isLogical(outer) && isLogical(operator) && outer !== operator);
  }

  const parenthesised = (doc: Doc, needed: boolean): Doc => (needed ? ["(", doc, ")"] : doc);

  /** The operands and operators of a chain. */
  function chain(code: Code, parent: Code | null, inParentheses: boolean): Doc[] {
    if (code.kind !== "binary") return [group(expression(code))];
    const { left, right, operator } = code;
    const parts =
      left.kind === "binary" && flattens(operator, left.operator) && !(strict && left.grouped)
        ? chain(left, code, inParentheses)
        : [group(operand(left, operator, false))];
    const doc: Doc = [operator, line, operand(right, operator, true)];
    const isLike = (other: Code | null): boolean => other?.kind === "binary" && typeOf(other) === typeOf(code);
    const together = !(inParentheses && isLogical(operator)) && !isLike(parent) && !isLike(left) && !isLike(right);
    return [...parts, " ", together ? group(doc) : doc];
  }

  function operand(code: Code, outer: string, isRight: boolean): Doc {
    const doc = code.kind === "binary" ? indentedChain(code, outer) : expression(code);
    return parenthesised(doc, needsParentheses(code, outer, isRight));
  }

  /** A chain whose first operand stands where it begins and whose others are indented; an operand of `outer`, if there is one. */
  function indentedChain(code: Binary, outer: string | null): Doc {
    const parts = chain(code, outer === null ? null : { ...code, operator: outer }, false);
    const head = parts.findIndex(isGroup) + 1 || 1;
    return group([...parts.slice(0, head), indent(parts.slice(head))]);
  }

  /** An expression; prettier indents by the place that it stands in. */
  function expression(code: Code, place: "call" | "return" | "other" = "other"): Doc {
    switch (code.kind) {
      case "atom":
        return code.text;
      case "unary": {
        const { operator, operand: inner } = code;
        if (inner.kind === "binary") {
          return [operator, "(", group([indent([softLine, ...chain(inner, null, false)]), softLine]), ")"];
        }
        const nested =
          inner.kind === "conditional" ||
          (inner.kind === "unary" && inner.operator === operator && operator !== "!" && operator !== "~") ||
          (operator === "-" && inner.kind === "atom" && inner.text.startsWith("-"));
        return [operator, parenthesised(expression(inner), nested)];
      }
      case "binary":
        return indentedChain(code, null);
      case "conditional":
        return group(conditional(code, place === "call" || place === "return"));
      case "call":
        return [code.callee, operands(code.operands)];
      case "member": {
        const { operand: inner, name } = code;
        return [parenthesised(expression(inner), inner.kind === "conditional" || inner.kind === "binary"), ".", name];
      }
      case "index":
        return [code.table, "[", indexIn(code.index), "]", code.asserted ? "!" : ""];
      case "object": {
        const fields = code.fields.map(({ name, value }): Doc => {
          if (value.kind === "atom" && value.text === name) return name;
          return bound(`${name}:`, value);
        });
        return group(["{", indent([line, join([",", line], fields)]), ifBroken(trailingComma), line, "}"]);
      }
      case "array":
        return array(code.elements, code.constructed);
    }
  }

  function indexIn(index: Code): Doc {
    if (index.kind === "atom") return index.text;
    return group([indent([softLine, expression(index)]), softLine]);
  }

  /** The parts of a conditional, whose chains are indented or not; one that is an arm is indented as an arm is. */
  function conditional(
    { condition, yes, no }: Code & { readonly kind: "conditional" },
    indentsChains: boolean,
    arm: "yes" | "no" | null = null,
  ): Doc {
    const part = (code: Code, place: "yes" | "no"): Doc => {
      if (code.kind === "binary" && !indentsChains) return group(chain(code, null, false));
      return code.kind === "conditional" ? conditional(code, false, place) : expression(code);
    };
    const test = condition.kind === "conditional" ? ["(", expression(condition), ")"] : part(condition, "yes");
    const yesDoc = align(2, part(yes, "yes"));
    const arms: Doc = [
      line,
      "? ",
      yes.kind === "conditional" ? [ifBroken("", "("), yesDoc, ifBroken("", ")")] : yesDoc,
      line,
      ": ",
      align(2, part(no, "no")),
    ];
    return [arm === "no" ? align(2, test) : test, arm === null ? indent(arms) : arms];
  }

  function operands(codes: readonly Code[]): Doc {
    if (codes.length === 0) return "()";
    const docs = codes.map((code) => expression(code, "call"));
    const listed = (broken: boolean): Doc =>
      group(["(", indent([softLine, join([",", line], docs)]), ifBroken(trailingComma), softLine, ")"], broken);
    const last = codes.at(-1);
    const hugs =
      (last?.kind === "object" && codes.at(-2)?.kind !== "object") ||
      (last?.kind === "array" && codes.at(-2)?.kind !== "array");
    if (!hugs) return listed(false);
    const before = docs.slice(0, -1).flatMap((doc): Doc[] => [doc, ", "]);
    const lastDoc = docs.at(-1) ?? "";
    const opened: Doc = ["(", ...before, brokenGroup(lastDoc), ")"];
    return { kind: "choice", choices: [["(", ...before, lastDoc, ")"], opened, listed(true)] };
  }

  function array(elements: readonly Code[], constructed: string | null): Doc {
    const docs = elements.map((code) => expression(code));
    const isNumber = (code: Code): boolean => code.kind === "atom" && numeral.test(code.text);
    const allNumbers = elements.length > 1 && elements.every((code) => isNumber(code));
    const allObjects =
      elements.length > 1 && elements.every((code) => code.kind === "object" && code.fields.length > 1);
    const content: Doc = allNumbers
      ? { kind: "fill", parts: docs.flatMap((doc, i): Doc[] => (i + 1 < docs.length ? [[doc, ","], line] : [doc])) }
      : join([",", line], docs);
    const [open, close] = constructed === null ? ["[", "]"] : [`${constructed}(`, ")"];
    return group([open, indent([softLine, content, ifBroken(trailingComma)]), softLine, close], allObjects);
  }

  /** `head value`, where head ends with an equals sign or a colon. */
  function bound(head: string, value: Code): Doc {
    if (value.kind === "binary") return group([head, group(indent([line, group(chain(value, null, false))]))]);
    const doc = expression(value);
    if (value.kind === "conditional" && value.condition.kind === "binary") {
      return group([head, group(indent([line, doc]))]);
    }
    if (value.kind === "atom" && /^[-\d].*[^n]$|^\d$/.test(value.text)) return [head, " ", doc];
    if (isPoorlyBreakable(value)) return group([head, group(indent([line, doc]))]);
    const mark: Mark = { broken: false };
    return group([head, group(indent(line), false, mark), { kind: "indentIfBroken", doc, mark }]);
  }

  /** Calls with so little between their parentheses that a break there looks silly. */
  function isPoorlyBreakable(value: Code): boolean {
    if (value.kind !== "call") return false;
    if (value.operands.length === 0) return true;
    const [only, ...others] = value.operands;
    return others.length === 0 && only?.kind === "atom" && only.text.length <= width / 4;
  }

  const inParentheses = (keyword: string, condition: Code): Doc => {
    const doc = condition.kind === "binary" ? chain(condition, null, true) : expression(condition);
    return group([keyword, " (", group([indent([softLine, doc]), softLine]), ")"]);
  };

  /** `if (condition)`, where a conjunction that is negated as a whole shares the parentheses. */
  const braced = (condition: Code): Doc =>
    condition.kind === "unary" && condition.operand.kind === "binary" && isLogical(condition.operand.operator)
      ? ["if (", expression(condition), ")"]
      : inParentheses("if", condition);

  function statement(code: CodeStatement): Doc {
    switch (code.kind) {
      case "declare":
      case "assign":
      case "store":
      case "increment":
        return [simple(code), ";"];
      case "return": {
        const { value } = code;
        if (value.kind !== "binary") return ["return ", expression(value, "return"), ";"];
        const doc = group(chain(value, null, false));
        return ["return ", group([ifBroken("("), indent([softLine, doc]), softLine, ifBroken(")")]), ";"];
      }
      case "break":
        return "break;";
      case "while":
        return [inParentheses("while", code.condition), " ", block(code.body)];
      case "for": {
        const { start, condition, step, body } = code;
        const test = condition.kind === "binary" ? group(chain(condition, null, false)) : expression(condition);
        return [
          group(["for (", indent([softLine, simple(start), ";", line, test, ";", line, simple(step)]), softLine, ")"]),
          " ",
          block(body),
        ];
      }
      case "if": {
        const { condition, yes, no } = code;
        const head: Doc = [inParentheses("if", condition), " ", block(yes)];
        const [only, ...others] = no;
        if (only === undefined) return head;
        return [head, " else ", only.kind === "if" && others.length === 0 ? statement(only) : block(no)];
      }
      case "comment":
        return code.text === "" ? "//" : `// ${code.text}`;
      case "blank":
        return "";
    }
  }

  function simple(code: CodeStatement): Doc {
    if (code.kind === "declare") return bound(`${code.keyword} ${code.name} =`, code.value);
    if (code.kind === "assign") return bound(`${code.target} =`, code.value);
    if (code.kind === "store") {
      return bound(`${code.array}[${layOut(expression(code.index), Infinity)}] =`, code.value);
    }
    if (code.kind === "increment") return `${code.name}++`;
    throw new Error(`${code.kind} is no simple statement`);
  }

  function statements(codes: readonly CodeStatement[]): Doc[] {
    return codes.flatMap((code, i): Doc[] => {
      if (code.kind === "blank") return [];
      const before = i === 0 ? [] : codes[i - 1]?.kind === "blank" ? [blankLine] : [hardLine];
      return [...before, statement(code)];
    });
  }

  function block(codes: readonly CodeStatement[]): Doc {
    return codes.length === 0 ? "{}" : ["{", indent([hardLine, ...statements(codes)]), hardLine, "}"];
  }

  /** `head(parameters)result { body }`. */
  function fn(head: string, parameters: readonly string[], result: string, body: readonly CodeStatement[]): string {
    const list: Doc =
      parameters.length === 0
        ? "()"
        : group(["(", indent([softLine, join([",", line], parameters)]), ifBroken(trailingComma), softLine, ")"]);
    return layOut([group([head, list, result]), " ", block(body)], width);
  }

  return {
    fn,
    /** Statements, a text of so many spaces before each line but the first. */
    statements: (codes: readonly CodeStatement[], margin = 0): string => layOut(statements(codes), width, margin),
    /** `head value;`, where the head ends with an equals sign, or is empty. */
    simple: (head: string, value: Code): string =>
      layOut([head === "" ? expression(value) : bound(head, value), ";"], width),
    /** `if (condition) consequence`, the consequence a statement without a block. */
    conditional: (condition: Code, consequence: string): string =>
      layOut(group([braced(condition), indent([line, consequence])]), width),
    /** `head value;`, where the head ends with an arrow. */
    arrow: (head: string, value: Code): string =>
      layOut(
        [
          head,
          group(indent([line, value.kind === "binary" ? group(chain(value, null, false)) : expression(value)])),
          ";",
        ],
        width,
      ),
    expression: (code: Code): string => layOut(expression(code), Infinity),
  };
}

/** The document with its outermost group broken. */
function brokenGroup(doc: Doc): Doc {
  return typeof doc !== "string" && "kind" in doc && doc.kind === "group" ? { ...doc, broken: true } : doc;
}
