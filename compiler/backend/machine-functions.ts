/** Functions that a kernel's file carries beside its own: written in the machine language, printed for the target. */
import type { Variable } from "../ir/expr.js";
import { type Library, printTypescript, readLibrary, type Rename, typescriptName } from "../machine/index.js";
import { wgslPieces } from "../machine/wgsl.js";
import { pairLibrary } from "../machine/library/pair/index.js";
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
}

/** The functions together with the libraries that they call. */
export const machineLibrary = ({ texts }: MachineTexts): Library =>
  readLibrary(texts, [...pairLibrary().declarations, ...wideLibrary().declarations]);

/**
 * The functions and what they call of the libraries, as text.
 * @param prefix begins the names of the libraries' declarations
 * @param present names of functions that the file carries already
 */
export function machineText(
  functions: MachineTexts,
  target: "typescript" | "wgsl",
  prefix: string,
  present: ReadonlySet<string> = new Set(),
): string {
  if (functions.texts.length === 0) return "";
  const own = new Set(functions.names);
  const declarations = machineLibrary(functions).closure(own);
  const rename: Rename = (name) => (own.has(name) ? name : `${prefix}${name}`);
  if (target === "wgsl") {
    return wgslPieces(declarations, rename)
      .filter(({ name }) => !present.has(name))
      .map(({ text }) => text)
      .join("\n\n");
  }
  return printTypescript(declarations, (name, kind) => typescriptName(rename(name, kind), kind));
}
