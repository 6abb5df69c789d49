/** A thread of `actc verify`: measures what it is told, one task after the other. */
import { parentPort, workerData } from "node:worker_threads";
import type { Source } from "../source.js";
import type { BatchKernel } from "../verification/measurement.js";
import { Measurer, type RemoteKernel, type Task } from "../verification/measurer.js";
import { activationsOf } from "../verify.js";
import { asError, type Batch, batchStates, type FromWorker, type Share, takenFromEnd, type ToWorker } from "./crew.js";

const port = parentPort;
if (port === null) throw new Error("this is a thread's script");
const { sources }: { sources: readonly Source[] } = workerData;

const post = (message: FromWorker): void => port.postMessage(message);

/** Leaves each batch in shared memory, asks for it to be run, and sleeps until it is. */
const onDevice: RemoteKernel = (activation, column): BatchKernel => {
  let memory = new SharedArrayBuffer(0);
  const state = new SharedArrayBuffer(4);
  const cell = new Int32Array(state);
  return (inputs, parameters) => {
    const count = inputs[0]?.length ?? 0;
    const bytes = 4 * count * (inputs.length + 1);
    if (memory.byteLength < bytes) memory = new SharedArrayBuffer(bytes);
    inputs.forEach((input, i) => new Float32Array(memory, 4 * i * count, count).set(input));
    Atomics.store(cell, 0, batchStates.pending);
    const batch: Batch = { activation, column, parameters, inputs: inputs.length, count, memory, state };
    post({ kind: "batch", batch });
    Atomics.wait(cell, 0, batchStates.pending);
    if (Atomics.load(cell, 0) !== batchStates.done) throw new Error("the device failed");
    return new Float32Array(memory, 4 * inputs.length * count, count);
  };
};

const measurer = new Measurer(activationsOf(sources), onDevice);
/** Its part of what there is to do. */
async function help(share: Share): Promise<void> {
  for (let place = takenFromEnd(share); place !== undefined; place = takenFromEnd(share)) {
    post({ kind: "shared", id: share.id, place, outcome: await measurer.measure(share.tasks[place]!) });
  }
}

async function measure(task: Task): Promise<void> {
  post({ kind: "outcome", outcome: await measurer.measure(task) });
}

port.on("message", (message: ToWorker) => {
  const work = "counters" in message ? help(message) : measure(message);
  work.catch((thrown: unknown) => post({ kind: "fault", error: asError(thrown) }));
});
