/** The command line as somebody at a terminal has it. */
import assert from "node:assert/strict";
import { spawn } from "@lydell/node-pty";
import { until } from "../../src/platform/testing/until.ts";
import { checkoutLauncher, type Home } from "./home.ts";

export interface Terminal extends Disposable {
  /** What was shown since it began, or since the last `clear`. */
  shown(): string;
  clear(): void;
  /** Resolves once that is shown. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  write(text: string): void;
  resize(cols: number, rows: number): void;
  kill(signal: NodeJS.Signals): void;
  /** The exit code of what runs there. */
  readonly ended: Promise<number>;
}

export interface TerminalOptions {
  readonly cols?: number;
  readonly rows?: number;
}

/** Runs `runyard …args` there. */
export function runyardInTerminal(home: Home, args: readonly string[], options?: TerminalOptions): Terminal {
  return openTerminal(home, [process.execPath, checkoutLauncher, ...args], options);
}

export function openTerminal(
  home: Home,
  argv: readonly [file: string, ...args: string[]],
  { cols = 100, rows = 30 }: TerminalOptions = {},
): Terminal {
  const [file, ...args] = argv;
  const env = { PATH: process.env.PATH ?? "", HOME: home.path, RUNYARD_DATA: home.data, TERM: "xterm" };
  const terminal = spawn(file, args, { env, cols, rows });
  let shown = "";
  let isOver = false;
  terminal.onData((data) => {
    shown += data;
  });
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  terminal.onExit(({ exitCode }) => {
    isOver = true;
    resolve(exitCode);
  });
  return {
    shown: () => shown,
    clear() {
      shown = "";
    },
    shows: (pattern) =>
      until(() => pattern.exec(shown) ?? undefined, { what: `${pattern} at the terminal`, timeoutMs: 30_000 }),
    write: (text) => terminal.write(text),
    resize: (cols, rows) => terminal.resize(cols, rows),
    kill: (signal) => terminal.kill(signal),
    ended,
    [Symbol.dispose]() {
      if (!isOver) terminal.kill("SIGKILL");
    },
  };
}

/** Works in a shell at the other end of `runyard …args`, as one does at a terminal: it has a size, which follows, Ctrl-C ends what runs there alone, its exit code arrives,
 *  and the terminal is given back as it was. */
export async function useTerminalShell(home: Home, args: readonly string[]): Promise<void> {
  // Around it, what the terminal was set to before and after.
  const script = `stty -g; "$@"; code=$?; stty -g; exit $code`;
  using used = openTerminal(home, ["sh", "-c", script, "sh", process.execPath, checkoutLauncher, ...args]);
  await used.shows(/[#$] /);
  used.write("stty size; echo $TERM\r");
  await used.shows(/30 100\r\nxterm\r\n/);
  used.resize(90, 20);
  used.write("sleep 0.2; stty size\r");
  await used.shows(/20 90\r\n/);
  used.write("sh -c 'echo asleep; exec sleep 1000'\r");
  await used.shows(/asleep\r\n/);
  used.write("\x03");
  await used.shows(/\^C\r\n.*[#$] /s); // a terminal that is interrupted throws away what was typed ahead
  used.write("echo after $?; exit 9\r");
  await used.shows(/after 130\r\n/);
  assert.equal(await used.ended, 9);
  const settings = used
    .shown()
    .split("\r\n")
    .filter((text) => /^[0-9a-f]+(:[0-9a-f]+)+$/.test(text));
  assert.equal(settings.length, 2, used.shown());
  assert.equal(settings[0], settings[1]);
}
