/** Functions that a kernel's file carries beside its own: written in the machine language, printed for the target. */
import type { Variable } from "../ir/expr.js";
import {
  type Declaration,
  intrinsics,
  readLibrary,
  typescriptName,
  type TypescriptPiece,
  typescriptPieces,
  intrinsicPieces,
  type WgslPiece,
  wgslPieces,
} from "../machine/index.js";
import { pairLibrary } from "../machine/library/pair/index.js";
import { randomLibrary } from "../machine/library/random.js";
import { wideLibrary } from "../machine/library/wide/index.js";
import { renamed } from "./library/function.js";
import { quickFunctions, wgslLibrary } from "./library/wgsl.js";

export interface MachineFunction {
  /** From the target's numbers to the target's number. */
  readonly name: string;
  /** The names of all functions in the text. */
  readonly own: readonly string[];
  /** What it takes, in order. */
  readonly variables: readonly Variable[];
  readonly text: string;
  /** Where it stands in for a form: wherever it is asked, or where it gives a number; else far out. */
  readonly serves?: "everywhere" | "numbers";
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

const ownPrefix = "own_";

/** A kernel's own function, struct or variable as it is called in the machine language, where libraries have many names. */
export const ownName = (name: string): string => `${ownPrefix}${name}`;

let known: readonly Declaration[] | undefined;

/** What WGSL kernels may call. */
export const libraries = (): readonly Declaration[] =>
  (known ??= [
    ...wgslLibrary.declarations,
    ...quickFunctions(),
    ...pairLibrary().declarations,
    ...wideLibrary().declarations,
    ...randomLibrary().declarations,
  ]);

/** In the place of what names begin with, as long as that usually is, so that lines are. */
const stand = "prefix_";

/** Declarations of the libraries in WGSL, by the bits of a nat: printed once, names spelled `$prefix_name`. */
const printed = new Map<number, Map<Declaration, readonly WgslPiece[]>>();

function libraryPieces(declaration: Declaration, rename: (name: string) => string, natBits: number): WgslPiece[] {
  const known = printed.get(natBits) ?? new Map<Declaration, readonly WgslPiece[]>();
  printed.set(natBits, known);
  const pieces = known.get(declaration) ?? wgslPieces([declaration], (name) => `$${stand}${name}`, natBits);
  known.set(declaration, pieces);
  return pieces.map(({ name, text }) => ({ name, text: renamed(text, (each) => rename(each.slice(stand.length))) }));
}

const distinct = (pieces: readonly WgslPiece[]): WgslPiece[] => [
  ...new Map(pieces.map((piece) => [piece.name, piece])).values(),
];

/** All names that a function for WGSL cannot have for its own variables. */
export const machineNames = (): ReadonlySet<string> =>
  (allNames ??= new Set([...intrinsics.keys(), ...libraries().map(({ name }) => name)]));
let allNames: ReadonlySet<string> | undefined;

/**
 * The functions, and what they and the file's other functions call of the libraries, as WGSL.
 * @param called names of library functions that the file's other functions call
 * @param prefix begins the names of the libraries' declarations
 */
export function wgslMachineText(
  { names, texts, natBits }: MachineTexts,
  called: Iterable<string>,
  prefix: string,
): string {
  const own = new Set(names);
  const library = readLibrary(texts, libraries());
  const rename = (name: string): string => (own.has(name) ? name.slice(ownPrefix.length) : `${prefix}${name}`);
  const declared = [...called].filter((name) => library.find(name) !== undefined);
  const pieces = distinct(
    library
      .closure([...declared, ...own])
      .flatMap((each) =>
        own.has(each.name) ? wgslPieces([each], rename, natBits) : libraryPieces(each, rename, natBits),
      ),
  );
  const present = new Set(pieces.map(({ name }) => name));
  // What the language itself has is a function in WGSL.
  const intrinsic = [...called].filter((name) => library.find(name) === undefined && !present.has(name));
  const behind = new Map(
    intrinsic.flatMap((name) => intrinsicPieces(name, rename)).map(({ name, text }) => [name, text] as const),
  );
  const before = [...behind].filter(([name]) => !present.has(name)).map(([, text]) => text);
  return [...before, ...pieces.map(({ text }) => text)].join("\n\n");
}
