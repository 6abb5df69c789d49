/** The benchmark's table and chart. */
import type { ActivationName } from "../accuracy/activations.js";
import type { Kind } from "../accuracy/truth.js";

export interface Timing {
  readonly activation: ActivationName;
  readonly kind: Kind;
  readonly length: number;
  readonly candidate: string;
  /** Nanoseconds per element. */
  readonly time: number;
  /** Units in the last place. */
  readonly error: number;
}

interface About {
  readonly machine: string;
  readonly rounds: number;
  readonly peers: readonly string[];
}

const subject = "actc WASM";
/** What is not a peer. */
const own = new Set([subject, "actc WASM, relaxed", "actc TypeScript", "copy"]);

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

const errorText = (error: number): string =>
  Number.isNaN(error) ? "NaN" : error < 1000 ? String(Number(error.toPrecision(2))) : error.toExponential(0);

const kinds = { value: "Forward", derivative: "Backward" } as const;

export function table(timings: readonly Timing[], { machine, rounds, peers }: About): string {
  const lines: string[] = [];
  const lengths = [...new Set(timings.map(({ length }) => length))];
  for (const length of lengths) {
    for (const kind of ["value", "derivative"] as const) {
      const here = timings.filter((each) => each.length === length && each.kind === kind);
      const candidates = [...new Set(here.map(({ candidate }) => candidate))];
      const activations = [...new Set(here.map(({ activation }) => activation))];
      lines.push(
        "",
        `## ${kinds[kind]}, ${length} elements`,
        "",
        `| ns per element (error, ULP) | ${candidates.join(" | ")} |`,
        `| --- | ${candidates.map(() => "---:").join(" | ")} |`,
      );
      const find = (activation: string, candidate: string): Timing | undefined =>
        here.find((each) => each.activation === activation && each.candidate === candidate);
      for (const activation of activations) {
        const cells = candidates.map((candidate) => {
          const timing = find(activation, candidate);
          if (!timing) return "";
          return candidate === "copy"
            ? timing.time.toFixed(2)
            : `${timing.time.toFixed(2)} (${errorText(timing.error)})`;
        });
        lines.push(`| ${activation} | ${cells.join(" | ")} |`);
      }
      lines.push(
        "",
        `| times as long as ${subject} | ${candidates.slice(1).join(" | ")} |`,
        `| --- | ${candidates
          .slice(1)
          .map(() => "---:")
          .join(" | ")} |`,
      );
      const ratio = (activation: string, candidate: string): number =>
        (find(activation, candidate)?.time ?? NaN) / (find(activation, subject)?.time ?? NaN);
      for (const activation of activations) {
        lines.push(
          `| ${activation} | ${candidates
            .slice(1)
            .map((each) => ratio(activation, each).toFixed(2))
            .join(" | ")} |`,
        );
      }
      const means = candidates.slice(1).map((each) => {
        const known = activations.map((activation) => ratio(activation, each)).filter((value) => !Number.isNaN(value));
        return `**${geometricMean(known).toFixed(2)}**`;
      });
      lines.push(`| geometric mean | ${means.join(" | ")} |`);
    }
  }
  const behind = timings
    .filter(({ candidate }) => !own.has(candidate))
    .flatMap((each) => {
      const mine = timings.find(
        ({ candidate, activation, kind, length }) =>
          candidate === subject && activation === each.activation && kind === each.kind && length === each.length,
      );
      const ratio = each.time / (mine?.time ?? NaN);
      return ratio < 1
        ? [
            `- ${each.candidate}: ${each.activation}, ${kinds[each.kind].toLowerCase()}, ${each.length} elements: ${ratio.toFixed(2)} of our time`,
          ]
        : [];
    });
  return `# Speed

Nanoseconds per element on one thread, float32, inputs from a normal distribution of variance 9: medians of ${rounds} rounds in
which the candidates take turns in one process. Before each of their turns they run for 5 ms without the clock, and ours, the loop and
the copy use other arrays than the turn before, of five up to 1 M elements: which pages an array lies on decides how much of it caches keep. ${machine}.

In brackets the largest distance from the TypeScript kernel, which is within 0.51 ULP, for a cotangent of 1. "Loop" is what most people
write with \`Math.*\`, "copy" a plain copy. Next to a zero of a derivative few digits are right, and errors count in full all the same. ${subject} works on arrays in its memory, the peers on tensors of their own; ONNX Runtime's
graphs of derivatives have no cotangent. "relaxed" are our kernels with fused products and sums, for engines that have relaxed SIMD; Node 20 is told to.

${peers.map((peer) => `- ${peer}`).join("\n")}

To repeat: \`npm ci\` here and in \`bench/\`, \`npm run build\`, \`npm run bench -- --write\`.

Where ${subject} is behind:

${behind.join("\n") || "nowhere"}

ONNX Runtime Node, PyTorch and what gcc makes of a loop without functions compute in vectors of 256 bits, which WebAssembly does not have: twice as many
elements with an instruction.
${lines.join("\n")}
`;
}

/** Bars of all candidates by activation, on a logarithmic scale, for the largest number of elements up to a million. */
export function chart(timings: readonly Timing[], machine: string): string {
  const length = Math.max(...timings.map((each) => each.length).filter((each) => each <= 2 ** 20));
  const here = timings.filter((each) => each.length === length && each.candidate !== "copy");
  const candidates = [...new Set(here.map(({ candidate }) => candidate))];
  const colours = ["#0b7a75", "#7fc8a9", "#b5b5b5", "#f2a65a", "#e4572e", "#6d6a75", "#3d348b", "#c08497"];
  const [least, most] = [0.05, 500];
  const width = 900;
  const left = 110;
  const bar = 6;
  const place = (time: number): number =>
    left + ((width - left - 20) * Math.log(Math.max(time, least) / least)) / Math.log(most / least);
  const parts: string[] = [];
  let y = 60;
  for (const kind of ["value", "derivative"] as const) {
    parts.push(`<text x="10" y="${y}" font-weight="bold">${kinds[kind]}, ${length} elements, ns per element</text>`);
    y += 14;
    const top = y;
    const rows: string[] = [];
    for (const activation of new Set(here.map((each) => each.activation))) {
      rows.push(`<text x="${left - 8}" y="${y + 26}" text-anchor="end">${activation}</text>`);
      candidates.forEach((candidate, i) => {
        const timing = here.find(
          (each) => each.kind === kind && each.activation === activation && each.candidate === candidate,
        );
        if (!timing) return;
        const to = place(timing.time);
        rows.push(
          `<rect x="${left}" y="${y + bar * i}" width="${(to - left).toFixed(1)}" height="${bar - 1}" fill="${colours[i % colours.length]}"/>`,
        );
      });
      y += bar * candidates.length + 8;
    }
    for (const mark of [0.1, 1, 10, 100]) {
      const x = place(mark).toFixed(1);
      parts.push(
        `<line x1="${x}" x2="${x}" y1="${top}" y2="${y}" stroke="#dddddd"/>`,
        `<text x="${x}" y="${y + 10}" text-anchor="middle" fill="#777777">${mark}</text>`,
      );
    }
    parts.push(...rows);
    y += 40;
  }
  const legend = candidates.map((candidate, i) => {
    const x = 10 + (i % 4) * 220;
    const line = 14 + Math.floor(i / 4) * 16;
    return `<rect x="${x}" y="${line - 8}" width="10" height="8" fill="${colours[i % colours.length]}"/><text x="${x + 14}" y="${line}">${candidate}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${y}" fill="#ffffff"/>`,
    ...legend,
    ...parts,
    `<text x="10" y="${y - 8}" fill="#777777">${machine}</text>`,
    "</svg>",
    "",
  ].join("\n");
}
