/** What is wrong with kernels or their certificates, in words. */
import { errorText, expectedText, placeText } from "../verification/accuracy.js";
import type { Bound, Breach } from "../verification/bounds.js";
import type { Certificate, CertificateKey, Finding } from "../verification/certificate.js";
import { decimalText } from "../verification/number-text.js";
import type { Problem } from "./problem.js";
import { count } from "./report.js";

type Defaults = Readonly<Record<string, number>>;

/** `gelu, ts d/dx`, with the device where it is one. */
export const columnText = ({ activation, target, executor, column }: CertificateKey): string =>
  `${activation}, ${target}${target === "ts" ? "" : ` on ${executor}`}, ${column}`;

/** What the certificate says, in one line. */
export function certificateText(
  key: CertificateKey,
  { defaults: evidence, parameters }: Certificate,
  defaults: Defaults,
): string {
  const how = evidence.label === "proved" ? "proved" : `measured at ${count(evidence.inputs, "input")}`;
  const flushed = evidence.flushed > 0 ? `, ${count(evidence.flushed, "subnormal")} flushed` : "";
  const others =
    parameters === null ? "" : `; at ${count(parameters.settings, "other setting")} ${errorText(parameters, defaults)}`;
  return `${columnText(key)}: ${how}, ${errorText(evidence, defaults)}${flushed}${others}`;
}

/** A kernel is further off than it may be. */
export function breachProblem(
  key: CertificateKey,
  { kind, finding }: Breach,
  bound: Bound,
  defaults: Defaults,
): Problem {
  const where = `${placeText(finding, defaults)}: ${decimalText(finding.actual)} instead of ${expectedText(finding)}`;
  const about = columnText(key);
  const problem = (message: string): Problem => ({ code: "bound-broken", message: `${about}: ${message}` });
  switch (kind) {
    case "worst":
      return problem(`${finding.ulp} ulp, more than ${bound.worst}, at ${where}`);
    case "nearZero":
      return problem(`next to a zero ${finding.ulp} ulp, more than ${bound.nearZero}, at ${where}`);
    case "vanishing":
      return problem(`where it vanishes ${finding.ulp} ulp, more than ${bound.vanishing}, at ${where}`);
    case "notFinite":
      return problem(`no finite number at ${where}`);
    case "wrongLimit":
      return problem(`not the limit at ${where}`);
    case "lostNaN":
      return problem(`a NaN is lost at ${where}`);
  }
}

/** What was proved, measured otherwise here. */
export const contradictionProblem = (
  key: CertificateKey,
  finding: Finding,
  certificate: Certificate,
  defaults: Defaults,
): Problem => ({
  code: "certificate-contradicted",
  message:
    `${columnText(key)}: proved to ${certificate.defaults.worst?.ulp ?? 0} ulp, but here it is ${finding.ulp} at ` +
    placeText(finding, defaults),
  hint: "the kernel gives other results on this machine than where it was proved",
});
