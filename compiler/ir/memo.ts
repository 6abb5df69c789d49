/** What was found out about nodes, kept with them: nothing has to be looked up in a table, and it goes when the nodes go. */

/** Where memos keep what they know of a node. */
export type Known = unknown[];

let memos = 0;

/** One fact about each node, of one kind. */
export class Memo<T> {
  private readonly place = memos++;

  get(node: { readonly known: Known }): T | undefined {
    // What stands at a memo's place, that memo has put there.
    return node.known[this.place] as T | undefined;
  }

  set(node: { readonly known: Known }, value: T): void {
    const { known } = node;
    // Without holes, which are slow to read.
    while (known.length < this.place) known.push(undefined);
    known[this.place] = value;
  }
}
