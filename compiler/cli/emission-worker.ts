/** A thread of `actc compile`: emits the definitions that it is given. */
import { parentPort, workerData } from "node:worker_threads";
import { analysisFacts } from "../analysis/facts/facts.js";
import { emitAlone, type EmittedDefinition } from "../compile.js";
import { DecisionBook } from "../decisions.js";
import type { CheckedDefinition } from "../frontend/check.js";
import { asError } from "./crew.js";
import type { EmissionSetting, FromEmitter } from "./emission-crew.js";

const port = parentPort;
if (port === null) throw new Error("this is a thread's script");
const { how, analyses, answers }: EmissionSetting = workerData;
const facts = analyses ? analysisFacts : undefined;
const book = new DecisionBook(answers);

const post = (message: FromEmitter): void => port.postMessage(message);

async function emit(definitions: readonly CheckedDefinition[]): Promise<void> {
  const emitted: EmittedDefinition[] = [];
  for (const definition of definitions) emitted.push(await emitAlone(definition, how, book, facts));
  post({ kind: "emitted", emitted });
}

port.on("message", (definitions: readonly CheckedDefinition[]) => {
  emit(definitions).catch((thrown: unknown) => post({ kind: "fault", error: asError(thrown) }));
});
