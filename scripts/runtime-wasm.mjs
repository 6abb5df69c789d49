// Writes runtime/cpu/wasm-module.ts: what the runtime computes in WebAssembly with 128-bit vectors, as text assembled by binaryen.
//
//   node scripts/runtime-wasm.mjs            writes the file
//   node scripts/runtime-wasm.mjs --check    fails where it is not what this writes
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

/** Rows and columns of the result that are computed together: 4 rows of two vectors. */
const rows = 4;
const vectors = 2;
const columns = 4 * vectors;
/** Products that are added up in float32 before their sum goes to the float64 sums. */
const blockLength = 64;

const each = (count, f) => Array.from({ length: count }, (_, i) => f(i)).join("\n");
const tile = (f) => each(rows, (r) => each(vectors, (v) => f(`$s${r}${v}`, r, v)));
/** Where the sums of a vector lie, in bytes behind the first. */
const sumAt = (r, v, half) => 8 * (columns * r + 4 * v + 2 * half);
const upper = (v) => `(i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 ${v} ${v})`;

/**
 * Panels of `width` rows, the numbers of one column of theirs side by side: of a matrix whose rows or whose columns are contiguous.
 * Missing rows of the last panel are zeros.
 */
const pack = `
(func $pack (export "pack")
  (param $from i32) (param $to i32) (param $rows i32) (param $k i32)
  (param $rowStride i32) (param $stride i32) (param $width i32)
  (local $row i32) (local $end i32) (local $left i32) (local $in i32) (local $out i32) (local $t i32) (local $step i32) (local $r i32) (local $at i32)
  (local $x0 v128) (local $x1 v128) (local $x2 v128) (local $x3 v128)
  (local $y0 v128) (local $y1 v128) (local $y2 v128) (local $y3 v128)
  (local.set $step (i32.shl (local.get $width) (i32.const 2)))
  (local.set $end
    (i32.and
      (i32.add (local.get $rows) (i32.sub (local.get $width) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $width))))
  (loop $four
    (local.set $in (i32.add (local.get $from) (i32.mul (local.get $row) (local.get $rowStride))))
    (local.set $out
      (i32.add (local.get $to)
        (i32.shl
          (i32.add
            (i32.mul
              (i32.and (local.get $row) (i32.sub (i32.const 0) (local.get $width)))
              (local.get $k))
            (i32.and (local.get $row) (i32.sub (local.get $width) (i32.const 1))))
          (i32.const 2))))
    (local.set $left (i32.sub (local.get $rows) (local.get $row)))
    (local.set $t (local.get $k))
    (if (i32.ge_s (local.get $left) (i32.const 4))
      (then
        (if (i32.eq (local.get $stride) (i32.const 4))
          (then
            ;; Four columns of four rows are turned round at once.
            (block $none
              (loop $next
                (br_if $none (i32.lt_s (local.get $t) (i32.const 4)))
                (local.set $at (local.get $in))
                ${each(4, (i) => `(local.set $x${i} (v128.load align=4 (local.get $at)))${i < 3 ? "\n(local.set $at (i32.add (local.get $at) (local.get $rowStride)))" : ""}`)}
                (local.set $y0 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $x0) (local.get $x1)))
                (local.set $y1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $x0) (local.get $x1)))
                (local.set $y2 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $x2) (local.get $x3)))
                (local.set $y3 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $x2) (local.get $x3)))
                ${each(4, (i) => {
                  const [a, b] = i < 2 ? ["$y0", "$y2"] : ["$y1", "$y3"];
                  const half =
                    i % 2 === 0
                      ? "0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23"
                      : "8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31";
                  return `(v128.store align=4 (local.get $out) (i8x16.shuffle ${half} (local.get ${a}) (local.get ${b})))
                (local.set $out (i32.add (local.get $out) (local.get $step)))`;
                })}
                (local.set $in (i32.add (local.get $in) (i32.const 16)))
                (local.set $t (i32.sub (local.get $t) (i32.const 4)))
                (br $next))))
          (else
            (block $none
              (loop $next
                (br_if $none (i32.eqz (local.get $t)))
                (v128.store align=4 (local.get $out) (v128.load align=4 (local.get $in)))
                (local.set $in (i32.add (local.get $in) (local.get $stride)))
                (local.set $out (i32.add (local.get $out) (local.get $step)))
                (local.set $t (i32.sub (local.get $t) (i32.const 1)))
                (br $next)))))))
    ;; What is left: single numbers, or zeros.
    (block $none
      (loop $next
        (br_if $none (i32.eqz (local.get $t)))
        (local.set $r (i32.const 0))
        (local.set $at (local.get $in))
        (loop $number
          (f32.store
            (i32.add (local.get $out) (i32.shl (local.get $r) (i32.const 2)))
            (if (result f32) (i32.lt_s (local.get $r) (local.get $left))
              (then (f32.load (local.get $at)))
              (else (f32.const 0))))
          (local.set $at (i32.add (local.get $at) (local.get $rowStride)))
          (local.set $r (i32.add (local.get $r) (i32.const 1)))
          (br_if $number (i32.lt_s (local.get $r) (i32.const 4))))
        (local.set $in (i32.add (local.get $in) (local.get $stride)))
        (local.set $out (i32.add (local.get $out) (local.get $step)))
        (local.set $t (i32.sub (local.get $t) (i32.const 1)))
        (br $next)))
    (local.set $row (i32.add (local.get $row) (i32.const 4)))
    (br_if $four (i32.lt_s (local.get $row) (local.get $end)))))`;

const multiplied = (sum, a, b) => `(local.set ${sum} (f32x4.add (local.get ${sum}) (f32x4.mul ${a} ${b})))`;

/**
 * c = a b + bias: a in panels of 4 rows, b in panels of 8 columns, one number of bias for each column of b's panels, c with rows of n.
 * At `tile` are 384 bytes for the sums of one tile, in float64, and for a tile that is not whole. 1 where a result is NaN or
 * infinite, else 0.
 */
const product = `
(func $product (export "product")
  (param $a i32) (param $b i32) (param $bias i32) (param $c i32) (param $m i32) (param $k i32) (param $n i32)
  (param $tile i32) (result i32)
  (local $i i32) (local $j i32) (local $t i32) (local $left i32) (local $p i32) (local $q i32) (local $out i32) (local $x i32) (local $y i32)
  (local $lastRow i32) (local $lastColumn i32)
  ${tile((s) => `(local ${s} v128)`)}
  ${each(vectors, (v) => `(local $b${v} v128)`)}
  (local $x0 v128)
  ;; Zeros, but for NaN where something was not finite.
  (local $finite v128)
  (loop $columns
    (local.set $lastColumn (i32.sub (local.get $n) (local.get $j)))
    (local.set $i (i32.const 0))
    (local.set $p (local.get $a))
    (loop $rows
      (local.set $q (local.get $b))
      (local.set $lastRow (i32.sub (local.get $m) (local.get $i)))
      ;; The sums begin with the bias.
      ${each(
        vectors,
        (v) => `
      (local.set $b${v} (v128.load offset=${16 * v} align=4 (local.get $bias)))
      ${each(
        2,
        (half) => `
      (local.set $x0 (f64x2.promote_low_f32x4 ${half === 0 ? `(local.get $b${v})` : upper(`(local.get $b${v})`)}))
      ${each(rows, (r) => `(v128.store offset=${sumAt(r, v, half)} (local.get $tile) (local.get $x0))`)}`,
      )}`,
      )}
      (local.set $left (local.get $k))
      (block $done
        (loop $blocks
          (br_if $done (i32.eqz (local.get $left)))
          (local.set $t (select (local.get $left) (i32.const ${blockLength}) (i32.lt_s (local.get $left) (i32.const ${blockLength}))))
          (local.set $left (i32.sub (local.get $left) (local.get $t)))
          ${tile((s) => `(local.set ${s} (v128.const f32x4 0 0 0 0))`)}
          (loop $products
            ${each(vectors, (v) => `(local.set $b${v} (v128.load offset=${16 * v} align=4 (local.get $q)))`)}
            ${each(
              rows,
              (r) => `
            (local.set $x0 (v128.load32_splat offset=${4 * r} (local.get $p)))
            ${each(vectors, (v) => multiplied(`$s${r}${v}`, "(local.get $x0)", `(local.get $b${v})`))}`,
            )}
            (local.set $p (i32.add (local.get $p) (i32.const ${4 * rows})))
            (local.set $q (i32.add (local.get $q) (i32.const ${4 * columns})))
            (br_if $products (local.tee $t (i32.sub (local.get $t) (i32.const 1)))))
          ${tile((s, r, v) =>
            each(2, (half) => {
              const at = `offset=${sumAt(r, v, half)}`;
              const part = half === 0 ? `(local.get ${s})` : upper(`(local.get ${s})`);
              return `(v128.store ${at} (local.get $tile) (f64x2.add (v128.load ${at} (local.get $tile)) (f64x2.promote_low_f32x4 ${part})))`;
            }),
          )}
          (br $blocks)))
      ${tile(
        (s, r, v) => `(local.set ${s} (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        ${each(2, (half) => `(f32x4.demote_f64x2_zero (v128.load offset=${sumAt(r, v, half)} (local.get $tile)))`)}))
      (local.set $finite (f32x4.add (local.get $finite) (f32x4.mul (local.get ${s}) (v128.const f32x4 0 0 0 0))))`,
      )}
      (local.set $out (i32.add (local.get $c) (i32.shl (i32.add (i32.mul (local.get $i) (local.get $n)) (local.get $j)) (i32.const 2))))
      (if (i32.and (i32.ge_s (local.get $lastRow) (i32.const ${rows})) (i32.ge_s (local.get $lastColumn) (i32.const ${columns})))
        (then
          ${each(
            rows,
            (r) => `
          ${each(vectors, (v) => `(v128.store offset=${16 * v} align=4 (local.get $out) (local.get $s${r}${v}))`)}
          (local.set $out (i32.add (local.get $out) (i32.shl (local.get $n) (i32.const 2))))`,
          )})
        (else
          ${tile((s, r, v) => `(v128.store offset=${256 + 4 * (columns * r + 4 * v)} (local.get $tile) (local.get ${s}))`)}
          (local.set $y (i32.const 0))
          (loop $edgeRows
            (local.set $x (i32.const 0))
            (loop $edge
              (f32.store
                (i32.add (local.get $out) (i32.shl (local.get $x) (i32.const 2)))
                (f32.load offset=256
                  (i32.add (local.get $tile)
                    (i32.shl (i32.add (i32.mul (local.get $y) (i32.const ${columns})) (local.get $x)) (i32.const 2)))))
              (local.set $x (i32.add (local.get $x) (i32.const 1)))
              (br_if $edge (i32.and (i32.lt_s (local.get $x) (i32.const ${columns})) (i32.lt_s (local.get $x) (local.get $lastColumn)))))
            (local.set $out (i32.add (local.get $out) (i32.shl (local.get $n) (i32.const 2))))
            (local.set $y (i32.add (local.get $y) (i32.const 1)))
            (br_if $edgeRows (i32.and (i32.lt_s (local.get $y) (i32.const ${rows})) (i32.lt_s (local.get $y) (local.get $lastRow)))))))
      (local.set $i (i32.add (local.get $i) (i32.const ${rows})))
      (br_if $rows (i32.lt_s (local.get $i) (local.get $m))))
    (local.set $b (local.get $q))
    (local.set $bias (i32.add (local.get $bias) (i32.const ${4 * columns})))
    (local.set $j (i32.add (local.get $j) (i32.const ${columns})))
    (br_if $columns (i32.lt_s (local.get $j) (local.get $n))))
  (v128.any_true (f32x4.ne (local.get $finite) (local.get $finite))))`;

const pair = (name) => `(local.get $${name})`;
const promoted = (address) => `(f64x2.promote_low_f32x4 (v128.load64_zero align=4 (local.get $${address})))`;
const stored = (address, value) =>
  `(v128.store64_lane align=4 0 (local.get $${address}) (f32x4.demote_f64x2_zero ${value}))`;

/** A step of Adam as runtime/cpu/update.ts has it, in the same order and to the last bit, two numbers at a time; count is even. */
const adam = `
(func $adam (export "adam")
  (param $p i32) (param $g i32) (param $m i32) (param $v i32) (param $count i32)
  (param $beta1 f64) (param $beta2 f64) (param $decay f64) (param $size f64) (param $root f64) (param $eps f64)
  (local $end i32)
  ${each(8, (i) => `(local $${["b1", "c1", "b2", "c2", "wd", "lr", "rt", "ep"][i]} v128)`)}
  (local $x v128) (local $y v128) (local $first v128) (local $second v128)
  (local.set $b1 (f64x2.splat (local.get $beta1)))
  (local.set $c1 (f64x2.splat (f64.sub (f64.const 1) (local.get $beta1))))
  (local.set $b2 (f64x2.splat (local.get $beta2)))
  (local.set $c2 (f64x2.splat (f64.sub (f64.const 1) (local.get $beta2))))
  (local.set $wd (f64x2.splat (local.get $decay)))
  (local.set $lr (f64x2.splat (local.get $size)))
  (local.set $rt (f64x2.splat (local.get $root)))
  (local.set $ep (f64x2.splat (local.get $eps)))
  (local.set $end (i32.add (local.get $p) (i32.shl (local.get $count) (i32.const 2))))
  (loop $next
    (local.set $x ${promoted("p")})
    (local.set $y (f64x2.add ${promoted("g")} (f64x2.mul ${pair("wd")} ${pair("x")})))
    (local.set $first (f64x2.add (f64x2.mul ${pair("b1")} ${promoted("m")}) (f64x2.mul ${pair("c1")} ${pair("y")})))
    (local.set $second
      (f64x2.add (f64x2.mul ${pair("b2")} ${promoted("v")}) (f64x2.mul (f64x2.mul ${pair("c2")} ${pair("y")}) ${pair("y")})))
    ${stored("m", pair("first"))}
    ${stored("v", pair("second"))}
    ${stored(
      "p",
      `(f64x2.sub ${pair("x")}
        (f64x2.div
          (f64x2.mul ${pair("lr")} ${pair("first")})
          (f64x2.add (f64x2.div (f64x2.sqrt ${pair("second")}) ${pair("rt")}) ${pair("ep")})))`,
    )}
    ${["g", "m", "v", "p"].map((each) => `(local.set $${each} (i32.add (local.get $${each}) (i32.const 8)))`).join("\n")}
    (br_if $next (i32.lt_u (local.get $p) (local.get $end)))))`;

/** The memory is declared with a maximum: so one byte makes a module for a memory that threads share. */
function assembled() {
  const module = binaryen.parseText(`(module (import "actc" "memory" (memory 1 65536))${pack}${product}${adam})`);
  module.setFeatures(binaryen.Features.SIMD128);
  if (!module.validate()) throw new Error("no valid module");
  module.runPasses([
    "simplify-locals-nostructure",
    "vacuum",
    "coalesce-locals",
    "reorder-locals",
    "merge-blocks",
    "vacuum",
  ]);
  const bytes = module.emitBinary();
  module.dispose();
  return Buffer.from(bytes).toString("base64");
}

const file = new URL("../runtime/cpu/wasm-module.ts", import.meta.url);
const text = `/** A module in base64, with 128-bit vectors. Written by scripts/runtime-wasm.mjs. */
// prettier-ignore
export const wasmModule = "${assembled()}";
`;
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("runtime/cpu/wasm-module.ts is not what scripts/runtime-wasm.mjs writes: run it");
    process.exit(1);
  }
} else writeFileSync(file, text);
