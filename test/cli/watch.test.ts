import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { actc, folder, snapshot, type Outcome } from "./harness.js";

/** A watch in this process, whose output can be waited for. */
function watching(
  cwd: string,
  line = "compile --watch --target ts",
): {
  until(text: string): Promise<void>;
  end(): Promise<Outcome>;
} {
  const controller = new AbortController();
  let seen = "";
  let check = (): void => {};
  const onOutput = (text: string): void => {
    seen += text;
    check();
  };
  const done = actc(line, { cwd, interrupted: controller.signal, onOutput });
  return {
    until: (text) =>
      new Promise((resolve) => {
        check = () => {
          const at = seen.indexOf(text);
          if (at === -1) return;
          seen = seen.slice(at + text.length);
          check = () => {};
          resolve();
        };
        check();
      }),
    end() {
      controller.abort();
      return done;
    },
  };
}

test("builds at the start and after each change, whatever happens to the file", async () => {
  const cwd = folder({ "acts.def": "a = 1\n" });
  const file = join(cwd, "acts.def");
  const watch = watching(cwd);
  await watch.until("2 written");
  await watch.until("watching");

  writeFileSync(file, "a = 2\n");
  await watch.until("wrote generated/a.ts");
  await watch.until("watching");

  writeFileSync(file, "! broken\n");
  await watch.until("1 error; nothing written");
  await watch.until("watching");

  writeFileSync(file, "crash\n");
  await watch.until("internal error");
  await watch.until("watching");

  // An editor's atomic save.
  writeFileSync(`${file}~`, "b = 3\n");
  renameSync(`${file}~`, file);
  await watch.until("removed generated/a.ts");
  await watch.until("watching");

  rmSync(file);
  await watch.until("no acts.def");
  await watch.until("watching");

  writeFileSync(file, "b = 3\nc = 4\n");
  await watch.until("wrote generated/c.ts");
  const { code } = await watch.end();
  expect(code).toBe(0);
  expect(Object.keys(snapshot(join(cwd, "generated")))).toEqual(["b.ts", "c.ts", "manifest.json"]);
});

test("follows a symbolic link to where the file is", async () => {
  const cwd = folder({ "elsewhere/real.def": "a = 1\n" });
  symlinkSync("elsewhere/real.def", join(cwd, "acts.def"));
  const watch = watching(cwd);
  await watch.until("watching");
  writeFileSync(join(cwd, "elsewhere/real.def"), "b = 1\n");
  await watch.until("wrote generated/b.ts");
  expect((await watch.end()).code).toBe(0);
});

test("a save that changes nothing builds nothing, other files do not matter", async () => {
  const cwd = folder({ "acts.def": "a = 1\n" });
  const watch = watching(cwd);
  await watch.until("watching");
  writeFileSync(join(cwd, "acts.def"), "a = 1\n");
  writeFileSync(join(cwd, "other.def"), "z = 1\n");
  await new Promise((resolve) => setTimeout(resolve, 200));
  writeFileSync(join(cwd, "acts.def"), "a = 2\n");
  await watch.until("2 written");
  expect((await watch.end()).compilations).toBe(2);
});

test("starts without the file, and prints one JSON object a line", async () => {
  const cwd = folder();
  const watch = watching(cwd, "compile --watch --json");
  await watch.until('"ok":false');
  await watch.until("\n");
  writeFileSync(join(cwd, "acts.def"), "a = 1\n");
  await watch.until('"ok":true');
  await watch.until("\n");
  const { stdout } = await watch.end();
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).ok),
  ).toEqual([false, true]);
});
