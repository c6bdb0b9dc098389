/** What every file of console tests begins with: a yard, a browser that looks at it, and its administrator. */
import { after, before, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { tokenOf } from "./appmesh.ts";
import { type ConsoleBrowser, type Look, noBrowser, openConsoleBrowser, signIn } from "./console-browser.ts";
import { adminPassword } from "./yard-process.ts";

export interface Visit extends Look {
  /** Default the administrator. */
  readonly username?: string;
  readonly password?: string;
}

export interface ConsoleVisitors {
  /** A page of nobody in particular, closed with the test. */
  open(t: TestContext, look?: Look): Promise<Page>;
  /** The page of somebody who has just signed in, on the overview or what is at this path below `/console`. */
  visit(t: TestContext, path?: string, options?: Visit): Promise<Page>;
  /** A call of any API by the administrator. @param body as JSON */
  asAdmin(method: string, path: string, body?: object): Promise<Response>;
}

interface ServedYard extends AsyncDisposable {
  readonly url: string;
}

/** Belongs into the body of a suite or of a file: yard and browser are there for its tests, unless they are skipped. */
export function useConsole<Yard extends ServedYard>(
  openYard: () => Promise<Yard>,
  skip: string | false = noBrowser,
): ConsoleVisitors & { readonly yard: Yard } {
  let yard: Yard;
  const visitors = useVisitors(() => yard.url, skip);
  before(async () => {
    if (skip === false) yard = await openYard();
  });
  after(() => yard?.[Symbol.asyncDispose]());
  return {
    ...visitors,
    get yard() {
      return yard;
    },
  };
}

/** The same for a yard that the suite opens itself. @param url asked for when a test visits it */
export function useVisitors(url: () => string, skip: string | false = noBrowser): ConsoleVisitors {
  let browser: ConsoleBrowser;
  let token: Promise<string> | undefined;
  before(async () => {
    if (skip === false) browser = await openConsoleBrowser();
  });
  after(() => browser?.[Symbol.asyncDispose]());
  return {
    open: (t, look) => browser.open(t, look),
    async visit(t, path = "/", { username, password = adminPassword, ...look } = {}) {
      const page = await browser.open(t, look);
      await signIn(page, url(), password, username);
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      if (path !== "/") await page.goto(`${url()}/console${path}`);
      return page;
    },
    async asAdmin(method, path, body) {
      token ??= tokenOf(url(), "admin", adminPassword);
      const headers = { authorization: `Bearer ${await token}`, ...(body && { "content-type": "application/json" }) };
      return fetch(`${url()}${path}`, { method, headers, body: body ? JSON.stringify(body) : null });
    },
  };
}
