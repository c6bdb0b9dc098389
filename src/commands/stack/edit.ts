/** `runyard stack edit` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { readStack, type StackContent, writeStack } from "../../client/fleet-stacks.ts";
import type { YardClient } from "../../client/http.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";
import { editText } from "./editor.ts";
import { readGiven } from "./given-texts.ts";

interface EditOptions extends YardFlags {
  env?: boolean;
  file?: string;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<stack>", "its name")
    .option("--env", "its variables in place of its Compose file")
    .option("-f, --file <file>", "no editor: put this file in its place; -: standard input")
    .addHelpText("after", help)
    .action(edit);
}

const help = `
The editor is the one that VISUAL or EDITOR names, or vi. What runs stays as it is until the next deployment. If somebody else has changed the stack meanwhile,
nothing is overwritten: what you have written is kept here, and its path is told.

Examples:
  $ runyard stack edit shop
  $ EDITOR='code --wait' runyard stack edit --env shop
  $ runyard stack edit shop -f compose.yaml`;

async function edit(name: string, { env: isEnv = false, file, ...flags }: EditOptions): Promise<void> {
  const client = await connectToYard(flags);
  const before = await readStack(client, name);
  const change: Change = { name, before, isEnv };
  if (file !== undefined) return told(change, await put(client, change, await readGiven(file, "--file")));
  await using edited = await editText(textIn(change), isEnv ? ".env" : "compose.yaml", process.env);
  try {
    told(change, await put(client, change, edited.text));
  } catch (error) {
    edited.keep();
    notice(`what you have written is in ${edited.path}`);
    if (!isYardError(error, "conflict")) throw error;
    const again = `runyard stack edit ${name}${isEnv ? " --env" : ""} -f ${edited.path}`;
    throw new YardError(
      "conflict",
      `somebody has changed ${name} meanwhile. Look at what it is now; to put yours in its place: ${again}`,
    );
  }
}

interface Change {
  readonly name: string;
  readonly before: StackContent;
  readonly isEnv: boolean;
}

function textIn({ before, isEnv }: Change): string {
  return isEnv ? (before.env ?? "") : before.compose;
}

/** @returns whether it is another text @throws {YardError} conflict */
async function put(client: YardClient, change: Change, text: string): Promise<boolean> {
  if (text === textIn(change)) return false;
  const { name, before, isEnv } = change;
  const { compose, env } = before;
  await writeStack(client, name, isEnv ? { compose, env: text } : { compose: text, env }, before.revision);
  return true;
}

function told({ name }: Change, isChanged: boolean): void {
  console.log(
    isChanged ? `${name} is written. What a deployment would do: runyard stack diff ${name}` : `${name} is as it was.`,
  );
}
