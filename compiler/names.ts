/**
 * From the names of definitions and parameters to those in files and generated code. Different names may meet in one
 * (`foo_bar` and `fooBar`); the checker reports it, so nothing here needs to know what else is defined. A name that a
 * target reserves gets a `_` behind it.
 */
import { typescriptReserved, wgslReserved } from "./reserved-names.js";

export { typescriptReserved, wgslReserved } from "./reserved-names.js";

/** Names of files that are written beside those of the activations. */
const ownFiles = /^(?:index|manifest)$/i;

/** Names that Windows keeps for devices, whatever the extension. */
const devices = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/i;

/** Members that every object has, or that the modules have themselves. */
const members: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...[
    "prototype",
    "then",
    "toJSON",
    "forward",
    "backward",
    "call",
    "parameters",
    "namedParameters",
    "modules",
    "children",
  ],
  ...["train", "eval", "training", "stateDict", "loadStateDict", "zeroGrad", "to", "device", "options"],
]);

/** `leaky_relu` for files: as it is written. */
export const fileStem = (name: string): string => (ownFiles.test(name) || devices.test(name) ? `${name}_` : name);

/** `leakyRelu` for functions. */
export function exportedName(name: string): string {
  const [head = "", ...rest] = parts(name);
  const lowered = /^[A-Z0-9_]+$/.test(head) ? head.toLowerCase() : lowerFirst(head);
  return safeInTypescript(surround(name, joinCamel([lowered, ...rest])));
}

/** `negativeSlope` for arguments and properties. Capitals stay: `k` and `K` are two parameters. */
export function parameterName(name: string): string {
  const camel = surround(name, joinCamel(parts(name)));
  return members.has(camel) ? `${camel}_` : safeInTypescript(camel);
}

/** `LeakyRelu`, unless a `class` clause says otherwise. */
export function className({
  name,
  className: given,
}: {
  readonly name: string;
  readonly className: string | null;
}): string {
  return safeInTypescript(given ?? surround(name, joinCamel(["", ...parts(name)])));
}

/** `leaky_relu` for WGSL functions: as it is written, but for what WGSL does not allow at the beginning. */
export function wgslName(name: string): string {
  const allowed = name.startsWith("__") || name === "_" ? `a${name}` : name;
  return wgslReserved.has(allowed) ? `${allowed}_` : allowed;
}

const safeInTypescript = (name: string): string => (typescriptReserved.has(name) ? `${name}_` : name);

/** What stands between the underscores; those at both ends are the business of {@link surround}. */
const parts = (name: string): string[] => name.replace(/^_+|_+$/g, "").split(/_+/);

const surround = (name: string, camel: string): string =>
  camel === "" ? name : `${/^_*/.exec(name)?.[0] ?? ""}${camel}${/_*$/.exec(name)?.[0] ?? ""}`;

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** Where two digits would meet, the underscore between them stays: `p1_2` is not `p12`. */
const joinCamel = (words: readonly string[]): string =>
  words.reduce((text, word) => `${text}${/\d$/.test(text) && /^\d/.test(word) ? "_" : ""}${upperFirst(word)}`);
