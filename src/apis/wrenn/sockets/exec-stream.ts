/** `exec/stream`: starts a command and sends what it prints. Who leaves lets it run on; who says `stop` ends it. */
import type { Inside } from "../../../capsules/capsule.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import { after } from "../../../platform/timers.ts";
import { commandErrors, commandFromWire } from "../command-words.ts";
import type { Conversation } from "./conversation.ts";
import { readExecStart, readStop } from "./frames.ts";
import { sendOutput } from "./output-frames.ts";

export const firstFrameMs = 60_000;
/** Between the request to end and the end. */
const graceMs = 5_000;

/** @param onStart told what is about to be started */
export async function streamCommand(talk: Conversation, onStart: (command: string) => void): Promise<void> {
  const { inside, incoming, send, closed } = talk;
  const message = await incoming.next(firstFrameMs);
  if (message === undefined) return;
  const start = readExecStart(message);
  if (!start) {
    throw new YardError("invalid", 'The first frame must be {"type":"start","cmd":"…","args":[…]}.');
  }
  onStart(start.cmd);
  const command = commandFromWire(start.cmd, start, inside);
  await using attachment = await inside.commands.stream(command).catch(commandErrors);
  leaveWith(closed, attachment);
  const { pid } = attachment.command;
  await send({ type: "start", pid });
  const stopping = stopOnRequest(talk, String(pid));
  await sendOutput(attachment, send, start.encoding);
  if (!closed.aborted) stopping[Symbol.dispose](); // it has ended
}

/** Whoever waits for output need not wait any more when nobody is there to be sent it. */
export function leaveWith(closed: AbortSignal, attachment: AsyncDisposable): void {
  const leave = () => void attachment[Symbol.asyncDispose]();
  if (closed.aborted) leave();
  else closed.addEventListener("abort", leave, { once: true });
}

/** Ends it even if whoever asks for it leaves at once. Disposing calls the end off that may still be to come. */
function stopOnRequest({ incoming, inside, closed }: Conversation, pid: string): Disposable {
  let kill: Disposable | undefined;
  const signal = (name: "SIGTERM" | "SIGKILL") => void end(inside, pid, name).catch(() => {}); // the capsule has stopped, or its host is away
  const listen = async () => {
    for await (const message of incoming.rest) {
      if (!readStop(message) || closed.aborted || kill) continue;
      kill = after(graceMs, () => signal("SIGKILL"));
      signal("SIGTERM");
    }
  };
  void listen();
  return { [Symbol.dispose]: () => kill?.[Symbol.dispose]() };
}

/** Nothing, if it has ended meanwhile. */
async function end({ commands }: Inside, pid: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  await commands.kill(pid, signal).catch((error: unknown) => {
    if (!isYardError(error, "not_found")) throw error;
  });
}
