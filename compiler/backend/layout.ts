/**
 * Lays out kernels as prettier would. Their statements are of few shapes and mostly short: what fits on its line is
 * printed as it is, and only what does not is laid out anew.
 */
import { formatStatement } from "./format.js";
import { docText } from "./targets/text.js";
import type { FunctionText } from "./targets/typescript.js";

const lineWidth = 80;

/** The text of exported functions, one blank line apart. */
export async function layOutFunctions(functions: readonly FunctionText[]): Promise<string> {
  const texts: string[] = [];
  for (const text of functions) texts.push(await layOutFunction(text));
  return texts.join("\n");
}

async function layOutFunction({ name, documentation, parameters, statements }: FunctionText): Promise<string> {
  const lines = [
    ...comment(documentation),
    ...signature(
      name,
      parameters.map((each) => `${each.name}: ${each.type}`),
    ),
  ];
  let depth = 1;
  for (const statement of statements) {
    if (statement.startsWith("}")) depth -= 1;
    const margin = "  ".repeat(depth);
    if (margin.length + statement.length <= lineWidth) lines.push(margin + statement);
    else lines.push(...(await formatStatement(statement, lineWidth - margin.length)).map((line) => margin + line));
    if (statement.endsWith("{")) depth += 1;
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

function comment(documentation: string): string[] {
  const text = docText(documentation.split("\n"));
  if (!text.includes("\n")) return [`/** ${text} */`];
  return [
    "/**",
    ...text
      .trim()
      .split("\n")
      .map((line) => (line === "" ? " *" : ` * ${line}`)),
    " */",
  ];
}

function signature(name: string, parameters: readonly string[]): string[] {
  const flat = `export function ${name}(${parameters.join(", ")}): void {`;
  if (flat.length <= lineWidth) return [flat];
  return [`export function ${name}(`, ...parameters.map((parameter) => `  ${parameter},`), "): void {"];
}
