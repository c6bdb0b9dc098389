/** The far side of a terminal in a container, over its WebSocket. A line that breaks is taken up again: the yard keeps the terminal for a while, and what it
 *  has printed meanwhile. */
import { CallError } from "../../api/call-error.ts";
import { line } from "../../api/line.ts";
import { openTicketSocket } from "../../api/ticket-socket.ts";
import type { TerminalEvents, TerminalLink, TerminalSize } from "../../components/terminal.tsx";
import type { KeptShell } from "./kept-shell.ts";

export type ShellState = "connecting" | "open" | "away" | "ended";

export interface ShellParts {
  readonly containerId: string;
  readonly hostId: string;
  readonly shell: KeptShell;
  onState(state: ShellState): void;
}

export interface ShellLink extends TerminalLink {
  /** Ends it, in place of leaving it waiting. */
  hangUp(): void;
}

const longestWaitMs = 10_000;
/** How the yard closes the socket of a command that has ended. */
const normalClosure = 1000;

export function connectShell(parts: ShellParts, size: TerminalSize, { print }: TerminalEvents): ShellLink {
  let { cols, rows } = size;
  let socket: WebSocket | undefined;
  let isOver = false;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  /** How much it has printed so far, as far as we were told. */
  let position: number | undefined;
  /** Bytes to come that were printed before. What they ask of a terminal was answered then. */
  let missed = 0;
  let replaying = 0;
  const ending = new AbortController();
  const encoder = new TextEncoder();

  const control = (message: object): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const say = (text: string): void => print(`\r\n\x1b[2m${text}\x1b[0m\r\n`);

  async function open(): Promise<void> {
    parts.onState("connecting");
    const { command: cmd, key: keep } = parts.shell;
    const query = { host: parts.hostId, cmd, keep, position: position?.toString() };
    try {
      const path = `/api/v1/ws/exec/${encodeURIComponent(parts.containerId)}`;
      socket = await openTicketSocket(path, query, ending.signal);
    } catch (error) {
      if (isOver) return;
      if (error instanceof CallError && error.isAway) return lost();
      return ended(`The terminal could not be opened: ${error instanceof Error ? error.message : String(error)}`);
    }
    failures = 0;
    socket.onmessage = ({ data }) => (typeof data === "string" ? read(JSON.parse(data)) : show(new Uint8Array(data)));
    socket.onclose = ({ code }) => (code === normalClosure ? ended("The shell has ended.") : lost());
  }

  function read(message: unknown): void {
    const { type, error, ...kept } = Object(message) as Record<string, unknown>;
    if (error !== undefined) say(String(error));
    if (type !== "kept") return;
    if (kept.isNew && position !== undefined) say("The shell before has ended. This is a new one.");
    position = Number(kept.position);
    missed = Number(kept.missed);
    parts.onState("open");
    // A size that changes makes programs that fill the screen draw it anew.
    if (!kept.isNew) control({ type: "resize", cols, rows: Math.max(1, rows - 1) });
    control({ type: "resize", cols, rows });
  }

  function show(bytes: Uint8Array): void {
    position = (position ?? 0) + bytes.length;
    if (missed === 0) {
      print(bytes);
      return;
    }
    missed = Math.max(0, missed - bytes.length);
    replaying++;
    print(bytes, () => {
      replaying--;
    });
  }

  function lost(): void {
    if (isOver) return;
    drop();
    parts.onState("away");
    clearTimeout(retry);
    retry = setTimeout(() => void open(), Math.min(longestWaitMs, 500 * 2 ** failures++));
  }

  function ended(why: string): void {
    if (isOver) return;
    close();
    say(why);
    parts.onState("ended");
  }

  function drop(): void {
    if (socket) socket.onclose = null;
    socket?.close();
    socket = undefined;
  }

  function close(): void {
    isOver = true;
    clearTimeout(retry);
    forgetLine();
    drop();
    ending.abort();
  }

  // A socket whose line is dead may not hear of it for minutes; other calls do.
  const forgetLine = line.subscribe(() => {
    if (socket && !line.get().isUp) lost();
  });
  void open();
  return {
    close,
    hangUp: () => control({ type: "hangup" }),
    send(data) {
      if (replaying === 0 && socket?.readyState === WebSocket.OPEN) socket.send(encoder.encode(data));
    },
    resize(next) {
      ({ cols, rows } = next);
      control({ type: "resize", cols, rows });
    },
  };
}
