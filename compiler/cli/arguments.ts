import { parseArgs } from "node:util";
import type { KernelFamily, SaveChoice, ShaderChoice, TargetName } from "../compile.js";
import { type MeasuredTarget, measuredTargets, usuallyMeasured } from "../verification/emitted.js";
import type { ExplanationFormat } from "./environment.js";
import { failure, success, type Problem, type Result } from "./problem.js";
import { suggestion } from "../suggestion.js";
import { kernelFamilies, saveChoices, shaderChoices, targetNames, usualTargets } from "./targets.js";

export const commandNames = ["compile", "check", "verify", "explain", "init"] as const;
export type CommandName = (typeof commandNames)[number];

export interface CompileRequest {
  readonly command: "compile";
  readonly files: readonly string[];
  readonly outDir: string;
  readonly targets: readonly TargetName[];
  readonly kernels: readonly KernelFamily[];
  readonly save: SaveChoice;
  readonly shaders: ShaderChoice;
  readonly mode: "write" | "check" | "watch" | "stdout";
  readonly json: boolean;
  readonly cache: boolean;
  readonly lock: boolean;
}

export interface CheckRequest {
  readonly command: "check";
  readonly files: readonly string[];
  readonly targets: readonly MeasuredTarget[];
  readonly shaders: ShaderChoice;
  /** The largest error that passes, in units in the last place. */
  readonly maxUlp: number | undefined;
  /** Whether certificates have to hold. */
  readonly certificates: boolean;
  /** Whether certificates that do not hold are replaced by what was measured. */
  readonly write: boolean;
  readonly json: boolean;
}

export interface VerifyRequest {
  readonly command: "verify";
  readonly files: readonly string[];
  readonly targets: readonly MeasuredTarget[];
  readonly shaders: ShaderChoice;
  /** Activations; all of them when empty. */
  readonly names: readonly string[];
  /** These columns alone; none: all. */
  readonly columns: readonly string[];
  readonly exhaustive: boolean;
  /** Stratified inputs at the defaults. */
  readonly inputs: number | undefined;
  readonly maxUlp: number | undefined;
  /** What runs WGSL: a GPU or what stands for one, a driver in software, or this program. */
  readonly device: "gpu" | "software" | "emulation";
  /** Threads; as many as there are cores unless given. */
  readonly jobs: number | undefined;
  readonly write: boolean;
  readonly json: boolean;
}

export interface ExplainRequest {
  readonly command: "explain";
  readonly file: string;
  readonly name: string;
  readonly format: ExplanationFormat;
  readonly json: boolean;
}

export interface InitRequest {
  readonly command: "init";
  readonly json: boolean;
}

export type Invocation =
  | { readonly command: "help"; readonly topic: CommandName | undefined }
  | { readonly command: "version" }
  | CompileRequest
  | CheckRequest
  | VerifyRequest
  | ExplainRequest
  | InitRequest;

const options = {
  "out-dir": { type: "string", short: "o", commands: ["compile"], expected: "a folder" },
  target: { type: "string", multiple: true, commands: ["compile", "check", "verify"], expected: "a list of targets" },
  kernels: {
    type: "string",
    multiple: true,
    commands: ["compile"],
    expected: `a list of ${kernelFamilies.join(", ")}`,
  },
  save: { type: "string", commands: ["compile"], expected: `one of ${saveChoices.join(", ")}` },
  shaders: { type: "string", commands: ["compile", "check", "verify"], expected: `one of ${shaderChoices.join(", ")}` },
  check: { type: "boolean", commands: ["compile"] },
  watch: { type: "boolean", short: "w", commands: ["compile"] },
  stdout: { type: "boolean", commands: ["compile"] },
  "no-cache": { type: "boolean", commands: ["compile"] },
  "no-lock": { type: "boolean", commands: ["compile"] },
  exhaustive: { type: "boolean", commands: ["verify"] },
  column: { type: "string", multiple: true, commands: ["verify"], expected: "a list of columns" },
  inputs: { type: "string", commands: ["verify"], expected: "how many inputs" },
  name: { type: "string", multiple: true, commands: ["verify"], expected: "a list of activations" },
  "max-ulp": { type: "string", commands: ["verify", "check"], expected: "a number of units in the last place" },
  software: { type: "boolean", commands: ["verify"] },
  emulate: { type: "boolean", commands: ["verify"] },
  jobs: { type: "string", short: "j", commands: ["verify"], expected: "a number of threads" },
  certificates: { type: "boolean", commands: ["check"] },
  write: { type: "boolean", commands: ["verify", "check"] },
  text: { type: "boolean", commands: ["explain"] },
  latex: { type: "boolean", commands: ["explain"] },
  plot: { type: "boolean", commands: ["explain"] },
  json: { type: "boolean", commands: commandNames },
  help: { type: "boolean", short: "h", commands: commandNames },
  version: { type: "boolean", short: "V", commands: commandNames },
} as const;
type OptionName = keyof typeof options;

const isOption = (name: string): name is OptionName => Object.hasOwn(options, name);
const isCommand = (name: string): name is CommandName => commandNames.some((command) => command === name);

const usage = (code: string, message: string, more: Pick<Problem, "expected" | "hint"> = {}): Result<never> =>
  failure({ code, message, ...more });

const didYouMean = (word: string, candidates: readonly string[], otherwise: string): string => {
  const meant = suggestion(word, candidates);
  return meant === undefined ? otherwise : `did you mean '${meant}'?`;
};

/**
 * Whether the caller asked for JSON, known even where the rest of the arguments makes no sense. `--stdout` promises that
 * nothing but code goes there.
 */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  const words = end === -1 ? argv : argv.slice(0, end);
  return words.includes("--json") && !words.includes("--stdout");
}

/** Reads the command line; touches nothing else. */
export function parseArguments(argv: readonly string[]): Result<Invocation> {
  // Not strict: parseArgs would throw at the first fault, with a text of its own.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const flags = new Set<OptionName>();
  const values = new Map<OptionName, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    if (!isOption(name)) {
      const known = Object.keys(options).map((option) => `--${option}`);
      return usage("unknown-option", `unknown option '${rawName}'`, {
        hint: didYouMean(rawName, known, "'actc --help' lists the options"),
      });
    }
    flags.add(name);
    const option = options[name];
    if (option.type === "boolean") {
      if (value !== undefined) return usage("unexpected-value", `option '${rawName}' takes no value`);
      continue;
    }
    if (value === undefined || value === "" || (inlineValue !== true && value.length > 1 && value.startsWith("-"))) {
      return usage("missing-value", `option '${rawName}' needs a value`, {
        expected: name === "target" ? `a list of ${targetNames.join(", ")}` : option.expected,
      });
    }
    values.set(name, [...(values.get(name) ?? []), value]);
  }

  const [word, ...operands] = positionals;
  if (flags.has("version")) return success({ command: "version" });
  if (word === "help") return helpOn(operands[0]);
  if (word === undefined) {
    if (flags.has("help")) return success({ command: "help", topic: undefined });
    return usage("missing-command", "no command given", { expected: `one of ${commandNames.join(", ")}` });
  }
  if (!isCommand(word)) return unknownCommand(word);
  if (flags.has("help")) return success({ command: "help", topic: word });
  for (const flag of flags) {
    if (!options[flag].commands.some((command) => command === word)) {
      return usage("unknown-option", `option '--${flag}' does not belong to 'actc ${word}'`, {
        hint: `it is an option of 'actc ${options[flag].commands[0]}'`,
      });
    }
  }
  const given: Given = { flags, values };
  const json = flags.has("json");
  switch (word) {
    case "compile":
      return compileRequest(operands, given);
    case "check":
      return checkRequest(operands, given);
    case "verify":
      return verifyRequest(operands, given);
    case "explain":
      return explainRequest(operands, flags);
    case "init":
      if (operands.length > 0) return usage("unexpected-argument", `'actc init' takes no argument: '${operands[0]}'`);
      return success({ command: "init", json });
  }
}

/** The options of a command line. */
interface Given {
  readonly flags: ReadonlySet<OptionName>;
  readonly values: ReadonlyMap<OptionName, readonly string[]>;
}

/** An option that was given more than once means its last value. */
const lastOf = ({ values }: Given, name: OptionName): string | undefined => values.get(name)?.at(-1);

/** What stands between the commas of a list, given once or in parts. */
const listOf = ({ values }: Given, name: OptionName): readonly string[] =>
  (values.get(name) ?? []).flatMap((list) => list.split(",")).map((item) => item.trim());

function helpOn(topic: string | undefined): Result<Invocation> {
  if (topic === undefined || isCommand(topic)) return success({ command: "help", topic });
  return unknownCommand(topic);
}

function unknownCommand(word: string): Result<never> {
  const isFile = word === "-" || word.endsWith(".def");
  return usage("unknown-command", `unknown command '${word}'`, {
    expected: `one of ${commandNames.join(", ")}`,
    ...(isFile
      ? { hint: `did you mean 'actc compile ${word}'?` }
      : { hint: didYouMean(word, commandNames, "'actc --help' describes the commands") }),
  });
}

function compileRequest(files: readonly string[], given: Given): Result<Invocation> {
  const { flags } = given;
  const outDir = lastOf(given, "out-dir") ?? "generated";
  const targets = parseTargets(given, targetNames, usualTargets);
  if (!targets.ok) return targets;
  const kernels = parseList(given, "kernels", "kernel", kernelFamilies);
  if (!kernels.ok) return kernels;
  const save = parseChoice(given, "save", saveChoices);
  if (!save.ok) return save;
  const shaders = parseChoice(given, "shaders", shaderChoices);
  if (!shaders.ok) return shaders;
  const modes = (["check", "watch", "stdout"] as const).filter((mode) => flags.has(mode));
  const [mode = "write", other] = modes;
  if (other !== undefined) return usage("conflicting-options", `'--${mode}' and '--${other}' exclude each other`);
  const json = flags.has("json");
  if (mode === "stdout" && json) {
    return usage("conflicting-options", "'--stdout' and '--json' exclude each other: both claim standard output");
  }
  if (mode === "stdout" && targets.value.length !== 1) {
    return usage("conflicting-options", "'--stdout' prints the code of exactly one target", {
      hint: `add ${targetNames.map((target) => `'--target ${target}'`).join(" or ")}`,
    });
  }
  if (mode === "watch" && files.includes("-")) {
    return usage("conflicting-options", "'--watch' cannot watch standard input");
  }
  const cache = !flags.has("no-cache");
  const lock = !flags.has("no-lock");
  return success({
    command: "compile",
    files,
    outDir,
    targets: targets.value,
    // Without these two, nothing can be called.
    kernels: kernelFamilies.filter(
      (family) => family === "forward" || family === "backward" || kernels.value.includes(family),
    ),
    save: save.value,
    shaders: shaders.value,
    mode,
    json,
    cache,
    lock,
  });
}

/** One of a few words; the first of them unless given. */
function parseChoice<T extends string>(given: Given, option: "save" | "shaders", choices: readonly T[]): Result<T> {
  const word = lastOf(given, option) ?? choices[0];
  const choice = choices.find((each) => each === word);
  if (choice !== undefined) return success(choice);
  const expected = `one of ${choices.join(", ")}`;
  return usage("wrong-value", `option '--${option}' cannot be '${word}'`, { expected });
}

const parseTargets = <T extends string>(
  given: Given,
  known: readonly T[],
  usual: readonly T[],
): Result<readonly T[]> => (given.flags.has("target") ? parseList(given, "target", "target", known) : success(usual));

/** What an option lists, in the order of the known names, so that the order in which it was asked for changes no byte. */
function parseList<T extends string>(
  given: Given,
  option: "target" | "kernels",
  noun: "target" | "kernel",
  known: readonly T[],
): Result<readonly T[]> {
  if (!given.flags.has(option)) return success(known);
  const asked = new Set<string>();
  const expected = `a list of ${known.join(", ")}`;
  for (const word of listOf(given, option)) {
    if (known.some((name) => name === word)) asked.add(word);
    else if (word !== "") {
      const meant = suggestion(word, known);
      return usage(`unknown-${noun}`, `unknown ${noun} '${word}'`, {
        expected,
        ...(meant === undefined ? {} : { hint: `did you mean '${meant}'?` }),
      });
    }
  }
  if (asked.size === 0) return usage("missing-value", `option '--${option}' names no ${noun}`, { expected });
  return success(known.filter((name) => asked.has(name)));
}

function checkRequest(files: readonly string[], given: Given): Result<Invocation> {
  const { flags } = given;
  const targets = parseTargets(given, measuredTargets, usuallyMeasured);
  if (!targets.ok) return targets;
  const shaders = parseChoice(given, "shaders", shaderChoices);
  if (!shaders.ok) return shaders;
  const maxUlp = parseMaxUlp(given);
  if (!maxUlp.ok) return maxUlp;
  const [certificates, write] = [flags.has("certificates"), flags.has("write")];
  if (certificates && write) {
    return usage(
      "conflicting-options",
      "'--certificates' and '--write' exclude each other: one judges what the other changes",
    );
  }
  return success({
    command: "check",
    files,
    targets: targets.value,
    shaders: shaders.value,
    maxUlp: maxUlp.value,
    certificates,
    write,
    json: flags.has("json"),
  });
}

/** They are in memory at once. */
const mostInputs = 2 ** 24;

function verifyRequest(files: readonly string[], given: Given): Result<Invocation> {
  const { flags } = given;
  const targets = parseTargets<MeasuredTarget>(given, measuredTargets, ["ts"]);
  if (!targets.ok) return targets;
  const shaders = parseChoice(given, "shaders", shaderChoices);
  if (!shaders.ok) return shaders;
  const maxUlp = parseMaxUlp(given);
  if (!maxUlp.ok) return maxUlp;
  const jobs = lastOf(given, "jobs");
  if (jobs !== undefined && !/^[1-9]\d{0,2}$/.test(jobs)) {
    return usage("wrong-value", `option '--jobs' cannot be '${jobs}'`, {
      expected: "a number of threads from 1 to 999",
    });
  }
  const inputs = lastOf(given, "inputs");
  if (inputs !== undefined && !(/^\d+$/.test(inputs) && Number(inputs) >= 1 && Number(inputs) <= mostInputs)) {
    return usage("wrong-value", `option '--inputs' cannot be '${inputs}'`, {
      expected: `a number of inputs from 1 to ${mostInputs}`,
    });
  }
  const devices = (["software", "emulate"] as const).filter((name) => flags.has(name));
  const [device, other] = devices;
  if (device !== undefined && !targets.value.includes("wgsl")) {
    return usage("conflicting-options", `'--${device}' is about the target wgsl`, { hint: "add '--target wgsl'" });
  }
  if (other !== undefined) return usage("conflicting-options", `'--${device}' and '--${other}' exclude each other`);
  return success({
    command: "verify",
    files,
    targets: targets.value,
    shaders: shaders.value,
    names: listOf(given, "name").filter((name) => name !== ""),
    columns: listOf(given, "column").filter((name) => name !== ""),
    exhaustive: flags.has("exhaustive"),
    inputs: inputs === undefined ? undefined : Number(inputs),
    maxUlp: maxUlp.value,
    device: device === undefined ? "gpu" : device === "software" ? "software" : "emulation",
    jobs: jobs === undefined ? undefined : Number(jobs),
    write: flags.has("write"),
    json: flags.has("json"),
  });
}

function parseMaxUlp(given: Given): Result<number | undefined> {
  const text = lastOf(given, "max-ulp");
  if (text === undefined) return success(undefined);
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  if (value > 0) return success(value);
  return usage("wrong-value", `option '--max-ulp' cannot be '${text}'`, {
    expected: "a number of units in the last place, for example 0.51",
  });
}

function explainRequest(operands: readonly string[], flags: ReadonlySet<OptionName>): Result<Invocation> {
  const [file, name, extra] = operands;
  if (file === undefined || name === undefined) {
    return usage("missing-argument", "'actc explain' needs a file and the name of an activation", {
      hint: "for example 'actc explain acts.def gelu'",
    });
  }
  if (extra !== undefined) return usage("unexpected-argument", `unexpected argument '${extra}'`);
  const formats = (["text", "latex", "plot"] as const).filter((format) => flags.has(format));
  const [format = "text", other] = formats;
  if (other !== undefined) return usage("conflicting-options", `'--${format}' and '--${other}' exclude each other`);
  return success({ command: "explain", file, name, format, json: flags.has("json") });
}
