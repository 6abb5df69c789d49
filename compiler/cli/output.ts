import { randomBytes } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import type { OutputFile } from "../compile.js";
import { matchesDigest } from "./digest.js";
import { failure, success, systemCode, systemReason, type Result } from "./problem.js";

const manifestName = "manifest.json";

export type FileState = "unchanged" | "missing" | "stale";

export interface PlannedFile extends OutputFile {
  readonly state: FileState;
  /** What is there now and will not be any more, if it is a regular file. */
  readonly existing?: Uint8Array;
}

/** A file that an earlier run wrote and this one does not. */
export interface Orphan {
  readonly path: string;
  readonly existing: Uint8Array;
  /** Changed since it was written: somebody's work, never deleted. */
  readonly edited: boolean;
}

/** What has to happen for the output folder to hold exactly what was compiled. */
export interface Plan {
  /** The output folder's path. */
  readonly folder: string;
  /** The folder as the user named it. */
  readonly shown: string;
  readonly files: readonly PlannedFile[];
  readonly orphans: readonly Orphan[];
}

/** An output folder as given, with forward slashes and none at the end. */
export function shownFolder(outDir: string): string {
  const slashed = sep === "\\" ? outDir.replaceAll("\\", "/") : outDir;
  return slashed.length > 1 ? slashed.replace(/\/+$/, "") : slashed;
}

/**
 * A name that stays inside the output folder: the manifest of an earlier run is a file like any other and may name
 * anything.
 */
const isPlainName = (name: string): boolean =>
  name !== "" && name !== "." && name !== ".." && name !== manifestName && !/[/\\:\0]/.test(name);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const bytesOf = (text: string): Buffer => Buffer.from(text, "utf8");

type Entry = { readonly kind: "file"; readonly bytes: Buffer } | { readonly kind: "absent" | "folder" | "other" };

/** What was read of a file, and the state that it was in: for a process that looks at the same folder again. */
const readBefore = new Map<string, { readonly state: string; readonly bytes: Buffer }>();

/** Of so many bytes at most, and those that are left. */
let memory = 64_000_000;

/** What lies at a path; a symbolic link is not followed. */
function entryAt(path: string): Entry {
  const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  if (stats === undefined) return { kind: "absent" };
  if (!stats.isFile()) return { kind: stats.isDirectory() ? "folder" : "other" };
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  const state = [dev, ino, size, mtimeNs, ctimeNs].join();
  const before = readBefore.get(path);
  if (before?.state === state) return { kind: "file", bytes: before.bytes };
  const bytes = readFileSync(path);
  // A file changed less than a moment ago may change again and be in the same state, where clocks are coarse.
  if (before) memory += before.bytes.length;
  readBefore.delete(path);
  if (Date.now() - Number(ctimeNs / 1_000_000n) > 100 && bytes.length <= memory) {
    readBefore.set(path, { state, bytes });
    memory -= bytes.length;
  }
  return { kind: "file", bytes };
}

/** What was found to be the text of a file that was compiled: the next time, most of both are the same objects. */
const bytesHeld = new WeakMap<OutputFile, Buffer>();

function holds(bytes: Buffer, file: OutputFile): boolean {
  if (bytesHeld.get(file) === bytes) return true;
  if (!bytes.equals(bytesOf(file.text))) return false;
  bytesHeld.set(file, bytes);
  return true;
}

/** The manifest that this process wrote last into a folder, and what it records: while watching, the one that is there. */
const written = new Map<string, { readonly bytes: Buffer; readonly recorded: ReadonlyMap<string, string> }>();

export function rememberManifest(
  folder: string,
  files: readonly OutputFile[],
  digests: ReadonlyMap<string, string>,
): void {
  const manifest = files.find(({ path }) => path === manifestName);
  if (manifest === undefined) return;
  const recorded = new Map(
    files.filter((file) => file !== manifest).map(({ path }) => [path, `sha256-${digests.get(path) ?? ""}`] as const),
  );
  written.set(folder, { bytes: bytesOf(manifest.text), recorded });
}

/** The files an earlier run recorded; `foreign` if the manifest is another program's. */
function recordedFiles(folder: string): ReadonlyMap<string, string> | "none" | "foreign" {
  const entry = entryAt(join(folder, manifestName));
  if (entry.kind !== "file") return "none";
  const own = written.get(folder);
  if (own?.bytes.equals(entry.bytes)) return own.recorded;
  let manifest: unknown;
  try {
    manifest = JSON.parse(entry.bytes.toString("utf8"));
  } catch {
    return new Map();
  }
  if (!isObject(manifest)) return new Map();
  const isOurs = "schema" in manifest || "activations" in manifest || Object.keys(manifest).length === 0;
  if (!isOurs) return "foreign";
  const recorded = new Map<string, string>();
  if (isObject(manifest["files"])) {
    for (const [name, digest] of Object.entries(manifest["files"])) {
      if (isPlainName(name) && typeof digest === "string") recorded.set(name, digest);
    }
  }
  return recorded;
}

/** Compares the output folder with what was compiled; changes nothing. */
export function planOutput(folder: string, shown: string, files: readonly OutputFile[]): Result<Plan> {
  for (const { path } of files) {
    if (path !== manifestName && !isPlainName(path)) throw new Error(`the compiler named an output file '${path}'`);
  }
  try {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats === undefined) {
      const missing = files.map((file): PlannedFile => ({ ...file, state: "missing" }));
      return success({ folder, shown, files: missing, orphans: [] });
    }
    if (!stats.isDirectory()) {
      const message = `the output folder '${shown}' is a file`;
      return failure({ code: "cannot-write", file: shown, message, hint: "name another folder with '--out-dir DIR'" });
    }
    return planInFolder(folder, shown, files);
  } catch (error) {
    const message = `cannot read the output folder '${shown}': ${systemReason(error)}`;
    return failure({ code: "cannot-read", file: shown, message });
  }
}

function planInFolder(folder: string, shown: string, files: readonly OutputFile[]): Result<Plan> {
  const recorded = recordedFiles(folder);
  const blocked = (path: string, why: string): Result<never> =>
    failure({
      code: "cannot-write",
      file: `${shown}/${path}`,
      message: `'${shown}/${path}' ${why}`,
      hint: "move it away, or name another folder with '--out-dir DIR'",
    });
  if (recorded === "foreign") return blocked(manifestName, "is not a manifest of actc");
  const planned: PlannedFile[] = [];
  for (const file of files) {
    const entry = entryAt(join(folder, file.path));
    switch (entry.kind) {
      case "absent":
        planned.push({ ...file, state: "missing" });
        break;
      case "folder":
        return blocked(file.path, "is a folder");
      case "other":
        planned.push({ ...file, state: "stale" });
        break;
      case "file": {
        const unchanged = holds(entry.bytes, file);
        // Without a manifest nothing tells whose file this is but what stands at its top.
        const mayBeOurs = recorded !== "none" || /\bactc\b/.test(entry.bytes.toString("utf8", 0, 512));
        if (!unchanged && !mayBeOurs) return blocked(file.path, "was not written by actc");
        planned.push({ ...file, ...(unchanged ? { state: "unchanged" } : { state: "stale", existing: entry.bytes }) });
      }
    }
  }
  return success({ folder, shown, files: planned, orphans: findOrphans(folder, recorded, files) });
}

function findOrphans(
  folder: string,
  recorded: ReadonlyMap<string, string> | "none",
  files: readonly OutputFile[],
): readonly Orphan[] {
  if (recorded === "none") return [];
  const produced = new Set(files.map(({ path }) => path));
  const byLowerCase = new Map(files.map(({ path }) => [path.toLowerCase(), path]));
  const orphans: Orphan[] = [];
  for (const [path, digest] of recorded) {
    if (produced.has(path)) continue;
    const entry = entryAt(join(folder, path));
    if (entry.kind !== "file") continue;
    // Where names ignore case, the old name of a file that is still produced finds that file.
    const namesake = byLowerCase.get(path.toLowerCase());
    if (namesake !== undefined && isSameFile(join(folder, namesake), join(folder, path))) continue;
    orphans.push({ path, existing: entry.bytes, edited: !matchesDigest(digest, entry.bytes) });
  }
  return orphans.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function isSameFile(a: string, b: string): boolean {
  const [left, right] = [lstatSync(a, { throwIfNoEntry: false }), lstatSync(b, { throwIfNoEntry: false })];
  return left !== undefined && right !== undefined && left.ino === right.ino && left.dev === right.dev;
}

const temporaryName = /^\.actc-[0-9a-f]{16}\.tmp$/;
const temporaryLifetime = 600_000;

/** Removes what runs that were killed left behind. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!temporaryName.test(name)) continue;
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() === true && Date.now() - stats.mtimeMs > temporaryLifetime) unlinkSync(path);
  }
}

function tryTo(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/**
 * Carries a plan out: every text goes into a temporary file first, and only when all are on the disk do they take their
 * names, each whole or not at all. The manifest comes last: until then a run that was cut short can be taken up again.
 * Where the system refuses a step, the steps before it are undone.
 */
export function carryOut(plan: Plan): Result<void> {
  const changed = plan.files.filter(({ state }) => state !== "unchanged");
  const removed = plan.orphans.filter(({ edited }) => !edited);
  if (changed.length === 0 && removed.length === 0) return success(undefined);
  const undo: (() => void)[] = [];
  const write = (text: string | Uint8Array): string => {
    const temporary = join(plan.folder, `.actc-${randomBytes(8).toString("hex")}.tmp`);
    undo.push(() => rmSync(temporary, { force: true }));
    writeFileSync(temporary, text, { flag: "wx" });
    return temporary;
  };
  const restore = (path: string, existing: Uint8Array | undefined): void => {
    if (existing === undefined) rmSync(join(plan.folder, path), { force: true });
    else renameSync(write(existing), join(plan.folder, path));
  };
  try {
    for (const missing of missingFolders(plan.folder)) {
      mkdirSync(missing);
      undo.push(() => rmdirSync(missing));
    }
    sweep(plan.folder);
    const written = changed.map((file) => ({ ...file, temporary: write(file.text) }));
    const take = ({ path, temporary, existing }: (typeof written)[number]): void => {
      renameSync(temporary, join(plan.folder, path));
      undo.push(() => restore(path, existing));
    };
    for (const file of written) if (file.path !== manifestName) take(file);
    for (const { path, existing } of removed) {
      unlinkSync(join(plan.folder, path));
      undo.push(() => restore(path, existing));
    }
    for (const file of written) if (file.path === manifestName) take(file);
    return success(undefined);
  } catch (error) {
    for (const step of undo.reverse()) tryTo(step);
    const message = `cannot write to the output folder '${plan.shown}': ${systemReason(error)}`;
    return failure({ code: "cannot-write", file: plan.shown, message });
  }
}

/**
 * The folders to make, outermost first. One by one: where the system answers that the new folder itself does not exist, as
 * in /proc, Node's recursive mkdir never ends.
 */
function missingFolders(folder: string): readonly string[] {
  if (existsSync(folder) || dirname(folder) === folder) return [];
  return [...missingFolders(dirname(folder)), folder];
}
