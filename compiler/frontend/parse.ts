/** From a source to the syntax trees of its definitions. Each is read on its own: an error costs one definition. */
import { spanOf, tokenize, type Token } from "../../grammar/lexer.js";
import { parseDefinitionTokens } from "../../grammar/parser.js";
import type { Definition } from "../../grammar/syntax.js";
import { collate, type Diagnostic, type Finding } from "../diagnostics.js";
import type { Source } from "../source.js";
import { splitDefinitions, type Block } from "./layout.js";
import { unknownCharacter } from "./parse-characters.js";
import { explainFailure } from "./parse-errors.js";
import { beyondLimits, maximumTokens } from "./parse-limits.js";

export interface Parsed {
  readonly definitions: readonly Definition[];
  readonly diagnostics: readonly Diagnostic[];
}

export function parseSource(source: Source): Parsed {
  const definitions: Definition[] = [];
  const diagnostics: Diagnostic[] = [];
  const before = readBefore.get(source.file);
  const read = new Map<string, { readonly start: number; readonly definition: Definition }>();
  for (const block of splitDefinitions(source.text)) {
    const { start, end } = block.span;
    const text = source.text.slice(start, end);
    const known = before?.get(text);
    const result = known ? { ok: true as const, definition: placed(known, block) } : parseBlock(source.text, block);
    if (result.ok) {
      definitions.push(result.definition);
      read.set(text, { start, definition: result.definition });
    } else diagnostics.push({ ...result.finding, severity: "error", file: source.file });
  }
  readBefore.set(source.file, read);
  return { definitions, diagnostics: collate(diagnostics) };
}

/** Definitions of a file by their text, as they were read last: whoever watches a file reads most of it again. */
const readBefore = new Map<string, ReadonlyMap<string, { readonly start: number; readonly definition: Definition }>>();

/** A definition where its text stands now. */
function placed(
  known: { readonly start: number; readonly definition: Definition },
  { span, documentation }: Block,
): Definition {
  const by = span.start - known.start;
  if (by === 0) return { ...known.definition, documentation };
  const isOffset = (key: string): boolean => key === "start" || key === "end";
  const moved: Definition = JSON.parse(JSON.stringify(known.definition), (key, value: unknown) =>
    isOffset(key) && typeof value === "number" ? value + by : value,
  );
  return { ...moved, documentation };
}

type BlockResult =
  { readonly ok: true; readonly definition: Definition } | { readonly ok: false; readonly finding: Finding };

function parseBlock(text: string, { span, documentation, isDefinition }: Block): BlockResult {
  // One more than the limit shows that the limit is exceeded.
  const tokens = tokenize(text.slice(span.start, span.end), span.start, maximumTokens + 1);
  const first = tokens[0];
  if (!isDefinition && first) return { ok: false, finding: orphan(first) };
  const excess = beyondLimits(tokens);
  if (excess) return { ok: false, finding: excess };
  const outcome = parseDefinitionTokens(tokens);
  // The grammar knows nothing of columns: to it, an operator in column 1 is an operator.
  const stray = tokens.findIndex(({ type }) => type === "unindented");
  if (stray >= 0 && (outcome.ok || stray < outcome.failure.index)) {
    return { ok: false, finding: explainFailure(tokens, { index: stray, expected: new Set(), complete: false }, text) };
  }
  return outcome.ok
    ? { ok: true, definition: { ...outcome.tree, documentation } }
    : { ok: false, finding: explainFailure(tokens, outcome.failure, text) };
}

/** The beginning of lines that would continue a definition, where there is none above. */
function orphan(token: Token): Finding {
  if (token.type === "unknown") {
    return { code: "unknown-character", span: spanOf(token), ...unknownCharacter(token.value) };
  }
  return {
    code: "expected-definition",
    span: spanOf(token),
    message: "there is no definition above that this line could continue",
    expected: "a definition such as 'relu(x) = where(x > 0, x, 0)'",
    ...(token.inColumn1 ? {} : { hint: "a definition begins in column 1: remove the indentation" }),
  };
}
