/** What happens to a page during a test, so that a failure explains itself: most are told by what a wait for something on the page does not say. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ConsoleMessage, Page } from "playwright-core";

/** Of pages, for people to look at. */
export const pictures = join(import.meta.dirname, "../../console/screenshots");

export interface PageRecord {
  /** What the page has logged as errors. */
  readonly errors: readonly string[];
  /** Where the page is and what it shows, what it has logged, and which requests have failed. Takes a picture as well.
   *  @param what for its name */
  tell(what: string): Promise<string>;
}

/** A request that a browser gives up belongs to a page that was left, or to a reading that is no longer wanted. */
const givenUp = "net::ERR_ABORTED";
/** Of what a page shows. */
const mostText = 1_500;

export function recordPage(page: Page): PageRecord {
  const beganMs = performance.now();
  const errors: string[] = [];
  const events: string[] = [];
  const note = (text: string) => void events.push(`${((performance.now() - beganMs) / 1_000).toFixed(1)} s: ${text}`);

  page.on("console", (message) => {
    if (isFault(message)) errors.push(message.text());
    if (message.type() === "error" || message.type() === "warning") note(`logs ${message.text()}`);
  });
  page.on("pageerror", (error) => {
    errors.push(String(error));
    note(`throws ${error}`);
  });
  page.on("crash", () => note("crashes"));
  page.on("framenavigated", (frame) => frame === page.mainFrame() && note(`is at ${frame.url()}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    if (why !== givenUp) note(`fails to get ${request.method()} ${request.url()}: ${why}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400)
      note(`gets ${response.status()} for ${response.request().method()} ${response.url()}`);
  });

  return {
    errors,
    async tell(what) {
      const picture = join(pictures, `failed-${what.replaceAll(/\W+/g, "-").slice(0, 80)}.png`);
      mkdirSync(pictures, { recursive: true });
      const [shown, taken] = await Promise.all([
        page.innerText("body", { timeout: 2_000 }).catch(String),
        page.screenshot({ path: picture, timeout: 5_000 }).then(() => picture, String),
      ]);
      return [
        `The page of “${what}” is at ${page.url()}; its picture: ${taken}`,
        ...events.map((event) => `  ${event}`),
        `  shows: ${shown.slice(0, mostText).replaceAll(/\s*\n\s*/g, " | ")}`,
      ].join("\n");
    },
  };
}

/** That a call was refused, or the yard away, is for the page to show; the browser's own note of it is no fault. */
function isFault(message: ConsoleMessage): boolean {
  return message.type() === "error" && !/^Failed to load resource|^WebSocket connection/.test(message.text());
}
