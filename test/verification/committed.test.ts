/** The certificates of the standard activations that are in the repository: what they say of kernels as they are now. */
import { expect, test } from "vitest";
import { breachesOf, promisedBound } from "../../compiler/verification/bounds.js";
import { certificateAt, certificateKeys, type CertificateKey, holds } from "../../compiler/verification/certificate.js";
import { readCertificates } from "../../compiler/verification/certificate-file.js";
import { subjectsIn } from "../../compiler/verify.js";
import { read, standardGenerated, standardText } from "../activations/standard.js";

const certificates = readCertificates(read("acts.certificates.json"))!;
const files = [...standardGenerated().files].map(([path, text]) => ({ path, text }));
const subjects = await subjectsIn([{ file: "acts.def", text: standardText }], files, {});

const isCurrent = (key: CertificateKey): boolean =>
  subjects.some(
    ({ name, definition, columns }) =>
      name === key.activation &&
      columns.some(
        (column) =>
          column.target === key.target &&
          column.name === key.column &&
          holds(certificates, key, { definition, kernel: column.digest }),
      ),
  );

const keys = certificateKeys(certificates);
const text = ({ activation, target, executor, column }: CertificateKey): string =>
  `${activation} ${target} ${executor} ${column}`;

test("say 'proved' of nothing that has changed since", () => {
  const proofs = keys.filter((key) => certificateAt(certificates, key)?.defaults.label === "proved");
  expect(proofs.length).toBeGreaterThan(24);
  expect(proofs.filter((key) => !isCurrent(key)).map(text)).toEqual([]);
});

test("keep the promised bounds, on every target", () => {
  const broken = keys.filter(isCurrent).filter((key) => {
    const { defaults, parameters } = certificateAt(certificates, key)!;
    const bound = promisedBound(key.target, key.column);
    return [defaults, ...(parameters ? [parameters] : [])].some((evidence) => breachesOf(evidence, bound).length > 0);
  });
  expect(broken.map(text)).toEqual([]);
});
