/** Gradients of learned parameters, which are sums over rows. */
import { Space, type Variable } from "../../ir/expr.js";
import { learnedLength } from "../spaces.js";

/** How a sum begins, what is added to, and what is done with it in the end. */
export interface LearnedSum {
  readonly before: string;
  readonly each: string;
  readonly after: string;
}

export const isChannel = ({ space }: Variable): boolean => (space & Space.channel) !== 0;

/** Null where a gradient is no sum. */
export function learnedSum(of: Variable | null, array: string, claim: (name: string) => string): LearnedSum | null {
  if (of?.role !== "learned") return null;
  if (of.space === Space.uniform) {
    const sum = claim(`${array}Sum`);
    return { before: `let ${sum} = 0;`, each: sum, after: `${array}[0] = ${sum};` };
  }
  const sums = claim(`${array}Sums`);
  return {
    before: `const ${sums} = new Float64Array(${learnedLength(of)});`,
    each: `${sums}[${isChannel(of) ? "c" : "k"}]!`,
    after: `${array}.set(${sums});`,
  };
}
