/** Text of others on its way to a terminal: names, descriptions and errors may hold what a terminal would obey or what would show as something else. */

/** Control characters, those that turn or hide text, line separators, and halves of a pair. */
const unfit = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\u200b-\u200d\u2060\ufeff]/gu;

const shortForms: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text on one line, each unfit character as an escape that names it (`\x1b`, `\u{202e}`). */
export function inert(text: string): string {
  return text.replace(unfit, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return shortForms[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`);
  });
}
