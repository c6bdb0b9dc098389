/** `runyard app add` */
import type { Command } from "commander";
import { stateOf } from "../../client/app-state.ts";
import { type AppSeen, findApp, putApp } from "../../client/apps.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import type { JsonObject } from "../../client/json.ts";
import { settleStart } from "../../client/settle.ts";
import { YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { addVariable, type Variables } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";
import { addWaitOption, type WaitOptions } from "./changes.ts";
import { addDefinitionOptions, type DefinitionOptions, definitionOf } from "./definition-options.ts";
import { readDefinition, readVariables } from "./given-files.ts";
import { settledText } from "./text.ts";

interface AddOptions extends YardFlags, DefinitionOptions, WaitOptions {
  file?: string;
  secretEnv?: Variables;
  secretEnvFile?: string;
  replace?: boolean;
}

export function define(command: Command): void {
  addWaitOption(addDefinitionOptions(addYardOptions(command)))
    .argument("[name]", "what it is called (default: the name in --file)")
    .argument("[command...]", "program and arguments, after --; no shell reads them")
    .option("--secret-env-file <file>", "lines of KEY=value: variables that are stored encrypted; - is standard input")
    .option(
      "--secret-env <key=value>",
      "one such variable; other users see arguments, the file they do not",
      addVariable,
    )
    .option("--file <file>", "a whole definition as JSON or YAML, as `app show --json` prints it; - is standard input")
    .option("--replace", "replace the app of that name, if there is one, and end its process")
    .option("--json", "print the definition as the API answers it, and do not wait")
    .addHelpText("after", help)
    .action(async (name: string | undefined, argv: string[], options: AddOptions) => {
      const fault = faultIn(argv, options);
      if (fault) command.error(`error: ${fault}`);
      process.exitCode = await add(name, argv, options);
    });
}

const help = `
Starts it, and waits until it runs or says why it does not. What --file holds is changed by the other options. When a process ends:
standby leaves it; restart starts it by its schedule, or at once without one; keepalive starts it at once; remove deletes the app.

Examples:
  $ runyard app add web --restart --env PORT=8080 -- node server.js
  $ runyard app add backup --cron '0 30 2 * * *' --keep-outputs 7 --shell 'pg_dump shop | gzip > /backup/shop.gz'
  $ runyard app add probe --every 5m --daily 06:00-20:00 -- curl -fsS https://example.com
  $ pass show web/env | runyard app add web --replace --secret-env-file - -- node server.js
  $ runyard app add --file web.yaml`;

function faultIn(argv: readonly string[], { shell, file, secretEnvFile }: AddOptions): string | undefined {
  if (argv.length > 0 && shell !== undefined) return "a command and --shell: leave one out.";
  if (argv.length === 0 && shell === undefined && file === undefined)
    return "no command. Name it after --, as in: runyard app add web -- node server.js";
  if (file === "-" && secretEnvFile === "-") return "--file and --secret-env-file cannot both be standard input.";
  return undefined;
}

async function add(givenName: string | undefined, argv: readonly string[], options: AddOptions): Promise<number> {
  const base = options.file === undefined ? {} : await readDefinition(options.file);
  const name = givenName ?? base.name;
  if (typeof name !== "string" || name === "")
    throw new YardError("invalid", "the app has no name. Give one: runyard app add NAME", { field: "name" });
  const definition = { ...definitionOf(argv, options, await secretsOf(options), base), name };
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const added = await put(client, name, definition, options);
      if (options.json) console.log(JSON.stringify(added.json));
      else console.log(await outcome(client, added, { timeoutMs: options.wait * 1_000, signal }));
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

async function secretsOf({ secretEnv, secretEnvFile }: AddOptions): Promise<Variables> {
  if (secretEnv)
    notice("--secret-env can be seen by other users of this machine while the command runs; --secret-env-file cannot");
  const inFile = secretEnvFile === undefined ? {} : await readVariables(secretEnvFile, "--secret-env-file");
  return { ...inFile, ...secretEnv };
}

async function put(
  client: YardClient,
  name: string,
  definition: JsonObject,
  { replace }: AddOptions,
): Promise<AppSeen> {
  const existing = replace ? undefined : await findApp(client, name);
  if (existing) {
    const what = `${inert(String(existing.json.command ?? "no command"))}; ${stateOf(existing)}`;
    throw new YardError(
      "conflict",
      `there is an app ${inert(name)} already (${what}). Replace it with --replace, or choose another name.`,
    );
  }
  return putApp(client, name, definition);
}

async function outcome(
  client: YardClient,
  added: AppSeen,
  waiting: { timeoutMs: number; signal: AbortSignal },
): Promise<string> {
  if (!added.enabled) return `${added.name} is defined and disabled. Start it: runyard app start ${added.name}`;
  return settledText(added.name, await settleStart(client, added.name, 0, waiting));
}
