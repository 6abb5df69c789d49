/** Sums of exponentials that are carried along with the search for the largest exponent (`walks.ts`), in float64. */
import { isConstant } from "../../algebra/forms.js";
import { apply, type Expr, Space, variable, type Variable } from "../../ir/expr.js";
import type { CarriedSum, Walk } from "../walks.js";

/**
 * Sums of exponentials that are carried along are relative to a shift: the largest exponent so far, or one less than this below it.
 * So they are scaled a few times in a row, whatever its order, and the rounding of that does not grow with its length.
 */
const mostAbove = 8;

/** Exponentials relative to the shift, for the sums that go with one maximum. */
export interface Growth {
  readonly shift: Variable;
  /** What is added to each sum. */
  readonly terms: ReadonlyMap<Variable, Expr>;
  /** That of the largest exponent so far. */
  readonly former: Expr;
  /** By what sums become smaller when the shift becomes the exponent. */
  readonly smaller: Expr;
  /** The same where it becomes the largest of the row, in the end. */
  readonly settled: Expr;
}

export function growthsIn({ values, carried }: Walk, lowered: (expr: Expr) => Expr): [Variable, Growth][] {
  return values.flatMap(({ name: maximum, operand: z }) => {
    const sums = carried.filter((sum) => sum.maximum === maximum);
    if (sums.length === 0) return [];
    const shift = variable(`shift of ${maximum.name}`, "formal", Space.row);
    const exponential = (a: Expr, b: Expr): Expr => apply("exp", [apply("excess", [a, b])]);
    const term = ({ rest }: CarriedSum): Expr =>
      isConstant(rest, 1) ? exponential(z, shift) : apply("multiply", [rest, exponential(z, shift)]);
    const growth: Growth = {
      shift,
      terms: new Map(sums.map((sum) => [sum.name, lowered(term(sum))])),
      former: lowered(exponential(maximum, shift)),
      smaller: lowered(apply("exp", [apply("subtract", [shift, z])])),
      settled: lowered(exponential(shift, maximum)),
    };
    return [[maximum, growth]];
  });
}

export interface CarriedText {
  readonly name: string;
  /** What an element adds to a sum without the largest one, unless it becomes the largest. */
  readonly besideTerm: Expr | null;
}

/** How the kernel writes expressions, and a name that is free in it. */
export interface CarriedPrinter {
  readonly text: (expr: Expr) => string;
  readonly claim: (name: string) => string;
}

/** The search for the largest exponent at an element, and what a larger one does to the sums. */
export function grown(
  { shift, former, smaller }: Growth,
  names: {
    readonly largest: string;
    readonly exponent: string;
    /** Notes where the largest is. */
    readonly places: readonly string[];
    readonly sums: readonly CarriedText[];
    readonly print: CarriedPrinter;
  },
): string[] {
  const { largest, exponent, places, sums, print } = names;
  const beside = sums.flatMap(({ name, besideTerm }) => (besideTerm ? [{ name, term: print.text(besideTerm) }] : []));
  return [
    `if (${exponent} > ${largest}) {`,
    ...places,
    // What was the largest element is one of the others now.
    ...beside.map(({ name }) => `${name} += ${print.text(former)};`),
    `if (${exponent} > ${print.text(shift)} + ${mostAbove}) {`,
    ...scaled(sums, smaller, print),
    `${print.text(shift)} = ${exponent};`,
    "}",
    `${largest} = ${exponent};`,
    ...(beside.length > 0 ? ["} else {"] : []),
    ...beside.map(({ name, term }) => `${name} += ${term};`),
    "}",
  ];
}

export function scaled(sums: readonly CarriedText[], by: Expr, { text, claim }: CarriedPrinter): string[] {
  const [first, ...others] = sums;
  if (first && others.length === 0) return [`${first.name} *= ${text(by)};`];
  const scale = claim("scale");
  return [`const ${scale} = ${text(by)};`, ...sums.map(({ name }) => `${name} *= ${scale};`)];
}
