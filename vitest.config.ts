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
  test: { include: ["test/**/*.test.ts"], pool: "forks", testTimeout: 60_000 },
});
