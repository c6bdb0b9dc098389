/** The conversation at the prompt: entry after entry, each run to its end before the next is looked at. */
import { inert } from "../../client/inert.ts";
import type { ExecutionSeen } from "../../client/scripts.ts";
import { isYardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { notice } from "../yard-options.ts";
import { readEntry } from "./entry.ts";
import type { ReplSteps } from "./repl-steps.ts";
import type { ReplTerminal } from "./repl-terminal.ts";
import { outcomeLines } from "./repl-text.ts";

export interface Talk {
  /** Takes entries until there are no more. @returns the exit code: where nobody watches, whether one has failed */
  hold(terminal: ReplTerminal): Promise<number>;
  /** Ctrl-C: cancels what runs, else drops what is typed. */
  interrupt(terminal: ReplTerminal): void;
}

const dotCommandsHelp = `.saved  ids of the memory and of the files that the last entry has left
.exit   quit, as Ctrl-D does; the memory stays
Ctrl-C  cancels what runs, or drops what is typed`;

/** @param signal aborted when all is to end */
export function createTalk(session: string, steps: ReplSteps, signal: AbortSignal): Talk {
  const name = inert(session);
  const prompts = { first: `${name}> `, next: `${".".repeat(name.length)}. ` };
  let typed = "";
  let running: AbortController | undefined;
  let hasFailed = false;
  let saidThatNothingIsKept = false;

  function fail(text: string): void {
    hasFailed = true;
    console.error(text);
  }

  function show(execution: ExecutionSeen): void {
    const lines = outcomeLines(execution, process.stdout.columns || 80);
    if (execution.status === "completed") for (const line of lines) console.log(line);
    else fail(lines.join("\n"));
    if (execution.status !== "completed" || execution.heap !== undefined || saidThatNothingIsKept) return;
    saidThatNothingIsKept = true;
    notice("this yard keeps no memory of scripts: each entry starts afresh");
  }

  async function evaluate(source: string): Promise<void> {
    const cancel = new AbortController();
    running = cancel;
    try {
      show(await steps.run(source, AbortSignal.any([signal, cancel.signal])));
    } catch (error) {
      signal.throwIfAborted();
      if (isYardError(error)) fail(`runyard: ${error.message}`);
      else if (cancel.signal.aborted) fail("Cancelled: the memory is as it was before.");
      else throw error;
    } finally {
      running = undefined;
    }
  }

  /** @returns false to quit */
  async function take(line: string): Promise<boolean> {
    if (typed === "" && /^\s*\.[a-z]+\s*$/.test(line)) return obey(line.trim());
    typed = typed === "" ? line : `${typed}\n${line}`;
    const entry = readEntry(typed);
    if (entry.kind === "incomplete") return true;
    typed = "";
    if (entry.kind === "faulty") fail(`SyntaxError: ${inert(entry.message)}`);
    else if (entry.source.trim() !== "") await evaluate(entry.source);
    return true;
  }

  function obey(command: string): boolean {
    if (command === ".exit") return false;
    if (command === ".saved") console.log(`heap ${inert(steps.heap ?? "-")}\nfs   ${inert(steps.fs ?? "-")}`);
    else if (command === ".help") console.log(dotCommandsHelp);
    else fail(`There is no ${command}: see .help.`);
    return true;
  }

  return {
    async hold(terminal) {
      if (terminal.isInteractive) console.error(`Session ${name}. Ctrl-D quits, .help tells more.`);
      terminal.prompt(prompts.first);
      for await (const line of terminal.lines) {
        if (!(await take(line))) break;
        await terminal.saveHistory();
        terminal.prompt(typed === "" ? prompts.first : prompts.next);
      }
      if (typed !== "") fail("SyntaxError: the last entry is not complete.");
      return hasFailed && !terminal.isInteractive ? exitCodes.failure : exitCodes.ok;
    },

    interrupt(terminal) {
      if (running) return running.abort();
      typed = "";
      terminal.clearLine();
      terminal.prompt(prompts.first);
    },
  };
}
