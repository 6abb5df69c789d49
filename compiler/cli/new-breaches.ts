/**
 * Kernels that break a bound and that nobody has measured: warnings of `actc compile`, from the lock file. Where results may need more
 * digits than the usual ones, a compile measures the kernels of an activation once: a second or a few.
 */
import { availableParallelism } from "node:os";
import type { Compilation, OutputFile } from "../compile.js";
import type { DecisionBook } from "../decisions.js";
import type { Diagnostic } from "../diagnostics.js";
import { fingerprint } from "../ir/question.js";
import { fileStem } from "../names.js";
import { breachSearch, isBreaches } from "../lock.js";
import type { Source } from "../source.js";
import { breachesIn, promisedBound } from "../verification/bounds.js";
import { breachProblem } from "./accuracy-report.js";

import type { Environment } from "./environment.js";
import { helpedCrew } from "./helped-crew.js";

/** Of more new activations than this at once, `actc check` finds out, with all cores and at leisure. */
const mostMeasured = 4;

const mostThreads = 4;

/** Functions that stand in where the usual digits, or exponents, do not do. */
const needsMore = /\b\w+_(?:exactly|far|ranged_of)\(/;

export interface NewBreachOptions {
  /** Names of activations that certificates speak of. */
  readonly certified: ReadonlySet<string>;
  readonly decisions: DecisionBook;
  /** Whether what is not known is measured. */
  readonly measures: boolean;
}

/** One warning for each activation that is known to break a bound. */
export async function newBreachWarnings(
  sources: readonly Source[],
  { files, places }: Compilation,
  { certified, decisions, measures }: NewBreachOptions,
  environment: Environment,
): Promise<readonly Diagnostic[]> {
  const fresh = [...places].filter(([name]) => !certified.has(name));
  if (fresh.length === 0) return [];
  const byPath = new Map(files.map((file) => [file.path, file]));
  const candidates = fresh.flatMap(([name, place]) => {
    const [shader, script] = ["wgsl", "ts"].map((extension) => byPath.get(`${fileStem(name)}.${extension}`));
    const question = shader && questionAbout(shader, script);
    if (question === undefined) return [];
    const own = decisions.of(place.file, name);
    return [{ name, place, question, own, known: own.get(question) }];
  });
  const unknown = candidates.filter(({ known }) => !isBreaches(known));
  const measurable = measures && unknown.length > 0 && unknown.length <= mostMeasured;
  const found = measurable
    ? await measured(sources, files, new Set(unknown.map(({ name }) => name)), environment)
    : new Map<string, readonly string[]>();
  return candidates.flatMap(({ name, place, question, own, known }): Diagnostic[] => {
    const answer = isBreaches(known) ? known : found.get(name);
    if (answer === undefined) return [];
    if (answer !== known) own.set(question, answer);
    const [message] = answer;
    const hint = "'actc check' says what can be trusted of it";
    return message === undefined ? [] : [{ code: "bound-broken", severity: "warning", ...place, message, hint }];
  });
}

interface Asked {
  readonly script: OutputFile | undefined;
  /** None where the usual digits do. */
  readonly question: string | undefined;
}

/** While watching, most files are those of the compilation before. */
const asked = new WeakMap<OutputFile, Asked>();

function questionAbout(shader: OutputFile, script: OutputFile | undefined): string | undefined {
  let known = asked.get(shader);
  if (known === undefined || known.script !== script) {
    const question = needsMore.test(shader.text)
      ? `${breachSearch} ${fingerprint(JSON.stringify([shader.text, script?.text]))}`
      : undefined;
    asked.set(shader, (known = { script, question }));
  }
  return known.question;
}

/** What is wrong with the kernels, by activation: a sentence for each column that breaks its bound. */
async function measured(
  sources: readonly Source[],
  files: Compilation["files"],
  names: ReadonlySet<string>,
  environment: Environment,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { subjectsIn, accuracies, glance } = await environment.stages.verify();
  const helpers = Math.min(availableParallelism(), mostThreads) - 1;
  const crew = await helpedCrew(sources, environment.verification.script, helpers);
  let found: Awaited<ReturnType<typeof accuracies>>;
  try {
    const subjects = await subjectsIn(sources, files, { names: [...names] });
    found = await accuracies(subjects, new Map(), (task) => crew.measure(task), glance);
  } finally {
    await crew.close();
  }
  return new Map(
    [...found].map(([name, { columns }]) => [
      name,
      columns.flatMap(({ key, certificate, defaults }) => {
        const bound = promisedBound(key.target, key.column);
        return breachesIn(certificate, bound)
          .slice(0, 1)
          .map((breach) => breachProblem(key, breach, bound, defaults).message);
      }),
    ]),
  );
}
