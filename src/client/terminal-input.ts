/** What is typed, on its way to a terminal in a capsule. */
import type { CapsuleSocket } from "./capsule-socket.ts";
import type { Seat } from "./capsule-terminal.ts";

export interface TerminalInput extends Disposable {
  connect(socket: CapsuleSocket): void;
  /** Until the next `connect`, a person's keys go nowhere, and what comes from a pipe waits. What is typed before the first one waits, too. */
  disconnect(): void;
}

const endOfInput = Buffer.from([0x04]);
const interrupt = 0x03;
/** Of input, in a frame: the server takes some 1 MiB, in base64. */
const pieceBytes = 256 * 1024;

/** @param options.giveUp Ctrl-C was pressed while there was no connection */
export function passInput(
  { input, isTerminal }: Pick<Seat, "input" | "isTerminal">,
  { giveUp }: { giveUp: () => void },
): TerminalInput {
  let waiting = Promise.withResolvers<CapsuleSocket>();
  let socket: CapsuleSocket | undefined;
  let isLost = false;
  let hasEnded = false;

  async function pass(bytes: Buffer): Promise<void> {
    if (isLost && isTerminal) {
      if (bytes.includes(interrupt)) giveUp();
      return;
    }
    const to = socket ?? (await waiting.promise);
    for (let at = 0; at < bytes.length && !hasEnded; at += pieceBytes) {
      const data = bytes.subarray(at, at + pieceBytes).toString("base64");
      await to.send({ type: "input", data }).catch(() => {}); // the connection's end is told by its frames
    }
  }

  async function pump(): Promise<void> {
    for await (const bytes of input as AsyncIterable<Buffer>) {
      await pass(bytes);
      if (hasEnded) return;
    }
    await pass(endOfInput);
  }
  // Input that cannot be read is at its end.
  pump().catch(() => pass(endOfInput));

  return {
    connect(to) {
      socket = to;
      isLost = false;
      waiting.resolve(to);
    },
    disconnect() {
      if (!socket) return;
      socket = undefined;
      isLost = true;
      waiting = Promise.withResolvers();
    },
    [Symbol.dispose]() {
      hasEnded = true;
    },
  };
}
