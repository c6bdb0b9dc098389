/** What a program has printed, as text that does nothing: colours become classes, and every other sequence for a terminal is left out (titles, links,
 *  clipboard, cursor). Characters that would not be seen, or that turn the direction of writing, are shown as signs. */

export interface Span {
  readonly text: string;
  /** Of the sixteen named colours, 0 to 15; others are shown as plain text, whose contrast is known. */
  readonly color?: number;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isUnderlined: boolean;
}

type Style = Omit<Span, "text">;

const plain: Style = { isBold: false, isDim: false, isUnderlined: false };
/** A sequence for a terminal, by ECMA-48: a string (OSC, DCS, APC, PM, SOS) up to its end, a control sequence (CSI), or an escape of two characters. */
const sequence =
  /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])|\x1b[ -/]*[0-~]?/g;
/** Controls but the tab, and marks that reverse or hide text. */
const unseen = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

export function parseAnsi(line: string): readonly Span[] {
  const shown = afterReturns(line);
  const spans: Span[] = [];
  let style = plain;
  let from = 0;
  const push = (to: number): void => {
    if (to > from) spans.push({ ...style, text: visible(shown.slice(from, to)) });
  };
  for (const match of shown.matchAll(sequence)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === "m") style = styled(style, match[1] ?? "");
  }
  push(shown.length);
  return spans;
}

/** Only the text, for filters and copies. */
export function plainText(line: string): string {
  return visible(afterReturns(line).replace(sequence, ""));
}

/** A carriage return begins the line anew, as progress bars do. */
function afterReturns(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf("\r") + 1);
}

function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}

/** @param parameters of a "select graphic rendition": `1;31` */
function styled(before: Style, parameters: string): Style {
  let style = before;
  const codes = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 38 || code === 48) {
      const [kind, index] = codes.slice(at + 1, at + 3);
      if (code === 38) style = { ...style, color: kind === 5 && index! < 16 ? index : undefined };
      at += kind === 5 ? 2 : 4;
    } else style = withCode(style, code);
  }
  return style;
}

function withCode(style: Style, code: number): Style {
  if (code === 0) return plain;
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isDim: true };
  if (code === 4) return { ...style, isUnderlined: true };
  if (code === 22) return { ...style, isBold: false, isDim: false };
  if (code === 24) return { ...style, isUnderlined: false };
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, color: code - 82 };
  return code === 39 ? { ...style, color: undefined } : style;
}
