/** Texts as a policy names them: `*` stands for anything. */

/** What stands between the stars. */
export type TextPattern = readonly string[];

export function parseTextPattern(text: string): TextPattern {
  return text.split("*");
}

/** Takes the first place where each part fits, which is as good as any: the text is a script's, and a regular expression could be made to
 *  go back and forth in it for ever. */
export function matchesText(pattern: TextPattern, text: string): boolean {
  const [first = "", ...others] = pattern;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length >= at + last.length && text.endsWith(last);
}
