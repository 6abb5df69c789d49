// What fewer walks over a row are worth in TypeScript: kernels of generated/ against the same with a walk for each level of
// reductions (level-walks.mjs), taking turns.
//
//   npm run build && node bench/rows-speed.mjs            prints the table
//   npm run build && node bench/rows-speed.mjs --write    and writes it to bench/row-results.md
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { levelWalks } from "./level-walks.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "node_modules/.cache/actc-rows-speed");
mkdirSync(folder, { recursive: true });
const rounds = 21;
const sizes = [1e3, 1e5, 4e6];

/** Name, file, walks of either form, and what is given. */
const kernels = [
  ["softmaxForward", "softmax", 3, 2, ["x", "y"]],
  ["softmaxBackward", "softmax", 4, 3, ["dy", "x", "y"]],
  ["softmaxDoubleBackward", "softmax", 4, 3, ["dy", "x", "ddx", "y", "y2"]],
  ["logSoftmaxForward", "log_softmax", 3, 2, ["x", "y"]],
  ["logSoftmaxBackward", "log_softmax", 3, 2, ["dy", "x", "y"]],
  ["logsumexpForward", "logsumexp", 2, 1, ["x", "row"]],
  ["logsumexpBackward", "logsumexp", 3, 2, ["dyRow", "x", "y"]],
];

/** Each in a module of its own, as they stand in a program: engines learn from what a function was called with. */
async function moduleOf(name, file, text) {
  const { code } = await transform(`${readFileSync(join(root, `generated/${file}.ts`), "utf8")}\n${text}`, {
    loader: "ts",
  });
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, code);
  return import(pathToFileURL(path).href);
}

function numbers(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state / 2 ** 32) * 2 - 1) * 8;
  });
}

const orders = {
  "any order": (x) => x,
  ascending: (x) => x.slice().sort(),
  descending: (x) => x.slice().sort().reverse(),
};
const median = (list) => list.slice().sort((a, b) => a - b)[list.length >> 1];

const lines = [];
for (const [name, file, before, after, given] of kernels) {
  const now = (await moduleOf(name, file, ""))[name];
  const levels = (await moduleOf(`${name}Levels`, file, levelWalks[name])).levels;
  for (const size of sizes) {
    const cells = Object.values(orders).map((order) => {
      const arrays = given.map((each, i) => {
        if (each === "x") return order(numbers(size, 7));
        return each.endsWith("ow") ? numbers(1, i) : numbers(size, i);
      });
      const repeats = Math.max(1, Math.round(1e6 / size));
      const time = (kernel) => {
        const start = performance.now();
        for (let r = 0; r < repeats; r++) kernel(...arrays, 1, size, 1);
        return ((performance.now() - start) / repeats / size) * 1e6;
      };
      const pairs = Array.from({ length: rounds + 4 }, () => [time(levels), time(now)]).slice(4);
      return { ns: median(pairs.map(([, b]) => b)), ratio: median(pairs.map(([a, b]) => a / b)) };
    });
    const text = cells.map(({ ns, ratio }) => `${ns.toFixed(2)} | **${ratio.toFixed(2)}**`).join(" | ");
    lines.push(`| \`${name}\` | ${before} → ${after} | ${size} | ${text} |`);
    console.log(lines.at(-1));
  }
}

if (process.argv.includes("--write")) {
  writeFileSync(
    join(root, "bench/row-results.md"),
    `# Walks over rows

What it is worth in TypeScript that sums of exponentials are carried along with the search for the largest exponent, and that what stands at
a place is read there: nanoseconds per element of the kernels in generated/, and (bold) how many times as long the same kernel
takes with a walk for each level of reductions. Medians of ${rounds} rounds in which the two take turns; rows of numbers from -8 to 8.
${cpus()[0].model}, Node ${process.versions.node}, one thread of a machine that does other things besides.

To repeat: \`npm run build && node bench/rows-speed.mjs --write\`.

| kernel | walks | length | ${Object.keys(orders)
      .map((each) => `${each}, ns | ratio`)
      .join(" | ")} |
| --- | --- | ---: | ${Object.keys(orders)
      .map(() => "---: | ---:")
      .join(" | ")} |
${lines.join("\n")}
`,
  );
}
