/** Tools for the rest of the yard: its apps, and commands on its host. They need a user's token. */
import { Type } from "typebox";
import type { App, AppDefinition } from "../../../apps/app.ts";
import type { Apps } from "../../../apps/apps.ts";
import type { Principal } from "../../../identity/principal.ts";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { Asker } from "../askers.ts";
import { argumentsOf, defineTool, maybe, Tags, type Tool } from "../tool.ts";

type Parts = { readonly apps: Pick<Apps, "list" | "runSync"> };

const usualTimeoutSeconds = 60;
const longestTimeoutSeconds = 600;
/** What a model can make something of; the rest is left out. */
const mostOutputBytes = 64 * 1024;

export function appTools(parts: Parts, trail: Trail): readonly Tool[] {
  return [listTool(parts), runTool(parts, trail)];
}

function listTool({ apps }: Parts): Tool {
  return defineTool({
    name: "list_apps",
    title: "List apps",
    description: "The apps of this yard that you may see, and how they are.",
    needs: "apps.list",
    reads: true,
    input: argumentsOf({}),
    output: Type.Object({
      apps: Type.Array(
        Type.Object({
          name: Type.String(),
          command: Type.String(),
          description: Type.Optional(Type.String()),
          owner: Type.Union([Type.String(), Type.Null()]),
          enabled: Type.Boolean(),
          healthy: Type.Boolean(),
          starts: Type.Integer(),
          pid: Type.Optional(Type.Integer({ description: "While it runs" })),
          last_error: Type.Optional(Type.String()),
        }),
      ),
    }),
    run: async (_given, asker) => ({ apps: (await apps.list(userOf(asker))).map(appToWire) }),
  });
}

function appToWire({ name, definition, ownerName, enabled, runtime }: App) {
  const [run] = runtime.runs;
  return {
    name,
    command: definition.command,
    description: definition.description,
    owner: ownerName,
    enabled,
    healthy: runtime.healthy,
    starts: runtime.starts,
    pid: run?.exit === undefined ? run?.pid : undefined,
    last_error: runtime.lastError?.message,
  };
}

function runTool({ apps }: Parts, trail: Trail): Tool {
  return defineTool({
    name: "run_command",
    title: "Run a command",
    description:
      "Runs a program on the yard's host, waits for its end, and answers with exit code and output. No shell reads the arguments: run one for that, as in ['sh', '-c', '…'].",
    needs: "apps.run-sync",
    destroys: true,
    input: argumentsOf({
      command: Type.Array(Type.String(), { minItems: 1, description: "Program and arguments" }),
      working_directory: maybe(Type.String()),
      env: maybe(Tags),
      timeout_secs: maybe(
        Type.Integer({ minimum: 1, maximum: longestTimeoutSeconds, description: `Else ${usualTimeoutSeconds}` }),
      ),
    }),
    output: Type.Object({
      exit_code: Type.Union([Type.Integer(), Type.Null()], { description: "Null if a signal has ended it" }),
      signal: Type.Union([Type.String(), Type.Null()]),
      timed_out: Type.Boolean(),
      output: Type.String({ description: "Standard output and error, as they came" }),
      truncated: Type.Boolean({ description: `Whether there was more than ${mostOutputBytes} bytes` }),
    }),
    async run({ command, working_directory, env, timeout_secs }, asker) {
      const definition = definitionOf(command, working_directory ?? undefined, env ?? {});
      const timeoutMs = (timeout_secs ?? usualTimeoutSeconds) * 1_000;
      const ended = await audited(asker, trail, command[0] ?? "", () =>
        apps.runSync(userOf(asker), { definition }, { timeoutMs }),
      );
      if (ended.exit.code === null && ended.exit.signal === null)
        throw new YardError("interrupted", "The host's agent was away when the command ended: its exit is unknown.");
      return {
        exit_code: ended.exit.code,
        signal: ended.exit.signal,
        timed_out: ended.run.stopCause === "timeout",
        output: ended.output.subarray(0, mostOutputBytes).toString(),
        truncated: ended.next > mostOutputBytes,
      };
    },
  });
}

function definitionOf(
  argv: readonly string[],
  workingDirectory: string | undefined,
  env: Readonly<Record<string, string>>,
): AppDefinition {
  return {
    ...{ argv, command: argv.join(" "), workingDirectory, env, secretEnv: {} },
    ...{ shell: false, sessionLogin: false, keepOutputs: 0 },
    exit: { action: "standby", byCode: {} },
  };
}

/** A command is on the audit trail from the moment it is admitted: what it does to the yard cannot keep it off. */
async function audited<T>(asker: Asker, trail: Trail, target: string, work: () => Promise<T>): Promise<T> {
  const { caller, request } = asker;
  await trail.intend(request, caller.actor, { action: "app.run", target, outcome: "done" });
  try {
    return await work();
  } catch (error) {
    const outcome = isYardError(error, "forbidden") ? "denied" : "failed";
    await trail.record(request, caller.actor, { action: "app.run", target, outcome });
    throw error;
  }
}

/** @throws {YardError} unauthenticated */
function userOf({ caller }: Asker): Principal {
  if (caller.principal === undefined) throw new YardError("unauthenticated", "This tool needs a user's token.");
  return caller.principal;
}
