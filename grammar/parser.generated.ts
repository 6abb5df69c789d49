// Do not edit: change definition.ne and run 'node grammar/generate.mjs'.
// Generated automatically by nearley, version 2.20.1
// http://github.com/Hardmath123/nearley
// Bypasses TS6133. Allow declared but unused functions.
// @ts-ignore
function id(d: any[]): any {
  return d[0];
}
declare var name: any;
declare var number: any;
declare var clause_let: any;
declare var clause_grad: any;
declare var clause_random: any;
declare var clause_class: any;
declare var clause_split: any;
declare var relation: any;
declare var constant: any;

import { lexer } from "./lexer.js";
import * as build from "./build.js";

interface NearleyToken {
  value: any;
  [key: string]: any;
}

interface NearleyLexer {
  reset: (chunk: string, info: any) => void;
  next: () => NearleyToken | undefined;
  save: () => any;
  formatError: (token: never) => string;
  has: (tokenType: string) => boolean;
}

interface NearleyRule {
  name: string;
  symbols: NearleySymbol[];
  postprocess?: (d: any[], loc?: number, reject?: {}) => any;
}

type NearleySymbol = string | { literal: any } | { test: (token: any) => boolean };

interface Grammar {
  Lexer: NearleyLexer | undefined;
  ParserRules: NearleyRule[];
  ParserStart: string;
}

const grammar: Grammar = {
  Lexer: lexer,
  ParserRules: [
    {
      name: "definition",
      symbols: [
        lexer.has("name") ? { type: "name" } : name,
        { literal: "(" },
        "inputs",
        "parameters",
        { literal: ")" },
        { literal: "=" },
        "expression",
        "clauses",
      ],
      postprocess: ([name, , inputs, parameters, , , body, clauses]) =>
        build.draft(name, inputs, parameters, body, clauses),
    },
    { name: "inputs", symbols: [], postprocess: () => null },
    { name: "inputs", symbols: ["names"], postprocess: id },
    { name: "names", symbols: ["name"], postprocess: ([name]) => build.append(null, name) },
    {
      name: "names",
      symbols: ["names", { literal: "," }, "name"],
      postprocess: ([names, , name]) => build.append(names, name),
    },
    {
      name: "name",
      symbols: [lexer.has("name") ? { type: "name" } : name],
      postprocess: ([token]) => build.name(token),
    },
    { name: "parameters", symbols: [], postprocess: () => null },
    { name: "parameters", symbols: [{ literal: ";" }, "parameter_list"], postprocess: ([, list]) => list },
    { name: "parameter_list", symbols: ["parameter"], postprocess: ([parameter]) => build.append(null, parameter) },
    {
      name: "parameter_list",
      symbols: ["parameter_list", { literal: "," }, "parameter"],
      postprocess: ([list, , parameter]) => build.append(list, parameter),
    },
    {
      name: "parameter",
      symbols: [lexer.has("name") ? { type: "name" } : name, { literal: "=" }, "expression", "range"],
      postprocess: ([name, , value, range]) => build.hyperparameter(name, value, range),
    },
    {
      name: "parameter",
      symbols: [
        { literal: "learn" },
        lexer.has("name") ? { type: "name" } : name,
        "along",
        { literal: "=" },
        "expression",
        "range",
      ],
      postprocess: ([word, name, along, , value, range]) => build.learned(word, name, along, value, range),
    },
    {
      name: "parameter",
      symbols: [{ literal: "axis" }, lexer.has("name") ? { type: "name" } : name, { literal: "=" }, "integer"],
      postprocess: ([word, name, , value]) => build.axis(word, name, value),
    },
    { name: "along", symbols: [], postprocess: () => null },
    { name: "along", symbols: [{ literal: "[" }, "name", { literal: "]" }], postprocess: ([, name]) => name },
    { name: "range", symbols: [], postprocess: () => null },
    {
      name: "range",
      symbols: [{ literal: "in" }, "opening", "expression", { literal: "," }, "expression", "closing"],
      postprocess: ([word, open, low, , high, close]) => build.range(word, open, low, high, close),
    },
    { name: "opening", symbols: [{ literal: "(" }], postprocess: id },
    { name: "opening", symbols: [{ literal: "[" }], postprocess: id },
    { name: "closing", symbols: [{ literal: ")" }], postprocess: id },
    { name: "closing", symbols: [{ literal: "]" }], postprocess: id },
    {
      name: "integer",
      symbols: [lexer.has("number") ? { type: "number" } : number],
      postprocess: ([digits]) => build.integer(null, digits),
    },
    {
      name: "integer",
      symbols: [{ literal: "-" }, lexer.has("number") ? { type: "number" } : number],
      postprocess: ([sign, digits]) => build.integer(sign, digits),
    },
    { name: "clauses", symbols: [], postprocess: () => null },
    { name: "clauses", symbols: ["clauses", "clause"], postprocess: ([list, clause]) => build.append(list, clause) },
    {
      name: "clause",
      symbols: [
        lexer.has("clause_let") ? { type: "clause_let" } : clause_let,
        lexer.has("name") ? { type: "name" } : name,
        { literal: "=" },
        "expression",
      ],
      postprocess: ([keyword, name, , value]) => build.letOrGrad("let", keyword, name, value),
    },
    {
      name: "clause",
      symbols: [
        lexer.has("clause_grad") ? { type: "clause_grad" } : clause_grad,
        lexer.has("name") ? { type: "name" } : name,
        { literal: "=" },
        "expression",
      ],
      postprocess: ([keyword, name, , value]) => build.letOrGrad("grad", keyword, name, value),
    },
    {
      name: "clause",
      symbols: [
        lexer.has("clause_random") ? { type: "clause_random" } : clause_random,
        lexer.has("name") ? { type: "name" } : name,
        { literal: "=" },
        { literal: "train" },
        lexer.has("name") ? { type: "name" } : name,
        { literal: "(" },
        "expressions",
        { literal: ")" },
        { literal: "eval" },
        "expression",
      ],
      postprocess: ([keyword, name, , , distribution, , list, , , evaluation]) =>
        build.random(keyword, name, distribution, list, evaluation),
    },
    {
      name: "clause",
      symbols: [
        lexer.has("clause_class") ? { type: "clause_class" } : clause_class,
        lexer.has("name") ? { type: "name" } : name,
      ],
      postprocess: ([keyword, name]) => build.className(keyword, name),
    },
    {
      name: "clause",
      symbols: [lexer.has("clause_split") ? { type: "clause_split" } : clause_split, "integer"],
      postprocess: ([keyword, value]) => build.split(keyword, value),
    },
    { name: "expressions", symbols: [], postprocess: () => null },
    { name: "expressions", symbols: ["expression_list"], postprocess: id },
    { name: "expression_list", symbols: ["expression"], postprocess: ([value]) => build.append(null, value) },
    {
      name: "expression_list",
      symbols: ["expression_list", { literal: "," }, "expression"],
      postprocess: ([list, , value]) => build.append(list, value),
    },
    { name: "expression", symbols: ["disjunction"], postprocess: id },
    { name: "disjunction", symbols: ["conjunction"], postprocess: id },
    {
      name: "disjunction",
      symbols: ["disjunction", { literal: "or" }, "conjunction"],
      postprocess: ([left, , right]) => build.logical("or", left, right),
    },
    { name: "conjunction", symbols: ["negation"], postprocess: id },
    {
      name: "conjunction",
      symbols: ["conjunction", { literal: "and" }, "negation"],
      postprocess: ([left, , right]) => build.logical("and", left, right),
    },
    { name: "negation", symbols: ["comparison"], postprocess: id },
    {
      name: "negation",
      symbols: [{ literal: "not" }, "negation"],
      postprocess: ([word, operand]) => build.prefix("not", word, operand),
    },
    { name: "comparison", symbols: ["sum"], postprocess: id },
    { name: "comparison", symbols: ["chain"], postprocess: ([chain]) => build.comparison(chain) },
    {
      name: "chain",
      symbols: ["sum", lexer.has("relation") ? { type: "relation" } : relation, "sum"],
      postprocess: ([left, relation, right]) => build.compare(left, relation.value, right),
    },
    {
      name: "chain",
      symbols: ["chain", lexer.has("relation") ? { type: "relation" } : relation, "sum"],
      postprocess: ([chain, relation, right]) => build.compareFurther(chain, relation.value, right),
    },
    { name: "sum", symbols: ["product"], postprocess: id },
    {
      name: "sum",
      symbols: ["sum", { literal: "+" }, "product"],
      postprocess: ([left, , right]) => build.binary("+", left, right),
    },
    {
      name: "sum",
      symbols: ["sum", { literal: "-" }, "product"],
      postprocess: ([left, , right]) => build.binary("-", left, right),
    },
    { name: "product", symbols: ["signed"], postprocess: id },
    {
      name: "product",
      symbols: ["product", { literal: "*" }, "signed"],
      postprocess: ([left, , right]) => build.binary("*", left, right),
    },
    {
      name: "product",
      symbols: ["product", { literal: "/" }, "signed"],
      postprocess: ([left, , right]) => build.binary("/", left, right),
    },
    { name: "signed", symbols: ["power"], postprocess: id },
    {
      name: "signed",
      symbols: [{ literal: "-" }, "signed"],
      postprocess: ([sign, operand]) => build.prefix("negate", sign, operand),
    },
    { name: "power", symbols: ["atom"], postprocess: id },
    {
      name: "power",
      symbols: ["atom", { literal: "^" }, "signed"],
      postprocess: ([base, , exponent]) => build.binary("^", base, exponent),
    },
    {
      name: "atom",
      symbols: [lexer.has("number") ? { type: "number" } : number],
      postprocess: ([token]) => build.number(token),
    },
    {
      name: "atom",
      symbols: [lexer.has("constant") ? { type: "constant" } : constant],
      postprocess: ([token]) => build.reference(token),
    },
    {
      name: "atom",
      symbols: [lexer.has("name") ? { type: "name" } : name],
      postprocess: ([token]) => build.reference(token),
    },
    {
      name: "atom",
      symbols: [{ literal: "(" }, "expression", { literal: ")" }],
      postprocess: ([open, inner, close]) => build.parenthesised(open, inner, close),
    },
    {
      name: "atom",
      symbols: [lexer.has("name") ? { type: "name" } : name, { literal: "(" }, "arguments", { literal: ")" }],
      postprocess: ([callee, , list, close]) => build.call(callee, null, list, close),
    },
    {
      name: "atom",
      symbols: [
        lexer.has("name") ? { type: "name" } : name,
        { literal: "[" },
        "axis",
        { literal: "]" },
        { literal: "(" },
        "arguments",
        { literal: ")" },
      ],
      postprocess: ([callee, , axis, , , list, close]) => build.call(callee, axis, list, close),
    },
    {
      name: "axis",
      symbols: [lexer.has("name") ? { type: "name" } : name],
      postprocess: ([token]) => build.axisName(token),
    },
    { name: "axis", symbols: ["integer"], postprocess: ([value]) => build.axisNumber(value) },
    { name: "arguments", symbols: [], postprocess: () => null },
    { name: "arguments", symbols: ["argument_list"], postprocess: id },
    { name: "argument_list", symbols: ["argument"], postprocess: ([argument]) => build.append(null, argument) },
    {
      name: "argument_list",
      symbols: ["argument_list", { literal: "," }, "argument"],
      postprocess: ([list, , argument]) => build.append(list, argument),
    },
    { name: "argument", symbols: ["expression"], postprocess: ([value]) => ({ kind: "positional", value }) },
    {
      name: "argument",
      symbols: ["name", { literal: "=" }, "expression"],
      postprocess: ([name, , value]) => ({ kind: "named", name, value }),
    },
  ],
  ParserStart: "definition",
};

export default grammar;
