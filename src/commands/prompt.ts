/** Questions at the terminal. They go to standard error, so that standard output stays data. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { YardError } from "../platform/errors.ts";

/** @throws {YardError} interrupted, after Ctrl-C or end of input */
export async function ask(question: string, options: { hidden?: boolean } = {}): Promise<string> {
  // readline shows what is typed by writing it out: a hidden answer goes to a stream that drops it.
  const output = options.hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  if (options.hidden) process.stderr.write(question); // only now: what is typed before would be echoed by the terminal itself
  const cancelled = new AbortController();
  const cancel = (): void => cancelled.abort();
  terminal.once("SIGINT", cancel).once("close", cancel);
  try {
    return await terminal.question(options.hidden ? "" : question, { signal: cancelled.signal });
  } catch (error) {
    if (cancelled.signal.aborted) throw new YardError("interrupted", "cancelled", { cause: error });
    throw error;
  } finally {
    terminal.off("close", cancel);
    terminal.close();
    if (options.hidden) process.stderr.write("\n");
  }
}

/** All of standard input, without the line break at its end. */
export async function readStdin(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, "");
}
