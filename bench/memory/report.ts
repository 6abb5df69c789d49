/**
 * Measures gradients from the output and the sizes of bundles, and writes bench/memory/measured.json and docs/memory.md:
 *
 *   npm run memory
 *
 * A minute. The same kernels give the same bytes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { sizesOfBundles } from "./bundles.js";
import { keeps, measured } from "./measured.js";
import { page } from "./page.js";

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const source = { file: "acts.def", text: readFileSync(at("acts.def"), "utf8") };
const found = await measured(source, [], { stratified: 2 ** 17, density: "dense" });
const all = { activations: found, bundles: await sizesOfBundles() };
const table = at("bench/memory/measured.json");
const options = (await resolveConfig(table)) ?? {};
writeFileSync(table, await format(JSON.stringify(all), { ...options, parser: "json" }));
writeFileSync(at("docs/memory.md"), page(keeps(source), all));
