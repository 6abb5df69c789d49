/**
 * The text of a module's file. Modules of one shape differ in names alone, and where lines break depends on the lengths
 * of names: a module is built and formatted with letters in place of its names, and a second one of the same shape and
 * lengths takes the first one's text.
 */
import { printSourceFile } from "./source-file.js";
import { type ModuleParts, recordPlaceholder } from "./targets/module.js";

/** One letter for each name; none is in a name, since names of definitions are ASCII. */
const letters = [..."ƒĠĦĴĶĻŅŔŚŤŴŶŹ"];
const documentation = "∂";

const formatted = new Map<string, string>();

export async function moduleText({ statements, documentation: lines, names, record }: ModuleParts): Promise<string> {
  const own = [...new Set(names)].slice(0, letters.length);
  const hidden = new Map(own.map((name, i) => [name, (letters[i] ?? "").repeat(name.length)]));
  const masked = mapStrings(statements, (text) =>
    text === lines ? documentation : text.replace(/[A-Za-z_$][\w$]*/g, (token) => hidden.get(token) ?? token),
  );
  const key = JSON.stringify(masked);
  let text = formatted.get(key);
  if (text === undefined) {
    text = await printSourceFile([...masked]);
    if (formatted.size > 1000) formatted.clear();
    formatted.set(key, text);
  }
  const comment = [
    "/**",
    ...lines
      .trim()
      .split("\n")
      .map((line) => (line === "" ? " *" : ` * ${line}`)),
    " */",
  ].join("\n");
  const back = new RegExp(own.map((_, i) => `${letters[i] ?? ""}+`).join("|"), "gu");
  return text
    .replace(back, (run) => own[letters.indexOf(run.charAt(0))] ?? run)
    .replace(`/** ${documentation} */`, () => comment)
    .replace(recordPlaceholder, () => `${record}\n`);
}

/** The same value with every string within it replaced; keys stay. */
function mapStrings<T>(value: T, replace: (text: string) => string): T;
function mapStrings(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings<unknown>(item, replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings<unknown>(item, replace)]));
}
