/** `pty`: a terminal, new or come back to. Who leaves lets it run on. */
import type { Inside } from "../../../capsules/capsule.ts";
import type { TerminalAttachment } from "../../../capsules/commands/commands.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { SocketMessage } from "../../../platform/http/socket-channel.ts";
import { commandErrors, commandFromWire } from "../command-words.ts";
import type { Conversation } from "./conversation.ts";
import { firstFrameMs, leaveWith } from "./exec-stream.ts";
import { readTerminalConnect, readTerminalStart, type TerminalStart } from "./frames.ts";
import { piecesOf } from "./output-frames.ts";
import { createTerminalBytes, type TerminalBytes } from "./terminal-bytes.ts";

const usual = { command: "/bin/bash", cols: 80, rows: 24 };
/** Where a template has no other. */
const leastShell = "/bin/sh";
const pingMs = 30_000;
/** Of output, in a frame. */
const mostBytes = 16 * 1024;

/** @param parts.onStart told what is about to be started
 *  @param parts.isEitherLikely see terminal-bytes.ts */
export async function talkToTerminal(
  talk: Conversation,
  { onStart, isEitherLikely }: { onStart: (command: string) => void; isEitherLikely: boolean },
): Promise<void> {
  const { incoming, inside, send, closed } = talk;
  const first = await incoming.next(firstFrameMs);
  if (first === undefined) return;
  await using terminal = await openTerminal(first, inside, onStart).catch(commandErrors);
  leaveWith(closed, terminal);
  const { tag, pid } = terminal.command;
  await send({ type: "started", tag, pid });
  using _pings = setInterval(() => void send({ type: "ping" }), pingMs);
  const bytes = createTerminalBytes({ isEitherLikely });
  void passInput(talk, terminal, bytes);
  for await (const event of terminal) {
    if (event.type === "exit") await send({ type: "exit", exit_code: event.exitCode });
    else await sendOutput(talk, event.bytes, await bytes.areBinary());
  }
}

async function sendOutput({ send, sendBytes }: Conversation, output: Buffer, isBinary: boolean): Promise<void> {
  for (const piece of piecesOf(output, mostBytes)) {
    await (isBinary ? sendBytes(piece) : send({ type: "output", data: piece.toString("base64") }));
  }
}

async function openTerminal(
  message: SocketMessage,
  inside: Inside,
  onStart: (command: string) => void,
): Promise<TerminalAttachment> {
  const connect = readTerminalConnect(message);
  if (connect) return inside.commands.attachTerminal(connect.tag);
  const start = readTerminalStart(message);
  if (!start) {
    throw new YardError("invalid", 'The first frame must be {"type":"start",…} or {"type":"connect","tag":"…"}.');
  }
  onStart(start.cmd || usual.command);
  return startTerminal(start, inside);
}

async function startTerminal(start: TerminalStart, inside: Inside): Promise<TerminalAttachment> {
  const size = { cols: start.cols || usual.cols, rows: start.rows || usual.rows };
  const open = (command: string) => inside.commands.openTerminal(commandFromWire(command, start, inside), size);
  if (start.cmd) return open(start.cmd);
  return open(usual.command).catch((error: unknown) => {
    if (isYardError(error, "invalid") && error.field === "argv") return open(leastShell);
    throw error;
  });
}

/** In order, and no faster than the terminal takes it. */
async function passInput(
  { incoming, send }: Conversation,
  terminal: TerminalAttachment,
  bytes: TerminalBytes,
): Promise<void> {
  for await (const message of incoming.rest) {
    try {
      await act(bytes.read(message), terminal);
    } catch (error) {
      await send({ type: "error", data: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function act(input: ReturnType<TerminalBytes["read"]>, terminal: TerminalAttachment): Promise<void> {
  if (Buffer.isBuffer(input)) {
    if (input.length > 0) await terminal.write(input);
  } else if (input?.type === "resize") {
    await terminal.resize({ cols: input.cols, rows: input.rows });
  } else if (input?.type === "kill") {
    await terminal.kill();
  }
}
