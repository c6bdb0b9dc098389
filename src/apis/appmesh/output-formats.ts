/** Output as lines of JSON and as a page, for dashboards and browsers. What a program printed is nobody's markup: the page holds no control
 *  sequence and no tag of it. */
import { stripVTControlCharacters } from "node:util";

export interface OutputLine {
  /** From 1, counted within this reply. */
  readonly index: number;
  readonly stdout: string;
}

/** A last line that has not ended yet is one, too. */
export function outputLines(bytes: Buffer): OutputLine[] {
  const lines = bytes.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, i) => ({ index: i + 1, stdout: line.replace(/\r$/, "") }));
}

export function outputPage(appName: string, bytes: Buffer): string {
  const title = escapeHtml(inert(appName));
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>`,
    `<body><h1>${title}</h1><pre>${escapeHtml(inert(bytes.toString("utf8")))}</pre></body></html>`,
    "",
  ].join("\n");
}

/** Without terminal sequences; what is left of control characters, and what turns the direction of text around, is shown as U+FFFD. */
function inert(text: string): string {
  return stripVTControlCharacters(text.replaceAll("\r\n", "\n")).replace(
    /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu,
    "\u{fffd}",
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
