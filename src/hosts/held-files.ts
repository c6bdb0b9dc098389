/** Files of sandboxes of this machine's agent. It says which descriptor of its own is the file, as it has resolved the path, and that is opened here once more: so
 *  a gigabyte crosses no process but this one, and small answers do not wait behind it. */
import { close, constants, fstatSync, openSync } from "node:fs";
import { promisify } from "node:util";
import { isYardError } from "../platform/errors.ts";
import { bytesOf, openReply } from "./byte-streams.ts";
import type { AgentConnection } from "./connection.ts";
import { readCount } from "./exchange.ts";

export interface HeldFile extends AsyncDisposable {
  readonly fd: number;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** @throws {YardError} interrupted, once the agent holds it no more: it may be part of something that must not change */
  requireHeld(): void;
}

const holdTimeoutMs = 20_000;
const closeFile = promisify(close);

/** Until it is disposed of, it is in use for the agent.
 *  @param path of the request, see agent/protocol.ts
 *  @returns undefined, where the agent is on another machine, or cannot: the bytes go through the connection then
 *  @throws {YardError} as the agent answered */
export async function holdFile(
  connection: AgentConnection,
  path: string,
  { isWritten }: { isWritten: boolean },
): Promise<HeldFile | undefined> {
  if (!connection.isLocal) return undefined;
  const request = { method: "POST", path, hasBody: true, timeoutMs: holdTimeoutMs } as const;
  const reply = await openReply(connection, request).catch((error: unknown) => {
    if (cannotHold(error)) return undefined;
    throw error;
  });
  if (!reply) return undefined;
  const { headers } = reply;
  const held = bytesOf(reply, connection.name);
  let failure: Error | undefined;
  held.on("error", (error) => {
    failure = error;
  });
  const over = new Promise<void>((resolve) => held.once("close", resolve));
  const letGo = () => {
    held.end();
    held.resume();
    return over;
  };
  const descriptor = `/proc/${connection.info?.pid}/fd/${readCount(headers, "held-fd")}`;
  const fd = openIfSame(descriptor, { isWritten, file: String(headers["held-file"]) });
  if (fd === undefined) {
    await letGo();
    return undefined;
  }
  return {
    fd,
    size: readCount(headers, "file-size"),
    requireHeld() {
      if (failure) throw failure;
    },
    async [Symbol.asyncDispose]() {
      await closeFile(fd); // before the agent's: then nobody has it open any more, and a program can be run
      await letGo();
    },
  };
}

/** It is of an earlier version, or the driver is one whose files are not on this machine. */
function cannotHold(error: unknown): boolean {
  return isYardError(error, "precondition") || (isYardError(error, "not_found") && error.field === undefined);
}

/** The agent may see other processes under its numbers, or have been replaced just now. */
function openIfSame(path: string, { isWritten, file }: { isWritten: boolean; file: string }): number | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, (isWritten ? constants.O_RDWR : constants.O_RDONLY) | constants.O_NONBLOCK);
    const { dev, ino } = fstatSync(fd);
    if (`${dev}:${ino}` === file) return fd;
  } catch {
    // No right to, or it is gone.
  }
  if (fd !== undefined) close(fd, () => {});
  return undefined;
}
