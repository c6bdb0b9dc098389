/** A command line in one text, as its words: by the rules of the shell's own quoting (POSIX, "Shell Command Language", 2.2), without anything that a shell
 *  would do beyond it. */
import { YardError } from "./errors.ts";

const mostWords = 1_000;
/** A space; or something of a word: what is quoted, what is escaped, what is plain. */
const piece = /(\s+)|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)/gy;

/** @throws {YardError} invalid: a quote that does not end, an escape of nothing, too many words */
export function splitShellWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let end = 0;
  for (const [whole, space, single, double, escaped, plain] of text.matchAll(piece)) {
    end += whole.length;
    if (space === undefined) word = (word ?? "") + (single ?? unquote(double) ?? escaped ?? plain);
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  if (end < text.length) throw new YardError("invalid", "the command line has a quote that does not end");
  if (words.length > mostWords) throw new YardError("invalid", `the command line has more than ${mostWords} words`);
  return words;
}

/** Between double quotes a backslash escapes these alone. A line feed that is escaped is none. */
function unquote(quoted: string | undefined): string | undefined {
  return quoted?.replaceAll(/\\([$`"\\])|\\\n/g, "$1");
}
