/** What `actc check` makes of kernels' errors and of their certificates. */
import type { Diagnostic } from "../diagnostics.js";
import type { Accuracy, ColumnAccuracy } from "../verification/accuracy.js";
import { askedBound, breachesIn, promisedBound } from "../verification/bounds.js";
import {
  certificateAt,
  type CertificateKey,
  certificateKeys,
  type Certificates,
  holds,
  pruned,
  withCertificate,
} from "../verification/certificate.js";
import type { Subject } from "../verify.js";
import { breachProblem, columnText, contradictionProblem } from "./accuracy-report.js";
import type { CheckRequest } from "./arguments.js";
import type { CertificateFile } from "./certificate-files.js";
import type { Problem } from "./problem.js";

type Accuracies = ReadonlyMap<string, Accuracy>;

/** Broken bounds, proofs that do not hold here, and labels that say more than is known. */
export function accuracyProblems(
  request: CheckRequest,
  files: readonly CertificateFile[],
  subjects: readonly Subject[],
  accuracies: Accuracies,
): readonly Problem[] {
  const columns = [...accuracies.values()].flatMap((accuracy) => accuracy.columns);
  if (!failsOnErrors(request)) return [];
  const stale = request.certificates ? files.flatMap((file) => staleProofs(file, request.targets, subjects)) : [];
  return [...stale, ...columns.flatMap((column) => columnProblems(column, request.maxUlp))];
}

const failsOnErrors = ({ certificates, maxUlp }: CheckRequest): boolean => certificates || maxUlp !== undefined;

/** Where nothing was said about errors: what is further off than promised, a warning for each column. */
export function accuracyWarnings(
  request: CheckRequest,
  subjects: readonly Subject[],
  accuracies: Accuracies,
): readonly Diagnostic[] {
  if (failsOnErrors(request)) return [];
  return subjects.flatMap(({ name, file, span }) =>
    (accuracies.get(name)?.columns ?? []).flatMap((column) =>
      columnProblems(column, undefined)
        .slice(0, 1)
        .map(({ code, message }): Diagnostic => ({ code, severity: "warning", file, span, message })),
    ),
  );
}

function columnProblems(
  { key, certificate, contradiction, defaults }: ColumnAccuracy,
  maxUlp: number | undefined,
): Problem[] {
  const { target, column } = key;
  const bound = maxUlp === undefined ? promisedBound(target, column) : askedBound(maxUlp, target, column);
  const problems = breachesIn(certificate, bound).map((breach) => breachProblem(key, breach, bound, defaults));
  if (contradiction !== null) problems.unshift(contradictionProblem(key, contradiction, certificate, defaults));
  return problems;
}

/** Certificates that say "proved" of what is no more, among those for the targets that were looked at. */
function staleProofs(
  { source, shown, certificates }: CertificateFile,
  targets: CheckRequest["targets"],
  subjects: readonly Subject[],
): Problem[] {
  const current = currentKernels(subjects.filter(({ file }) => file === source));
  return certificateKeys(certificates)
    .filter(({ target }) => targets.includes(target))
    .filter((key) => certificateAt(certificates, key)?.defaults.label === "proved")
    .filter((key) => {
      const kernel = current.get(nameOf(key));
      return kernel === undefined || !holds(certificates, key, kernel);
    })
    .map((key) => ({
      code: "stale-certificate",
      file: shown,
      message: `${columnText(key)}: '${shown}' says "proved" of a kernel that has changed since`,
      hint:
        `'actc verify --exhaustive --write --target ${key.target} --name ${key.activation}' proves it anew; ` +
        "'actc check --write' writes down what can be measured in a moment",
    }));
}

const nameOf = ({ activation, target, column }: Omit<CertificateKey, "executor">): string =>
  [activation, target, column].join(" ");

function currentKernels(subjects: readonly Subject[]): ReadonlyMap<string, ColumnAccuracy["current"]> {
  const kernels = subjects.flatMap(({ name, definition, columns }) =>
    columns.map(({ target, name: column, digest }) => {
      const current = { definition, kernel: digest };
      return [nameOf({ activation: name, target, column }), current] as const;
    }),
  );
  return new Map(kernels);
}

/** The certificates that hold, and for the other kernels what was measured just now; those for other targets stay while the meaning does. */
export function certificatesAfter(
  { source, certificates }: CertificateFile,
  targets: CheckRequest["targets"],
  subjects: readonly Subject[],
  accuracies: Accuracies,
): Certificates {
  const own = subjects.filter(({ file }) => file === source);
  const current = currentKernels(own);
  let result = pruned(certificates, (key) => {
    if (!targets.includes(key.target)) return own.some(({ name }) => name === key.activation);
    const kernel = current.get(nameOf(key));
    return kernel !== undefined && holds(certificates, key, kernel);
  });
  for (const { name, definition } of own) {
    for (const { key, certificate } of accuracies.get(name)?.columns ?? []) {
      result = withCertificate(result, key, definition, certificate);
    }
  }
  return result;
}
