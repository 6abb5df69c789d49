/** The line of a format's numbers, cut into stretches on which something is the same. */
import type { FloatFormat } from "../intervals/floats.js";

export interface Stretch<C> {
  readonly is: C;
  /** First and last number of the format. */
  readonly from: number;
  readonly to: number;
}

/** How many stretches are looked for between two samples. */
const mostBetween = 4;

/**
 * Between neighbouring samples of different classes the border is found by bisection, down to neighbouring numbers.
 * What begins and ends between two samples of one class is missed.
 * @param samples numbers of the format, ascending
 */
export function stretches<C>(samples: readonly number[], classOf: (x: number) => C, format: FloatFormat): Stretch<C>[] {
  const found: { is: C; from: number; to: number }[] = [];
  const reach = (is: C, x: number): void => {
    const last = found.at(-1);
    if (last?.is === is) last.to = x;
    else found.push({ is, from: x, to: x });
  };
  let left: { readonly x: number; readonly is: C } | undefined;
  for (const x of samples) {
    const own = classOf(x);
    if (left !== undefined && left.is !== own) {
      let [low, end] = [format.index(left.x), format.index(x)];
      for (let i = 0; i < mostBetween && low < end; i++) {
        const is = classOf(format.at(low));
        if (is === own) break;
        let high = end;
        while (high - low > 1) {
          const middle = Math.floor((low + high) / 2);
          if (classOf(format.at(middle)) === is) low = middle;
          else high = middle;
        }
        reach(is, format.at(low));
        reach(classOf(format.at(high)), format.at(high));
        low = high;
      }
    }
    reach(own, x);
    left = { x, is: own };
  }
  return found;
}
