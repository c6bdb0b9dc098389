/** Terminals that show what is typed. */
import { spawn } from "@lydell/node-pty";

export interface Echo extends AsyncDisposable {
  /** Resolves once the key is seen. */
  type(key: string): Promise<void>;
}

/** On this machine, with `cat` in it. */
export function openLocalTerminal(): Echo {
  const terminal = spawn("/bin/cat", [], { cols: 80, rows: 24, cwd: "/", env: {} });
  const ended = new Promise<void>((resolve) => void terminal.onExit(() => resolve()));
  let heard = Promise.withResolvers<void>();
  terminal.onData(() => heard.resolve());
  return {
    async type(key) {
      heard = Promise.withResolvers();
      terminal.write(key);
      await heard.promise;
    },
    async [Symbol.asyncDispose]() {
      terminal.kill("SIGKILL");
      await ended;
    },
  };
}
