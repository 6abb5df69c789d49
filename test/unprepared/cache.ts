/** Results of shaders, which take long, remembered by what they depend on. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { readExpected } from "./corpus.js";
import type { Compiled, Results } from "./measure.js";

const folder = fileURLToPath(new URL("../../.cache/unprepared/", import.meta.url));

/** Each number by its float32 bits, since JSON has neither NaN nor infinities. */
type Remembered = readonly Readonly<Record<string, readonly (number | null)[]>>[];

export class ResultCache {
  constructor(private readonly table: ReturnType<typeof readExpected>) {
    mkdirSync(folder, { recursive: true });
  }

  get(compiled: Compiled): readonly Results[] | undefined {
    try {
      const { key, results }: { key: string; results: Remembered } = JSON.parse(readFileSync(pathOf(compiled), "utf8"));
      return key === this.keyOf(compiled) ? results.map((group) => mapColumns(group, fromBits)) : undefined;
    } catch {
      return undefined;
    }
  }

  set(compiled: Compiled, results: readonly Results[]): void {
    const remembered: Remembered = results.map((group) => mapColumns(group, toBits));
    writeFileSync(pathOf(compiled), JSON.stringify({ key: this.keyOf(compiled), results: remembered }));
  }

  private keyOf({ definition, entry, generated }: Compiled): string {
    const text = generated.files.get(entry.kernels.wgsl?.file ?? "") ?? "";
    const parts = [text, entry.kernels.wgsl, this.table.get(definition.name)];
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  }
}

const pathOf = ({ definition }: Compiled): string => `${folder}${definition.name}.json`;

function mapColumns<A, B>(group: Readonly<Record<string, ArrayLike<A>>>, map: (value: A) => B): Record<string, B[]> {
  return Object.fromEntries(Object.entries(group).map(([name, column]) => [name, Array.from(column, map)]));
}

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

function toBits(value: number | undefined): number | null {
  if (value === undefined) return null;
  floats[0] = value;
  return words[0] ?? 0;
}

function fromBits(bits: number | null): number | undefined {
  if (bits === null) return undefined;
  words[0] = bits;
  return floats[0];
}
