import type { Token } from "../../grammar/lexer.js";
import type { Finding } from "../diagnostics.js";

/** A place at which the parser stuck. */
export interface Place {
  readonly tokens: readonly Token[];
  readonly index: number;
  /** `undefined`: the definition ends here. */
  readonly token: Token | undefined;
  readonly previous: Token | undefined;
  /** The brackets that are open here, outermost first, as indices of tokens. */
  readonly open: readonly number[];
  readonly expected: ReadonlySet<string>;
  readonly complete: boolean;
  readonly span: Finding["span"];
}

/** Recognises a mistake; without a span of its own, the finding stands at the place itself. */
export type Rule = (place: Place) => Omit<Finding, "span"> | Finding | null;

export const wantsOperand = ({ expected }: Place): boolean => expected.has("number") && expected.has("(");

/** Whether the place is between the parentheses of the signature. */
export const inSignature = ({ open }: Place): boolean => open[0] === 1;
