/** One command on a yard from start to exit, across restarts of the yard: what runs belongs to the host's agent, so a lost connection
 *  loses nothing, and the reader goes on where it was. */
import { once } from "node:events";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, isYardError, YardError } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";
import type { YardClient } from "./http.ts";
import { followOutput, type RunDefinition, type RunId, readOutput, removeApp, startRun } from "./runs.ts";

/** Without a name the run gets one of its own. */
export type RemoteRunDefinition = Omit<RunDefinition, "name"> & { readonly name?: string };

export interface RemoteRunParts {
  /** Asked again after a lost connection: a restarted yard of this machine has another credential, perhaps another port. */
  readonly connect: () => Promise<YardClient>;
  readonly output: Writable;
  /** Tells the person who waits what happens besides the output. */
  readonly notice: (text: string) => void;
  /** Aborted when the run is to be stopped. */
  readonly signal: AbortSignal;
  /** How long a yard may stay away. */
  readonly patienceMs: number;
}

const retryMs = 500;

/** The exit code; undefined when nobody can know it. The temporary app is removed in any case, so what still runs is stopped.
 *  @throws the signal's reason once that is aborted, else {YardError} */
export async function runRemotely(definition: RemoteRunDefinition, parts: RemoteRunParts): Promise<number | undefined> {
  const client = await parts.connect();
  const run = await start(client, definition); // an abort waits for the answer: only that names what to remove
  try {
    return await followToEnd(client, run, parts);
  } finally {
    await remove(run.name, parts);
  }
}

async function start(client: YardClient, definition: RemoteRunDefinition): Promise<RunId> {
  const name = definition.name ?? `run-${randomText(8)}`;
  try {
    return await startRun(client, { ...definition, name });
  } catch (error) {
    // Nobody confirmed the start, and it may run all the same. A name of our own is surely no one else's app.
    const refused = isYardError(error) && error.code !== "unavailable";
    if (definition.name === undefined && !refused) await removeApp(client, name).catch(() => undefined);
    throw error;
  }
}

async function followToEnd(first: YardClient, run: RunId, parts: RemoteRunParts): Promise<number | undefined> {
  let client: YardClient | undefined = first;
  const progress = { position: 0 };
  const patience = createPatience(parts);
  for (;;) {
    try {
      client ??= await parts.connect();
      await copyOutput(client, run, progress, parts);
      patience.found();
      // The stream also ends when the yard closes: only a page that says so is the end.
      const page = await readOutput(client, run, { ...progress, signal: parts.signal });
      await write(page.bytes, progress, parts);
      if (page.ended) return page.exitCode;
      if (page.bytes.length === 0) await sleep(retryMs, undefined, { signal: parts.signal });
    } catch (error) {
      parts.signal.throwIfAborted();
      if (isYardError(error, "not_found"))
        throw new YardError("interrupted", `${run.name} was removed while it ran: its exit code is unknown.`);
      if (!isLost(error)) throw error;
      client = undefined;
      await patience.wait(error);
    }
  }
}

async function copyOutput(
  client: YardClient,
  run: RunId,
  progress: { position: number },
  parts: RemoteRunParts,
): Promise<void> {
  const { from, body } = await followOutput(client, run, { ...progress, signal: parts.signal });
  if (from > progress.position) {
    parts.notice(
      `${from - progress.position} bytes of output are missing here: the yard has dropped its oldest output`,
    );
    progress.position = from;
  }
  for await (const chunk of body as AsyncIterable<Buffer>) await write(chunk, progress, parts);
}

async function write(bytes: Buffer, progress: { position: number }, { output, signal }: RemoteRunParts): Promise<void> {
  progress.position += bytes.length;
  if (!output.write(bytes)) await once(output, "drain", { signal });
}

async function remove(name: string, parts: RemoteRunParts): Promise<void> {
  try {
    await removeApp(await parts.connect(), name);
  } catch (error) {
    parts.notice(`could not remove ${name} from the yard: ${error instanceof Error ? error.message : error}`);
  }
}

/** How long to wait between tries for a yard that is away, and when to give up. */
function createPatience({ patienceMs, notice, signal }: RemoteRunParts): {
  found(): void;
  wait(error: unknown): Promise<void>;
} {
  let lostAt: number | undefined;
  return {
    found() {
      if (lostAt !== undefined) notice("the yard is back");
      lostAt = undefined;
    },
    async wait(error) {
      if (lostAt === undefined)
        notice("lost the connection to the yard; waiting for it to come back, the command runs on");
      lostAt ??= performance.now();
      if (performance.now() - lostAt > patienceMs) throw error;
      await sleep(retryMs, undefined, { signal });
    },
  };
}

/** Whether the yard may be there again in a moment. While it restarts, the credential of its last life is unknown, too. */
function isLost(error: unknown): boolean {
  if (isYardError(error)) return error.code === "unavailable" || error.code === "unauthenticated";
  return ["ECONNRESET", "EPIPE", "ECONNREFUSED", "ERR_STREAM_PREMATURE_CLOSE"].includes(errnoOf(error) ?? "");
}
