/** What one execution may reach beyond its own memory. What is not named here, no script can call. */
import { isYardError } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import { createSlots } from "../../platform/slots.ts";
import type { WorkingTree } from "../../snapshots/working-tree.ts";
import type { Answer, Capabilities } from "../engine/engine-calls.ts";
import type { ModuleCache } from "../modules/module-cache.ts";
import { createModuleImports } from "../modules/module-imports.ts";
import { CallError } from "./call-error.ts";
import { createCommandCalls } from "./commands/command-calls.ts";
import type { RunOnHost } from "./commands/run-on-host.ts";
import { createFetch, type Resolve } from "./fetch.ts";
import { callFile } from "./file-calls.ts";
import { createMcpCalls } from "./mcp/mcp-calls.ts";
import type { Policy } from "./policy.ts";

export interface Grants {
  /** Absent: no `fs`. */
  readonly files?: WorkingTree;
  /** Asked at each call, so that what is taken away is gone at once. Which names there are is decided at the beginning. */
  policy(): Policy;
  readonly reach?: Reach;
  /** The largest answer that the script could hold, in bytes. */
  readonly maxAnswerBytes: number;
  readonly resolve?: Resolve;
  readonly log: Log;
}

/** What the policy can grant beside the network, where there is such a thing. */
export interface Reach {
  readonly modules?: ModuleCache;
  readonly runOnHost?: RunOnHost;
}

/** Of one script. What is fetched is held in memory until it has been sent. */
const atOnce = { fetch: 6, import: 6, subprocess: 2, mcp: 6 };

type Ask = (operation: string, args: unknown, content: Uint8Array, signal: AbortSignal) => Promise<Answer>;

export function createCapabilities(grants: Grants): Capabilities {
  const { files, policy, log } = grants;
  const granted = grantedBy(grants);
  // In the order of the calls; and the content of one file at a time.
  const fileTurn = createSlots(1);
  if (files !== undefined)
    granted.set("fs", (operation, args, content, signal) =>
      untilSent(fileTurn, signal, () => callFile(files, operation, args, content, signal)),
    );
  const servers = policy().mcp?.servers.map(({ name }) => `mcp:${name}`) ?? [];
  const names = [...granted.keys(), ...servers];

  function answerOf(name: string, args: unknown, content: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const [, capability = "", operation = ""] = /^(\w+)(?:\.(\w+))?$/.exec(name) ?? [];
    const ask = granted.get(capability);
    if (ask === undefined) throw new CallError(`${name} is not allowed.`);
    return ask(operation, args, content, signal);
  }

  return {
    names,
    async call(name, args, content, signal) {
      try {
        return await answerOf(name, args, content, signal);
      } catch (error) {
        throw tellable(name, error, signal, log);
      }
    },
  };
}

/** What the policy grants now, by the name of the capability. */
function grantedBy({ policy, reach = {}, maxAnswerBytes, resolve, log }: Grants): Map<string, Ask> {
  const granted = new Map<string, Ask>();
  const now = policy();
  const grant = (name: keyof typeof atOnce, ask: Ask): void => {
    const slot = createSlots(atOnce[name]);
    granted.set(name, (operation, args, content, signal) =>
      untilSent(slot, signal, () => ask(operation, args, content, signal)),
    );
  };
  if (now.fetch) {
    const fetch = createFetch({ policy: () => policy().fetch, maxResponseBytes: maxAnswerBytes, resolve });
    grant("fetch", (_, args, content, signal) => fetch(args, content, signal));
  }
  if (now.modules && reach.modules) {
    const parts = { cache: reach.modules, maxModuleBytes: maxAnswerBytes, resolve, log };
    const load = createModuleImports({ policy: () => policy().modules, ...parts });
    grant("import", (_, args, __, signal) => load(args, signal));
  }
  if (now.subprocess && reach.runOnHost) {
    const run = createCommandCalls({ policy: () => policy().subprocess, run: reach.runOnHost, maxAnswerBytes });
    grant("subprocess", (operation, args, _, signal) => run(operation, args, signal));
  }
  if (now.mcp) {
    const call = createMcpCalls({ policy: () => policy().mcp, maxAnswerBytes, resolve });
    grant("mcp", (operation, args, _, signal) => call(operation, args, signal));
  }
  return granted;
}

/** Keeps the place until the answer has left this process: a script that asks faster than it listens is not to fill our memory. */
function untilSent(
  inPlace: (work: () => Promise<void>) => Promise<void>,
  signal: AbortSignal,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  void inPlace(async () => {
    const sent = Promise.withResolvers<void>();
    try {
      signal.throwIfAborted();
      resolve({ ...(await work()), [Symbol.dispose]: sent.resolve });
      await sent.promise;
    } catch (error) {
      reject(error);
    }
  });
  return promise;
}

/** What the script hears. Of what is wrong with the server itself, its log does. */
function tellable(name: string, error: unknown, signal: AbortSignal, log: Log): CallError {
  if (error instanceof CallError) return error;
  if (isYardError(error) && error.code !== "internal")
    return new CallError(`${name}: ${error.message}`, { cause: error });
  if (!signal.aborted) log.error({ err: error, name }, "a call of a script has failed");
  return new CallError(`${name}: it has failed; the server's log says why`, { cause: error });
}
