/** Source files: built by ts-morph, formatted by prettier. */
import { Project, type SourceFileStructure } from "ts-morph";
import { formatTypeScript } from "./format.js";

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
