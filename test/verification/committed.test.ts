/** The certificates of the standard activations that are in the repository: what they say of kernels as they are now. */
import { expect, test } from "vitest";
import { breachesOf, promisedBound } from "../../compiler/verification/bounds.js";
import { certificateAt, certificateKeys, type CertificateKey, holds } from "../../compiler/verification/certificate.js";
import { readCertificates } from "../../compiler/verification/certificate-file.js";
import { subjectsIn, subjectsOf } from "../../compiler/verify.js";
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

/** Kernels in WebAssembly are compiled for this: a few stand for all. */
const sampled = ["relu", "elu", "hard_swish", "gelu_tanh"];
const wasmSources = [
  {
    file: "acts.def",
    text: standardText
      .split(/\n\s*\n/)
      .filter((block) => sampled.some((name) => new RegExp(`^${name}\\(`, "m").test(block)))
      .join("\n\n"),
  },
];
const { subjects: inWasm } = await subjectsOf(wasmSources, { targets: ["wasm"] });

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

/** At alpha_n = -10000 and x = -84.73 it is 0 instead of 8e-38: the sum 0.5 (e^x - 1) + 0.5 loses e^x. */
const known = ["xielu wgsl SwiftShader driver 5.0.0 d/dx"];

test("keep the promised bounds, on every target, but where it is known that they do not", () => {
  const recorded = keys.filter((key) => key.target === "wasm" || isCurrent(key));
  const broken = recorded.filter((key) => {
    const { defaults, parameters } = certificateAt(certificates, key)!;
    const bound = promisedBound(key.target, key.column);
    return [defaults, ...(parameters ? [parameters] : [])].some((evidence) => breachesOf(evidence, bound).length > 0);
  });
  expect(broken.map(text)).toEqual(known);
});

test("speak of the kernels in WebAssembly that are compiled", () => {
  const own = keys.filter(({ activation, target }) => target === "wasm" && sampled.includes(activation));
  // Forward and backward, with fused products and without.
  expect(own).toHaveLength(2 * 2 * sampled.length);
  expect(own.filter((key) => !isCurrent(key)).map(text)).toEqual([]);
});
