/** A terminal that hands every key on, and shows every byte as it came: for what draws on it from elsewhere. */
import { spawnSync } from "node:child_process";
import type { ReadStream } from "node:tty";

/** Disposing puts it back as it was. */
export function enterRawMode(terminal: ReadStream): Disposable {
  terminal.setRawMode(true);
  // Node leaves on that a line feed also goes to the line's beginning. Programs that move the cursor by it have switched that off where they run.
  spawnSync("stty", ["-opost"], { stdio: [terminal, "ignore", "ignore"] });
  return { [Symbol.dispose]: () => void terminal.setRawMode(false) };
}
