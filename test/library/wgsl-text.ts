/** The mathematics library in float32 as WGSL, function by function. */
import { libraryFunction, libraryOf, type LibraryFunction } from "../../compiler/backend/library/function.js";
import { wgslLibrary } from "../../compiler/backend/library/wgsl.js";
import { wgslPieces } from "../../compiler/machine/index.js";

/** What has no measured error is a table, or a function on the bits. */
const errorOf = (name: string): string => {
  const declaration = wgslLibrary.find(name);
  return (declaration?.kind === "function" ? declaration.error : undefined) ?? "exact";
};

const wgsl = libraryOf(
  wgslPieces(wgslLibrary.declarations, (name) => `$${name}`).map(({ name, text }) =>
    libraryFunction(name, { text, error: errorOf(name) }),
  ),
);

export const wgslFunctions: readonly LibraryFunction[] = wgsl.functions;
export const wgslFunction = wgsl.find;
/** The functions of these names and all that they call, callees first, although WGSL does not ask for it. */
export const libraryClosure = wgsl.closure;
