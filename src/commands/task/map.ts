/** `runyard task map` */
import { type Command, Option } from "commander";
import type { YardClient } from "../../client/http.ts";
import type { NewTask } from "../../client/tasks.ts";
import { type MapOutcome, mapLines, type TaskMap } from "../../client/tasks-map.ts";
import { rememberMap } from "../../client/tasks-map-state.ts";
import { mostJobs } from "../../client/tasks-map-view.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts, notice } from "../yard-options.ts";
import { readLines } from "./given-lines.ts";
import { beginText, goesOnText, outcomeLines } from "./map-text.ts";
import { openProgressBar } from "./progress-bar.ts";
import { addTaskOptions, newTask, type TaskOptions } from "./task-options.ts";

interface MapOptions extends TaskOptions {
  jobs: number;
  capture?: boolean;
  name?: string;
  fresh?: boolean;
  json?: boolean;
}

/** What stands for the line. */
const place = "{}";

export function define(command: Command): void {
  addTaskOptions(addYardOptions(command))
    .argument("<file>", "the list; - is standard input")
    .argument("[command...]", `program and arguments, after --; each ${place} becomes the line, whatever is in it`)
    .option(
      "-j, --jobs <count>",
      "so many of its tasks at the same time",
      wholeNumber({ min: 1, max: mostJobs }),
      1_000,
    )
    .option("--capture", "keep what they print, for `runyard task logs`")
    .option("--name <name>", "go on with the map of this name, from any machine")
    .addOption(new Option("--fresh", "begin anew, also if the same map was broken off before").conflicts("name"))
    .option("--json", "print the outcome as an object: id, total, and the failures")
    .addHelpText("after", help)
    .action(async (file: string, argv: string[], options: MapOptions) => {
      if (!argv.some((argument) => argument.includes(place)))
        command.error(
          `error: no ${place} in the command. Say where the line goes: runyard task map ${file} -- echo ${place}`,
        );
      process.exitCode = await map(file, argv, options);
    });
}

const help = `
One task for each line that is not blank, and a summary when all of them have ended. Ctrl-C ends the wait: what is submitted goes on.

Whatever breaks it off, the same call goes on where it was, and submits no line twice: the map that is not finished is remembered in
$XDG_STATE_HOME/runyard/maps. Once it is finished, the same call begins a new one. With --name, the tasks of that name are looked for on the
yard instead, and a line that has its task never gets another.

Exits with ${exitCodes.failure} if a task was refused, cancelled, or ended otherwise than with 0.

Examples:
  $ runyard task map urls.txt -- curl -fsSO {}
  $ find . -name '*.png' | runyard task map --jobs 8 --capture - -- convert {} {}.webp
  $ runyard task map --name census-2026 --tag gpu rows.txt -- ./work --row={}`;

function map(file: string, argv: readonly string[], options: MapOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const lines = await readLines(file);
      const client = await connectToYard(options);
      const template = await newTask(client, argv, options, { capture: options.capture ?? false });
      const call = { identity: { ...template, lines }, name: options.name, isFresh: options.fresh };
      const memory = await rememberMap(call, process.env);
      const { group } = template;
      const taskMap = { id: memory.id, lines, group, jobs: options.jobs, taskOf: taskOf(template) };
      const outcome = await follow(taskMap, client, { ...options, begunAt: memory.begunAt }, signal);
      await memory.forget();
      if (options.json) console.log(JSON.stringify({ id: taskMap.id, ...outcome }));
      else for (const line of outcomeLines(outcome)) console.log(line);
      return outcome.failures.length === 0 ? exitCodes.ok : exitCodes.failure;
    },
    { whenOutputCloses: exitCodes.failure },
  );
}

function taskOf(template: NewTask): TaskMap["taskOf"] {
  // A function: in a text, `$&` of the line would be obeyed.
  return (line) => ({ ...template, argv: template.argv.map((argument) => argument.replaceAll(place, () => line)) });
}

async function follow(
  taskMap: TaskMap,
  client: YardClient,
  options: MapOptions & { begunAt?: Date },
  signal: AbortSignal,
): Promise<MapOutcome> {
  using bar = openProgressBar(process.stderr, { countText: String });
  const parts = followParts(options, signal);
  const say = (text: string): void => {
    bar.clear();
    notice(text);
  };
  try {
    return await mapLines(taskMap, client, {
      ...parts,
      notice: say,
      onBegin: (before) => say(beginText(taskMap, before, options.begunAt)),
      onProgress: ({ done, failed, total }) =>
        bar.show({ done, total, remark: failed > 0 ? `${failed} failed` : undefined }),
    });
  } catch (error) {
    if (signal.aborted) say(goesOnText(taskMap));
    throw error;
  }
}
