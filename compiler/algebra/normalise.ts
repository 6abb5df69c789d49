/**
 * The one normal form of expressions: flat sums and products with like terms collected, constants folded, selections
 * pulled outwards where a branch becomes a constant, and numerically stable primitives recognised by the rewrite
 * rules. Everything is an equality over the reals; how a tie is decided is never changed.
 */
import {
  apply,
  axisLength,
  constant,
  type CustomGradient,
  type Expr,
  GraphTable,
  isApplication,
  reachable,
  Space,
  variablesOf,
  variesAlongAxis,
} from "../ir/expr.js";
import { Memo } from "../ir/memo.js";
import * as R from "../ir/rational.js";
import { primitive as primitiveRow, type PrimitiveName } from "../primitives/table.js";
import {
  addTerm,
  isConstant,
  isSum,
  multiplyPower,
  one,
  type Product,
  productOf,
  rawProduct,
  rawSum,
  termsOf,
  type Terms,
  zero,
} from "./forms.js";
import { type Builder, match, matchFactors, matchTerms } from "./pattern.js";
import { compiledRules, type CompiledRule, type RuleHead } from "./compiled-rules.js";
import { instantiate } from "../primitives/formula.js";
import { even, exactValue, odd } from "./exact-values.js";
import { signOf } from "./sign.js";
import { negateCondition, simplifyComparison, simplifyLogic, simplifyWhere } from "./selection.js";

const sumLike: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["add", "subtract", "negate"]);
const productLike: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["multiply", "divide"]);

const normalForms = new Memo<Expr>();

/** The normal form of an expression. */
export function normalise(root: Expr): Expr {
  let known = normalForms.get(root);
  if (!known) {
    known = normalFormOf(root);
    normalForms.set(root, known);
  }
  return known;
}

function normalFormOf(root: Expr): Expr {
  const nodes = reachable([root]);
  const interior = interiorNodes(root, nodes);
  const done = new Map<Expr, Expr>();
  const resultOf = (node: Expr): Expr => done.get(node) ?? node;
  for (const node of nodes) {
    if (node.kind !== "application" || interior.has(node)) continue;
    if (sumLike.has(node.primitive)) done.set(node, sumOf(gatherTerms(node, interior, resultOf)));
    else if (productLike.has(node.primitive)) done.set(node, productFrom(gatherFactors(node, interior, resultOf)));
    else done.set(node, make(node.primitive, node.operands.map(resultOf), node.rule));
  }
  return resultOf(root);
}

/** Sums inside of one sum, products inside of one product: they are flattened with the outermost one, in one go. */
function interiorNodes(root: Expr, nodes: readonly Expr[]): Set<Expr> {
  const interior = new Set<Expr>();
  const families = [sumLike, productLike];
  const parents = new Map<Expr, Set<PrimitiveName>>();
  for (const node of nodes) {
    if (node.kind !== "application") continue;
    for (const operand of node.operands) {
      const names = parents.get(operand) ?? new Set();
      parents.set(operand, names.add(node.primitive));
    }
  }
  for (const [node, names] of parents) {
    if (node === root || node.kind !== "application") continue;
    for (const family of families) {
      if (family.has(node.primitive) && [...names].every((name) => family.has(name))) interior.add(node);
    }
  }
  return interior;
}

function gatherTerms(root: Expr, interior: ReadonlySet<Expr>, resultOf: (node: Expr) => Expr): Terms {
  const terms: Terms = new Map();
  const stack: [Expr, boolean][] = [[root, false]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, negative] = next;
    if (node.kind === "application" && (node === root || (interior.has(node) && sumLike.has(node.primitive)))) {
      const [a, b] = node.operands;
      if (b) stack.push([b, node.primitive === "subtract" ? !negative : negative]);
      if (a) stack.push([a, node.primitive === "negate" ? !negative : negative]);
      continue;
    }
    for (const [base, coefficient] of termsOf(resultOf(node)))
      addTerm(terms, base, negative ? R.negate(coefficient) : coefficient);
  }
  return terms;
}

function gatherFactors(root: Expr, interior: ReadonlySet<Expr>, resultOf: (node: Expr) => Expr): Product {
  const product: Product = { coefficient: R.one, powers: new Map() };
  const stack: [Expr, number][] = [[root, 1]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, exponent] = next;
    if (node.kind === "application" && (node === root || (interior.has(node) && productLike.has(node.primitive)))) {
      const [a, b] = node.operands;
      if (b) stack.push([b, node.primitive === "divide" ? -exponent : exponent]);
      if (a) stack.push([a, exponent]);
      continue;
    }
    const result = resultOf(node);
    if (isConstant(result, 0) && exponent < 0) {
      // A division by zero stays as it is written.
      multiplyPower(product, result, exponent);
      continue;
    }
    const inner = productOf(result);
    product.coefficient = R.multiply(product.coefficient, R.power(inner.coefficient, exponent));
    for (const [factor, power] of inner.powers) multiplyPower(product, factor, power * exponent);
  }
  return product;
}

const builder: Builder = { product: productFrom, sum: sumOf };

const made = new GraphTable();

/** An application in normal form, from operands in normal form. */
export function make(primitive: PrimitiveName, operands: readonly Expr[], rule: CustomGradient | null = null): Expr {
  if (rule) return makeAnew(primitive, operands, rule);
  const key = operands.reduce((text, { id }) => `${text} ${id}`, primitive as string);
  return made.remembered(key, () => makeAnew(primitive, operands, null));
}

function makeAnew(primitive: PrimitiveName, operands: readonly Expr[], rule: CustomGradient | null): Expr {
  const [a, b, c] = operands;
  switch (primitive) {
    case "add":
    case "subtract": {
      const terms = termsOf(a!);
      for (const [base, coefficient] of termsOf(b!))
        addTerm(terms, base, primitive === "add" ? coefficient : R.negate(coefficient));
      return sumOf(terms);
    }
    case "negate":
      return scale(a!, R.rational(-1));
    case "multiply":
    case "divide": {
      if (primitive === "divide" && isConstant(b!, 0)) return apply("divide", operands);
      const product = productOf(a!);
      const other = productOf(b!);
      const sign = primitive === "multiply" ? 1 : -1;
      product.coefficient = R.multiply(product.coefficient, R.power(other.coefficient, sign));
      for (const [factor, exponent] of other.powers) multiplyPower(product, factor, sign * exponent);
      return productFrom(product);
    }
    case "pow":
      return powerOf(a!, b!);
    case "where":
      return simplifyWhere(a!, b!, c!);
    case "less":
    case "lessOrEqual":
    case "greater":
    case "greaterOrEqual":
    case "equal":
    case "notEqual":
      return simplifyComparison(primitive, a!, b!);
    case "and":
    case "or":
      return simplifyLogic(primitive, a!, b!);
    case "not":
      return negateCondition(a!);
    case "sum":
      return sumOverAxis(a!);
    case "maximum":
    case "minimum":
      return variesAlongAxis(a!) ? apply(primitive, operands) : a!;
    case "custom":
    case "stop_gradient":
    case "pi":
    case "infinity":
      return apply(primitive, operands, rule);
    default:
      return functionOf(primitive, operands);
  }
}

/** sum[d](r * a) = r * sum[d](a), where r does not vary along the axis; of r alone, r times the axis' length. */
function sumOverAxis(operand: Expr): Expr {
  const { coefficient, powers } = productOf(operand);
  const fixed: Product = { coefficient, powers: new Map() };
  const varying: Product = { coefficient: R.one, powers: new Map() };
  for (const [factor, exponent] of powers) (variesAlongAxis(factor) ? varying : fixed).powers.set(factor, exponent);
  if (varying.powers.size === 0) return make("multiply", [operand, axisLength()]);
  multiplyPower(fixed, apply("sum", [productFrom(varying)]), 1);
  return productFrom(fixed);
}

function scale(node: Expr, factor: R.Rational): Expr {
  const product = productOf(node);
  return productFrom({ coefficient: R.multiply(product.coefficient, factor), powers: product.powers });
}

function powerOf(base: Expr, exponent: Expr): Expr {
  if (exponent.kind !== "constant") return selectOutwards("pow", [base, exponent]) ?? apply("pow", [base, exponent]);
  const { value } = exponent;
  if (R.isZero(value)) return one();
  if (R.isOne(value)) return base;
  if (R.equal(value, R.rational(1, 2))) return make("sqrt", [base]);
  if (R.equal(value, R.rational(-1, 2))) return make("divide", [one(), make("sqrt", [base])]);
  if (!R.isInteger(value) || Math.abs(Number(value.numerator)) > 64) {
    return selectOutwards("pow", [base, exponent]) ?? apply("pow", [base, exponent]);
  }
  const n = Number(value.numerator);
  if (isConstant(base, 0)) return n > 0 ? base : apply("pow", [base, exponent]);
  const product = productOf(base);
  const powers = new Map([...product.powers].map(([factor, e]) => [factor, e * n] as const));
  return productFrom({ coefficient: R.power(product.coefficient, n), powers });
}

const productsMade = new GraphTable();

/** A product in normal form. */
export function productFrom(product: Product): Expr {
  const { coefficient, powers } = product;
  if (R.isZero(coefficient)) return zero();
  // In their order: rules try factors as they stand.
  let key = keyOf(coefficient);
  for (const [factor, exponent] of powers) key += exponent === 1 ? ` ${factor.id}` : ` ${factor.id}^${exponent}`;
  return productsMade.remembered(key, () => productAnew(product));
}

const keyOf = (value: R.Rational): string => (R.isOne(value) ? "" : `${value.numerator}/${value.denominator}`);

function productAnew(product: Product): Expr {
  const powers = new Map<Expr, number>();
  let { coefficient } = product;
  for (const [factor, exponent] of product.powers) {
    if ((isApplication(factor, "sqrt") || isApplication(factor, "hypot")) && Math.abs(exponent) >= 2) {
      // sqrt(a)^2 = a, hypot(a, b)^2 = a^2 + b^2
      const whole = Math.trunc(exponent / 2);
      const [a, b] = factor.operands;
      const inner = productOf(b ? make("add", [powerOf(a!, constant(2)), powerOf(b, constant(2))]) : a!);
      coefficient = R.multiply(coefficient, R.power(inner.coefficient, whole));
      for (const [base, power] of inner.powers) multiplyPower({ coefficient, powers }, base, power * whole);
      if (exponent % 2 !== 0) multiplyPower({ coefficient, powers }, factor, exponent % 2);
    } else if (isSum(factor)) {
      // c*a + c*b = c*(a + b)
      const { content, sum } = extractContent(factor);
      coefficient = R.multiply(coefficient, R.power(content, exponent));
      multiplyPower({ coefficient, powers }, sum, exponent);
    } else multiplyPower({ coefficient, powers }, factor, exponent);
  }
  let result: Product = { coefficient, powers };
  result = mergeExponentials(result);
  const rewritten = applyProductRules(result);
  if (rewritten) return rewritten;
  const selected = selectFromProduct(result);
  if (selected) return selected;
  return distributeSign(result) ?? rawProduct(result);
}

/** -(a - b) = b - a, and (a + b) at the scale 1 stands for itself. */
function distributeSign({ coefficient, powers }: Product): Expr | undefined {
  const [only] = powers;
  if (powers.size !== 1 || !only || only[1] !== 1 || !isSum(only[0])) return undefined;
  if (!R.equal(coefficient, R.rational(-1))) return undefined;
  const terms: Terms = new Map();
  for (const [base, value] of termsOf(only[0])) terms.set(base, R.negate(value));
  return rawSum(terms);
}

/** The fraction by which all coefficients of a sum can be divided so that they become ±1. */
function extractContent(sum: Expr): { content: R.Rational; sum: Expr } {
  const terms = termsOf(sum);
  const [first] = terms.values();
  const unchanged = { content: R.one, sum };
  if (!first) return unchanged;
  const content = first.numerator < 0n ? R.negate(first) : first;
  if (R.isOne(content)) return unchanged;
  const negated = R.negate(content);
  for (const coefficient of terms.values()) {
    if (!R.equal(coefficient, content) && !R.equal(coefficient, negated)) return unchanged;
  }
  const divided: Terms = new Map();
  for (const [base, coefficient] of terms) divided.set(base, R.divide(coefficient, content));
  return { content, sum: rawSum(divided) };
}

/** exp(a) * exp(b) = exp(a + b): neither factor overflows where the product does not. */
function mergeExponentials({ coefficient, powers }: Product): Product {
  const exponentials = [...powers].filter(([factor]) => isApplication(factor, "exp"));
  const [first] = exponentials;
  if (!first || (exponentials.length === 1 && first[1] !== -1)) return { coefficient, powers };
  const exponent: Terms = new Map();
  for (const [factor, power] of exponentials) {
    if (factor.kind !== "application") continue;
    for (const [base, value] of termsOf(factor.operands[0]!))
      addTerm(exponent, base, R.multiply(value, R.rational(power)));
  }
  const merged = make("exp", [sumOf(exponent)]);
  const result: Product = { coefficient, powers: new Map() };
  let placed = false;
  for (const [factor, power] of powers) {
    if (!isApplication(factor, "exp")) multiplyPower(result, factor, power);
    else if (!placed) {
      placed = true;
      const inner = productOf(merged);
      result.coefficient = R.multiply(result.coefficient, inner.coefficient);
      for (const [base, e] of inner.powers) multiplyPower(result, base, e);
    }
  }
  return result;
}

const sumsMade = new GraphTable();

/** A sum in normal form. */
export function sumOf(terms: Terms): Expr {
  let key = "";
  for (const [base, coefficient] of terms) key += ` ${base.id} ${keyOf(coefficient)}`;
  return sumsMade.remembered(key, () => sumAnew(terms));
}

function sumAnew(terms: Terms): Expr {
  if (terms.size === 0) return zero();
  if (terms.size === 1) {
    const [[base, coefficient]] = [...terms] as [[Expr, R.Rational]];
    return scale(base, coefficient);
  }
  return selectFromSum(terms) ?? applySumRules(terms) ?? collectInside(terms) ?? takeOutFactors(terms) ?? rawSum(terms);
}

/**
 * f*a + f*b = f*(a + b), for factors in variables that the sum in brackets does not hold: what another input brings
 * does not meet itself again as inf - inf.
 */
function takeOutFactors(terms: Terms): Expr | undefined {
  const products = [...terms.keys()].map((base) => productOf(base).powers);
  const [first, ...others] = products;
  if (!first || terms.size > 12) return undefined;
  const common = new Map<Expr, number>();
  for (const [factor, exponent] of first) {
    if (exponent > 0) {
      const least = Math.min(exponent, ...others.map((powers) => powers.get(factor) ?? 0));
      if (least > 0) common.set(factor, least);
    } else {
      const least = Math.max(exponent, ...others.map((powers) => powers.get(factor) ?? 0));
      if (least < 0) common.set(factor, least);
    }
  }
  for (const [factor, taken] of [...common]) {
    const own = variablesOf(factor);
    const elsewhere = products.some((powers) =>
      [...powers].some(([other, exponent]) =>
        other === factor ? exponent !== taken : [...variablesOf(other)].some((name) => own.has(name)),
      ),
    );
    if (own.size === 0 || elsewhere) common.delete(factor);
  }
  if (common.size === 0) return undefined;
  const inner: Terms = new Map();
  for (const [base, coefficient] of terms) {
    const product = productOf(base);
    for (const [factor, exponent] of common) multiplyPower(product, factor, -exponent);
    for (const [rest, value] of termsOf(rawProduct(product))) addTerm(inner, rest, R.multiply(value, coefficient));
  }
  const product: Product = { coefficient: R.one, powers: common };
  const sum = productOf(sumOf(inner));
  product.coefficient = sum.coefficient;
  for (const [factor, exponent] of sum.powers) multiplyPower(product, factor, exponent);
  return productFrom(product);
}

/** c*(a + b) + d*a becomes one flat sum where that leaves fewer terms. */
function collectInside(terms: Terms): Expr | undefined {
  if (terms.size > 12) return undefined;
  const flat: Terms = new Map();
  let before = 0;
  let opened = false;
  for (const [base, coefficient] of terms) {
    const expanded = expandedTerms(base);
    before += expanded?.size ?? 1;
    if (!expanded) {
      addTerm(flat, base, coefficient);
      continue;
    }
    opened = true;
    for (const [inner, value] of expanded) addTerm(flat, inner, R.multiply(value, coefficient));
  }
  return opened && flat.size < before ? sumOf(flat) : undefined;
}

/** The terms of p*(a + b), multiplied out. */
function expandedTerms(base: Expr): Terms | undefined {
  const product = productOf(base);
  const sums = [...product.powers].filter(([factor, exponent]) => exponent === 1 && isSum(factor));
  const [only] = sums;
  if (sums.length !== 1 || !only) return undefined;
  const outer: Product = { coefficient: product.coefficient, powers: new Map(product.powers) };
  outer.powers.delete(only[0]);
  const expanded: Terms = new Map();
  for (const [inner, value] of termsOf(only[0])) {
    const term = productOf(inner);
    const all: Product = {
      coefficient: R.multiply(R.multiply(term.coefficient, outer.coefficient), value),
      powers: new Map(outer.powers),
    };
    for (const [factor, exponent] of term.powers) multiplyPower(all, factor, exponent);
    for (const [innerBase, coefficient] of termsOf(rawProduct(all))) addTerm(expanded, innerBase, coefficient);
  }
  return expanded;
}

function applySumRules(terms: Terms): Expr | undefined {
  if (terms.size < 2 || terms.size > 40) return undefined;
  const heads = headsIn([...terms.keys()].flatMap((base) => [base, ...productOf(base).powers.keys()]));
  for (const compiled of rulesFor("sum")) {
    if (compiled.pattern.kind !== "sum" || !compiled.heads.every((head) => heads.has(head))) continue;
    for (const { bindings, rest, scale: factor } of matchTerms(compiled.pattern.terms, terms, new Map(), builder)) {
      if (!holds(compiled, bindings)) continue;
      const replacement = make("multiply", [factor, compiled.replace(bindings, make)]);
      for (const [base, coefficient] of termsOf(replacement)) addTerm(rest, base, coefficient);
      return sumOf(rest);
    }
  }
  return undefined;
}

function applyProductRules(product: Product): Expr | undefined {
  const heads = headsIn(product.powers.keys());
  for (const compiled of rulesFor("product")) {
    if (compiled.pattern.kind !== "product" || !compiled.heads.every((head) => heads.has(head))) continue;
    for (const { bindings, rest } of matchFactors(compiled.pattern, product, new Map(), builder)) {
      if (!holds(compiled, bindings)) continue;
      const replacement = productOf(compiled.replace(bindings, make));
      rest.coefficient = R.multiply(rest.coefficient, replacement.coefficient);
      for (const [factor, exponent] of replacement.powers) multiplyPower(rest, factor, exponent);
      return productFrom(rest);
    }
  }
  return undefined;
}

/** The functions among some nodes, and `null` if a sum is among them: a quick look at which rules have a chance. */
function headsIn(nodes: Iterable<Expr>): Set<PrimitiveName | null> {
  const heads = new Set<PrimitiveName | null>();
  for (const node of nodes) if (node.kind === "application") heads.add(isSum(node) ? null : node.primitive);
  return heads;
}

const rulesFor = (head: RuleHead): readonly CompiledRule[] => compiledRules().get(head) ?? [];

function holds(rule: CompiledRule, bindings: ReadonlyMap<string, Expr>): boolean {
  for (const [text, requirement] of Object.entries(rule.requires)) {
    const bound = bindings.get(text) ?? instantiate(text, bindings, make);
    if (requirement === "uniform") {
      if (bound.space & Space.element) return false;
      continue;
    }
    if (requirement === "recognised") {
      if (isSum(bound)) return false;
      continue;
    }
    const sign = signOf(bound);
    if (!sign.nonnegative || (requirement === "positive" && !sign.nonzero)) return false;
  }
  return true;
}

function functionOf(primitive: PrimitiveName, operands: readonly Expr[]): Expr {
  const [a] = operands;
  if (a?.kind === "constant" && operands.length === 1) {
    const exact = exactValue(primitive, a.value);
    if (exact) return constant(exact);
  }
  if (a && (odd.has(primitive) || even.has(primitive)) && leadsNegative(a)) {
    const positive = make(primitive, [scale(a, R.rational(-1))]);
    return odd.has(primitive) ? scale(positive, R.rational(-1)) : positive;
  }
  const selected = selectOutwards(primitive, operands);
  if (selected) return selected;
  const node = apply(primitive, operands);
  for (const compiled of rulesFor(primitive)) {
    for (const bindings of match(compiled.pattern, node, new Map(), builder)) {
      if (holds(compiled, bindings)) return compiled.replace(bindings, make);
    }
  }
  return node;
}

function leadsNegative(node: Expr): boolean {
  if (isSum(node)) return [...termsOf(node).values()].every((coefficient) => coefficient.numerator < 0n);
  return productOf(node).coefficient.numerator < 0n;
}

/** f(where(c, a, b)) = where(c, f(a), f(b)), done where a branch is a constant, or its logarithm is. */
function selectOutwards(primitive: PrimitiveName, operands: readonly Expr[]): Expr | undefined {
  if (primitiveRow(primitive).reduces) return undefined;
  const becomesConstant = (choice: Expr): boolean =>
    hasConstantBranch(choice) || (primitive === "log" && hasBranch(choice, isExpOfConstant));
  const index = operands.findIndex((operand) => isApplication(operand, "where") && becomesConstant(operand));
  const choice = operands[index];
  if (!choice || choice.kind !== "application") return undefined;
  const inBranch = (branch: Expr): Expr =>
    make(
      primitive,
      operands.map((operand, i) => (i === index ? branch : operand)),
    );
  const [condition, a, b] = choice.operands;
  return make("where", [condition!, inBranch(a!), inBranch(b!)]);
}

const hasBranch = (choice: Expr, isIt: (branch: Expr) => boolean): boolean =>
  choice.kind === "application" && choice.operands.slice(1).some(isIt);

const hasConstantBranch = (choice: Expr): boolean => hasBranch(choice, ({ kind }) => kind === "constant");

const isExpOfConstant = (branch: Expr): boolean =>
  isApplication(branch, "exp") && branch.operands[0]?.kind === "constant";

const hasZeroBranch = (choice: Expr): boolean => hasBranch(choice, (branch) => isConstant(branch, 0));

/**
 * Whether factors may be dropped where they meet a 0: a NaN in one of their variables must not get lost, so the
 * condition has to meet those variables as well. What is multiplied by a cotangent is a derivative, free at NaN.
 */
function mayVanish(factors: readonly Expr[], condition: Expr): boolean {
  if (factors.some((factor) => factor.kind === "variable" && factor.role === "cotangent")) return true;
  const met = variablesOf(condition);
  return factors.every((factor) => [...variablesOf(factor)].every((name) => met.has(name)));
}

/** p * where(c, 0, b) = where(c, 0, p * b): a selection absorbs the product where a branch is a constant. */
function selectFromProduct(product: Product): Expr | undefined {
  const choices = [...product.powers].filter(([factor, exponent]) => exponent > 0 && isApplication(factor, "where"));
  const first = choices.find(([factor]) => hasConstantBranch(factor)) ?? choices[0];
  if (!first || first[0].kind !== "application") return undefined;
  const [condition] = first[0].operands;
  const alike = choices.filter(([factor]) => factor.kind === "application" && factor.operands[0] === condition);
  const onlyScaled = product.powers.size === 1 && !R.isOne(product.coefficient);
  if (!hasConstantBranch(first[0]) && alike.length < 2 && !onlyScaled) return undefined;
  const rest = [...product.powers.keys()].filter((factor) => !alike.some(([other]) => other === factor));
  if (alike.some(([factor]) => hasZeroBranch(factor)) && !mayVanish(rest, condition!)) return undefined;
  const branch = (which: 1 | 2): Expr => {
    let result = productFrom({
      coefficient: product.coefficient,
      powers: new Map([...product.powers].filter(([factor]) => !alike.some(([other]) => other === factor))),
    });
    for (const [factor, exponent] of alike) {
      if (factor.kind === "application")
        result = make("multiply", [result, powerOf(factor.operands[which]!, constant(exponent))]);
    }
    return result;
  };
  return make("where", [condition!, branch(1), branch(2)]);
}

/** where(c, a, b) + where(c, p, q) = where(c, a + p, b + q) */
function selectFromSum(terms: Terms): Expr | undefined {
  const byCondition = new Map<Expr, [Expr, R.Rational][]>();
  for (const [base, coefficient] of terms) {
    if (!isApplication(base, "where")) continue;
    const list = byCondition.get(base.operands[0]!) ?? [];
    byCondition.set(base.operands[0]!, [...list, [base, coefficient]]);
  }
  for (const [condition, alike] of byCondition) {
    if (alike.length < 2) continue;
    const branch = (which: 1 | 2): Expr => {
      const sum: Terms = new Map();
      for (const [base, coefficient] of alike) {
        if (base.kind !== "application") continue;
        for (const [inner, value] of termsOf(base.operands[which]!))
          addTerm(sum, inner, R.multiply(value, coefficient));
      }
      return sumOf(sum);
    };
    const rest = new Map(terms);
    for (const [base] of alike) rest.delete(base);
    addTerm(rest, make("where", [condition, branch(1), branch(2)]), R.one);
    return sumOf(rest);
  }
  return undefined;
}
