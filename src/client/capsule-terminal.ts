/** A terminal in a capsule, used from here. It belongs to the capsule: a lost connection or a yard that restarts does not end it, and whoever comes back
 *  by its tag finds the same one. */
import type { Readable, Writable } from "node:stream";
import { YardError } from "../platform/errors.ts";
import { type CapsuleCommand, commandToWire } from "./capsule-processes.ts";
import { stillRuns } from "./capsule-reattach.ts";
import { type CapsuleSocket, openCapsuleSocket } from "./capsule-socket.ts";
import type { YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { type JsonObject, numberField, textField } from "./json.ts";
import { createPatience, isLost, type PatienceParts } from "./patience.ts";
import { passInput } from "./terminal-input.ts";
import { writeTo } from "./write.ts";
import { brokenOff } from "./yard-socket.ts";

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** Where the person is. */
export interface Seat {
  readonly input: Readable;
  readonly output: Writable;
  /** A real terminal in raw mode: every key arrives, and its size may change. Otherwise the end of the input is told as Ctrl-D. */
  readonly isTerminal: boolean;
  size(): TerminalSize;
  onResize(listener: () => void): Disposable;
}

export interface TerminalParts extends PatienceParts {
  readonly connect: () => Promise<YardClient>;
  readonly seat: Seat;
  /** By this it is found again. */
  readonly onTag: (tag: string) => void;
}

/** What to begin with: a command, the usual shell without one; or a terminal that is there, by its tag. */
export type TerminalWanted = { readonly command: Partial<CapsuleCommand> } | { readonly tag: string };

/** @returns the exit code: -1, if a signal has ended it; undefined, if it has ended while nobody was connected
 *  @throws the signal's reason once that is aborted, what the yard refuses, or that it was away for too long. It goes on then. */
export async function useTerminal(
  first: YardClient,
  capsule: string,
  wanted: TerminalWanted,
  parts: TerminalParts,
): Promise<number | undefined> {
  const { seat, onTag } = parts;
  const stop = new AbortController();
  const signal = AbortSignal.any([parts.signal, stop.signal]);
  const patience = createPatience({ ...parts, signal, lost });
  using input = passInput(seat, { giveUp: () => stop.abort(new YardError("interrupted", "given up")) });
  let client: YardClient | undefined = first;
  let tag = "tag" in wanted ? wanted.tag : undefined;
  let wasThere = false;
  for (;;) {
    try {
      client ??= await parts.connect();
      const known = tag;
      if (wasThere && !(await stillRuns(client, capsule, (one) => one.tag === known, signal))) return undefined;
      using socket = await openCapsuleSocket(client, capsule, "pty", signal);
      await socket.send(firstFrame(wanted, tag, seat)).catch(() => {}); // who is refused at once is told why by the frames
      return await talk(socket, { ...parts, signal }, (started) => {
        tag = started;
        if (!wasThere) onTag(started);
        wasThere = true;
        patience.found();
        input.connect(socket);
      });
    } catch (error) {
      input.disconnect();
      signal.throwIfAborted();
      if (!wasThere || !isLost(error)) throw error;
      client = undefined;
      await patience.wait(error);
    }
  }
}

const lost = "lost the connection; the terminal goes on, and is waited for. Ctrl-C gives up.";

function firstFrame(wanted: TerminalWanted, tag: string | undefined, seat: Seat): object {
  if (tag !== undefined) return { type: "connect", tag };
  const { argv = [], ...rest } = "command" in wanted ? wanted.command : {};
  return { type: "start", ...commandToWire({ argv, ...rest }), ...seat.size() };
}

async function talk(
  socket: CapsuleSocket,
  { seat, signal, notice }: TerminalParts,
  onStart: (tag: string) => void,
): Promise<number> {
  const resize = (): void => void socket.send({ type: "resize", ...seat.size() }).catch(() => {}); // told by the frames
  using _resizes = seat.onResize(resize);
  let hasStarted = false;
  for await (const frame of socket.frames) {
    if (frame.type === "started") {
      hasStarted = true;
      onStart(textField(frame, "tag"));
      if (seat.isTerminal) resize(); // it may have changed since the terminal was last used
    } else if (frame.type === "output") {
      await writeTo(seat.output, Buffer.from(textField(frame, "data"), "base64"), signal);
    } else if (frame.type === "exit") {
      return numberField(frame, "exit_code");
    } else if (frame.type === "error") {
      if (frame.fatal !== true) notice(inert(textField(frame, "data")));
      else throw asError(frame, hasStarted);
    }
  }
  throw brokenOff();
}

function asError(frame: JsonObject, hasStarted: boolean): YardError {
  return new YardError(hasStarted ? "unavailable" : "precondition", inert(textField(frame, "data")));
}
