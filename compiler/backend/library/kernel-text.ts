/** The library functions that a TypeScript kernel file carries. */
import { renamed } from "./function.js";
import { typescriptClosure, typescriptFunctions } from "./typescript.js";

const requireLength = `function requireLength(
  name: string,
  array: ArrayLike<number>,
  length: number,
): void {
  if (array.length !== length) {
    throw new RangeError(
      \`\${name} has \${array.length} elements instead of \${length}\`,
    );
  }
}`;

/** Names that parameters of kernels must leave to the functions. */
export const libraryNames: readonly string[] = [
  ...["requireLength", "sides"],
  ...typescriptFunctions.map(({ name }) => name),
];

/** The text of the functions and of all that they call. */
export function typescriptLibraryText(names: readonly string[]): string {
  const own = names.includes("requireLength") ? [requireLength] : [];
  const mathematics = typescriptClosure(names.filter((name) => name !== "requireLength"));
  return [...own, ...mathematics.map(({ text }) => renamed(text, (name) => name))]
    .map((text) => `${text}\n`)
    .join("\n");
}

/** The names of all that stands in that text. */
export const typescriptLibraryNames = (names: readonly string[]): string[] =>
  typescriptClosure(names.filter((name) => name !== "requireLength")).map(({ name }) => name);
