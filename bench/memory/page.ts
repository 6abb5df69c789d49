/** docs/memory.md: what backward keeps of each activation, and what that costs in accuracy. */
import { promisedBound } from "../../compiler/verification/bounds.js";
import { decimalText } from "../../compiler/verification/number-text.js";
import type { ErrorAt, OutputErrors } from "../../compiler/verification/from-output.js";
import type { Keeps, Measured } from "./measured.js";

/** What bench/memory/measured.json holds. */
export interface Table {
  readonly activations: Readonly<Record<string, Measured>>;
  /** Sizes of minified bundles, in bytes. */
  readonly bundles: Readonly<Record<string, number>>;
}

export function page(all: readonly Keeps[], { activations: measured, bundles }: Table): string {
  const of = (what: Keeps["what"]): readonly Keeps[] => all.filter((each) => each.what === what);
  const [ts, wgsl] = [promisedBound("ts", "d/dx").worst, promisedBound("wgsl", "d/dx").worst];
  const optional = all.filter(({ output }) => output !== null);
  const sizes = [...new Set(of("inputs").map(({ bytes }) => bytes))].sort((a, b) => a - b);
  const formula = (target: "ts" | "wgsl"): string =>
    up(Math.max(...Object.values(measured).flatMap((each) => columns(each).map(([, on]) => on[target].formula.error))));
  return `# What backward keeps

Between forward and backward each element of an activation's input takes 4 bytes, unless the derivative does with less. Which it
does is derived from the definition, proved, and said by \`actc check\`; the tape needs no more. This page is written by
\`npm run memory\`, which compiles and executes the kernels.

| kept | activations | bytes per element | error of the gradient |
|---|---|---|---|
| nothing: the derivative is the same everywhere | ${of("nothing").length} | 0 | as below |
| a bit: the derivative has two values | ${of("bit").length} | 1/8 | as below |
| the inputs | ${of("inputs").length} | 4 for each input | within ${ts} ULP (TypeScript), ${wgsl} ULP (WGSL), as [promised](verify.md), or as \`actc compile\` warns |
| the output, with \`--save output\` | ${optional.length} of these | 4, or 0 where the next layer keeps it | as measured, next table |

An output costs nothing where the next layer keeps its own input anyway, as \`Linear\` does for its weights' gradient. Bits and nothing give
the same gradients as the input. What is random in training keeps its input; what was drawn is drawn again.
The memory of an input that is not kept is free once it is disposed of, with \`dispose()\`.

## From the output

\`actc compile --save output\` writes kernels that take the output in the place of the input, and modules that use them. Each computes its
formula of the output y within ${formula("ts")} ULP (TypeScript) and ${formula("wgsl")} ULP (WGSL). But y was rounded: where the function is nearly level,
many inputs share it, and what is lost of a small derivative is all of it. So the error against the derivative at the input is given in ULP
where that is small, else as what it is at most, for a cotangent of 1: 1 u is 2^-24. Of rows, u is 2^-24 times the largest cotangent of the
row. It is the largest at adversarial inputs and some of each exponent, with default parameters; WGSL is emulated.

| activation | default | gradient from y | TypeScript | WGSL | worst at |
|---|---|---|---|---|---|
${optional.map((each) => outputRow(each, measured[each.name])).join("\n")}

At a kink the output cannot tell an input whose value rounds to that of the border from the border: an error there is that of the derivative on
the other side. Refused are functions that are not monotone (GELU, SiLU, Mish), negative slopes, outputs that are level and moved
(\`max(x, 0) + b\`), and conditions on learned parameters that no range ensures.

## What a bundle holds

A bundle that imports one activation contains that one alone, and of its file what it calls (besides, where other kernels of the file
have a slow path, four constants that bundlers do not dare to drop). Minified by esbuild:

| exports | kB |
|---|---|
${Object.entries(bundles)
  .map(([name, bytes]) => `| ${name} | ${(bytes / 1000).toFixed(1)} |`)
  .join("\n")}

## All activations

${[
  list("Nothing", of("nothing")),
  list("1/8 byte", of("bit")),
  ...sizes.map((bytes) =>
    list(
      `${bytes} bytes`,
      of("inputs").filter((each) => each.bytes === bytes),
    ),
  ),
].join("\n\n")}
`;
}

const list = (title: string, which: readonly Keeps[]): string =>
  `**${title}**: ${which.map(({ name }) => `\`${name}\``).join(", ")}.`;

type Columns = readonly (readonly [name: string, on: Readonly<Record<"ts" | "wgsl", OutputErrors>>])[];
const columns = (measured: Measured): Columns => ("columns" in measured ? Object.entries(measured.columns) : []);

function outputRow({ name, bytes, output }: Keeps, measured: Measured | undefined): string {
  if (!output || !measured) throw new Error(`${name} was not measured`);
  const condition = output.requires.map((each) => `, if ${each} > 0`).join("");
  const formula = `\`${output.gradient}\`${condition}`;
  const kept = bytes < 1 ? "1/8" : String(bytes);
  if ("rows" in measured) {
    const { error, length, scale } = measured.rows;
    const where = `${length} inputs of size ${scale}`;
    return `| \`${name}\` | ${kept} | ${formula} | ${up(error)} u | | ${where} |`;
  }
  const all = columns(measured);
  const worst = (target: "ts" | "wgsl"): ErrorAt & { readonly text: string } =>
    all.map(([, on]) => shown(on[target])).reduce((a, b) => (b.error > a.error ? b : a));
  const { text, at, error } = worst("ts");
  return `| \`${name}\` | ${kept} | ${formula} | ${text} | ${worst("wgsl").text} | ${error === 0 ? "" : `x = ${decimalText(at)}`} |`;
}

/** In units in the last place where they are few. */
function shown({ whole, absolute }: OutputErrors): ErrorAt & { readonly text: string } {
  // ULP does not count what lies beside a kink, where both derivatives stand for one.
  if (whole.error === 0 && absolute.error < farOff) return { ...whole, text: "exact" };
  if (whole.error > 0 && whole.error <= 0.5) return { ...whole, text: "rounded correctly" };
  if (whole.error > 0 && whole.error <= mostUlp) return { ...whole, text: `${up(whole.error)} ULP` };
  if (absolute.error < farOff) return { ...absolute, text: `${up(absolute.error)} u` };
  return { ...absolute, text: `${absolute.error * 2 ** -24} beside a kink` };
}

const mostUlp = 4;
/** In units of 2^-24: no rounding, but another derivative. */
const farOff = 1000;

/** With two decimals, rounded up. */
const up = (error: number): string => (Math.ceil(error * 100 - 1e-6) / 100).toFixed(2);
