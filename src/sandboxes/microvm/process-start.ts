/** Asks the starter of a machine (inside/starter.ts) for a process, over a connection of its own to it. */
import { once } from "node:events";
import { PassThrough, type Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { YardError } from "../../platform/errors.ts";
import { type ByteReader, createByteReader } from "../container/byte-reader.ts";
import type { EngineExec } from "../container/engine-exec.ts";
import type { ProcessStart } from "../container/process-start.ts";

/** The kernel takes no more. @see execve(2) */
const mostHeadBytes = 2 * 1024 * 1024;

/** @throws {YardError} invalid */
export function startThrough(channel: ClientChannel, start: ProcessStart): EngineExec {
  channel.on("error", () => {}); // the streams end
  const head = headOf(start);
  if (head.length > mostHeadBytes) {
    channel.destroy();
    const message = `Arguments and environment are too long: together they may have ${mostHeadBytes} bytes.`;
    throw new YardError("invalid", message, { field: "argv" });
  }
  channel.write(head);
  const common = { input: channel, resize: async () => {}, release: () => void channel.destroy() };
  if (start.mode !== "separate") return { ...common, output: channel, errors: channel.stderr };
  const [output, errors] = [new PassThrough(), new PassThrough()];
  void takeApart(createByteReader(channel), { o: output, e: errors })
    .catch(() => {}) // it has broken off
    .finally(() => {
      output.end();
      errors.end();
    });
  return { ...common, output, errors };
}

function headOf({ traces, nonce, mode, hasInput, cwd, user, done, searched, argv, env }: ProcessStart): Buffer {
  const input = hasInput ? "open" : "none";
  const fields = [traces, nonce, mode, input, cwd, user, done.join(" "), searched, `${argv.length}`, ...argv, ...env];
  const bytes = Buffer.from(fields.join("\0"));
  return Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes]);
}

/** Pieces, each after its stream and its length. A stream whose reader is behind holds back both. */
async function takeApart(reader: ByteReader, streams: Readonly<Record<string, Writable>>): Promise<void> {
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
    const [name = "", length] = line.split(" ");
    const stream = streams[name];
    if (!stream) throw new Error(`the starter speaks of a stream ${name}`);
    for await (const bytes of reader.take(Number(length))) {
      if (!stream.write(bytes)) await once(stream, "drain");
    }
  }
}
