/**
 * Documents with places where lines may break, and their layout in a given width: a group whose content does not fit
 * on the line breaks at its own lines, not at those of the groups inside (Wadler's pretty printer, as prettier has it).
 */
export type Doc =
  | string
  | readonly Doc[]
  | { readonly kind: "line"; readonly flat: string }
  | { readonly kind: "break"; readonly lines: 1 | 2 }
  | { readonly kind: "indent"; readonly doc: Doc }
  | { readonly kind: "align"; readonly columns: number; readonly doc: Doc }
  | { readonly kind: "group"; readonly doc: Doc; readonly broken: boolean; readonly mark: Mark | null }
  /** Tried in turn, the first as a group in one line; the last stands if none fits. */
  | { readonly kind: "choice"; readonly choices: readonly Doc[] }
  /** Items and separators in turn: a separator breaks only where the next item does not fit. */
  | { readonly kind: "fill"; readonly parts: readonly Doc[]; readonly from?: number }
  | { readonly kind: "ifBroken"; readonly broken: Doc; readonly flat: Doc }
  /** Indented if the marked group was broken. */
  | { readonly kind: "indentIfBroken"; readonly doc: Doc; readonly mark: Mark };

/** Remembers whether a group was broken. */
export interface Mark {
  broken: boolean;
}

export const line: Doc = { kind: "line", flat: " " };
export const softLine: Doc = { kind: "line", flat: "" };
export const hardLine: Doc = { kind: "break", lines: 1 };
export const blankLine: Doc = { kind: "break", lines: 2 };
export const indent = (doc: Doc): Doc => ({ kind: "indent", doc });
export const align = (columns: number, doc: Doc): Doc => ({ kind: "align", columns, doc });
export const group = (doc: Doc, broken = false, mark: Mark | null = null): Doc => ({
  kind: "group",
  doc,
  broken,
  mark,
});
export const ifBroken = (broken: Doc, flat: Doc = ""): Doc => ({ kind: "ifBroken", broken, flat });
export const isGroup = (doc: Doc): boolean => typeof doc !== "string" && "kind" in doc && doc.kind === "group";

export const join = (separator: Doc, docs: readonly Doc[]): Doc[] =>
  docs.flatMap((doc, i) => (i === 0 ? [doc] : [separator, doc]));

interface Command {
  readonly margin: number;
  readonly flat: boolean;
  readonly doc: Doc;
}

/** The text of a document, in lines of at most `width` columns where its breaks allow it; the first starts at `column`. */
export function layOut(doc: Doc, width: number, margin = 0, column = margin): string {
  const lines: string[] = [];
  let text = "";
  let position = column;
  const newLine = (at: number): void => {
    lines.push(text.trimEnd());
    text = " ".repeat(at);
    position = at;
  };
  const rest: Command[] = [{ margin, flat: false, doc }];

  for (let command = rest.pop(); command; command = rest.pop()) {
    const { margin: own, flat } = command;
    const push = (inner: Doc, innerFlat = flat, innerMargin = own): void => {
      rest.push({ margin: innerMargin, flat: innerFlat, doc: inner });
    };
    const each = command.doc;
    if (typeof each === "string") {
      text += each;
      position += each.length;
    } else if (!("kind" in each)) {
      // Leading texts need not wait.
      let start = 0;
      for (let part = each[start]; typeof part === "string"; part = each[++start]) {
        text += part;
        position += part.length;
      }
      for (let i = each.length - 1; i >= start; i--) push(each[i] ?? "");
    } else {
      switch (each.kind) {
        case "line":
          if (flat) {
            text += each.flat;
            position += each.flat.length;
          } else {
            newLine(own);
          }
          break;
        case "break":
          for (let i = 0; i < each.lines; i++) newLine(own);
          break;
        case "indent":
          push(each.doc, flat, own + 2);
          break;
        case "align":
          push(each.doc, flat, own + each.columns);
          break;
        case "group": {
          const fit =
            !each.broken && (flat || fits({ margin: own, flat: true, doc: each.doc }, rest, width - position));
          if (each.mark) each.mark.broken = !fit;
          push(each.doc, fit);
          break;
        }
        case "choice": {
          const fit = each.choices.find((choice, i) =>
            fits({ margin: own, flat: true, doc: choice }, rest, width - position, i > 0),
          );
          push(fit ?? each.choices.at(-1) ?? "", fit !== undefined);
          break;
        }
        case "fill": {
          const { parts, from = 0 } = each;
          const [item = "", separator] = [parts[from], parts[from + 1]];
          const itemFits = fits({ margin: own, flat: true, doc: item }, [], width - position);
          if (separator !== undefined) {
            const next = parts[from + 2] ?? "";
            const both = fits({ margin: own, flat: true, doc: [item, separator, next] }, [], width - position);
            if (from + 2 < parts.length) push({ kind: "fill", parts, from: from + 2 });
            push(separator, both);
          }
          push(item, itemFits);
          break;
        }
        case "ifBroken":
          push(flat ? each.flat : each.broken);
          break;
        case "indentIfBroken":
          push(each.doc, flat, each.mark.broken ? own + 2 : own);
          break;
      }
    }
  }
  return [...lines, text.trimEnd()].join("\n");
}

const several = 16;

/** Whether a document, and what follows up to where a line may end, fits in so many columns. */
function fits(first: Command, rest: readonly Command[], columns: number, mayBreak = false): boolean {
  let left = columns;
  let following = rest.length;
  // What is still to come, the next last, and whether it is flat.
  const docs: Doc[] = [first.doc];
  const flats: boolean[] = [first.flat];
  while (left >= 0) {
    let [doc, flat] = [docs.pop(), flats.pop()];
    if (doc === undefined || flat === undefined) {
      const command = rest[--following];
      if (command === undefined) return true;
      ({ doc, flat } = command);
    }
    if (typeof doc === "string") {
      left -= doc.length;
      continue;
    }
    if (!("kind" in doc) || doc.kind === "fill") {
      // Of a long list, what is beyond the columns need not be looked at.
      const [parts, from] = "kind" in doc ? [doc.parts, doc.from ?? 0] : [doc, 0];
      const to = Math.min(parts.length, from + several);
      if (to < parts.length) {
        docs.push({ kind: "fill", parts, from: to });
        flats.push(flat);
      }
      for (let i = to - 1; i >= from; i--) {
        docs.push(parts[i] ?? "");
        flats.push(flat);
      }
      continue;
    }
    switch (doc.kind) {
      case "line":
        if (!flat) return true;
        left -= doc.flat.length;
        continue;
      case "break":
        return true;
      case "indent":
      case "align":
      case "indentIfBroken":
        docs.push(doc.doc);
        break;
      case "group":
        if (!mayBreak && doc.broken && flat) return false;
        docs.push(doc.doc);
        flat &&= !doc.broken;
        break;
      case "choice":
        docs.push((flat ? doc.choices[0] : doc.choices.at(-1)) ?? "");
        break;
      case "ifBroken":
        docs.push(flat ? doc.flat : doc.broken);
        break;
    }
    flats.push(flat);
  }
  return false;
}
