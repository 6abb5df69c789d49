/**
 * Plain arithmetic on one core and on two: what two threads could gain at most while something is measured. Four sums at once, as
 * kernels have: so that two threads of one core do not pass for two cores.
 */
import { Worker } from "node:worker_threads";

const script = `
const { workerData: { state, place } } = require("node:worker_threads");
const words = new Int32Array(state);
for (;;) {
  Atomics.wait(words, place, 0);
  let [a, b, c, d] = [1, 2, 3, 4];
  for (let left = words[0]; left > 0; left--) {
    a = (Math.imul(a, 1664525) + left) | 0;
    b = (Math.imul(b, 22695477) + left) | 0;
    c = (Math.imul(c, 134775813) + left) | 0;
    d = (Math.imul(d, 1103515245) + left) | 0;
  }
  words[3] ^= a ^ b ^ c ^ d;
  Atomics.store(words, place, 0);
  Atomics.notify(words, place);
}`;

export interface Control {
  /** Returns when so many turns of a loop are done: by one thread, or shared out among two. */
  readonly run: (turns: number, threads: 1 | 2) => void;
}

export function control(): Control {
  /** Turns; what each of two threads is to do (1) or has done (0); results that nobody needs. */
  const words = new Int32Array(new SharedArrayBuffer(16));
  for (const place of [1, 2]) new Worker(script, { eval: true, workerData: { state: words.buffer, place } }).unref();
  return {
    run(turns, threads) {
      const places = [1, 2].slice(0, threads);
      words[0] = turns / threads;
      for (const place of places) {
        Atomics.store(words, place, 1);
        Atomics.notify(words, place);
      }
      for (const place of places) Atomics.wait(words, place, 1);
    },
  };
}
