/** The files of a sandbox of an agent, behind the same interface as in the agent. */
import { constants, createReadStream, openSync } from "node:fs";
import type { Duplex } from "node:stream";
import { asStorageError } from "../platform/errors.ts";
import { writeAll } from "../platform/file-writing.ts";
import type { SandboxFiles } from "../sandboxes/sandbox.ts";
import { bytesOf, openReply } from "./byte-streams.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readCount, readJson } from "./exchange.ts";
import { type HeldFile, holdFile } from "./held-files.ts";
import { parseFileEntries, parseFileEntry, parseWritten } from "./replies.ts";
import { upload } from "./upload.ts";

/** A tree may be large: its list, and its removal, take a while. */
const treeTimeoutMs = 120_000;
const beginTimeoutMs = 20_000;

/** Of a file that is made: as `write` has it. */
const usualMode = 0o644;
const chunkBytes = 1024 * 1024;

/** @param path of the sandbox, see agent/protocol.ts */
export function createRemoteFiles(connection: AgentConnection, path: string): SandboxFiles {
  const call = createCalls(connection);
  const at = (way: string, query: Readonly<Record<string, string | number>>) => {
    const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    return `${path}/files${way}?${text.join("&")}`;
  };

  return {
    async stat(path) {
      return readJson(await call({ method: "GET", path: at("", { path }) }), parseFileEntry);
    },
    async list(path, { depth, maxEntries }) {
      const request = { method: "GET", path: at("/list", { path, depth, maxEntries }) } as const;
      return readJson(await call({ ...request, timeoutMs: treeTimeoutMs }), parseFileEntries);
    },
    async read(path) {
      const held = await holdFile(connection, at("/hold", { path }), { isWritten: false });
      if (held) return readHeld(held);
      const request = { method: "GET", path: at("/content", { path }), hasBody: false } as const;
      const reply = await openReply(connection, { ...request, timeoutMs: beginTimeoutMs });
      const content: Duplex = bytesOf(reply, connection.name);
      return { size: readCount(reply.headers, "file-size"), content };
    },
    async write(path, content, { mode } = {}) {
      const query: Record<string, string | number> = { path };
      if (mode !== undefined) query.mode = mode;
      const held = await holdFile(connection, at("/hold", { mode: usualMode, ...query }), { isWritten: true });
      if (held) return await writeHeld(held, content, path);
      const reply = await upload(connection, at("/content", query), content);
      return readJson(reply, parseWritten).bytes;
    },
    async makeDirectory(wanted) {
      const request = { method: "POST", path: `${path}/files/directory`, body: { path: wanted }, once: true } as const;
      return readJson(await call(request), parseFileEntry);
    },
    async move(from, to) {
      await call({ method: "POST", path: `${path}/files/move`, body: { from, to }, once: true });
    },
    async remove(path) {
      await call({ method: "DELETE", path: at("", { path }), timeoutMs: treeTimeoutMs });
    },
  };
}

/** Opened here, it needs the agent no more. */
async function readHeld(held: HeldFile): Promise<Awaited<ReturnType<SandboxFiles["read"]>>> {
  const fd = openSync(`/proc/self/fd/${held.fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  await held[Symbol.asyncDispose]();
  return { size: held.size, content: createReadStream("", { fd, highWaterMark: chunkBytes }) };
}

async function writeHeld(held: HeldFile, content: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  async function* whileHeld(): AsyncGenerator<Uint8Array, void> {
    for await (const part of content) {
      held.requireHeld();
      yield part;
    }
  }
  await using _file = held;
  try {
    return await writeAll(held.fd, whileHeld());
  } catch (error) {
    throw asStorageError(error, `${path} cannot be written`);
  }
}
