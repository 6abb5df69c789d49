/** PyTorch, in a process of its own that computes all columns at once. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer, Task } from "./peer.js";
import { openProcess } from "./process.js";

/** Debian's package is seen by Debian's Python alone. */
const interpreters = ["python3", "/usr/bin/python3"];

function interpreter(): string {
  const python = interpreters.find((each) => spawnSync(each, ["-c", "import torch"]).status === 0);
  if (!python) throw new Error("no Python here has the module torch: Debian's package is python3-torch");
  return python;
}

/** To be timed. */
export const openPyTorchKernels = async (script: string): Promise<Peer> =>
  openProcess("PyTorch", interpreter(), [script]);

export function openPyTorch(script: string, tasks: readonly Task[]): Promise<Peer> {
  const python = interpreter();
  const folder = mkdtempSync(join(tmpdir(), "torch-values-"));
  try {
    writeFileSync(join(folder, "tasks"), tasks.map(({ name, kind }) => `${name} ${kind}\n`).join(""));
    tasks.forEach(({ inputs }, i) => writeFileSync(join(folder, `${i}.in`), inputs));
    const { status, stdout, stderr } = spawnSync(python, [script, folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1));
    const [version = "", own = ""] = stdout.trim().split("\n");
    const results = new Map<Task, Float32Array>();
    tasks.forEach((task, i) => {
      const file = join(folder, `${i}.out`);
      if (existsSync(file)) results.set(task, new Float32Array(new Uint8Array(readFileSync(file)).buffer));
    });
    return Promise.resolve({
      name: "PyTorch",
      description: `torch ${version} (Debian), CPU, one thread; derivatives by autograd`,
      own: new Set(own.split(" ")),
      derives: true,
      run: (task) => Promise.resolve(results.get(task) ?? "not asked for"),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
