/** `processes/{selector}/stream`: what a running command prints from now on. Leaving does nothing to it. */
import { commandErrors } from "../command-words.ts";
import type { Conversation } from "./conversation.ts";
import { leaveWith } from "./exec-stream.ts";
import type { OutputEncoding } from "./frames.ts";
import { sendOutput } from "./output-frames.ts";

export async function streamProcess(
  { inside, send, closed, incoming }: Conversation,
  { selector, encoding }: { selector: string; encoding?: OutputEncoding },
): Promise<void> {
  await using attachment = await inside.commands.attach(selector).catch(commandErrors);
  leaveWith(closed, attachment);
  void drain(incoming.rest);
  await send({ type: "start", pid: attachment.command.pid });
  await sendOutput(attachment, send, encoding);
}

/** Nothing is expected; unread, it would hold up the connection. */
async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}
