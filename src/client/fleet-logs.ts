/** What a container prints, line by line, across lost connections: each line has a time, by which whoever comes back reads on where it left off. */
import { isYardError, YardError } from "../platform/errors.ts";
import { containerSocketPath, inspectContainer } from "./fleet-containers.ts";
import type { Placed } from "./fleet-rows.ts";
import type { YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { asObject } from "./json.ts";
import { createPatience, isLost, type PatienceParts } from "./patience.ts";
import { brokenOff, openYardSocket } from "./yard-socket.ts";

export interface LogLine {
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly text: string;
}

export interface LogWanted {
  /** Lines of the past; `all` */
  readonly tail: string;
  /** Whether to go on for as long as the container runs. */
  readonly follow: boolean;
}

export interface LogParts extends PatienceParts {
  /** Asked again after a lost connection: a restarted yard of this machine has another credential, perhaps another port. */
  readonly connect: () => Promise<YardClient>;
  /** Resolves when there may be more. */
  readonly onLine: (line: LogLine) => Promise<void>;
}

/** @throws the signal's reason once that is aborted, what the yard refuses, or that it was away for too long */
export async function readContainerLog(
  first: YardClient,
  container: Placed,
  wanted: LogWanted,
  parts: LogParts,
): Promise<void> {
  const { signal } = parts;
  const patience = createPatience(parts);
  const place = createPlace();
  let client: YardClient | undefined = first;
  let wasThere = false;
  for (;;) {
    try {
      client ??= await parts.connect();
      const onOpen = (): void => {
        wasThere = true;
        patience.found();
      };
      const onLine = async (line: LogLine): Promise<void> => {
        if (place.isNew(line)) await parts.onLine(line);
      };
      await readOn(client, container, { ...wanted, ...place.since() }, { signal, onOpen, onLine });
      // A yard that stops ends it as a container's end does.
      if (!wanted.follow || !(await stillRuns(client, container))) return;
      await patience.wait(brokenOff());
    } catch (error) {
      signal.throwIfAborted();
      if (wasThere && isYardError(error, "not_found")) return; // it was removed
      if (!wasThere || !isLost(error)) throw error;
      client = undefined;
      await patience.wait(error);
    }
  }
}

const stamped = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z /;

async function readOn(
  client: YardClient,
  container: Placed,
  { tail, follow, since }: LogWanted & { readonly since?: string },
  { signal, onOpen, onLine }: Pick<LogParts, "signal" | "onLine"> & { readonly onOpen: () => void },
): Promise<void> {
  const path = containerSocketPath("logs", container, { tail, follow: follow ? "1" : "0", since });
  using socket = await openYardSocket(client, path, signal);
  onOpen();
  for await (const message of socket.messages) {
    const line = String(message);
    const stamp = stamped.exec(line)?.[0];
    if (stamp === undefined) throw new YardError("unavailable", inert(line.replace(/^error: /, "")));
    await onLine({ time: stamp.trimEnd(), text: line.slice(stamp.length) });
  }
  signal.throwIfAborted();
  if (!socket.hasClosedWell()) throw brokenOff();
}

/** Where the reader is. Lines may share a time: those of the last one that were read already are counted, and come again first. */
export function createPlace() {
  let last: string | undefined;
  let read = 0;
  let toSkip = 0;
  return {
    /** What to ask for, to read on from here. */
    since(): { tail?: string; since?: string } {
      toSkip = read;
      return last === undefined ? {} : { tail: "all", since: secondsOf(last) };
    },
    isNew({ time }: Pick<LogLine, "time">): boolean {
      if (time === last && toSkip > 0) {
        toSkip -= 1;
        return false;
      }
      [read, toSkip] = [time === last ? read + 1 : 1, 0];
      last = time;
      return true;
    },
  };
}

/** Exactly, which a number is not. */
function secondsOf(time: string): string {
  const [, whole = "", fraction = ""] = stamped.exec(`${time} `) ?? [];
  return `${Date.parse(`${whole}Z`) / 1_000}${fraction}`;
}

async function stillRuns(client: YardClient, container: Placed): Promise<boolean> {
  const { State } = await inspectContainer(client, container);
  return asObject(State, '"State"').Running === true;
}
