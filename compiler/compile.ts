/** The pipeline in one screen: from text to files. A pure function, the same wherever it runs. */
import {
  kernelFamilies,
  type KernelFamily,
  type OutputFile,
  type SaveChoice,
  type ShaderChoice,
  type TargetName,
  targetNames,
} from "./backend/output.js";
import type { AnalysisFacts } from "./analysis/facts/facts.js";
import { isAnalysisFacts } from "./analysis/facts/form.js";
import type { Activation } from "./ir/activation.js";
import { decided, DecisionBook, type Decisions, type OwnDecisions } from "./decisions.js";
import { collate, type Diagnostic } from "./diagnostics.js";
import { checkDefinitions, type CheckedDefinition } from "./frontend/check.js";
import { parseSource } from "./frontend/parse.js";
import { elaborate } from "./frontend/elaborate.js";
import { inFreshGraph } from "./ir/expr.js";
import { questionOf } from "./ir/question.js";
import { fileStem } from "./names.js";
import type { ManifestEntry } from "./backend/emit.js";
import { review } from "./review.js";
import { sha256 } from "./sha256.js";
import { positionOf, type Source, type Span } from "./source.js";
import { version } from "./version.js";

export {
  kernelFamilies,
  type KernelFamily,
  type OutputFile,
  type SaveChoice,
  type ShaderChoice,
  type TargetName,
  targetNames,
  usualTargets,
} from "./backend/output.js";

export interface CompileOptions {
  readonly targets: readonly TargetName[];
  /** The kernels to write besides `forward` and `backward`; all unless given. */
  readonly kernels?: readonly KernelFamily[];
  /** What kernels of the family `saved` keep: `exact` unless given. */
  readonly save?: SaveChoice;
  /** How WGSL kernels compute: `quick` unless given. */
  readonly shaders?: ShaderChoice;
  /** Text made earlier, by content key; see {@link EmissionCache}. */
  readonly cache?: EmissionCache;
  /** What is known of what compiling searches for; holds afterwards what was asked. */
  readonly decisions?: DecisionBook;
  /** Finds out about an activation what goes into the manifest as its analysis. */
  readonly facts?: (activation: Activation) => AnalysisFacts | null;
  /** Who emits definitions of which nothing is remembered, as many of the first as it likes; this thread does the others. */
  readonly crew?: EmissionCrew;
}

/** What definitions are emitted for. */
export type Emitting = Required<Pick<CompileOptions, "targets" | "kernels" | "save" | "shaders">>;

/** Emits definitions elsewhere, in their order. */
export type EmissionCrew = (
  definitions: readonly CheckedDefinition[],
  how: Emitting,
  book: DecisionBook,
) => Promise<readonly EmittedDefinition[]>;

/**
 * Remembers what was emitted for a definition, by a key that covers everything the text depends on but the compiler
 * itself. A cache may forget at any time; it must never answer with anything but what was set for that key.
 */
export interface EmissionCache {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

export interface Compilation {
  /** Sorted by path, `manifest.json` included; empty when a diagnostic is an error. */
  readonly files: readonly OutputFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** Names of the activations compiled, in the order of the sources. */
  readonly activations: readonly string[];
  /** Where each of them is named. */
  readonly places: ReadonlyMap<string, Place>;
}

export interface Place {
  readonly file: string;
  readonly span: Span;
}

/** What comes of one definition: plain data, nothing of which depends on where in its file it stands. */
export interface EmittedDefinition extends Emitted {
  /** What was asked for it, and the answers. */
  readonly decisions: readonly (readonly [question: string, answer: unknown])[];
}

interface Emitted {
  readonly files: readonly OutputFile[];
  readonly entry: ManifestEntry;
  /** With spans that count from the definition's start. */
  readonly diagnostics: readonly Diagnostic[];
}

export async function compile(sources: readonly Source[], options: CompileOptions): Promise<Compilation> {
  const result = await compileSources(sources, options);
  return { ...result, diagnostics: collate(result.diagnostics) };
}

async function compileSources(sources: readonly Source[], options: CompileOptions): Promise<Compilation> {
  const { definitions, diagnostics } = readDefinitions(sources);
  const found: Diagnostic[] = [...diagnostics];
  const book = options.decisions ?? new DecisionBook();
  const decisionsOf = ({ source, definition }: CheckedDefinition): OwnDecisions =>
    book.of(source.file, definition.name.text);
  const targets = targetNames.filter((name) => options.targets.includes(name));
  const kernels = kernelFamilies.filter((name) => options.kernels?.includes(name) ?? true);
  const { save = "exact", shaders = "quick", cache } = options;
  const how: Emitting = { targets, kernels, save, shaders };
  const keys = definitions.map((definition) => (cache ? contentKey(definition, how) : ""));
  const known = keys.map((key) => emissions.get(cache, key));
  const pending = definitions.filter((_, i) => known[i] === undefined);
  const elsewhere = new Map((await options.crew?.(pending, how, book))?.map((each, i) => [pending[i]!, each]));
  const files: OutputFile[] = [];
  const entries: string[] = [];
  for (const [i, definition] of definitions.entries()) {
    const decisions = decisionsOf(definition);
    const before = known[i] ?? elsewhere.get(definition);
    for (const [question, answer] of before?.decisions ?? []) decisions.set(question, answer);
    const result = before ?? (await emitDefinition(definition, how, decisions));
    found.push(...moved(result.diagnostics, definition.definition.span.start));
    if (cache && known[i] === undefined && !hasErrors(result.diagnostics)) {
      emissions.set(cache, keys[i]!, { ...result, decisions: decisions.asked() });
    }
    if (hasErrors(found)) continue;
    // Text at once: of thousands of definitions the objects would fill hundreds of megabytes.
    const analysis = options.facts ? factsOf(definition, options.facts, decisions, cache, keys[i]!) : null;
    entries.push(entryText(result.entry, sourceEntry(definition), analysis));
    files.push(...result.files);
    known[i] = undefined;
    elsewhere.delete(definition);
  }
  if (hasErrors(found)) {
    // What a comparison chooses at a kink is of no interest while something is wrong.
    return {
      files: [],
      diagnostics: found.filter(({ code }) => code !== kinkSpelling),
      activations: [],
      places: new Map(),
    };
  }
  if (targets.includes("module")) files.push(indexFile(definitions));
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  files.push(await manifestFile(entries, files));
  entries.length = 0;
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const places = new Map(
    definitions.map(({ source: { file }, definition: { name } }) => [name.text, { file, span: name.span }] as const),
  );
  return { files, diagnostics: found, activations: [...places.keys()], places };
}

/** The code of warnings that only say which derivative a comparison chooses at a kink. */
export const kinkSpelling = "kink-spelling";

const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === "error");

/** Parses and checks; definitions come back in the order of the sources. */
export function readDefinitions(sources: readonly Source[]): {
  definitions: CheckedDefinition[];
  diagnostics: Diagnostic[];
} {
  const parsed = sources.map((source) => ({ source, ...parseSource(source) }));
  const checked = checkDefinitions(
    parsed.flatMap(({ source, definitions }) => definitions.map((definition) => ({ source, definition }))),
  );
  const order = new Map(sources.map((source, i) => [source, i]));
  const definitions = [...checked.definitions].sort(
    (a, b) =>
      (order.get(a.source) ?? 0) - (order.get(b.source) ?? 0) || a.definition.span.start - b.definition.span.start,
  );
  return { definitions, diagnostics: [...parsed.flatMap(({ diagnostics }) => diagnostics), ...checked.diagnostics] };
}

/** Of so many definitions, those that were met last: of thousands the texts would be in memory twice. */
const mostRead = 500;

/** What a cache answered with or was given: a process that compiles again reads no text twice, and its files are the same ones. */
class Memory<T> {
  private readonly byCache = new WeakMap<EmissionCache, Map<string, { readonly text: string; readonly value: T }>>();

  get(cache: EmissionCache | undefined, key: string): T | undefined {
    const text = cache?.get(key);
    if (cache === undefined || text === undefined) return undefined;
    const before = this.byCache.get(cache)?.get(key);
    if (before?.text === text) return before.value;
    const value = JSON.parse(text) as T;
    this.keep(cache, key, text, value);
    return value;
  }

  set(cache: EmissionCache | undefined, key: string, value: T): void {
    if (cache === undefined) return;
    const text = JSON.stringify(value);
    cache.set(key, text);
    this.keep(cache, key, text, value);
  }

  private keep(cache: EmissionCache, key: string, text: string, value: T): void {
    const entries = this.byCache.get(cache) ?? new Map<string, { readonly text: string; readonly value: T }>();
    entries.delete(key);
    this.byCache.set(cache, entries.set(key, { text, value }));
    if (entries.size <= mostRead) return;
    for (const oldest of entries.keys()) {
      entries.delete(oldest);
      return;
    }
  }
}

const emissions = new Memory<EmittedDefinition>();
const analyses = new Memory<RememberedFacts>();

/** Emits a definition, and answers what will be asked for its analysis, if that is wanted. */
export async function emitAlone(
  definition: CheckedDefinition,
  how: Emitting,
  book: DecisionBook,
  facts: CompileOptions["facts"],
): Promise<EmittedDefinition> {
  const decisions = book.of(definition.source.file, definition.definition.name.text);
  const emitted = await emitDefinition(definition, how, decisions);
  if (facts && !hasErrors(emitted.diagnostics)) factsOf(definition, facts, decisions, undefined, "");
  return { ...emitted, decisions: decisions.asked() };
}

async function emitDefinition(
  definition: CheckedDefinition,
  { targets, kernels, save, shaders }: Emitting,
  decisions: Decisions,
): Promise<Emitted> {
  // Loaded late: with nothing changed, nothing of it is needed.
  const { emitterFor } = await import("./backend/emit.js");
  const emit = await emitterFor(targets, kernels, save, shaders);
  const work = inFreshGraph(() => {
    const { activation, diagnostics } = elaborate(definition);
    if (!activation) return { diagnostics, emission: null };
    const all = [...diagnostics, ...review(activation, definition)];
    return { diagnostics: all, emission: hasErrors(all) ? null : emit(activation, decisions) };
  });
  const emission = await work.emission;
  return {
    files: emission?.files ?? [],
    entry: emission?.entry ?? {},
    diagnostics: moved(work.diagnostics, -definition.definition.span.start),
  };
}

function factsOf(
  definition: CheckedDefinition,
  facts: NonNullable<CompileOptions["facts"]>,
  decisions: Decisions,
  cache: EmissionCache | undefined,
  key: string,
): AnalysisFacts | null {
  const own = `${key} analysis`;
  const known = analyses.get(cache, own);
  if (known !== undefined) {
    decisions.set(known.question, known.found);
    return known.found;
  }
  return inFreshGraph(() => {
    const { activation } = elaborate(definition);
    if (!activation) return null;
    const question = factsQuestion(activation);
    const found = decided(decisions, question, isAnalysisFacts, () => facts(activation));
    analyses.set(cache, own, { question, found });
    return found;
  });
}

interface RememberedFacts {
  readonly question: string;
  readonly found: AnalysisFacts | null;
}

/** What is known of an activation's analysis; `undefined` where nothing is. In the graph of its nodes. */
export function knownFacts(
  book: DecisionBook,
  activation: Activation,
  { source, definition }: CheckedDefinition,
): AnalysisFacts | null | undefined {
  const known = book.of(source.file, definition.name.text).get(factsQuestion(activation));
  return isAnalysisFacts(known) ? known : undefined;
}

function factsQuestion(activation: Activation): string {
  const { body, inputs, learned, hyperparameters, gradients } = activation;
  const names = [...inputs, ...[...hyperparameters, ...learned].map(({ variable }) => variable)].map(
    ({ name }) => name,
  );
  const declared = [...inputs, ...learned.map(({ variable }) => variable)].map((of) => gradients.get(of));
  const isDeclared = declared.map((gradient) => gradient !== undefined);
  const roots = [body, ...declared.filter((gradient) => gradient !== undefined)];
  return questionOf("analysis", roots, activation, [names, isDeclared]);
}

const moved = (diagnostics: readonly Diagnostic[], by: number): Diagnostic[] =>
  diagnostics.map((diagnostic) => ({
    ...diagnostic,
    span: { start: diagnostic.span.start + by, end: diagnostic.span.end + by },
  }));

const sourceEntry = ({ source, definition }: CheckedDefinition): { file: string; line: number } => ({
  file: source.file,
  line: positionOf(source.text, definition.name.span.start).line,
});

/** Elaborates one definition for analysis; nodes live in the caller's graph. */
export function activationOf(definition: CheckedDefinition): {
  activation: Activation | null;
  diagnostics: readonly Diagnostic[];
} {
  return elaborate(definition);
}

/** Everything that a definition's output depends on: its text and its callees', the file's name, targets, kernels and what they save. */
function contentKey(checked: CheckedDefinition, { targets, kernels, save, shaders }: Emitting): string {
  const texts: unknown[] = [];
  const seen = new Set<CheckedDefinition>();
  const visit = (definition: CheckedDefinition): void => {
    if (seen.has(definition)) return;
    seen.add(definition);
    const { start, end } = definition.definition.span;
    texts.push(definition.source.text.slice(start, end), definition.definition.documentation);
    for (const callee of definition.callees.values()) visit(callee);
  };
  visit(checked);
  return JSON.stringify([version, texts, checked.source.file, targets, kernels, save, shaders]);
}

function indexFile(definitions: readonly CheckedDefinition[]): OutputFile {
  const lines = definitions
    .map(({ definition }) => `export * from "./${fileStem(definition.name.text)}.module.js";`)
    .sort();
  return { path: "index.ts", text: `// Generated by actc. Do not edit.\n\n${lines.join("\n")}\n` };
}

interface EntryText {
  readonly line: number;
  readonly analysis: AnalysisFacts | null;
  readonly text: string;
}

/** While watching, most entries are those of the compilation before. */
const entryTexts = new WeakMap<ManifestEntry, EntryText>();

/** An activation in the manifest, as one of its lines. */
function entryText(
  entry: ManifestEntry,
  source: { file: string; line: number },
  analysis: AnalysisFacts | null,
): string {
  const known = entryTexts.get(entry);
  if (known && known.line === source.line && known.analysis === analysis) return known.text;
  const whole = { ...entry, source, ...(analysis ? { analysis } : {}) };
  const text = `    ${indented(JSON.stringify(whole, null, 2), "    ")}`;
  entryTexts.set(entry, { line: source.line, analysis, text });
  return text;
}

/** All lines but the first. In JSON there are no others than those of its layout. What is replaced would stay in thousands of pieces. */
const indented = (json: string, by: string): string => json.split("\n").join(`\n${by}`);

const digests = new WeakMap<OutputFile, string>();

/** The SHA-256 digest of a file's text, in hexadecimal. */
export async function digestOf(file: OutputFile): Promise<string> {
  const digest = digests.get(file) ?? (await sha256(file.text));
  digests.set(file, digest);
  return digest;
}

async function manifestFile(activations: readonly string[], files: readonly OutputFile[]): Promise<OutputFile> {
  const found: Record<string, string> = {};
  for (const file of files) found[file.path] = `sha256-${await digestOf(file)}`;
  const head = `  "schema": 1,\n  "version": ${JSON.stringify(version)},\n`;
  // Joined once: of thousands of activations each copy fills a hundred megabytes.
  const list = activations.flatMap((activation, i) => [i === 0 ? "[\n" : ",\n", activation]);
  const text = [
    `{\n${head}  "activations": `,
    ...(list.length > 0 ? [...list, "\n  ]"] : ["[]"]),
    `,\n  "files": ${indented(JSON.stringify(found, null, 2), "  ")}\n}\n`,
  ].join("");
  return { path: "manifest.json", text };
}
