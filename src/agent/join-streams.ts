/** A stream of the connection and a socket, as one: what comes in at one goes out at the other. */
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { after } from "../platform/timers.ts";

/** How long what was sent last may wait for a program to take it, once the far side has left. */
const drainMs = 60_000;

/** Each side's end is passed on by itself, and so is a break: a socket that closes before it has ended is broken off on the other side too. */
export function joinStreams(stream: ServerHttp2Stream, inside: Duplex): void {
  stream.pipe(inside);
  inside.pipe(stream);
  inside.on("error", () => {}); // its close tells
  inside.once("close", () => {
    if (inside.errored || !inside.readableEnded) stream.destroy(new Error("broken off inside"));
  });
  stream.once("close", () => {
    if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) inside.destroy();
    else if (!inside.destroyed) {
      const drained = after(drainMs, () => inside.destroy());
      inside.once("close", () => drained[Symbol.dispose]());
    }
  });
}
