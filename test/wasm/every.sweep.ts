/**
 * All kernels of acts.def in WebAssembly against those in TypeScript, over every n-th float32, for one input; too long for every day:
 *
 *   LIBRARY_STRIDE=4099 npx vitest run test/wasm/every
 *   LIBRARY_STRIDE=61 ACTIVATIONS=gelu,mish npx vitest run test/wasm/every
 */
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { type CompiledWasm, compiledToWasm, unitOf } from "./compiled.js";

const stride = Number(process.env["LIBRARY_STRIDE"] ?? 4099);
const wanted = process.env["ACTIVATIONS"]?.split(",");

let subject: CompiledWasm;
beforeAll(async () => {
  const text = readFileSync(new URL("../../acts.def", import.meta.url), "utf8");
  const blocks = text
    .split(/\n\s*\n/)
    .filter((block) => !wanted || wanted.some((name) => new RegExp(`^${name}\\(`, "m").test(block)));
  subject = await compiledToWasm(blocks.join("\n\n"));
}, 600_000);

const length = 2 ** 18;

/** The largest error, where an error of the input's rounding is no fault of a derivative. */
function worstOf(name: string, direction: "forward" | "backward"): { error: number; at: number; wrong: number[] } {
  const x = new Float32Array(length);
  const bits = new Uint32Array(x.buffer);
  let worst = { error: 0, at: NaN };
  const wrong: number[] = [];
  for (let next = 0; next < 2 ** 32;) {
    for (let i = 0; i < length; i++) {
      bits[i] = next;
      if (next < 2 ** 32) next += stride;
    }
    const call = (target: "ts" | "wasm"): Float32Array =>
      Object.values(subject.call(name, target, direction, { arrays: { x } }))[0]!;
    const [exact, values] = [call("ts"), call("wasm")];
    for (let i = 0; i < length; i++) {
      const [value, meant] = [values[i]!, exact[i]!];
      if (value === meant || Number.isNaN(x[i]!)) continue;
      if (!Number.isFinite(value) || !Number.isFinite(meant)) {
        if (!Object.is(value, meant) && Math.abs(meant) < 3.4028e38) wrong.push(x[i]!);
        continue;
      }
      const error = Math.abs(value - meant) / unitOf(meant);
      if (error <= worst.error) continue;
      if (direction === "backward" && error > 4) {
        const beside = Float32Array.of(x[i]! + unitOf(x[i]!), x[i]! - unitOf(x[i]!));
        const [above, below] = Object.values(subject.call(name, "ts", direction, { arrays: { x: beside } }))[0]!;
        if (Math.abs(value - meant) <= 4 * unitOf(meant) + Math.abs(above! - below!) / 4) continue;
      }
      worst = { error, at: x[i]! };
    }
  }
  return { ...worst, wrong };
}

test("every activation of one input", () => {
  const rows: string[] = [];
  for (const { name, kernels } of subject.activations) {
    const inputs = kernels.wasm?.forward.arguments.filter(({ role }) => role === "input");
    if (inputs?.length !== 1 || inputs[0]?.name !== "x") continue;
    for (const direction of ["forward", "backward"] as const) {
      const { error, at, wrong } = worstOf(name, direction);
      rows.push(
        `${error.toFixed(2)} ${name} ${direction} at ${at}${wrong.length > 0 ? ` WRONG at ${wrong.slice(0, 3)}` : ""}`,
      );
    }
  }
  rows.sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a));
  console.log(rows.slice(0, 60).join("\n"));
  expect(rows.filter((row) => row.includes("WRONG") || Number.parseFloat(row) > 8)).toEqual([]);
}, 3_600_000);
