/** Which random words a kernel draws. */
import type { Expr, Variable } from "../ir/expr.js";
import type { Randomness } from "../ir/random.js";
import { streamsPerDraw, wordNames } from "../machine/library/random.js";

/** Streams that are drawn at once, as far as they are read. */
export interface DrawnBlock {
  readonly block: number;
  readonly words: readonly { readonly variable: Variable; readonly word: (typeof wordNames)[number] }[];
}

export function drawnBlocks({ draws }: Randomness, read: ReadonlySet<Expr>): readonly DrawnBlock[] {
  const blocks = new Map<number, { variable: Variable; word: (typeof wordNames)[number] }[]>();
  draws.forEach((variable, stream) => {
    const word = wordNames[stream % streamsPerDraw];
    if (!read.has(variable) || word === undefined) return;
    const block = Math.floor(stream / streamsPerDraw);
    blocks.set(block, [...(blocks.get(block) ?? []), { variable, word }]);
  });
  return [...blocks].map(([block, words]) => ({ block, words }));
}
