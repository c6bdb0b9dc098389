/** The bytes of a file on their way: in the attendant's own stream, or, where there are many and a quicker way is open, by that. */
import { Readable } from "node:stream";
import { YardError } from "../../platform/errors.ts";
import type { SandboxFiles } from "../sandbox.ts";
import type { Conversation } from "./attendant.ts";
import { type FileTransfers, type OpenTransfer, Unwritten } from "./file-transfers.ts";

type Content = Awaited<ReturnType<SandboxFiles["read"]>>;

interface Way {
  readonly path: string;
  readonly transfers: FileTransfers | undefined;
}

const pieceBytes = 1024 * 1024;
/** Below it the quicker way's own requests take longer than they save. */
const leastTransferBytes = 256 * 1024;

/** Answers to `read_file`. Resolves when the reader has all. @throws {YardError} interrupted */
export async function receiveContent(
  conversation: Conversation,
  { path, transfers, give }: Way & { give: (content: Content) => void },
): Promise<void> {
  const [size = 0, pid] = conversation.answer.split(" ").map(Number);
  // Not the generator's: one whose reader leaves at once never begins, and would not end it.
  await using transfer =
    pid !== undefined && size >= leastTransferBytes ? await transfers?.open({ pid, fd: 5 }, "read") : undefined;
  if (pid !== undefined && !transfer) await conversation.write(Buffer.from("wanted\n"));
  const bytes = transfer ? taken(conversation, transfer, size, path) : sent(conversation, size, path);
  const stream = Readable.from(bytes, { objectMode: false, highWaterMark: pieceBytes });
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  give({ size, content: stream });
  await closed;
  if (!stream.readableEnded) throw new YardError("interrupted", `The reading of ${path} was given up.`);
}

async function* sent({ reader }: Conversation, size: number, path: string): AsyncGenerator<Buffer> {
  yield* reader.take(size);
  if (Number(await reader.line()) !== size) throw cutOff(path);
}

async function* taken(
  conversation: Conversation,
  transfer: OpenTransfer,
  size: number,
  path: string,
): AsyncGenerator<Buffer> {
  let left = size;
  for await (const bytes of transfer.read(size)) {
    left -= bytes.length;
    yield bytes;
  }
  await conversation.write(Buffer.from("taken\n"));
  await conversation.confirm();
  if (left > 0) throw cutOff(path);
}

const cutOff = (path: string) => new YardError("interrupted", `${path} was cut off while it was read.`);

/** Answers to `write_file`. @returns how many bytes   @throws {Refusal} what the system says inside */
export async function sendContent(
  conversation: Conversation,
  content: AsyncIterable<Uint8Array>,
  { path, transfers }: Way,
): Promise<number> {
  // A refusal comes while we still write: nobody reads then, and it must not be waited for.
  const confirmed = conversation.confirm();
  confirmed.catch(() => {});
  const send = (head: string, bytes: Uint8Array = Buffer.alloc(0)) =>
    Promise.race([conversation.write(Buffer.concat([Buffer.from(`${head}\n`), bytes])), confirmed]);

  async function stream(pieces: AsyncIterable<Buffer>): Promise<number> {
    let written = 0;
    for await (const piece of pieces) {
      await send(`${piece.length}`, piece);
      written += piece.length;
    }
    return written;
  }

  async function transfer(way: OpenTransfer, pieces: AsyncIterable<Buffer>): Promise<number> {
    await using open = way;
    try {
      return await open.write(pieces);
    } catch (error) {
      // SFTP does not say why. The attendant does, when it tries the same.
      if (error instanceof Unwritten) {
        await send(`${error.bytes.length} ${error.position}`, error.bytes);
        await send("0");
        await confirmed;
        throw new YardError("unavailable", `${path} was not written: its disk has failed once.`, { cause: error });
      }
      throw error;
    }
  }

  const pieces = inPieces(content);
  const first = await pieces.next();
  const isLarge = !first.done && first.value.length >= leastTransferBytes;
  const pid = Number(conversation.answer || Number.NaN); // machines that were paused by an earlier build do not tell
  const way = isLarge && !Number.isNaN(pid) ? await transfers?.open({ pid, fd: 6 }, "write") : undefined;
  const all = startingWith(first, pieces);
  const written = await (way ? transfer(way, all) : stream(all));
  await send("0");
  await confirmed;
  return written;
}

/** Whoever sends gives pieces of any size; each costs a program inside. */
async function* inPieces(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const part of content) {
    for (let at = 0; at < part.length; ) {
      const fitting = part.subarray(at, at + pieceBytes - heldBytes);
      held.push(fitting);
      heldBytes += fitting.length;
      at += fitting.length;
      if (heldBytes < pieceBytes) continue;
      yield Buffer.concat(held);
      held = [];
      heldBytes = 0;
    }
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

async function* startingWith(
  first: IteratorResult<Buffer, void>,
  rest: AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
