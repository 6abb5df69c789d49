import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What takes longest, the longest first, so that no core is left alone with one of these at the end. */
const longest = [
  "test/package/",
  "test/properties/",
  "test/unprepared/",
  "test/activations/",
  "test/examples/",
  "test/cli/verify",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex((path) => moduleId.startsWith(here(path)));
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  resolve: {
    alias: [
      { find: "activation-compiler/runtime", replacement: here("./runtime/index.ts") },
      { find: /^activation-compiler$/, replacement: here("./compiler/index.ts") },
    ],
  },
  // Sweeps over very many inputs are run by hand, each by the command in its head.
  test: {
    include: ["test/**/*.test.ts", ...(process.env["LIBRARY_STRIDE"] ? ["test/**/*.sweep.ts"] : [])],
    pool: "forks",
    // Files that a process runs one after the other share its modules, and the machine code that came of them.
    isolate: false,
    // All cores: left to itself, the runner keeps one free.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // Most of what runs here runs once: optimised less eagerly, and garbage collected less often.
    execArgv: ["--interrupt-budget=600000", "--min-semi-space-size=16", "--max-semi-space-size=64"],
    // Machines are shared: a test that takes a second may have to wait for a minute.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
