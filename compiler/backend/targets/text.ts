/** Texts of others inside of generated code. */

/** An identifier, checked: whatever else would end up in code is a fault of the compiler. */
export function toIdentifierText(name: string): string {
  if (!/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name)) throw new Error(`not an identifier: ${JSON.stringify(name)}`);
  return name;
}

/** A text as a template literal, so that it stands in the file line by line. */
export function templateLiteral(text: string): string {
  return `\`${text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\``;
}

/** Line comments of WGSL, where more characters end a line than in other languages. */
export const lineComments = (lines: readonly string[]): string =>
  lines.map((line) => `// ${line.replace(/[\p{Cc}\u2028\u2029]/gu, " ")}`.trimEnd()).join("\n");

/** The inside of a doc comment: nothing in the lines can end it. */
export function docText(lines: readonly string[]): string {
  const safe = lines.map((line) => line.replaceAll("*/", "*\\/").trimEnd());
  return safe.length === 1 ? (safe[0] ?? "") : `\n${safe.join("\n")}`;
}
