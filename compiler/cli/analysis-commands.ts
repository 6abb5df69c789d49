import type { CheckRequest, ExplainRequest } from "./arguments.js";
import { exitCodes, type Environment, type ExitCode } from "./environment.js";
import { readInputs } from "./inputs.js";
import { diagnosticsText, hasErrors, jsonDiagnostics, refuse, tally, writeJson } from "./report.js";

/** `actc check`: the analysis of each activation. */
export async function checkCommand(request: CheckRequest, environment: Environment): Promise<ExitCode> {
  const { inputs, problems } = await readInputs(request.files, environment);
  if (problems.length > 0) return refuse(problems, request.json, environment);
  const analyse = await environment.stages.analyse();
  const { text, json, diagnostics } = analyse(inputs.map(({ source }) => source));
  const ok = !hasErrors(diagnostics);
  if (request.json) {
    const described = await jsonDiagnostics(diagnostics, inputs);
    writeJson(environment, { ok, files: [], diagnostics: described, analysis: json });
  } else {
    environment.stderr.write(await diagnosticsText(diagnostics, inputs, environment));
    if (text !== "") environment.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    if (diagnostics.length > 0) environment.stderr.write(`actc: ${tally(diagnostics)}\n`);
  }
  return ok ? exitCodes.done : exitCodes.rejected;
}

/** `actc explain`: how one activation's derivative came about. */
export async function explainCommand(request: ExplainRequest, environment: Environment): Promise<ExitCode> {
  const { inputs, problems } = await readInputs([request.file], environment);
  const input = inputs[0];
  if (problems.length > 0 || input === undefined) return refuse(problems, request.json, environment);
  const explain = await environment.stages.explain();
  const width = environment.stdout.columns ?? 80;
  const { text, diagnostics } = explain(input.source, request.name, { format: request.format, width });
  const ok = !hasErrors(diagnostics);
  if (request.json) {
    writeJson(environment, { ok, files: [], diagnostics: await jsonDiagnostics(diagnostics, inputs), text });
  } else {
    environment.stderr.write(await diagnosticsText(diagnostics, inputs, environment));
    if (text !== "") environment.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    if (!ok) environment.stderr.write(`actc: ${tally(diagnostics)}\n`);
  }
  return ok ? exitCodes.done : exitCodes.rejected;
}
