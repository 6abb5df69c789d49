/** Runs the generated parser over tokens. */
import nearley from "nearley";
import { definition, type Draft } from "./build.js";
import type { Token } from "./lexer.js";
import generated from "./parser.generated.js";
import type { Definition, Expression } from "./syntax.js";

/** Where a parse ended without a result, and what could have followed. */
export interface Failure {
  /** Of the first token that nothing fits; the number of tokens when more of them were needed. */
  readonly index: number;
  /** Token types (`name`, `clause_let`) and texts (`(`, `train`) of which one could have come. */
  readonly expected: ReadonlySet<string>;
  /** Whether the text could have ended here. */
  readonly complete: boolean;
}

export type Outcome<Tree> =
  { readonly ok: true; readonly tree: Tree } | { readonly ok: false; readonly failure: Failure };

/** nearley's own error text grows to hundreds of kilobytes; {@link Failure} holds what a message needs. */
class QuietParser extends nearley.Parser {
  reportError(): string {
    return "no rule fits the token";
  }
}

const grammars = {
  definition: nearley.Grammar.fromCompiled({ ...generated, ParserStart: "definition" }),
  expression: nearley.Grammar.fromCompiled({ ...generated, ParserStart: "expression" }),
} as const;

export function parseDefinitionTokens(tokens: readonly Token[]): Outcome<Definition> {
  const outcome = run<Draft>("definition", tokens);
  return outcome.ok ? { ok: true, tree: definition(outcome.tree) } : outcome;
}

export const parseExpressionTokens = (tokens: readonly Token[]): Outcome<Expression> => run("expression", tokens);

function run<Tree>(start: keyof typeof grammars, tokens: readonly Token[]): Outcome<Tree> {
  let read = 0;
  const lexer: nearley.Lexer = {
    reset: () => undefined,
    next: () => tokens[read++],
    save: () => ({}),
    formatError: (_token, message) => message,
  };
  const parser = new QuietParser(grammars[start], { lexer });
  try {
    parser.feed("");
  } catch (error) {
    if (!(error instanceof Error && "offset" in error && typeof error.offset === "number")) throw error;
    return { ok: false, failure: failureOf(parser, start, error.offset) };
  }
  const results: readonly Tree[] = parser.results;
  if (results.length > 1) throw new Error(`the grammar reads one ${start} in ${results.length} ways`);
  const [tree] = results;
  return tree === undefined ? { ok: false, failure: failureOf(parser, start, tokens.length) } : { ok: true, tree };
}

/** The parts of nearley's tables that say what could have come next; its type declarations leave them out. */
interface Column {
  readonly states: readonly {
    readonly isComplete: boolean;
    readonly reference: number;
    readonly rule: { readonly name: string };
  }[];
  readonly scannable: readonly {
    readonly dot: number;
    readonly rule: { readonly symbols: readonly ({ readonly type?: string; readonly literal?: string } | string)[] };
  }[];
}

function failureOf(parser: QuietParser, start: string, index: number): Failure {
  const { states, scannable } = { ...emptyColumn, ...parser.save() };
  const expected = new Set<string>();
  for (const { rule, dot } of scannable) {
    const symbol = rule.symbols[dot];
    const word = typeof symbol === "object" ? (symbol.type ?? symbol.literal) : undefined;
    if (word !== undefined) expected.add(word);
  }
  const complete = states.some(
    ({ isComplete, reference, rule }) => isComplete && reference === 0 && rule.name === start,
  );
  return { index, expected, complete };
}

const emptyColumn: Column = { states: [], scannable: [] };
