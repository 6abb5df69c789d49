/**
 * Measures gradients from the output, and writes bench/memory/measured.json and docs/memory.md:
 *
 *   npm run memory
 *
 * A minute. The same kernels give the same bytes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { keeps, measured } from "./measured.js";
import { page } from "./page.js";

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const source = { file: "acts.def", text: readFileSync(at("acts.def"), "utf8") };
const found = await measured(source, [], { stratified: 2 ** 17, density: "dense" });
const table = at("bench/memory/measured.json");
const options = (await resolveConfig(table)) ?? {};
writeFileSync(table, await format(JSON.stringify(found), { ...options, parser: "json" }));
writeFileSync(at("docs/memory.md"), page(keeps(source), found));
