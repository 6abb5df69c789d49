import { realpathSync, statSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import type { CompileRequest } from "./arguments.js";
import { memoryCache, openCache } from "./cache.js";
import { build } from "./compile-command.js";
import { sha256 } from "./digest.js";
import { exitCodes, type Environment, type ExitCode } from "./environment.js";
import { inputPaths, readInputs } from "./inputs.js";
import { jsonProblem, problemText, reportFault, writeJson } from "./report.js";

/** Editors write a file in several steps. */
const settlingTime = 40;
const pollingInterval = 500;
/** Writing the cache takes as long as compiling some definitions: it can wait until nobody is at work. */
const idleTime = 3000;

/** Builds at the start and at each change until interrupted; an error ends nothing. */
export async function watchCommand(request: CompileRequest, environment: Environment): Promise<ExitCode> {
  const cache = (request.cache ? openCache(environment.cwd, environment.build()) : undefined) ?? memoryCache();
  const paths = inputPaths(request.files, environment.cwd).map(({ path }) => path);
  const { interrupted } = environment;
  const changes = watchFiles(paths);
  let saving: NodeJS.Timeout | undefined;
  let last: string | undefined;
  try {
    while (!interrupted.aborted) {
      const start = performance.now();
      const { inputs, problems } = await readInputs(request.files, environment);
      const state = sha256(JSON.stringify([inputs.map(({ source }) => source), problems]));
      if (state !== last) {
        last = state;
        if (problems.length > 0) {
          if (request.json) {
            writeJson(environment, { ok: false, files: [], diagnostics: problems.map(jsonProblem) }, "one line");
          } else for (const problem of problems) environment.stderr.write(problemText(problem, environment));
        } else {
          try {
            await build(request, inputs, environment, cache, start);
          } catch (fault) {
            reportFault(fault, request.json, environment);
          }
        }
        if (!request.json && !interrupted.aborted) environment.stdout.write("actc: watching for changes\n");
      }
      clearTimeout(saving);
      saving = setTimeout(() => cache.save(), idleTime);
      await changes.next(interrupted);
    }
  } finally {
    clearTimeout(saving);
    cache.save();
    changes.close();
  }
  return exitCodes.done;
}

interface Changes {
  /** Resolves some time after the next change, or when interrupted. */
  next(interrupted: AbortSignal): Promise<void>;
  close(): void;
}

/** A path and, if it is a symbolic link, where that leads. */
function withTarget(path: string): readonly string[] {
  try {
    return [...new Set([path, realpathSync(path)])];
  } catch {
    return [path];
  }
}

/**
 * Watches the folders, not the files: an editor that saves by renaming would take the watch along with the old file.
 * Folders that cannot be watched (any more) are polled.
 */
function watchFiles(paths: readonly string[]): Changes {
  const namesByFolder = new Map<string, Set<string>>();
  for (const path of paths.flatMap(withTarget)) {
    const names = namesByFolder.get(dirname(path)) ?? new Set();
    namesByFolder.set(dirname(path), names.add(basename(path)));
  }
  const watchers: FSWatcher[] = [];
  let changed = false;
  let wake: (() => void) | undefined;
  let settling: NodeJS.Timeout | undefined;
  let polling: NodeJS.Timeout | undefined;
  const notice = (): void => {
    changed = true;
    clearTimeout(settling);
    settling = setTimeout(() => wake?.(), settlingTime);
  };
  const stamps = (): string =>
    paths
      .map((path) => statSync(path, { throwIfNoEntry: false }))
      .map((stats) => (stats === undefined ? "" : `${stats.mtimeMs} ${stats.size} ${stats.ino}`))
      .join("\n");
  const poll = (): void => {
    if (polling !== undefined) return;
    let before = stamps();
    polling = setInterval(() => {
      const now = stamps();
      if (now !== before) notice();
      before = now;
    }, pollingInterval);
    notice();
  };
  for (const [folder, names] of namesByFolder) {
    try {
      const watcher = watch(folder, (_, name) => {
        if (name === null || names.has(name)) notice();
        // The folder itself was renamed or deleted; what watches it now watches nothing.
        else if (name === basename(folder) && statSync(folder, { throwIfNoEntry: false }) === undefined) poll();
      });
      watcher.on("error", poll);
      watchers.push(watcher);
    } catch {
      poll();
    }
  }
  return {
    next: (interrupted) =>
      new Promise((resolve) => {
        const finish = (): void => {
          changed = false;
          wake = undefined;
          interrupted.removeEventListener("abort", finish);
          resolve();
        };
        wake = finish;
        interrupted.addEventListener("abort", finish);
        if (interrupted.aborted) finish();
        else if (changed) notice();
      }),
    close() {
      clearTimeout(settling);
      clearInterval(polling);
      for (const watcher of watchers) watcher.close();
    },
  };
}
