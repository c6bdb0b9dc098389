/** Output for programs: each line that an app prints as one JSON object, `{"app": …, "line": …}`. */
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";

/** A longer one comes in pieces of this many characters, so that output without line breaks takes no memory. */
const longestLine = 64 * 1024;

export interface JsonLines extends AsyncDisposable {
  /** Takes the bytes. */
  readonly output: Writable;
}

/** Disposing of it writes the last line, whether that has ended or not, and leaves `target` open. */
export function openJsonLines(app: string, target: Writable): JsonLines {
  const decoder = new StringDecoder("utf8");
  let rest = "";

  function take(text: string): string[] {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    while (rest.length > longestLine) {
      lines.push(rest.slice(0, longestLine));
      rest = rest.slice(longestLine);
    }
    return lines;
  }

  /** A reader that has gone is the command's affair: it hears of that itself. */
  const write = (lines: readonly string[], done: () => void): void => {
    if (lines.length === 0) done();
    else target.write(lines.map((line) => `${JSON.stringify({ app, line })}\n`).join(""), () => done());
  };

  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => write(take(decoder.write(chunk)), done),
    final: (done) => {
      const lines = take(decoder.end());
      write(rest === "" ? lines : [...lines, rest], done);
    },
  });
  return {
    output,
    async [Symbol.asyncDispose]() {
      output.end();
      await finished(output);
    },
  };
}
