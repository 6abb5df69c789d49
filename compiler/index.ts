export { compile, targetNames } from "./compile.js";
export type { Compilation, CompileOptions, EmissionCache, OutputFile, TargetName } from "./compile.js";
export type { Diagnostic, Severity } from "./diagnostics.js";
export { positionOf, renderDiagnostic } from "./render-diagnostics.js";
export type { Position, Source, Span } from "./source.js";
