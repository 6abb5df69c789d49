/** Names of the machine language in the languages that it is printed in. */
import { typescriptReserved, wgslReserved } from "../reserved-names.js";
import { type Function, statementsIn } from "./syntax.js";

export type DeclarationKind = "function" | "constant" | "struct";

/** What a name at module scope is called in the output. */
export type Rename = (name: string, kind: DeclarationKind) => string;

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `log_sigmoid` as `logSigmoid`; where two digits would meet, the underscore stays. */
export const camelCase = (name: string): string =>
  name
    .replace(/(?<=[a-z0-9])_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/(?<=[A-Za-z])_(?=\d)/g, "");

/** `exp_scaled` as `expScaled`, a struct `wide` as `Wide`, `LN2` as it is. */
export const typescriptName: Rename = (name, kind) => {
  const camel = /[a-z]/.test(name) ? camelCase(name) : name;
  return free(kind === "struct" ? upperFirst(camel) : camel, "typescript", new Set());
};

const reserved = { typescript: typescriptReserved, wgsl: wgslReserved };

/** A name with underscores behind it where the language or the surroundings have it already. */
function free(name: string, language: "typescript" | "wgsl", taken: ReadonlySet<string>): string {
  let found = name;
  while (reserved[language].has(found) || taken.has(found)) found += "_";
  return found;
}

export const typescriptField = (name: string): string => free(camelCase(name), "typescript", new Set());
export const wgslField = (name: string): string => free(name, "wgsl", new Set());

/** Names for the parameters and variables of a function, none of which is among those taken. */
export function localNames(
  { parameters, body }: Function,
  language: "typescript" | "wgsl",
  taken: ReadonlySet<string>,
): Map<string, string> {
  const own = new Set([
    ...parameters.map(({ name }) => name),
    ...statementsIn(body).flatMap((each) =>
      each.kind === "let" || each.kind === "var" || each.kind === "array" ? [each.name] : [],
    ),
  ]);
  const names = new Map<string, string>();
  const used = new Set(taken);
  for (const name of own) {
    const spelled = free(language === "typescript" ? camelCase(name) : name, language, used);
    used.add(spelled);
    names.set(name, spelled);
  }
  return names;
}
