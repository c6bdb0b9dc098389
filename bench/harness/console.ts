/** The console of a yard in a real browser, as its administrator: Debian's Chromium without a window. */
import { existsSync } from "node:fs";
import { type CDPSession, chromium, type Page } from "playwright-core";
import { buildConsole, isStale } from "../../scripts/build-console.ts";
import { program } from "./paths.ts";
import type { Yard } from "./yard.ts";

const chromiumProgram = "/usr/bin/chromium";
const patienceMs = 120_000;

export interface BenchConsole extends AsyncDisposable {
  /** A page with nothing in its cache. @param shown what its first load ends with, as a selector */
  open(path: string, shown?: string): Promise<ConsolePage>;
}

export interface ConsolePage extends AsyncDisposable {
  readonly page: Page;
  /** When that was in the page and the work for it had ended, in milliseconds since the navigation. */
  interactiveMs(): Promise<number>;
  /** What its scripts hold, in MiB, once all that is held by nothing was given back. */
  heapMiB(): Promise<number>;
}

/** @throws {Error} where there is no browser */
export async function openConsole({ url, authorization }: Pick<Yard, "url" | "authorization">): Promise<BenchConsole> {
  if (!existsSync(chromiumProgram)) throw new Error(`there is no ${chromiumProgram}: apt-get install chromium`);
  if (isStale()) await buildConsole();
  const browser = await chromium.launch({
    executablePath: chromiumProgram,
    args: ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  return {
    async open(path, shown = "h1") {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      await context.addInitScript(keepSession, authorization.replace("Bearer ", ""));
      await context.addInitScript({ path: program("console-page.js") });
      await context.addInitScript(`bench.watchFor(${JSON.stringify(shown)})`);
      const page = await context.newPage();
      page.setDefaultTimeout(patienceMs);
      await page.goto(`${url}/console${path}`);
      await page.locator(shown).first().waitFor();
      const devtools = await context.newCDPSession(page);
      return {
        page,
        interactiveMs: () => page.evaluate<number>("bench.interactiveMs()"),
        heapMiB: () => heapOf(devtools),
        [Symbol.asyncDispose]: () => context.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** In the page, before its own scripts: it is signed in. */
function keepSession(accessToken: string): void {
  const hourMs = 3_600_000;
  const session = { accessToken, refreshToken: "none", renewAt: Date.now() + hourMs };
  localStorage.setItem("runyard.session", JSON.stringify(session));
}

async function heapOf(devtools: CDPSession): Promise<number> {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  return usedSize / 1024 ** 2;
}
