import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

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
    execArgv: ["--interrupt-budget=600000"],
    testTimeout: 60_000,
  },
});
