/** Replies with a log of one process: a piece of it, or all that comes. */
import type { OutputLog } from "../sandboxes/sandbox.ts";
import { numberOf, type Request, sendBytes, sendStream } from "./http.ts";
import { noteFollowing } from "./left-off.ts";

const defaultBytes = 1024 * 1024;
const mostBytes = 16 * 1024 * 1024;

export async function sendOutput(request: Request, output: OutputLog): Promise<void> {
  const { query } = request;
  const position = numberOf(query, "position", { default: 0 });
  if (query.has("follow")) {
    // A read of nothing tells where the output begins that is still kept. A position beyond the end is waited for.
    const kept = await output.read({ position: Math.min(position, await output.size()), maxBytes: 0 });
    const from = Math.max(position, kept.from);
    const source = output.follow({ position: from });
    noteFollowing(output, source, from);
    return sendStream(request, source, { "output-from": from });
  }
  const maxBytes = numberOf(query, "maxBytes", { default: defaultBytes, most: mostBytes });
  const { bytes, from, next } = await output.read({ position, maxBytes });
  const size = Math.max(next, await output.size());
  sendBytes(request, bytes, { "output-from": from, "output-next": next, "output-size": size });
}
