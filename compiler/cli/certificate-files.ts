/** Certificates lie beside the definitions: `acts.certificates.json` beside `acts.def`. */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Certificates } from "../verification/certificate.js";
import { certificatesText, readCertificates } from "../verification/certificate-file.js";
import type { Environment } from "./environment.js";
import { inputPaths, type Input } from "./inputs.js";
import { failure, success, systemCode, systemReason, type Problem, type Result } from "./problem.js";

/** One file of certificates; none for definitions from standard input. */
export interface CertificateFile {
  /** What the compiler calls the definitions' file. */
  readonly source: string;
  readonly path: string;
  readonly shown: string;
  /** Empty where there is no file yet. */
  readonly certificates: Certificates;
}

const besides = (file: string): string => `${file.replace(/\.def$/, "")}.certificates.json`;

/** Reads what there is beside these definitions. */
export function readCertificateFiles(
  files: readonly string[],
  inputs: readonly Input[],
  environment: Environment,
): { readonly files: readonly CertificateFile[]; readonly problems: readonly Problem[] } {
  const found: CertificateFile[] = [];
  const problems: Problem[] = [];
  for (const [i, { path, shown }] of inputPaths(files, environment.cwd).entries()) {
    const source = inputs[i]?.source.file;
    if (path === "-" || source === undefined) continue;
    const result = readOne(besides(path), besides(shown));
    if (result.ok) found.push({ source, path: besides(path), shown: besides(shown), certificates: result.value });
    else problems.push(result.problem);
  }
  return { files: found, problems };
}

/** The file as it is by now: others may write it meanwhile. */
export function readAgain(file: CertificateFile): Result<CertificateFile> {
  const result = readOne(file.path, file.shown);
  return result.ok ? success({ ...file, certificates: result.value }) : result;
}

/** Whoever holds a file for longer has ended without saying so: in milliseconds. */
const longestHold = 10_000;
const pause = 10;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Does what reads the file again and writes it, while nobody else does: of two runs at once none may write over what the other has found. */
export function whileHeld<T>({ path }: Pick<CertificateFile, "path">, action: () => T): T {
  const mark = join(dirname(path), `.${basename(path)}.held`);
  while (!canHold(mark)) Atomics.wait(sleeper, 0, 0, pause);
  try {
    return action();
  } finally {
    rmSync(mark, { force: true });
  }
}

/** Also where no mark can be made: then nothing can be written either, which is said there. */
function canHold(mark: string): boolean {
  try {
    writeFileSync(mark, "", { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") return true;
  }
  const since = statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (Date.now() - since > longestHold) rmSync(mark, { force: true });
  return false;
}

/** What was read last, and the text: several ask for the same file, and while watching it seldom changes. */
let last: { readonly text: string; readonly certificates: Certificates | undefined } | undefined;

function certificatesIn(text: string): Certificates | undefined {
  if (last?.text !== text) last = { text, certificates: readCertificates(text) };
  return last.certificates;
}

function readOne(path: string, shown: string): Result<Certificates> {
  try {
    const certificates = certificatesIn(readFileSync(path, "utf8"));
    if (certificates !== undefined) return success(certificates);
    return failure({
      code: "cannot-read",
      file: shown,
      message: `'${shown}' is not a file of certificates that this version understands`,
      hint: "move it away, and 'actc verify --write' makes a new one",
    });
  } catch (error) {
    if (systemCode(error) === "ENOENT") return success(new Map());
    return failure({ code: "cannot-read", file: shown, message: `cannot read '${shown}': ${systemReason(error)}` });
  }
}

/** Writes the file, whole or not at all; says whether anything changed. */
export function writeCertificateFile(
  { path, shown }: Pick<CertificateFile, "path" | "shown">,
  certificates: Certificates,
): Result<"written" | "unchanged"> {
  const text = certificatesText(certificates);
  const temporary = join(dirname(path), `.actc-${randomBytes(8).toString("hex")}.tmp`);
  try {
    if (currentText(path) === text) return success("unchanged");
    writeFileSync(temporary, text, { flag: "wx" });
    renameSync(temporary, path);
    return success("written");
  } catch (error) {
    const reason = systemReason(error);
    rmSync(temporary, { force: true });
    return failure({ code: "cannot-write", file: shown, message: `cannot write '${shown}': ${reason}` });
  }
}

function currentText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
