/** Kernels that are known to be further off than they may be: warnings of `actc compile`, from certificates. */
import type { Compilation } from "../compile.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Source } from "../source.js";
import { type Breach, breachesIn, promisedBound } from "../verification/bounds.js";
import { type Certificate, certificateAt, type CertificateKey, certificateKeys } from "../verification/certificate.js";
import { breachProblem } from "./accuracy-report.js";
import { readCertificateFiles } from "./certificate-files.js";
import type { Environment } from "./environment.js";
import type { Input } from "./inputs.js";

/** What a certificate says of a kernel; it may be stale. */
export interface RecordedBreach {
  readonly source: string;
  readonly key: CertificateKey;
  /** What it was found of. */
  readonly definition: string;
  readonly kernel: Certificate["kernel"];
  readonly breach: Breach;
}

/** The first of each column, in a fixed order. A file that cannot be read is the business of other commands. */
export function recordedBreaches(
  files: readonly string[],
  inputs: readonly Input[],
  environment: Environment,
): readonly RecordedBreach[] {
  return readCertificateFiles(files, inputs, environment).files.flatMap(({ source, certificates }) =>
    certificateKeys(certificates).flatMap((key) => {
      const [known, certificate] = [certificates.get(key.activation), certificateAt(certificates, key)];
      const [breach] = certificate ? breachesIn(certificate, promisedBound(key.target, key.column)) : [];
      if (known === undefined || certificate === undefined || breach === undefined) return [];
      return [{ source, key, definition: known.definition, kernel: certificate.kernel, breach }];
    }),
  );
}

/** The activations that certificates speak of, whether they still hold or not. */
export function certifiedNames(
  files: readonly string[],
  inputs: readonly Input[],
  environment: Environment,
): ReadonlySet<string> {
  const { files: found } = readCertificateFiles(files, inputs, environment);
  return new Set(found.flatMap(({ certificates }) => [...certificates.keys()]));
}

/** Those that are about what was compiled just now, one for each activation. */
export async function breachWarnings(
  recorded: readonly RecordedBreach[],
  sources: readonly Source[],
  { files }: Compilation,
  environment: Environment,
): Promise<readonly Diagnostic[]> {
  if (recorded.length === 0 || files.length === 0) return [];
  const { subjectsIn } = await environment.stages.verify();
  const names = new Set(recorded.map(({ key }) => key.activation));
  // Digests of what nothing is recorded of need not be known.
  const targets = new Set(recorded.map(({ key }) => key.target));
  const subjects = await subjectsIn(sources, files, { names: [...names], targets: [...targets] });
  return subjects.flatMap((subject) => {
    const { name, file, span } = subject;
    const found = recorded.find(({ source, key, definition, kernel }) => {
      if (source !== file || key.activation !== name || definition !== subject.definition) return false;
      return subject.columns.some(
        (each) => each.target === key.target && each.name === key.column && each.digest === kernel,
      );
    });
    if (found === undefined) return [];
    const { key, breach } = found;
    const values = subject.defaults[key.target];
    const defaults = Object.fromEntries(subject.parameters.map((parameter, i) => [parameter, values[i] ?? NaN]));
    const { code, message } = breachProblem(key, breach, promisedBound(key.target, key.column), defaults);
    const hint = "'actc check' says what can be trusted of it";
    return [{ code, severity: "warning", file, span, message, hint }];
  });
}
