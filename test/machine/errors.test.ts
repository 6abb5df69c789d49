import { describe, expect, test } from "vitest";
import { MachineError, printWgsl, readLibrary } from "../../compiler/machine/index.js";

const fn = (body: string, signature = "x: f32, i: i32, u: u32, n: nat"): string =>
  `fn f(${signature}) -> f32 {\n  ${body}\n}`;

/** A text, and what is wrong with it. */
const faults: Readonly<Record<string, string>> = {
  [fn("return x + i;")]: "+ between f32 and i32",
  [fn("return u;")]: "expected f32 instead of u32",
  [fn("let y = x; y = 1.0; return y;")]: "y is no var",
  [fn("let x = 1.0; return x;")]: "x is declared already",
  [fn("return y;")]: "there is no y",
  [fn("return exp(x);")]: "there is no function exp",
  [fn("if (x > 0.0) { return x; }")]: "f may end without a return",
  [fn("return x; return x;")]: "nothing gets here",
  [fn("break; return x;")]: "break stands outside of a loop",
  [fn("return select(x, 1.0, u);")]: "expected bool instead of u32",
  [fn("return min(x, u);")]: "min of f32, u32",
  [fn("return min(x);")]: "min takes 2 operands instead of 1",
  [fn("return bitcast<f32>(x);")]: "bitcast of f32",
  [fn("return x < 1.0 < 2.0;")]: "comparisons do not associate",
  [fn("return x * (2.0 * 3.0);")]: "write the result of arithmetic between literals",
  [fn("return x & 1.0;")]: "& of f32",
  [fn("return f32(low_u32(n << u));")]: "nat shifted by u32",
  [fn("return f32(low_u32(n / n));")]: "/ of nat",
  [fn("return f32(2147483648);")]: "2147483648 is no i32",
  [fn("return f32(i + 1u);")]: "+ between i32 and u32",
  [fn("return f32(i + 1.0);")]: "+ between i32 and f32",
  [fn("return x.y;")]: "f32 has no fields",
  [fn("return x; // so\n")]: "a comment stands on lines of its own",
  [fn("return x +\n // so\n 1.0;")]: "no comment can stand here",
  [fn("return x")]: "expected ; instead of }",
  [fn("let y = 1.0; return x;", "x: f32, y_: f64")]: "is 1.0 an f32 or an f64?",
  ["// Nobody's.\n\nfn f(x: f32) -> f32 { return x; }"]: "a comment stands directly above what it is about",
  ["fn f(x: f8) -> f32 { return 1.0; }"]: "there is no type f8",
  ["fn abs(x: f32) -> f32 { return x; }"]: "abs is a name of the language",
  ["fn f(x: f32) -> f32 { return x; }\nfn f(x: f32) -> f32 { return x; }"]: "f is declared twice",
  ["fn f(x: f32) -> f32 { return g(x); }\nfn g(x: f32) -> f32 { return f(x); }"]: "f calls itself",
  ["const T: array<f32, 3> = [1.0, 2.0];"]: "T has 2 elements instead of 3",
  [fn("var a: array<f32, 3> = [x, x]; return x;")]: "a has 2 elements instead of 3",
  [fn("var a: array<f32, 1> = [1u]; return x;")]: "expected f32 instead of u32",
  [fn("var a: array<f32, 1> = [x]; return a;")]: "a is an array and needs an index",
  [fn("var a: array<f32, 1> = [x]; return a[x];")]: "an index is no f32",
  [fn("var a: array<f32, 1> = [x]; a[0] = 1u; return x;")]: "expected f32 instead of u32",
  [fn("var a: array<f32, 1> = [x]; a = x; return x;")]: "a is no var",
  [fn("var x: array<f32, 1> = [1.0]; return 1.0;")]: "x is declared already",
  [fn("let a = x; a[0] = x; return x;")]: "there is no array a",
  ["const T: f32 = abs(1.0);"]: "arithmetic between literals",
  ["const T: f32 = $;"]: 'unknown character "$"',
};

describe("a fault of a text is thrown with its line", () => {
  test.each(Object.entries(faults))("%s", (text, message) => {
    expect(() => readLibrary(text)).toThrow(message);
  });

  test("with the line itself", () => {
    const text = fn("let y = x;\n  let z = y + u;\n  return z;");
    expect(() => readLibrary(text)).toThrow(new MachineError(3, "+ between f32 and u32", text));
    expect(() => readLibrary(text)).toThrow("line 3: + between f32 and u32\n  let z = y + u;");
  });

  test("what a target lacks is thrown when it is printed", () => {
    const library = readLibrary("fn f(x: f64) -> f64 { return x; }");
    expect(() => printWgsl(library.declarations)).toThrow("WGSL has no f64");
  });
});
