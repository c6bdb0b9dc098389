/** What comes from the client of a terminal. */
import type { ContainerTerminal } from "../../../containers/streams/terminal.ts";
import type { SocketChannel } from "../../../platform/http/socket-channel.ts";
import { readResize } from "./words.ts";

/** In order, and no faster than the terminal takes it. @param control is given messages of text that are no resize */
export async function passInput(
  channel: SocketChannel,
  gone: AbortSignal,
  terminal: Pick<ContainerTerminal, "write" | "resize">,
  control: (message: string) => void = () => {},
): Promise<void> {
  for await (const message of channel) {
    if (gone.aborted) continue;
    if (typeof message !== "string") {
      await terminal.write(message);
      continue;
    }
    const size = readResize(message);
    if (size)
      await terminal.resize(size).catch(() => {}); // it may have ended meanwhile, which the close frame tells
    else control(message);
  }
}
