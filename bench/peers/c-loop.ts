/** The loop that most people write in C, compiled here. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./peer.js";
import { openProcess } from "./process.js";

/** `folder` holds loops.c; the program is put into `cache`. */
export async function openCLoop(folder: string, cache: string): Promise<Peer> {
  if (spawnSync("gcc", ["--version"]).status !== 0) throw new Error("no C compiler here: Debian's package is gcc");
  mkdirSync(cache, { recursive: true });
  const program = join(cache, "loops");
  execFileSync("gcc", ["-O3", "-march=native", "-o", program, join(folder, "loops.c"), "-lm"]);
  return openProcess("C loop", program, []);
}
