import { transformSync } from "esbuild";
import { format } from "prettier";
import { expect, test } from "vitest";
import { inline, printTypescript, readLibrary, run } from "../../compiler/machine/index.js";
import { randomNumbers } from "../library/binary32.js";

const library = readLibrary(`
const THIRDS: array<f64, 4> = [0.0, 0.3333333333333333, 0.6666666666666666, 1.0];
const SCALE: f64 = 1.4426950408889634;

// Two to the power of a multiple of a quarter.
fn quarter_power(k: i32, scale: f64) -> f64 {
  let whole = power_of_two(k >> 2);
  return whole * (1.0 + THIRDS[k & 3]) * scale;
}

// Not straight.
fn bounded(x: f64) -> f64 {
  if (is_nan(x)) {
    return 0.0;
  }
  return from_words(high_word(clamp(x, -20.0, 20.0)), 0);
}

fn mixed(x: f64, y: f64) -> f64 {
  let z = bounded(x) * SCALE;
  let k = i32(floor(z));
  let swapped = from_words(high_word(x) ^ (high_word(y) & 0x000fffff), low_word(bounded(x)) + low_word(y));
  return quarter_power(k, 0.5) + quarter_power(k + 1, -z) * swapped + f64(bitcast<f32>((bitcast<u32>(f32(y)) & 0x007fffffu) | 0x3f800000u));
}

fn average(x: f64, y: f64) -> f64 {
  return 0.5 * (mixed(x, y) + mixed(y, x));
}
`);

function loop(operands: readonly string[]): string {
  const taken = new Set(["out", "a", "b", "i", "xi"]);
  const fresh = (wanted: string): string => {
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted}${n}`;
    taken.add(name);
    return name;
  };
  const { statements, result, declarations, parts } = inline(library, "average", operands, fresh, { margin: 4 });
  const own = printTypescript(library.closure(declarations), undefined, { parts });
  const lines = statements.map((statement) => `    ${statement}`).join("\n");
  return `${own}

function loop(a: Float64Array, b: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) {
    const xi = a[i]!;
${lines}
    out[i] = ${result};
  }
}
`;
}

test("an inlined function computes the same, without calls of straight ones", async () => {
  const random = randomNumbers(42);
  const text = loop(["xi", "b[i]! + 1"]);
  expect(text).not.toContain("quarterPower");
  expect(text).not.toContain("mixed(");
  expect(text).toMatch(/const y = b\[i\]! \+ 1;/);
  expect(text.match(/^ +const \w+ = bounded\(/gm)).toHaveLength(4);
  // The last line is the caller's business.
  const lastLineApart = (code: string): string => code.replace(/out\[i\] =[^;]*;/, "");
  expect(lastLineApart(await format(text, { parser: "babel-ts" }))).toBe(lastLineApart(text));
  const compiled: unknown = new Function(`${transformSync(text, { loader: "ts" }).code}\nreturn loop;`)();
  const [a, b] = [0, 1].map(() => Float64Array.from({ length: 1000 }, () => (random() - 0.5) * 60));
  const out = new Float64Array(1000);
  if (typeof compiled === "function") compiled(a, b, out);
  const average = run(library, "average");
  expect([...out]).toEqual([...out].map((_, i) => average(a?.[i] ?? 0, (b?.[i] ?? 0) + 1)));
});

test("what is not straight is not inlined", () => {
  expect(() => inline(library, "bounded", ["x"], (name) => name)).toThrow("bounded is not straight");
  expect(() => inline(library, "mixed", ["x"], (name) => name)).toThrow("mixed takes 2 operands");
});
