/** `runyard js run` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import type { FollowParts } from "../../client/follow-run.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { type ScriptSubmission, submitScript } from "../../client/scripts.ts";
import { collectOutput } from "../../client/scripts-collect.ts";
import { followOrCancel } from "../../client/scripts-follow.ts";
import { exitCodes } from "../exit-codes.ts";
import { addVariable, type Variables } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts, notice } from "../yard-options.ts";
import { readScript } from "./given-script.ts";
import { failureText, lostText } from "./outcome.ts";
import { addScriptOptions, type ScriptOptions, submissionOf } from "./script-options.ts";

interface RunOptions extends YardFlags, ScriptOptions {
  eval?: string;
  tag?: Variables;
  detach?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addScriptOptions(addYardOptions(command))
    .argument("[file]", "the script, JavaScript or TypeScript; - is standard input")
    .option("-e, --eval <code>", "in place of the file: the script itself")
    .option("--session <name>", "resume what the session's last run left, and be its next step")
    .option("--tag <key=value>", "tag of the memory that it leaves; may be repeated", addVariable)
    .option("--detach", "print the execution's id, and do not wait")
    .option("--json", "print the execution as the API answers it, with its output as `output`")
    .addHelpText("after", help)
    .action(async (file: string | undefined, options: RunOptions) => {
      if (file !== undefined && options.eval !== undefined)
        command.error("error: the script is given twice, as FILE and with --eval. Leave one out.");
      if (file === undefined && options.eval === undefined)
        command.error("error: no script. Name its file, give it with --eval, or pipe it in: runyard js run -");
      process.exitCode = await run(file, options);
    });
}

const help = `
What it prints appears as it is printed; then comes its result, the value of its last expression, as JSON. Ctrl-C cancels it. All that
hangs on globalThis is saved when it has completed, and can be resumed by --heap, as often as you like, or by --session.

Exits with ${exitCodes.ok} if the script completed, with ${exitCodes.failure} if it failed, ran out of time or was cancelled.

Examples:
  $ runyard js run -e '[1, 2, 3].map((x) => x * x)'
  $ runyard js run --session counter -e 'globalThis.n = (globalThis.n ?? 0) + 1'
  $ runyard js run --heap "$(runyard js run --json setup.ts | jq -r .heap)" next.ts
  $ runyard js run --fs website --timeout 120 build.ts`;

function run(file: string | undefined, options: RunOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const source = options.eval ?? (await readScript(file ?? "-"));
      const script = { ...submissionOf(source, options), tags: options.tag };
      const client = await connectToYard(options);
      if (options.detach) return detach(client, script, options);
      const id = await submitScript(client, script); // an abort waits for the answer: only that names what to cancel
      const parts = followParts(options, signal);
      return options.json ? printJson(id, client, parts) : print(id, client, parts, options);
    },
    { whenOutputCloses: exitCodes.failure }, // the script was cancelled before its end
  );
}

async function detach(client: YardClient, script: ScriptSubmission, { json }: RunOptions): Promise<number> {
  const id = await submitScript(client, script);
  console.log(json ? JSON.stringify({ execution_id: id }) : id);
  return exitCodes.ok;
}

async function print(id: string, client: YardClient, parts: FollowParts, options: RunOptions): Promise<number> {
  const execution = await followOrCancel(id, client, parts);
  if (execution.status !== "completed") {
    notice(failureText(execution));
    return exitCodes.failure;
  }
  if (execution.result !== undefined) console.log(execution.result);
  if (execution.lost.length > 0) notice(lostText(execution.lost));
  // Whoever resumes something most likely goes on with what came of it.
  if ((options.heap ?? options.session ?? options.tag) && execution.heap) notice(`heap ${inert(execution.heap)}`);
  if (options.fs && execution.fs) notice(`fs ${inert(execution.fs)}`);
  return exitCodes.ok;
}

async function printJson(id: string, client: YardClient, parts: FollowParts): Promise<number> {
  const { output, text } = collectOutput();
  const execution = await followOrCancel(id, client, { ...parts, output });
  console.log(JSON.stringify({ ...execution.json, output: text() }));
  return execution.status === "completed" ? exitCodes.ok : exitCodes.failure;
}
