/** A command's output and end as frames of text. */
import { TextDecoder } from "node:util";
import type { Attachment } from "../../../capsules/commands/commands.ts";
import type { OutputEncoding } from "./frames.ts";

/** Of output, in a frame. */
const mostBytes = 32 * 1024;

/** Sends all that is heard, at the pace of who reads it. */
export async function sendOutput(
  attachment: Attachment,
  send: (frame: object) => Promise<void>,
  encoding: OutputEncoding | null = "utf-8",
): Promise<void> {
  const decoders = { stdout: decoder(encoding), stderr: decoder(encoding) };
  const sendText = async (type: "stdout" | "stderr", data: string) => {
    if (data !== "") await send({ type, data });
  };
  for await (const event of attachment) {
    if (event.type !== "exit") {
      for (const piece of piecesOf(event.bytes, mostBytes)) {
        await sendText(event.type, decoders[event.type].decode(piece, { stream: true }));
      }
      continue;
    }
    for (const type of ["stdout", "stderr"] as const) await sendText(type, decoders[type].decode());
    await send({ type: "exit", exit_code: event.exitCode });
  }
}

export function* piecesOf(bytes: Buffer, most: number): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += most) yield bytes.subarray(at, at + most);
}

interface Decoder {
  /** Without bytes: what is left of those before. */
  decode(bytes?: Buffer, options?: { stream: boolean }): string;
}

/** In text, what is no UTF-8 becomes U+FFFD, but no character that comes in two pieces. A byte order mark is output like any other. */
function decoder(encoding: OutputEncoding | null): Decoder {
  if (encoding === "base64") return { decode: (bytes) => bytes?.toString("base64") ?? "" };
  return new TextDecoder("utf-8", { ignoreBOM: true });
}
