/**
 * Sums of exponentials that are carried along with the search for the largest exponent: threads have such a sum relative to the
 * largest that they met, and these are put together once the largest of all is known.
 */
import { isConstant } from "../../algebra/forms.js";
import type { Variable } from "../../ir/expr.js";
import type { CarriedSum } from "../walks.js";
import { indented, type RowScene } from "./wgsl-row-scene.js";

/** Arithmetic of the file's numbers. */
function arithmeticOf(scene: RowScene): Readonly<Record<"add" | "multiply" | "smaller" | "larger", Binary>> {
  const binary =
    (name: string): Binary =>
    (a, b) =>
      `${scene.context.library(`${scene.numbers.type}_${name}`)}(${a}, ${b})`;
  return { add: binary("add"), multiply: binary("multiply"), smaller: binary("smaller"), larger: binary("larger") };
}

type Binary = (a: string, b: string) => string;

const oneOf = ({ pair, numbers }: RowScene): string => `${pair}(${numbers.one})`;

/** What a sum is before its first element; where the largest one is left out, there is none to be left out yet. */
export const startOf = ({ numbers }: RowScene, { beside }: CarriedSum): string =>
  beside ? `-${numbers.one}` : numbers.start.sum;

const byMaximum = (carried: readonly CarriedSum[]): (readonly [Variable, readonly CarriedSum[]])[] =>
  [...new Set(carried.map(({ maximum }) => maximum))].map((each) => [
    each,
    carried.filter(({ maximum }) => maximum === each),
  ]);

/** Adds an element. Stands before the largest exponent is looked at. */
export function elementAdded(
  scene: RowScene,
  carried: readonly CarriedSum[],
  names: {
    readonly sum: (sum: CarriedSum) => string;
    readonly rest: (sum: CarriedSum) => string;
    readonly largest: (maximum: Variable) => string;
    readonly exponent: (maximum: Variable) => string;
  },
): string[] {
  const { add, multiply, smaller, larger } = arithmeticOf(scene);
  return byMaximum(carried).flatMap(([maximum, sums], m) => {
    const [largest, exponent, scale] = [names.largest(maximum), names.exponent(maximum), `scale${m}`];
    const each = (whole: (sum: string, rest: CarriedSum) => string, beside: (sum: string) => string): string[] =>
      indented(
        sums.map((sum) => {
          const own = names.sum(sum);
          return `${own} = ${sum.beside ? beside(own) : whole(own, sum)};`;
        }),
      );
    return [
      // One of the two is 1: that of the larger exponent.
      `let ${scale} = ${scene.scale(smaller(largest, exponent), larger(largest, exponent))};`,
      `if (${scene.numbers.isBeyond(">", exponent, largest, scene.context.library)}) {`,
      ...each(
        (own, sum) => add(multiply(own, scale), isConstant(sum.rest, 1) ? oneOf(scene) : names.rest(sum)),
        (own) => multiply(add(own, oneOf(scene)), scale),
      ),
      "} else {",
      ...each(
        (own, sum) => add(own, isConstant(sum.rest, 1) ? scale : multiply(names.rest(sum), scale)),
        (own) => add(own, scale),
      ),
      "}",
    ];
  });
}

/** Makes a part's sums relative to the largest exponent of all parts. */
export function relativeTo(
  scene: RowScene,
  carried: readonly CarriedSum[],
  names: {
    readonly sum: (sum: CarriedSum) => string;
    readonly own: (maximum: Variable) => string;
    readonly largest: (maximum: Variable) => string;
    /** Whether the largest element of all is that of this part. */
    readonly isOwn: (place: Variable) => string;
  },
): string[] {
  const { add, multiply } = arithmeticOf(scene);
  return byMaximum(carried).flatMap(([maximum, sums], m) => [
    `let less${m} = ${scene.scale(names.own(maximum), names.largest(maximum))};`,
    ...sums.flatMap((sum) => {
      const own = names.sum(sum);
      if (!sum.beside) return [`${own} = ${multiply(own, `less${m}`)};`];
      // The largest element of another part is one of the others.
      const joined = `${own} = ${multiply(add(own, oneOf(scene)), `less${m}`)};`;
      return [`if (!(${names.isOwn(sum.beside)})) {`, `  ${joined}`, "}"];
    }),
  ]);
}
