#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import type { Environment, TextOutput } from "./environment.js";
import { version } from "../version.js";
import { asksForJson } from "./arguments.js";
import { buildName } from "./identity.js";
import { reportFault } from "./report.js";
import { run } from "./run.js";
import { thoroughPlan } from "./verify-plan.js";

// Much code runs a little: left to itself, V8 optimises so much of it so early that a third of the time goes there.
setFlagsFromString("--interrupt-budget=600000");

const argv = process.argv.slice(2);
const interruption = new AbortController();

function outputTo(stream: NodeJS.WriteStream): TextOutput {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has gone away, as in `actc compile --stdout … | head`: nobody is left to tell.
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    throw error;
  });
  return {
    write: (text) => void (text !== "" && stream.write(text)),
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

let build: string | undefined;
const environment: Environment = {
  cwd: process.cwd(),
  variables: process.env,
  stdin: readStandardInput,
  stdout: outputTo(process.stdout),
  stderr: outputTo(process.stderr),
  // Only who asks for the signal changes what ctrl-C does.
  get interrupted() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
    return interruption.signal;
  },
  stages: {
    compile: async () => (await import("../compile.js")).compile,
    facts: async () => (await import("../analysis/facts/facts.js")).analysisFacts,
    analyse: async () => (await import("../analyse.js")).analyse,
    verify: () => import("../verify.js"),
    explain: async () => (await import("../explain.js")).explain,
  },
  verification: { plan: thoroughPlan, script: new URL("./verify-worker.js", import.meta.url) },
  emission: new URL("./emission-worker.js", import.meta.url),
  version,
  build: () => (build ??= buildName()),
};

const onFault = (fault: unknown): never => process.exit(reportFault(fault, asksForJson(argv), environment));
process.on("uncaughtException", onFault);
process.on("unhandledRejection", onFault);

// Not process.exit: what is still on its way to a pipe would be lost.
process.exitCode = await run(argv, environment);
