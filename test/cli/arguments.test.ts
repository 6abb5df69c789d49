import { describe, expect, test } from "vitest";
import { parseArguments } from "../../compiler/cli/arguments.js";
import { suggestion } from "../../compiler/suggestion.js";
import { actc, folder } from "./harness.js";

const cwd = (): string => folder({ "acts.def": "relu = 1\n" });

describe("usage errors end with 2 and say what was meant", () => {
  test.each([
    ["", "no command given", "compile, check, verify, explain, init"],
    ["comple", "unknown command 'comple'", "did you mean 'compile'?"],
    ["acts.def", "unknown command 'acts.def'", "did you mean 'actc compile acts.def'?"],
    ["compile --chekc", "unknown option '--chekc'", "did you mean '--check'?"],
    ["compile -x", "unknown option '-x'", "--help"],
    ["compile --target wgls", "unknown target 'wgls'", "did you mean 'wgsl'?"],
    ["compile --target ts,cuda", "unknown target 'cuda'", "expected: a list of ts, wgsl, module, wgsl-f16, wasm"],
    ["compile --target ,", "names no target", "ts, wgsl, module"],
    [
      "compile --kernels double",
      "unknown kernel 'double'",
      "expected: a list of forward, backward, fused, doubleBackward, saved",
    ],
    ["compile --kernels fusd", "unknown kernel 'fusd'", "did you mean 'fused'?"],
    ["compile --kernels ,", "option '--kernels' names no kernel", "fused"],
    ["compile --shaders fast", "option '--shaders' cannot be 'fast'", "expected: one of quick, careful"],
    ["compile --save input", "option '--save' cannot be 'input'", "expected: one of exact, output"],
    ["compile --target", "option '--target' needs a value", "expected"],
    ["compile -o", "option '-o' needs a value", "a folder"],
    ["compile --out-dir --check", "option '--out-dir' needs a value", "a folder"],
    ["compile --out-dir=", "option '--out-dir' needs a value", "a folder"],
    ["compile --check=yes", "option '--check' takes no value", ""],
    ["compile --check --watch", "exclude each other", ""],
    ["compile --stdout --json --target ts", "both claim standard output", ""],
    ["compile --stdout", "exactly one target", "--target ts"],
    ["compile --stdout --target ts,wgsl", "exactly one target", ""],
    ["compile - --watch", "standard input", ""],
    ["check --watch", "option '--watch' does not belong to 'actc check'", "actc compile"],
    ["explain acts.def", "needs a file and the name", "actc explain acts.def gelu"],
    ["explain acts.def a b", "unexpected argument 'b'", ""],
    ["explain acts.def a --latex --plot", "exclude each other", ""],
    ["check --max-ulp half", "option '--max-ulp' cannot be 'half'", "0.51"],
    ["check --certificates --write", "exclude each other", ""],
    ["verify --target module", "unknown target 'module'", "expected: a list of ts, wgsl"],
    ["verify --inputs 0", "option '--inputs' cannot be '0'", "a number of inputs from 1 to 16777216"],
    ["verify --inputs 2^16", "option '--inputs' cannot be '2^16'", "a number of inputs from 1 to 16777216"],
    ["verify --jobs 0", "option '--jobs' cannot be '0'", "a number of threads"],
    ["verify --software", "'--software' is about the target wgsl", "add '--target wgsl'"],
    ["verify --target wgsl --software --emulate", "'--software' and '--emulate' exclude each other", ""],
    ["verify --name", "option '--name' needs a value", "a list of activations"],
    ["init here", "takes no argument", ""],
    ["help comple", "unknown command 'comple'", "did you mean 'compile'?"],
  ])("actc %s", async (line, message, more) => {
    const { code, stdout, stderr } = await actc(line, { cwd: cwd() });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`actc: error: `);
    expect(stderr).toContain(message);
    expect(stderr).toContain(more);
  });

  test("also as JSON", async () => {
    const { code, stdout, stderr } = await actc("compile --json --target wgls");
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    const nowhere = { file: null, line: null, column: null, endLine: null, endColumn: null };
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      files: [],
      diagnostics: [
        {
          code: "unknown-target",
          severity: "error",
          ...nowhere,
          message: "unknown target 'wgls'",
          expected: "a list of ts, wgsl, module, wgsl-f16, wasm",
          hint: "did you mean 'wgsl'?",
        },
      ],
    });
  });

  test("a name cannot steer the terminal", async () => {
    expect((await actc("compile\u001b[2J")).stderr).toContain("\\u001b[2J");
  });
});

describe("what the arguments mean", () => {
  const compile = {
    command: "compile",
    files: [],
    outDir: "generated",
    save: "exact",
    shaders: "quick",
    mode: "write",
    kernels: ["forward", "backward", "fused", "doubleBackward", "saved"],
    json: false,
    cache: true,
    lock: true,
  };
  const all = ["ts", "wgsl", "module"];
  const off = { shaders: "quick", columns: [], exhaustive: false, device: "gpu", write: false, json: false };
  const check = {
    command: "check",
    files: [],
    targets: ["ts", "wgsl"],
    shaders: "quick",
    certificates: false,
    write: false,
    json: false,
  };
  const verify = { command: "verify", files: [], names: [], ...off };
  test.each([
    ["compile", { ...compile, targets: all }],
    ["compile a.def b.def -o out", { ...compile, files: ["a.def", "b.def"], outDir: "out", targets: all }],
    ["--json compile a.def -oout", { ...compile, files: ["a.def"], outDir: "out", targets: all, json: true }],
    ["compile --target module,ts,ts", { ...compile, targets: ["ts", "module"] }],
    ["compile --target wgsl --target=ts", { ...compile, targets: ["ts", "wgsl"] }],
    ["compile - --stdout --target ts", { ...compile, files: ["-"], targets: ["ts"], mode: "stdout" }],
    ["compile -w --no-cache", { ...compile, targets: all, mode: "watch", cache: false }],
    ["compile --kernels backward,fused", { ...compile, targets: all, kernels: ["forward", "backward", "fused"] }],
    ["compile --save output", { ...compile, targets: all, save: "output" }],
    ["compile --shaders careful", { ...compile, targets: all, shaders: "careful" }],
    ["compile --kernels forward", { ...compile, targets: all, kernels: ["forward", "backward"] }],
    ["compile --no-lock", { ...compile, targets: all, lock: false }],
    ["compile -- --check", { ...compile, files: ["--check"], targets: all }],
    ["check a.def", { ...check, files: ["a.def"] }],
    ["check --shaders careful", { ...check, shaders: "careful" }],
    ["check --max-ulp .51 --write", { ...check, maxUlp: 0.51, write: true }],
    ["check --target wasm,ts", { ...check, targets: ["ts", "wasm"] }],
    ["verify --target wasm", { ...verify, targets: ["wasm"] }],
    ["verify", { ...verify, targets: ["ts"] }],
    [
      "verify a.def --target wgsl,ts --software --exhaustive --name relu,gelu --name elu -j 3 --write",
      {
        ...verify,
        files: ["a.def"],
        targets: ["ts", "wgsl"],
        names: ["relu", "gelu", "elu"],
        exhaustive: true,
        device: "software",
        jobs: 3,
        write: true,
      },
    ],
    ["verify --column forward --inputs 4096", { ...verify, targets: ["ts"], columns: ["forward"], inputs: 4096 }],
    ["verify --target wgsl --emulate", { ...verify, targets: ["wgsl"], device: "emulation" }],
    ["explain a.def f", { command: "explain", file: "a.def", name: "f", format: "text", json: false }],
    ["explain a.def f --latex", { command: "explain", file: "a.def", name: "f", format: "latex", json: false }],
    ["init", { command: "init", json: false }],
    ["-V", { command: "version" }],
    ["-h", { command: "help", topic: undefined }],
    ["compile --help", { command: "help", topic: "compile" }],
    ["help explain", { command: "help", topic: "explain" }],
  ])("actc %s", (line, value) => {
    expect(parseArguments(line.split(" "))).toEqual({ ok: true, value });
  });
});

test("help and version go to standard output", async () => {
  const help = await actc("--help");
  expect(help).toMatchObject({ code: 0, stderr: "" });
  for (const word of ["compile", "check", "explain", "init", "70"]) expect(help.stdout).toContain(word);
  const compile = await actc("compile --help");
  for (const option of ["-o, --out-dir", "--target", "--check", "--watch", "--stdout", "--json", "--no-cache"]) {
    expect(compile.stdout).toContain(option);
  }
  expect(await actc("--version")).toMatchObject({ code: 0, stdout: "1.2.3\n", stderr: "" });
});

test.each([
  ["cehck", "check"],
  ["inti", "init"],
  ["WATCH", "watch"],
  ["xyzzy", undefined],
  ["", undefined],
])("nearest to %j is %j", (word, candidate) => {
  expect(suggestion(word, ["compile", "check", "explain", "init", "watch"])).toBe(candidate);
});
