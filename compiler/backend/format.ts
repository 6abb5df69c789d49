/** TypeScript, formatted by prettier, which is loaded when the first text asks for it. */
import { layOutStatement } from "./long-statements.js";

/** Prettier's defaults; its Babel parser for TypeScript formats like TypeScript's own at a third of the time. */
export async function formatTypeScript(text: string, printWidth = 80): Promise<string> {
  const [{ format }, babel, estree] = await Promise.all([
    import("prettier/standalone"),
    import("prettier/plugins/babel"),
    import("prettier/plugins/estree"),
  ]);
  return format(text, { parser: "babel-ts", plugins: [babel, estree], printWidth });
}

/** The lines of one statement that is too long for its line. */
export async function formatStatement(statement: string, printWidth: number): Promise<string[]> {
  const key = `${printWidth} ${statement}`;
  let text = formatted.get(key);
  if (text === undefined) {
    text = layOutStatement(statement, printWidth) ?? (await formatTypeScript(statement, printWidth)).trimEnd();
    if (formatted.size > 10_000) formatted.clear();
    formatted.set(key, text);
  }
  return text.split("\n");
}

/** The same statement stands in the kernels for both kinds of arrays. */
const formatted = new Map<string, string>();
