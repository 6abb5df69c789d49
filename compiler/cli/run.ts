import { asksForJson, parseArguments, type Invocation } from "./arguments.js";
import { exitCodes, type Environment, type ExitCode } from "./environment.js";
import { helpText } from "./help.js";
import { refuse, reportFault } from "./report.js";

/** The whole command line: reads the arguments, does what they say, and answers with the exit code. Never throws. */
export async function run(argv: readonly string[], environment: Environment): Promise<ExitCode> {
  const json = asksForJson(argv);
  try {
    const invocation = parseArguments(argv);
    if (!invocation.ok) {
      const { problem } = invocation;
      return refuse([{ hint: "'actc --help' describes the commands", ...problem }], json, environment);
    }
    return await dispatch(invocation.value, environment);
  } catch (fault) {
    return reportFault(fault, json, environment);
  }
}

/** Loads no command but the one that is asked for. */
async function dispatch(invocation: Invocation, environment: Environment): Promise<ExitCode> {
  switch (invocation.command) {
    case "help":
      environment.stdout.write(helpText(invocation.topic));
      return exitCodes.done;
    case "version":
      environment.stdout.write(`${environment.version}\n`);
      return exitCodes.done;
    case "compile": {
      if (invocation.mode === "watch") return (await import("./watch.js")).watchCommand(invocation, environment);
      return (await import("./compile-command.js")).compileCommand(invocation, environment);
    }
    case "check":
      return (await import("./analysis-commands.js")).checkCommand(invocation, environment);
    case "verify":
      return (await import("./verify-command.js")).verifyCommand(invocation, environment);
    case "explain":
      return (await import("./analysis-commands.js")).explainCommand(invocation, environment);
    case "init":
      return (await import("./init-command.js")).initCommand(invocation, environment);
  }
}
