/** How the yard runs on its machine. */
import { availableParallelism } from "node:os";
import { logLevels } from "../../platform/log.ts";
import { optional, withDefault } from "../setting.ts";
import * as values from "../values.ts";

export const runningSettings = {
  log: withDefault("info", {
    parse: values.choice(logLevels),
    placeholder: "level",
    help: `least level to log: ${logLevels.join(", ")}`,
  }),
  "stop-host": withDefault("false", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether SIGTERM also stops the local agent and all it runs (Ctrl-C always does)",
  }),
  examples: withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether a new yard begins with the example apps ping, pyexec, pytask and nodetask",
  }),
  "orphan-after": withDefault("never", {
    parse: values.durationOrNever,
    placeholder: "duration|never",
    help: "how long the local agent keeps running things while no yard is there",
  }),
  "docker-socket": optional({
    parse: values.path,
    placeholder: "file",
    help: "socket of this machine's Docker engine, for the sandbox driver container (default: where engines usually listen)",
  }),
  "shutdown-grace": withDefault("30s", {
    parse: values.duration,
    placeholder: "duration",
    help: "how long requests under way may still take when the yard stops",
  }),
  "worker-slots": withDefault(() => String(availableParallelism()), {
    parse: values.wholeNumber({ min: 0, max: 256 }),
    placeholder: "number",
    help: "tasks of the administrator's team that the yard itself runs at one time; 0: none; default: one for each core",
  }),
} as const;
