// Writes parser.generated.ts from definition.ne; with --check, only says whether it is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import nearley from "nearley";
import compile from "nearley/lib/compile.js";
import generate from "nearley/lib/generate.js";
import language from "nearley/lib/nearley-language-bootstrapped.js";
import * as prettier from "prettier";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "parser.generated.ts");

const parser = new nearley.Parser(nearley.Grammar.fromCompiled(language));
parser.feed(readFileSync(join(here, "definition.ne"), "utf8").replace(/\r\n/g, "\n"));
const { version } = createRequire(import.meta.url)("nearley/package.json");
const code = generate(compile(parser.results[0], { version }), "grammar");
const note = "// Do not edit: change definition.ne and run 'node grammar/generate.mjs'.\n";
const text = await prettier.format(note + code, { parser: "typescript", printWidth: 120 });

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8").replace(/\r\n/g, "\n") !== text) {
    console.error("grammar/parser.generated.ts is stale: run 'node grammar/generate.mjs'");
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
