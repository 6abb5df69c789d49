/**
 * A function of the mathematics library, as source text in a target language.
 *
 * In the text every name that the function declares or calls at module scope is written `$name`, and nothing else
 * contains a dollar sign. {@link LibraryFunction.text} is made into code by {@link renamed}, which replaces each
 * placeholder: with `(name) => "mish_" + name` two kernels that carry the same functions can stand in one file.
 */
export interface LibraryFunction {
  readonly name: string;
  /** Other functions of the library that the text calls. */
  readonly calls: readonly string[];
  /** The declaration with its comment, names spelled `$name`. */
  readonly text: string;
  /** The largest error that was measured, and where. */
  readonly error: string;
}

/** What a group of the library says of a function; its name and its calls are read off the text. */
export interface LibraryEntry {
  readonly error: string;
  readonly text: string;
}

export interface Library {
  readonly functions: readonly LibraryFunction[];
  readonly find: (name: string) => LibraryFunction | undefined;
  /** These functions and all they call, each once, callees first. Throws on a name that is not in the library. */
  readonly closure: (names: Iterable<string>) => LibraryFunction[];
}

const placeholder = /\$([A-Za-z_]\w*)/g;
const functionDeclaration = /^(?:fn|function) \$([A-Za-z_]\w*)/m;
const declaration = /^(?:fn|function|const|var<private>|struct) \$([A-Za-z_]\w*)/gm;

const namesIn = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].flatMap((match) => match[1] ?? [])),
];

/** The text with each `$name` spelled as `rename` says. */
export const renamed = (text: string, rename: (name: string) => string): string =>
  text.replace(placeholder, (_, name: string) => rename(name));

function read({ text, error }: LibraryEntry): LibraryFunction {
  const name = functionDeclaration.exec(text)?.[1];
  if (name === undefined) throw new Error(`a library text declares no function: ${text}`);
  return libraryFunction(name, { text, error });
}

export function libraryFunction(name: string, { text, error }: LibraryEntry): LibraryFunction {
  const own = namesIn(text, declaration);
  return { name, calls: namesIn(text, placeholder).filter((used) => !own.includes(used)), text: text.trim(), error };
}

export const library = (entries: readonly LibraryEntry[]): Library => libraryOf(entries.map(read));

export function libraryOf(functions: readonly LibraryFunction[]): Library {
  const byName = new Map(functions.map((each) => [each.name, each]));
  const find = (name: string): LibraryFunction | undefined => byName.get(name);
  const closure = (names: Iterable<string>): LibraryFunction[] => {
    const found = new Set<LibraryFunction>();
    const visit = (name: string): void => {
      const each = find(name);
      if (each === undefined) throw new Error(`the mathematics library has no function ${name}`);
      if (found.has(each)) return;
      each.calls.forEach(visit);
      found.add(each);
    };
    for (const name of names) visit(name);
    return [...found];
  };
  return { functions, find, closure };
}
