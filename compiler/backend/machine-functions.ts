/** Functions that a kernel's file carries beside its own: written in the machine language, printed for the target. */
import type { Variable } from "../ir/expr.js";
import { readLibrary, typescriptName, type TypescriptPiece, typescriptPieces } from "../machine/index.js";
import { wideLibrary } from "../machine/library/wide/index.js";

export interface MachineFunction {
  /** From the target's numbers to the target's number. */
  readonly name: string;
  /** The names of all functions in the text. */
  readonly own: readonly string[];
  /** What it takes, in order. */
  readonly variables: readonly Variable[];
  readonly text: string;
}

export interface MachineTexts {
  readonly names: readonly string[];
  readonly texts: readonly string[];
  /** The bits of a nat. */
  readonly natBits: number;
}

/** The wide library in TypeScript, by the bits of a nat: printed once, and in every file of which it carries a part. */
const widePieces = new Map<number, ReadonlyMap<string, TypescriptPiece>>();

/**
 * The functions and what they call of the wide library, as TypeScript.
 * @param present names of functions that the file carries already
 */
export function typescriptMachineText(functions: MachineTexts, present: ReadonlySet<string>): string {
  if (functions.texts.length === 0) return "";
  const { natBits } = functions;
  const wide = wideLibrary().declarations;
  const pieces =
    widePieces.get(natBits) ??
    new Map(typescriptPieces(wide, typescriptName, { natBits }).map((piece) => [piece.name, piece]));
  widePieces.set(natBits, pieces);
  const library = readLibrary(functions.texts, wide);
  const own = typescriptPieces(library.closure(functions.names), typescriptName, {
    natBits,
    only: new Set(functions.names),
  });
  const wanted = new Set<string>();
  const want = (name: string): void => {
    const piece = pieces.get(name);
    if (!piece || wanted.has(name) || present.has(name)) return;
    wanted.add(name);
    piece.uses.forEach(want);
  };
  const names = new Set(own.map(({ name }) => name));
  for (const { uses } of own) uses.filter((name) => !names.has(name)).forEach(want);
  const carried = [...pieces.values()].filter(({ name }) => wanted.has(name) && !names.has(name));
  const behind = own.filter(({ name }) => !present.has(name));
  return [...carried, ...behind].map(({ text }) => `${text}\n`).join("\n");
}
