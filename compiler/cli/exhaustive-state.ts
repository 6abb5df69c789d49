/** What an exhaustive run has found so far, in `.cache/actc`, so that one that was interrupted goes on where it was. */
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Measurement } from "../verification/measurement.js";
import { sha256 } from "./digest.js";
import { systemCode } from "./problem.js";

export interface PieceOutcome {
  readonly measurement: Measurement;
  readonly margin: number | null;
}

/** In milliseconds: more often is not worth the writing. */
const savingInterval = 2000;

export class ExhaustiveState {
  /** By the bit pattern at which the piece begins. */
  readonly pieces: Map<number, PieceOutcome>;
  private readonly file: string;
  private saved = performance.now();

  /** `key` covers all that the outcome depends on; `name` tells whose state it is. */
  constructor(
    private readonly folder: string,
    private readonly name: string,
    key: string,
  ) {
    this.file = `${name}-${sha256(key).slice(0, 16)}.state`;
    this.pieces = load(join(folder, this.file));
  }

  add(from: number, outcome: PieceOutcome): void {
    this.pieces.set(from, outcome);
    if (performance.now() - this.saved > savingInterval) this.save();
  }

  /** Writes what is new; states of the same column that can no longer be of use go. */
  save(): void {
    if (this.pieces.size === 0) return;
    this.saved = performance.now();
    const body = serialize(this.pieces);
    const temporary = join(this.folder, `${this.file}.${process.pid}.tmp`);
    try {
      mkdirSync(this.folder, { recursive: true });
      // Whatever the project's own settings: nothing here is to be committed.
      writeFileSync(join(this.folder, ".gitignore"), "*\n");
      const old = readdirSync(this.folder).filter((file) => file.startsWith(`${this.name}-`) && file !== this.file);
      for (const file of old) {
        if (/^[0-9a-f]{16}\.state$/.test(file.slice(this.name.length + 1))) rmSync(join(this.folder, file));
      }
      writeFileSync(temporary, Buffer.concat([Buffer.from(`${sha256(body)}\n`), body]));
      renameSync(temporary, join(this.folder, this.file));
    } catch (error) {
      // Without the state, an interrupted run begins anew; that is all.
      if (systemCode(error) === undefined) throw error;
    }
  }

  /** Forgets everything: the column is done. */
  remove(): void {
    rmSync(join(this.folder, this.file), { force: true });
  }
}

function load(path: string): Map<number, PieceOutcome> {
  try {
    const bytes = readFileSync(path);
    const end = bytes.indexOf("\n");
    const body = bytes.subarray(end + 1);
    if (end === -1 || bytes.subarray(0, end).toString() !== sha256(body)) return new Map();
    // What this version wrote itself, by the checksum.
    const pieces: unknown = deserialize(body);
    return pieces instanceof Map ? pieces : new Map();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return new Map();
  }
}
