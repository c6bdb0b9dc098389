/** A command in a container, with its outputs apart or on a terminal, and its exit code. It ends when whoever started it leaves. */
import type { Readable, Writable } from "node:stream";
import { join } from "shlex";
import { YardError } from "../platform/errors.ts";
import type { Seat } from "./capsule-terminal.ts";
import { containerSocketPath } from "./fleet-containers.ts";
import type { Placed } from "./fleet-rows.ts";
import type { YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { numberField, optionalTextField, parseObject } from "./json.ts";
import { writeTo } from "./write.ts";
import { brokenOff, openYardSocket, type YardSocket } from "./yard-socket.ts";

export interface ContainerCommand {
  readonly argv: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  /** Absolute, in the container. */
  readonly directory?: string;
  readonly user?: string;
  /** What it reads; absent: nothing. */
  readonly input?: Readable;
  /** It gets a terminal of this size, which follows. Its input's end is told as Ctrl-D. */
  readonly terminal?: Pick<Seat, "isTerminal" | "size" | "onResize">;
}

export interface CommandParts {
  readonly output: Writable;
  readonly errors: Writable;
  readonly signal: AbortSignal;
}

/** @returns its exit code: 128 and the number of the signal that has ended it
 *  @throws the signal's reason once that is aborted; what the yard refuses; unavailable */
export async function runInContainer(
  client: YardClient,
  container: Placed,
  { argv, variables, directory: cwd, user, input, terminal }: ContainerCommand,
  parts: CommandParts,
): Promise<number> {
  const flag = (isSet: boolean) => (isSet ? "1" : undefined);
  const flags = { tty: flag(terminal !== undefined), stdin: flag(input !== undefined) };
  const path = containerSocketPath("command", container, { cmd: join([...argv]), ...flags, cwd, user });
  using socket = await openYardSocket(
    client,
    path,
    parts.signal,
    variables && { [variablesHeader]: encoded(variables) },
  );
  const resize = (): void => void tell(socket, { type: "resize", ...terminal?.size() }).catch(() => {}); // told by the messages
  using _resizes = terminal?.isTerminal ? terminal.onResize(resize) : undefined;
  if (terminal) resize();
  if (input) void passInput(socket, input, terminal ? ctrlD : JSON.stringify({ type: "end" })).catch(() => {});
  return await listen(socket, parts);
}

const variablesHeader = "x-runyard-variables";

/** Servers read headers of 16 KiB in all. @throws {YardError} too_large */
function encoded(variables: Readonly<Record<string, string>>): string {
  const text = Buffer.from(JSON.stringify(variables)).toString("base64url");
  if (text.length <= mostVariables) return text;
  throw new YardError(
    "too_large",
    `the variables are too long: with their names, less than ${mostVariables / 2} bytes fit`,
  );
}
const mostVariables = 8_000;

const ctrlD = Buffer.from([0x04]);
/** Of input, in a message: the server takes 1 MiB. */
const pieceBytes = 256 * 1024;
const errorStream = 2;

const tell = (socket: YardSocket, control: object): Promise<void> => socket.send(JSON.stringify(control));

/** No faster than it goes out. */
async function passInput(socket: YardSocket, input: Readable, end: string | Buffer): Promise<void> {
  for await (const bytes of input as AsyncIterable<Buffer>)
    for (let at = 0; at < bytes.length; at += pieceBytes) await socket.send(bytes.subarray(at, at + pieceBytes));
  await socket.send(end);
}

async function listen(socket: YardSocket, { output, errors, signal }: CommandParts): Promise<number> {
  for await (const message of socket.messages) {
    if (typeof message !== "string") {
      await writeTo(message[0] === errorStream ? errors : output, message.subarray(1), signal);
      continue;
    }
    const told = parseObject(message);
    const failure = optionalTextField(told, "error");
    if (failure !== undefined) throw new YardError("unavailable", inert(failure));
    if (told.type === "exit") return numberField(told, "code");
  }
  signal.throwIfAborted();
  throw brokenOff();
}
