/**
 * What compiling finds by searching or sampling, kept by what was asked: within one process, so that equal graphs are
 * looked into once, and from one to the next in a lock file. An answer never changes what is compiled, only how long it
 * takes: it is what searching again would find.
 */

/** Answers are plain data, such as JSON holds. A `Map` will do. */
export interface Decisions {
  get(question: string): unknown;
  set(question: string, answer: unknown): void;
}

/** The answer that is known, if it has the right form, else the one that `find` finds, from now on known. */
export function decided<T>(
  decisions: Decisions,
  question: string,
  isAnswer: (answer: unknown) => answer is T,
  find: () => T,
): T {
  const known = decisions.get(question);
  if (known !== undefined && isAnswer(known)) return known;
  const found = find();
  decisions.set(question, found);
  return found;
}

/** The place in a list; -1: none. */
export const isPlace = (answer: unknown): answer is number => Number.isInteger(answer);

export const isBoolean = (answer: unknown): answer is boolean => typeof answer === "boolean";

/** The decisions about one activation. */
export interface OwnDecisions extends Decisions {
  /** What was asked, and the answers. */
  readonly asked: () => readonly (readonly [question: string, answer: unknown])[];
}

/** The decisions of a compilation, with who asked for them. */
export class DecisionBook {
  private readonly known: Map<string, unknown>;
  private readonly owners = new Map<string, Map<string, OwnDecisions>>();

  /** @param known answers from before */
  constructor(known: Iterable<readonly [question: string, answer: unknown]> = []) {
    this.known = new Map(known);
  }

  /** All that is known. */
  answers(): readonly (readonly [question: string, answer: unknown])[] {
    return [...this.known];
  }

  /** What is asked for an activation of a file of definitions. */
  of(file: string, activation: string): OwnDecisions {
    const siblings = this.owners.get(file) ?? new Map<string, OwnDecisions>();
    const own = siblings.get(activation) ?? this.ownDecisions();
    this.owners.set(file, siblings.set(activation, own));
    return own;
  }

  /** By activation, what was asked for those of a file, and the answers. */
  askedFor(file: string): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
    const owners = [...(this.owners.get(file) ?? [])];
    return new Map(owners.map(([activation, own]) => [activation, new Map(own.asked())]));
  }

  private ownDecisions(): OwnDecisions {
    const asked = new Map<string, unknown>();
    return {
      get: (question) => {
        const answer = this.known.get(question);
        if (answer !== undefined) asked.set(question, answer);
        return answer;
      },
      set: (question, answer) => {
        this.known.set(question, answer);
        asked.set(question, answer);
      },
      asked: () => [...asked],
    };
  }
}
