import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Generated, readGenerated } from "./manifest.js";

/** What a folder of generated kernels holds. */
export const readGeneratedFolder = (folder: string): Generated =>
  readGenerated(
    readdirSync(folder)
      .filter((path) => /\.(ts|wgsl|json)$/.test(path))
      .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") })),
  );
