/** `runyard task artifacts` */
import { type Command, Option } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { getTask } from "../../client/tasks.ts";
import { type ArtifactType, archiveName, artifactTypes, findArtifact } from "../../client/tasks-artifacts.ts";
import { YardError } from "../../platform/errors.ts";
import { tableLines } from "../app/table.ts";
import { bytesText, durationText } from "../app/text.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { download } from "./download.ts";

interface ArtifactOptions extends YardFlags {
  get?: ArtifactType;
  output?: string;
  force?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<task>", "its UUID")
    .addOption(new Option("--get <type>", "fetch this one").choices(artifactTypes))
    .option("-o, --output <file>", "with --get: where to (default: TYPE.tar.gz here); - is standard output")
    .option("--force", "with --get: replace a file that is there")
    .option("--json", "print what the API answers: an array")
    .addHelpText("after", help)
    .action(async (uuid: string, options: ArtifactOptions) => {
      process.exitCode = await artifacts(uuid, options);
    });
}

const help = `
result and exec-log are archives of what the task wrote into $MITO_RESULT_DIR and $MITO_EXEC_DIR, std-log of what it printed.

Examples:
  $ runyard task artifacts 0f8fad5b-d9cb-469f-a165-70867728950e
  $ runyard task artifacts --get result -o - 0f8fad5b-d9cb-469f-a165-70867728950e | tar -xz`;

function artifacts(uuid: string, options: ArtifactOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      if (options.get) await fetchOne(client, uuid, options.get, options, signal);
      else await list(client, uuid, options);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

async function list(client: YardClient, uuid: string, { json }: ArtifactOptions): Promise<void> {
  const { artifacts: found, json: all } = await getTask(client, uuid);
  if (json) return console.log(JSON.stringify(all.artifacts));
  if (found.length === 0) {
    console.error(`Task ${inert(uuid)} has left nothing.`);
    return;
  }
  const lines = tableLines(
    found,
    [
      { heading: "TYPE", cell: ({ type }) => type },
      { heading: "SIZE", cell: ({ size }) => bytesText(size), alignRight: true },
      { heading: "CHANGED", cell: ({ updatedAt }) => `${durationText(Date.now() - updatedAt.getTime())} ago` },
    ],
    Number.POSITIVE_INFINITY,
  );
  for (const line of lines) console.log(line);
}

async function fetchOne(
  client: YardClient,
  uuid: string,
  type: ArtifactType,
  { output = archiveName(type), force = false, json }: ArtifactOptions,
  signal: AbortSignal,
): Promise<void> {
  const place = await findArtifact(client, uuid, type);
  if (!place) {
    await getTask(client, uuid); // says how it is if there is no such task
    throw new YardError(
      "not_found",
      `task ${inert(uuid)} has left no ${type}. Look: runyard task artifacts ${inert(uuid)}`,
    );
  }
  await download(client, place, { to: output, force, signal, json });
}
