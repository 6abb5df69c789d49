import { mkdirSync, readFileSync, readdirSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import type { Environment } from "../../compiler/cli/environment.js";
import { readySoftwareDriver } from "../../compiler/cli/software-driver.js";
import type { VerificationPlan } from "../../compiler/cli/verify-plan.js";
import { analyse } from "../../compiler/analyse.js";
import { compile } from "../../compiler/compile.js";
import * as verification from "../../compiler/verify.js";
import { findSoftwareGpu } from "../webgpu/driver.js";
import { actc, folder, type Outcome, type Setting } from "./harness.js";

/** Small; the range holds the least numbers, where quotients are off by half a unit. */
const plan: VerificationPlan = {
  defaults: { stratified: 64, byReference: 8 },
  settings: { stratified: 8, byReference: 2 },
  settingsInSoftware: { stratified: 8, byReference: 2 },
  exhaustive: { from: 1, to: 0x2001, piece: 0x200, tied: 0 },
};
const definitions = `
half(x) = x / 2
part(x; k = 4 in (0, inf)) = x / k
mix(a, b) = a * b
`;

const measuring = (more: Partial<Setting> = {}): Setting => ({
  cwd: folder({ "acts.def": definitions }),
  verify: verification,
  verification: { plan, script: undefined },
  analyse,
  build: "test",
  ...more,
});
const certificates = (cwd: string | undefined): string =>
  readFileSync(join(cwd ?? "", "acts.certificates.json"), "utf8");

/** Kernels with a fault in their text, as if the compiler had put it there. */
const planted = (from: RegExp, to: string): NonNullable<Setting["verify"]> => ({
  ...verification,
  subjectsOf: async (...given) => {
    const { subjects, ...rest } = await verification.subjectsOf(...given);
    const columns = (subject: verification.Subject): verification.Subject["columns"] =>
      subject.columns.map((column) => ({
        ...column,
        code: column.code.replace(from, to),
        digest: `${column.digest}f`,
      }));
    return { subjects: subjects.map((subject) => ({ ...subject, columns: columns(subject) })), ...rest };
  },
});

describe("verify", () => {
  test("measures every column, and writes certificates when asked to", async () => {
    const setting = measuring();
    const { code, stdout, stderr } = await actc("verify", setting);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(":")[0])).toEqual([
      "half, ts, forward",
      "half, ts, d/dx",
      "part, ts, forward",
      "part, ts, d/dx",
      "mix, ts, forward",
      "mix, ts, d/da",
      "mix, ts, d/db",
      "actc",
    ]);
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/: measured at \d+ inputs, 0\S* ulp/);
    expect(lines[2]).toMatch(/; at \d+ other settings 0/);
    expect(lines.at(-1)).toMatch(/^actc: 7 columns of 3 activations: 0 proved, 7 measured in /);
    expect(existsSync(join(setting.cwd ?? "", "acts.certificates.json"))).toBe(false);

    expect((await actc("verify --write", setting)).stdout).toContain("→ acts.certificates.json in ");
    const written = certificates(setting.cwd);
    expect(Object.keys(JSON.parse(written).activations)).toEqual(["half", "mix", "part"]);
    await actc("verify --write", setting);
    expect(certificates(setting.cwd)).toBe(written);
    // Part of it anew leaves the rest.
    await actc("verify --write --name mix", setting);
    expect(certificates(setting.cwd)).toBe(written);
  });

  test("runs at the same time lose nothing of each other", async () => {
    const setting = measuring();
    await Promise.all(["half", "part", "mix"].map((name) => actc(`verify --write --name ${name}`, setting)));
    const both = certificates(setting.cwd);
    await actc("verify --write", setting);
    expect(both).toBe(certificates(setting.cwd));
  });

  test("as JSON", async () => {
    const { code, stdout, stderr } = await actc("verify --json --name half", measuring());
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ ok: true, files: [], diagnostics: [] });
    expect(report.certificates).toHaveLength(2);
    const about = { activation: "half", target: "ts", executor: "V8", column: "forward" };
    expect(report.certificates[0]).toMatchObject({ ...about, defaults: { label: "measured" } });
  });

  test("takes the columns that are asked for, at so many inputs", async () => {
    const { stdout } = await actc("verify --name half --column d/dx --inputs 700 --json", measuring());
    const { certificates } = JSON.parse(stdout);
    expect(certificates).toMatchObject([{ activation: "half", column: "d/dx", defaults: { label: "measured" } }]);
    const { inputs } = certificates[0].defaults;
    expect(inputs).toBeGreaterThan(700);
    const fewer = JSON.parse((await actc("verify --name half --column d/dx --inputs 1 --json", measuring())).stdout);
    expect(inputs - fewer.certificates[0].defaults.inputs).toBe(699);
  });

  test("refuses names it does not know, and definitions with errors", async () => {
    const unknown = await actc("verify --name hlaf", measuring());
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("there is no activation 'hlaf'");
    expect(unknown.stderr).toContain("did you mean 'half'?");
    const column = await actc("verify --column d/dy,forward", measuring());
    expect(column).toMatchObject({ code: 2, stdout: "" });
    expect(column.stderr).toContain("there is no column 'd/dy'\n  hint: did you mean 'd/dx'?");
    const wrong = await actc("verify", measuring({ cwd: folder({ "acts.def": "f(x) = y\n" }) }));
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toContain("nothing verified");
    const garbage = folder({ "acts.def": definitions, "acts.certificates.json": "{}" });
    const unreadable = await actc("verify", measuring({ cwd: garbage }));
    expect(unreadable.code).toBe(2);
    expect(unreadable.stderr).toContain("'acts.certificates.json' is not a file of certificates");
  });

  test("--max-ulp names each kernel that is further off", async () => {
    expect((await actc("verify --max-ulp 0.51", measuring())).code).toBe(0);
    const wrong = planted(/0\.5 \* xi/, "0.75 * xi");
    const { code, stdout, stderr } = await actc("verify --max-ulp 0.51", measuring({ verify: wrong }));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^half, ts, forward: measured at \d+ inputs, \S+ ulp at x = /);
    expect(stderr).toMatch(/actc: error: half, ts, forward: \S+ ulp, more than 0.51, at x = \S+ \(0x[0-9a-f]{8}\): /);
    expect(stderr).not.toMatch(/part|mix|d\/dx/);
    const json = JSON.parse((await actc("verify --max-ulp 0.51 --json", measuring({ verify: wrong }))).stdout);
    expect(json).toMatchObject({ ok: false, diagnostics: [{ code: "bound-broken", severity: "error" }] });
    const nothing = planted(/y\[i\] = .*/, "y[i] = 1 / 0;");
    expect((await actc("verify --max-ulp 1e9", measuring({ verify: nothing }))).code).toBe(2);
    const infinite = await actc("verify --max-ulp 1000000000 --name mix", measuring({ verify: nothing }));
    expect(infinite.stderr).toContain("mix, ts, forward: no finite number at a = ");
  });
});

describe("verify --exhaustive", () => {
  const state = (cwd: string | undefined): string[] =>
    readdirSync(join(cwd ?? "", ".cache", "actc")).filter((name) => name.endsWith(".state"));

  test("proves what has one input, and measures the rest", async () => {
    const setting = measuring();
    const { code, stdout } = await actc("verify --exhaustive --write", setting);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^half, ts, forward: proved, 0\S* ulp.* in /m);
    expect(stdout).toMatch(/^mix, ts, forward: measured at /m);
    expect(stdout).toContain("4 proved, 3 measured");
    const file = JSON.parse(certificates(setting.cwd));
    expect(file.activations.part.ts.V8["d/dx"].defaults).toMatchObject({ label: "proved", inputs: 0x2000 });
    expect(file.activations.part.ts.V8["d/dx"].parameters).toMatchObject({ label: "measured" });

    // A proof outlasts a measurement of the same kernel.
    const written = certificates(setting.cwd);
    await actc("verify --write", setting);
    expect(certificates(setting.cwd)).toBe(written);
  });

  test("goes on where it was interrupted", async () => {
    const whole = measuring();
    await actc("verify --exhaustive --write --name half", whole);
    const interruption = new AbortController();
    const cut = measuring({ interrupted: interruption.signal, isTTY: true, onOutput: () => interruption.abort() });
    const first = await actc("verify --exhaustive --write --name half", cut);
    expect(first.code).toBe(1);
    expect(first.stderr).toContain("the same command goes on from here");
    expect(state(cut.cwd)).toHaveLength(1);

    const { onOutput: _, interrupted: __, ...again } = cut;
    const second = await actc("verify --exhaustive --write --name half", again);
    expect(second.code).toBe(0);
    // The first bar that is drawn counts what was done before.
    const [, percent] = /(\d+) %, /.exec(second.stderr) ?? [];
    const [, before] = /(\d+) %, /.exec(first.stderr) ?? [];
    expect(Number(percent)).toBeGreaterThan(Number(before));
    expect(certificates(cut.cwd)).toBe(certificates(whole.cwd));
    expect(state(cut.cwd)).toEqual([]);
  });

  test("begins anew where the state is damaged or another kernel's", async () => {
    const interruption = new AbortController();
    const cut = measuring({ interrupted: interruption.signal, isTTY: true, onOutput: () => interruption.abort() });
    await actc("verify --exhaustive --name half", cut);
    const [file = ""] = state(cut.cwd);
    const path = join(cut.cwd ?? "", ".cache", "actc", file);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, bytes.length - 8));
    const { onOutput: _, interrupted: __, ...again } = cut;
    const { code, stdout } = await actc("verify --exhaustive --name half", again);
    expect({ code, first: stdout.split(",")[0] }).toEqual({ code: 0, first: "half" });

    writeFileSync(path, bytes);
    const wrong = planted(/0\.5 \* xi/, "0.75 * xi");
    const other = await actc("verify --exhaustive --name half --max-ulp 1", { ...again, verify: wrong });
    expect(other.code).toBe(1);
    expect(other.stderr).toContain("half, ts, forward: ");
  });
});

test("a driver that is not there is asked for by name", () => {
  const ready = readySoftwareDriver(["/nowhere/at-all.js"]);
  if (ready.ok) throw new Error("there is a driver nowhere");
  expect(ready.problem).toMatchObject({
    code: "no-device",
    message: expect.stringContaining("no software driver: the "),
  });
  if (process.platform === "linux" && process.arch === "x64" && findSoftwareGpu().gpu !== null) {
    expect(ready.problem.hint).toContain("npm install --save-dev @sparticuz/chromium");
  }
});

describe("check", () => {
  const check = (line: string, setting: Setting): Promise<Outcome> => actc(`check ${line}`.trimEnd(), setting);

  test("says how far kernels are off", async () => {
    const { code, stdout } = await check("", measuring());
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}ts {10}forward 0\S* ulp.*; measured$/m);
    const wrong = await check("", measuring({ verify: planted(/0\.5 \* xi/, "0.75 * xi") }));
    expect(wrong.stdout).toMatch(/^ {2}weak spot {3}ts forward: \S+ ulp at x = /m);
    // A broken bound is a warning as long as nobody asks for one to be kept.
    expect(wrong.code).toBe(0);
    expect(wrong.stderr).toMatch(
      /^acts\.def:\d+:1: warning: half, ts, forward: \S+ ulp, more than 0\.51, at x = .* \[bound-broken\]$/m,
    );
    expect(wrong.stdout).toMatch(/activations: no errors, [1-9]\d* warnings?\n$/);
    expect(stdout).toContain("no errors, no warnings");
    const json = JSON.parse((await check("--json", measuring())).stdout);
    expect(json.accuracy.half[0]).toMatchObject({ target: "ts", column: "forward", label: "measured" });
  });

  test("--max-ulp fails with a name", async () => {
    expect((await check("--max-ulp 0.51", measuring())).code).toBe(0);
    const { code, stderr } = await check(
      "--max-ulp 0.51",
      measuring({ verify: planted(/\ba\[i\]/, "(a[i] * 1.000001)") }),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/mix, ts, (forward|d\/db): \S+ ulp, more than 0.51, at a = /);
  });

  test("--certificates fails on a label that is stale, and on a bound that is broken; not on what is measured", async () => {
    const setting = measuring();
    expect(await check("--certificates", setting)).toMatchObject({ code: 0 });
    await actc("verify --exhaustive --write", setting);
    expect(await check("--certificates", setting)).toMatchObject({ code: 0 });
    expect((await check("", setting)).stdout).toMatch(/^ {2}ts {10}forward 0.*; proved$/m);

    // Another default changes no kernel, but what was proved.
    writeFileSync(join(setting.cwd ?? "", "acts.def"), definitions.replace("k = 4", "k = 5"));
    const stale = await check("--certificates", setting);
    expect(stale.code).toBe(1);
    expect(stale.stderr).toContain(
      `part, ts, d/dx: 'acts.certificates.json' says "proved" of a kernel that has changed since`,
    );
    expect(stale.stderr).toContain("actc verify --exhaustive --write --target ts --name part");
    expect(stale.stderr).not.toContain("half");
    expect((await check("", setting)).stdout).toMatch(/measured;\s+its\s+certificate\s+is\s+stale/);

    const before = JSON.parse(certificates(setting.cwd)).activations;
    expect((await check("--write", setting)).stdout).toContain("actc: wrote acts.certificates.json");
    const after = JSON.parse(certificates(setting.cwd)).activations;
    expect(after.half.ts).toEqual(before.half.ts);
    expect(after.part.ts.V8.forward.defaults.label).toBe("measured");
    expect(await check("--certificates", setting)).toMatchObject({ code: 0 });

    const wrong = await check("--certificates", { ...setting, verify: planted(/(a\[i\]|ai) \*/, "$1 * 1.000001 *") });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/mix, ts, forward: \S+ ulp, more than 0.51/);
    // Definitions that are gone take their certificates along.
    writeFileSync(join(setting.cwd ?? "", "acts.def"), "mix(a, b) = a * b\n");
    expect((await check("--certificates", setting)).stderr).toContain("half, ts, forward: ");
    await check("--write", setting);
    expect(Object.keys(JSON.parse(certificates(setting.cwd)).activations)).toEqual(["mix"]);
  });
});

describe("compile", () => {
  /** As {@link planted}, but the certificates are taken for those of the kernels as they are. */
  const unnoticed = (from: RegExp, to: string): NonNullable<Setting["verify"]> => {
    const { subjectsOf, ...rest } = planted(from, to);
    return {
      ...rest,
      subjectsOf: async (...given) => {
        const { subjects, ...others } = await subjectsOf(...given);
        const digest = (text: string): string => text.slice(0, -1);
        const undone = subjects.map((subject) => ({
          ...subject,
          columns: subject.columns.map((column) => ({ ...column, digest: digest(column.digest) })),
        }));
        return { subjects: undone, ...others };
      },
    };
  };

  test("warns of what a certificate says of a kernel, as long as that is the kernel", async () => {
    const setting = measuring({ compile });
    const compiled = async (): Promise<Outcome> => actc("compile --json", setting);
    const warnings = async (): Promise<readonly { readonly code: string }[]> =>
      JSON.parse((await compiled()).stdout).diagnostics.filter(
        ({ code }: { readonly code: string }) => code === "bound-broken",
      );
    expect(await warnings()).toEqual([]);
    await actc("verify --write", { ...setting, verify: unnoticed(/(a\[i\]|ai) \*/, "$1 * 0.999999 *") });
    // A build that is remembered says it as well.
    for (let i = 0; i < 2; i++) {
      expect(await warnings()).toEqual([
        expect.objectContaining({
          severity: "warning",
          file: "acts.def",
          line: 4,
          column: 1,
          message: expect.stringMatching(/^mix, ts, forward: \S+ ulp, more than 0.51, at a = .* instead of /),
          hint: expect.stringContaining("actc check"),
        }),
      ]);
    }
    const path = join(setting.cwd ?? "", "acts.certificates.json");
    const found = certificates(setting.cwd);
    for (const key of ["definition", "kernel"]) {
      writeFileSync(path, found.replaceAll(new RegExp(`"${key}": "..`, "g"), `"${key}": "00`));
      expect(await warnings(), `another ${key}`).toEqual([]);
    }
    writeFileSync(path, found);
    const { code, stderr } = await actc("compile", setting);
    expect(code).toBe(0);
    expect(stderr).toMatch(/mix\(a, b\) = a \* b/);
    writeFileSync(join(setting.cwd ?? "", "acts.def"), definitions.replace("a * b", "a * b * 2"));
    expect(await warnings()).toEqual([]);
  });
});

describe("threads", () => {
  let worker: Promise<URL> | undefined;
  /** Beside the packages that it loads. */
  const bundled = async (): Promise<URL> => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const outfile = join(root, "node_modules", ".cache", "actc-test", `verify-worker-${process.pid}.mjs`);
    mkdirSync(join(outfile, ".."), { recursive: true });
    const entry = join(root, "compiler/cli/verify-worker.ts");
    await build({ entryPoints: [entry], outfile, bundle: true, packages: "external", platform: "node", format: "esm" });
    return pathToFileURL(outfile);
  };
  const threaded = async (): Promise<Environment["verification"]> => ({ plan, script: await (worker ??= bundled()) });

  test("find what one finds", async () => {
    const [solo, two] = [measuring(), measuring({ verification: await threaded() })];
    const alone = await actc("verify --exhaustive --write", solo);
    const together = await actc("verify --exhaustive --write --jobs 2", two);
    expect(together.code).toBe(0);
    const timeless = (text: string): string => text.replace(/ in \d.*/g, "");
    expect(timeless(together.stdout)).toBe(timeless(alone.stdout));
    expect(certificates(two.cwd)).toBe(certificates(solo.cwd));
  });

  test.skipIf(findSoftwareGpu().gpu === null)("measure WGSL on a device", async () => {
    const setting = measuring({ verification: await threaded() });
    const line = "verify --exhaustive --target wgsl --software --write --jobs 2 --max-ulp 2";
    const { code, stdout, stderr } = await actc(line, setting);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^half, wgsl on SwiftShader.*, forward: proved, 0\S* ulp/m);
    const file = JSON.parse(certificates(setting.cwd));
    expect(Object.keys(file.activations.half.wgsl)).toEqual([expect.stringContaining("SwiftShader")]);
  });
});
