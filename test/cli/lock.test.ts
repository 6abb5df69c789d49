import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { analysisFacts } from "../../compiler/analysis/facts/facts.js";
import { compile, type Compilation } from "../../compiler/compile.js";
import { DecisionBook } from "../../compiler/decisions.js";
import { lockText, readLock } from "../../compiler/lock.js";
import * as verify from "../../compiler/verify.js";
import { version } from "../../compiler/version.js";
import { standardText } from "../activations/standard.js";
import { actc, folder } from "./harness.js";

const definitions = [
  "gelu(x) = 0.5 * x * (1 + erf(x / sqrt(2)))",
  "elu(x; alpha = 1) = where(x > 0, x, alpha * (exp(x) - 1))",
  "swiglu(gate, up) = gate * sigmoid(gate) * up\n  split -1",
  "deep(x) = 1 - tanh(x)",
  "lisht(x) = x * tanh(x)",
  "straight(x) = where(x > 0, 1, 0)\n  grad x = exp(-x^2)",
].join("\n\n");

interface Run extends Compilation {
  readonly lock: string;
  /** How often an analysis was made. */
  readonly analyses: number;
}

async function compiled(text: string, lock: string | null): Promise<Run> {
  const known = [...((lock && readLock(lock)) || new Map<string, never>()).values()].flatMap((answers) => [...answers]);
  const decisions = new DecisionBook(known);
  let analyses = 0;
  const facts: typeof analysisFacts = (activation) => (analyses++, analysisFacts(activation));
  const result = await compile([{ file: "acts.def", text }], { targets: ["ts", "wgsl", "module"], facts, decisions });
  return { ...result, analyses, lock: lockText(decisions.askedFor("acts.def")) };
}

describe("what was found before", () => {
  test("is not looked for again, and changes no byte", async () => {
    const first = await compiled(definitions, null);
    const second = await compiled(definitions, first.lock);
    expect([first.analyses, second.analyses]).toEqual([6, 0]);
    expect(second.files).toEqual(first.files);
    expect(second.lock).toBe(first.lock);
    for (const search of [
      "analysis",
      "at infinity",
      "cancels deeply",
      "cancels harmlessly",
      "cancels in a shader",
      "right far out",
    ]) {
      expect(first.lock, search).toContain(`"${search} `);
    }
  });

  test("holds for equal definitions under other names, and for no others", async () => {
    const before = await compiled(definitions, null);
    const renamed = definitions.replace("gelu(", "other(").replace("alpha = 1", "alpha = 1.5");
    const after = await compiled(renamed, before.lock);
    expect(after.analyses).toBe(1);
    expect(after.files).toEqual((await compiled(renamed, null)).files);
  });

  test("is asked once in a process", async () => {
    const { analyses } = await compiled("a(x) = x / (1 + abs(x))\n\nb(x) = x / (1 + abs(x))\n", null);
    expect(analyses).toBe(1);
  });

  test("is what the committed lock file holds of the standard activations", async () => {
    const committed = readFileSync(new URL("../../acts.lock.json", import.meta.url), "utf8");
    const few = /^(?:##.*\n)*(?:gelu|elu|prelu|snake)\(.*(?:\n {2}.*)*/gm;
    const { lock, analyses } = await compiled((standardText.match(few) ?? []).join("\n\n"), committed);
    expect(analyses).toBe(0);
    const missing = lock.split("\n").filter((line) => !committed.includes(line.replace(/,$/, "")));
    expect(missing, "'actc compile' renews acts.lock.json").toEqual([]);
  });
});

const valid = JSON.stringify({
  schema: 1,
  version,
  activations: { a: { "cancels deeply 0123456789abcdef0123456789abcdef": true } },
});

test.each([
  ["nothing", ""],
  ["half of it", valid.slice(0, -9)],
  ["a list", "[]"],
  ["null", "null"],
  ["another schema", valid.replace('"schema":1', '"schema":2')],
  ["another version", valid.replace(version, "0.0.1")],
  ["no activations", valid.replace("activations", "others")],
  ["an answer of another kind", valid.replace("true", "384")],
  ["another search", valid.replace("deeply", "barely")],
  ["a search of every object", valid.replace("cancels deeply", "constructor")],
  ["half a fingerprint", valid.replace("0123456789abcdef0123", "0123")],
  ["facts of another form", valid.replace("cancels deeply", "analysis").replace("true", '{"finite":true}')],
  ["remedies of another name", valid.replace("cancels deeply", "at infinity").replace("true", '["none","pray"]')],
])("a lock with %s is ignored as a whole", (_, text) => {
  expect(readLock(valid)).toBeDefined();
  expect(readLock(text)).toBeUndefined();
});

describe("the lock file", () => {
  const text = "relu(x) = where(x > 0, x, 0)\n\ngelu(x) = 0.5 * x * (1 + erf(x / sqrt(2)))\n";
  const lockOf = (cwd: string, name = "acts.lock.json"): string => readFileSync(join(cwd, name), "utf8");
  const names = (cwd: string): readonly string[] => [...(readLock(lockOf(cwd))?.keys() ?? [])];

  test("is written beside the definitions, sorted, and pruned", async () => {
    const cwd = folder({ "acts.def": text });
    expect((await actc("compile", { cwd, compile, verify })).code).toBe(0);
    expect(names(cwd)).toEqual(["gelu", "relu"]);
    expect(readdirSync(cwd).sort()).toEqual(["acts.def", "acts.lock.json", "generated"]);
    writeFileSync(join(cwd, "acts.def"), text.replace("relu", "rectifier").split("\n\n")[0] ?? "");
    expect((await actc("compile", { cwd, compile, verify })).code).toBe(0);
    expect(names(cwd)).toEqual(["rectifier"]);
    expect((await actc("compile --check", { cwd, compile, verify })).code).toBe(0);
  });

  test("of each file is its own", async () => {
    const [relu = "", gelu = ""] = text.split("\n\n");
    const cwd = folder({ "a.def": relu, "sub/b.def": gelu });
    await actc("compile a.def sub/b.def", { cwd, compile, verify });
    expect([...(readLock(lockOf(cwd, "a.lock.json"))?.keys() ?? [])]).toEqual(["relu"]);
    expect([...(readLock(lockOf(cwd, "sub/b.lock.json"))?.keys() ?? [])]).toEqual(["gelu"]);
  });

  test("comes back though the rest is cached, and stays as it is", async () => {
    const cwd = folder({ "acts.def": text, "node_modules/x": "" });
    await actc("compile", { cwd, compile, verify });
    const before = lockOf(cwd);
    rmSync(join(cwd, "acts.lock.json"));
    await actc("compile", { cwd, compile, verify });
    expect(lockOf(cwd)).toBe(before);
    expect((await actc("compile", { cwd, compile, verify })).compilations).toBe(0);
  });

  test("is mended where it is broken", async () => {
    const cwd = folder({ "acts.def": text, "acts.lock.json": "{ broken" });
    expect(await actc("compile --check", { cwd, compile, verify })).toMatchObject({ code: 1 });
    expect(lockOf(cwd)).toBe("{ broken");
    expect(await actc("compile", { cwd, compile, verify })).toMatchObject({ code: 0, stderr: "" });
    expect(names(cwd)).toEqual(["gelu", "relu"]);
  });

  test.each([
    ["--check", "compile --check", {}],
    ["--stdout", "compile --stdout --target ts", {}],
    ["--no-lock", "compile --no-lock", {}],
    ["standard input", "compile -", { stdin: text }],
  ])("is not written with %s", async (_, line, setting) => {
    const cwd = folder({ "acts.def": text });
    await actc(line, { cwd, compile, ...setting });
    expect(readdirSync(cwd)).not.toContain("acts.lock.json");
  });

  test("is not written where there are errors", async () => {
    const cwd = folder({ "acts.def": `${text}\nwrong(x) = y\n` });
    expect(await actc("compile", { cwd, compile, verify })).toMatchObject({ code: 1 });
    expect(readdirSync(cwd)).toEqual(["acts.def"]);
  });

  test("may be impossible to write or read", async () => {
    const cwd = folder({ "acts.def": text });
    mkdirSync(join(cwd, "acts.lock.json"));
    expect(await actc("compile", { cwd, compile, verify })).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(cwd).sort()).toEqual(["acts.def", "acts.lock.json", "generated"]);
  });
});

describe("kernels that nobody has measured", () => {
  // (x - 1)^17: beside its zero the value has lost more digits than there are.
  const powers =
    "x^17 - 17 * x^16 + 136 * x^15 - 680 * x^14 + 2380 * x^13 - 6188 * x^12 + 12376 * x^11 - 19448 * x^10 + 24310 * x^9";
  const others =
    "24310 * x^8 + 19448 * x^7 - 12376 * x^6 + 6188 * x^5 - 2380 * x^4 + 680 * x^3 - 136 * x^2 + 17 * x - 1";
  const broken = `steep(x) = 2^390 * (${powers} - ${others})\n`;
  const breaches = async (args: string, cwd: string): Promise<readonly Record<string, unknown>[]> =>
    JSON.parse((await actc(`compile --json ${args}`, { cwd, compile, verify })).stdout).diagnostics.filter(
      ({ code }: { readonly code: string }) => code === "bound-broken",
    );

  test("are measured once, and what breaks a bound is warned of from the lock file", async () => {
    const cwd = folder({ "acts.def": broken });
    const [warning, ...others] = await breaches("--target ts,wgsl", cwd);
    expect(others).toEqual([]);
    expect(warning).toMatchObject({ severity: "warning", file: "acts.def", line: 1, column: 1 });
    expect(warning?.["message"]).toMatch(/^steep, wgsl on emulation, forward: .* at x = (?:1\.|0\.9)\d+ /);
    const path = join(cwd, "acts.lock.json");
    const lock = readFileSync(path, "utf8");
    expect(lock).toContain('"breaks a bound ');
    writeFileSync(path, lock.replaceAll("steep, wgsl", "known, wgsl"));
    expect((await breaches("--target ts,wgsl", cwd))[0]?.["message"]).toMatch(/^known, wgsl/);
    writeFileSync(path, lock.replace(/("breaks a bound [0-9a-f]+": )\[.*?\](,?)$/m, "$1[7]$2"));
    expect(await breaches("--target ts,wgsl", cwd), "not an answer").toEqual([warning]);
  });

  test("are not measured without a lock file to keep it in, nor many at once", async () => {
    const cwd = folder({ "acts.def": broken });
    expect(await breaches("--target ts,wgsl --no-lock", cwd)).toEqual([]);
    const many = ["a", "b", "c", "d", "e"].map((name) => broken.replace("steep", name)).join("\n");
    expect(await breaches("--target ts,wgsl", folder({ "acts.def": many }))).toEqual([]);
  });
});
