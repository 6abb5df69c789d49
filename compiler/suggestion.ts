/** What a misspelt word was probably meant to be. */

/**
 * Number of single-character insertions, deletions, replacements and swaps of neighbours between two words, or
 * `undefined` where it is more than `limit`. Cells of the table further than `limit` from its diagonal exceed it anyway.
 */
function editDistance(a: string, b: string, limit: number): number | undefined {
  if (Math.abs(a.length - b.length) > limit) return undefined;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: limit + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row: number[] = [];
    let least = Infinity;
    for (let j = Math.max(0, i - limit); j <= Math.min(b.length, i + limit); j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? Infinity) + 1, (row[j - 1] ?? Infinity) + 1);
      if (j > 0) best = Math.min(best, (last[j - 1] ?? Infinity) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? Infinity) + 1);
      }
      row[j] = best;
      least = Math.min(least, best);
    }
    if (least > limit) return undefined;
    [beforeLast, last] = [last, row];
  }
  const distance = last[b.length] ?? Infinity;
  return distance > limit ? undefined : distance;
}

/** The candidate nearest to `word`, if one is near enough to be meant; the first of those that are equally near. */
export function suggestion(word: string, candidates: Iterable<string>): string | undefined {
  // A slip in a short word makes another word: x is not meant by y.
  const limit = word.length < 3 ? 0 : word.length < 6 ? 1 : 2;
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const distance =
      candidate.toLowerCase() === word.toLowerCase()
        ? 0
        : editDistance(word.toLowerCase(), candidate.toLowerCase(), Math.min(limit, (best?.distance ?? Infinity) - 1));
    if (distance !== undefined && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}
