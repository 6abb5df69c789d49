import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InitRequest } from "./arguments.js";
import { exitCodes, type Environment, type ExitCode } from "./environment.js";
import { systemCode, systemReason, type Problem } from "./problem.js";
import { problemText, refuse, writeJson } from "./report.js";

const script = { name: "build:activations", command: "actc compile acts.def" } as const;

const template = `# Activation functions: one definition each, name(inputs; parameters) = formula.
# \`npx --no-install actc compile\` writes kernels, gradients and modules for them into generated/.

## Sigmoid-weighted linear unit.
silu(x) = x * sigmoid(x)

## A hyperparameter has a default; \`where\` takes value and derivative from the chosen branch alone.
leaky_relu(x; negative_slope = 0.01) = where(x > 0, x, negative_slope * x)
  class LeakyReLU

## A learned parameter, one weight per channel.
prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)
  class PReLU

## Two inputs, and a call of another definition.
swiglu(gate, up) = silu(gate) * up
`;

type ScriptOutcome = "added" | "present" | "taken" | "no package.json" | "not understood";

/** `actc init`: what one needs to start, without touching anything that is there. */
export function initCommand(request: InitRequest, environment: Environment): ExitCode {
  const file = join(environment.cwd, "acts.def");
  try {
    writeFileSync(file, template, { flag: "wx" });
  } catch (error) {
    const exists = systemCode(error) === "EEXIST";
    const problem: Problem = exists
      ? {
          code: "already-exists",
          file: "acts.def",
          message: "there is an acts.def in this folder already; it is left as it is",
          hint: "'actc compile' compiles it",
        }
      : { code: "cannot-write", file: "acts.def", message: `cannot write 'acts.def': ${systemReason(error)}` };
    return refuse([problem], request.json, environment);
  }
  const added = addScript(join(environment.cwd, "package.json"));
  if (typeof added === "object") environment.stderr.write(problemText(added, environment));
  const outcome = typeof added === "object" ? "not understood" : added;
  if (request.json) {
    writeJson(environment, { ok: true, files: ["acts.def"], diagnostics: [], script: outcome });
  } else {
    environment.stdout.write(`actc: wrote acts.def\n${nextSteps(outcome)}`);
  }
  return exitCodes.done;
}

function nextSteps(outcome: ScriptOutcome): string {
  const compile =
    outcome === "added" || outcome === "present" ? `npm run ${script.name}` : "npx --no-install actc compile";
  const about: Readonly<Record<ScriptOutcome, string>> = {
    added: `actc: added the script "${script.name}" to package.json\n`,
    present: "",
    taken: `actc: package.json has another script "${script.name}"; it is left as it is\n`,
    "no package.json": "",
    "not understood": `actc: package.json is left as it is; the script would be "${script.name}": "${script.command}"\n`,
  };
  return `${about[outcome]}
Next steps:
  1. Write your formulas into acts.def.
  2. ${compile}
  3. Import what is in generated/, and commit it; 'actc compile --check' in CI tells when it is stale.
`;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Adds the npm script by changing the text around it, so that the rest of package.json stays byte for byte. */
function addScript(file: string): ScriptOutcome | Problem {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "no package.json";
    return { code: "cannot-read", file: "package.json", message: `cannot read 'package.json': ${systemReason(error)}` };
  }
  const changed = withScript(text);
  if (changed === "present" || changed === "taken" || changed === "not understood") return changed;
  const temporary = `${file}.actc.tmp`;
  try {
    writeFileSync(temporary, changed.text, { flag: "wx" });
    renameSync(temporary, file);
    return "added";
  } catch (error) {
    return {
      code: "cannot-write",
      file: "package.json",
      message: `cannot write 'package.json': ${systemReason(error)}`,
    };
  }
}

/** package.json with the script, formatted the way it is. */
export function withScript(text: string): { readonly text: string } | "present" | "taken" | "not understood" {
  const bom = text.startsWith("\ufeff") ? "\ufeff" : "";
  let contents: unknown;
  try {
    contents = JSON.parse(text.slice(bom.length));
  } catch {
    return "not understood";
  }
  if (!isObject(contents)) return "not understood";
  const scripts = contents["scripts"] ?? {};
  if (!isObject(scripts)) return "not understood";
  if (Object.hasOwn(scripts, script.name)) return scripts[script.name] === script.command ? "present" : "taken";
  const indent = /^[{[]\r?\n([ \t]+)/.exec(text.slice(bom.length))?.[1] ?? (text.includes("\n") ? 2 : 0);
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const last = /\s*$/.exec(text)?.[0] ?? "";
  const added = { ...contents, scripts: { ...scripts, [script.name]: script.command } };
  const body = JSON.stringify(added, null, indent).replaceAll("\n", lineEnd);
  return { text: bom + body + last };
}
