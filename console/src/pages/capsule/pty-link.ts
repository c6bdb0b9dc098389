/** The far side of a terminal in a capsule, over its WebSocket. A line that breaks is taken up again: the terminal has run on meanwhile. */
import { accessToken } from "../../api/session.ts";
import { teamToken } from "../../api/team-token.ts";
import type { TerminalEvents, TerminalLink, TerminalSize } from "../../components/terminal.tsx";
import { forgetScreen, keepScreen, mostScreenBytes, readScreen } from "./kept-terminals.ts";

export type PtyState =
  | { readonly kind: "connecting" | "open" | "away" }
  | { readonly kind: "ended"; readonly why: string };

export interface PtyParts {
  readonly capsuleId: string;
  /** To be spoken for; none: one's own. */
  readonly team: string | undefined;
  /** Of a terminal to come back to; none: a new one is begun. */
  readonly tag: string | undefined;
  /** It is known as this from now on. */
  onTag(tag: string): void;
  onState(state: PtyState): void;
}

const longestWaitMs = 10_000;
/** The capsule says something every 30 s. */
const longestSilenceMs = 45_000;

export function connectPty(parts: PtyParts, size: TerminalSize, { print }: TerminalEvents): TerminalLink {
  let { tag } = parts;
  let { cols, rows } = size;
  let socket: WebSocket | undefined;
  let isOver = false;
  let isDrawn = tag === undefined;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const shown: Uint8Array[] = [];
  let shownBytes = 0;

  const send = (frame: object): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };

  async function open(): Promise<void> {
    parts.onState({ kind: "connecting" });
    try {
      const token = await (parts.team === undefined ? accessToken() : teamToken(parts.team));
      if (isOver) return;
      const url = new URL(`/v1/capsules/${encodeURIComponent(parts.capsuleId)}/pty`, window.location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => {
        send({ type: "auth", token });
        send(
          tag === undefined
            ? { type: "start", cols, rows, envs: { TERM: "xterm-256color" } }
            : { type: "connect", tag },
        );
      };
      socket.onmessage = ({ data }) => {
        heard();
        if (data instanceof ArrayBuffer) show(new Uint8Array(data));
        else read(JSON.parse(String(data)));
      };
      socket.onclose = lost;
    } catch {
      openLater(); // why is told where the page's own calls fail
    }
  }

  function heard(): void {
    clearTimeout(silence);
    silence = setTimeout(lost, longestSilenceMs);
  }

  function lost(): void {
    clearTimeout(silence);
    if (socket) socket.onclose = null;
    socket?.close();
    socket = undefined;
    if (!isOver) openLater();
  }

  function openLater(): void {
    parts.onState({ kind: "away" });
    clearTimeout(retry);
    retry = setTimeout(() => void open(), Math.min(longestWaitMs, 500 * 2 ** failures++));
  }

  function read(frame: unknown): void {
    const { type, data, exit_code, fatal, ...rest } = Object(frame) as Record<string, unknown>;
    if (type === "started") begun(String(rest.tag));
    else if (type === "output") show(Uint8Array.from(atob(String(data)), (character) => character.charCodeAt(0)));
    else if (type === "ping") send({ type: "pong" });
    else if (type === "exit") ended(exit_code === -1 ? "It was killed." : `It has ended with code ${exit_code}.`);
    else if (type === "error" && fatal === true) ended(String(data));
  }

  function begun(given: string): void {
    failures = 0;
    if (tag !== given) parts.onTag(given);
    tag = given;
    if (!isDrawn) show(readScreen(given));
    isDrawn = true;
    parts.onState({ kind: "open" });
    // A size that changes makes programs that fill the screen draw it anew.
    send({ type: "resize", cols, rows: Math.max(1, rows - 1) });
    send({ type: "resize", cols, rows });
  }

  function show(bytes: Uint8Array): void {
    print(bytes);
    shown.push(bytes);
    shownBytes += bytes.length;
    while (shownBytes - (shown[0]?.length ?? 0) > mostScreenBytes) shownBytes -= shown.shift()?.length ?? 0;
  }

  function ended(why: string): void {
    isOver = true;
    if (tag !== undefined) forgetScreen(tag);
    print(`\r\n\x1b[2m${why}\x1b[0m\r\n`);
    parts.onState({ kind: "ended", why });
    close();
  }

  const keep = (): void => {
    if (tag !== undefined && !isOver) keepScreen(tag, shown);
  };

  function close(): void {
    keep();
    isOver = true;
    clearTimeout(retry);
    clearTimeout(silence);
    window.removeEventListener("pagehide", keep);
    if (socket) socket.onclose = null;
    socket?.close();
  }

  window.addEventListener("pagehide", keep);
  void open();
  const encoder = new TextEncoder();
  return {
    send: (data) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(encoder.encode(data));
    },
    resize(next) {
      ({ cols, rows } = next);
      send({ type: "resize", cols, rows });
    },
    close,
  };
}
