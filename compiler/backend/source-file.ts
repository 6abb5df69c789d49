/** Source files: built by ts-morph, formatted by prettier. */
import * as babel from "prettier/plugins/babel";
import * as estree from "prettier/plugins/estree";
import { format } from "prettier/standalone";
import { Project, type SourceFileStructure } from "ts-morph";

export { StructureKind } from "ts-morph";
export type { StatementStructures } from "ts-morph";

let project: Project | undefined;

/** The text of a source file made of these statements. */
export async function printSourceFile(statements: NonNullable<SourceFileStructure["statements"]>): Promise<string> {
  project ??= new Project({ useInMemoryFileSystem: true, skipLoadingLibFiles: true, compilerOptions: { noLib: true } });
  const file = project.createSourceFile("emitted.ts", { statements }, { overwrite: true });
  const text = file.getFullText();
  project.removeSourceFile(file);
  return formatTypeScript(text);
}

/** Prettier's defaults; its Babel parser for TypeScript formats like TypeScript's own at a third of the time. */
const options = { parser: "babel-ts", plugins: [babel, estree] };

const formatTypeScript = (text: string): Promise<string> => format(text, options);

/** The lines of one statement that is too long for its line. */
export async function formatStatement(statement: string, printWidth: number): Promise<string[]> {
  const key = `${printWidth} ${statement}`;
  let text = formatted.get(key);
  if (text === undefined) {
    text = (await format(statement, { ...options, printWidth })).trimEnd();
    if (formatted.size > 10_000) formatted.clear();
    formatted.set(key, text);
  }
  return text.split("\n");
}

/** The same statement stands in the kernels for both kinds of arrays. */
const formatted = new Map<string, string>();
