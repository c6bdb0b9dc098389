/** One run's output to its end, across restarts of the yard: what runs belongs to the host's agent, so a lost connection loses nothing, and
 *  the reader goes on where it was. */
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { YardClient } from "./http.ts";
import { followOutput, type RunId } from "./output.ts";
import { createPatience, isLost, type PatienceParts, retryMs } from "./patience.ts";
import { writeTo } from "./write.ts";

export interface FollowParts extends PatienceParts {
  /** Asked again after a lost connection: a restarted yard of this machine has another credential, perhaps another port. */
  readonly connect: () => Promise<YardClient>;
  readonly output: Writable;
}

/** A piece of output that also tells whether it is the last. */
interface LastLook {
  readonly bytes: Buffer;
  /** The run has ended, and nothing comes after these bytes. */
  readonly ended: boolean;
}

export interface FollowOptions<Look extends LastLook> {
  readonly position: number;
  readonly look: (client: YardClient, position: number) => Promise<Look>;
  /** The connection at hand, if there is one. */
  readonly client?: YardClient;
}

/** Copies the run's output from `position` on to `parts.output`. A stream also ends when the yard closes, so after each one `look` reads
 *  what is there from a position on; the look that finds the end is the result.
 *  @throws the signal's reason once that is aborted, else what the yard refuses */
export async function followRun<Look extends LastLook>(
  run: RunId,
  options: FollowOptions<Look>,
  parts: FollowParts,
): Promise<Look> {
  let client = options.client;
  const progress = { position: options.position };
  const patience = createPatience(parts);
  for (;;) {
    try {
      client ??= await parts.connect();
      await copyOutput(client, run, progress, parts);
      patience.found();
      const found = await options.look(client, progress.position);
      await write(found.bytes, progress, parts);
      if (found.ended) return found;
      if (found.bytes.length === 0) await sleep(retryMs, undefined, { signal: parts.signal });
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isLost(error)) throw error;
      client = undefined;
      await patience.wait(error);
    }
  }
}

interface Progress {
  position: number;
}

async function copyOutput(client: YardClient, run: RunId, progress: Progress, parts: FollowParts): Promise<void> {
  const { from, body } = await followOutput(client, run, { ...progress, signal: parts.signal });
  if (from > progress.position) {
    parts.notice(
      `${from - progress.position} bytes of output are missing here: the yard has dropped its oldest output`,
    );
    progress.position = from;
  }
  for await (const chunk of body as AsyncIterable<Buffer>) await write(chunk, progress, parts);
}

async function write(bytes: Buffer, progress: Progress, { output, signal }: FollowParts): Promise<void> {
  progress.position += bytes.length;
  await writeTo(output, bytes, signal);
}
