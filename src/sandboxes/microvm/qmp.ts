/** The protocol by which QEMU is told what to do: lines of JSON on a Unix socket. @see qemu-qmp-ref(7) */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { YardError } from "../../platform/errors.ts";
import { descriptorOf, passDescriptor } from "../../platform/process/pass-descriptor.ts";

export interface Qmp extends Disposable {
  /** Of this very QEMU, such as 7.2.22. */
  readonly version: string;
  /** @throws {YardError} unavailable, with QEMU's own words; storage_full; timeout */
  run(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Gives it a descriptor of a file, as which `fd:NAME` is known to its commands until one of them has taken it. Ours stays ours. @throws as `run` */
  give(name: string, descriptor: number): Promise<void>;
  /** Why the machine has shut down, in QEMU's word for it. Undefined as long as it has not, and if QEMU was killed. @see qemu-qmp-ref(7), ShutdownCause */
  shutdownCause(): string | undefined;
  /** All that it has said has been read, and no more comes. */
  hasEnded(): boolean;
}

const answerTimeoutMs = 30_000;
const lookAgainMs = 5;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Waits for the socket to be there, as QEMU makes it when it starts.
 *  @param path at most 107 bytes, which is all that the kernel takes
 *  @throws {YardError} timeout; unavailable, once `hasEnded` says so */
export async function openQmp(
  path: string,
  options: { timeoutMs: number; hasEnded: () => boolean; onEvent?: (name: string) => void },
): Promise<Qmp> {
  const socket = await connectWhenThere(path, options);
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let shutdownCause: string | undefined;
  const { promise: greeted, resolve: greet, reject: fail } = Promise.withResolvers<unknown>();
  greeted.catch(() => {});

  function take(line: string): void {
    const message = parse(line);
    if (message?.QMP !== undefined) greet(message.QMP);
    if (message?.event === "SHUTDOWN") shutdownCause = causeOf(message.data);
    if (typeof message?.event === "string") options.onEvent?.(message.event);
    const one = waiting.get(Number(message?.id));
    if (!message || !one) return;
    waiting.delete(Number(message.id));
    if ("error" in message) one.reject(qemuError("QEMU refuses", wordsOf(message.error)));
    else one.resolve(message.return);
  }

  const lines = createInterface({ input: socket });
  lines.on("line", take);
  lines.on("error", () => {}); // it closes
  socket.once("close", () => {
    const error = new YardError("unavailable", "The machine has ended.");
    fail(error);
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  });

  function ask(
    command: string,
    args: Readonly<Record<string, unknown>> | undefined,
    send: (line: string) => void,
  ): Promise<unknown> {
    const id = next++;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        waiting.delete(id);
        reject(new YardError("timeout", `QEMU does not answer (${command}).`));
      }, answerTimeoutMs);
      const settle = <T>(act: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(limit);
          act(value);
        };
      };
      if (socket.destroyed) return settle(reject)(new YardError("unavailable", "The machine has ended."));
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      send(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  const run: Qmp["run"] = (command, args) => ask(command, args, (line) => void socket.write(line));
  const give: Qmp["give"] = async (name, descriptor) => {
    await ask("getfd", { fdname: name }, (line) => {
      passDescriptor(descriptorOf(socket) ?? -1, Buffer.from(line), descriptor);
    });
  };

  const release = () => void socket.destroy();
  using _limit = setTimeout(() => socket.destroy(), options.timeoutMs);
  const version = versionOf(await greeted);
  await run("qmp_capabilities");
  return {
    version,
    run,
    give,
    shutdownCause: () => shutdownCause,
    hasEnded: () => socket.closed,
    [Symbol.dispose]: release,
  };
}

/** @param options.allowHalfOpen as in node:net: our direction stays open when QEMU closes its own
 *  @throws {YardError} timeout, unavailable */
export async function connectWhenThere(
  path: string,
  { timeoutMs, hasEnded, allowHalfOpen }: { timeoutMs: number; hasEnded: () => boolean; allowHalfOpen?: boolean },
): Promise<Socket> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const socket = await tryConnect(path, allowHalfOpen);
    if (socket) return socket;
    if (hasEnded()) throw new YardError("unavailable", "The machine has ended.");
    if (performance.now() > deadline) throw new YardError("timeout", "The machine's emulator does not come up.");
    await sleep(lookAgainMs);
  }
}

function tryConnect(path: string, allowHalfOpen = false): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path, allowHalfOpen });
    const onError = () => resolve(undefined);
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      socket.on("error", () => {}); // it closes
      resolve(socket);
    });
  });
}

/** @param reason in QEMU's own words */
export function qemuError(what: string, reason: string): YardError {
  const isFull = /no space left|quota exceeded/i.test(reason);
  if (isFull) return new YardError("storage_full", `${what}: the disk is full. Free some space; nothing was changed.`);
  return new YardError("unavailable", `${what}: ${reason}.`);
}

type Message = Readonly<Record<string, unknown>>;

function parse(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

function versionOf(greeting: unknown): string {
  const { major, minor, micro } = (greeting as { version: { qemu: Record<string, number> } }).version.qemu;
  return `${major}.${minor}.${micro}`;
}

function causeOf(data: unknown): string | undefined {
  return typeof data === "object" && data !== null && "reason" in data ? String(data.reason) : undefined;
}

function wordsOf(error: unknown): string {
  return typeof error === "object" && error !== null && "desc" in error ? String(error.desc) : JSON.stringify(error);
}
