/** A command in a capsule from start to exit, with its output as it is printed, across restarts of the yard: what runs belongs to the capsule's host, and
 *  who comes back hears on where it left off. */
import type { Writable } from "node:stream";
import { isYardError, YardError } from "../platform/errors.ts";
import { type CapsuleCommand, commandToWire } from "./capsule-processes.ts";
import { stillRuns } from "./capsule-reattach.ts";
import { type CapsuleSocket, openCapsuleSocket } from "./capsule-socket.ts";
import type { YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { numberField, textField } from "./json.ts";
import { createPatience, isLost, type PatienceParts } from "./patience.ts";
import { writeTo } from "./write.ts";
import { brokenOff } from "./yard-socket.ts";

export interface ExecParts extends PatienceParts {
  /** Asked again after a lost connection: a restarted yard of this machine has another credential, perhaps another port. */
  readonly connect: () => Promise<YardClient>;
  readonly output: Writable;
  readonly errors: Writable;
  /** It has a pid from now on. */
  readonly onStart?: (pid: number) => void;
}

/** @returns its exit code: -1, if a signal has ended it; undefined, if it has ended while nobody was connected
 *  @throws the signal's reason once that is aborted, what the yard refuses, or that it was away for too long. It goes on then. */
export function execInCapsule(
  first: YardClient,
  capsule: string,
  command: CapsuleCommand,
  parts: ExecParts,
): Promise<number | undefined> {
  return follow(first, capsule, { command }, parts);
}

/** What a process prints from now on, until it ends. Otherwise as `execInCapsule`. */
export function followProcess(
  first: YardClient,
  capsule: string,
  pid: number,
  parts: ExecParts,
): Promise<number | undefined> {
  return follow(first, capsule, { pid }, parts);
}

type Wanted = { readonly command: CapsuleCommand } | { readonly pid: number };

async function follow(
  first: YardClient,
  capsule: string,
  wanted: Wanted,
  parts: ExecParts,
): Promise<number | undefined> {
  const { signal } = parts;
  const patience = createPatience(parts);
  let client: YardClient | undefined = first;
  let pid = "pid" in wanted ? wanted.pid : undefined;
  for (;;) {
    let wasSeen = false;
    try {
      client ??= await parts.connect();
      const known = pid;
      if (known !== undefined && !(await stillRuns(client, capsule, (one) => one.pid === known, signal)))
        return undefined;
      wasSeen = known !== undefined;
      using socket = await openStream(client, capsule, known === undefined ? wanted : { pid: known }, signal);
      return await listen(socket, parts, (started) => {
        if (pid === undefined) parts.onStart?.(started);
        pid = started;
        patience.found();
      });
    } catch (error) {
      signal.throwIfAborted();
      if (wasSeen && isYardError(error, "not_found")) return undefined; // it has ended since it was looked for
      // Nobody has said that it has started, and it may all the same: it is not started a second time.
      if (pid === undefined || !isLost(error)) throw error;
      client = undefined;
      await patience.wait(error);
    }
  }
}

async function openStream(
  client: YardClient,
  capsule: string,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<CapsuleSocket> {
  if ("pid" in wanted)
    return openCapsuleSocket(client, capsule, `processes/${wanted.pid}/stream?encoding=base64`, signal);
  const socket = await openCapsuleSocket(client, capsule, "exec/stream", signal);
  const start = { type: "start", ...commandToWire(wanted.command), encoding: "base64" };
  await socket.send(start).catch(() => {}); // who is refused at once is told why by the frames
  return socket;
}

async function listen(
  socket: CapsuleSocket,
  { output, errors, signal }: ExecParts,
  onStart: (pid: number) => void,
): Promise<number> {
  let hasStarted = false;
  for await (const frame of socket.frames) {
    if (frame.type === "start") {
      hasStarted = true;
      onStart(numberField(frame, "pid"));
    } else if (frame.type === "stdout" || frame.type === "stderr") {
      const bytes = Buffer.from(textField(frame, "data"), "base64");
      await writeTo(frame.type === "stdout" ? output : errors, bytes, signal);
    } else if (frame.type === "exit") {
      return numberField(frame, "exit_code");
    } else if (frame.type === "error") {
      throw new YardError(hasStarted ? "unavailable" : "precondition", inert(textField(frame, "data")));
    }
  }
  throw brokenOff();
}
