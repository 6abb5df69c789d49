/** The graph of calls: cycles, an order in which callees come first, and what calls expand to. */
import { quote, type Finding } from "../diagnostics.js";
import type { CallSite, Entry } from "./check-entry.js";

/** Calls are expanded in place; an activation of more nodes than this compiles to nothing usable. */
export const maximumExpandedSize = 100_000;

/** How deep expressions may nest once calls are expanded: passes recurse this deep. */
export const maximumExpandedNesting = 1_000;

export interface Ordered {
  /** All that is on no cycle, callees first, otherwise as given. */
  readonly order: readonly Entry[];
  readonly errors: readonly { readonly entry: Entry; readonly finding: Finding }[];
}

/** Marks what is on a cycle, expands to too much, or calls what is broken as broken. */
export function orderByCalls(entries: readonly Entry[]): Ordered {
  const errors: { entry: Entry; finding: Finding }[] = [];
  const order: Entry[] = [];
  const sizes = new Map<Entry, Expansion>();
  for (const component of components(entries)) {
    const [first] = component;
    if (!first) continue;
    const cycle = shortestCycle(first, new Set(component));
    if (cycle) {
      for (const entry of component) entry.broken = true;
      errors.push({ entry: first, finding: cycleError(first, cycle) });
      continue;
    }
    order.push(first);
    if (first.calls.some(({ callee }) => callee.broken)) first.broken = true;
    if (first.broken) continue;
    const { expansion, finding } = expand(first, sizes);
    sizes.set(first, expansion);
    if (!finding) continue;
    first.broken = true;
    errors.push({ entry: first, finding });
  }
  return { order, errors };
}

/**
 * The strongly connected components, callees first (Tarjan 1972, without recursion); within one, in the order given.
 */
function components(entries: readonly Entry[]): Entry[][] {
  const position = new Map(entries.map((entry, i) => [entry, i]));
  const index = new Map<Entry, number>();
  const low = new Map<Entry, number>();
  const onStack = new Set<Entry>();
  const stack: Entry[] = [];
  const found: Entry[][] = [];
  for (const root of entries) {
    if (index.has(root)) continue;
    const path: { readonly entry: Entry; next: number }[] = [];
    const enter = (entry: Entry): void => {
      index.set(entry, index.size);
      low.set(entry, index.size - 1);
      stack.push(entry);
      onStack.add(entry);
      path.push({ entry, next: 0 });
    };
    enter(root);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { entry } = top;
      const callee = entry.calls[top.next++]?.callee;
      const lower = (by: number | undefined): void =>
        void low.set(entry, Math.min(low.get(entry) ?? 0, by ?? Infinity));
      if (callee) {
        if (!index.has(callee)) enter(callee);
        else if (onStack.has(callee)) lower(index.get(callee));
        continue;
      }
      path.pop();
      const caller = path.at(-1)?.entry;
      if (caller) low.set(caller, Math.min(low.get(caller) ?? 0, low.get(entry) ?? 0));
      if (low.get(entry) !== index.get(entry)) continue;
      const component = stack.splice(stack.lastIndexOf(entry));
      for (const member of component) onStack.delete(member);
      found.push(component.sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0)));
    }
  }
  return found;
}

/** The calls along a shortest way from `start` back to it within its component; `null` if there is none. */
function shortestCycle(start: Entry, component: ReadonlySet<Entry>): CallSite[] | null {
  const cameBy = new Map<Entry, { readonly from: Entry; readonly site: CallSite }>();
  const queue = [start];
  for (const entry of queue) {
    for (const site of entry.calls) {
      if (!component.has(site.callee) || cameBy.has(site.callee)) continue;
      cameBy.set(site.callee, { from: entry, site });
      queue.push(site.callee);
    }
  }
  const way: CallSite[] = [];
  for (let step = cameBy.get(start); step; step = step.from === start ? undefined : cameBy.get(step.from)) {
    way.push(step.site);
  }
  return way.length > 0 ? way.reverse() : null;
}

function cycleError({ definition }: Entry, cycle: readonly CallSite[]): Finding {
  const own = definition.name.text;
  const names = [own, ...cycle.map(({ callee }) => callee.definition.name.text)];
  const shown = names.length <= 9 ? names : [...names.slice(0, 4), "…", ...names.slice(-4)];
  const through = cycle.length === 1 ? "calls itself" : "calls itself through other definitions";
  return {
    code: "call-cycle",
    span: cycle[0]?.call.callee.span ?? definition.name.span,
    message: `${quote(own)} ${through}: ${shown.map((name) => quote(name).slice(1, -1)).join(" → ")}`,
    hint: "definitions are formulas: no call may lead back to where it comes from",
  };
}

interface Expansion {
  readonly size: number;
  readonly nesting: number;
}

/** Numbers are floating-point and saturate at infinity, so 2^40 and more are no trouble. */
function expand(entry: Entry, sizes: ReadonlyMap<Entry, Expansion>): { expansion: Expansion; finding: Finding | null } {
  let { size, nesting } = entry;
  let largest: { readonly site: CallSite; readonly size: number } | undefined;
  for (const site of entry.calls) {
    const callee = sizes.get(site.callee) ?? { size: 0, nesting: 0 };
    size += callee.size;
    if (!largest || callee.size > largest.size) largest = { site, size: callee.size };
    const depth = site.depth + 1 + callee.nesting;
    nesting = Math.max(nesting, depth);
    if (depth > maximumExpandedNesting) {
      return {
        expansion: { size, nesting },
        finding: tooLarge(entry, site, `${maximumExpandedNesting} nested levels`),
      };
    }
  }
  const isTooLarge = largest !== undefined && size > maximumExpandedSize;
  const finding =
    largest && isTooLarge
      ? tooLarge(entry, largest.site, `${maximumExpandedSize} nodes (this call alone brings ${largest.size})`)
      : null;
  return { expansion: { size, nesting }, finding };
}

const tooLarge = ({ definition }: Entry, { call }: CallSite, limit: string): Finding => ({
  code: "expansion-too-large",
  span: call.span,
  message: `with the call of ${quote(call.callee.text)} expanded, ${quote(definition.name.text)} exceeds ${limit}`,
  hint: "name what is used several times by a 'let' and call it once",
});
