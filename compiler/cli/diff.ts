/** Beyond this many cells of the comparison table the differing middle is shown as wholly replaced. */
const largestTable = 4_000_000;
const context = 3;

type Edit = { readonly kind: " " | "-" | "+"; readonly line: string };

const split = (text: string): readonly string[] => {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
};

/** The edits from `before` to `after`, by a longest common subsequence of lines. */
function edits(before: readonly string[], after: readonly string[]): readonly Edit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail++;
  }
  const keep = (line: string): Edit => ({ kind: " ", line });
  return [
    ...before.slice(0, head).map(keep),
    ...middleEdits(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(keep),
  ];
}

function middleEdits(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const remove = (line: string): Edit => ({ kind: "-", line });
  const add = (line: string): Edit => ({ kind: "+", line });
  const width = after.length + 1;
  if ((before.length + 1) * width > largestTable) return [...before.map(remove), ...after.map(add)];
  // common[i * width + j]: length of the longest common subsequence of before[i..] and after[j..].
  const common = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const result: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [removed, added] = [before[i], after[j]];
    if (removed !== undefined && removed === added) {
      result.push({ kind: " ", line: removed });
      i++;
      j++;
    } else if (removed !== undefined && (added === undefined || at(i + 1, j) >= at(i, j + 1))) {
      result.push(remove(removed));
      i++;
    } else if (added !== undefined) {
      result.push(add(added));
      j++;
    }
  }
  return result;
}

/**
 * A unified diff of two texts, without a final line end; at most `limit` lines below its header, with a note of what
 * was left out. `undefined` stands for a file that does not exist. Empty when the texts have the same lines.
 */
export function unifiedDiff(
  path: string,
  before: string | undefined,
  after: string | undefined,
  limit: number,
): string {
  const script = edits(split(before ?? ""), split(after ?? ""));
  const changed = script.flatMap(({ kind }, i) => (kind === " " ? [] : [i]));
  if (changed.length === 0) return "";
  const hunks: { start: number; end: number }[] = [];
  for (const i of changed) {
    const hunk = hunks.at(-1);
    if (hunk !== undefined && i - context <= hunk.end) hunk.end = Math.min(i + 1 + context, script.length);
    else hunks.push({ start: Math.max(0, i - context), end: Math.min(i + 1 + context, script.length) });
  }
  const body: string[] = [];
  let [done, oldLine, newLine] = [0, 1, 1];
  const advance = (until: number): { old: number; new: number } => {
    const count = { old: 0, new: 0 };
    for (; done < until; done++) {
      if (script[done]?.kind !== "+") count.old++;
      if (script[done]?.kind !== "-") count.new++;
    }
    oldLine += count.old;
    newLine += count.new;
    return count;
  };
  for (const { start, end } of hunks) {
    advance(start);
    const [oldStart, newStart] = [oldLine, newLine];
    const count = advance(end);
    // By convention an empty range names the line before it.
    const range = (line: number, lines: number): string => `${lines === 0 ? line - 1 : line},${lines}`;
    body.push(`@@ -${range(oldStart, count.old)} +${range(newStart, count.new)} @@`);
    for (const { kind, line } of script.slice(start, end)) body.push(kind + line);
  }
  const header = [
    `--- ${before === undefined ? "/dev/null" : `a/${path}`}`,
    `+++ ${after === undefined ? "/dev/null" : `b/${path}`}`,
  ];
  const omitted = body.length - limit;
  if (omitted > 1) body.splice(limit, omitted, `# ${omitted} more lines of ${path}`);
  return [...header, ...body].join("\n");
}
