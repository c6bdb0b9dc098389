/** One command on a yard from start to exit, across restarts of the yard. */
import { isYardError, YardError } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";
import { removeApp } from "./apps.ts";
import { type FollowParts, followRun } from "./follow-run.ts";
import type { YardClient } from "./http.ts";
import type { RunId } from "./output.ts";
import { type RunDefinition, readRunOutput, startRun } from "./runs.ts";

/** Without a name the run gets one of its own. */
export type RemoteRunDefinition = Omit<RunDefinition, "name"> & { readonly name?: string };

/** The exit code; undefined when nobody can know it. `parts.signal` is aborted when the run is to be stopped. The temporary app is removed in
 *  any case, so what still runs is stopped.
 *  @throws the signal's reason once that is aborted, else {YardError} */
export async function runRemotely(definition: RemoteRunDefinition, parts: FollowParts): Promise<number | undefined> {
  const client = await parts.connect();
  const run = await start(client, definition); // an abort waits for the answer: only that names what to remove
  try {
    const look = (at: YardClient, position: number) => readRunOutput(at, run, { position, signal: parts.signal });
    return (await followRun(run, { position: 0, look, client }, parts)).exitCode;
  } catch (error) {
    if (parts.signal.aborted || !isYardError(error, "not_found")) throw error;
    throw new YardError("interrupted", `${run.name} was removed while it ran: its exit code is unknown.`);
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

async function remove(name: string, parts: FollowParts): Promise<void> {
  try {
    await removeApp(await parts.connect(), name);
  } catch (error) {
    parts.notice(`could not remove ${name} from the yard: ${error instanceof Error ? error.message : error}`);
  }
}
