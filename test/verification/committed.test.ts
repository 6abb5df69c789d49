/** The certificates of the standard activations that are in the repository: what they say of kernels as they are now. */
import { expect, test } from "vitest";
import { breachesOf, promisedBound } from "../../compiler/verification/bounds.js";
import { certificateAt, certificateKeys, type CertificateKey, holds } from "../../compiler/verification/certificate.js";
import { readCertificates } from "../../compiler/verification/certificate-file.js";
import type { Source } from "../../compiler/source.js";
import { type Subject, subjectsIn, subjectsOf } from "../../compiler/verify.js";
import { read, standardGenerated, standardText } from "../activations/standard.js";

const certificates = readCertificates(read("acts.certificates.json"))!;
const files = [...standardGenerated().files].map(([path, text]) => ({ path, text }));
const subjects = await subjectsIn([{ file: "acts.def", text: standardText }], files, {});

const isCurrent = (key: CertificateKey): boolean =>
  [...subjects, ...inWasm].some(
    ({ name, definition, columns }) =>
      name === key.activation &&
      columns.some(
        (column) =>
          column.target === key.target &&
          column.name === key.column &&
          holds(certificates, key, { definition, kernel: column.digest }),
      ),
  );

/** Some standard definitions alone, to compile here. */
const sourceOf = (names: readonly string[]): Source => ({
  file: "acts.def",
  text: standardText
    .split(/\n\s*\n/)
    .filter((block) => names.some((name) => new RegExp(`^${name}\\(`, "m").test(block)))
    .join("\n\n"),
});

/** Kernels in WebAssembly are compiled for this: a few stand for all. */
const sampled = ["relu", "elu", "hard_swish", "gelu_tanh"];
const { subjects: inWasm } = await subjectsOf([sourceOf(sampled)], { targets: ["wasm"] });

const keys = certificateKeys(certificates);
const text = ({ activation, target, executor, column }: CertificateKey): string =>
  `${activation} ${target} ${executor} ${column}`;

test("say 'proved' of nothing that has changed since", () => {
  const proofs = keys.filter(
    (key) => key.target !== "wasm" && certificateAt(certificates, key)?.defaults.label === "proved",
  );
  expect(proofs.length).toBeGreaterThan(24);
  expect(proofs.filter((key) => !isCurrent(key)).map(text)).toEqual([]);
});

test("speak of the kernels that a build writes, with all families in one file", async () => {
  // What else stands in a file decides how elements are loaded here, and the order of functions there.
  const names = ["elu", "hard_sigmoid_02"];
  const { subjects: measured } = await subjectsOf([sourceOf(names)], { targets: ["ts", "wgsl"] });
  const digests = (of: readonly Subject[]): readonly string[] =>
    of
      .filter(({ name }) => names.includes(name))
      .flatMap(({ name, columns }) =>
        columns.map((column) => `${name} ${column.target} ${column.name} ${column.digest}`),
      );
  expect(digests(measured).length).toBeGreaterThan(7);
  expect(digests(measured)).toEqual(digests(subjects));
});

test("keep the promised bounds, on every target", () => {
  const recorded = keys.filter((key) => key.target === "wasm" || isCurrent(key));
  const broken = recorded.filter((key) => {
    const { defaults, parameters } = certificateAt(certificates, key)!;
    const bound = promisedBound(key.target, key.column);
    return [defaults, ...(parameters ? [parameters] : [])].some((evidence) => breachesOf(evidence, bound).length > 0);
  });
  expect(broken.map(text)).toEqual([]);
});

test("speak of the kernels in WebAssembly that are compiled", () => {
  const own = keys.filter(({ activation, target }) => target === "wasm" && sampled.includes(activation));
  // Forward and backward, with fused products and without.
  expect(own).toHaveLength(2 * 2 * sampled.length);
  expect(own.filter((key) => !isCurrent(key)).map(text)).toEqual([]);
});
