/** Terminals of a sandbox: made in its own file system of terminals, so that what runs there finds its terminal under the name it has. The agent holds the
 *  other side. */
import { closeSync, constants, lchownSync, openSync } from "node:fs";
import { ReadStream } from "node:tty";
import { YardError } from "../../platform/errors.ts";
import { kernel } from "../../platform/process/kernel.ts";
import { libc } from "../../platform/process/libc.ts";
import type { Spawned } from "../../platform/process/posix-spawn.ts";
import type { Child } from "../processes/child.ts";
import { openKeyboard, pumpInto } from "../processes/terminal.ts";
import type { Realm } from "./realm.ts";

const { O_NOCTTY, O_NONBLOCK, O_RDWR } = constants;
/** How long what was printed last may take to arrive, where somebody else holds the terminal open. */
const drainMs = 300;

export async function startInOwnTerminal(parts: {
  realm: Realm;
  rootId: number;
  size: { cols: number; rows: number };
  /** A descriptor, closed here. */
  output: number;
  birth: (place: { stdio: readonly number[]; terminal: string }) => Promise<Spawned>;
}): Promise<Child> {
  const { realm, rootId, size, output, birth } = parts;
  const calls = libc();
  if (!calls) throw new YardError("precondition", "Terminals need the koffi library.", { field: "terminal" });
  using failed = new DisposableStack();
  failed.adopt(output, closeSync);
  // Not left to libuv, which keeps the descriptor of a terminal's other side blocking: a program that does not read what is typed would stop the agent.
  const master = openSync(`/proc/self/fd/${realm.terminals}/ptmx`, O_RDWR | O_NOCTTY | O_NONBLOCK);
  const screen = new ReadStream(master);
  failed.defer(() => screen.destroy());
  const number = kernel().terminalNumber(master);
  const name = `fd/${realm.terminals}/${number}`;
  lchownSync(`/proc/self/${name}`, rootId, rootId);
  kernel().setTerminalSize(master, size);
  const closed = new Promise<void>((resolve) => void screen.once("close", resolve));
  screen.on("error", () => {}); // EIO: nobody has the other side open any more
  const child = await birth({ stdio: [], terminal: `/proc/${process.pid}/${name}` });

  const keyboard = openKeyboard(master, calls);
  const pump = pumpInto(output, {
    onData: (listener) => void screen.on("data", listener),
    pause: () => void screen.pause(),
    resume: () => void screen.resume(),
  });
  const exited = child.exited.then(async (status) => {
    keyboard.close();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    using _limit = setTimeout(resolve, drainMs);
    await Promise.race([closed, late]);
    screen.destroy();
    await pump.drained();
    closeSync(output);
    return status;
  });
  failed.move();
  return {
    pid: child.pid,
    stdin: keyboard.input,
    exited,
    resize(next) {
      if (keyboard.isOpen()) kernel().setTerminalSize(master, next);
    },
    release() {
      child.release();
      screen.destroy();
    },
  };
}
