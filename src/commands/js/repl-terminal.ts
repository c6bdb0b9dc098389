/** Lines from the person at the terminal, or from a pipe. Prompts go to standard error, so that standard output stays data. */
import { createInterface } from "node:readline";
import { mostLines, type ReplHistory } from "./repl-history.ts";

export interface ReplTerminal extends Disposable {
  /** Whether there is somebody to talk to. */
  readonly isInteractive: boolean;
  /** Ends with Ctrl-D, or where the pipe does. What is typed meanwhile waits. */
  readonly lines: AsyncIterable<string>;
  /** Asks for the next line. */
  prompt(text: string): void;
  /** Drops what stands on the line that is being typed, and begins a new one. */
  clearLine(): void;
  saveHistory(): Promise<void>;
  /** `lines` end. */
  close(): void;
}

const endOfLineKey = { ctrl: true, name: "e" };
const deleteToStartKey = { ctrl: true, name: "u" };

/** @param onInterrupt called for each Ctrl-C */
export function openReplTerminal({ lines: typedBefore, save }: ReplHistory, onInterrupt: () => void): ReplTerminal {
  const isInteractive = process.stdin.isTTY && process.stderr.isTTY;
  let typed = typedBefore;
  const terminal = createInterface({
    ...{ input: process.stdin, terminal: isInteractive },
    ...(isInteractive ? { output: process.stderr } : {}),
    ...{ history: [...typedBefore], historySize: mostLines, removeHistoryDuplicates: true },
  });
  const iterator = terminal[Symbol.asyncIterator](); // now: lines that come before would be lost
  terminal.on("SIGINT", onInterrupt);
  let isClosed = false; // also by a Ctrl-D that comes while an entry runs
  terminal.once("close", () => {
    isClosed = true;
  });
  terminal.on("history", (lines) => {
    typed = [...lines];
  });
  return {
    isInteractive,
    lines: { [Symbol.asyncIterator]: () => iterator },
    prompt(text) {
      if (!isInteractive || isClosed) return;
      terminal.setPrompt(text);
      terminal.prompt();
    },
    clearLine() {
      if (isClosed) return;
      terminal.write(null, endOfLineKey);
      terminal.write(null, deleteToStartKey);
      process.stderr.write("\n");
    },
    saveHistory: async () => (typed === typedBefore ? undefined : save(typed)),
    close: () => terminal.close(),
    [Symbol.dispose]: () => terminal.close(),
  };
}
