/** `run_js`: runs a script. */
import { type Static, Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { Execution } from "../../../scripts/execution.ts";
import type { Scripts } from "../../../scripts/scripts.ts";
import type { Asker } from "../askers.ts";
import type { ScriptWords } from "../parts.ts";
import { argumentsOf, defineTool, maybe, Tags, type Tool } from "../tool.ts";

export interface RunJsParts {
  readonly scripts: Scripts;
  readonly words: Pick<ScriptWords, "submissionFromWire">;
  readonly trail: Trail;
  readonly keepHeaps: boolean;
}

/** No script runs longer; it may wait for an engine before. */
const longestWaitMs = 330_000;

const script = {
  code: maybe(Type.String({ description: "JavaScript or TypeScript: a module, with top-level await" })),
  file: maybe(Type.String({ description: "In place of code: a file of the server. Disabled here" })),
  heap_memory_max_mb: maybe(Type.Integer({ minimum: 0, description: "Memory for it, in MiB; at least 8" })),
  execution_timeout_secs: maybe(Type.Integer({ minimum: 0, description: "Time for it, 1 to 300 seconds; else 30" })),
};
const files = {
  fs: maybe(Type.String({ description: "Files to mount: a label, or the id of a snapshot" })),
};
const memory = {
  heap: maybe(Type.String({ description: "The saved memory to resume: `heap` of an earlier execution" })),
  tags: maybe(Tags),
};

const Input = argumentsOf(script);
const InputWithFiles = argumentsOf({ ...script, ...files });
const InputWithAll = argumentsOf({ ...script, ...files, ...memory });

const about = { name: "run_js", title: "Run JavaScript", needs: "scripts.run" } as const;

/** Answers with the id at once. */
export function runJsTool(parts: RunJsParts): Tool {
  return defineTool({
    ...about,
    description: parts.keepHeaps
      ? "Runs JavaScript or TypeScript and answers at once with its execution_id; ask get_execution for its end, and get_execution_output for what it prints. What it leaves on globalThis is saved: give the heap of one execution to the next to go on with it, or connect with a session name to always go on."
      : "Runs JavaScript or TypeScript and answers at once with its execution_id; ask get_execution for its end, and get_execution_output for what it prints.",
    input: parts.keepHeaps ? InputWithAll : InputWithFiles,
    output: Type.Object({ execution_id: Type.String({ description: "Or `error: ` and why it was not accepted" }) }),
    async run(given, asker) {
      try {
        return { execution_id: await submit(parts, given, asker) };
      } catch (error) {
        if (!isYardError(error) || error.code === "internal") throw error;
        return { execution_id: `error: ${error.message}` };
      }
    },
    asTask: {
      begin: (given, asker) => submit(parts, given, asker),
      async outcome(id, { caller, signal }) {
        await parts.scripts.ended(caller.teamId, id, { timeoutMs: longestWaitMs, signal });
        return { execution_id: id };
      },
    },
  });
}

/** Waits for the end, and answers with what was printed. */
export function runJsAndWaitTool(parts: RunJsParts): Tool {
  return defineTool({
    ...about,
    description:
      "Runs JavaScript or TypeScript, waits for its end, and answers with what it printed. Each run begins with a fresh memory: print what you want to know.",
    input: Input,
    output: Type.Object({
      output: Type.String({ description: "What it printed" }),
      result: Type.Optional(Type.String({ description: "JSON of its last expression, if it has one" })),
      error: Type.Optional(Type.String()),
    }),
    async run(given, asker) {
      const id = await submit(parts, given, asker);
      return tell(await endOf(parts.scripts, id, asker), parts, asker);
    },
    asTask: {
      begin: (given, asker) => submit(parts, given, asker),
      async outcome(id, asker) {
        const { caller, signal } = asker;
        return tell(await parts.scripts.ended(caller.teamId, id, { timeoutMs: longestWaitMs, signal }), parts, asker);
      },
    },
  });
}

type Given = Static<typeof Input> & Partial<Static<typeof InputWithAll>>;

async function submit({ scripts, words, trail }: RunJsParts, given: Given, asker: Asker): Promise<string> {
  const { caller, request, session } = asker;
  const { file, code, ...rest } = given;
  const id = await scripts.submit(
    caller.teamId,
    words.submissionFromWire({ ...rest, code: sourceOf(code, file), session }),
  );
  trail.recordSoon(request, caller.actor, { action: "script.run", target: id, outcome: "done" });
  return id;
}

function sourceOf(code: string | null | undefined, file: string | null | undefined): string {
  if (code != null && file != null) throw new YardError("invalid", "Give either code or file, not both.");
  if (file != null) throw new YardError("invalid", "Reading scripts from files of the server is disabled: give code.");
  if (code == null) throw new YardError("invalid", "Give the script as code.");
  return code;
}

/** Of a script that nobody waits for any longer, nobody will ever learn the id: it is ended. */
async function endOf(scripts: Scripts, id: string, { caller: { teamId }, signal }: Asker): Promise<Execution> {
  const execution = await scripts.ended(teamId, id, { timeoutMs: longestWaitMs, signal });
  if (execution.status !== "running") return execution;
  await scripts.cancel(teamId, id).catch((error: unknown) => {
    if (!isYardError(error, "conflict")) throw error; // it has just ended
  });
  return await scripts.get(teamId, id);
}

async function tell({ id, status, result, error }: Execution, { scripts }: RunJsParts, { caller }: Asker) {
  const page = { unit: "lines", offset: 0, limit: Number.MAX_SAFE_INTEGER } as const;
  return {
    output: (await scripts.output(caller.teamId, id, page)).text,
    result: result ?? undefined,
    error: status === "completed" ? undefined : (error ?? `The script is ${status}.`),
  };
}
