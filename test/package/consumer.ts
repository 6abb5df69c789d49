import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project that has the package installed as it would be published. */
export interface Consumer {
  /** To be removed afterwards; holds the rest. */
  readonly folder: string;
  readonly tarball: string;
  /** Paths in the tarball. */
  readonly contents: readonly string[];
  /** The project's folder. */
  readonly project: string;
  /** Runs the project's actc. */
  actc(args: readonly string[], options?: { readonly input?: string; readonly env?: Record<string, string> }): Finished;
  /** Runs a script of an installed package under Node. */
  tool(script: string, args: readonly string[]): Finished;
}

const finish = ({ status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }): Finished => ({
  code: status,
  stdout,
  stderr,
});

/** What the package is built from. */
const packaged =
  /^(compiler|grammar|runtime|scripts|acts\.def|package\.json|tsconfig.*\.json|\.npmrc|LICENSE|README\.md)$/;

/** What `dist` is built from. */
const sources = ["compiler", "grammar", "runtime", "scripts/build.mjs", "tsconfig.json", "tsconfig.build.json"];

/** Whether nothing has changed since `dist` was built. In CI it is built again all the same. */
function isBuilt(): boolean {
  const built = statSync(join(repository, "dist"), { throwIfNoEntry: false })?.birthtimeMs ?? 0;
  const filesIn = (path: string): string[] =>
    statSync(path).isFile() ? [path] : [path, ...readdirSync(path).flatMap((name) => filesIn(join(path, name)))];
  const changed = sources.flatMap((name) => filesIn(join(repository, name))).map((path) => statSync(path).mtimeMs);
  return process.env["CI"] === undefined && Math.max(...changed) < built;
}

/** Builds, where that is needed, and packs a copy of the working tree, and installs the tarball; the registry is not asked. */
export function installPackage(): Consumer {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "actc-package-")));
  const source = join(folder, "source");
  mkdirSync(source);
  for (const name of readdirSync(repository)) {
    if (packaged.test(name)) cpSync(join(repository, name), join(source, name), { recursive: true });
  }
  symlinkSync(join(repository, "node_modules"), join(source, "node_modules"), "junction");
  if (isBuilt()) cpSync(join(repository, "dist"), join(source, "dist"), { recursive: true });
  else execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: source, stdio: "inherit" });
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: source,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const [description]: { filename: string; files: { path: string }[] }[] = JSON.parse(packed);
  if (description === undefined) throw new Error(`npm pack said: ${packed}`);
  const tarball = join(folder, description.filename);

  const project = join(folder, "project");
  const modules = join(project, "node_modules");
  const installed = join(modules, "activation-compiler");
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "name": "project", "type": "module", "private": true }\n');
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  for (const name of readdirSync(join(repository, "node_modules"))) {
    if (name.startsWith(".") || name === "activation-compiler") continue;
    symlinkSync(join(repository, "node_modules", name), join(modules, name), "junction");
  }
  const main = join(installed, "dist", "compiler", "cli", "main.js");
  return {
    folder,
    tarball,
    contents: description.files.map(({ path }) => path),
    project,
    actc: (args, { input = "", env = {} } = {}) =>
      finish(
        spawnSync(process.execPath, [main, ...args], {
          cwd: project,
          input,
          encoding: "utf8",
          env: { PATH: dirname(process.execPath), ...env },
        }),
      ),
    tool: (script, args) =>
      finish(
        spawnSync(process.execPath, [join(repository, "node_modules", script), ...args], {
          cwd: project,
          encoding: "utf8",
          env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
        }),
      ),
  };
}
