import { transformSync } from "esbuild";
import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { emulate, printTypescript, readLibrary, run } from "../../compiler/machine/index.js";
import { randomNumbers } from "../library/binary32.js";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { runOnDevice } from "./device.js";
import { type Numeric, randomFunction } from "./random-texts.js";

const random = randomNumbers(123456789);
const operand = (type: Numeric): number => {
  if (type === "i32" || type === "u32") {
    const special = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)][Math.floor(random() * 20)];
    if (special !== undefined) return type === "u32" ? special >>> 0 : special;
  }
  const bits = Math.floor(random() * 2 ** 32) >>> (random() < 0.5 ? Math.floor(random() * 32) : 0);
  if (type === "u32") return bits;
  if (type === "i32") return bits | 0;
  return Math.fround((random() - 0.5) * 2 ** Math.floor(random() * 20 - 10));
};

test("masks put together may be larger than each of them", () => {
  const sum = "((x & 0x40000000) | (x & 0x3fffffff)) + 0x3fffffff";
  const f = run(readLibrary(`fn f(x: i32) -> i32 { return ${sum}; }`), "f");
  expect(f(0x7fffffff)).toBe((0x7fffffff + 0x3fffffff) | 0);
});

describe("random functions", () => {
  test("of float32 and integers give the same bits emulated and on a device", async () => {
    const device = await requestSoftwareDevice();
    for (let i = 0; i < 40; i++) {
      const { text, parameters } = randomFunction(random, ["f32", "i32", "u32"], 3);
      const library = readLibrary(text);
      const calls = Array.from({ length: 64 }, () => parameters.map(operand));
      const emulated = emulate(library, "f");
      const results = await runOnDevice(device, library, "f", calls);
      results.forEach((result, j) => {
        const call = calls[j] ?? [];
        expect(result, `f(${call.join(", ")}) of\n${text}`).toBe(emulated(...call));
      });
    }
    device.destroy();
  });

  test("are printed as TypeScript that prettier would leave as it is and that computes what runs", async () => {
    for (let i = 0; i < 100; i++) {
      const { text, parameters } = randomFunction(random, ["f64", "i32", "u32"], 1 + (i % 4));
      const library = readLibrary(text);
      const printed = `${printTypescript(library.closure(["f"]))}\n`;
      expect(await format(printed, { parser: "babel-ts" }), text).toBe(printed);
      const compiled: unknown = new Function(`${transformSync(printed, { loader: "ts" }).code}\nreturn f;`)();
      const inner = run(library, "f");
      for (let j = 0; j < 20; j++) {
        const call = parameters.map(operand);
        const result: unknown = typeof compiled === "function" ? compiled(...call) : undefined;
        expect(result, `f(${call.join(", ")}) of\n${text}`).toBe(inner(...call));
      }
    }
  });
});
