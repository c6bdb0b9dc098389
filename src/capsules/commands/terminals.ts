/** Terminals: commands that are written to as well. */
import { YardError } from "../../platform/errors.ts";
import type { Process } from "../../sandboxes/sandbox.ts";
import type { Attachment, TerminalAttachment } from "./commands.ts";

/** @param find the same process again, with an input that works: that of a broken connection does not */
export function asTerminal(
  attachment: Attachment,
  process: Process,
  parts: { find: () => Promise<Process>; touch: () => void },
): TerminalAttachment {
  const { find, touch } = parts;
  let current = process;
  let isLeft = false;

  async function writable(): Promise<NonNullable<Process["stdin"]>> {
    if (current.stdin?.destroyed) current = await find();
    if (current.stdin) return current.stdin;
    throw new YardError("precondition", "This terminal takes no input any more: its host's agent was restarted.");
  }

  return {
    command: attachment.command,
    [Symbol.asyncIterator]: () => attachment[Symbol.asyncIterator](),
    async write(bytes) {
      if (isLeft) return;
      touch();
      const stdin = await writable();
      await new Promise<void>((resolve, reject) => {
        stdin.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
    },
    resize: (size) => process.resize(size),
    kill: () => process.signal("SIGKILL"),
    async [Symbol.asyncDispose]() {
      isLeft = true;
      current.stdin?.destroy(); // given up, not ended: others may write, and an end would be end-of-file
      await attachment[Symbol.asyncDispose]();
    },
  };
}
