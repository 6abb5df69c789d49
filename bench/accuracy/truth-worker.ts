/** Computes columns in a thread of its own. */
import { parentPort } from "node:worker_threads";
import { columnOf, elaborated, type Column, type Kind } from "./truth.js";

export interface Question {
  readonly key: string;
  readonly text: string;
  readonly name: string;
  readonly kind: Kind;
  readonly common: Float32Array;
}

export interface Answer {
  readonly key: string;
  readonly column: Column;
}

let definitions: { readonly text: string; readonly activations: ReturnType<typeof elaborated> } | undefined;

parentPort?.on("message", ({ key, text, name, kind, common }: Question) => {
  if (definitions?.text !== text) definitions = { text, activations: elaborated(text) };
  const activation = definitions.activations.get(name);
  if (!activation) throw new Error(`there is no activation ${name}`);
  const answer: Answer = { key, column: columnOf(activation, kind, common) };
  parentPort?.postMessage(answer);
});
