/** The engines of scripts, and what is kept of scripts. */
import { availableParallelism } from "node:os";
import { optional, withDefault } from "../setting.ts";
import * as values from "../values.ts";

export const scriptSettings = {
  "scripts.open": withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether programs on this machine may run scripts without a token",
  }),
  "scripts.heaps": withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether the memory that a script leaves is kept, to be resumed",
  }),
  "scripts.console": withDefault("inspect", {
    parse: values.choice(["inspect", "json"]),
    placeholder: "inspect|json",
    help: "how scripts print what is no text: as people read it, or as JSON",
  }),
  "scripts.engines": withDefault(() => String(availableParallelism()), {
    parse: values.wholeNumber({ min: 1, max: 256 }),
    placeholder: "number",
    help: "scripts that run at one time; default: one for each core",
  }),
  "scripts.max-waiting": withDefault("2000", {
    parse: values.wholeNumber({ min: 1, max: 100_000 }),
    placeholder: "number",
    help: "scripts that may wait or run; one team may have half of them",
  }),
  "scripts.max-memory": withDefault("256", {
    parse: values.wholeNumber({ min: 8, max: 2_048 }),
    placeholder: "MiB",
    help: "most memory that a script may ask for",
  }),
  "scripts.max-output": withDefault("4", {
    parse: values.wholeNumber({ min: 1, max: 64 }),
    placeholder: "MiB",
    help: "most that a script may print",
  }),
  "scripts.max-files": withDefault("1024", {
    parse: values.wholeNumber({ min: 1, max: 1_048_576 }),
    placeholder: "MiB",
    help: "most that the files mounted in a script may take",
  }),
  "scripts.policy": optional({
    parse: values.path,
    placeholder: "file",
    help: "what scripts may reach beyond their files (YAML); without one, nothing",
  }),
  "scripts.heap-cache": withDefault("64", {
    parse: values.wholeNumber({ min: 0, max: 65_536 }),
    placeholder: "MiB",
    help: "memory for the heaps that were used last",
  }),
  "scripts.heap-keep": withDefault("30", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that a heap which nothing names any more is kept after it was last used",
  }),
  "scripts.session-keep": withDefault("365", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that a session is kept after its last run",
  }),
  "scripts.keep-executions": withDefault("10000", {
    parse: values.wholeNumber({ min: 1, max: 1_000_000 }),
    placeholder: "number",
    help: "newest executions that are kept of each team",
  }),
  "scripts.keep-days": withDefault("30", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that an execution is kept",
  }),
} as const;
