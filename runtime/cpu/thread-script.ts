/** What a thread runs, as text: so it needs no file, and no tool that changes functions changes it. */

/** What the calling thread and the others share beside the memory of the kernels, in bytes: a job. */
export const layout = {
  /** A 64-bit integer: how many calls nobody has begun with, in the low bits, and above these a number that no other job has. */
  ticket: 0,
  /** Four float64: where the module's bytes lie in the memory, how many, the place of the export, how many arguments a call has. */
  job: 8,
  /** An int32 for each call: what it gave. */
  results: 64,
  /** Arguments in float64, call after call. */
  numbers: 64 + 4 * 1024,
  bytes: 64 + 4 * 1024 + 8 * 32768,
} as const;

export const mostCalls = 1023;
export const mostNumbers = 32768;

/** Results of calls that are under way, and of those that failed. Kernels give none below 0. */
export const pending = -1;
export const failed = -2;

/** Begins with calls as long as there are any, and sleeps: for good, unless it is ended. */
export const threadScript = `"use strict";
const serve = ({ memory, state }) => {
  const ticket = new BigInt64Array(state, ${layout.ticket}, 1);
  const job = new Float64Array(state, ${layout.job}, 4);
  const results = new Int32Array(state, ${layout.results}, ${mostCalls});
  const numbers = new Float64Array(state, ${layout.numbers}, ${mostNumbers});
  const modules = new Map();
  const exportsAt = (address, length) => {
    if (!modules.has(address)) {
      const bytes = new Uint8Array(memory.buffer, address, length).slice();
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { actc: { memory } });
      modules.set(address, Object.values(exports));
    }
    return modules.get(address);
  };
  for (;;) {
    const now = Atomics.load(ticket, 0);
    if ((now & ${mostCalls}n) === 0n) {
      Atomics.wait(ticket, 0, now);
      continue;
    }
    // The job is that of the ticket if the ticket is still the same afterwards.
    const [address, length, place, width] = job;
    if (Atomics.compareExchange(ticket, 0, now, now - 1n) !== now) continue;
    const call = Number(now & ${mostCalls}n) - 1;
    let result = ${failed};
    try {
      result = exportsAt(address, length)[place](...numbers.subarray(call * width, (call + 1) * width)) | 0;
    } catch {}
    Atomics.store(results, call, result);
    Atomics.notify(results, call);
  }
};
if (typeof require === "function") serve(require("node:worker_threads").workerData);
else onmessage = ({ data }) => serve(data);
`;
