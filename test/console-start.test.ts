/** `npm start` in a fresh clone, and after a change: the console is built meanwhile by itself, and a page that waits for it goes on by itself. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readLocalYard } from "../src/client/local-yard.ts";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { noBrowser, openConsoleBrowser } from "./support/console-browser.ts";
import { adminPassword } from "./support/yard-process.ts";

const root = join(import.meta.dirname, "..");

/** As git would clone it, with what `npm ci` installs. */
function cloneInto(directory: string): void {
  const isSource = (path: string) => !/\/console\/(dist|screenshots|\.building-.*)$/.test(path);
  for (const name of ["bin", "src", "console", "scripts", "package.json", "package-lock.json", "tsconfig.json"])
    cpSync(join(root, name), join(directory, name), { recursive: true, filter: isSource });
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
}

/** Starts it, and stops it as Ctrl-C would. */
async function npmStart(directory: string): Promise<AsyncDisposable & { readonly url: string }> {
  const data = join(directory, "data");
  const child = spawn("npm", ["start", "--silent"], {
    cwd: directory,
    detached: true, // a process group of its own, as of a terminal
    stdio: "ignore",
    env: {
      ...{ PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: directory, RUNYARD_DATA: data },
      ...{ RUNYARD_LISTEN: "127.0.0.1:0", RUNYARD_LISTEN_AGENTS: "off", RUNYARD_ORPHAN_AFTER: "60s" },
      RUNYARD_ADMIN_PASSWORD: adminPassword,
    },
  });
  const exited = once(child, "exit");
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGINT");
    await exited;
  };
  const answers = async () => {
    const local = await readLocalYard(data);
    const reply = local && (await fetch(`${local.url}/healthz`).catch(() => undefined));
    return reply?.ok ? local : undefined;
  };
  const { url } = await until(answers, { what: "the yard answers", timeoutMs: 60_000 });
  return { url, [Symbol.asyncDispose]: stop };
}

test("a fresh clone builds by itself, and so does a changed one", { timeout: 170_000 }, async () => {
  using directory = temporaryDirectory();
  cloneInto(directory.path);
  const pageOf = async (url: string) => (await fetch(`${url}/console`)).text();
  const built = { what: "the console is built", timeoutMs: 60_000 };
  {
    await using yard = await npmStart(directory.path);
    assert.match(await pageOf(yard.url), /is being built|id="root"/);
    await until(async () => (await pageOf(yard.url)).includes('id="root"'), built);
  }
  appendFileSync(join(directory.path, "console/index.html"), "<!-- changed -->\n");
  await using yard = await npmStart(directory.path);
  await until(async () => (await pageOf(yard.url)).includes("<!-- changed -->"), built);
});

test("a page that is there before the build says so, and goes on by itself", { skip: noBrowser }, async (t) => {
  using directory = temporaryDirectory();
  cloneInto(directory.path);
  await using browser = await openConsoleBrowser();
  await using yard = await npmStart(directory.path);
  const page = await browser.open(t);
  await page.goto(`${yard.url}/console`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor({ timeout: 60_000 });
});
