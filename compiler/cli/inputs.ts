import { readFile, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, normalize, relative, resolve, sep } from "node:path";
import type { Source } from "../source.js";
import type { Environment } from "./environment.js";
import { failure, success, systemCode, systemReason, type Problem, type Result } from "./problem.js";

/** A source with the name its reader gave it. */
export interface Input {
  /**
   * What the compiler sees. Its `file` goes into the output, so it does not depend on the spelling of the path, nor,
   * for absolute paths, on the machine.
   */
  readonly source: Source;
  /** The file as given on the command line, for messages. */
  readonly shown: string;
}

const withForwardSlashes = (path: string): string => (sep === "\\" ? path.replaceAll("\\", "/") : path);

/** Where the definitions are: absolute paths without repetition, `-` for standard input. */
export function inputPaths(files: readonly string[], cwd: string): readonly { path: string; shown: string }[] {
  const given = files.length === 0 ? ["acts.def"] : files;
  const paths = new Map<string, string>();
  for (const file of given) {
    const path = file === "-" ? "-" : resolve(cwd, file);
    if (!paths.has(path)) paths.set(path, file === "-" ? "<stdin>" : withForwardSlashes(file));
  }
  return [...paths].map(([path, shown]) => ({ path, shown }));
}

/** The shortest distinct ends of the paths, where they are given absolutely and lie outside the current folder. */
function labels(files: readonly { path: string; shown: string }[], cwd: string): readonly string[] {
  const inside = files.map(({ path, shown }) => {
    if (path === "-") return shown;
    const fromHere = relative(cwd, path);
    const outside = fromHere === ".." || fromHere.startsWith(`..${sep}`) || isAbsolute(fromHere);
    if (!outside) return withForwardSlashes(fromHere);
    return isAbsolute(shown) ? undefined : withForwardSlashes(normalize(shown));
  });
  const end = (path: string, folders: number): string =>
    folders === 0 || dirname(path) === path ? basename(path) : `${end(dirname(path), folders - 1)}/${basename(path)}`;
  for (let folders = 0; ; folders++) {
    const result = files.map(({ path }, i) => inside[i] ?? end(path, folders));
    if (new Set(result).size === result.length || folders > 64) return result;
  }
}

async function readBytes(
  path: string,
  shown: string,
  isDefault: boolean,
  environment: Environment,
): Promise<Result<Uint8Array>> {
  try {
    if (path === "-") return success(await environment.stdin());
    if ((await stat(path)).isDirectory()) {
      return failure({
        code: "cannot-read",
        file: shown,
        message: `cannot read '${shown}': it is a folder`,
        hint: `name the files in it, for example '${shown.replace(/\/$/, "")}/acts.def'`,
      });
    }
    return success(await readFile(path));
  } catch (error) {
    if (isDefault && systemCode(error) === "ENOENT") {
      return failure({
        code: "cannot-read",
        file: shown,
        message: "there is no acts.def in this folder",
        hint: "'actc init' writes one to start from; or name the file, as in 'actc compile FILE'",
      });
    }
    return failure({
      code: "cannot-read",
      file: shown,
      message: `cannot read '${shown}': ${systemReason(error)}`,
    });
  }
}

/** Reads all definition files, or says why not; a file that is not UTF-8 is refused rather than guessed at. */
export async function readInputs(
  files: readonly string[],
  environment: Environment,
): Promise<{ readonly inputs: readonly Input[]; readonly problems: readonly Problem[] }> {
  const paths = inputPaths(files, environment.cwd);
  const names = labels(paths, environment.cwd);
  const inputs: Input[] = [];
  const problems: Problem[] = [];
  for (const [i, { path, shown }] of paths.entries()) {
    const bytes = await readBytes(path, shown, files.length === 0, environment);
    if (!bytes.ok) {
      problems.push(bytes.problem);
      continue;
    }
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.value);
      inputs.push({ source: { file: names[i] ?? shown, text }, shown });
    } catch {
      problems.push({
        code: "not-utf-8",
        file: shown,
        message: `'${shown}' is not encoded as UTF-8`,
        hint: "save it as UTF-8",
      });
    }
  }
  return { inputs, problems };
}
