import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withScript } from "../../compiler/cli/init-command.js";
import { actc, folder, snapshot } from "./harness.js";

describe("init", () => {
  test("writes acts.def and the script, and says what comes next", async () => {
    const cwd = folder({ "package.json": '{\n\t"name": "x",\n\t"scripts": {\n\t\t"a": "b"\n\t}\n}\n' });
    const { code, stdout, stderr } = await actc("init", { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("npm run build:activations");
    expect(readFileSync(join(cwd, "package.json"), "utf8")).toBe(
      '{\n\t"name": "x",\n\t"scripts": {\n\t\t"a": "b",\n\t\t"build:activations": "actc compile acts.def"\n\t}\n}\n',
    );
    expect(readFileSync(join(cwd, "acts.def"), "utf8")).toMatch(/^swiglu\(gate, up\) = /m);
  });

  test("overwrites nothing", async () => {
    const cwd = folder({ "acts.def": "mine", "package.json": "{}" });
    const before = snapshot(cwd);
    const { code, stderr } = await actc("init", { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("there is an acts.def in this folder already");
    expect(snapshot(cwd)).toEqual(before);
  });

  test("does without a package.json, and with one that is not JSON", async () => {
    const bare = await actc("init");
    expect(bare.code).toBe(0);
    expect(bare.stdout).toContain("npx --no-install actc compile");
    const cwd = folder({ "package.json": "{ // mine\n}" });
    expect((await actc("init", { cwd })).code).toBe(0);
    expect(snapshot(cwd)).toMatchObject({ "package.json": "{ // mine\n}" });
  });

  test.each([
    ['{"name":"x"}', '{"name":"x","scripts":{"build:activations":"actc compile acts.def"}}'],
    [
      '{\r\n    "a": 1\r\n}\r\n',
      '{\r\n    "a": 1,\r\n    "scripts": {\r\n        "build:activations": "actc compile acts.def"\r\n    }\r\n}\r\n',
    ],
    ['{"scripts":{"build:activations":"actc compile acts.def"}}', "present"],
    ['{"scripts":{"build:activations":"other"}}', "taken"],
    ['{"scripts":[]}', "not understood"],
    ["[]", "not understood"],
  ])("package.json %j becomes %j", (before, after) => {
    const result = withScript(before);
    expect(typeof result === "object" ? result.text : result).toBe(after);
  });
});

describe("check and explain", () => {
  const span = { start: 0, end: 1 };
  test("check prints the analysis", async () => {
    const cwd = folder({ "acts.def": "a = 1\n" });
    const analyse = (): { text: string; json: unknown; diagnostics: [] } => ({
      text: "a: fine",
      json: { a: 1 },
      diagnostics: [],
    });
    expect(await actc("check", { cwd, analyse })).toMatchObject({ code: 0, stdout: "a: fine\n", stderr: "" });
    const json = JSON.parse((await actc("check --json", { cwd, analyse })).stdout);
    expect(json).toEqual({ ok: true, files: [], diagnostics: [], analysis: { a: 1 }, accuracy: {} });
    expect(Object.keys(snapshot(cwd))).toEqual(["acts.def"]);
  });
  test("explain passes format, name and width on, and fails with its errors", async () => {
    const cwd = folder({ "acts.def": "a = 1\n" });
    const asked: unknown[] = [];
    const outcome = await actc("explain acts.def nope --plot", {
      cwd,
      explain: (source, name, options) => {
        asked.push(name, options);
        const message = "there is no 'nope'";
        return {
          text: "",
          diagnostics: [{ code: "unknown-name", severity: "error", file: source.file, span, message }],
        };
      },
    });
    expect(asked).toEqual(["nope", { format: "plot", width: 80 }]);
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain("there is no 'nope'");
  });
  test("files that cannot be read: 2", async () => {
    expect((await actc("check no.def")).code).toBe(2);
    expect((await actc("explain no.def f")).code).toBe(2);
  });
});
