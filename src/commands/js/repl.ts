/** `runyard js repl` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, followParts, notice } from "../yard-options.ts";
import { openHistory } from "./repl-history.ts";
import { openSteps } from "./repl-steps.ts";
import { createTalk } from "./repl-talk.ts";
import { openReplTerminal } from "./repl-terminal.ts";
import { addScriptOptions, type ScriptOptions } from "./script-options.ts";

interface ReplOptions extends YardFlags, ScriptOptions {
  session: string;
}

export function define(command: Command): void {
  addScriptOptions(addYardOptions(command))
    .option("--session <name>", "whose memory to go on with", "repl")
    .addHelpText("after", help)
    .action(async (options: ReplOptions) => {
      process.exitCode = await repl(options);
    });
}

const help = `
Each entry is run on the yard and goes on in the memory that the one before has left: variables, functions and classes that you declare stay,
when you quit and come back, when the yard restarts, on another machine. An entry that fails or is cancelled leaves the memory as it was.
--heap begins with a saved memory in place of the session's own, so you can try something twice.

Lines that are not complete are asked for more. Ctrl-C cancels what runs, or drops what is typed; Ctrl-D quits. .saved prints the ids of
memory and files; .help, .exit. From a pipe it reads entries without a word, and exits with ${exitCodes.failure} if one of them failed.

Examples:
  $ runyard js repl
  $ runyard js repl --session analysis --memory 64
  $ echo 'total' | runyard js repl --session analysis`;

function repl(options: ReplOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const steps = await openSteps(options, followParts(options, signal));
      const history = await openHistory(process.env, notice);
      process.removeAllListeners("warning"); // Node calls its type stripping experimental: nothing that the person at the prompt can change
      const talk = createTalk(options.session, steps, signal);
      using terminal = openReplTerminal(history, () => talk.interrupt(terminal));
      using _end = onAbort(signal, () => terminal.close());
      const code = await talk.hold(terminal);
      signal.throwIfAborted();
      return code;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

function onAbort(signal: AbortSignal, listener: () => void): Disposable {
  signal.addEventListener("abort", listener);
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
}
