import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { EmissionCache } from "../compile.js";
import type { Diagnostic } from "../diagnostics.js";
import { sha256, sha256Of } from "./digest.js";

const ownName = /^(?:emissions|runs)-[0-9a-f]+\.json$|^[0-9a-f]{16}\.tmp$/;

/** In characters of JSON. */
const largestEmissions = 48_000_000;
const largestRuns = 4_000_000;

/** The outcome of a whole run that had no error. */
export interface RunRecord {
  /** Path and sha256 of each output file. */
  readonly files: readonly (readonly [path: string, digest: string])[];
  readonly diagnostics: readonly Diagnostic[];
  readonly activations: readonly string[];
}

/**
 * What earlier runs found out, in `node_modules/.cache/actc`. It only ever saves time: where it cannot be read or written,
 * or was tampered with by accident, it is as if it were empty.
 */
export interface Cache {
  readonly emissions: EmissionCache;
  run(key: string): RunRecord | undefined;
  rememberRun(key: string, record: RunRecord): void;
  /** Writes what is new. */
  save(): void;
}

/** A cache that lives as long as the process. */
export function memoryCache(): Cache {
  const runs = new Map<string, RunRecord>();
  return {
    emissions: new Map<string, string>(),
    run: (key) => runs.get(key),
    rememberRun: (key, record) => void runs.set(key, record),
    save: () => {},
  };
}

/** The cache of the nearest folder upwards that has `node_modules`, for one build of the compiler. */
export function openCache(cwd: string, build: string | undefined): Cache | undefined {
  const folder = cacheFolder(cwd);
  if (folder === undefined || build === undefined) return undefined;
  const emissionsFile = join(folder, `emissions-${build}.json`);
  const runsFile = join(folder, `runs-${build}.json`);
  let texts: Map<string, string> | undefined;
  let textsChanged = false;
  /** Of the texts, in characters: of thousands of definitions no more are kept in memory than will be stored. */
  let length = 0;
  let runs: Map<string, RunRecord> | undefined;
  let runsChanged = false;
  const isText = (value: unknown): value is string => typeof value === "string";
  const loadedTexts = (): Map<string, string> => {
    if (texts !== undefined) return texts;
    texts = load(emissionsFile, isText);
    for (const text of texts.values()) length += text.length;
    return texts;
  };
  const loadedRuns = (): Map<string, RunRecord> => (runs ??= load(runsFile, isRunRecord));
  return {
    emissions: {
      get(key) {
        return touch(loadedTexts(), key);
      },
      set(key, value) {
        const known = loadedTexts();
        const before = known.get(key);
        if (before === value) return;
        known.delete(key);
        known.set(key, value);
        length += value.length - (before?.length ?? 0);
        for (const [oldest, text] of known) {
          if (length <= largestEmissions) break;
          known.delete(oldest);
          length -= text.length;
        }
        textsChanged = true;
      },
    },
    run: (key) => touch(loadedRuns(), key),
    rememberRun(key, record) {
      loadedRuns().set(key, record);
      runsChanged = true;
    },
    save() {
      if (texts !== undefined && textsChanged) store(emissionsFile, texts, largestEmissions, build);
      if (runs !== undefined && runsChanged) store(runsFile, runs, largestRuns, build);
      textsChanged = runsChanged = false;
    },
  };
}

/** Looks a key up and makes it the most recently used. */
function touch<T>(entries: Map<string, T>, key: string): T | undefined {
  const value = entries.get(key);
  if (value === undefined) return undefined;
  entries.delete(key);
  entries.set(key, value);
  return value;
}

function cacheFolder(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(modules)) return join(modules, ".cache", "actc");
    if (dirname(folder) === folder) return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const isDiagnostic = (value: unknown): value is Diagnostic =>
  isRecord(value) &&
  typeof value["code"] === "string" &&
  typeof value["message"] === "string" &&
  isRecord(value["span"]);

function isRunRecord(value: unknown): value is RunRecord {
  if (!isRecord(value)) return false;
  const { files, diagnostics, activations } = value;
  return (
    Array.isArray(files) &&
    files.every((file) => Array.isArray(file) && file.length === 2 && file.every((part) => typeof part === "string")) &&
    Array.isArray(diagnostics) &&
    diagnostics.every(isDiagnostic) &&
    Array.isArray(activations) &&
    activations.every((name) => typeof name === "string")
  );
}

/** Reads a file whose first line is the checksum of the rest: a list of keys and values, the least recently used first. */
function load<T>(file: string, isValue: (value: unknown) => value is T): Map<string, T> {
  const entries = new Map<string, T>();
  try {
    const content = readFileSync(file, "utf8");
    const end = content.indexOf("\n");
    const body = content.slice(end + 1);
    if (end === -1 || content.slice(0, end) !== sha256(body)) return entries;
    const list: unknown = JSON.parse(body);
    if (!Array.isArray(list)) return entries;
    for (const entry of list) {
      if (!Array.isArray(entry)) continue;
      const [key, value]: unknown[] = entry;
      if (typeof key === "string" && isValue(value)) entries.set(key, value);
    }
  } catch {
    // As good as empty.
  }
  return entries;
}

/** Writes the most recently used entries that fit, and clears away what other builds left. */
function store<T>(file: string, entries: ReadonlyMap<string, T>, limit: number, build: string): void {
  const kept: string[] = [];
  let length = 0;
  for (const entry of [...entries].reverse()) {
    const text = JSON.stringify(entry);
    length += text.length + 1;
    if (length > limit) break;
    kept.push(text);
  }
  // Piece by piece: as one text it would be in memory several times.
  const pieces = kept.reverse().map((text, i) => `${i === 0 ? "[" : ","}${text}`);
  pieces.push(kept.length === 0 ? "[]" : "]");
  const folder = dirname(file);
  const temporary = join(folder, `${randomBytes(8).toString("hex")}.tmp`);
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      if (ownName.test(name) && !name.endsWith(`-${build}.json`)) rmSync(join(folder, name), { force: true });
    }
    const descriptor = openSync(temporary, "wx");
    try {
      writeSync(descriptor, `${sha256Of(pieces)}\n`);
      for (const piece of pieces) writeSync(descriptor, piece);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // A read-only node_modules costs time, nothing else.
    }
  }
}
