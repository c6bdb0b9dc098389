/** A command in a capsule over its WebSocket: begun, or one that runs already, and heard from then on. Who leaves lets it run on. */
import { accessToken } from "../../api/session.ts";
import { teamToken } from "../../api/team-token.ts";
import type { LogStore } from "../../components/log/log-store.ts";

export interface CommandParts {
  readonly capsuleId: string;
  /** To be spoken for; none: one's own. */
  readonly team: string | undefined;
  /** As in a shell, to be started; or the pid of one that runs. */
  readonly command: string | number;
  readonly store: LogStore;
  onState(state: CommandState): void;
}

export type CommandState =
  | { readonly kind: "connecting" }
  | { readonly kind: "running"; readonly pid: number }
  | { readonly kind: "ended"; readonly exitCode: number }
  | { readonly kind: "failed"; readonly why: string };

/** @returns what leaves it */
export function openCommand({ capsuleId, team, command, store, onState }: CommandParts): () => void {
  let socket: WebSocket | undefined;
  let isOver = false;
  const finish = (state: CommandState): void => {
    if (isOver) return;
    onState(state);
    leave();
  };
  function leave(): void {
    isOver = true;
    socket?.close();
  }

  async function open(): Promise<void> {
    const token = await (team === undefined ? accessToken() : teamToken(team));
    if (isOver) return;
    const tail = typeof command === "number" ? `processes/${command}/stream` : "exec/stream";
    const url = new URL(`/v1/capsules/${encodeURIComponent(capsuleId)}/${tail}`, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.onopen = () => {
      socket?.send(JSON.stringify({ type: "auth", token }));
      if (typeof command === "string")
        socket?.send(JSON.stringify({ type: "start", cmd: "/bin/sh", args: ["-c", command] }));
    };
    socket.onmessage = ({ data }) => read(JSON.parse(String(data)));
    socket.onclose = () => finish({ kind: "failed", why: "The connection was lost. What runs, runs on." });
  }

  function read(frame: unknown): void {
    const { type, data, pid, exit_code } = Object(frame) as Record<string, unknown>;
    if (type === "start") onState({ kind: "running", pid: Number(pid) });
    else if (type === "stdout") store.append(String(data));
    else if (type === "stderr") store.append(reddened(String(data)));
    else if (type === "exit") finish({ kind: "ended", exitCode: Number(exit_code) });
    else if (type === "error") finish({ kind: "failed", why: String(data) });
  }

  open().catch((error: unknown) =>
    finish({ kind: "failed", why: error instanceof Error ? error.message : String(error) }),
  );
  return leave;
}

/** What goes to the output for errors is told apart by its colour, line by line. */
function reddened(text: string): string {
  return text.replaceAll(/[^\n]+/g, (line) => `\x1b[31m${line}\x1b[39m`);
}
