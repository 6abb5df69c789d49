/** Peers of other languages: each computes, and times itself, in a process of its own that answers every line with a line. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Peer, Prepared, Task } from "./peer.js";

/**
 * Starts `command`. Its first line is what it is; then it takes
 *
 *     prepare NAME KIND FILE    inputs are the float32 numbers of the file; answers "ready", or why not
 *     time N                    computes N times; answers milliseconds
 *     results FILE              writes what it computed last; answers "written"
 */
export async function openProcess(name: string, command: string, args: readonly string[]): Promise<Peer> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ask = conversation(child);
  const folder = mkdtempSync(join(tmpdir(), "actc-peer-"));
  process.once("exit", () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const description = await ask();

  async function prepare({ name: activation, kind, inputs }: Task): Promise<Prepared> {
    const [given, found] = [join(folder, "inputs"), join(folder, "results")];
    writeFileSync(given, inputs);
    const answer = await ask(`prepare ${activation} ${kind} ${given}`);
    if (answer !== "ready") throw new Error(answer);
    const timed = async (repetitions: number): Promise<number> => Number(await ask(`time ${repetitions}`));
    return {
      run: async () => void (await timed(1)),
      timed,
      results: async () => {
        await ask(`results ${found}`);
        return new Float32Array(new Uint8Array(readFileSync(found)).buffer);
      },
      dispose: () => undefined,
    };
  }

  async function run(task: Task): Promise<Float32Array> {
    const prepared = await prepare(task);
    await prepared.run();
    return prepared.results();
  }

  return { name, description, own: new Set(), derives: false, run, prepare };
}

/** Sends a line, if there is one, and waits for the next that comes. */
function conversation({ stdin, stdout }: ChildProcess): (line?: string) => Promise<string> {
  if (!stdin || !stdout) throw new Error("a process without pipes");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return async (line) => {
    if (line !== undefined) stdin.write(`${line}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("the process has ended");
    return value;
  };
}
